"""Airbyte destination for Zoho CRM."""

from destination_zoho_crm.destination import DestinationZohoCrm

__all__ = ["DestinationZohoCrm"]
