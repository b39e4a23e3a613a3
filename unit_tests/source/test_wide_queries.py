"""Queries of v8 may select more columns than Zoho's pages say, or not."""

from collections.abc import Iterator

import pytest

from unit_tests.source.conftest import COQL, Org, Row, by_id, log_of, rows_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

COLUMNS, ROWS = 87, 6_000
SETTINGS = Settings(
    rows=5,
    rows_by_module={"Deals": ROWS, "Accounts": 400},
    fields_by_module={"Deals": COLUMNS, "Accounts": COLUMNS},
)
BY_V8 = {"retrieval": COQL, "schema_version": "v8"}
METADATA = ("org", "settings.modules", "settings.fields")


@pytest.fixture(scope="module")
def _wide_org() -> Iterator[Org]:
    with running(SETTINGS, {"tokens_per_10_min": 0}) as server:
        yield Org(server, dict(BY_V8))


@pytest.fixture
def wide_org(_wide_org: Org) -> Org:
    """Tests change nothing but how many columns are served."""
    ZohoAuthenticator._tokens.clear()
    _wide_org.settings = dict(BY_V8)
    _wide_org.control("POST", "knobs", {"coql_columns": 50})
    return _wide_org


@pytest.fixture(scope="module")
def truth(_wide_org: Org) -> dict[str, dict[str, Row]]:
    """Of all columns."""
    names = ("Deals", "Accounts")
    return {name: _wide_org.truth(_wide_org.stream(name)) for name in names}


def spent(org: Org) -> int:
    """Credits of records alone."""
    credits_: int = org.control("GET", "usage")["credits"]
    return credits_ - sum(map(org.calls, METADATA))


def test_a_wide_module_costs_six_tenths_where_zoho_serves_wide_queries(
    wide_org: Org, truth: dict[str, dict[str, Row]]
) -> None:
    deals = wide_org.stream("Deals")
    assert len(deals["json_schema"]["properties"]) > COLUMNS - 5
    costs = {}
    for served in (50, 500):
        wide_org.control("POST", "knobs", {"coql_columns": served})
        wide_org.control("POST", "reset", {})
        output = wide_org.read(deals)
        assert by_id(rows_of(output, "Deals")) == truth["Deals"]
        costs[served] = spent(wide_org)

    assert costs[500] <= 0.6 * costs[50]


def test_a_run_asks_once_for_more_columns_than_zoho_serves(
    wide_org: Org, truth: dict[str, dict[str, Row]]
) -> None:
    """The streams of a run are read one after another here, so that the second has learnt it."""
    wide_org.settings["max_concurrent_requests"] = 1
    wide_org.control("POST", "knobs", {"coql_columns": 50})
    streams = [wide_org.stream(name) for name in ("Deals", "Accounts")]
    wide_org.control("POST", "reset", {})

    output = wide_org.read(*streams)

    assert log_of(output).count("Zoho refuses a query of more than 50") == 1
    for stream in streams:
        assert by_id(rows_of(output, stream["name"])) == truth[stream["name"]]


def test_wide_columns_are_not_asked_for_where_a_few_rows_have_changed(
    wide_org: Org, truth: dict[str, dict[str, Row]]
) -> None:
    """It would save no query, or cost one."""
    deals = wide_org.stream("Deals")
    newest = max(row["Modified_Time"] for row in truth["Deals"].values())
    state = {"stream_descriptor": {"name": "Deals"}, "stream_state": {"Modified_Time": newest}}
    wide_org.control("POST", "reset", {})

    output = wide_org.read(deals, state=[{"type": "STREAM", "stream": state}])

    assert not rows_of(output, "Deals", deleted=False)
    assert wide_org.calls("coql:Deals") == 1


@pytest.mark.parametrize("served", [50, 500])
def test_a_module_whose_formulas_close_the_first_group_is_read(served: int) -> None:
    """The group behind them is the wide one."""
    ZohoAuthenticator._tokens.clear()
    settings = Settings(rows=5, rows_by_module={"Vehicles": 450})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        org = Org(server, {"retrieval": COQL, "schema_version": "v8"})
        for number in range(6):
            formula = {"api_name": f"Sum_{number}", "data_type": "formula", "return_type": "double"}
            org.control("POST", "fields/Vehicles", formula)
        for number in range(60):
            org.control("POST", "fields/Vehicles", {"api_name": f"Text_{number}"})
        org.control("POST", "knobs", {"coql_columns": served})
        vehicles = org.stream("Vehicles")

        output = org.read(vehicles)

        assert by_id(rows_of(output, "Vehicles")) == org.truth(vehicles)
