"""Rows of subforms and line items that come as a table of their own."""

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest

from unit_tests.destination.conftest import Json, Org, mapping, row, state, stream
from unit_tests.destination.lost_answers import LOST
from unit_tests.destination.test_line_items import document, product, rows_of
from unit_tests.destination.test_present_rows import lead_with, projects

VERSIONS = ("v2", "v2.1", "v4", "v8")


def write(
    org: Org, rows: list[Json], operation: str = "upsert", key: str | None = "id", **config: Any
) -> Any:
    """Writes a table of rows of leads; `how` is what the mapping says besides."""
    how = config.pop("how", {})
    columns = dict.fromkeys(name for one in rows for name in one)
    mapped = mapping("items", "Project_Details", operation, key) | how
    return org.write(stream("items", *columns), rows, mappings=[mapped], **config)


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_are_matched_by_id_and_changed(org: Org, version: str) -> None:
    lead = lead_with(org, {"Project": "a", "Effort": 1}, {"Project": "b"})
    before = projects(org, lead)
    rows = [
        {"id": before["a"]["id"], "Parent_Id": lead, "Project": "a", "Effort": 2},
        {"id": before["b"]["id"], "Parent_Id": lead, "Project": "b", "Effort": None},
    ]

    result = write(org, rows, schema_version=version)

    assert result.counts() == {"updated": 1, "unchanged": 1}
    after = projects(org, lead)
    assert (after["a"]["id"], after["a"]["Effort"]) == (before["a"]["id"], 2)
    assert after["b"] == before["b"]


@pytest.mark.parametrize(
    ("parent", "version"),
    [
        *itertools.product(["Parent_Id", "Parent_Id.Email"], VERSIONS),
        # v2 does not report which fields are External IDs.
        *itertools.product(["parent_id.external_lead_id"], VERSIONS[1:]),
    ],
)
def test_rows_are_matched_by_a_key_and_others_are_added(
    org: Org, parent: str, version: str
) -> None:
    leads = []
    for name in "xy":
        lead = lead_with(org, {"Project": "a", "Effort": 1}, {"Project": "b"}, name=name)
        values = {"Email": f"{name}@example.com", "External_Lead_ID": f"E-{name}"}
        org.control("PATCH", "records/Leads", {"id": lead, **values})
        leads.append(lead)
    keys = [
        {"Parent_Id": lead, "Parent_Id.Email": f"{n}@example.com"}.get(parent, f"e-{n}")
        for lead, n in zip(leads, "xy", strict=True)
    ]
    rows = [
        {parent: key, "Project": name, "Effort": effort}
        for name, effort in (("a", 5), ("new", 6))
        for key in keys
    ]

    result = write(org, rows, how={"rows_key": "Project"}, schema_version=version)
    calls = org.calls("update")
    again = write(org, rows, how={"rows_key": "Project"}, schema_version=version)

    assert org.calls("update") == calls
    assert result.counts() == {"updated": 2, "created": 2}
    assert again.counts() == {"unchanged": 4}
    assert result.said(f"of Leads: upsert by Project; {parent}, Project, Effort")
    for lead in leads:
        found = {name: one["Effort"] for name, one in projects(org, lead).items()}
        assert found == {"a": 5, "b": None, "new": 6}


@pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
@pytest.mark.parametrize("module", ["Quotes", "Sales_Orders", "Purchase_Orders", "Invoices"])
def test_line_items_are_written_through_their_document(org: Org, module: str, version: str) -> None:
    items = {"Quotes": "Quoted", "Sales_Orders": "Ordered", "Purchase_Orders": "Purchase"}
    table = f"{items.get(module, 'Invoiced')}_Items"
    field = "Purchased_Items" if module == "Purchase_Orders" else table
    data = document(org, module, **{field: [{"Product_Name": product(org), "Quantity": 1}]})
    org.write(stream(module, *data), [data])
    record = org.record(module, Subject="written")["id"]
    rows = [
        {"Parent_Id.Subject": "written", "Product_Name": product(org, n), "Quantity": n + 2}
        for n in range(2)
    ]
    mapped = mapping("items", table, "upsert", "id") | {"rows_key": "Product_Name"}

    result = org.write(stream("items", *rows[0]), rows, mappings=[mapped], schema_version=version)

    assert result.counts() == {"updated": 1, "created": 1}
    found = {one["Product_Name"]["id"]: one["Quantity"] for one in rows_of(org, table, record)}
    assert found == {product(org): 2, product(org, 1): 3}


