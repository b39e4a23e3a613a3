"""Airbyte destination for Zoho CRM."""

import zoho_crm.quick_start  # noqa: F401  # before the CDK
from destination_zoho_crm.destination import DestinationZohoCrm

__all__ = ["DestinationZohoCrm"]
