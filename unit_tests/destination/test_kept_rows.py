"""Kept rejected rows are input for another write."""

import json
from pathlib import Path

import pytest

from unit_tests.destination.conftest import Org, row, state, stream
from unit_tests.destination.kept_rows import kept, storage

CONTACTS = stream(
    "Contacts", "Email", "Last_Name", "Loyalty_Points", mode="append_dedup", key="Email"
)


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
    """It may be there. The user looks, and takes the mark away."""
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
