"""Writes of rows whose answer is lost: no row is doubled, and none is missing."""

from pathlib import Path

import pytest

from unit_tests.destination.conftest import Json, Org, mapping, row, state, stream
from unit_tests.destination.lost_answers import FAILED, LOST, UNREADABLE
from unit_tests.destination.test_line_items import document, product, rows_of
from unit_tests.destination.test_present_rows import lead_with, projects, refuse_queries, update

VERSIONS = ("v2", "v2.1", "v4", "v8")

pytestmark = pytest.mark.usefixtures("no_pauses")


@LOST
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("how", [{}, {"rows": "append"}, {"rows": "append", "rows_key": "Project"}])
def test_rows_are_written_once(org: Org, version: str, how: dict, fault: dict) -> None:
    lead = lead_with(org, {"Project": "a"}, {"Project": "b"})
    # Rows of the same second could be of the call itself.
    org.control("POST", "clock", {"advance_s": 60})
    org.fail("update", **fault, times=2)

    result = update(
        org, lead, [{"Project": "new"}, {"Project": "b"}], mode=how, schema_version=version
    )

    assert result.counts() == {"updated": 1}
    found = sorted(row["Project"] for row in rows_of(org, "Project_Details", lead))
    wanted = {"": ["b", "new"], "append": ["a", "b", "b", "new"]}[how.get("rows", "")]
    assert found == (["a", "b", "new"] if "rows_key" in how else wanted)


@LOST
@pytest.mark.parametrize("version", VERSIONS)
def test_line_items_are_appended_once(org: Org, version: str, fault: dict) -> None:
    items = [{"Product_Name": product(org), "Quantity": 1}]
    data = document(org, "Quotes", Quoted_Items=items)
    org.write(stream("Quotes", *data), [data])
    quote = org.record("Quotes", Subject="written")["id"]
    org.fail("update", **fault)

    more = [{"Product_Name": product(org), "Quantity": 2}]
    how = {"rows": "append"}
    result = update(org, quote, more, module="Quotes", mode=how, schema_version=version)

    found = sorted(row["Quantity"] for row in rows_of(org, "Quoted_Items", quote))
    if version == "v2" and fault == UNREADABLE:
        # v2 does not say when a line item was added.
        assert result.counts() == {"rejected": 1}
        assert result.said("with OUTCOME_UNKNOWN: no answer came to the call that was to append")
    else:
        assert result.counts() == {"updated": 1}
    assert found == [1, 2]


@LOST
@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_adds_a_record_and_its_rows_once(org: Org, version: str, fault: dict) -> None:
    data = {"Email": "n@example.com", "Last_Name": "new", "Project_Details": [{"Project": "a"}]}
    org.fail("upsert", **fault)

    result = org.write(
        stream("Leads", *data, mode="append_dedup", key="Email"), [data], schema_version=version
    )

    assert result.counts() in ({"created": 1}, {"updated": 1})
    lead = org.record("Leads", Last_Name="new")["id"]
    assert [row["Project"] for row in rows_of(org, "Project_Details", lead)] == ["a"]


@LOST
@pytest.mark.parametrize("version", VERSIONS)
def test_an_insert_adds_a_record_and_its_rows_once(org: Org, version: str, fault: dict) -> None:
    rows = [{"Project": "a"}, {"Project": "a"}]
    data = {"Email": "n@example.com", "Last_Name": "new", "Project_Details": rows}
    org.fail("insert", **fault)

    result = org.write(stream("Leads", *data), [data], schema_version=version)

    assert result.counts() == {"created": 1}
    lead = org.record("Leads", Last_Name="new")["id"]
    assert [row["Project"] for row in rows_of(org, "Project_Details", lead)] == ["a", "a"]


