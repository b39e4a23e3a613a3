"""States: when they move, what is odd about them, and what a run goes on from."""

import itertools
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from pytest_mock import MockerFixture

from source_zoho_crm.readers.windows import format_timestamp
from unit_tests.source.conftest import (
    METHODS,
    Org,
    Row,
    narrow,
    rows_of,
    settle,
    states_of,
)
from zoho_crm import org as clocks
from zoho_emulator.server import Settings, running

SETTINGS = Settings(rows=20, rows_by_module={"Vehicles": 12_000}, modules=62)


@pytest.fixture(scope="module")
def _own() -> Iterator[Org]:
    with running(SETTINGS, {"tokens_per_10_min": 0, "bulk_job_seconds": 0}) as server:
        yield Org(server)


@pytest.fixture
def org(_own: Org) -> Iterator[Org]:
    """Tests may change its rows of Deals, and its clock."""
    settle(_own, SETTINGS)
    yield _own
    _own.control("DELETE", "faults")
    _own.control("POST", "knobs", {"visible_after_s": 0, "child_deletes": False})


def state(stream: str, **reported: Any) -> Row:
    descriptor = {"name": stream}
    return {
        "type": "STREAM",
        "stream": {"stream_descriptor": descriptor, "stream_state": reported},
    }


def last(output: EntrypointOutput, stream: str) -> Row:
    return states_of(output, stream)[-1]


def blob(saved: Row) -> Row:
    reported: Row = saved["stream"]["stream_state"]
    return reported


def warnings(output: EntrypointOutput) -> list[str]:
    return [log.log.message for log in output.logs if log.log.level.value == "WARN"]


def later(org: Org, seconds: float) -> None:
    org.control("POST", "clock", {"advance_s": seconds})


def follow_children(org: Org) -> None:
    """Has Zoho list a removed line item, so that they are incremental."""
    org.control("POST", "knobs", {"child_deletes": True})
    children = [row["id"] for row in org.control("GET", "records/Quoted_Items")]
    org.control("DELETE", f"records/Quoted_Items?ids={max(children)}&type=permanent")
    later(org, 3_600)


# --- States of streams that are not configured ----------------------------------------------------


@pytest.mark.parametrize(
    ("strangers", "named"),
    [
        (["Leeds"], "Leeds"),
        (
            [f"S{n}" for n in range(10, 22)],
            f"{', '.join(f'S{n}' for n in range(10, 20))} and 2 more",
        ),
    ],
)
def test_a_state_of_a_stream_that_the_catalog_does_not_have_is_warned_of(
    org: Org, strangers: list[str], named: str
) -> None:
    time = {"Modified_Time": "2025-01-01T00:00:00Z"}
    states = [state(name, **time) for name in ("Deals", *strangers)]

    output = org.read(narrow(org.stream("Deals")), state=[*states, state("Tasks")])

    because = "because the configured catalog has no such stream."
    said = [one for one in warnings(output) if "no such stream" in one]
    assert said == [f"The state of {named} is not used, {because}"]


# --- Where a state goes on ------------------------------------------------------------------------


def test_each_state_goes_on_where_it_was_emitted(org: Org) -> None:
    vehicles = narrow(org.stream("Vehicles"))
    output = org.read(vehicles)
    states = states_of(output, "Vehicles")
    timestamps = [blob(reported)["Modified_Time"] for reported in states]
    assert timestamps == sorted(timestamps)
    assert len(set(timestamps)) >= 2, "12,000 rows are more than a window holds"
    rows = len(org.truth(vehicles))

    for reported in dict(zip(timestamps, states, strict=True)).values():
        timestamp = blob(reported)["Modified_Time"]
        before = {r["id"] for r in rows_of(output, "Vehicles") if r["Modified_Time"] <= timestamp}
        after = rows_of(org.read(vehicles, state=[reported]), "Vehicles", deleted=False)
        assert before.isdisjoint(row["id"] for row in after)
        assert len(before) + len(after) == rows


