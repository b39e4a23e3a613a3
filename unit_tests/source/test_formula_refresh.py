"""Formulas and roll-up summaries, which change without a new Modified_Time."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput

from unit_tests.source.conftest import (
    METHODS,
    Org,
    Row,
    each_once,
    log_of,
    narrow,
    rows_of,
    settle,
    states_of,
)
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

SETTINGS = Settings(rows=30, rows_by_module={"Deals": 450}, modules=62)
DAY_S = 86_400
#: Calls that bring the changes of a quiet module, and count its rows.
AFTER = {"coql": 2, "records.list": 1, "bulk.create": 1}


@pytest.fixture(scope="module")
def _own() -> Iterator[Org]:
    with running(SETTINGS, {"tokens_per_10_min": 0, "bulk_job_seconds": 0}) as server:
        yield Org(server)


@pytest.fixture
def org(_own: Org) -> Iterator[Org]:
    """Tests may change its rows; an hour after the one before, so that all rows are settled."""
    settle(_own, SETTINGS, refresh_formulas="daily")
    yield _own
    _own.control("DELETE", "faults")
    _own.control("POST", "knobs", {"credits_used": 0, "churn": 0, "churn_kind": "edit"})


def saved(output: EntrypointOutput, stream: str) -> Row:
    return states_of(output, stream)[-1]


def blob(state: Row) -> Row:
    reported: Row = state["stream"]["stream_state"]
    return reported


def today(org: Org) -> str:
    moved = org.server.control("POST", "clock", {"advance_s": 0})["now"]
    return datetime.fromtimestamp(moved, UTC).date().isoformat()


def recompute(org: Org, module: str, column: str, value: object, *, rows: int) -> set[str]:
    """Gives the first records another value, as a formula gets it: Modified_Time stays."""
    chosen = org.control("GET", f"records/{module}")[:rows]
    changes = [
        {"id": row["id"], column: value, "Modified_Time": row["Modified_Time"]} for row in chosen
    ]
    org.control("PATCH", f"records/{module}", changes)
    return {row["id"] for row in chosen}


def next_day(org: Org) -> None:
    org.control("POST", "clock", {"advance_s": DAY_S})
    ZohoAuthenticator._tokens.clear()


def assert_the_day_comes_last(output: EntrypointOutput, day: str) -> None:
    """A sync may be killed after any message."""
    named = False
    for message in output.records_and_state_messages:
        assert message.record is None or not named
        if message.state is not None and message.state.stream is not None:
            named = vars(message.state.stream.stream_state).get("formulas_refreshed") == day
    assert named


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize("retrieval", METHODS)
def test_once_a_day_all_rows_come_with_their_formulas_and_the_state_moves_no_further(
    org: Org, retrieval: Row, version: str
) -> None:
    org.settings |= {"retrieval": retrieval, "schema_version": version}
    deals = narrow(org.stream("Deals"), "Deal_Name", "Margin_Value")
    first = org.read(deals)
    assert each_once(rows_of(first, "Deals")) == org.truth(deals)
    assert blob(saved(first, "Deals"))["formulas_refreshed"] == today(org)
    changed = recompute(org, "Deals", "Margin_Value", 12.5, rows=7)

    same_day = org.read(deals, state=[saved(first, "Deals")])
    assert rows_of(same_day, "Deals") == []
    next_day(org)
    edited = org.control("POST", "records/Deals", {"Deal_Name": "New", "Stage": "Closed Won"})
    org.control("POST", "clock", {"advance_s": 120})
    output = org.read(deals, state=[saved(same_day, "Deals")])

    rows = each_once(rows_of(output, "Deals"))
    assert rows == org.truth(deals)
    assert {key for key, row in rows.items() if row.get("Margin_Value") == 12.5} == changed
    assert edited["ids"][0] in rows
    assert blob(saved(output, "Deals"))["formulas_refreshed"] == today(org)
    assert_the_day_comes_last(output, today(org))
    again = org.read(deals, state=[saved(output, "Deals")])
    assert rows_of(again, "Deals") == []
    assert blob(saved(again, "Deals"))["formulas_refreshed"] == today(org)


def settled(org: Org, stream: Row) -> Row:
    """The state of a first sync, on the day before."""
    state = saved(org.read(stream), stream["name"])
    next_day(org)
    return state


def test_without_the_setting_nothing_is_repeated_and_no_state_names_a_day(org: Org) -> None:
    org.settings = {}
    deals = narrow(org.stream("Deals"), "Margin_Value")
    first = settled(org, deals)
    assert "formulas_refreshed" not in blob(first)
    assert rows_of(org.read(deals, state=[first]), "Deals") == []


@pytest.mark.parametrize("column", ["Deal_Name", "Amount"])
def test_without_such_a_column_nothing_is_repeated(org: Org, column: str) -> None:
    deals = narrow(org.stream("Deals"), column)
    output = org.read(deals, state=[settled(org, deals)])
    assert rows_of(output, "Deals") == []
    assert "formulas_refreshed" not in blob(saved(output, "Deals"))


def test_roll_up_summaries_are_refreshed_too(org: Org) -> None:
    accounts = narrow(org.stream("Accounts"), "Open_Deals")
    output = org.read(accounts, state=[settled(org, accounts)])
    assert each_once(rows_of(output, "Accounts")) == org.truth(accounts)


def test_a_state_of_an_earlier_version_is_refreshed_at_once(org: Org) -> None:
    org.settings = {}
    deals = narrow(org.stream("Deals"), "Margin_Value")
    first = saved(org.read(deals), "Deals")
    org.settings = {"refresh_formulas": "daily"}
    output = org.read(deals, state=[first])
    assert each_once(rows_of(output, "Deals")) == org.truth(deals)
    assert blob(saved(output, "Deals"))["formulas_refreshed"] == today(org)


def test_a_day_in_a_state_stays_while_the_setting_is_off(org: Org) -> None:
    deals = narrow(org.stream("Deals"), "Margin_Value")
    first = settled(org, deals)
    org.settings = {"refresh_formulas": "off"}
    output = org.read(deals, state=[first])
    assert rows_of(output, "Deals") == []
    day = blob(saved(output, "Deals"))["formulas_refreshed"]
    assert day == blob(first)["formulas_refreshed"] != today(org)


def test_rows_from_before_the_start_date_are_not_sent(org: Org) -> None:
    deals = narrow(org.stream("Deals"), "Margin_Value")
    times = sorted(row["Modified_Time"] for row in org.truth(deals).values())
    org.settings |= {"start_datetime": times[len(times) // 2]}
    output = org.read(deals, state=[settled(org, deals)])
    sent = each_once(rows_of(output, "Deals"))
    assert sorted(row["Modified_Time"] for row in sent.values()) == [
        time for time in times if time >= times[len(times) // 2]
    ]


def test_deletions_come_once_and_what_is_deleted_does_not_come_back(org: Org) -> None:
    deals = narrow(org.stream("Deals"), "Margin_Value")
    deals["json_schema"]["properties"] |= {"_ab_cdc_deleted_at": {}, "_ab_cdc_updated_at": {}}
    first = settled(org, deals)
    gone = org.control("GET", "records/Deals")[0]["id"]
    org.control("DELETE", f"records/Deals?ids={gone}&type=recycle")
    org.control("POST", "clock", {"advance_s": 120})
    rows = each_once(rows_of(org.read(deals, state=[first]), "Deals"))
    assert [key for key, row in rows.items() if "_ab_cdc_deleted_at" in row] == [gone]
    assert rows.keys() == org.truth(deals).keys() | {gone}


@pytest.mark.parametrize("retrieval", METHODS)
def test_a_refresh_that_dies_is_done_again_and_changes_are_not_lost(
    org: Org, retrieval: Row
) -> None:
    org.settings |= {"retrieval": retrieval}
    deals = narrow(org.stream("Deals"), "Deal_Name", "Margin_Value")
    first = settled(org, deals)
    new = org.control("POST", "records/Deals", {"Deal_Name": "New", "Stage": "Closed Won"})["ids"]
    org.control("POST", "clock", {"advance_s": 120})
    # The count, which may fail, and the changes before it succeed.
    calls = org.read(deals, state=[first])
    assert len(rows_of(calls, "Deals")) == len(org.truth(deals))
    match = {"REST": "records.list", "Bulk": "bulk.create"}.get(
        retrieval.get("api_type", ""), "coql"
    )
    fault = {"do": "status", "args": {"status": 400, "body": {"code": "INVALID_DATA"}}}
    org.control("POST", "faults", [{"match": match, "after": AFTER[match], "times": 99} | fault])

    output = org.read(deals, state=[first], expecting_exception=True)

    state = saved(output, "Deals")
    assert new[0] in {row["id"] for row in rows_of(output, "Deals")}
    assert blob(state)["Modified_Time"] > blob(first)["Modified_Time"]
    assert blob(state)["formulas_refreshed"] == blob(first)["formulas_refreshed"]
    org.control("DELETE", "faults")
    again = org.read(deals, state=[state])
    assert each_once(rows_of(again, "Deals")) == org.truth(deals)


@pytest.mark.parametrize("retrieval", METHODS)
def test_no_refresh_begins_that_would_use_the_reserve_and_changes_come_first(
    org: Org, retrieval: Row
) -> None:
    org.settings |= {"retrieval": retrieval, "credits_reserve_percent": 40}
    deals = narrow(org.stream("Deals"), "Deal_Name", "Margin_Value")
    first = settled(org, deals)
    new = org.control("POST", "records/Deals", {"Deal_Name": "New", "Stage": "Closed Won"})["ids"]
    org.control("POST", "clock", {"advance_s": 120})
    org.control("POST", "reset", {})
    total = org.control("GET", "usage")["credits_remaining"]
    spare = 70 if retrieval.get("api_type") == "Bulk" else 6
    org.control("POST", "knobs", {"credits_used": total * 60 // 100 - spare})

    output = org.read(deals, state=[first])

    assert [row["id"] for row in rows_of(output, "Deals")] == new
    assert "Deals: formulas and roll-up summaries are not refreshed in this sync" in log_of(output)
    assert blob(saved(output, "Deals"))["formulas_refreshed"] != today(org)
    assert org.control("GET", "usage")["credits_remaining"] >= total * 40 // 100


def test_a_state_from_the_future_reads_no_rows_for_their_formulas_either(org: Org) -> None:
    deals = narrow(org.stream("Deals"), "Margin_Value")
    state = settled(org, deals)
    blob(state)["Modified_Time"] = "2099-01-01T00:00:00Z"
    assert rows_of(org.read(deals, state=[state]), "Deals") == []


def test_a_full_refresh_names_no_day(org: Org) -> None:
    deals = narrow(org.stream("Deals"), "Margin_Value")
    output = org.read(deals, sync_mode="full_refresh")
    assert each_once(rows_of(output, "Deals")) == org.truth(deals)
    assert "formulas_refreshed" not in blob(saved(output, "Deals"))


@pytest.mark.parametrize("kind", ["edit", "delete"])
@pytest.mark.parametrize("retrieval", METHODS)
def test_what_changes_during_a_refresh_comes_with_it_or_with_the_next_sync(
    org: Org, retrieval: Row, kind: str
) -> None:
    org.settings |= {"retrieval": retrieval}
    deals = narrow(org.stream("Deals"), "Deal_Name", "Margin_Value")
    deals["json_schema"]["properties"] |= {"_ab_cdc_deleted_at": {}, "_ab_cdc_updated_at": {}}
    first = settled(org, deals)
    recompute(org, "Deals", "Margin_Value", -3.5, rows=20)
    org.control("POST", "knobs", {"churn": 1, "churn_rows": 4, "churn_kind": kind})
    output = org.read(deals, state=[first])
    org.control("POST", "knobs", {"churn": 0, "churn_kind": "edit"})
    org.control("POST", "clock", {"advance_s": 120})

    following = org.read(deals, state=[saved(output, "Deals")])

    rows = each_once(rows_of(output, "Deals")) | each_once(rows_of(following, "Deals"))
    assert {key: row for key, row in rows.items() if "_ab_cdc_deleted_at" not in row} == org.truth(
        deals
    )
    assert rows_of(following, "Deals"), "nothing has changed meanwhile"
