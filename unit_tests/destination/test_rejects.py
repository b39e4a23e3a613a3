"""Rejected rows are kept, counted and logged."""

from pathlib import Path

import pytest

from unit_tests.destination.conftest import Org, stream
from unit_tests.destination.kept_rows import kept, storage

CONTACTS = stream(
    "Contacts", "Email", "Last_Name", "Loyalty_Points", mode="append_dedup", key="Email"
)


def test_a_rejected_row_is_kept_with_its_reason(org: Org, tmp_path: Path) -> None:
    rows = [
        {"Email": "no address", "Last_Name": "Zoho's"},
        {"Email": "p@x.test", "Last_Name": "Ours", "Loyalty_Points": "many"},
        {"Email": "", "Last_Name": "Keyless"},
    ]

    result = org.write(CONTACTS, rows, object_storage_config=storage(tmp_path / "new" / "folder"))

    lines = {
        line["record"]["data"]["Last_Name"]: line for line in kept(tmp_path / "new" / "folder")
    }
    reasons = {
        name: (line["rejected"]["code"], line["rejected"]["field"]) for name, line in lines.items()
    }
    assert result.counts() == {"rejected": 3}
    assert reasons == {
        "Zoho's": ("INVALID_DATA", "Email"),
        "Ours": ("INVALID_DATA", "Loyalty_Points"),
        "Keyless": ("EMPTY_KEY", "Email"),
    }
    assert lines["Zoho's"]["record"]["data"] == rows[0]
    assert lines["Zoho's"]["rejected"] == {
        "module": "Contacts",
        "operation": "upsert",
        "key": "Email",
        "key_value": "no address",
        "id": None,
        "code": "INVALID_DATA",
        "field": "Email",
        "message": "invalid data (expected_data_type email)",
        "details": {
            "api_name": "Email",
            "expected_data_type": "email",
            "json_path": "$.data[0].Email",
        },
    }


def test_all_that_zoho_said_is_kept(org: Org, tmp_path: Path) -> None:
    details = {
        "api_name": "Company",
        "json_path": "$.data[0].Company",
        "layout_rule": {"name": "Company of large leads", "id": "111111000000000001"},
    }
    entry = {
        "code": "MANDATORY_NOT_FOUND",
        "details": details,
        "message": "required field not found",
    }
    org.fail("insert", status=400, body={"data": [{**entry, "status": "error"}]})

    org.write(
        stream("Leads", "Last_Name"), [{"Last_Name": "L"}], object_storage_config=storage(tmp_path)
    )

    (line,) = kept(tmp_path)
    assert line["rejected"]["details"] == details
    assert line["rejected"]["message"] == (
        "required field not found (layout_rule Company of large leads)"
    )


def test_a_duplicate_names_the_record_in_its_way(org: Org, tmp_path: Path) -> None:
    there = org.add("Accounts", Account_Name="A", ERP_ID="e-1")
    accounts = stream("Accounts", "Account_Name", "ERP_ID")

    org.write(
        accounts, [{"Account_Name": "B", "ERP_ID": "e-1"}], object_storage_config=storage(tmp_path)
    )

    (line,) = kept(tmp_path)
    assert line["rejected"]["code"] == "DUPLICATE_DATA"
    assert line["rejected"]["id"] == there


def test_a_duplicate_in_another_module_names_that_module(org: Org, tmp_path: Path) -> None:
    """Where the org checks leads against contacts, the id alone would read as a lead's."""
    org.control("PATCH", "fields/Leads/Email", {"unique": True})
    org.knobs(unique_across=["Leads:Contacts"])
    contact = org.add("Contacts", Last_Name="C", Email="twin@example.com")
    lead = {"Last_Name": "L", "Email": "twin@example.com"}

    result = org.write(
        stream("Leads", *lead), [lead], object_storage_config=storage(tmp_path), schema_version="v8"
    )
    org.control("PATCH", "fields/Leads/Email", {"unique": False})
    org.knobs(unique_across=[])

    (line,) = kept(tmp_path)
    assert (line["rejected"]["id"], line["rejected"]["field"]) == (contact, "Email")
    assert line["rejected"]["message"] == (
        "duplicate data; the record in its way is one of Contacts"
    )
    assert result.said(
        "Rejected: Leads: 1 row with DUPLICATE_DATA in Email: another record has this value; "
        "the record in its way is one of Contacts."
    )


