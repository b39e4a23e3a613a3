"""Airbyte source for Zoho CRM."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from source_zoho_crm.source import SourceZohoCrm

__all__ = ["SourceZohoCrm"]


def __getattr__(name: str) -> Any:
    """`SourceZohoCrm`, loaded at its first use: the command loads the CDK in its own way."""
    if name == "SourceZohoCrm":
        from source_zoho_crm.source import SourceZohoCrm

        return SourceZohoCrm
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