def test_windows_that_take_longer_than_five_minutes_are_followed_by_smaller_ones(
    org: Org, mocker: MockerFixture
) -> None:
    mocker.patch("source_zoho_crm.readers.windows.MOST_ROWS", 400)
    # One window is planned while the one before it is read.
    org.settings = {"max_concurrent_requests": 1}
    vehicles = narrow(org.stream("Vehicles"))
    quick = {
        blob(reported)["Modified_Time"] for reported in states_of(org.read(vehicles), "Vehicles")
    }
    clock = mocker.patch("source_zoho_crm.driver.time")
    clock.time.side_effect = itertools.count(step=3_000)

    output = org.read(vehicles)

    timestamps = {blob(reported)["Modified_Time"] for reported in states_of(output, "Vehicles")}
    assert len(timestamps) >= len(quick) + 3, "of 2,001 rows, 400 twice, then 200 at a time"
    assert {row["id"] for row in rows_of(output, "Vehicles")} == org.truth(vehicles).keys()


@pytest.mark.parametrize("retrieval", METHODS)
@pytest.mark.parametrize("module", ["Deals", "Quoted_Items"])
def test_a_full_refresh_brings_all_rows_whatever_the_state(
    org: Org, retrieval: Row, module: str
) -> None:
    org.settings = {"retrieval": retrieval}
    follow_children(org)
    stream = org.stream(module)
    assert "incremental" in stream["supported_sync_modes"]
    timestamp = format_timestamp(datetime.now(UTC))

    output = org.read(
        stream, sync_mode="full_refresh", state=[state(module, Modified_Time=timestamp)]
    )

    assert {row["id"] for row in rows_of(output, module)} == org.truth(stream).keys() != set()


@pytest.mark.parametrize("retrieval", METHODS)
def test_the_state_of_a_full_refresh_passes_no_row_that_zoho_shows_late(
    org: Org, retrieval: Row
) -> None:
    """A platform may keep it, and read the stream incrementally later."""
    org.settings = {"retrieval": retrieval}
    deals = narrow(org.stream("Deals"), "Deal_Name")
    deal = {"Deal_Name": "Just now", "Stage": "Qualification"}
    (new,) = org.control("POST", "records/Deals", deal)["ids"]
    org.control("POST", "knobs", {"visible_after_s": 30})
    later(org, 35)
    (late,) = org.control("POST", "records/Deals", deal)["ids"]
    later(org, 20)

    whole = org.read(deals, sync_mode="full_refresh")

    clock = datetime.fromtimestamp(org.control("GET", "clock")["now"], UTC)
    read = {row["id"] for row in rows_of(whole, "Deals")}
    assert new in read, "its last minute is read"
    assert late not in read, "it is not to be seen yet"
    reached = max(blob(saved)["Modified_Time"] for saved in states_of(whole, "Deals"))
    assert datetime.fromisoformat(reached) <= clock - timedelta(seconds=60)
    later(org, 120)
    changes = org.read(deals, state=[last(whole, "Deals")])
    assert late in {row["id"] for row in rows_of(changes, "Deals")}


def test_no_stream_says_that_a_full_refresh_goes_on_from_a_state(org: Org) -> None:
    """A platform would not take away the rows of the attempt before."""
    assert not org.stream("Deals")["is_resumable"]


# --- A lookback -----------------------------------------------------------------------------------


@pytest.mark.parametrize("retrieval", METHODS)
@pytest.mark.parametrize(("late_s", "minutes"), [(90, 1), (600, 10)])
def test_rows_that_zoho_shows_late_come_with_a_lookback(
    org: Org, retrieval: Row, late_s: int, minutes: int
) -> None:
    org.settings = {"retrieval": retrieval, "lookback_minutes": minutes}
    deals = narrow(org.stream("Deals"), "Deal_Name")
    org.control("POST", "knobs", {"visible_after_s": late_s})
    saved = last(org.read(deals), "Deals")
    later(org, 600)
    deal = {"Deal_Name": "Late", "Stage": "Qualification"}
    (late,) = org.control("POST", "records/Deals", deal)["ids"]
    later(org, late_s - 10)
    first = org.read(deals, state=[saved])
    assert late not in {row["id"] for row in rows_of(first, "Deals")}, "it is not to be seen yet"
    later(org, 60)

    second = org.read(deals, state=[last(first, "Deals")])

    assert late in {row["id"] for row in rows_of(second, "Deals")}
    states = [blob(last(run, "Deals"))["Modified_Time"] for run in (first, second)]
    assert states == sorted(states)


