"""Airbyte source for Zoho CRM."""

import zoho_crm.quick_start  # noqa: F401  # before the CDK
from source_zoho_crm.source import SourceZohoCrm

__all__ = ["SourceZohoCrm"]