def test_v2_has_no_table_of_line_items(org: Org) -> None:
    mapped = mapping("items", "Quoted_Items", "upsert", "id")

    result = org.write(
        stream("items", "id", "Parent_Id"), [], mappings=[mapped], schema_version="v2"
    )

    assert "in this version of its API the org has no module Quoted_Items" in result.sentence


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "1" * 18, "Project": "x"}], "Project_Details.id: the record has no row with this"),
        ([{"id": None, "Project": "x"}], "EMPTY_KEY in id: the row has no id, and no rows_key"),
    ],
)
def test_a_row_that_its_record_lacks_is_rejected(
    org: Org, rows: list[Json], said: str, tmp_path: Path
) -> None:
    lead = lead_with(org, {"Project": "a"})
    good = {"id": projects(org, lead)["a"]["id"], "Project": "good"}

    storage = {"storage_type": "Local", "folder": str(tmp_path)}
    rows = [one | {"Parent_Id": lead} for one in (*rows, good)]
    result = write(org, rows, object_storage_config=storage)

    assert result.counts() == {"updated": 1, "rejected": 1}
    assert result.said(said)
    (kept,) = tmp_path.glob("*.jsonl")
    assert not json.loads(kept.read_text())["rejected"]["message"].startswith("row ")
    assert projects(org, lead).keys() == {"good"}


def test_an_id_that_no_record_has_is_told_of_the_column_that_brings_it(org: Org) -> None:
    """Once for all of its rows: none of them can be written alone."""
    rows = [{"Parent_Id": "8" * 18, "Project": f"x{n}"} for n in range(20)]

    result = write(org, rows, how={"rows_key": "Project"})

    assert result.counts() == {"rejected": 20}
    assert result.said("20 rows with INVALID_DATA in Parent_Id")
    assert org.calls("update") == 1


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"rows_key": "Project"}, {"created": 1}),
        ({"rows_key": "Project", "rows": "append"}, {"created": 1}),
        ({"rows": "append"}, {"rejected": 1}),
    ],
)
def test_a_kept_row_that_may_be_there_is_written_where_it_is_found(
    org: Org, how: Json, expected: dict[str, int]
) -> None:
    lead = lead_with(org)
    data = {"Parent_Id": lead, "Project": "x"}
    kept = json.loads(row("items", data)) | {"rejected": {"code": "OUTCOME_UNKNOWN"}}
    mapped = mapping("items", "Project_Details", "upsert", "id") | how

    lines = [json.dumps(kept).encode(), state("items")]
    result = org.write_lines([stream("items", *data)], lines, mappings=[mapped])

    assert result.counts() == expected


def test_rows_without_a_record_are_rejected(org: Org) -> None:
    lead = lead_with(org)
    org.control("PATCH", "records/Leads", {"id": lead, "Email": "there@example.com"})
    rows = [
        {"Parent_Id.Email": email, "Project": "x"}
        for email in ("there@example.com", "nobody@example.com", None)
    ]

    result = write(org, rows, how={"rows_key": "Project"})

    assert result.counts() == {"created": 1, "rejected": 2}
    assert result.said("RECORD_NOT_FOUND in Parent_Id: no record of Leads has this Email")
    assert result.said("EMPTY_KEY in Parent_Id: it is empty, so it is not known of which record")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", ["id", "Project"])
def test_tombstones_delete_rows(org: Org, version: str, key: str) -> None:
    lead = lead_with(org, {"Project": "a"}, {"Project": "b"}, {"Project": "c"})
    before = projects(org, lead)
    mark = "_ab_cdc_deleted_at"
    rows = [
        {"Parent_Id": lead, key: before["a"][key], "Effort": None, mark: "2026-01-01T00:00:00Z"},
        {"Parent_Id": lead, key: before["b"][key], "Effort": 5, mark: None},
        {"Parent_Id": lead, key: "7" * 18, "Effort": None, mark: "2026-01-01T00:00:00Z"},
    ]
    how = {} if key == "id" else {"rows_key": key}

    result = write(org, rows, how=how, schema_version=version)

    assert result.counts() == {"deleted": 2, "updated": 1}
    after = projects(org, lead)
    assert {name: one["Effort"] for name, one in after.items()} == {"b": 5, "c": None}


