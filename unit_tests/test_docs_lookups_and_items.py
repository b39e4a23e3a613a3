"""What the pages on lookups, links and line items state in tables and numbers is so."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import jsonschema
import pytest

from destination_zoho_crm import calls, lookup_values, remembered_ids, row_shapes
from destination_zoho_crm.target_fields import LINE_ITEMS, V2_ITEMS
from unit_tests.destination.conftest import OFF, SETTINGS, Json, Org, Result, mapping, stream
from unit_tests.destination.test_line_items import rows_of
from zoho_emulator.server import Running, running

TOPICS = Path(__file__).parents[1] / "docs" / "integrations" / "zoho-crm"
LOOKUPS = (TOPICS / "lookups-and-links.md").read_text()
ITEMS = (TOPICS / "line-items.md").read_text()


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(SETTINGS, OFF) as one:
        yield one


@pytest.fixture
def org(server: Running) -> Iterator[Org]:
    yield Org(server)
    server.control("POST", "reset", {"org": True})


def cells(page: str, header: str) -> Mapping[str, list[str]]:
    """The rows of the table that begins with the header, by their first cell."""
    table = page.split(f"| {header} |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    return {first: others for first, *others in rows}


def test_the_limits_are_those_of_the_code() -> None:
    limits = [
        (LOOKUPS, "values in one query", lookup_values.MOST_VALUES),
        (LOOKUPS, "found records that are remembered", remembered_ids.MOST_REMEMBERED),
        (LOOKUPS, "records in one query of their", lookup_values.MOST_VALUES),
        (LOOKUPS, "links that one call adds", calls.MOST_RECORDS),
        (LOOKUPS, "records that one call gives", calls.MOST_RECORDS),
        (ITEMS, "rows of a custom subform", row_shapes._MOST_ROWS),
        (ITEMS, "line items or pricing details", row_shapes._MOST_LINE_ITEMS),
        (ITEMS, "records in one query of their", lookup_values.MOST_VALUES),
        (ITEMS, "records in one call", calls.MOST_RECORDS),
    ]
    numbered = 0
    for page in (LOOKUPS, ITEMS):
        table = cells(page, "what")
        numbered += sum(row[0].replace(",", "").isdigit() for row in table.values())
        for _, what, number in (one for one in limits if one[0] == page):
            (found,) = (row for name, row in table.items() if name.startswith(what))
            assert found[0] == f"{number:,}", what

    assert numbered == len(limits)


def test_the_page_names_the_fields_and_keys_of_line_items() -> None:
    described = (*row_shapes._V2_ITEM, *row_shapes._PRICE_RANGE, V2_ITEMS)
    names = {*described, *(field for fields in LINE_ITEMS.values() for field in fields)}

    assert {name for name in names if f"`{name}`" not in ITEMS} == set()


def test_two_ways_to_one_lookup_are_an_error(org: Org) -> None:
    columns = ("Account_Name.ERP_ID", "Account_Name.Account_Name")
    assert f"`{columns[0]}` and `{columns[1]}`, are an error before the first row" in LOOKUPS

    result = org.write(stream("Contacts", "Last_Name", *columns), [{"Last_Name": "L"}])

    assert result.sentence.endswith(f"{columns[0]} and {columns[1]} both go to Account_Name.")


def test_each_way_to_find_a_record_has_the_code_that_the_page_names(org: Org) -> None:
    for _ in range(2):
        org.add("Accounts", Account_Name="Twice")
    codes = {
        ("Account_Name", "8" * 18): "INVALID_DATA",
        ("Account_Name.ERP_ID", "none"): "INVALID_DATA",
        ("Account_Name.Account_Name", "none"): "RECORD_NOT_FOUND",
        ("Account_Name.Account_Name", "Twice"): "RECORD_AMBIGUOUS",
        ("Owner.email", "none@example.com"): "INVALID_DATA",
    }
    table = cells(LOOKUPS, "the column")
    assert {f"`{column}`" for column, _ in codes} == table.keys()
    for (column, value), code in codes.items():
        row = {"Last_Name": "not written", column: value}

        result = org.write(stream("Contacts", *row), [row])

        assert result.counts() == {"rejected": 1}
        assert result.said(f"1 row with {code} in {column.partition('.')[0]}"), result.log
    assert [one for one in org.records("Contacts") if one["Last_Name"] == "not written"] == []


#: Of a table: what becomes of a row that is found, of one with a new key, and of one with an id
#: that its record lacks.
DONE: Mapping[str, tuple[str, str, str]] = {
    "upsert": ("updated", "created", "rejected"),
    "update": ("updated", "rejected", "rejected"),
    "delete": ("deleted", "deleted", "deleted"),
}


@pytest.mark.parametrize("operation", DONE)
def test_operations_of_a_table_do_what_the_page_says(org: Org, operation: str) -> None:
    assert operation in cells(ITEMS, "operation")
    lead = org.add("Leads", Last_Name="L")
    entry = mapping("projects", "Leads", "update", "id")
    first = {"id": lead, "Project_Details": [{"Project": "there", "Effort": 1}]}
    org.write(stream("projects", *first), [first], mappings=[entry])
    rows: list[Json] = [
        {"Parent_Id": lead, "Project": "there", "Effort": 2},
        {"Parent_Id": lead, "Project": "new", "Effort": 2},
        {"Parent_Id": lead, "id": "7" * 18, "Project": "other", "Effort": 2},
    ]
    table = mapping("Project_Details", "Project_Details", operation, "id")
    columns = ("Parent_Id", "id", "Project", "Effort")

    results = [
        org.write(
            stream("Project_Details", *columns), [row], mappings=[table | {"rows_key": "Project"}]
        )
        for row in rows
    ]

    assert [result.counts() for result in results] == [{one: 1} for one in DONE[operation]]
    left = {row["Project"]: row["Effort"] for row in rows_of(org, "Project_Details", lead)}
    expected = {"upsert": {"there": 2, "new": 2}, "update": {"there": 2}, "delete": {}}
    assert left == expected[operation]


def test_inserts_of_a_table_add_each_row_where_the_mapping_appends(org: Org) -> None:
    assert "insert, with `append` in **Rows**" in cells(ITEMS, "operation")
    lead = org.add("Leads", Last_Name="L")
    row = {"Parent_Id": lead, "Project": "x"}
    entry = mapping("Project_Details", "Project_Details", "insert")

    refused = org.write(stream("Project_Details", *row), [row], mappings=[entry])
    results = [
        org.write(stream("Project_Details", *row), [row], mappings=[entry | {"rows": "append"}])
        for _ in range(2)
    ]

    assert "say append in rows" in refused.sentence
    assert [result.counts() for result in results] == [{"created": 1}] * 2


@pytest.mark.parametrize("how", ["replace", "append"])
def test_the_last_of_several_rows_counts_or_all_add_up(org: Org, how: str) -> None:
    assert "**Several rows of one record** add up where they append." in LOOKUPS
    product = [org.add("Products", Product_Name=name, Product_Code=name) for name in "ab"]
    lead = org.add("Leads", Last_Name="L")
    rows: list[Json] = [
        {"id": lead, "Tag": [tag], "Products_Wanted": [one], "Project_Details": [{"Project": tag}]}
        for tag, one in zip("ab", product, strict=True)
    ]
    entry = mapping("Leads", "Leads", "update", "id") | {"rows": how}

    result = org.write(stream("Leads", *rows[0]), rows, mappings=[entry])

    assert result.failure is None
    links = [one for one in org.records("LeadsXProducts") if one["Leads"]["id"] == lead]
    kept = slice(None) if how == "append" else slice(1, None)
    assert {one["Products"]["id"] for one in links} == {*product[kept]}
    assert {tag["name"] for tag in org.record("Leads", id=lead)["Tag"]} == {*"ab"[kept]}
    assert {one["Project"] for one in rows_of(org, "Project_Details", lead)} == {*"ab"[kept]}


def read_block(language: str, title: str) -> str:
    (block,) = re.findall(rf'```{language} title="{re.escape(title)}"\n(.+?)```', ITEMS, re.S)
    return str(block)


@pytest.fixture
def quotes(org: Org) -> Org:
    """An org that has what the page's calls to the emulator make."""
    calls = r"^curl http://localhost:8765/_emulator/(\S+) \\\n +-d '([^']+)'$"
    for path, body in re.findall(calls, ITEMS, re.M):
        org.control("POST", path, json.loads(body))
    return org


