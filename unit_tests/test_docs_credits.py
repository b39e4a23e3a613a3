"""The page about API credits: its prices are those that are charged, and its sums add up."""

import logging
import re
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import yaml

from source_zoho_crm import SourceZohoCrm
from source_zoho_crm.prices import Prices
from source_zoho_crm.readers.windows import MOST_ROWS
from unit_tests.source.conftest import (
    AUTOMATIC,
    BULK,
    COQL,
    REST,
    Org,
    log_of,
    modules_of,
    states_of,
)
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.limits import EDITIONS, compute_query_credits
from zoho_emulator.server import Settings, running

CHECKOUT = Path(__file__).parents[1]
PAGE = (CHECKOUT / "docs" / "integrations" / "zoho-crm" / "credits.md").read_text()
VERSIONS = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())["definitions"]["versions"]


def table(header: str) -> list[list[str]]:
    """The rows below the table header that begins like this."""
    _, found = PAGE.split(f"\n| {header} |", 1)
    lines = found.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_editions_are_those_of_the_code() -> None:
    for name, credits_, most, calls in table("edition"):
        edition = EDITIONS[name.lower()]
        numbers = [number(found) for found in re.findall(r"[\d,]*\d", credits_)]
        assert numbers == [edition.credits, edition.credits_per_user][: len(numbers)]
        assert len(numbers) == 2 or not edition.credits_per_user
        assert (number(most) if most else None) == edition.most_credits
        assert number(calls) == edition.calls_at_once


def of(version: str, groups: int = 1) -> Prices:
    return Prices(VERSIONS[version], query_groups=groups, list_groups=groups, in_steps=True)


def count_query_credits(rows: int, version: str = "v4") -> int:
    """A look, and for each full window its end and its pages."""
    if rows <= 200:
        return 1
    page = int(VERSIONS[version]["coql_rows"])
    full, left = divmod(rows, MOST_ROWS - 1)
    pages = full * ceil((MOST_ROWS - 1) / page) + ceil(left / page)
    return 1 + full + bool(left) + pages * compute_query_credits(page)


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_rows_cost_what_the_table_says(version: str) -> None:
    prices = of(version)

    for rows, *shown in table("rows"):
        costs = [count_query_credits, prices.of_lists, prices.of_exports]
        assert [number(cell) for cell in shown] == [cost(number(rows)) for cost in costs]


def test_earlier_versions_cost_what_the_table_says() -> None:
    ((_, coql, _), *_) = table("version")

    assert f": {count_query_credits(100_000, 'v2')} for 100,000 rows" in coql
    assert count_query_credits(100_000, "v2.1") == count_query_credits(100_000, "v2")