@pytest.mark.parametrize("retrieval", METHODS)
@pytest.mark.parametrize(
    ("module", "edit"), [("Deals", {"Deal_Name": "Edited"}), ("Quoted_Items", {"Quantity": 7})]
)
def test_a_lookback_repeats_rows_and_tombstones_and_moves_no_state_back(
    org: Org, retrieval: Row, module: str, edit: Row
) -> None:
    org.settings = {"retrieval": retrieval, "lookback_minutes": 15}
    follow_children(org)
    stream = narrow(org.stream(module), "_ab_cdc_deleted_at")
    edited, deleted = sorted(org.truth(stream))[:2]
    saved = last(org.read(stream), module)
    org.control("PATCH", f"records/{module}", {"id": edited, **edit})
    org.control("DELETE", f"records/{module}?ids={deleted}&type=permanent")

    runs = []
    for _ in range(2):
        later(org, 300)
        runs.append(org.read(stream, state=[saved]))
        timestamps = [blob(reported)["Modified_Time"] for reported in states_of(runs[-1], module)]
        assert timestamps == sorted(timestamps)
        assert timestamps[0] >= blob(saved)["Modified_Time"]
        saved = last(runs[-1], module)

    for run in runs:
        assert {row["id"] for row in rows_of(run, module)} >= {edited, deleted}
        assert [r["id"] for r in rows_of(run, module) if "_ab_cdc_deleted_at" in r] == [deleted]


def test_a_lookback_does_not_reach_behind_the_start_date(org: Org) -> None:
    deals = narrow(org.stream("Deals"))
    before, after, *_ = sorted(org.truth(deals))
    timestamps = {before: "2025-12-20T00:29:59+00:00", after: "2025-12-20T00:30:00+00:00"}
    rows = [{"id": key, "Modified_Time": timestamp} for key, timestamp in timestamps.items()]
    org.control("PATCH", "records/Deals", rows)
    org.settings = {"start_datetime": "2025-12-20T00:30:00Z", "lookback_minutes": 60}

    output = org.read(deals, state=[state("Deals", Modified_Time="2025-12-20T01:00:00Z")])

    read = {row["id"] for row in rows_of(output, "Deals", deleted=False)}
    assert (before in read, after in read) == (False, True)


# --- Odd states -----------------------------------------------------------------------------------


