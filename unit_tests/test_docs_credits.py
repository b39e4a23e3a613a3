"""The page about API credits: its prices are those that are charged, and its sums add up."""

import logging
import re
from collections.abc import Iterator
from itertools import accumulate, islice
from math import ceil
from pathlib import Path
from typing import Any

import pytest
import yaml

from destination_zoho_crm.bulk_jobs import build_pauses
from destination_zoho_crm.bulk_plan import CREDITS_OF_A_JOB
from source_zoho_crm import SourceZohoCrm
from source_zoho_crm.prices import Prices, fit_limit
from source_zoho_crm.readers.exports import _FIRST_WAIT_S, _LONGER
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
from zoho_crm.limits import (
    CREDITS_OF_A_BULK_WRITE,
    CREDITS_OF_AN_EXPORT,
    EDITIONS,
    compute_query_credits,
)
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


def count_query_credits(rows: int, version: str = "v4", groups: int = 1) -> int:
    """A look, and for each window its end and its pages."""
    if rows <= 200:
        return groups
    most = int(VERSIONS[version]["coql_rows"])
    credits_ = 1
    while rows > 0:
        window = min(rows, MOST_ROWS - 1)
        rows -= window
        credits_ += 1
        for start in range(0, window, most):
            further = compute_query_credits(fit_limit(window - start, most))
            credits_ += compute_query_credits(most) + (groups - 1) * further
    return credits_


TABLES = {1: "rows", 2: "rows, two groups"}


@pytest.mark.parametrize("groups", TABLES)
@pytest.mark.parametrize("version", ["v4", "v8"])
def test_rows_cost_what_the_tables_say(version: str, groups: int) -> None:
    prices = of(version, groups)

    for cells in table(TABLES[groups]):
        rows, coql, rest, bulk = map(number, cells)
        assert coql == count_query_credits(rows, version, groups)
        assert bulk == prices.of_exports(rows)
        # What proves that no row was missed comes to four calls, or 6 %.
        pages = prices.of_lists(rows)
        assert pages <= rest <= max(pages + 4, 1.06 * pages)


@pytest.mark.parametrize("rows", [200, 300, 1_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_a_read_costs_what_the_tables_say(rows: int) -> None:
    """Of 50 columns, and of 60; columns that are no field of Zoho's come besides."""
    few = Settings(rows=0, rows_by_module={"Accounts": rows}, fields_by_module={"Accounts": 87})
    with running(few, {"tokens_per_10_min": 0}) as server:
        org = Org(server)
        stream = org.stream("Accounts")
        columns = stream["json_schema"]["properties"]
        names = ["id", "Modified_Time", *(name for name in columns if not name.startswith("_ab"))]
        for groups, most in ((1, 50), (2, 60)):
            kept = [*list(dict.fromkeys(names))[:most], "_ab_cdc_deleted_at"]
            schema = {**stream["json_schema"], "properties": {name: columns[name] for name in kept}}
            shown = {number(cells[0]): cells[1:3] for cells in table(TABLES[groups])}[rows]
            for retrieval, credits_ in zip((COQL, REST), shown, strict=True):
                start(org, retrieval=retrieval)
                org.read({**stream, "json_schema": schema})
                assert spent(org) == 2 + 1 + number(credits_)


def test_an_export_costs_what_the_table_says() -> None:
    takes = {"no time": 0, "5 seconds": 5, "a minute": 60, "ten minutes": 600}

    for name, looks, credits_ in table("Zoho takes"):
        waited, wait, asked = 0.0, _FIRST_WAIT_S, 0
        while not asked or waited < takes[name]:
            waited, wait, asked = waited + wait, wait * _LONGER, asked + 1
        assert number(looks) == asked
        assert number(credits_) == 1 + CREDITS_OF_AN_EXPORT + asked + 1


def test_a_job_of_bulk_write_costs_what_the_page_says() -> None:
    shown = re.search(r"costs (\d+) if Zoho ends it at once, (\d+) if .+? two .+?, (\d+) if", PAGE)
    assert shown

    for text, seconds in zip(shown.groups(), (0, 120, 600), strict=True):
        looks = 1 + sum(1 for waited in accumulate(islice(build_pauses(), 99)) if waited < seconds)
        assert number(text) == CREDITS_OF_A_BULK_WRITE + 1 + looks + 1
    assert number(shown[2]) == number(table("part | by REST")[-2][2])
    assert f"reckons with {CREDITS_OF_A_JOB}" in PAGE


@pytest.mark.parametrize(
    "header",
    ["part | first sync | 200 changed", "part | by REST", "part | new"],
    ids=["one large module", "contacts", "quotes"],
)
def test_the_columns_of_each_worked_sum_add_up(header: str) -> None:
    *parts, totals = table(header)

    for column, total in enumerate(totals[1:], 1):
        assert sum(number(part[column]) for part in parts) == number(total)


def test_the_worked_sum_of_one_large_module_is_of_its_rows() -> None:
    of_rows = [cells[1:] for cells in table("part | first sync | 200 changed")[3:-1]]
    sums = [sum(map(number, column)) for column in zip(*of_rows, strict=True)]

    assert sums == [count_query_credits(rows, "v4", 2) for rows in (250_000, 200, 2_000)]


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


def test_a_first_load_costs_what_the_page_on_scaling_says() -> None:
    page = (CHECKOUT / "docs" / "integrations" / "zoho-crm" / "scaling-out.md").read_text()
    load = page.split("## A first load of millions of rows")[1].split("\n## ")[0]
    rows, prices = 5_000_000, of("v4")
    windows = ceil(rows / (MOST_ROWS - 1))
    pages = (count_query_credits(rows) - 1 - windows) // compute_query_credits(2_000)
    calls, exports = 1 + windows + pages, prices.of_exports(rows) // prices.of_exports(1)

    assert f"| COQL | {count_query_credits(rows):,} |" in load
    assert f"| REST | {prices.of_lists(rows):,}, and" in load
    assert f"| Bulk | {prices.of_exports(rows):,}, which is {exports} exports |" in load
    for seconds, shown in ((1, "17 min"), (3, "50 min")):
        assert f"{calls * seconds / 3 / 60:.0f} min" == shown
    assert f"| COQL | {calls:,} | 3 | 17 min | 50 min |" in load
    assert f"{exports} exports one after another" in load
