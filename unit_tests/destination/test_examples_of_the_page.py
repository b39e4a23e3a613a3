"""Each mapping that the pages show, with the rows that they show, does what they say."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from unit_tests.destination.conftest import Json, Org, Result, stream
from unit_tests.destination.test_line_items import rows_of

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
TOPICS = DOCS / "integrations" / "zoho-crm"
LINE_ITEMS = TOPICS / "line-items.md"
OTHER_ORG = TOPICS / "from-org-to-org.md"
SPEC = json.loads((CHECKOUT / "destination_zoho_crm" / "spec.json").read_text())


def read_examples(kind: str) -> dict[str, Any]:
    """Of all pages; those of the same title are the same."""
    examples: dict[str, Any] = {}
    for page in sorted(DOCS.rglob("*.md")):
        found = re.findall(rf'```json title="{kind}: (.+?)"\n(.+?)```', page.read_text(), re.S)
        for name, text in found:
            assert examples.setdefault(name, json.loads(text)) == json.loads(text), page
    return examples


MAPPINGS, ROWS = read_examples("mapping"), read_examples("rows")


@pytest.fixture
def products(org: Org) -> dict[str, str]:
    """Ids by the codes of the pages' products, which are their External IDs, too."""
    field = {"api_name": "ERP_ID", "data_type": "text", "custom": True, "unique": True}
    org.control("POST", "fields/Products", field | {"external": {"type": "org", "show": True}})
    return {
        code: org.add("Products", Product_Name=code, Product_Code=code, ERP_ID=code)
        for code in ("P-7", "P-8", "P-9")
    }


def write(org: Org, name: str, rows: list[Json] | None = None) -> Result:
    mapping, rows = MAPPINGS[name], rows or ROWS[name]
    columns = dict.fromkeys(column for one in rows for column in one)
    return org.write(stream(mapping["stream"], *columns), rows, mappings=[mapping])


def add_source_ids(org: Org, *modules: str) -> None:
    """The field of another org's ids."""
    field = {"api_name": "Source_ID", "data_type": "text", "custom": True, "unique": True}
    for module in modules:
        org.control("POST", f"fields/{module}", field | {"external": {"type": "org", "show": True}})


def items(org: Org) -> dict[str, tuple[str, float]]:
    """Row ids and pieces of the page's quote, by products."""
    quote = org.record("Quotes", Subject="Q-7")["id"]
    return {
        row["Product_Name"]["name"]: (row["id"], row["Quantity"])
        for row in rows_of(org, "Quoted_Items", quote)
    }


def check_columns(org: Org, products: dict[str, str]) -> None:
    result = write(org, "columns")

    assert result.counts() == {"created": 1}
    contact = org.record("Contacts", Email="contact@example.com")
    assert (contact["Last_Name"], contact["First_Name"]) == ("Example", "Pat")
    assert contact["Owner"]["email"] == ROWS["columns"][0]["owner.email"]
    assert result.said("Plan: people -> Contacts: upsert by Email; email -> Email, ")
    (left_out,) = result.said("is left out")
    assert "the column shoe_size is left out: Contacts has no field shoe_size" in left_out


def check_lookups(org: Org, products: dict[str, str]) -> None:
    result = write(org, "lookups")
    assert (result.counts(), len(result.said("RECORD_NOT_FOUND"))) == ({"rejected": 1}, 1)
    account = org.add("Accounts", Account_Name="Acme")

    assert write(org, "lookups").counts() == {"created": 1}

    assert org.record("Contacts", Email="contact@example.com")["Account_Name"]["id"] == account


def check_links(org: Org, products: dict[str, str]) -> None:
    lead = org.add("Leads", Last_Name="Example", Email="lead@example.com")
    for code in ("P-8", "P-9"):
        org.add("LeadsXProducts", Leads={"id": lead}, Products={"id": products[code]})

    assert write(org, "links").counts() == {"updated": 1}
    again = write(org, "links")
    assert again.said("Links: interests: Products_Wanted: 0 added, 0 removed, 3 left")

    links = [link for link in org.records("LeadsXProducts") if link["Leads"]["id"] == lead]
    assert sorted(link["Products"]["name"] for link in links) == ["P-7", "P-8", "P-9"]


def check_tags(org: Org, products: dict[str, str]) -> None:
    lead = org.add("Leads", Last_Name="Example", Tag=[{"name": "old"}])
    (shown,) = ROWS["tags"]

    assert write(org, "tags", [shown | {"lead": lead}]).counts() == {"updated": 1}

    tags = {tag["name"] for tag in org.record("Leads", id=lead)["Tag"]}
    assert tags == {"old", *shown["segments"]}

    other = org.add("Leads", Last_Name="Example")
    text = ";".join(shown["segments"])
    assert text in (TOPICS / "lookups-and-links.md").read_text()
    write(org, "tags", [{"lead": other, "segments": text}])
    assert {tag["name"] for tag in org.record("Leads", id=other)["Tag"]} == {*shown["segments"]}


