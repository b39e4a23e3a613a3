"""What rows inside records cost; `python -m benchmarks.line_items` shows the whole."""

from collections.abc import Iterator

import pytest

from unit_tests.destination.conftest import Json, Org, mapping, row, state, stream
from unit_tests.destination.test_line_items import product
from unit_tests.destination.test_present_rows import lead_with, update
from zoho_emulator.knobs import SCOPES

QUOTES = 200


def quotes(org: Org) -> list[Json]:
    products = [product(org, number) for number in range(5)]
    return [
        {
            "Subject": f"Q{number}",
            "Quoted_Items": [
                {"Product_Name": one, "Quantity": place, "List_Price": number}
                for place, one in enumerate(products, 1)
            ],
        }
        for number in range(QUOTES)
    ]


def spent(org: Org) -> tuple[dict[str, int], int]:
    usage = org.control("GET", "usage")
    return usage["calls"], usage["credits"]


@pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
def test_documents_cost_what_their_records_cost_and_what_is_there_is_read_in_bulk(
    org: Org, version: str
) -> None:
    """Zoho takes 100 records a call for 10 credits, 50 values a query, and 200 rows for a credit:
    of 200 quotes with five items each, four queries for ids and five for a thousand rows."""
    data = quotes(org)
    upsert = stream("Quotes", *data[0], mode="append_dedup", key="Subject")
    org.control("POST", "reset", {})

    first = org.write(upsert, data, schema_version=version)
    calls, credits_ = spent(org)
    org.control("POST", "reset", {})
    second = org.write(upsert, data, schema_version=version)
    calls_again, credits_again = spent(org)

    assert (first.counts(), second.counts()) == ({"created": QUOTES}, {"unchanged": QUOTES})
    # The queries of the first run find no quote; two more ask whether queries are answered.
    assert (calls["upsert"], calls["coql"]) == (2, 4 + 2)
    assert credits_ - (20 + 6) <= 10
    assert "upsert" not in calls_again
    # A query of v2.1 shows 200 rows.
    assert calls_again["coql"] - 2 == 4 + (8 if version == "v2.1" else 4)
    assert credits_again - 2 <= 4 + 8 + 10


def test_quotes_that_are_updated_by_id_and_bring_the_same_rows_cost_no_write(org: Org) -> None:
    data = quotes(org)
    org.write(stream("Quotes", *data[0]), data)
    ids = {one["Subject"]: one["id"] for one in org.records("Quotes")}
    rows = [{"id": ids[one["Subject"]], "Quoted_Items": one["Quoted_Items"]} for one in data]
    org.control("POST", "reset", {})

    result = org.write(stream("Quotes", *rows[0], mode="update", key="id"), rows)

    assert result.counts() == {"unchanged": QUOTES}
    calls, _ = spent(org)
    assert (calls.get("update", 0), calls["coql"]) == (0, 1 + 4)


def test_a_table_of_items_costs_a_call_for_a_hundred_quotes(org: Org) -> None:
    data = quotes(org)
    org.write(stream("Quotes", *data[0]), data)
    ids = {one["Subject"]: one["id"] for one in org.records("Quotes")}
    rows = [
        {"Parent_Id": ids[one["Subject"]], **item, "Quantity": 9}
        for one in data
        for item in one["Quoted_Items"]
    ]
    mapped = mapping("items", "Quoted_Items", "upsert", "id") | {"rows_key": "Product_Name"}
    org.control("POST", "reset", {})

    result = org.write(stream("items", *rows[0]), rows, mappings=[mapped])

    assert result.counts() == {"updated": 5 * QUOTES}
    calls, _ = spent(org)
    # The hundredth quote of a call has the rest of its items in the next one.
    assert calls["update"] == 3
    assert calls["coql"] <= 1 + 4 + 2


def test_the_plan_prices_what_must_be_read(org: Org) -> None:
    lead = lead_with(org, {"Project": "a"})

    queried = update(org, lead, [{"Project": "a"}])
    org.knobs(coql_refused_modules=["Activities", "Project_Details"])
    singly = update(org, lead, [{"Project": "a"}])
    org.knobs(coql_refused_modules=["Activities"])

    said = "to know the rows that are there in Project_Details, 1,000 records cost"
    assert queried.said(f"Plan: rows: {said} 20 calls and credits more")
    assert singly.said(f"Plan: rows: {said} 1,000 calls and credits more")


@pytest.fixture
def without_queries(org: Org) -> Iterator[None]:
    org.knobs(scopes=",".join(scope for scope in SCOPES if "coql" not in scope))
    yield
    org.knobs(scopes=",".join(SCOPES))


@pytest.mark.usefixtures("without_queries")
def test_without_the_scope_of_queries_rows_are_read_by_id_or_not_at_all(org: Org) -> None:
    lead = str(org.records("Leads")[0]["id"])
    by_id = update(org, lead, [{"Project": "a"}], null_values="clear")
    data = {"Email": "x@example.com", "Last_Name": "x", "Project_Details": [{"Project": "a"}]}
    upsert = stream("Leads", *data, mode="append_dedup", key="Email")
    mapped = mapping("Leads", "Leads", "upsert", "Email")

    by_key = org.write(upsert, [data])
    appended = org.write(upsert, [data], mappings=[mapped | {"rows": "append"}])

    assert by_id.counts() == {"updated": 1}
    assert "which it refuses (OAUTH_SCOPE_MISMATCH)" in by_key.sentence
    assert "update by id, or have rows appended (rows)" in by_key.sentence
    assert appended.counts() == {"created": 1}


def test_a_state_goes_out_when_the_rows_before_it_are_written(org: Org) -> None:
    lead = lead_with(org)
    rows = [{"Parent_Id": lead, "Project": f"{number}"} for number in range(10)]
    lines = [line for n, one in enumerate(rows) for line in (row("items", one), state("items", n))]
    mapped = mapping("items", "Project_Details", "upsert", "id") | {"rows_key": "Project"}

    result = org.write_lines([stream("items", *rows[0])], lines, mappings=[mapped])

    assert [one["state"]["id"] for one in result.states] == list(range(10))
    assert [result.counts(state=n) for n in range(10)] == [{"created": 1}] * 10
