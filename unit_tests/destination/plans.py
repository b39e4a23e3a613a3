"""Plans of streams for two small modules."""

from typing import Any

from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.planning import make_plan
from destination_zoho_crm.settings import StreamMapping, read_settings
from unit_tests.destination.conftest import Json


def field(api_name: str, data_type: str = "text", **more: Any) -> Json:
    return {"api_name": api_name, "data_type": data_type, **more}


def module(api_name: str, *fields: Json, **more: Any) -> TargetModule:
    allowed = {"creatable": True, "editable": True, "deletable": True, "generated_type": "default"}
    return TargetModule.from_metadata({"api_name": api_name, **allowed, **more}, fields)


CONTACTS = module(
    "Contacts",
    field("id", "bigint"),
    field("Last_Name", system_mandatory=True),
    field("Email", "email"),
    field("Code", external={"type": "org"}, unique={"casesensitive": "false"}),
    field("Account_Name", "lookup", lookup={"module": {"api_name": "Accounts"}}),
    field("Owner", "ownerlookup", field_read_only=True),
    field("Created_Time", "datetime", view_type={"create": False, "edit": False}),
    field("Layout", "layout"),
    field("Rows", "subform"),
)
ACCOUNTS = module(
    "Accounts", field("Account_Name", system_mandatory=True), field("ERP", external={"type": "org"})
)
MODULES = {"Contacts": CONTACTS, "Accounts": ACCOUNTS}


def mapped(*entries: Json) -> tuple[StreamMapping, ...]:
    return read_settings({"mappings": list(entries)}).mappings


def planned(entry: Json, *mappings: Json) -> StreamPlan:
    (plan,) = make_plan([entry], mapped(*mappings), MODULES, list(MODULES))
    return plan


PEOPLE = ("Email", "Last_Name", "Code", "id")
