"""The columns of files for Bulk Write, and what a cell cannot hold."""

from zoneinfo import ZoneInfo

import pytest

from destination_zoho_crm.bulk_columns import NotInBulkError, build_columns, write_row
from destination_zoho_crm.planning import make_plan
from unit_tests.destination.conftest import Json, stream
from unit_tests.destination.plans import field, module

LEADS = module(
    "Leads",
    field("id", "bigint"),
    field("Notes", "textarea"),
    field("Born", "date"),
    field("Called", "datetime"),
    field("Owner", "ownerlookup"),
    field("Last_Name", system_mandatory=True),
    field("First_Name"),
    field("Code", unique={"casesensitive": "false"}),
    field("Size", "double"),
    field("Good", "boolean"),
)
ALL = ("Notes", "Born", "Called", "Owner", "Last_Name", "First_Name", "Code", "Size", "Good")
ZONE = ZoneInfo("Europe/Berlin")


def columns(entry: Json) -> list[Json]:
    (plan,) = make_plan([entry], (), {"Leads": LEADS}, ["Leads"])
    return [dict(column.mapping) for column in build_columns(plan, ZONE)]


@pytest.mark.parametrize(
    ("entry", "first"),
    [
        (stream("Leads", "Notes", "Code", "Last_Name", "id", mode="update", key="id"), "id"),
        (stream("Leads", *ALL, mode="append_dedup", key="Code"), "Code"),
        (stream("Leads", *ALL), "Code"),
    ],
)
def test_what_tells_rows_apart_comes_first_and_long_texts_last(entry: Json, first: str) -> None:
    mappings = columns(entry)

    assert mappings[0]["api_name"] == first
    assert [one["index"] for one in mappings] == list(range(len(mappings)))
    assert "Notes" not in [one["api_name"] for one in mappings[:3]]
    assert len({one["api_name"] for one in mappings}) == len(mappings)


def test_nothing_is_left_to_a_default_of_zohos() -> None:
    named = {one["api_name"]: one for one in columns(stream("Leads", *ALL))}

    assert named["Born"]["format"] == "yyyy-MM-dd"
    assert named["Called"]["format"] == "yyyy-MM-dd HH:mm:ss"
    assert named["Owner"]["find_by"] == "id"
    assert named["Size"].keys() == {"api_name", "index"}


def write(**record: object) -> dict[str, str]:
    (plan,) = make_plan([stream("Leads", *ALL)], (), {"Leads": LEADS}, ["Leads"])
    made = build_columns(plan, ZONE)
    cells = zip((column.name for column in made), write_row(made, record), strict=True)
    return {name: cell for name, cell in cells if cell}


def test_values_are_written_digit_for_digit() -> None:
    assert write(Size=1e-9, Good=False, Owner={"id": "7"}, Notes="a\nb ") == {
        "Size": "0.000000001",
        "Good": "false",
        "Owner": "7",
        "Notes": "a\nb ",
    }
    assert write(Size=123456789012345.0)["Size"] == "123456789012345.0"


@pytest.mark.parametrize(
    "record",
    [
        *({"Notes": f"a{letter}b"} for letter in ("\t", "\r", "\r\n", "\x00", "\x1f", "\x7f")),
        {"Notes": None},
        {"Owner": {"id": "7", "module": {"api_name": "Leads"}}},
        {"Called": "1969-12-31T23:59:59+00:00"},
        {"Called": "2025-10-26T00:30:00+00:00"},
        {"Called": "2025-10-26T01:30:00+00:00"},
    ],
)
def test_what_zoho_may_read_otherwise_is_in_no_file(record: Json) -> None:
    with pytest.raises(NotInBulkError):
        write(**record)
