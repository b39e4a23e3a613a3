"""Automatic: each module by the retrieval method that costs the fewest credits."""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

import pytest
import yaml
from airbyte_cdk.models import Status
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from pytest_mock import MockerFixture

from source_zoho_crm import SourceZohoCrm
from source_zoho_crm.prices import Prices, fit_limit
from source_zoho_crm.readers import Row
from source_zoho_crm.readers.automatic import _CONVERTED
from source_zoho_crm.readers.converted import CoqlAndConvertedReader
from source_zoho_crm.readers.rich_text import WholeTexts
from source_zoho_crm.readers.steps import GetRecords, Question, Task
from unit_tests.source.conftest import (
    AUTOMATIC,
    COQL,
    REST,
    Org,
    each_once,
    log_of,
    narrow,
    rows_of,
    states_of,
)
from unit_tests.source.reading import result_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.fields import Field
from zoho_crm.manifest import find_manifest
from zoho_emulator.knobs import SCOPES
from zoho_emulator.server import Settings, running

VERSIONS = yaml.safe_load(find_manifest().read_text())["definitions"]["versions"]
#: More than v2 reads for less by lists, and than lists without queries bring for an export's price.
MANY = 14_000
#: Three pages of lists, the last one not full.
LONG_TEXTS = 450
#: Modules with a number of rows of their own; columns follow from the module.
FEW = {
    "Leads": 350,
    "Contacts": 1_100,
    "Accounts": 201,
    "Products": 200,
    "Quotes": 390,
    "Invoices": 600,
    "Cases": 410,
    "Vehicles": 0,
    "Deals": 1_300,
    "Campaigns": 1,
}
#: Codes by which Zoho refuses one method and may serve another.
REFUSALS = ["MODULE_NOT_SUPPORTED", "NO_PERMISSION", "AUTHORIZATION_FAILED"]
WITHOUT_COQL = [scope for scope in SCOPES if ".coql." not in scope]
WITHOUT_BULK = [scope for scope in SCOPES if ".bulk." not in scope]


@pytest.fixture(scope="module")
def mixed_org() -> Iterator[Org]:
    settings = Settings(rows=30, rows_by_module=FEW, fields_by_module={"Contacts": 87})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        yield Org(server, made_of=settings)


@pytest.fixture(scope="module")
def _large_org() -> Iterator[Org]:
    settings = Settings(rows=0, rows_by_module={"Accounts": MANY})
    with running(settings, {"tokens_per_10_min": 0, "bulk_job_seconds": 0}) as server:
        yield Org(server, made_of=settings)


@pytest.fixture
def large_org(_large_org: Org) -> Iterator[Org]:
    ZohoAuthenticator._tokens.clear()
    _large_org.settings = {"retrieval": AUTOMATIC}
    yield _large_org
    _large_org.control("POST", "knobs", {"scopes": SCOPES, "coql_refused_modules": ["Activities"]})
    _large_org.control("DELETE", "faults")


