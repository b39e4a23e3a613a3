"""Tags of records that are there: written with the record, or added to those it has."""

from typing import Any

import pytest

from unit_tests.destination.conftest import Json, Org, Result, mapping, row, state, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")


def write_leads(
    org: Org, rows: list[Json], *, rows_: str | None = None, by: str = "id", **config: Any
) -> Result:
    """Updates by the id, or upserts by another key."""
    columns = dict.fromkeys(name for one in rows for name in one)
    operation = "update" if by == "id" else "upsert"
    entry = mapping("Leads", "Leads", operation, by) | ({"rows": rows_} if rows_ else {})
    return org.write(stream("Leads", *columns), rows, mappings=[entry], **config)


def add_lead(org: Org, *tags: str, **values: object) -> str:
    return org.add("Leads", **{"Last_Name": "L", "Tag": [{"name": tag} for tag in tags], **values})


def tags(org: Org, lead: str) -> list[str]:
    return [tag["name"] for tag in org.record("Leads", id=lead)["Tag"]]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("given", [["New", "VIP"], '["New", "VIP"]', "New; VIP"])
@pytest.mark.parametrize("rows_", ["replace", "append"])
@pytest.mark.parametrize("by", ["id", "Email"])
def test_tags_replace_those_of_a_record_or_join_them(
    org: Org, version: str, given: object, rows_: str, by: str
) -> None:
    lead = add_lead(org, "VIP", "do-not-call", Email="l@example.com")
    key = {"id": lead} if by == "id" else {"Email": "l@example.com", "Last_Name": "L"}

    result = write_leads(org, [{**key, "Tag": given}], rows_=rows_, by=by, schema_version=version)

    assert result.counts() == {"updated": 1}
    kept = {"do-not-call"} if rows_ == "append" else set()
    assert set(tags(org, lead)) == {"New", "VIP"} | kept


@pytest.mark.parametrize("version", VERSIONS)
def test_a_record_that_an_upsert_makes_gets_its_tags(org: Org, version: str) -> None:
    rows = [{"Email": "new@example.com", "Last_Name": "N", "Tag": ["VIP"]}]

    result = write_leads(org, rows, rows_="append", by="Email", schema_version=version)

    assert result.counts() == {"created": 1}
    assert tags(org, org.record("Leads", Last_Name="N")["id"]) == ["VIP"]


@pytest.mark.parametrize("rows_", ["replace", "append"])
@pytest.mark.parametrize("nulls", ["ignore", "clear"])
@pytest.mark.parametrize("value", [None, [], "[]", "", " "])
def test_tags_are_removed_by_an_empty_list_only_where_nulls_clear(
    org: Org, value: object, nulls: str, rows_: str
) -> None:
    lead = add_lead(org, "VIP")
    removes = nulls == "clear" and rows_ == "replace" and value not in ("", " ")

    result = write_leads(
        org, [{"id": lead, "Last_Name": "New", "Tag": value}], rows_=rows_, null_values=nulls
    )

    assert result.counts() == {"updated": 1}
    assert tags(org, lead) == ([] if removes else ["VIP"])


