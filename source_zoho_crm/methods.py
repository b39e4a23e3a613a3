"""The retrieval method that the config chooses."""

from collections.abc import Mapping
from typing import Any


def get_method(config: Mapping[str, Any]) -> str:
    """COQL, REST or Bulk."""
    retrieval = config["retrieval"]
    if retrieval["use_coql"] == "enabled":
        return "COQL"
    return "Bulk" if retrieval.get("api_type") == "Bulk" else "REST"
