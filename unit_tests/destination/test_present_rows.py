"""Rows of subforms and line items in a column, of records that are there."""

from typing import Any

import pytest

from unit_tests.destination.conftest import Json, Org, mapping, stream
from unit_tests.destination.test_line_items import document, product, rows_of

VERSIONS = ("v2", "v2.1", "v4", "v8")
#: How present rows are read: the default, and where Zoho refuses queries of them.
READ = pytest.mark.parametrize("queried", [True, False], ids=["queried", "one by one"])


def lead_with(org: Org, *rows: Json, name: str = "there") -> str:
    """A lead with such rows of its subform; its id."""
    data = {"Last_Name": name, "Project_Details": list(rows)}
    result = org.write(stream("Leads", *data), [data])
    assert result.counts() == {"created": 1}
    return str(org.record("Leads", Last_Name=name)["id"])


def update(
    org: Org,
    lead: str,
    rows: object,
    *,
    module: str = "Leads",
    mode: Json | None = None,
    **config: Any,
) -> Any:
    """Updates the rows of one record by its id, as its mapping's `rows` and `rows_key` say."""
    mapped = mapping("rows", module, "update", "id") | (mode or {})
    field = {"Leads": "Project_Details", "Price_Books": "Pricing_Details"}.get(
        module, "Quoted_Items"
    )
    data = {"id": lead, field: rows}
    return org.write(stream("rows", *data), [data], mappings=[mapped], **config)


def projects(org: Org, lead: str) -> dict[str, Json]:
    return {row["Project"]: row for row in rows_of(org, "Project_Details", lead)}


def writes(org: Org) -> int:
    return sum(org.calls(name) for name in ("insert", "update", "upsert"))


def refuse_queries(org: Org, queried: bool, *modules: str) -> None:
    if not queried:
        org.knobs(coql_refused_modules=["Activities", *modules])


@pytest.fixture(autouse=True)
def _allow_queries(org: Org) -> Any:
    yield
    org.knobs(coql_refused_modules=["Activities"])


@READ
@pytest.mark.parametrize("version", VERSIONS)
def test_rows_that_are_equal_stay_and_others_are_removed_and_added(
    org: Org, version: str, *, queried: bool
) -> None:
    refuse_queries(org, queried, "Project_Details")
    lead = lead_with(org, {"Project": "a", "Effort": 1}, {"Project": "b"}, {"Project": "c"})
    before = projects(org, lead)
    rows = [{"Project": "new"}, {"Project": "c"}, {"Project": "a", "Effort": "1.0"}]

    result = update(org, lead, rows, schema_version=version)

    assert result.counts() == {"updated": 1}
    assert result.said("Rows: rows: Project_Details: 1 added, 0 changed, 1 removed, 2 left.")
    after = projects(org, lead)
    assert after.keys() == {"a", "c", "new"}
    assert [after[name]["id"] for name in "ac"] == [before[name]["id"] for name in "ac"]
    assert bool(result.said("so those that are there are read record by record")) != queried


@READ
@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_rows_write_nothing_the_second_time(
    org: Org, version: str, *, queried: bool
) -> None:
    refuse_queries(org, queried, "Project_Details")
    account = org.records("Accounts")[0]["id"]
    row: Json = {"Project": "a ", "Skills": ["Build", "Design"], "Partner": account}
    row |= {"Stage": "Idea", "Due": "2026-01-02", "Effort": 2.5, "Remark": "x\ny", "id": None}
    lead = lead_with(org)
    first = update(org, lead, [row, row, {"Project": "a"}], schema_version=version)
    before, calls = rows_of(org, "Project_Details", lead), writes(org)

    second = update(org, lead, [{"Project": "a"}, row, row], schema_version=version)

    assert (first.counts(), second.counts()) == ({"updated": 1}, {"unchanged": 1})
    assert (rows_of(org, "Project_Details", lead), writes(org)) == (before, calls)
    assert len(before) == 3


def test_other_columns_are_written_without_rows_that_do_not_change(org: Org) -> None:
    lead = lead_with(org, {"Project": "a"})
    before = rows_of(org, "Project_Details", lead)
    data = {"id": lead, "City": "Rome", "Project_Details": [{"Project": "a"}]}

    result = org.update("Leads", data)

    assert result.counts() == {"updated": 1}
    assert org.record("Leads", id=lead)["City"] == "Rome"
    assert rows_of(org, "Project_Details", lead) == before