def test_records_with_the_same_tags_share_a_call(org: Org) -> None:
    leads = [add_lead(org) for _ in range(60)]
    rows = [
        {"id": lead, "Tag": ["A", "B"] if number % 2 else ["C"]}
        for number, lead in enumerate(leads)
    ]

    result = write_leads(org, rows, rows_="append")

    assert result.counts() == {"updated": 60}
    assert (org.calls("add_tags"), org.calls("update")) == (2, 0)
    assert [tags(org, lead) for lead in leads[:2]] == [["C"], ["A", "B"]]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_tag_with_a_comma_is_added_where_the_version_can_say_it(org: Org, version: str) -> None:
    lead = add_lead(org, "VIP")

    result = write_leads(
        org,
        [{"id": lead, "Last_Name": "New", "Tag": ["a,b"]}],
        rows_="append",
        schema_version=version,
    )

    sayable = version in ("v4", "v8")
    assert result.counts() == ({"updated": 1} if sayable else {"rejected": 1})
    assert tags(org, lead) == (["VIP", "a,b"] if sayable else ["VIP"])
    assert org.record("Leads", id=lead)["Last_Name"] == ("New" if sayable else "L")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_row_says_that_its_record_is_written_and_its_tags_are_not(org: Org, version: str) -> None:
    lead, good = add_lead(org), add_lead(org)
    missing = {"code": "INVALID_DATA", "details": {"id": lead}, "message": "m", "status": "error"}
    done = {"code": "SUCCESS", "details": {"id": good}, "message": "m", "status": "success"}
    org.fail("add_tags", status=207, body={"data": [missing, done]})
    rows = [{"id": one, "Last_Name": "New", "Tag": ["VIP"]} for one in (lead, good)]

    result = write_leads(org, rows, rows_="append", schema_version=version)

    assert result.counts() == {"updated": 1, "rejected": 1}
    assert result.said("INVALID_DATA in Tag: the record is written, but its tags are not added")


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("done", [True, False])
def test_tags_whose_answer_was_lost_are_added_once(org: Org, done: bool) -> None:
    lead = add_lead(org, "VIP")
    org.fail("add_tags", status=500, body="", done=done)

    result = write_leads(org, [{"id": lead, "Tag": ["New"]}], rows_="append")

    assert result.counts() == {"updated": 1}
    assert tags(org, lead) == ["VIP", "New"]


@pytest.mark.parametrize("between", [True, False])
def test_tags_of_rows_of_one_record_add_up(org: Org, between: bool) -> None:
    lead = add_lead(org)
    entry = mapping("Leads", "Leads", "update", "id") | {"rows": "append"}
    lines = []
    for number, tag in enumerate(("A", "B", "C")):
        lines.append(row("Leads", {"id": lead, "Tag": [tag]}))
        lines += [state("Leads", number)] if between else []

    result = org.write_lines(
        [stream("Leads", "id", "Tag")], [*lines, state("Leads", 9)], mappings=[entry]
    )

    assert result.failure is None
    assert tags(org, lead) == ["A", "B", "C"]


@pytest.mark.parametrize("version", VERSIONS)
def test_tags_and_links_of_one_row_are_both_added(org: Org, version: str) -> None:
    lead = add_lead(org, "VIP")
    product = org.add("Products", Product_Name="P")
    rows = [{"id": lead, "Tag": ["New"], "Products_Wanted": [product]}]

    result = write_leads(org, rows, rows_="append", schema_version=version)

    links = [one for one in org.records("LeadsXProducts") if one["Leads"]["id"] == lead]
    assert result.counts() == {"updated": 1}
    assert tags(org, lead) == ["VIP", "New"]
    assert [link["Products"]["id"] for link in links] == [product]


@pytest.mark.parametrize("version", VERSIONS)
def test_their_calls_are_in_the_ledger_and_in_the_plan(org: Org, version: str) -> None:
    rows = [{"id": add_lead(org), "Last_Name": "New", "Tag": ["A"]} for _ in range(60)]

    result = write_leads(org, rows, rows_="append", schema_version=version)

    (cost,) = result.said("Cost: ")
    assert f", {org.control('GET', 'usage')['credits']} credits in all" in cost
    assert result.said("adding tags costs one more call and 2 credits for every 100 records that")


@pytest.mark.parametrize("rows_", ["replace", "append"])
def test_a_tag_that_a_row_names_twice_is_written_once(org: Org, rows_: str) -> None:
    lead = add_lead(org)

    result = write_leads(org, [{"id": lead, "Tag": ["VIP", "vip", "VIP ", "New"]}], rows_=rows_)

    assert result.counts() == {"updated": 1}
    assert tags(org, lead) == ["VIP", "New"]