def test_a_table_that_deletes_removes_each_row_that_it_finds(org: Org) -> None:
    lead = lead_with(org, *({"Project": name} for name in "abc"))
    rows = [{"Parent_Id": lead, "id": projects(org, lead)[name]["id"]} for name in "ab"]

    refused = write(org, rows, "delete", max_deletes=1)
    kept = projects(org, lead).keys()
    result = write(org, rows, "delete")

    assert "asks for more than 1 deletion from Leads" in refused.sentence
    assert kept == {"a", "b", "c"}
    assert result.counts() == {"deleted": 2}
    assert projects(org, lead).keys() == {"c"}


def test_rows_that_nothing_tells_apart_are_added_where_the_mapping_says_so(org: Org) -> None:
    lead = lead_with(org)
    rows = [{"Parent_Id": lead, "Project": "x"}] * 2

    refused = write(org, rows)
    replaced = write(org, rows, how={"rows": "replace", "rows_key": "Project"})
    inserted = write(org, rows, "insert", None)
    keyed = write(org, rows, "insert", None, how={"rows": "append", "rows_key": "Project"})
    result = write(org, rows, "insert", None, how={"rows": "append"})

    assert "nothing tells the rows of Project_Details apart" in refused.sentence
    assert "rows of Project_Details that come as a table cannot replace" in replaced.sentence
    assert "an insert adds each row of Project_Details again" in inserted.sentence
    assert "looks for no rows of Project_Details: leave rows_key out" in keyed.sentence
    assert result.counts() == {"created": 2}
    assert len(rows_of(org, "Project_Details", lead)) == 2


def test_a_table_needs_a_column_that_finds_its_records(org: Org) -> None:
    nothing = write(org, [{"id": "1" * 18, "Project": "x"}])
    unknown = write(org, [{"id": "1" * 18, "Parent_Id.Phone": "1", "Project": "x"}])

    ways = "Parent_Id, Parent_Id.Email, Parent_Id.External_Lead_ID"
    assert f"of Leads they are, named or mapped to one of {ways}" in nothing.sentence
    assert "cannot find records of Leads by Phone" in unknown.sentence


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_written_however_they_are_interleaved_and_cut(org: Org, seed: int) -> None:
    """Several values of each row, in any order of the records; the last one counts."""
    rng = random.Random(seed)
    leads = [lead_with(org, name=f"L{n}") for n in range(4)]
    rows = [
        {"Parent_Id": lead, "Project": f"P{n}", "Effort": value}
        for lead in leads
        for n in range(30)
        for value in range(2)
    ]
    rng.shuffle(rows)
    wanted = {(one["Parent_Id"], one["Project"]): one["Effort"] for one in rows}
    lines: list[bytes] = []
    for number, one in enumerate(rows):
        lines.append(row("items", one))
        if rng.random() < 0.05:
            lines.append(state("items", number))
    mapped = mapping("items", "Project_Details", "upsert", "id") | {"rows_key": "Project"}

    result = org.write_lines(
        [stream("items", *rows[0])], [*lines, state("items", 999)], mappings=[mapped]
    )

    assert result.failure is None
    found = {
        (lead, name): one["Effort"] for lead in leads for name, one in projects(org, lead).items()
    }
    assert found == wanted
    assert sum(len(rows_of(org, "Project_Details", lead)) for lead in leads) == 120


def test_a_value_that_finds_a_record_is_not_written_to_it(org: Org) -> None:
    lead = lead_with(org)
    org.control("PATCH", "records/Leads", {"id": lead, "Email": "There@example.com"})

    result = write(
        org, [{"Parent_Id.Email": "there@example.com", "Project": "x"}], how={"rows_key": "Project"}
    )

    assert result.counts() == {"created": 1}
    assert org.record("Leads", id=lead)["Email"] == "There@example.com"


