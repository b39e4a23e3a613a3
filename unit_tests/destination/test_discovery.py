"""What can be written, and in which modes."""

from typing import Any

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm import DestinationZohoCrm
from destination_zoho_crm.client import Client
from destination_zoho_crm.discovery import describe_operations
from destination_zoho_crm.modules import TargetModules
from unit_tests.destination.conftest import Org

Json = dict[str, Any]
VERSIONS = ("v2", "v2.1", "v4", "v8")


def discovered(org: Org, version: str) -> dict[tuple[str, str], Json]:
    """Operations by module and sync mode."""
    message = DestinationZohoCrm().discover(org.config | {"schema_version": version})
    found = message["destination_catalog"]["operations"]
    by_name = {(entry["object_name"], entry["sync_mode"]): entry for entry in found}
    assert len(by_name) == len(found), "one operation per module and mode"
    return by_name


def modes(catalog: dict[tuple[str, str], Json], module: str) -> list[str]:
    return [mode for name, mode in catalog if name == module]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_catalog_offers_each_mode_that_the_module_allows(org: Org, version: str) -> None:
    catalog = discovered(org, version)

    whole = ["append", "append_dedup", "update", "soft_delete"]
    for module in ("Leads", "Accounts", "Contacts", "Deals", "Products", "Vendors", "Vehicles"):
        assert modes(catalog, module) == whole
    assert modes(catalog, "Tasks") == ["append", "update", "soft_delete"]
    assert modes(catalog, "Quotes") == whole
    assert modes(catalog, "Attachments") == modes(catalog, "Home") == []


def test_appointments_and_services_are_offered_from_v4_on(org: Org) -> None:
    assert modes(discovered(org, "v2.1"), "Appointments__s") == []
    assert "append" in modes(discovered(org, "v4"), "Appointments__s")


