"""Input that no platform should send, and what becomes of it."""

from typing import Any

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.protocol import list_streams
from unit_tests.destination.conftest import Org, row, state, stream

LEADS = stream("Leads", "Last_Name", "Email")
GOOD = row("Leads", {"Last_Name": "secret"})


def test_a_line_that_is_no_message_is_ignored_and_counted(org: Org) -> None:
    noise = [b"Picked up JAVA_TOOL_OPTIONS: secret", b"", b"[1, 2]", b"42"]

    result = org.write_lines([LEADS], [GOOD, *noise, state("Leads")])

    assert result.counts() == {"created": 1}
    assert result.said("3 lines of the input are not messages")
    assert not result.said("secret")


def test_one_line_that_is_no_message_is_told_as_one(org: Org) -> None:
    result = org.write_lines([LEADS], [GOOD, b"noise", state("Leads")])

    assert result.said("1 line of the input is not a message and is ignored.")


def test_messages_of_other_kinds_are_ignored(org: Org) -> None:
    others = [b'{"type": "LOG", "log": {"level": "INFO", "message": "x"}}', b'{"type": "NEW_KIND"}']

    result = org.write_lines([LEADS], [*others, GOOD, state("Leads")])

    assert result.counts() == {"created": 1}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD[:40], "Line 3 of the input is a broken message"),
        (b'{"type": "RECORD", "record": {"data": {}}}', "Line 3 of the input is a record that"),
        (b'{"type": "RECORD", "record": "secret"}', "Line 3 of the input is a record that"),
        (b'{"type": "STATE"}', "Line 3 of the input is a state that"),
        (b'{"type": "STATE", "state": {"type": "STREAM"}}', "Line 3 of the input is a state"),
        (row("Deals", {"x": "secret"}), "a record of Deals, a stream that is not in"),
    ],
    ids=["cut off", "no stream", "no object", "no state", "state of none", "unknown stream"],
)
def test_a_broken_message_ends_the_run_after_what_is_written(
    org: Org, line: bytes, said: str
) -> None:
    result = org.write_lines([LEADS], [GOOD, state("Leads"), line, GOOD])

    assert said in result.sentence
    assert [message["state"]["id"] for message in result.states] == [1]
    assert "secret" not in result.sentence + "".join(result.log)


@pytest.mark.parametrize(
    "data",
    [None, "secret", ["secret"], {"Last_Name": "\ud800 secret"}],
    ids=["null", "text", "list", "half a character"],
)
def test_a_row_that_is_none_is_rejected(org: Org, data: Any) -> None:
    result = org.write_lines([LEADS], [row("Leads", data), GOOD, state("Leads")])

    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("1 row with MALFORMED_ROW")
    assert not result.said("secret")


def test_a_number_that_is_none_costs_its_row_alone(org: Org) -> None:
    leads = stream("Leads", "Last_Name", "Lead_Score")
    rows = [{"Last_Name": "A", "Lead_Score": float("nan")}, {"Last_Name": "B", "Lead_Score": 1}]

    result = org.write(leads, rows)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("1 row with INVALID_DATA in Lead_Score")


@pytest.mark.parametrize("key", ["", "  ", None, ...], ids=["empty", "blank", "null", "absent"])
@pytest.mark.parametrize("mode", ["append_dedup", "update", "soft_delete"])
def test_an_empty_key_is_never_sent(org: Org, mode: str, key: Any) -> None:
    field = "Plate"
    vehicles = stream("Vehicles", field, "Name", mode=mode, key=field)
    bad = {"Name": "N"} if key is ... else {"Name": "N", field: key}
    before = org.records("Vehicles")

    result = org.write(vehicles, [bad])

    assert result.counts() == {"rejected": 1}
    assert result.said("1 row with EMPTY_KEY in Plate")
    assert org.records("Vehicles") == before
    assert sum(org.calls(name) for name in ("insert", "upsert", "update", "delete")) == 0