def check_column(org: Org, products: dict[str, str]) -> None:
    added, again = write(org, "line items in a column"), write(org, "line items in a column")

    assert (added.counts(), again.counts()) == ({"created": 1}, {"unchanged": 1})
    assert {code: pieces for code, (_, pieces) in items(org).items()} == {"P-7": 2, "P-8": 1}

    # Its items become those of the row.
    (shown,) = ROWS["line items in a column"]
    write(org, "line items in a column", [shown | {"items": shown["items"][1:]}])
    assert items(org).keys() == {"P-8"}


def check_table(org: Org, products: dict[str, str]) -> None:
    write(org, "line items in a column")
    before = items(org)

    assert write(org, "line items as a table").counts() == {"updated": 1, "created": 1}

    after = items(org)
    assert after["P-7"] == (before["P-7"][0], 3)
    assert (after["P-8"], after["P-9"][1]) == (before["P-8"], 1)
    quote = org.record("Quotes", Subject="Q-7")["id"]
    prices = {
        row["Product_Name"]["name"]: row["List_Price"]
        for row in rows_of(org, "Quoted_Items", quote)
    }
    shown = {row["product"]: row["price"] for row in ROWS["line items as a table"]}
    assert prices.items() >= shown.items()


def check_other_org(org: Org, products: dict[str, str]) -> None:
    add_source_ids(org, "Accounts", "Contacts")
    (shown,) = ROWS["records of another org"]
    account = org.add("Accounts", Account_Name="Acme", Source_ID=shown["account"])

    added, again = write(org, "records of another org"), write(org, "records of another org")

    assert (added.counts(), again.counts()) == ({"created": 1}, {"rejected": 1})
    assert again.said("DUPLICATE_DATA in Source_ID")
    contact = org.record("Contacts", Source_ID=shown["source_id"])
    assert contact["Account_Name"]["id"] == account
    assert contact["Owner"]["email"] == shown["owner"]


def check_later_records(org: Org, products: dict[str, str]) -> None:
    add_source_ids(org, "Contacts")
    (shown,) = ROWS["what points at later records"]
    for name in ("manager", "source_id"):
        org.add("Contacts", Last_Name=name, Source_ID=shown[name])

    assert write(org, "what points at later records").counts() == {"updated": 1}

    contact = org.record("Contacts", Source_ID=shown["source_id"])
    assert contact["Reporting_To"]["id"] == org.record("Contacts", Last_Name="manager")["id"]


CHECKS: dict[str, Callable[[Org, dict[str, str]], None]] = {
    "columns": check_columns,
    "lookups": check_lookups,
    "links": check_links,
    "tags": check_tags,
    "line items in a column": check_column,
    "line items as a table": check_table,
    "records of another org": check_other_org,
    "what points at later records": check_later_records,
}


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_does_what_the_page_says(org: Org, products: dict[str, str], name: str) -> None:
    CHECKS[name](org, products)


def test_every_example_is_run_and_fits_the_form() -> None:
    assert MAPPINGS.keys() == ROWS.keys() == CHECKS.keys()
    form = SPEC["connectionSpecification"]["properties"]["mappings"]
    jsonschema.validate(list(MAPPINGS.values()), form)


def test_calls_to_the_emulator_add_what_the_examples_of_line_items_need(org: Org) -> None:
    calls = re.findall(
        r"^curl http://localhost:8765/_emulator/(\S+) \\\n +-d '([^']+)'$",
        LINE_ITEMS.read_text(),
        re.M,
    )
    for path, body in calls:
        org.control("POST", path, json.loads(body))

    column, table = write(org, "line items in a column"), write(org, "line items as a table")
    links = write(org, "links")

    assert len(calls) == 2
    assert links.counts() == {"created": 1}
    assert column.counts() == {"created": 1}
    assert table.counts() == {"updated": 1, "created": 1}
    assert sorted(pieces for _, pieces in items(org).values()) == [1, 1, 3]


def test_the_view_of_another_orgs_contacts_gives_the_rows_of_its_mapping() -> None:
    (view,) = re.findall(r'```sql title="new_contacts"\n(.+?)```', OTHER_ORG.read_text(), re.S)
    (shown,) = ROWS["records of another org"]
    warehouse = sqlite3.connect(":memory:")
    warehouse.row_factory = sqlite3.Row
    warehouse.execute("CREATE TABLE contacts (id, last_name, email, account_name, owner)")
    warehouse.execute("CREATE TABLE users (id, email, status)")
    users = [("1", shown["owner"], "active"), ("2", "gone@example.com", "disabled")]
    warehouse.executemany("INSERT INTO users VALUES (?, ?, ?)", users)
    contact = [shown[name] for name in ("source_id", "last_name", "email", "account")]
    warehouse.executemany(
        "INSERT INTO contacts VALUES (?, ?, ?, ?, ?)", [[*contact, "1"], [*contact, "2"]]
    )

    found = [dict(row) for row in warehouse.execute(view)]

    assert found == [shown, shown | {"owner": None}]