def write_two_streams(org: Org, **changed: str) -> Result:
    """As the page shows; `changed`: of the mapping of quotes."""
    config = json.loads(read_block("json", "destination.json"))
    config["mappings"][0] |= changed
    streams = json.loads(read_block("json", "destination_catalog.json"))["streams"]
    lines = [line.encode() for line in read_block("json", "rows.jsonl").splitlines()]
    return org.write_lines(streams, lines, mappings=config["mappings"])


def items_of(org: Org, subject: str) -> dict[str, tuple[str, float, float]]:
    quote = org.record("Quotes", Subject=subject)["id"]
    return {
        row["Product_Name"]["name"]: (row["id"], row["Quantity"], row["List_Price"])
        for row in rows_of(org, "Quoted_Items", quote)
    }


def test_two_streams_write_new_quotes_and_their_items_as_the_page_shows(quotes: Org) -> None:
    first = write_two_streams(quotes)
    before = items_of(quotes, "Q-8")
    again = write_two_streams(quotes)

    for line in read_block("text", "the log of two streams").splitlines():
        assert first.said(line.removesuffix("…")), line
    assert {name: item[1:] for name, item in before.items()} == {"Pump": (2, 9.5), "Hose": (1, 4)}
    assert items_of(quotes, "Q-8") == before
    assert again.said("Written: quotes: 1 row = 0 created, 0 updated, 1 unchanged")
    assert again.said("Written: quote_lines: 2 rows = 0 created, 0 updated, 2 unchanged")
    assert not first.said("replace those that quote_lines writes")


