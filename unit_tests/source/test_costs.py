"""Calls, credits, and the edition's limits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput

from source_zoho_crm.readers.windows import MOST_ROWS
from unit_tests.source.conftest import (
    BULK,
    COQL,
    MODULES,
    REST,
    Org,
    configured,
    narrow,
    rows_of,
    states_of,
)
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

#: More streams than calls are allowed at a time.
CROWD = (*MODULES, "Campaigns", "Cases", "Solutions", "Vendors", "Price_Books", "Quotes")
CROWD += ("Sales_Orders", "Purchase_Orders", "Invoices", "Tasks", "Events", "Calls", "Notes")


def messages(output) -> str:
    return "\n".join(log.log.message for log in output.logs)


ROWS = 30_000
#: What finding the windows of a first read may cost by queries: a look whether the rows fit in a
#: page, one for the end of each window of 10,000, and pages that are not full.
SEARCH = 8
#: An export, its download and twenty looks.
EXPORT = 50 + 1 + 20


@pytest.fixture(scope="module")
def large_org() -> Iterator[Org]:
    large = Settings(rows=0, rows_by_module={"Accounts": ROWS, "Vehicles": ROWS})
    with running(large, {"tokens_per_10_min": 0, "bulk_job_seconds": 0}) as server:
        org = Org(server)
        begin = datetime(2024, 3, 1, tzinfo=UTC)
        ids = [row["id"] for row in org.control("GET", "records/Vehicles")]
        timestamps = [(begin + timedelta(seconds=n // 190)).isoformat() for n in range(ROWS)]
        rows = [{"id": k, "Modified_Time": m} for k, m in zip(ids, timestamps, strict=True)]
        org.control("PATCH", "records/Vehicles", rows)
        yield org


@pytest.mark.parametrize(
    ("version", "retrieval", "module", "each", "fixed"),
    [
        pytest.param("v4", COQL, "Accounts", 1.5, SEARCH, id="COQL-v4"),
        pytest.param("v8", COQL, "Accounts", 1.5, SEARCH, id="COQL-v8"),
        pytest.param("v2", COQL, "Accounts", 5.0, SEARCH, id="COQL-v2"),
        pytest.param("v4", COQL, "Vehicles", 1.5, SEARCH, id="COQL-v4 dense seconds"),
        pytest.param("v4", REST, "Accounts", 5.1, 0, id="REST-v4"),
        pytest.param("v2", REST, "Accounts", 5.1, 0, id="REST-v2"),
        pytest.param("v2", REST, "Vehicles", 5.3, 0, id="REST-v2 dense seconds"),
        pytest.param("v4", BULK, "Accounts", 0, EXPORT, id="Bulk"),
    ],
)
def test_a_large_module_costs_no_more_than_it_must(
    large_org: Org, version: str, retrieval, module: str, each: float, fixed: int
) -> None:
    """Credits of the records alone, in one column group; `each`: of a thousand."""
    large_org.settings = {"retrieval": retrieval, "schema_version": version}
    # So that windows are read one after another: those that are read at a time are repeated.
    large_org.settings["max_concurrent_requests"] = 1
    stream = narrow(large_org.stream(module))
    large_org.control("POST", "reset", {})

    output = large_org.read(stream)

    rows = rows_of(output, module)
    assert len(rows) == len({row["id"] for row in rows}) == ROWS
    if retrieval == COQL:
        assert most_repeated(output) < MOST_ROWS, "by a read that is cut off"
    metadata = sum(map(large_org.calls, ("org", "settings.modules", "settings.fields")))
    spent = large_org.control("GET", "usage")["credits"] - metadata
    assert spent <= each * ROWS / 1_000 + fixed


def most_repeated(output: EntrypointOutput) -> int:
    """The most rows of one stream between two of its states."""
    most = rows = 0
    for message in output.records_and_state_messages:
        rows = 0 if message.state else rows + 1
        most = max(most, rows)
    return most


def charged(org: Org) -> tuple[int, int]:
    """Calls and credits so far; a token is none."""
    usage = org.control("GET", "usage")
    calls = sum(n for name, n in usage["calls"].items() if ":" not in name and name != "token")
    return calls, usage["credits"]


def test_the_ledger_says_what_zoho_charged_and_one_token_serves_all(org: Org) -> None:
    streams = org.discover()
    before = charged(org)

    output = org.read(*streams.values())

    calls, credits_ = (after - first for after, first in zip(charged(org), before, strict=True))
    assert f"{calls:,} calls, {credits_:,} credits in all" in messages(output)
    assert org.control("GET", "usage")["tokens_issued"] == 1


def test_the_reserve_is_left_to_people_and_the_state_is_saved(own_org: Org) -> None:
    own_org.settings = {"credits_reserve_percent": 50}
    leads, contacts = (own_org.stream(name) for name in ("Leads", "Contacts"))
    total = own_org.control("GET", "usage")["credits_remaining"]
    own_org.control("POST", "knobs", {"credits_used": total // 2 - 12})

    output = own_org.read(leads, contacts, expecting_exception=True)

    assert "are reserved for people. The next sync continues from the saved state" in str(
        output.errors[-1].trace.error.message
    )
    assert output.errors[-1].trace.error.failure_type.value == "transient_error"
    usage = own_org.control("GET", "usage")
    assert usage["credits_remaining"] >= total // 2 - 25
    own_org.control("POST", "knobs", {"credits_used": 0})
    for stream in (leads, contacts):
        states = states_of(output, stream["name"])
        rest = own_org.read(stream, state=states[-1:])
        seen = {
            r["id"] for run in (output, rest) for r in rows_of(run, stream["name"], deleted=False)
        }
        assert seen == set(own_org.truth(stream))


@pytest.mark.parametrize(
    ("edition", "setting", "most"), [("Free", None, 5), ("Enterprise", None, 20), ("Free", 3, 3)]
)
def test_calls_at_a_time_keep_to_the_edition(edition: str, setting: int | None, most: int) -> None:
    ZohoAuthenticator._tokens.clear()
    small = Settings(rows=5, edition=edition)
    with running(small, {"tokens_per_10_min": 0, "latency_ms": 20}) as server:
        own_org = Org(server, {"max_concurrent_requests": setting} if setting else {})
        crowd = configured([{"name": name} for name in CROWD], "full_refresh")
        own_org.read(*own_org.discover(crowd).values())
        # Ten of them may be queries, and here few others run beside them.
        assert min(most, 10) <= own_org.control("GET", "usage")["max_concurrency"] <= most


def test_discovery_of_many_modules_costs_a_call_each_and_a_few(org: Org) -> None:
    streams = org.discover()
    modules = org.control("GET", "usage")["calls"]

    calls = sum(n for name, n in modules.items() if ":" not in name and name != "token")
    offered = len([name for name in streams if not name.islower()])
    assert offered > 40
    listed = 62
    assert calls <= listed + 7
    assert org.control("GET", "usage")["tokens_issued"] == 1


def test_reading_one_stream_asks_for_the_fields_of_one(org: Org) -> None:
    deals = org.streams()["Deals"]
    org.control("POST", "reset", {})

    org.read(deals)

    assert org.calls("settings.fields") == 1


def test_no_method_is_advised_once_zoho_has_refused_the_chosen_one(own_org: Org) -> None:
    leads = own_org.stream("Leads")
    refusal = {"code": "INVALID_MODULE", "details": {}, "message": "x", "status": "error"}
    answer = {"do": "status", "args": {"status": 400, "body": refusal}}
    own_org.control("POST", "faults", [{"match": "coql:Leads", "times": 5} | answer])

    output = own_org.read(leads)

    assert len(rows_of(output, "Leads")) == len(own_org.truth(leads))
    assert "so it is read by REST" in messages(output)
    assert "would cost" not in messages(output)
