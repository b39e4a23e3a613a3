"""Leads with values of picklists."""

from typing import Any

from destination_zoho_crm.client import Client
from unit_tests.destination.conftest import Org, Result, stream

SETTING = "Unknown picklist values (unknown_picklist_values)"
ADVICE = f"{SETTING} is reject, and add sends such values"
REJECTED = "Rejected: Leads: 1 row with INVALID_DATA in "


def write(org: Org, *values: Any, field: str = "Interests", **config: Any) -> Result:
    """A lead for each value of the field."""
    rows = [{"Last_Name": f"L{number}", field: value} for number, value in enumerate(values)]
    return org.write(stream("Leads", "Last_Name", field), rows, **config)


def written(org: Org, field: str = "Interests") -> list[Any]:
    leads = sorted(org.records("Leads"), key=lambda lead: str(lead["Last_Name"]))
    return [lead[field] for lead in leads if str(lead["Last_Name"]) in ("L0", "L1", "L2", "L3")]


def options(org: Org, field: str) -> list[str]:
    """As Zoho's settings list them."""
    settings = {**org.config, "schema_version": "v8"}
    found = Client(settings).metadata.metadata("settings/fields", "fields", module="Leads")
    (entry,) = (entry for entry in found if entry["api_name"] == field)
    return [option["actual_value"] for option in entry["pick_list_values"]]


def plant(org: Org, name: str, data_type: str, **attributes: Any) -> None:
    field = {"api_name": name, "data_type": data_type, "custom": True, **attributes}
    org.control("POST", "fields/Leads", field)
