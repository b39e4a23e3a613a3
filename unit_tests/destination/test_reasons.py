"""The reason of a rejected row says what would have worked, and never the row's value."""

import json
from pathlib import Path

import pytest

from unit_tests.destination.conftest import Org, Result, row, state, stream

NO_ID = "expected the id of a record in Zoho, 15 to 20 digits"
REPORTING = pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])


def reason(result: Result, stream: str = "Contacts") -> str:
    """What the log says of the only reason why rows were rejected."""
    (line,) = result.said(f"Rejected: {stream}: ")
    return line.split(" with INVALID_DATA in ")[1]


@REPORTING
@pytest.mark.parametrize("value", ["ACME", {"name": "ACME"}, "17", 17])
def test_a_rejected_name_in_a_lookup_comes_with_the_columns_that_find_its_record(
    org: Org, version: str, value: object
) -> None:
    contacts = stream("Contacts", "Last_Name", "Account_Name")
    rows = [{"Last_Name": f"L{number}", "Account_Name": value} for number in range(3)]

    result = org.write(contacts, rows, schema_version=version)

    assert result.counts() == {"rejected": 3}
    columns = "Account_Name.ERP_ID or Account_Name.Account_Name"
    remedy = f"to find a record of Accounts by another value, write {columns}"
    assert reason(result) == f"Account_Name: {NO_ID}; {remedy}."
    assert result.said("ACME") == []
    # Of Contacts, and once of Accounts.
    assert org.calls("settings.fields") == 2


@pytest.mark.parametrize("part", ["ERP_ID", "Account_Name"])
def test_the_columns_that_are_named_can_be_written(org: Org, part: str) -> None:
    account = org.add("Accounts", Account_Name="ACME", ERP_ID="e-1")
    given = {"ERP_ID": "e-1", "Account_Name": "ACME"}[part]
    column = f"Account_Name.{part}"

    result = org.write(stream("Contacts", "Last_Name", column), [{"Last_Name": "L", column: given}])

    assert result.counts() == {"created": 1}
    assert org.record("Contacts", Last_Name="L")["Account_Name"]["id"] == account


def test_several_external_id_fields_are_all_named(org: Org) -> None:
    field = {"api_name": "Tax_ID", "data_type": "text", "custom": True, "external": "org"}
    org.control("POST", "fields/Accounts", {**field, "unique": True})

    result = org.write(
        stream("Contacts", "Last_Name", "Account_Name"), [{"Last_Name": "L", "Account_Name": "A"}]
    )

    assert reason(result).endswith(
        "write Account_Name.ERP_ID or Account_Name.Tax_ID or Account_Name.Account_Name."
    )


def add_lookup_to_tasks(org: Org) -> None:
    """A module without a field that is unique or checked for duplicates."""
    field = {"api_name": "Follow_Up", "data_type": "lookup", "targets": ["Tasks"], "custom": True}
    org.control("POST", "fields/Leads", field)


@REPORTING
def test_where_nothing_else_is_unique_the_id_is_what_is_left(org: Org, version: str) -> None:
    add_lookup_to_tasks(org)
    leads = stream("Leads", "Last_Name", "Follow_Up")

    result = org.write(leads, [{"Last_Name": "L", "Follow_Up": "Call"}], schema_version=version)

    remedy = (
        "Tasks has no External ID field and no unique one, so nothing but the id finds a record "
        "of it"
    )
    assert reason(result, "Leads") == f"Follow_Up: {NO_ID}; {remedy}."


def test_a_version_that_reports_no_external_ids_is_named_as_the_obstacle(org: Org) -> None:
    add_lookup_to_tasks(org)
    leads = stream("Leads", "Last_Name", "Follow_Up")

    result = org.write(leads, [{"Last_Name": "L", "Follow_Up": "Call"}], schema_version="v2")

    assert reason(result, "Leads") == (
        f"Follow_Up: {NO_ID}; Tasks may have External ID fields, which this version of "
        "Zoho's API does not report: with a later one they find records, too."
    )


def test_a_module_that_zoho_does_not_describe_costs_the_advice_alone(org: Org) -> None:
    refused = {"code": "NO_PERMISSION", "message": "permission denied", "status": "error"}
    org.fail("settings.fields", status=403, body=refused, after=1, times=9)

    result = org.write(
        stream("Contacts", "Last_Name", "Account_Name"),
        [{"Last_Name": "L", "Account_Name": "ACME"}, {"Last_Name": "M", "Account_Name": None}],
    )

    assert result.counts() == {"created": 1, "rejected": 1}
    assert reason(result) == f"Account_Name: {NO_ID}."


@REPORTING
@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (
            "Products_Wanted",
            "to find a record of Products by another value, write Products_Wanted.Product_Name or "
            "Products_Wanted.Product_Code",
        ),
        ("Team", "an e-mail address finds a user in the column Team.email"),
    ],
)
def test_a_name_in_a_list_of_links_comes_with_the_columns_that_find_its_record(
    org: Org, version: str, name: str, remedy: str
) -> None:
    leads = stream("Leads", "Last_Name", name)

    result = org.write(leads, [{"Last_Name": "L", name: ["Anvil"]}], schema_version=version)

    assert reason(result, "Leads") == f"{name}: {NO_ID}; {remedy}."


@pytest.mark.parametrize("name", ["Owner", "Second_Owner"])
def test_an_address_in_a_column_of_users_is_rejected_with_its_place(org: Org, name: str) -> None:
    leads = stream("Leads", "Last_Name", name)

    result = org.write(leads, [{"Last_Name": "L", name: "someone@example.com"}])

    remedy = f"an e-mail address finds a user in the column {name}.email"
    assert reason(result, "Leads") == f"{name}: {NO_ID}; {remedy}."
    assert result.said("example.com") == []