def test_exports_are_the_cheapest_from_where_the_page_says() -> None:
    for version, groups, rows in (("v4", 1, 35_000), ("v4", 2, 20_000)):
        prices = of(version, groups)
        assert prices.of_exports(rows) <= prices.of_queries(rows)
        assert prices.of_queries(rows * 8 // 10) < prices.of_exports(rows * 8 // 10)
    assert of("v2").of_exports(12_001) < of("v2").of_lists(12_001)
    assert of("v2").of_lists(11_000) < of("v2").of_exports(11_000)
    for shown in ("35,000", "20,000", "12,000"):
        assert shown in PAGE.split("**Bulk is the cheapest**")[1].splitlines()[0]


@pytest.mark.parametrize("header", ["first sync", "hourly sync"])
def test_the_worked_example_adds_up(header: str) -> None:
    *parts, (_, _, _, total) = table(header)

    assert all(number(n) * number(each) == number(sum_) for _, n, each, sum_ in parts)
    assert sum(number(part[3]) for part in parts) == number(total)


def test_the_methods_of_the_worked_example_add_up() -> None:
    rows = {name: cells for name, *cells in table("method | first sync")}

    assert list(rows) == ["COQL", "REST", "Bulk", "Automatic"]
    assert all(number(hourly) * 24 == number(day) for _, hourly, day in rows.values())
    assert rows["COQL"][:2] == [table(f"{each} sync")[-1][3] for each in ("first", "hourly")]


#: As in the worked example, with fewer of all: line items and links are among its child tables.
LARGE, LARGE_ROWS = "Accounts", 12_000
OTHERS = ("Cases", "Campaigns", "Products", "Vendors", "Price_Books")
CHILDREN = ("Quoted_Items", "Services__s_X_Users")


@pytest.fixture(scope="module")
def org() -> Iterator[Org]:
    few = Settings(rows=150, rows_by_module={LARGE: LARGE_ROWS})
    with running(few, {"tokens_per_10_min": 0}) as server:
        yield Org(server)


def spent(org: Org) -> int:
    return int(org.control("GET", "usage")["credits"])


def start(org: Org, **settings: Any) -> None:
    ZohoAuthenticator._tokens.clear()
    org.settings = settings
    org.control("POST", "reset", {})


def test_a_first_and_a_later_sync_cost_what_the_worked_example_adds_up(org: Org) -> None:
    names = (LARGE, *OTHERS, *CHILDREN)
    start(org)
    streams = [org.stream(name) for name in names]
    start(org)
    first = org.read(*streams)
    start_of_all, rows_of_children = 2 + len(names) + 3, 4 * len(CHILDREN)
    rows = count_query_credits(LARGE_ROWS) + len(OTHERS) + rows_of_children
    assert spent(org) == start_of_all + rows

    states = [state for name in names for state in states_of(first, name)[-1:]]
    org.control("POST", "clock", {"advance_s": 3_600})
    start(org)
    later = org.read(*streams, state=states)

    assert spent(org) == start_of_all + 2 * (1 + len(OTHERS)) + rows_of_children
    assert f"{spent(org)} credits in all" in log_of(later)


def test_a_quiet_module_costs_three_and_two_without_its_deletions(org: Org) -> None:
    stream = org.stream("Deals")
    states = states_of(org.read(stream), "Deals")[-1:]
    org.control("POST", "clock", {"advance_s": 3_600})

    said = "costs 3 credits a sync**: its fields, its changes, its deletions. Without **Include "
    assert f"{said}deleted records** it is 2." in PAGE
    for include_deleted, cost in ((True, 3), (False, 2)):
        start(org, include_deleted=include_deleted)
        org.read(stream, state=states)
        assert spent(org) == 2 + cost


def test_a_check_costs_what_the_page_says(org: Org) -> None:
    shown = next(cells[1] for cells in table("what | credits") if cells[0] == "check")
    costs = {}
    for name, retrieval in {
        "REST": REST,
        "COQL": COQL,
        "Bulk": BULK,
        "Automatic": AUTOMATIC,
    }.items():
        start(org, retrieval=retrieval)
        status = SourceZohoCrm(config=org.config).check(logging.getLogger("airbyte"), org.config)
        assert status.status.value == "SUCCEEDED"
        costs[name] = spent(org)

    by_rest, by_coql, by_automatic = (costs[name] for name in ("REST", "COQL", "Automatic"))
    assert shown == f"{by_rest} by REST, {by_coql} by COQL or Bulk, {by_automatic} by Automatic"
    assert costs["Bulk"] == costs["COQL"]


def test_discovery_and_settings_cost_what_the_page_says(org: Org) -> None:
    start(org)
    streams = org.discover()
    asked = org.calls("settings.fields")
    assert 2 + asked <= spent(org) <= 2 + asked + 5

    for names, each in ((("modules", "fields", "picklist_values"), 0), (("tags",), 1)):
        start(org)
        output = org.read(*(streams[name] for name in names))
        offered = len(modules_of(streams))
        own = spent(org) - asked
        assert each * offered + 2 <= own <= each * offered + 2 + 5
        assert output.errors == []