@READ
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["replace", "append"])
def test_rows_with_an_id_change_the_row_that_has_it(
    org: Org, version: str, mode: str, *, queried: bool
) -> None:
    refuse_queries(org, queried, "Project_Details")
    lead = lead_with(org, {"Project": "a", "Effort": 1}, {"Project": "b"}, {"Project": "c"})
    before = projects(org, lead)
    rows = [
        {"id": before["a"]["id"], "Project": "A", "Effort": 1},
        {"id": before["b"]["id"], "Project": "b"},
        {"Project": "new"},
    ]

    result = update(org, lead, rows, mode={"rows": mode}, schema_version=version)

    assert result.counts() == {"updated": 1}
    after = projects(org, lead)
    assert after.keys() == {"A", "b", "new"} | ({"c"} if mode == "append" else set())
    assert after["A"]["id"] == before["a"]["id"]
    assert after["b"] == before["b"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["replace", "append"])
def test_a_row_with_an_id_that_the_record_lacks_is_rejected(
    org: Org, version: str, mode: str
) -> None:
    other = lead_with(org, {"Project": "other's"}, name="other")
    lead = lead_with(org, {"Project": "a"})
    stranger = projects(org, other)["other's"]["id"]
    rows = [{"Project": "new"}, {"id": stranger, "Project": "x"}]

    result = update(org, lead, rows, mode={"rows": mode}, schema_version=version)

    assert result.counts() == {"rejected": 1}
    assert result.said("Project_Details.id: the record has no row with this id; without ids")
    assert projects(org, lead).keys() == {"a"}


@READ
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["replace", "append"])
def test_rows_are_found_by_the_key_of_the_mapping(
    org: Org, version: str, mode: str, *, queried: bool
) -> None:
    refuse_queries(org, queried, "Project_Details")
    lead = lead_with(org, {"Project": "a", "Effort": 1}, {"Project": "b", "Effort": 2})
    before = projects(org, lead)
    rows = [{"Project": "A", "Effort": 3}, {"Project": "new"}]
    how = {"rows": mode, "rows_key": "project"}

    result = update(org, lead, rows, mode=how, schema_version=version)
    again = update(org, lead, rows, mode=how, schema_version=version)

    assert (result.counts(), again.counts()) == ({"updated": 1}, {"unchanged": 1})
    after = projects(org, lead)
    assert after.keys() == {"A", "new"} | ({"b"} if mode == "append" else set())
    assert (after["A"]["id"], after["A"]["Effort"]) == (before["a"]["id"], 3)


def test_two_rows_with_one_key_are_rejected(org: Org) -> None:
    lead = lead_with(org, {"Project": "a"})

    result = update(org, lead, [{"Project": "x"}, {"Project": "X"}], mode={"rows_key": "Project"})

    assert result.counts() == {"rejected": 1}
    assert result.said("Project_Details.Project: row 1 has the same value, and rows are found by")


@pytest.mark.parametrize("version", VERSIONS)
def test_appended_rows_without_a_key_are_added_each_time(org: Org, version: str) -> None:
    lead = lead_with(org, {"Project": "a"})
    queries = org.calls("coql")

    for _ in range(2):
        result = update(
            org, lead, [{"Project": "b"}], mode={"rows": "append"}, schema_version=version
        )
        assert result.counts() == {"updated": 1}

    found = [row["Project"] for row in rows_of(org, "Project_Details", lead)]
    assert sorted(found) == ["a", "b", "b"]
    assert org.calls("coql") == queries