@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_records_that_come_before_their_rows_are_written_before_them(
    org: Org, operation: str
) -> None:
    """No STATE is between them, and neither fills a batch."""
    names = [f"L{n}@example.com" for n in range(5)]
    leads = [{"Last_Name": name, "Email": name.upper()} for name in names]
    items = [{"Parent_Id.Email": name, "Project": f"P{n}"} for n in range(3) for name in names]
    mappings = [
        mapping("leads", "Leads", operation, "Email" if operation == "upsert" else None),
        mapping("items", "Project_Details", "upsert", "id") | {"rows_key": "Project"},
    ]
    streams = [stream("leads", *leads[0]), stream("items", *items[0])]
    lines = [*(row("leads", one) for one in leads), *(row("items", one) for one in items)]

    result = org.write_lines(streams, [*lines, state(None)], mappings=mappings)

    assert result.counts() == {"created": 5 + 15}
    for name in names:
        lead = org.record("Leads", Last_Name=name)["id"]
        assert projects(org, lead).keys() == {"P0", "P1", "P2"}


@pytest.mark.parametrize("rows", ["replace", "append"])
def test_a_column_that_replaces_rows_of_a_table_is_warned_of(org: Org, rows: str) -> None:
    lead = {"Last_Name": "L", "Email": "l@example.com", "Project_Details": [{"Project": "first"}]}
    items = [{"Parent_Id.Email": lead["Email"], "Project": name} for name in ("first", "second")]
    mappings = [
        mapping("leads", "Leads", "upsert", "Email") | {"rows": rows, "rows_key": "Project"},
        mapping("items", "Project_Details", "upsert", "id") | {"rows_key": "Project"},
    ]
    streams = [stream("leads", *lead), stream("items", *items[0])]
    lines = [row("leads", lead), *(row("items", one) for one in items), state(None)]

    first, again = (org.write_lines(streams, lines, mappings=mappings) for _ in range(2))

    replaces = rows == "replace"
    warned = "leads: its rows in Project_Details replace those that items writes"
    assert bool(first.said(warned)) == replaces
    removed = "Rows: leads: Project_Details: 0 added, 0 changed, 1 removed, 1 left."
    assert bool(again.said(removed)) == replaces
    assert again.counts() == (
        {"updated": 1, "created": 1, "unchanged": 1} if replaces else {"updated": 1, "unchanged": 2}
    )


@LOST
@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("version", VERSIONS)
def test_rows_of_a_table_are_written_once(org: Org, version: str, fault: Json) -> None:
    lead = lead_with(org)
    org.control("POST", "clock", {"advance_s": 60})
    org.fail("update", **fault)
    rows = [{"Parent_Id": lead, "Project": name} for name in "abb"]

    result = write(org, rows, "insert", None, how={"rows": "append"}, schema_version=version)

    assert result.failure is None
    found = sorted(one["Project"] for one in rows_of(org, "Project_Details", lead))
    assert found == ["a", "b", "b"]


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_row_without_a_value_of_its_key_is_rejected_and_not_added_at_each_sync(
    org: Org, blank: object
) -> None:
    lead = lead_with(org, {"Project": "a"})
    rows = [{"Parent_Id": lead, "Project": name, "Effort": 1} for name in ("a", blank)]

    results = [write(org, rows, how={"rows_key": "Project"}) for _ in range(2)]

    assert [one.counts() for one in results] == [
        {"updated": 1, "rejected": 1},
        {"unchanged": 1, "rejected": 1},
    ]
    assert results[0].said("EMPTY_KEY in Project: the row has no Project, so each sync would add")
    assert len(rows_of(org, "Project_Details", lead)) == 1


@pytest.mark.parametrize(("operation", "left"), [("update", {"new", "b"}), ("delete", {"b"})])
def test_zero_is_a_key(org: Org, operation: str, left: set[str]) -> None:
    lead = lead_with(org, {"Project": "a", "Effort": 0}, {"Project": "b", "Effort": 1})
    data = {"Parent_Id": lead, "Effort": "0.0", "Project": "new"}

    result = write(org, [data], operation, how={"rows_key": "Effort"})

    assert result.counts() == {f"{operation}d": 1}
    assert projects(org, lead).keys() == left