@REPORTING
def test_an_unknown_external_id_is_rejected_with_where_it_was_sought(
    org: Org, version: str, tmp_path: Path
) -> None:
    contact = org.add("Contacts", Last_Name="L", Email="l@example.com")
    values = {"Last_Name": "L", "Email": "l@example.com", "Account_Name.ERP_ID": "nowhere"}
    streams = [
        stream("new", *values, into="Contacts"),
        stream("known", *values, mode="append_dedup", key="Email", into="Contacts"),
        stream("changed", "id", *values, mode="update", key="id", into="Contacts"),
    ]
    lines = []
    for entry in streams:
        name = entry["stream"]["name"]
        lines += [row(name, {"id": contact, **values} if name == "changed" else values)]
        lines += [state(name)]
    storage = {"storage_type": "Local", "folder": str(tmp_path)}

    result = org.write_lines(streams, lines, schema_version=version, object_storage_config=storage)

    where = "no record of Accounts has this ERP_ID"
    for number, entry in enumerate(streams):
        name = entry["stream"]["name"]
        assert result.counts(state=number) == {"rejected": 1}
        assert reason(result, name) == f"Account_Name: {where}."
        (path,) = tmp_path.glob(f"{name}-*.jsonl")
        kept = json.loads(path.read_text())
        assert kept["rejected"]["message"].endswith(f"; {where}")
        assert kept["record"]["data"]["Account_Name.ERP_ID"] == "nowhere"
    assert result.said("nowhere") == []


@REPORTING
def test_an_unknown_external_key_is_rejected_with_where_it_was_sought(
    org: Org, version: str
) -> None:
    contacts = stream(
        "Contacts", "External_Contact_ID", "Last_Name", mode="update", key="External_Contact_ID"
    )

    result = org.write(
        contacts,
        [{"External_Contact_ID": "nowhere", "Last_Name": "L"}],
        schema_version=version,
    )

    where = "no record of Contacts has this External_Contact_ID"
    assert reason(result) == f"External_Contact_ID: {where}."
    assert result.said("nowhere") == []


def test_one_error_among_several_is_rejected_with_where_it_was_sought(org: Org) -> None:
    values = {"Last_Name": "L", "Email": "no address", "Account_Name.ERP_ID": "nowhere"}

    result = org.write(stream("Contacts", *values), [values], schema_version="v8")

    (line,) = result.said("Rejected: ")
    assert "MULTIPLE_OR_MULTI_ERRORS" in line
    assert "Email: the value is not an e-mail address; " in line
    assert line.endswith("; Account_Name: no record of Accounts has this ERP_ID.")


def test_another_refusal_says_nothing_of_look_ups(org: Org) -> None:
    account = org.add("Accounts", Account_Name="ACME", ERP_ID="e-1")
    values = {"Last_Name": "L", "Email": "no address", "Account_Name.ERP_ID": "e-1"}

    result = org.write(stream("Contacts", *values), [values])

    assert account
    assert reason(result) == "Email: the value is not an e-mail address."


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_an_update_of_a_record_that_is_not_there_is_said(org: Org, version: str) -> None:
    leads = stream("Leads", "id", "Company", mode="update", key="id")

    result = org.write(leads, [{"id": "9" * 19, "Company": "C"}], schema_version=version)

    said = "no record has this id; it may have been deleted or converted"
    assert reason(result, "Leads") == f"id: {said}."
    assert result.said("9" * 19) == []


NAMED = {"api_name": "Company", "json_path": "$.data[0].Company"}


@pytest.mark.parametrize(
    ("code", "details", "said"),
    [
        ("MANDATORY_NOT_FOUND", NAMED, "a new record needs a value"),
        ("DUPLICATE_DATA", {**NAMED, "id": "1" * 19}, "another record has this value"),
        ("INVALID_DATA", {**NAMED, "maximum_length": 5}, "Zoho takes a length of at most 5"),
        (
            "INVALID_DATA",
            {**NAMED, "expected_data_type": "text", "supported_values": ["R&D, Labs", "B"]},
            'Zoho takes the type text, one of "R&D, Labs", "B"',
        ),
        ("DEPENDENT_MISMATCH", NAMED, "the value does not go with that of a field it depends on"),
        ("NOT_ALLOWED", NAMED, None),
    ],
)
def test_the_reason_of_a_refusal_of_zoho_is_reported_without_its_text(
    org: Org, code: str, details: dict[str, object], said: str | None
) -> None:
    error = {"code": code, "details": details, "message": "secret is no value", "status": "error"}
    org.fail("insert", status=400, body={"data": [error]})

    result = org.write(stream("Leads", "Last_Name", "Company"), [{"Last_Name": "L"}])

    (line,) = result.said("Rejected: Leads: ")
    assert line.endswith(f" with {code} in Company{(said and f': {said}') or ''}.")
    assert result.said("secret") == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("RECORD_LOCKED", "the record is locked"),
        ("NOT_APPROVED", "the record waits for approval"),
        ("NOT_REVIEWED", "the record waits for review"),
        ("RECORD_IN_BLUEPRINT", "the record is in a blueprint"),
    ],
)
def test_why_a_record_cannot_be_changed_is_reported(org: Org, code: str, said: str) -> None:
    lead = org.add("Leads", Last_Name="L")
    org.knobs(held_records=[f"{lead}:{code}"])

    result = org.write(
        stream("Leads", "id", "City", mode="update", key="id"), [{"id": lead, "City": "C"}]
    )
    org.knobs(held_records=[])

    (line,) = result.said("Rejected: Leads: ")
    assert f" with {code}" in line
    assert line.endswith(f": {said}.")
