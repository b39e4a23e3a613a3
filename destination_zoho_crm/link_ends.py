"""What a multi-select or multi-user lookup is made of: the linking module and its two lookups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoho_crm.json_text import as_object

#: Lookups to several records or users.
LINKS = ("multiselectlookup", "multiuserlookup")


@dataclass(frozen=True, slots=True)
class LinkEnds:
    """Each record of the linking module is a link; it has a lookup to each end.

    None: this version of Zoho's API does not report it.
    """

    #: What a link calls the record at its other end.
    other: str
    #: What it calls the record that has the field.
    own: str | None
    #: The linking module.
    module: str | None
    #: The module of the records at the other end.
    target: str | None

    @classmethod
    def from_metadata(cls, entry: Mapping[str, Any]) -> "LinkEnds | None":
        """From a field of "Fields Metadata". v8 calls the lookup to the other end the connected
        one among `linking_details`, earlier versions know flat names."""
        for kind in LINKS:
            flat = as_object(entry.get(kind))
            details = as_object(flat.get("linking_details"))
            connected = as_object(flat.get("connected_details"))
            other = _read_name(
                details.get("connected_lookup_field"), flat.get("connectedlookup_apiname")
            )
            if other:
                return cls(
                    other=other,
                    own=_read_name(details.get("lookup_field"), flat.get("lookup_apiname")),
                    module=_read_name(details.get("module"), flat.get("linking_module")),
                    target=_read_name(connected.get("module"), flat.get("connected_module")),
                )
        return None


def _read_name(*found: object) -> str | None:
    """The first API name: a text, or in an object."""
    for one in found:
        name = one.get("api_name") if isinstance(one, Mapping) else one
        if isinstance(name, str) and name:
            return name
    return None