def test_rows_whose_record_was_deleted_are_deleted_with_it(org: Org) -> None:
    mark = "_ab_cdc_deleted_at"
    rows: list[Json] = [
        {"Parent_Id.Email": "gone@example.com", "Project": "a", mark: "2026-01-01T00:00:00Z"},
        {"Parent_Id.Email": "gone@example.com", "Project": "b", mark: None},
    ]

    result = write(org, rows, how={"rows_key": "Project"})

    assert result.counts() == {"deleted": 1, "rejected": 1}
    assert result.said(
        "1 row with RECORD_NOT_FOUND in Parent_Id: no record of Leads has this Email"
    )


@pytest.mark.parametrize("seed", range(3))
def test_streams_that_find_a_record_by_different_values_do_not_add_a_row_twice(
    org: Org, seed: int
) -> None:
    rng = random.Random(seed)
    leads = [lead_with(org, name=f"L{n}") for n in range(6)]
    for lead in leads:
        org.control("PATCH", "records/Leads", {"id": lead, "Email": f"{lead}@example.com"})
    rows = [
        ("ids", {"Parent_Id": lead, "Project": f"P{n}", "Effort": 1})
        for lead in leads
        for n in range(8)
    ]
    rows += [
        ("addresses", {"Parent_Id.Email": f"{lead}@example.com", "Project": f"P{n}", "Effort": 2})
        for lead in leads
        for n in range(8)
    ]
    rng.shuffle(rows)
    lines = []
    for name, one in rows:
        lines += [row(name, one), *([state(name)] if rng.random() < 0.2 else ())]
    streams = [
        stream("ids", "Parent_Id", "Project", "Effort"),
        stream("addresses", "Parent_Id.Email", "Project", "Effort"),
    ]
    mappings = [
        mapping(name, "Project_Details", "upsert", "id") | {"rows_key": "Project"}
        for name in ("ids", "addresses")
    ]
    org.fail("update", "delay", times=99, seconds=0.05)

    result = org.write_lines(streams, [*lines, state("ids"), state("addresses")], mappings=mappings)

    assert result.failure is None
    assert not result.said("Rejected:")
    assert [len(rows_of(org, "Project_Details", lead)) for lead in leads] == [8] * 6


@pytest.mark.parametrize("version", VERSIONS)
def test_the_matching_key_of_a_table_is_the_key_of_its_rows(org: Org, version: str) -> None:
    lead = lead_with(org, {"Project": "a", "Effort": 1})
    rows = [{"Parent_Id": lead, "Project": one, "Effort": 2} for one in "ab"]

    result = write(org, rows, key="Project", schema_version=version)

    assert result.counts() == {"updated": 1, "created": 1}
    assert {one["Effort"] for one in projects(org, lead).values()} == {2}


@pytest.mark.parametrize(
    ("key", "rows", "counts"),
    [
        ("Project", [("a", 5), ("new", 6), ("a", 7), ("new", 8), ("new", 8)], (1, 3, 1)),
        ("id", [("a", 5), ("a", 7), ("a", 7)], (0, 2, 1)),
    ],
)
def test_rows_that_find_one_row_are_written_in_their_order(
    org: Org, key: str, rows: list[tuple[str, int]], counts: tuple[int, int, int]
) -> None:
    """Other than in a column, where they reject the record: a table may bring two versions."""
    lead = lead_with(org, {"Project": "a", "Effort": 1})
    row_id = projects(org, lead)["a"]["id"]
    found = {"id": lambda name: row_id, "Project": lambda name: name}[key]
    data = [{"Parent_Id": lead, key: found(name), "Effort": effort} for name, effort in rows]

    result = write(org, data, how={} if key == "id" else {"rows_key": key})

    said = dict(zip(("created", "updated", "unchanged"), counts, strict=True))
    assert result.counts() == {name: number for name, number in said.items() if number}
    left = {name: one["Effort"] for name, one in projects(org, lead).items()}
    assert left == dict(rows)