@pytest.mark.parametrize("timestamp", ["2999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("retrieval", METHODS)
def test_a_state_in_the_future_reads_nothing_is_kept_and_reported_each_time(
    org: Org, retrieval: Row, timestamp: str
) -> None:
    org.settings = {"retrieval": retrieval, "lookback_minutes": 1440}
    deals = org.stream("Deals")
    saved = state("Deals", Modified_Time=timestamp)

    for _ in range(2):
        output = org.read(deals, state=[saved])

        (reported,) = warnings(output)
        assert f"Deals: the saved state is {timestamp}, which is in the future" in reported
        assert "Clear the stream's state" in reported
        assert rows_of(output, "Deals") == []
        saved = last(output, "Deals")
        assert blob(saved)["Modified_Time"] == timestamp


def test_a_state_just_before_now_reads_nothing_and_is_not_reported(org: Org) -> None:
    """The last minute is left out, and Zoho's machines may differ by some seconds."""
    deals = org.stream("Deals")
    now = datetime.fromisoformat(blob(last(org.read(deals), "Deals"))["Modified_Time"])
    timestamp = format_timestamp(now + timedelta(seconds=55))

    output = org.read(deals, state=[state("Deals", Modified_Time=timestamp)])

    assert rows_of(output, "Deals") == []
    assert warnings(output) == []
    assert blob(last(output, "Deals"))["Modified_Time"] == timestamp


@pytest.mark.parametrize("module", ["Deals", "Quoted_Items"])
def test_keys_of_a_state_that_mean_nothing_are_reported(org: Org, module: str) -> None:
    saved = state(module, Modified_Time="2020-01-01T00:00:00Z", cursor=7, modified="x")

    output = org.read(org.stream(module), sync_mode="incremental", state=[saved])

    assert any(
        f"{module}: the saved state has keys that mean nothing here (cursor, modified)" in line
        for line in warnings(output)
    )
    assert not blob(last(output, module)).keys() & {"cursor", "modified"}


def test_a_state_of_unknown_keys_alone_reads_everything(org: Org) -> None:
    deals = org.stream("Deals")

    output = org.read(deals, state=[state("Deals", modified="x")])

    assert {row["id"] for row in rows_of(output, "Deals", deleted=False)} == set(org.truth(deals))
    assert blob(last(output, "Deals")).keys() == {"Modified_Time", "org_id"}
    assert any("(modified)" in line for line in warnings(output))


def test_spans_beside_a_timestamp_are_not_gone_on_from(org: Org) -> None:
    """The CDK would take its own form of a state before the timestamp."""
    deals = org.stream("Deals")
    span = {"start": "1970-01-01T00:00:00Z", "end": format_timestamp(datetime.now(UTC))}
    saved = state(
        "Deals", Modified_Time="1999-01-01T00:00:00Z", state_type="date-range", slices=[span]
    )

    output = org.read(deals, state=[saved])

    assert {row["id"] for row in rows_of(output, "Deals", deleted=False)} == set(org.truth(deals))
    assert any("(slices, state_type)" in line for line in warnings(output))


@pytest.mark.parametrize("stream", ["modules", "users", "Entity_Scores__s"])
def test_a_stream_without_a_state_that_is_set_to_incremental_is_reported(
    org: Org, stream: str
) -> None:
    read = org.stream(stream)
    assert read["supported_sync_modes"] == ["full_refresh"]
    saved = state(stream, Modified_Time="2020-01-01T00:00:00Z")

    output = org.read(read, sync_mode="incremental", state=[saved])

    (reported,) = warnings(output)
    assert reported.startswith(f"{stream}: the configured catalog reads this stream incrementally")


# --- Whose a state is -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def other() -> Iterator[Org]:
    with running(Settings(seed=2, rows=20), {"tokens_per_10_min": 0}) as server:
        yield Org(server)


@pytest.mark.parametrize("retrieval", METHODS)
def test_a_state_of_another_org_is_refused_and_other_streams_are_read(
    org: Org, other: Org, retrieval: Row
) -> None:
    org.settings = other.settings = {"retrieval": retrieval}
    names = ("Deals", "Quoted_Items", "Contacts")
    theirs, ours = ([each.stream(name) for name in names] for each in (other, org))
    before = other.read(*theirs, sync_mode="incremental")
    saved = [last(before, name) for name in ("Deals", "Quoted_Items")]

    output = org.read(*ours, sync_mode="incremental", state=saved, expecting_exception=True)

    reported = [message.trace.error for message in output.errors]
    assert {error.failure_type.value for error in reported} == {"config_error"}
    for name in ("Deals", "Quoted_Items"):
        (sentence,) = [
            error.message
            for error in reported
            if error.stream_descriptor and error.stream_descriptor.name == name
        ]
        assert f"{name}: the saved state is of the org {blob(saved[0])['org_id']}" in sentence
        assert "Clear the stream's state" in sentence
        assert rows_of(output, name) == []
        assert states_of(output, name) == []
        assert output.get_stream_statuses(name)[-1].value == "INCOMPLETE"
    assert "Deals" in reported[-1].message
    assert rows_of(output, "Contacts")
    assert blob(last(output, "Contacts"))["org_id"] != blob(saved[0])["org_id"]


def test_a_state_of_another_org_stands_in_no_ones_way_where_it_is_not_used(org: Org) -> None:
    foreign = {"Modified_Time": "2020-01-01T00:00:00Z", "org_id": "4711"}
    deals, contacts = org.stream("Deals"), org.stream("Contacts")

    whole = org.read(deals, sync_mode="full_refresh", state=[state("Deals", **foreign)])
    other = org.read(contacts, state=[state("Deals", **foreign)])

    assert {row["id"] for row in rows_of(whole, "Deals")} == org.truth(deals).keys()
    assert {row["id"] for row in rows_of(other, "Contacts")} == org.truth(contacts).keys()


@pytest.mark.parametrize("module", ["Deals", "Quoted_Items"])
def test_a_state_without_an_org_is_taken_and_has_it_from_then_on(org: Org, module: str) -> None:
    stream = org.stream(module)
    (whole,) = rows_of(org.read(org.stream("org")), "org")

    output = org.read(
        stream,
        sync_mode="incremental",
        state=[state(module, Modified_Time="2020-01-01T00:00:00Z")],
    )

    assert rows_of(output, module)
    assert {blob(reported)["org_id"] for reported in states_of(output, module)} == {whole["id"]}
    again = org.read(stream, sync_mode="incremental", state=[last(output, module)])
    assert blob(last(again, module))["org_id"] == whole["id"]


def test_where_zoho_does_not_say_which_org_it_is_the_id_of_a_state_is_kept(org: Org) -> None:
    refusal = {"code": "NO_PERMISSION", "details": {}, "message": "no", "status": "error"}
    args = {"status": 403, "body": refusal}
    deals = org.stream("Deals")
    org.control("POST", "faults", [{"match": "org", "do": "status", "args": args}])
    saved = state("Deals", Modified_Time="2020-01-01T00:00:00Z", org_id="4711")

    output = org.read(deals, state=[saved])

    assert rows_of(output, "Deals")
    assert {blob(reported)["org_id"] for reported in states_of(output, "Deals")} == {"4711"}
    first = org.read(deals)
    assert "org_id" not in blob(last(first, "Deals"))


def test_streams_of_settings_have_no_org_in_their_state(org: Org) -> None:
    output = org.read(org.stream("users"))

    assert [blob(reported) for reported in states_of(output, "users")] == [
        {"__ab_no_cursor_state_message": True}
    ]


# --- Clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("off_s", "reported"), [(18_000, 1), (-400, 1), (200, 0), (-200, 0)])
def test_clocks_that_differ_by_more_than_five_minutes_are_reported_once(
    caplog: pytest.LogCaptureFixture, off_s: int, reported: int
) -> None:
    org = clocks.Org()

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            org.book_answer(answer(off_s))

    lines = [line for line in caplog.messages if "this machine's differ by" in line]
    assert len(lines) == reported


def test_the_clock_of_an_emulator_may_be_moved(caplog: pytest.LogCaptureFixture) -> None:
    org = clocks.Org(local=True)

    org.book_answer(answer(18_000))

    assert caplog.messages == []
    ahead = (org.clock.latest() - datetime.now(UTC)).total_seconds()
    assert abs(ahead - 18_000) < 5


def test_the_latest_timestamp_is_that_of_the_clock_which_is_most_ahead() -> None:
    org = clocks.Org()
    for off_s in (-500, 200, -100):
        org.book_answer(answer(off_s))

    assert abs((org.clock.latest() - datetime.now(UTC)).total_seconds() - 200) < 5
    assert abs((org.clock.now() - datetime.now(UTC)).total_seconds() + 500) < 5

    behind = clocks.Org()
    behind.book_answer(answer(-500))
    assert abs((behind.clock.latest() - datetime.now(UTC)).total_seconds()) < 5


def answer(off_s: float) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response._content = b"{}"
    timestamp = datetime.now(UTC) + timedelta(seconds=off_s)
    response.headers["Date"] = timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return response
