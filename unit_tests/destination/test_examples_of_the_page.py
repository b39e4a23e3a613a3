"""Each mapping that the page shows, with the rows that it shows, does what the page says."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from unit_tests.destination.conftest import Json, Org, Result, stream
from unit_tests.destination.test_line_items import rows_of

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "integrations" / "destinations" / "zoho-crm.md").read_text()
SPEC = json.loads((CHECKOUT / "destination_zoho_crm" / "spec.json").read_text())


def read_examples(kind: str) -> dict[str, Any]:
    found = re.findall(rf'```json title="{kind}: (.+?)"\n(.+?)```', PAGE, re.S)
    return {name: json.loads(text) for name, text in found}


MAPPINGS, ROWS = read_examples("mapping"), read_examples("rows")


@pytest.fixture
def products(org: Org) -> dict[str, str]:
    """Ids by the codes of the page's products, which are their External IDs, too."""
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


def items(org: Org) -> dict[str, tuple[str, float]]:
    """Row ids and pieces of the page's quote, by products."""
    quote = org.record("Quotes", Subject="Q-7")["id"]
    return {
        row["Product_Name"]["name"]: (row["id"], row["Quantity"])
        for row in rows_of(org, "Quoted_Items", quote)
    }


def check_lookups(org: Org, products: dict[str, str]) -> None:
    account = org.add("Accounts", Account_Name="Acme")

    assert write(org, "lookups").counts() == {"created": 1}

    assert org.record("Contacts", Email="contact@example.com")["Account_Name"]["id"] == account


def check_links(org: Org, products: dict[str, str]) -> None:
    lead = org.add("Leads", Last_Name="Example", Email="lead@example.com")
    for code in ("P-8", "P-9"):
        org.add("LeadsXProducts", Leads={"id": lead}, Products={"id": products[code]})

    assert write(org, "links").counts() == {"updated": 1}

    links = [link for link in org.records("LeadsXProducts") if link["Leads"]["id"] == lead]
    assert sorted(link["Products"]["name"] for link in links) == ["P-7", "P-8", "P-9"]


def check_tags(org: Org, products: dict[str, str]) -> None:
    lead = org.add("Leads", Last_Name="Example", Tag=[{"name": "old"}])
    (shown,) = ROWS["tags"]

    assert write(org, "tags", [shown | {"lead": lead}]).counts() == {"updated": 1}

    tags = {tag["name"] for tag in org.record("Leads", id=lead)["Tag"]}
    assert tags == {"old", *shown["segments"]}


def check_column(org: Org, products: dict[str, str]) -> None:
    added, again = write(org, "line items in a column"), write(org, "line items in a column")

    assert (added.counts(), again.counts()) == ({"created": 1}, {"unchanged": 1})
    assert {code: pieces for code, (_, pieces) in items(org).items()} == {"P-7": 2, "P-8": 1}


def check_table(org: Org, products: dict[str, str]) -> None:
    write(org, "line items in a column")
    before = items(org)

    assert write(org, "line items as a table").counts() == {"updated": 1, "created": 1}

    after = items(org)
    assert after["P-7"] == (before["P-7"][0], 3)
    assert (after["P-8"], after["P-9"][1]) == (before["P-8"], 1)


CHECKS: dict[str, Callable[[Org, dict[str, str]], None]] = {
    "lookups": check_lookups,
    "links": check_links,
    "tags": check_tags,
    "line items in a column": check_column,
    "line items as a table": check_table,
}


@pytest.mark.parametrize("name", CHECKS)
def test_an_example_does_what_the_page_says(org: Org, products: dict[str, str], name: str) -> None:
    CHECKS[name](org, products)


def test_every_example_is_run_and_fits_the_form() -> None:
    assert MAPPINGS.keys() == ROWS.keys() == CHECKS.keys()
    form = SPEC["connectionSpecification"]["properties"]["mappings"]
    jsonschema.validate(list(MAPPINGS.values()), form)