@pytest.mark.parametrize("version", ["v2", "v8"])
@pytest.mark.parametrize("code", ["NOT_APPROVED", "NOT_REVIEWED", "RECORD_LOCKED"])
@pytest.mark.parametrize("others", [0, 2])
def test_a_record_that_cannot_be_changed_now_rejects_its_row_alone(
    org: Org, tmp_path: Path, version: str, code: str, others: int
) -> None:
    """v8 names neither the row nor a field where a record waits for approval or review."""
    held, *free = (org.add("Leads", Last_Name="L", City="old") for _ in range(1 + others))
    org.knobs(held_records=[f"{held}:{code}"])
    rows = [{"id": known, "City": "new"} for known in (held, *free)]
    updates = stream("Leads", "id", "City", mode="update", key="id")

    result = org.write(
        updates, rows, object_storage_config=storage(tmp_path), schema_version=version
    )
    org.knobs(held_records=[])

    assert result.counts() == {"rejected": 1} | ({"updated": others} if others else {})
    (line,) = kept(tmp_path)
    assert line["rejected"]["code"] == code
    assert line["rejected"]["key_value"] == held
    assert all(org.record("Leads", id=known)["City"] == "new" for known in free)


def test_several_errors_of_a_row_are_all_kept(org: Org, tmp_path: Path) -> None:
    bad = {"Last_Name": "L", "Email": "bad", "Website": "bad"}

    org.write(
        stream("Leads", *bad), [bad], object_storage_config=storage(tmp_path), schema_version="v8"
    )

    (line,) = kept(tmp_path)
    assert line["rejected"]["code"] == "MULTIPLE_OR_MULTI_ERRORS"
    assert set(line["rejected"]["field"].split(", ")) == {"Email", "Website"}


@pytest.mark.parametrize("version", ["v2", "v4", "v8"])
def test_fields_of_which_one_is_missing_are_all_named(
    org: Org, tmp_path: Path, version: str
) -> None:
    lead = org.add("Leads", Last_Name="Noted", Company="C")
    notes = stream("Notes", "Note_Content", "Parent_Id")
    rows = [{"Note_Content": None, "Parent_Id": lead}]

    org.write(notes, rows, object_storage_config=storage(tmp_path), schema_version=version)

    (line,) = kept(tmp_path)
    assert line["rejected"]["code"] == "EXPECTED_FIELD_MISSING"
    assert set(line["rejected"]["field"].split(", ")) == {"Note_Content", "Note_Title"}


def test_rejected_rows_are_a_warning(org: Org, caplog: pytest.LogCaptureFixture) -> None:
    result = org.write(CONTACTS, [{"Last_Name": "L"}, {"Email": "a@x.test", "Last_Name": "L"}])

    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert result.counts() == {"created": 1, "rejected": 1}
    assert [warning.partition(":")[0] for warning in warnings] == [
        "Rejected",
        "Rejected rows are not kept",
    ]
    assert "(object_storage_config)" in warnings[-1]


def test_the_log_gives_reasons_and_no_values(org: Org) -> None:
    secret = {
        "Email": "secret-address",
        "Last_Name": "secret-name",
        "Loyalty_Points": "secret-points",
    }

    result = org.write(CONTACTS, [secret, secret | {"Loyalty_Points": 1}])

    assert result.said(
        "Rejected: Contacts: 1 row with INVALID_DATA in Loyalty_Points: expected a whole number."
    )
    assert result.said("Rejected rows are not kept: name a folder or a bucket in Rejected rows")
    assert result.said("Rejected: Contacts: 1 row with INVALID_DATA in Email")
    assert not result.said("secret")
