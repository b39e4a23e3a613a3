"""Input that no platform should send, and what becomes of it."""

from typing import Any

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.protocol import list_streams
from unit_tests.destination.conftest import Org, mapping, row, state, stream

LEADS = stream("Leads", "Last_Name", "Email")
GOOD = row("Leads", {"Last_Name": "secret"})


def test_a_line_that_is_no_message_is_passed_over_and_counted(org: Org) -> None:
    noise = [b"Picked up JAVA_TOOL_OPTIONS: secret", b"", b"[1, 2]", b"42"]

    result = org.write_lines([LEADS], [GOOD, *noise, state("Leads")])

    assert result.counts() == {"created": 1}
    assert result.said("3 lines of the input are no messages")
    assert not result.said("secret")


def test_messages_of_other_kinds_are_passed_over(org: Org) -> None:
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
def test_a_broken_message_ends_the_run_after_what_is_settled(
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
    assert result.said("1 rows by MALFORMED_ROW")
    assert not result.said("secret")


def test_a_number_that_is_none_costs_its_row_alone(org: Org) -> None:
    leads = stream("Leads", "Last_Name", "Lead_Score")
    rows = [{"Last_Name": "A", "Lead_Score": float("nan")}, {"Last_Name": "B", "Lead_Score": 1}]

    result = org.write(leads, rows)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("1 rows by INVALID_DATA in Lead_Score")


@pytest.mark.parametrize("key", ["", "  ", None, ...], ids=["empty", "blank", "null", "absent"])
@pytest.mark.parametrize("mode", ["append_dedup", "update", "soft_delete"])
def test_an_empty_key_is_never_sent(org: Org, mode: str, key: Any) -> None:
    field = "Plate"
    vehicles = stream("Vehicles", field, "Name", mode=mode, key=field)
    bad = {"Name": "N"} if key is ... else {"Name": "N", field: key}
    before = org.records("Vehicles")

    result = org.write(vehicles, [bad])

    assert result.counts() == {"rejected": 1}
    assert result.said("1 rows by EMPTY_KEY in Plate")
    assert org.records("Vehicles") == before
    assert sum(org.calls(name) for name in ("insert", "upsert", "update", "delete")) == 0


@pytest.mark.parametrize("value", [17, "17", "abc", "1" * 21, True, {"id": 1}, 1.5])
@pytest.mark.parametrize("mode", ["update", "soft_delete"])
def test_a_key_that_is_no_id_of_zoho_is_never_sent(org: Org, mode: str, value: Any) -> None:
    leads = stream("Leads", "id", "Company", mode=mode, key="id")

    result = org.write(leads, [{"id": value, "Company": "C"}])

    assert result.counts() == {"rejected": 1}
    assert result.said("1 rows by INVALID_DATA in id")
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
    with pytest.raises(AirbyteTracedException, match="The configured catalog is none"):
        list_streams({"streams": [entry]})


def test_a_row_that_is_nested_without_end_ends_the_run_with_its_line(org: Org) -> None:
    depth = 100_000
    deep = row("Leads", {"Last_Name": "deep"}).replace(b'"deep"', b"[" * depth + b"]" * depth)

    result = org.write_lines([LEADS], [GOOD, state("Leads"), deep])

    assert "Line 3 of the input is a broken message" in result.sentence


def test_a_mapping_whose_stream_is_not_there_is_told(org: Org) -> None:
    mapped = mapping("lead", "Contacts", "insert") | {"namespace": "crm"}

    result = org.write(LEADS, [], mappings=[mapped])

    assert result.said("The connection has no stream crm.lead, which a mapping names.")


def test_a_mapping_whose_stream_is_not_there_is_told_of_a_plan_that_fails_too(org: Org) -> None:
    result = org.write(stream("leads", "x"), [], mappings=[mapping("lead", "Contacts", "insert")])

    assert "map the stream leads to a module; the mapping of lead meets" in result.sentence
    assert result.said("The connection has no stream lead, which a mapping names.")


def test_an_upsert_without_a_mandatory_field_changes_the_records_that_are_there(org: Org) -> None:
    org.add("Contacts", Last_Name="Ada", Email="a@example.com")
    contacts = stream("Contacts", "Email", "Loyalty_Points", mode="append_dedup", key="Email")
    rows = [{"Email": f"{one}@example.com", "Loyalty_Points": 7} for one in "ab"]

    result = org.write(contacts, rows)

    assert result.counts() == {"updated": 1, "rejected": 1}
    assert org.record("Contacts", Last_Name="Ada")["Loyalty_Points"] == 7
    assert result.said("Contacts: no column goes to Last_Name, without which Zoho adds no record:")
    assert result.said("by MANDATORY_NOT_FOUND in Last_Name")


@pytest.mark.parametrize(
    ("mode", "deletions", "nulls"), [("update", False, True), ("soft_delete", True, False)]
)
def test_the_plan_tells_what_concerns_its_streams(
    org: Org, mode: str, *, deletions: bool, nulls: bool
) -> None:
    result = org.write(stream("Contacts", "id", "Email", mode=mode, key="id"), [])

    (line,) = result.said("Plan: automations: ")
    assert ("at most 1,000 deletions a stream" in line, "; nulls " in line) == (deletions, nulls)


def test_columns_that_cannot_be_written_are_left_out_with_one_warning_each(org: Org) -> None:
    columns = ("Last_Name", "Created_Time", "Full_Name", "_ab_cdc_updated_at", "id", "Layout")
    rows = [dict.fromkeys(columns, "x")] * 3

    result = org.write(stream("Leads", *columns), rows)

    assert result.counts() == {"created": 3}
    for column in columns[1:]:
        assert len(result.said(f"Leads: the column {column} is left out: ")) == 1


def test_what_a_mapping_says_in_vain_is_told_once(org: Org) -> None:
    people = stream("people", "Email", "Last_Name", mode="append_dedup", key="Email", into="Leads")
    rows = [{"Email": f"p{n}@x.test", "Last_Name": "P"} for n in range(3)]

    result = org.write(people, rows, mappings=[mapping("people", "Leads", "update", "id")])

    assert result.counts() == {"created": 3}
    assert len(result.said("people: the connection asks for upsert; its mapping's update")) == 1
    assert len(result.said("people: the connection finds records by Email; its mapping's id")) == 1


def test_a_column_that_the_catalog_has_not_is_left_alone(org: Org) -> None:
    result = org.write(LEADS, [{"Last_Name": "A", "Company": "undeclared"}])

    assert result.counts() == {"created": 1}
    assert org.record("Leads", Last_Name="A")["Company"] is None


def test_a_subform_that_no_mapping_names_is_left_out_with_a_warning(org: Org) -> None:
    rows = [{"Last_Name": "A", "Project_Details": []}]

    result = org.write(stream("Leads", "Last_Name", "Project_Details"), rows)

    assert result.counts() == {"created": 1}
    assert len(result.said("Project_Details is left out: it is a subform")) == 1


def test_a_subform_that_a_mapping_names_is_refused_with_a_sentence(org: Org) -> None:
    mapped = mapping("a", "Leads", "insert", name="Last_Name", rows="Project_Details")

    result = org.write(stream("a", "name", "rows"), [{"name": "A"}], mappings=[mapped])

    assert "rows of subforms cannot be written yet" in result.sentence
    assert org.calls("insert") == 0


def test_all_that_is_wrong_is_said_before_a_row_is_written(org: Org) -> None:
    streams = [
        LEADS,
        stream("b", "Last_Name", mode="append_dedup", key="id", into="Contacts"),
        stream("c", "x", mode="overwrite", into="Deals"),
        stream("d", "x", into="Nowhere"),
        stream("e", "Phone", into="Accounts"),
        stream("f", "Subject", mode="append_dedup", key=["Subject", "Status"], into="Cases"),
    ]

    result = org.write_lines(streams, [GOOD, state("Leads")])

    assert result.sentence.startswith("5 things must be fixed before a row is written. (1) b: ")
    for said in (
        "b: an upsert does not find records of Contacts by id",
        "update by id, or upsert by a key: choose Email or External_Contact_ID",
        "c: overwrite would replace all records",
        "d: in this version of its API the org has no module Nowhere",
        "e: no column goes to Account_Name, without which Zoho adds no record",
        "f: Zoho finds records by one field, not by Subject+Status together: choose Subject",
    ):
        assert said in result.sentence
    assert org.calls("insert") == 0


def test_the_plan_is_told_before_the_first_row(org: Org) -> None:
    mapped = mapping("people", "Contacts", "upsert", "Email", mail="Email", name="Last_Name")
    people = stream("people", "mail", "name")

    result = org.write(people, [], mappings=[mapped])

    assert result.said(
        "Plan: people -> Contacts: upsert by Email; mail -> Email, name -> Last_Name"
    )


@pytest.mark.parametrize("mode", ["append", "append_dedup", "update"])
def test_a_row_that_tells_of_a_deletion_changes_no_record(org: Org, mode: str) -> None:
    lead = org.add("Leads", Last_Name="Kept", Email="k@x.test", External_Lead_ID="k")
    leads = stream("Leads", "External_Lead_ID", "Last_Name", mode=mode, key="External_Lead_ID")
    tombstone = {"External_Lead_ID": "k", "Last_Name": None, "_ab_cdc_deleted_at": "2026-01-01"}

    result = org.write(leads, [tombstone], null_values="clear")

    assert result.counts() == {"rejected": 1}
    assert result.said("1 rows by DELETED_AT_SOURCE")
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
    assert result.said("1 rows by ALIVE_AT_SOURCE")
    assert {lead, other} & {record["id"] for record in org.records("Leads")} == {lead}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (("id",), "every row deletes the record that it finds"),
        (("id", "_ab_cdc_deleted_at"), "rows with a value in _ab_cdc_deleted_at delete"),
    ],
    ids=["unmarked", "marked"],
)
def test_a_delete_stream_says_which_rows_delete(
    org: Org, columns: tuple[str, ...], said: str
) -> None:
    result = org.write(stream("Leads", *columns, mode="soft_delete", key="id"), [])

    assert result.said(said)