def spend(org: Org, names: list[str], retrieval: object) -> Mapping[str, int]:
    """Credits of a first read, by module."""
    org.settings["retrieval"] = retrieval
    streams = {name: org.stream(name) for name in names}
    org.control("POST", "reset", {})
    output = org.read(*(streams[name] for name in names))
    counts = org.control("GET", "counts")
    for name in names:
        there = counts[name]["live"] + counts[name]["converted"]
        assert len(each_once(rows_of(output, name))) == there, name
    spent = org.control("GET", "usage")["credits_by"]
    return {
        name: sum(
            credits_
            for call, credits_ in spent.items()
            if call.endswith(f":{name}") and not call.startswith("settings.")
        )
        for name in names
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_a_small_module_costs_one_credit_more_than_by_the_best_method_at_most(
    mixed_org: Org, version: str
) -> None:
    """An export costs 50 credits, and of an empty module as much as a list."""
    ZohoAuthenticator._tokens.clear()
    mixed_org.settings = {"schema_version": version}
    names = [*FEW, "LeadsXProducts"]
    coql, rest, ours = (spend(mixed_org, names, method) for method in (COQL, REST, AUTOMATIC))

    best = {name: min(coql[name], rest[name]) for name in names}
    above = {name: (n, best[name]) for name, n in ours.items() if n > best[name] + 1}
    assert above == {}


def read_accounts(
    org: Org, *, refused: str = "", code: str = "MODULE_NOT_SUPPORTED", **how: object
) -> EntrypointOutput:
    """`refused`: calls that Zoho refuses."""
    stream = org.stream("Accounts")
    org.control("POST", "reset", {})
    if refused:
        refuse(org, refused, code)
    return org.read(narrow(stream, "Website"), **how)  # type: ignore[arg-type]


def test_a_large_module_is_exported_and_its_changes_are_queried(large_org: Org) -> None:
    large_org.settings["schema_version"] = "v2"

    first = read_accounts(large_org)

    assert len(each_once(rows_of(first, "Accounts"))) == MANY
    assert large_org.calls("bulk.create") == 1
    # The first page, and whether there are 10,000 and 12,500.
    assert (large_org.calls("coql"), large_org.calls("records.list")) == (3, 0)
    assert "Accounts: 12,500 records and more, read by Bulk: about 60 credits; " in log_of(first)
    assert "would have cost" not in log_of(first)

    large_org.control("POST", "clock", {"advance_s": 3_600})
    key = min(row["id"] for row in rows_of(first, "Accounts"))
    large_org.control("PATCH", "records/Accounts", {"id": key, "Website": "https://example.com"})
    large_org.control("POST", "clock", {"advance_s": 3_600})
    second = read_accounts(large_org, state=states_of(first, "Accounts")[-1:])

    assert [row["id"] for row in rows_of(second, "Accounts")] == [key]
    assert (large_org.calls("coql"), large_org.calls("bulk.create")) == (1, 0)
    assert "read by Bulk: about" not in log_of(second)


def test_the_log_says_of_a_large_module_by_what_it_is_read(large_org: Org) -> None:
    output = read_accounts(large_org)

    assert len(each_once(rows_of(output, "Accounts"))) == MANY
    assert f"Accounts: {MANY:,} records, read by COQL: about 26 credits; by Bulk about 60." in (
        log_of(output)
    )


@pytest.mark.parametrize("version", ["v2", "v4"])
def test_without_a_scope_for_queries_lists_go_over_to_an_export(
    large_org: Org, version: str
) -> None:
    large_org.settings["schema_version"] = version
    large_org.control("POST", "knobs", {"scopes": WITHOUT_COQL})

    output = read_accounts(large_org)

    assert len(each_once(rows_of(output, "Accounts"))) == MANY
    assert large_org.calls("coql") == 0
    assert large_org.calls("bulk.create") == 1
    # A page begins at the last second of the one before it.
    assert 60 <= large_org.calls("records.list") <= 66


@pytest.mark.parametrize("code", REFUSALS)
def test_an_export_that_zoho_refuses_leaves_the_rest_to_lists(large_org: Org, code: str) -> None:
    large_org.control("POST", "knobs", {"scopes": WITHOUT_COQL})

    output = read_accounts(large_org, refused="bulk.create", code=code)

    assert len(each_once(rows_of(output, "Accounts"))) == MANY
    assert "Bulk does not serve this module" in log_of(output)


def test_without_a_scope_for_exports_queries_read_all(large_org: Org) -> None:
    large_org.settings["schema_version"] = "v2"
    large_org.control("POST", "knobs", {"scopes": WITHOUT_BULK})

    output = read_accounts(large_org)

    assert len(each_once(rows_of(output, "Accounts"))) == MANY
    assert large_org.calls("bulk.create") == 0


@pytest.mark.parametrize("code", REFUSALS)
def test_a_module_that_exports_do_not_serve_is_read_by_the_next_cheapest(
    large_org: Org, code: str
) -> None:
    large_org.settings["schema_version"] = "v2"

    output = read_accounts(large_org, refused="bulk.create", code=code)

    assert len(each_once(rows_of(output, "Accounts"))) == MANY
    assert "Bulk does not serve this module" in log_of(output)
    assert large_org.calls("bulk.create") == 1


@pytest.mark.parametrize("says_scopes", [True, False])
def test_a_missing_scope_is_found_out_once_in_a_run(mixed_org: Org, says_scopes: bool) -> None:
    ZohoAuthenticator._tokens.clear()
    mixed_org.settings = {"retrieval": AUTOMATIC, "max_concurrent_requests": 1}
    knobs = {"scopes": WITHOUT_COQL, "token_without": [] if says_scopes else ["scope"]}
    mixed_org.control("POST", "knobs", knobs)
    names = ("Accounts", "Products", "Quotes", "Campaigns", "Cases")
    streams = {name: mixed_org.stream(name) for name in names}
    mixed_org.control("POST", "reset", {})

    output = mixed_org.read(*(streams[name] for name in names))

    for name in names:
        assert each_once(rows_of(output, name)).keys() == mixed_org.truth(streams[name]).keys()
    assert mixed_org.calls("coql") < len(names)
    assert says_scopes == (mixed_org.calls("coql") == 0)
    mixed_org.control("POST", "knobs", {"scopes": SCOPES, "token_without": []})


def test_the_check_succeeds_without_a_scope_that_can_be_left_out(
    mixed_org: Org, caplog: pytest.LogCaptureFixture
) -> None:
    ZohoAuthenticator._tokens.clear()
    mixed_org.settings = {"retrieval": AUTOMATIC}
    mixed_org.control("POST", "knobs", {"scopes": WITHOUT_COQL})

    config = mixed_org.config
    with caplog.at_level(logging.WARNING, "airbyte"):
        status = SourceZohoCrm(config=config).check(logging.getLogger("airbyte"), config)
    mixed_org.control("POST", "knobs", {"scopes": SCOPES})

    assert status.status == Status.SUCCEEDED
    assert "lacks ZohoCRM.coql.READ, so Automatic leaves out" in caplog.text
    assert "bulk" not in caplog.text


def test_converted_leads_that_queries_hide_come_along(own_org: Org) -> None:
    own_org.settings = {"retrieval": AUTOMATIC}
    own_org.control("POST", "knobs", {"coql_converted": False})
    leads = own_org.stream("Leads")

    output = own_org.read(leads)

    assert each_once(rows_of(output, "Leads")) == own_org.truth(leads)


@pytest.mark.parametrize(("shown", "expected"), [(True, 2), (False, _CONVERTED)])
def test_finding_out_that_queries_hide_converted_leads_costs_what_is_reckoned(
    own_org: Org, mocker: MockerFixture, shown: bool, expected: int
) -> None:
    own_org.settings = {"retrieval": COQL}
    own_org.control("POST", "knobs", {"coql_converted": shown})
    leads = narrow(own_org.stream("Leads"), "Last_Name")
    find_hidden, spent = CoqlAndConvertedReader._find_hidden, []

    def count() -> int:
        return int(own_org.control("GET", "usage")["credits_remaining"])

    def watch(reader: CoqlAndConvertedReader, since: datetime | None) -> Task[bool]:
        before = count()
        hidden = yield from find_hidden(reader, since)
        spent.append(before - count())
        return hidden

    mocker.patch.object(CoqlAndConvertedReader, "_find_hidden", watch)

    own_org.read(leads)

    assert spent == [expected]


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_long_texts_cost_what_is_reckoned(version: str) -> None:
    settings = Settings(rows=0, rows_by_module={"Contracts": LONG_TEXTS})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        org = Org(server, {"schema_version": version, "retrieval": REST}, made_of=settings)
        keys = [row["id"] for row in org.control("GET", "records/Contracts")]
        # Whole seconds are on each page of a list.
        for start in range(0, LONG_TEXTS, 10):
            org.control("POST", "clock", {"advance_s": 1})
            long = [{"id": key, "Clauses": "long " * 200} for key in keys[start : start + 10]]
            org.control("PATCH", "records/Contracts", long)
        org.control("POST", "clock", {"advance_s": 300})
        contracts = org.stream("Contracts")

        def find_left(*columns: str) -> int:
            """Credits that a read of these columns leaves."""
            org.control("POST", "reset", {})
            output = org.read(narrow(contracts, *columns))
            assert len(each_once(rows_of(output, "Contracts"))) == LONG_TEXTS
            return int(org.control("GET", "usage")["credits_remaining"])

        texts = find_left() - find_left("Clauses")

    assert texts == whole_texts(VERSIONS[version]["rich_ids"]).count_calls(LONG_TEXTS)


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("at_once", [0, 50, 200])
@pytest.mark.parametrize("cut", [0, 1, 100, 101, 200])
def test_the_calls_for_long_texts_of_a_page_are_as_many_as_are_reckoned(
    cut: int, at_once: int, stamped: bool
) -> None:
    texts = whole_texts(at_once, stamped=stamped)
    row = {"Clauses": "x" * 500, "Modified_Time": "2026-01-01T00:00:00Z"}
    asked: list[Question] = []

    def answer(question: Question) -> list[Row]:
        asked.append(question)
        assert isinstance(question, GetRecords)
        below = question.below.removeprefix("/")
        return [row | {"id": key} for key in question.params.get("ids", below).split(",")]

    page = [row | {"id": str(number)} for number in range(cut)]
    assert len(result_of(texts.restore(page), answer)) == cut

    assert texts.count_calls(cut) == len(asked)


def test_a_module_without_rich_text_takes_no_calls_for_it() -> None:
    texts = WholeTexts("Contracts", [Field("Name", "text")], at_once=200)

    assert texts.count_calls(LONG_TEXTS) == 0


def whole_texts(at_once: int, *, stamped: bool = True) -> WholeTexts:
    fields = [Field("Clauses", "textarea", is_rich_text=True)]
    fields += [Field("Modified_Time", "datetime")] if stamped else []
    return WholeTexts("Contracts", fields, at_once=at_once)


@pytest.mark.parametrize("version", ["v4", "v8"])
@pytest.mark.parametrize("code", [*REFUSALS, "INVALID_QUERY", "SYNTAX_ERROR"])
def test_where_zoho_refuses_to_count_queries_still_read(org: Org, version: str, code: str) -> None:
    org.settings = {"retrieval": AUTOMATIC, "schema_version": version}
    contacts = narrow(org.stream("Contacts"), "Last_Name")
    refuse(org, "coql:Contacts", code, after=1, times=1)

    output = org.read(contacts)

    assert each_once(rows_of(output, "Contacts")) == org.truth(contacts)
    # The first page, the count, whether there are 10,000, and the other rows.
    assert (org.calls("coql"), org.calls("records.list")) == (4, 0)
    assert "does not serve" not in log_of(output)


@pytest.mark.parametrize("version", VERSIONS)
def test_long_texts_in_any_column_group_count(version: str) -> None:
    """Leads have two column groups, and their rich text is not among the first 50 fields."""
    settings = Settings(rows=0, rows_by_module={"Leads": 190})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        org = Org(server, {"schema_version": version}, made_of=settings)
        coql, rest, ours = (spend(org, ["Leads"], method) for method in (COQL, REST, AUTOMATIC))

    assert ours["Leads"] <= min(coql["Leads"], rest["Leads"]) + 1


@pytest.mark.parametrize("code", REFUSALS)
def test_a_page_of_leads_with_long_texts_is_read_where_queries_are_refused(code: str) -> None:
    """Lists cut the texts, so queries are cheaper; whether they show converted leads is asked."""
    settings = Settings(rows=0, rows_by_module={"Leads": 190})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        org = Org(server, {"retrieval": AUTOMATIC}, made_of=settings)
        leads = org.stream("Leads")
        refuse(org, "coql:Leads", code)

        output = org.read(leads)

        assert org.calls("coql") == 1
        assert each_once(rows_of(output, "Leads")) == org.truth(leads)


def refuse(org: Org, match: str, code: str = "MODULE_NOT_SUPPORTED", **when: int) -> None:
    body = {"code": code, "details": {}, "message": "no", "status": "error"}
    status = 403 if code == "NO_PERMISSION" else 400
    answer = {"match": match, "do": "status", "args": {"status": status, "body": body}}
    org.control("POST", "faults", [answer | {"times": 5} | when])


@pytest.mark.parametrize(
    ("rows", "most", "limit"),
    [
        (1, 2_000, 200),
        (201, 2_000, 1_000),
        (1_001, 2_000, 2_000),
        (5_000, 2_000, 2_000),
        (999, 200, 200),
    ],
)
def test_a_page_asks_for_no_more_than_it_has_to(rows: int, most: int, limit: int) -> None:
    assert fit_limit(rows, most) == limit


@pytest.mark.parametrize(
    ("version", "groups", "rows"),
    [("v4", 1, 35_000), ("v4", 2, 18_500), ("v2", 1, 12_500), ("v8", 1, 35_000)],
)
def test_exports_cost_least_from_so_many_rows_on(version: str, groups: int, rows: int) -> None:
    prices = Prices(VERSIONS[version], query_groups=groups, list_groups=groups)

    def is_cheapest(number: int) -> bool:
        others = min(prices.of_queries(number), prices.of_lists(number))
        return prices.of_exports(number) < others

    assert (is_cheapest(rows - 1_000), is_cheapest(rows + 1_000)) == (False, True)


def test_exports_that_are_cut_in_steps_cost_more() -> None:
    prices = [
        Prices(VERSIONS["v4"], query_groups=1, list_groups=1, in_steps=steps)
        for steps in (False, True)
    ]
    whole, steps = (price.of_exports(1_200_000) for price in prices)
    assert (whole, steps) == (360, 840)
