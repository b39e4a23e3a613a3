"""Queries of v8 may select more columns than Zoho's pages say, or not."""

from collections.abc import Iterator

import pytest

from unit_tests.source.conftest import COQL, Org, by_id, log_of, rows_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

COLUMNS, ROWS = 87, 2_500
SETTINGS = Settings(
    rows=5,
    rows_by_module={"Deals": ROWS, "Accounts": 12},
    fields_by_module={"Deals": COLUMNS, "Accounts": COLUMNS},
)
METADATA = ("org", "settings.modules", "settings.fields")


@pytest.fixture
def wide_org() -> Iterator[Org]:
    ZohoAuthenticator._tokens.clear()
    with running(SETTINGS, {"tokens_per_10_min": 0}) as server:
        yield Org(server, {"retrieval": COQL, "schema_version": "v8"})


def spent(org: Org) -> int:
    """Credits of records alone."""
    credits_: int = org.control("GET", "usage")["credits"]
    return credits_ - sum(map(org.calls, METADATA))


def test_a_wide_module_costs_six_tenths_where_zoho_serves_wide_queries(wide_org: Org) -> None:
    deals = wide_org.stream("Deals")
    assert len(deals["json_schema"]["properties"]) > COLUMNS - 5
    costs = {}
    for served in (50, 500):
        wide_org.control("POST", "knobs", {"coql_columns": served})
        wide_org.control("POST", "reset", {})
        output = wide_org.read(deals)
        assert by_id(rows_of(output, "Deals")) == wide_org.truth(deals)
        costs[served] = spent(wide_org)

    assert costs[500] <= 0.6 * costs[50]


def test_a_run_asks_once_for_more_columns_than_zoho_serves(wide_org: Org) -> None:
    """The streams of a run are read one after another here, so that the second has learnt it."""
    wide_org.settings["max_concurrent_requests"] = 1
    wide_org.control("POST", "knobs", {"coql_columns": 50})
    streams = [wide_org.stream(name) for name in ("Deals", "Accounts")]
    wide_org.control("POST", "reset", {})

    output = wide_org.read(*streams)

    assert log_of(output).count("Zoho refuses a query of") == 1
    for stream in streams:
        assert by_id(rows_of(output, stream["name"])) == wide_org.truth(stream)


def test_a_refusal_that_is_not_of_the_columns_ends_the_read(wide_org: Org) -> None:
    body = {"code": "INVALID_DATA", "details": {}, "message": "made up", "status": "error"}
    fault = {"match": "coql:Deals", "do": "status", "args": {"status": 400, "body": body}}
    deals = wide_org.stream("Deals")
    wide_org.control("POST", "faults", [fault])

    output = wide_org.read(deals, expecting_exception=True)

    assert "made up" in str(output.errors[-1].trace.error.message)
    assert wide_org.calls("coql:Deals") == 2
