"""Each module, key, operation and version: planned, or refused with what would be allowed.

The metadata is the emulator's; what is expected stands here, by Zoho's pages.
"""

from collections.abc import Mapping

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm import matching
from destination_zoho_crm.client import Client
from destination_zoho_crm.modules import TargetModule, TargetModules
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.planning import make_plan
from destination_zoho_crm.settings import Operation
from unit_tests.destination.conftest import stream
from zoho_emulator.server import Running

VERSIONS = ("v2", "v2.1", "v4", "v8")

#: "Upsert Records": the system-defined duplicate check field. Then unique fields, then External ID
#: fields of the sample org, and columns that a new record must have.
MODULES: dict[str, tuple[str | None, tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "Leads": ("Email", (), ("External_Lead_ID",), ("Last_Name",)),
    "Accounts": ("Account_Name", (), ("ERP_ID",), ("Account_Name",)),
    "Contacts": ("Email", (), ("External_Contact_ID",), ("Last_Name",)),
    "Deals": ("Deal_Name", (), (), ("Deal_Name", "Stage")),
    "Campaigns": ("Campaign_Name", (), (), ("Campaign_Name",)),
    "Cases": ("Subject", (), (), ("Case_Origin", "Status", "Subject")),
    "Solutions": ("Solution_Title", (), (), ("Solution_Title",)),
    "Products": ("Product_Name", ("Product_Code",), (), ("Product_Name",)),
    "Vendors": ("Vendor_Name", (), ("Supplier_Number",), ("Vendor_Name",)),
    "Price_Books": ("Price_Book_Name", (), (), ("Price_Book_Name",)),
    "Quotes": ("Subject", (), (), ("Subject",)),
    "Sales_Orders": ("Subject", (), (), ("Subject",)),
    "Purchase_Orders": ("Subject", (), (), ("Subject", "Vendor_Name")),
    "Invoices": ("Subject", (), (), ("Subject",)),
    "Vehicles": ("Name", (), ("Plate",), ("Name",)),
    "Appointments__s": (
        None,
        (),
        (),
        (
            *("Appointment_Name", "Service_Name", "Appointment_For", "Appointment_Start_Time"),
            *("Location", "Owner"),
        ),
    ),
    "Services__s": (None, (), (), ("Service_Name", "Duration", "Location", "Availability_Type")),
    "Tasks": (None, (), (), ("Subject",)),
    "Events": (None, (), (), ("Event_Title", "Start_DateTime", "End_DateTime")),
    "Calls": (None, (), (), ("Subject", "Call_Type", "Call_Start_Time")),
    "Notes": (None, (), (), ("Parent_Id",)),
}
SINCE_V4 = ("Appointments__s", "Services__s")
#: New records of these need rows of a subform.
NEW_WITH_ROWS = ("Price_Books", "Quotes", "Sales_Orders", "Purchase_Orders", "Invoices")
#: Metadata of v2 does not show External ID fields; the unique ones among them it calls unique.
EXTERNAL_SINCE = "v2.1"
MODES: dict[str, Operation] = {
    "append": "insert",
    "append_dedup": "upsert",
    "update": "update",
    "soft_delete": "delete",
}
#: No key of any module.
NO_KEY = ("Description", "Created_Time", "Nonsense", None)


@pytest.fixture(scope="session")
def offered(_server: Running) -> dict[str, TargetModules]:
    clients = {v: Client(_server.account | {"schema_version": v}) for v in VERSIONS}
    return {v: TargetModules(c.org.directory, c.metadata) for v, c in clients.items()}


def cases() -> list[tuple[str, str, str | None]]:
    """Module, mode and key: each key of the module, the id, and what is no key."""
    found: list[tuple[str, str, str | None]] = []
    for module, (system, unique, external, _) in MODULES.items():
        found.append((module, "append", None))
        candidates = (*((system,) if system else ()), *unique, *external, "id", *NO_KEY)
        found += [(module, mode, key) for mode in MODES if mode != "append" for key in candidates]
    return found


def expected(module: str, mode: str, key: str | None, version: str) -> bool:
    """Whether Zoho allows it and a row can say it."""
    system, unique, external, _ = MODULES[module]
    if module in SINCE_V4 and version in ("v2", "v2.1"):
        return False
    if mode == "append":
        return module not in NEW_WITH_ROWS
    if mode == "append_dedup":
        return key is not None and key in (system, *unique, *external)
    return key == "id" or (key in external and version != "v2")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("module", "mode", "key"), cases())
def test_a_key_is_planned_or_refused_with_the_valid_ones(
    offered: Mapping[str, TargetModules], version: str, module: str, mode: str, key: str | None
) -> None:
    columns = dict.fromkeys(("Description", *MODULES[module][3], *((key,) if key else ())))
    configured = stream("rows", *columns, mode=mode, key=key, into=module)
    modules = offered[version]

    plan = planned(configured, modules)

    if expected(module, mode, key, version):
        assert not isinstance(plan, str), plan
        assert (plan.operation, plan.key and plan.key.name) == (MODES[mode], key)
    else:
        assert isinstance(plan, str)
        assert plan.startswith("rows: ")
        target = modules.find([module]).get(module)
        for valid in matching.find_keys(target, MODES[mode]) if target else ():
            assert matching.find_unsupported_reason(target, MODES[mode]) or valid in plan


def planned(configured: dict[str, object], modules: TargetModules) -> StreamPlan | str:
    """The plan, or the sentence that refuses it."""
    wanted = modules.find([str(configured["destination_object_name"])])
    try:
        (plan,) = make_plan([configured], (), wanted, modules.names)
    except AirbyteTracedException as problem:
        return str(problem.message)
    return plan


@pytest.mark.parametrize("version", VERSIONS)
def test_kinds_of_keys_are_kept_apart(offered: Mapping[str, TargetModules], version: str) -> None:
    modules = offered[version].find(["Vehicles", "Products"])

    kinds = (
        matching.find_keys(modules["Vehicles"], "upsert"),
        matching.find_keys(modules["Products"], "upsert"),
    )

    # v2 knows the External ID field as a unique one only.
    of_plate = "unique" if version == "v2" else "external"
    assert kinds == (
        {"Name": "system", "Plate": of_plate},
        {"Product_Name": "system", "Product_Code": "unique"},
    )


def test_rows_of_subforms_are_no_module_of_their_own(offered: Mapping[str, TargetModules]) -> None:
    names = offered["v8"].names

    assert "Quoted_Items" not in names
    assert "Appointments_Rescheduled_History__s" in names


@pytest.mark.parametrize("version", VERSIONS)
def test_an_external_id_that_metadata_does_not_report_is_refused_with_the_way_out(
    offered: Mapping[str, TargetModules], version: str
) -> None:
    configured = stream("gone", "Plate", mode="soft_delete", key="Plate", into="Vehicles")

    plan = planned(configured, offered[version])

    if version == "v2":
        assert isinstance(plan, str)
        assert "by Plate: choose id; if it is an External ID field, choose a later version" in plan
    else:
        assert not isinstance(plan, str)


def test_an_org_without_external_ids_gets_no_advice_to_choose_a_later_version() -> None:
    """Fields of v8 and of v2 that are none; only the former would say if they were."""
    field = {"data_type": "text", "api_name": "Plate", "external": None}
    said = [
        TargetModule.from_metadata({"api_name": "Vehicles"}, [{**field, **more}]).reports_external
        for more in ({"filterable": True}, {"operation_type": {"api_create": True}}, {})
    ]

    assert said == [True, True, False]