@pytest.mark.parametrize("value", [17, "17", "abc", "1" * 21, True, {"id": 1}, 1.5])
@pytest.mark.parametrize("mode", ["update", "soft_delete"])
def test_a_key_that_is_no_id_of_zoho_is_never_sent(org: Org, mode: str, value: Any) -> None:
    leads = stream("Leads", "id", "Company", mode=mode, key="id")

    result = org.write(leads, [{"id": value, "Company": "C"}])

    assert result.counts() == {"rejected": 1}
    assert result.said("1 row with INVALID_DATA in id")
    assert org.calls("update") + org.calls("delete") == 0


def test_no_input_is_a_run_of_no_rows(org: Org) -> None:
    result = org.write_lines([LEADS], [])

    assert result.failure is None
    assert result.states == []
    assert result.said("Written: Leads: 0 rows")


def test_an_empty_catalog_is_refused(org: Org) -> None:
    assert "nothing to write" in org.write_lines([], []).sentence


@pytest.mark.parametrize(
    "entry",
    [
        {"stream": {"name": "Leads", "json_schema": [1]}},
        {"stream": {"name": "Leads", "json_schema": {"properties": ["Last_Name"]}}},
        {"stream": {"name": "Leads"}, "primary_key": "Email"},
        {"stream": {"name": "Leads"}, "primary_key": 5},
        {"stream": {"name": 5}},
        {"stream": "Leads"},
        "Leads",
    ],
    ids=["schema", "properties", "key", "number for key", "number for name", "no stream", "text"],
)
def test_a_catalog_that_is_none_is_refused(entry: object) -> None:
    with pytest.raises(AirbyteTracedException, match="The configured catalog is not valid"):
        list_streams({"streams": [entry]})


def test_a_row_that_is_nested_without_end_ends_the_run_with_its_line(org: Org) -> None:
    depth = 100_000
    deep = row("Leads", {"Last_Name": "deep"}).replace(b'"deep"', b"[" * depth + b"]" * depth)

    result = org.write_lines([LEADS], [GOOD, state("Leads"), deep])

    assert "Line 3 of the input is a broken message" in result.sentence


@pytest.mark.parametrize("mode", ["append", "append_dedup", "update"])
def test_a_row_that_marks_a_deletion_changes_no_record(org: Org, mode: str) -> None:
    lead = org.add("Leads", Last_Name="Kept", Email="k@x.test", External_Lead_ID="k")
    leads = stream("Leads", "External_Lead_ID", "Last_Name", mode=mode, key="External_Lead_ID")
    tombstone = {"External_Lead_ID": "k", "Last_Name": None, "_ab_cdc_deleted_at": "2026-01-01"}

    result = org.write(leads, [tombstone], null_values="clear")

    assert result.counts() == {"rejected": 1}
    assert result.said("1 row with DELETED_AT_SOURCE")
    assert org.record("Leads", id=lead)["Last_Name"] == "Kept"


@pytest.mark.parametrize(
    ("declared", "mark"),
    [(True, None), (True, ""), (True, ...), (False, None)],
    ids=["null", "empty", "absent", "undeclared"],
)
def test_a_row_that_lives_at_its_source_deletes_no_record(
    org: Org, declared: bool, mark: Any
) -> None:
    lead, other = (org.add("Leads", Last_Name=name) for name in ("Kept", "Gone"))
    columns = ("id", "_ab_cdc_deleted_at") if declared else ("id",)
    leads = stream("Leads", *columns, mode="soft_delete", key="id")
    alive = {"id": lead} | ({} if mark is ... else {"_ab_cdc_deleted_at": mark})

    result = org.write(leads, [alive, {"id": other, "_ab_cdc_deleted_at": "2026-01-01"}])

    assert result.counts() == {"rejected": 1, "deleted": 1}
    assert result.said("1 row with ALIVE_AT_SOURCE")
    assert {lead, other} & {record["id"] for record in org.records("Leads")} == {lead}