def test_with_replace_the_items_of_the_table_get_new_ids_as_the_page_says(quotes: Org) -> None:
    write_two_streams(quotes)
    before = items_of(quotes, "Q-8")

    result = write_two_streams(quotes, rows="replace")

    after = items_of(quotes, "Q-8")
    assert after["Pump"] == before["Pump"]
    assert (after["Hose"][0] != before["Hose"][0], after["Hose"][1:]) == (True, before["Hose"][1:])
    assert result.said("its rows in Quoted_Items replace those that quote_lines writes")


def test_the_configuration_of_two_streams_fits_the_form() -> None:
    spec = Path(__file__).parents[1] / "destination_zoho_crm" / "spec.json"
    form = json.loads(spec.read_text())["connectionSpecification"]

    jsonschema.validate(json.loads(read_block("json", "destination.json")), form)


def test_the_view_makes_a_column_that_is_written(quotes: Org) -> None:
    warehouse = duckdb.connect()
    warehouse.execute(
        "CREATE TABLE quote_lines (quote TEXT, product TEXT, pieces INTEGER, price DOUBLE)"
    )
    warehouse.execute("INSERT INTO quote_lines VALUES ('Q-8', 'P-7', 2, 9.5), ('Q-8', 'P-8', 1, 4)")
    view = read_block("sql", "quotes")
    assert "`[1:1]` behind `ORDER BY product)`" in ITEMS
    short = view.replace("ORDER BY product)", "ORDER BY product)[1:1]")
    config = json.loads(read_block("json", "destination.json"))

    for text, names in ((view, {"Pump", "Hose"}), (short, {"Pump"})):
        found = warehouse.execute(text).fetchall()
        rows = [dict(zip(("title", "items"), one, strict=True)) for one in found]
        how = config["mappings"][0] | {"rows": "replace"}
        result = quotes.write(stream("quotes", "title", "items"), rows, mappings=[how])
        assert result.failure is None
        assert items_of(quotes, "Q-8").keys() == names


def test_of_two_rows_of_one_key_a_table_takes_the_later_and_a_column_none(quotes: Org) -> None:
    assert "Of two such rows of a table, the later one counts." in ITEMS
    write_two_streams(quotes)
    config = json.loads(read_block("json", "destination.json"))
    column, table = config["mappings"]
    rows: list[Json] = [{"quote": "Q-8", "product": "P-9", "pieces": number} for number in (2, 7)]
    items = [{"Product_Name.ERP_ID": "P-9", "Quantity": number} for number in (2, 7)]

    of_table = quotes.write(stream("quote_lines", *rows[0]), rows, mappings=[table])
    of_column = quotes.write(
        stream("quotes", "title", "items"), [{"title": "Q-8", "items": items}], mappings=[column]
    )

    assert of_table.counts() == {"created": 1, "updated": 1}
    assert items_of(quotes, "Q-8")["Valve"][1] == 7
    assert of_column.counts() == {"rejected": 1}
