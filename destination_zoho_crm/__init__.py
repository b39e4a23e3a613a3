"""Airbyte destination for Zoho CRM."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from destination_zoho_crm.destination import DestinationZohoCrm

__all__ = ["DestinationZohoCrm"]


def __getattr__(name: str) -> Any:
    """`DestinationZohoCrm`, loaded at its first use: the command loads the CDK in its own way."""
    if name == "DestinationZohoCrm":
        from destination_zoho_crm.destination import DestinationZohoCrm

        return DestinationZohoCrm
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