@READ
@pytest.mark.parametrize("version", VERSIONS)
def test_line_items_are_replaced_in_every_version(org: Org, version: str, *, queried: bool) -> None:
    refuse_queries(org, queried, "Quoted_Items")
    one, other, third = (product(org, number) for number in range(3))
    tax = [{"name": "Vat", "percentage": 5}]
    items: list[Json] = [
        {"Product_Name": one, "Quantity": 1, "List_Price": 9.99, "Discount": "2.50"},
        {"Product_Name": other, "Quantity": 2, "Line_Tax": tax},
    ]
    if version == "v2":
        items[0] |= {"Discount": 2.5}
    data = document(org, "Quotes", Quoted_Items=items)
    assert org.write(stream("Quotes", *data), [data], schema_version=version).counts()
    quote = org.record("Quotes", Subject="written")["id"]
    before = {row["Product_Name"]["id"]: row for row in rows_of(org, "Quoted_Items", quote)}

    same = update(org, quote, items, module="Quotes", schema_version=version)
    changed = [items[0], {"Product_Name": third, "Quantity": 3}]
    result = update(org, quote, changed, module="Quotes", schema_version=version)

    assert (same.counts(), result.counts()) == ({"unchanged": 1}, {"updated": 1})
    after = {row["Product_Name"]["id"]: row for row in rows_of(org, "Quoted_Items", quote)}
    assert after.keys() == {one, third}
    assert after[one]["id"] == before[one]["id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_ranges_of_a_price_book_are_replaced(org: Org, version: str) -> None:
    ranges = [{"from_range": start, "to_range": start + 9, "discount": 5} for start in (1, 11)]
    data = {"Price_Book_Name": "written", "Pricing_Details": ranges}
    org.write(stream("Price_Books", *data), [data])
    book = org.record("Price_Books", Price_Book_Name="written")["id"]
    before = {
        row["from_range"]: row["id"] for row in org.read("Price_Books", book)["Pricing_Details"]
    }
    wanted = [{**ranges[0], "discount": 7}, {"from_range": 21, "to_range": 30, "discount": 1}]
    how = {"rows_key": "from_range"}

    result = update(org, book, wanted, module="Price_Books", mode=how, schema_version=version)
    again = update(org, book, wanted, module="Price_Books", mode=how, schema_version=version)

    assert (result.counts(), again.counts()) == ({"updated": 1}, {"unchanged": 1})
    after = {row["from_range"]: row for row in org.read("Price_Books", book)["Pricing_Details"]}
    assert {start: row["discount"] for start, row in after.items()} == {1: 7, 21: 1}
    assert after[1]["id"] == before[1]


@READ
@pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
@pytest.mark.parametrize("gone", [False, True])
def test_rows_that_name_products_by_an_external_id_are_compared_by_it(
    org: Org, version: str, *, queried: bool, gone: bool
) -> None:
    refuse_queries(org, queried, "Quoted_Items")
    field = {"api_name": "Code", "data_type": "text", "custom": True, "external": "org"}
    org.control("POST", "fields/Products", field)
    for code in ("P-1", "P-2"):
        org.add("Products", Product_Name=code, Code=code)
    items = [{"Product_Name.Code": "p-1", "Quantity": 1}, {"Product_Name.Code": "P-2"}]
    data = document(org, "Quotes", Quoted_Items=items)
    org.write(stream("Quotes", *data), [data], schema_version=version)
    quote = org.record("Quotes", Subject="written")["id"]
    how = {"rows_key": "Product_Name"}
    if gone:
        # The list of a product that is gone is refused.
        body = {"code": "INVALID_DATA", "message": "x", "details": {}, "status": "error"}
        org.fail("records.list:Products", times=9, status=400, body=body)

    same = update(org, quote, items, module="Quotes", schema_version=version)
    keyed = update(org, quote, items[::-1], module="Quotes", mode=how, schema_version=version)
    more = [{**items[0], "Quantity": 5}, items[1]]
    result = update(org, quote, more, module="Quotes", mode=how, schema_version=version)

    assert same.counts() == keyed.counts() == {"unchanged": 1}
    assert result.counts() == {"updated": 1}
    rows = rows_of(org, "Quoted_Items", quote)
    assert sorted(str(row["Quantity"]) for row in rows) == ["5", "None"]
    if gone:
        (fault,) = org.control("GET", "faults")
        assert bool(fault["hits"]) != queried


# --- Records that a key finds


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_replaces_the_rows_of_the_record_that_its_key_finds(
    org: Org, version: str
) -> None:
    rows = [
        {"Email": f"{name}@example.com", "Last_Name": name, "Project_Details": [{"Project": name}]}
        for name in ("one", "two")
    ]
    upsert = stream("Leads", *rows[0], mode="append_dedup", key="Email")
    first = org.write(upsert, rows, schema_version=version)
    rows[0]["Email"] = "ONE@example.com"
    rows[1]["Project_Details"] = [{"Project": "changed"}]

    second = org.write(upsert, rows, schema_version=version)

    assert (first.counts(), second.counts()) == ({"created": 2}, {"updated": 2})
    for name, wanted in (("one", "one"), ("two", "changed")):
        lead = org.record("Leads", Last_Name=name)["id"]
        assert projects(org, lead).keys() == {wanted}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_by_another_unique_field_replaces_the_rows_of_that_record(
    org: Org, version: str
) -> None:
    there = org.add("Leads", Last_Name="there", Email="old@example.com", External_Lead_ID="L-1")
    update(org, there, [{"Project": "old"}])
    data = {"Email": "new@example.com", "External_Lead_ID": "l-1", "Last_Name": "there"}
    data |= {"Project_Details": [{"Project": "new"}]}  # type: ignore[dict-item]

    result = org.write(
        stream("Leads", *data, mode="append_dedup", key="Email"), [data], schema_version=version
    )

    assert result.counts() == {"updated": 1}
    assert projects(org, there).keys() == {"new"}


@pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
def test_an_update_by_an_external_id_replaces_rows(org: Org, version: str) -> None:
    there = org.add("Leads", Last_Name="there", External_Lead_ID="L-1")
    update(org, there, [{"Project": "old"}, {"Project": "stays"}])
    data = {"External_Lead_ID": "l-1", "Project_Details": [{"Project": "stays"}, {"Project": "x"}]}
    entry = stream("Leads", *data, mode="update", key="External_Lead_ID")

    result = org.write(entry, [data], schema_version=version)
    again = org.write(entry, [data], schema_version=version)

    assert (result.counts(), again.counts()) == ({"updated": 1}, {"unchanged": 1})
    assert projects(org, there).keys() == {"stays", "x"}


def test_a_key_that_finds_several_records_rejects_the_row(org: Org) -> None:
    for _ in range(2):
        org.add("Accounts", Account_Name="unlike")
    quotes = [org.add("Quotes", Subject="twice") for _ in range(2)]
    data = document(org, "Quotes", Subject="twice", Quoted_Items=[{"Product_Name": product(org)}])

    result = org.write(stream("Quotes", *data, mode="append_dedup", key="Subject"), [data])

    assert result.counts() == {"rejected": 1}
    assert result.said("RECORD_AMBIGUOUS in Subject: 2 records of Quotes have this Subject, so it")
    assert [rows_of(org, "Quoted_Items", quote) for quote in quotes] == [[], []]


# --- Empty lists, limits


@READ
@pytest.mark.parametrize("empty", [[], None, "[]", ""])
@pytest.mark.parametrize("nulls", ["ignore", "clear"])
@pytest.mark.parametrize("mode", ["replace", "append"])
def test_an_empty_list_removes_all_rows_only_where_nulls_clear(
    org: Org, empty: object, nulls: str, mode: str, *, queried: bool
) -> None:
    refuse_queries(org, queried, "Project_Details")
    lead = lead_with(org, {"Project": "a"}, {"Project": "b"})

    result = update(org, lead, empty, mode={"rows": mode}, null_values=nulls)

    removes = nulls == "clear" and empty != "" and mode == "replace"
    assert result.counts() == ({"updated": 1} if removes else {"unchanged": 1})
    assert projects(org, lead).keys() == (set() if removes else {"a", "b"})


def test_removed_rows_count_as_deletions(org: Org) -> None:
    leads = [lead_with(org, {"Project": "a"}, {"Project": "b"}, name=n) for n in "xyz"]
    rows = [{"id": lead, "Project_Details": [{"Project": "new"}]} for lead in leads]
    entry = stream("Leads", "id", "Project_Details", mode="update", key="id")

    result = org.write(entry, rows, max_deletes=5)

    assert "Leads asks for more than 5 deletions from Leads" in result.sentence
    assert [projects(org, lead).keys() for lead in leads] == [{"a", "b"}] * 3
    assert org.write(entry, rows, max_deletes=6).counts() == {"updated": 3}


def test_more_changes_than_a_call_takes_are_rejected(org: Org) -> None:
    lead = lead_with(org, *({"Project": f"{number}"} for number in range(60)))
    rows = [{"Project": f"new {number}"} for number in range(60)]

    result = update(org, lead, rows)

    assert result.counts() == {"rejected": 1}
    assert result.said("120 rows change, and Zoho takes 100 in a call; with an id or a rows_key")
    assert len(projects(org, lead)) == 60


def test_rows_of_one_key_that_wait_together_are_replaced_by_the_last_or_all_appended(
    org: Org,
) -> None:
    lead = lead_with(org, {"Project": "a"})
    data = [{"id": lead, "Project_Details": [{"Project": name}]} for name in ("b", "c")]
    entry = stream("rows", *data[0])

    for how, wanted in (("append", {"a", "b", "c"}), ("replace", {"c"})):
        mapped = mapping("rows", "Leads", "update", "id") | {"rows": how}
        result = org.write(entry, data, mappings=[mapped])
        assert result.counts() == {"updated": 1, "superseded": 1}
        assert projects(org, lead).keys() == wanted


def test_rows_of_many_records_are_read_fifty_records_a_query(org: Org) -> None:
    data = [
        {
            "Last_Name": f"L{n}",
            "Email": f"{n}@example.com",
            "Project_Details": [{"Project": "x"}] * 5,
        }
        for n in range(120)
    ]
    entry = stream("Leads", *data[0], mode="append_dedup", key="Email")
    org.write(entry, data)
    before = org.calls("coql"), writes(org)

    result = org.write(entry, data)

    assert result.counts() == {"updated": 120}
    # Of each hundred, two queries for ids and at most four for rows.
    assert org.calls("coql") - before[0] <= 3 + 6 + 1
    assert writes(org) - before[1] == 2
    assert len(org.records("Project_Details")) >= 600


def test_a_key_of_rows_must_be_a_field_of_theirs(org: Org) -> None:
    lead = lead_with(org, {"Project": "a"})

    for key, said in (
        ("Projekt", "rows of Project_Details are not found by a field Projekt; did you mean Proj"),
        ("id", "rows are always found by the ids that they bring"),
    ):
        result = update(org, lead, [{"Project": "b"}], mode={"rows_key": key})
        assert said in result.sentence
    mapped = mapping("Leads", "Leads", "update", "id") | {"rows_key": "Project"}
    result = org.update("Leads", {"id": lead, "City": "Rome"}, mappings=[mapped])
    assert "names the rows_key Project, and no column goes to a subform" in result.sentence


def test_a_record_with_more_rows_than_zoho_shows_is_rejected(org: Org) -> None:
    refuse_queries(org, False, "Project_Details")
    lead = lead_with(org, {"Project": "a"})
    shown = {"id": lead, "Project_Details": [], "$has_more": {"Project_Details": True}}
    org.fail("records.get:Leads", "body", body={"data": [shown]})

    result = update(org, lead, [{"Project": "b"}])

    assert result.counts() == {"rejected": 1}
    assert result.said("in Project_Details: the record has more rows than Zoho shows at once")
    assert projects(org, lead).keys() == {"a"}


def test_a_key_that_zoho_takes_in_no_query_costs_its_row_alone(org: Org) -> None:
    leads = [org.add("Leads", Last_Name="L", Email=f"l{n}@example.com") for n in range(20)]
    rows = [
        {"Email": f"l{n}@example.com", "Project_Details": [{"Project": "x"}]} for n in range(20)
    ]
    body = {"code": "INVALID_QUERY", "message": "m", "details": {}, "status": "error"}
    org.fail("coql", times=99, where="l7@example.com", status=400, body=body)
    mapped = mapping("rows", "Leads", "upsert", "Email")

    result = org.write(stream("rows", *rows[0]), rows, mappings=[mapped])

    assert result.counts() == {"updated": 19, "rejected": 1}
    assert result.said("INVALID_DATA in Email: Zoho takes no query with one of the values that")
    assert not projects(org, leads[7])
    assert projects(org, leads[8]).keys() == {"x"}


def test_a_key_that_is_a_number_finds_its_record_however_it_is_written(org: Org) -> None:
    field = {"api_name": "Case_No", "data_type": "double", "unique": True, "custom": True}
    org.control("POST", "fields/Leads", field)
    lead = org.add("Leads", Last_Name="L", Case_No=5)
    mapped = mapping("rows", "Leads", "upsert", "Case_No")
    data = {"Last_Name": "L", "Case_No": "5.0", "Project_Details": [{"Project": "x"}]}

    results = [org.write(stream("rows", *data), [data], mappings=[mapped]) for _ in range(2)]

    assert [result.counts() for result in results] == [{"updated": 1}] * 2
    assert len(rows_of(org, "Project_Details", lead)) == 1


@pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
def test_two_rows_that_are_one_record_are_written_in_their_order(org: Org, version: str) -> None:
    """They share no value, so they are in one batch."""
    values = {"Email": "one@example.com", "External_Lead_ID": "E-1"}
    lead = org.add("Leads", Last_Name="L", **values)
    rows: list[Json] = [
        {"Email": "one@example.com", "Project_Details": [{"Project": "a"}, {"Project": "b"}]},
        {"Email": "two@example.com", "Project_Details": [{"Project": "b"}, {"Project": "c"}]},
    ]
    rows[1]["External_Lead_ID"] = "e-1"
    mapped = mapping("rows", "Leads", "upsert", "Email")

    result = org.write(stream("rows", *rows[1]), rows, mappings=[mapped], schema_version=version)

    assert result.counts() == {"updated": 2}
    found = [one["Project"] for one in rows_of(org, "Project_Details", lead)]
    assert sorted(found) == ["b", "c"]
