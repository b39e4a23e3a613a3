"""The log gives the plan and its warnings before the first row."""

import pytest

from unit_tests.destination.conftest import Org, mapping, row, state, stream

LEADS = stream("Leads", "Last_Name", "Email")
GOOD = row("Leads", {"Last_Name": "secret"})


def test_a_mapping_whose_stream_is_not_there_is_reported(org: Org) -> None:
    mapped = mapping("lead", "Contacts", "insert") | {"namespace": "crm"}

    result = org.write(LEADS, [], mappings=[mapped])

    assert result.said("The connection has no stream crm.lead, which a mapping names.")


def test_a_mapping_whose_stream_is_not_there_is_reported_of_a_plan_that_fails_too(org: Org) -> None:
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
    assert result.said("with MANDATORY_NOT_FOUND in Last_Name")


@pytest.mark.parametrize(
    ("mode", "deletions", "nulls"), [("update", False, True), ("soft_delete", True, False)]
)
def test_the_plan_says_what_concerns_its_streams(
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


def test_what_a_mapping_says_without_effect_is_reported_once(org: Org) -> None:
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


def test_the_plan_is_reported_before_the_first_row(org: Org) -> None:
    mapped = mapping("people", "Contacts", "upsert", "Email", mail="Email", name="Last_Name")
    people = stream("people", "mail", "name")

    result = org.write(people, [], mappings=[mapped])

    assert result.said(
        "Plan: people -> Contacts: upsert by Email; mail -> Email, name -> Last_Name"
    )


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
