"""Airbyte source for Zoho CRM."""

from source_zoho_crm.source import SourceZohoCrm

__all__ = ["SourceZohoCrm"]
