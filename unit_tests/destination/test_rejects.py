"""Rejected rows are kept, counted and told."""

import json
from pathlib import Path
from typing import Any

import pytest

from unit_tests.destination.conftest import Org, row, state, stream

CONTACTS = stream(
    "Contacts", "Email", "Last_Name", "Loyalty_Points", mode="append_dedup", key="Email"
)


def kept(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(folder.glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def storage(folder: Path) -> dict[str, str]:
    return {"storage_type": "Local", "folder": str(folder)}


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
        "Rejected: Leads: 1 rows by DUPLICATE_DATA in Email: another record has this value; "
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


def test_a_file_of_rejected_rows_can_be_written_again(org: Org, tmp_path: Path) -> None:
    leads = stream("Leads", "Last_Name", "Rating")
    org.write(
        leads,
        [{"Last_Name": "Second chance", "Rating": "New"}],
        object_storage_config=storage(tmp_path),
    )
    (path,) = tmp_path.glob("*.jsonl")

    lines = [*path.read_bytes().splitlines(), state("Leads")]
    again = org.write_lines([leads], lines, unknown_picklist_values="add")

    assert again.counts() == {"created": 1}
    assert org.record("Leads", Last_Name="Second chance")["Rating"] == "New"


@pytest.mark.parametrize(
    "data",
    [
        r'{"Last_Name": "\ud800", "Email": "kept@x.test"}',
        '{"Last_Name": "x", "Email": NaN}',
        '{"Last_Name": "x", "Email": "", "Phone": 184467440737095516159}',
        '"no object"',
    ],
    ids=["half a character", "no number", "long number", "no object"],
)
def test_a_row_that_json_cannot_carry_is_kept_as_it_came(
    org: Org, tmp_path: Path, data: str
) -> None:
    record = f'{{"stream": "Contacts", "data": {data}, "emitted_at": 7}}'
    line = f'{{"type": "RECORD", "record": {record}}}'.encode()

    first = org.write_lines(
        [CONTACTS], [line, state("Contacts")], object_storage_config=storage(tmp_path)
    )
    (path,) = tmp_path.glob("*.jsonl")
    kept_line = path.read_bytes()
    again = org.write_lines([CONTACTS], [kept_line, state("Contacts")])

    assert first.counts() == again.counts() == {"rejected": 1}
    assert kept_line.startswith(f'{{"type":"RECORD","record":{record},"rejected":{{'.encode())


@pytest.mark.parametrize("column", ["Extra", "Email", "Loyalty_Points"])
@pytest.mark.parametrize("depth", [260, 990, 1_015])
def test_a_rejected_row_that_is_nested_deep_is_kept_as_it_came(
    org: Org, tmp_path: Path, column: str, depth: int
) -> None:
    nested = "[" * depth + '"]}"' + "]" * depth
    data = f'{{"Email": null, "Last_Name": "L", "{column}": {nested}}}'
    line = f'{{"type": "RECORD", "record": {{"stream": "Contacts", "data": {data}}}}}'.encode()

    result = org.write_lines(
        [CONTACTS], [line, state("Contacts")], object_storage_config=storage(tmp_path)
    )

    (path,) = tmp_path.glob("*.jsonl")
    assert result.failure is None
    assert result.counts() == {"rejected": 1}
    assert data.encode() in path.read_bytes()


DEEP = "[" * 600 + "]" * 600


@pytest.mark.parametrize(
    "about",
    [
        '"What_Id": {"id": "%s", "module": ' + DEEP + '}, "$se_module": "Accounts"',
        '"What_Id": "%s", "$se_module": ' + DEEP,
        '"What_Id": "%s", "$se_module": 5',
    ],
    ids=["a lookup's module", "the module", "a number"],
)
def test_what_cannot_name_a_module_rejects_its_row_alone(org: Org, about: str) -> None:
    tasks = stream("Tasks", "Subject", "What_Id", "$se_module")
    account = org.records("Accounts")[0]["id"]
    data = f'{{"Subject": "S", {about % account}}}'
    odd = f'{{"type": "RECORD", "record": {{"stream": "Tasks", "data": {data}}}}}'.encode()

    result = org.write_lines([tasks], [row("Tasks", {"Subject": "Good"}), odd, state("Tasks")])

    assert result.failure is None
    assert result.counts() == {"created": 1, "rejected": 1}


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.usefixtures("no_pauses")
def test_a_kept_insert_whose_outcome_is_unknown_is_not_written_again_by_itself(
    org: Org, tmp_path: Path
) -> None:
    """It may be there. Whoever has looked takes the mark away."""
    leads = stream("Leads", "Last_Name")
    org.fail("insert", "body", body="<html>", times=1)
    org.fail("coql", status=400, body={"code": "INVALID_QUERY", "message": "m", "details": {}})
    first = org.write(leads, [{"Last_Name": "L"}], object_storage_config=storage(tmp_path))
    (line,) = kept(tmp_path)
    again = org.write_lines([leads], [json.dumps(line).encode(), state("Leads")])
    there = [record for record in org.records("Leads") if record["Last_Name"] == "L"]
    unmarked = {name: line[name] for name in ("type", "record")}
    third = org.write_lines([leads], [json.dumps(unmarked).encode(), state("Leads")])

    assert line["rejected"]["code"] == "OUTCOME_UNKNOWN"
    assert first.counts() == again.counts() == {"rejected": 1}
    assert len(there) == 1
    assert again.said("take the key `rejected` out of the line to have it written")
    assert first.said("Rows with OUTCOME_UNKNOWN may be in Zoho")
    assert third.counts() == {"created": 1}


def test_a_kept_row_of_unknown_outcome_may_be_upserted(org: Org) -> None:
    """An upsert of a record that is there does no harm."""
    line = json.loads(row("Contacts", {"Email": "a@x.test", "Last_Name": "L"}))
    line["rejected"] = {"code": "OUTCOME_UNKNOWN"}

    result = org.write_lines([CONTACTS], [json.dumps(line).encode(), state("Contacts")])

    assert result.counts() == {"created": 1}


def test_only_the_owner_may_read_a_file_of_rejected_rows(org: Org, tmp_path: Path) -> None:
    org.write(CONTACTS, [{"Last_Name": "x"}], object_storage_config=storage(tmp_path))

    (path,) = tmp_path.glob("*.jsonl")
    assert path.stat().st_mode & 0o777 == 0o600


def test_rejected_rows_are_a_warning(org: Org, caplog: pytest.LogCaptureFixture) -> None:
    result = org.write(CONTACTS, [{"Last_Name": "L"}, {"Email": "a@x.test", "Last_Name": "L"}])

    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert result.counts() == {"created": 1, "rejected": 1}
    assert [warning.partition(":")[0] for warning in warnings] == [
        "Rejected",
        "Rejected rows are not kept",
    ]
    assert "(object_storage_config)" in warnings[-1]


def test_the_log_tells_reasons_and_no_values(org: Org) -> None:
    secret = {
        "Email": "secret-address",
        "Last_Name": "secret-name",
        "Loyalty_Points": "secret-points",
    }

    result = org.write(CONTACTS, [secret, secret | {"Loyalty_Points": 1}])

    assert result.said(
        "Rejected: Contacts: 1 rows by INVALID_DATA in Loyalty_Points: expected a whole number."
    )
    assert result.said("Rejected rows are not kept: name a folder in Rejected rows")
    assert result.said("Rejected: Contacts: 1 rows by INVALID_DATA in Email")
    assert not result.said("secret")