def test_equal_rows_of_one_record_that_follow_each_other_are_never_counted_twice(org: Org) -> None:
    """The second call's answer is lost, and the first has appended an equal row just before."""
    lead = lead_with(org)
    entry = stream("rows", "id", "Project_Details")
    mapped = mapping("rows", "Leads", "update", "id") | {"rows": "append"}
    data = {"id": lead, "Project_Details": [{"Project": "x"}]}
    org.fail("update", **FAILED, after=1)
    lines = [row("rows", data), state("rows", 1), row("rows", data), state("rows", 2)]

    result = org.write_lines([entry], lines, mappings=[mapped])

    found = len(rows_of(org, "Project_Details", lead))
    outcome = result.counts(state=1)
    assert (found, outcome) in ((1, {"rejected": 1}), (2, {"updated": 1}))


def test_writes_without_answers_end(org: Org) -> None:
    lead = lead_with(org, {"Project": "a"})
    org.fail("update", **FAILED, times=100)

    result = update(org, lead, [{"Project": "b"}])

    assert result.sentence.startswith("Zoho gives no answer to writes of Leads with rows")
    assert projects(org, lead).keys() == {"a"}
    assert result.states == []


@pytest.mark.parametrize("queried", [True, False])
def test_a_call_that_is_too_large_is_sent_in_halves(org: Org, *, queried: bool) -> None:
    refuse_queries(org, queried, "Project_Details")
    leads = [lead_with(org, {"Project": "a"}, name=name) for name in "xyz"]
    org.fail("update", status=413, body="too large", times=1)
    rows = [{"id": lead, "Project_Details": [{"Project": "b"}]} for lead in leads]

    result = org.write(stream("Leads", *rows[0], mode="update", key="id"), rows)

    assert result.counts() == {"updated": 3}
    assert [projects(org, lead).keys() for lead in leads] == [{"b"}] * 3
    org.knobs(coql_refused_modules=["Activities"])


def test_queries_that_are_too_many_for_now_are_no_reason_to_read_records_one_by_one(
    org: Org,
) -> None:
    lead = lead_with(org, {"Project": "a"})
    body = {"code": "TOO_MANY_REQUESTS", "message": "x", "details": {}, "status": "error"}
    # The first query asks whether rows can be queried at all.
    org.fail("coql", after=1, times=99, status=429, body=body)

    result = update(org, lead, [{"Project": "b"}])

    assert result.failure is not None
    assert org.calls("records.get") == 0
    assert projects(org, lead).keys() == {"a"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["table", "column"])
def test_rows_of_one_record_that_may_be_there_are_not_sent_again_in_parts(
    org: Org, version: str, kind: str, tmp_path: Path
) -> None:
    """The run has added others to the record in the same second, so theirs cannot be told. Nor are
    they, when they are kept and given to a later run."""
    lead = lead_with(org)
    org.control("PATCH", "records/Leads", {"id": lead, "Email": "l@example.com"})
    org.control("POST", "clock", {"advance_s": 60})
    org.fail("update", **UNREADABLE, after=1)
    org.fail("upsert", **UNREADABLE, after=1)
    if kind == "table":
        rows: list[Json] = [{"Parent_Id": lead, "Project": name} for name in "abc"]
        mapped = mapping("rows", "Project_Details", "insert")
    else:
        rows = [{"Email": "l@example.com", "Project_Details": [{"Project": n}]} for n in "abc"]
        mapped = mapping("rows", "Leads", "upsert", "Email")
    lines = [row("rows", rows[0]), state("rows", 1), *(row("rows", one) for one in rows[1:])]

    config = {
        "mappings": [mapped | {"rows": "append"}],
        "schema_version": version,
        "object_storage_config": {"storage_type": "Local", "folder": str(tmp_path / "kept")},
    }
    streams = [stream("rows", *rows[0])]

    result = org.write_lines(streams, [*lines, state("rows", 2)], **config)
    kept = [
        line for path in (tmp_path / "kept").glob("*") for line in path.read_bytes().split(b"\n")
    ]
    again = org.write_lines(streams, [*filter(None, kept), state("rows", 3)], **config)

    assert sorted(one["Project"] for one in rows_of(org, "Project_Details", lead)) == [
        "a",
        "b",
        "c",
    ]
    assert result.counts(state=1) == {"rejected": 2}
    assert result.said("2 rows with OUTCOME_UNKNOWN")
    assert again.counts() == {"rejected": 2}
    assert again.said("look in Zoho whether it is there")