def test_keys_come_one_by_one_the_system_field_first(org: Org) -> None:
    catalog = discovered(org, "v4")

    assert catalog["Contacts", "append"]["matching_keys"] == []
    assert catalog["Contacts", "append_dedup"]["matching_keys"] == [
        ["Email"],
        ["External_Contact_ID"],
    ]
    assert catalog["Contacts", "update"]["matching_keys"] == [["id"], ["External_Contact_ID"]]
    assert catalog["Products", "append_dedup"]["matching_keys"] == [
        ["Product_Name"],
        ["Product_Code"],
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_schema_holds_what_can_be_written_and_nothing_else(org: Org, version: str) -> None:
    catalog = discovered(org, version)

    schema = catalog["Leads", "append"]["json_schema"]
    columns = schema["properties"]
    assert schema["required"] == ["Last_Name"]
    assert schema["additionalProperties"] is False
    assert columns["Last_Name"] == {"type": "string", "maxLength": 80}
    assert columns["Annual_Revenue"]["type"] == ["null", "number"]
    assert columns["Next_Call"]["airbyte_type"] == "timestamp_with_timezone"
    assert {"Owner", "Owner.email", "Tag", "Interested_In"} <= columns.keys()
    read_only = {"id", "Created_Time", "Full_Name", "Greeting", "Lead_Number", "Converted_Deal"}
    assert columns["Project_Details"] == {"type": ["null", "array"], "items": {"type": "object"}}
    of_other_kinds = {"Documents", "Pictures", "Record_Image", "Territories"}
    assert not columns.keys() & (read_only | of_other_kinds)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_document_needs_its_line_items(org: Org, version: str) -> None:
    catalog = discovered(org, version)

    field = "Product_Details" if version == "v2" else "Quoted_Items"
    schema = catalog["Quotes", "append"]["json_schema"]
    assert schema["properties"][field] == {"type": "array", "items": {"type": "object"}}
    assert schema["required"] == ["Subject", field]
    assert field not in catalog["Quotes", "soft_delete"]["json_schema"]["properties"]


def test_a_lookup_is_also_named_by_what_else_finds_its_record(org: Org) -> None:
    columns = discovered(org, "v4")["Contacts", "append"]["json_schema"]["properties"]

    assert columns["Account_Name"] == {"type": ["null", "string"]}
    for part in ("ERP_ID", "Account_Name"):
        assert columns[f"Account_Name.{part}"] == {"type": ["null", "string"]}


@pytest.mark.parametrize("module", ["Tasks", "Events", "Calls"])
def test_an_activity_offers_the_module_of_what_it_is_about(org: Org, module: str) -> None:
    catalog = discovered(org, "v4")

    for mode, offered in (("append", True), ("update", True), ("soft_delete", False)):
        columns = catalog[module, mode]["json_schema"]["properties"]
        assert ("What_Id" in columns, "$se_module" in columns) == (offered, offered)
    assert "$se_module" not in catalog["Leads", "append"]["json_schema"]["properties"]


def test_a_deletion_takes_keys_and_the_mark_of_what_is_gone(org: Org) -> None:
    schema = discovered(org, "v4")["Contacts", "soft_delete"]["json_schema"]

    assert set(schema["properties"]) == {"id", "External_Contact_ID", "_ab_cdc_deleted_at"}
    assert "required" not in schema


def test_two_catalogs_of_one_org_are_the_same(org: Org) -> None:
    clients = [Client(org.config) for _ in range(2)]
    first, second = (TargetModules(c.org.directory, c.metadata) for c in clients)

    assert list(describe_operations(first.find_all())) == list(
        describe_operations(second.find(reversed(second.names)))
    )


@pytest.mark.parametrize(
    ("code", "status"),
    [("NO_PERMISSION", 403), ("INVALID_MODULE", 400), ("OAUTH_SCOPE_MISMATCH", 401)],
)
def test_a_module_whose_fields_zoho_keeps_to_itself_costs_no_other(
    org: Org, caplog: pytest.LogCaptureFixture, code: str, status: int
) -> None:
    refusal = {"code": code, "message": "no", "details": {}, "status": "error"}
    org.fail("settings.fields:Vehicles", times=9, status=status, body=refusal)

    offered = {module for module, _ in discovered(org, "v4")}

    assert "Leads" in offered
    assert "Vehicles" not in offered
    (warning,) = (line for line in caplog.messages if "Vehicles is left out" in line)
    assert code in warning


@pytest.mark.parametrize(
    ("code", "status", "sentence"),
    [
        ("OAUTH_SCOPE_MISMATCH", 401, "scope"),
        ("NO_PERMISSION", 403, "needs a profile with permission"),
        ("INVALID_MODULE", 400, "INVALID_MODULE"),
        ("FEATURE_NOT_SUPPORTED", 400, "FEATURE_NOT_SUPPORTED"),
    ],
)
def test_a_discovery_that_zoho_refuses_altogether_fails(
    org: Org, code: str, status: int, sentence: str
) -> None:
    refusal = {"code": code, "message": "no", "details": {}, "status": "error"}
    org.fail("settings.fields", times=99, status=status, body=refusal)

    with pytest.raises(AirbyteTracedException, match=sentence):
        discovered(org, "v4")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_key_that_cannot_be_written_is_not_offered(org: Org, version: str) -> None:
    """A row could not bring it."""
    numbers = {"data_type": "text", "custom": True, "unique": True, "read_only": True}
    org.control("POST", "fields/Leads", {"api_name": "Given_Number", **numbers})
    org.control("POST", "fields/Leads", {"api_name": "ERP", **numbers, "external": {"type": "org"}})

    catalog = discovered(org, version)

    keys = {
        key
        for mode in ("append_dedup", "update")
        for (key,) in catalog["Leads", mode]["matching_keys"]
    }
    assert keys - {"External_Lead_ID"} == {"Email", "id"}


def test_a_discovery_takes_one_token(org: Org) -> None:
    before = org.calls("token")

    discovered(org, "v4")

    assert org.calls("token") - before <= 1
