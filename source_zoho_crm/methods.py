"""The retrieval method that the config chooses."""

from collections.abc import Iterator, Mapping
from typing import Any

from zoho_crm.manifest import load_scopes
from zoho_crm.scopes import is_granted

#: For each read the one that costs the fewest credits.
AUTOMATIC = "Automatic"
#: Those that need a scope of their own. Lists of records are REST's.
SCOPED = ("COQL", "Bulk")


def get_method(config: Mapping[str, Any]) -> str:
    """COQL, REST, Bulk, or AUTOMATIC."""
    retrieval = config["retrieval"]
    if retrieval["use_coql"] == "automatic":
        return AUTOMATIC
    if retrieval["use_coql"] == "enabled":
        return "COQL"
    return "Bulk" if retrieval.get("api_type") == "Bulk" else "REST"


def find_usable(granted: frozenset[str]) -> Iterator[str]:
    """The methods for which a token with these scopes has the one they need. Where Zoho does not
    say what it has, all."""
    scopes = load_scopes("source")
    for method in SCOPED:
        if not granted or is_granted(granted, scopes[method.lower()]):
            yield method
