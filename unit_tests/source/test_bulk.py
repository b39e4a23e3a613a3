"""The Bulk reader: jobs, their failures, and chains of exports, against the emulator."""

import itertools
import json
import math
import threading
import time as real_time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from hypothesis import given
from hypothesis import strategies as st

from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.readers.export_chain import cut_window, estimate_first_part
from source_zoho_crm.readers.windows import Window, format_timestamp
from unit_tests.source.conftest import (
    BULK,
    COQL,
    REST,
    Org,
    each_once,
    log_of,
    modules_of,
    rows_of,
    states_of,
)
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Running, Settings, running

LEADS = 400


QUIET = {
    "churn": 0,
    "bulk_fail": 0,
    "bulk_rows": 200_000,
    "bulk_between_inclusive": True,
    "bulk_job_seconds": 0,
    "bulk_refused_modules": [],
    "bulk_downloads_per_minute": 0,
}


class BulkOrg(Org):
    """Discovers its streams once for all tests: none of them changes a schema."""

    known: ClassVar[dict[str, str]] = {}

    def streams(self) -> dict[str, Any]:
        version = self.settings.get("schema_version", "v4")
        if version not in self.known:
            self.known[version] = json.dumps(super().streams())
        return json.loads(self.known[version])

    def knobs(self, **knobs: object) -> None:
        self.control("POST", "knobs", knobs)

    def later(self, seconds: float = 300) -> None:
        self.control("POST", "clock", {"advance_s": seconds})


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    small = Settings(rows=40, rows_by_module={"Leads": LEADS})
    with running(small, {"tokens_per_10_min": 0, "bulk_job_seconds": 0}) as server:
        BulkOrg.known.clear()
        yield server


@pytest.fixture
def bulk_org(_server: Running) -> Iterator[BulkOrg]:
    """A small org. Tests change its rows, clock and knobs; the knobs are turned back."""
    ZohoAuthenticator._tokens.clear()
    org = BulkOrg(_server, {"retrieval": BULK})
    # Nothing that another test changed is younger than a minute.
    org.later()
    org.streams()
    org.control("POST", "reset", {})
    yield org
    org.knobs(**QUIET)
    org.control("DELETE", "faults")


class Time:
    """Time in which nobody waits: the emulator's clock moves instead."""

    def __init__(self, org: BulkOrg) -> None:
        self.slept: list[float] = []
        self._org = org

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._org.later(seconds)
        # An export is written in the emulator's true time.
        for thread in threading.enumerate():
            if thread.name.startswith("export "):
                # One that is just being started cannot be joined yet.
                while thread in threading.enumerate() and not thread.is_alive():
                    real_time.sleep(0.001)
                thread.join()

    def monotonic(self) -> float:
        return 1_000 + sum(self.slept)

    def time(self) -> float:
        return real_time.time() + sum(self.slept)


@pytest.fixture
def time(bulk_org: BulkOrg, mocker) -> Time:
    time = Time(bulk_org)
    mocker.patch("source_zoho_crm.driver.time", time)
    mocker.patch("source_zoho_crm.download_pace.time", time)
    return time


@pytest.fixture
def hurried(mocker) -> None:
    """Exports of the emulator are small; a chain of them should not take seconds."""
    mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)


def fault(match: str, times: int, status: int, code: str) -> list[dict[str, Any]]:
    body = {"code": code, "details": {}, "message": "made up", "status": "error"}
    args = {"status": status, "body": body}
    return [{"match": match, "times": times, "do": "status", "args": args}]


# --- One export ----------------------------------------------------------------------------------


class Waits:
    """The clock, whose sleeps are known."""

    def __init__(self) -> None:
        self.all: list[float] = []

    def monotonic(self) -> float:
        return real_time.monotonic()

    def time(self) -> float:
        return real_time.time()

    def sleep(self, seconds: float) -> None:
        self.all.append(seconds)
        real_time.sleep(seconds)


def test_a_module_costs_an_export_a_download_and_few_looks(bulk_org: BulkOrg, mocker) -> None:
    waits = Waits()
    mocker.patch("source_zoho_crm.driver.time", waits)
    leads = bulk_org.streams()["Leads"]

    output = bulk_org.read(leads)

    assert each_once(rows_of(output, "Leads")) == bulk_org.truth(leads)
    calls = [bulk_org.calls(f"bulk.{name}") for name in ("create", "status", "result")]
    # How long the emulator works depends on what else the machine does.
    assert calls == [1, len(waits.all), 1]
    looks = [0.3 * 1.6**look for look in range(len(waits.all))]
    assert waits.all == pytest.approx(looks, abs=0.01)
    assert f"Leads: {len(bulk_org.truth(leads)):,} records read by Bulk in " in log_of(output)


def test_a_quiet_module_costs_one_credit(bulk_org: BulkOrg) -> None:
    leads = bulk_org.streams()["Leads"]
    state = states_of(bulk_org.read(leads), "Leads")[-1]
    bulk_org.settings["include_deleted"] = False
    bulk_org.later(86_400)

    output = bulk_org.read(leads, state=[state])

    assert rows_of(output, "Leads") == []
    assert "Cost: 1 stream without records, 1 call, 1 credit." in log_of(output)
    (later,) = states_of(output, "Leads")[-1:]
    assert later["stream"]["stream_state"] != state["stream"]["stream_state"]


def test_an_empty_export_is_no_trouble(bulk_org: BulkOrg) -> None:
    leads = bulk_org.streams()["Leads"]
    state = states_of(bulk_org.read(leads), "Leads")[-1]
    bulk_org.later()
    # Changed within the last minute: a list shows it, and the span ends before it.
    bulk_org.control("POST", "records/Leads", {"Last_Name": "Late", "Company": "Late"})

    output = bulk_org.read(leads, state=[state])

    assert rows_of(output, "Leads") == []
    assert bulk_org.calls("bulk.create") == 2
    assert bulk_org.calls("bulk.result") == 2, "a count of no rows alone is not believed"
    bulk_org.later()
    (late,) = rows_of(bulk_org.read(leads, state=states_of(output, "Leads")[-1:]), "Leads")
    assert late["Last_Name"] == "Late"


def test_a_start_date_leaves_older_records_out(bulk_org: BulkOrg) -> None:
    leads = bulk_org.streams()["Leads"]
    truth = bulk_org.truth(leads)
    middle = sorted(row["Modified_Time"] for row in truth.values())[len(truth) // 2]
    bulk_org.settings["start_datetime"] = middle

    rows = each_once(rows_of(bulk_org.read(leads), "Leads"))

    assert rows.keys() == {key for key, row in truth.items() if row["Modified_Time"] >= middle}


def test_only_columns_of_the_configured_catalog_are_exported(bulk_org: BulkOrg) -> None:
    leads = bulk_org.streams()["Leads"]
    properties = leads["json_schema"]["properties"]
    names = ("id", "Email", "Modified_Time")
    leads["json_schema"]["properties"] = {name: properties[name] for name in names}

    rows = rows_of(bulk_org.read(leads), "Leads")

    assert set().union(*rows) == set(names)
    assert len(rows) == len(bulk_org.truth(leads))


def test_nothing_but_the_id_can_be_exported(bulk_org: BulkOrg) -> None:
    streams = bulk_org.streams()
    name = next(
        name
        for name in sorted(modules_of(streams))
        if "Modified_Time" not in streams[name]["json_schema"]["properties"]
        and bulk_org.truth(streams[name])
    )
    stream = streams[name]
    stream["json_schema"]["properties"] = {"id": {"type": "string"}}

    rows = each_once(rows_of(bulk_org.read(stream), name))

    assert rows == {key: {"id": key} for key in bulk_org.truth(stream)}


def test_deletions_come_as_on_every_method(bulk_org: BulkOrg) -> None:
    leads = bulk_org.streams()["Leads"]
    state = states_of(bulk_org.read(leads), "Leads")[-1]
    bulk_org.later()
    gone = sorted(bulk_org.truth(leads))[:2]
    bulk_org.control("DELETE", f"records/Leads?ids={','.join(gone)}&type=recycle")
    bulk_org.later()

    rows = rows_of(bulk_org.read(leads, state=[state]), "Leads")

    assert sorted(row["id"] for row in rows) == gone
    assert all(row["_ab_cdc_deleted_at"] for row in rows)


@pytest.mark.parametrize(
    ("first", "second"), [(BULK, COQL), (COQL, BULK), (BULK, REST), (REST, BULK)]
)
def test_a_state_of_one_method_is_read_on_another(bulk_org: BulkOrg, first, second) -> None:
    bulk_org.settings["retrieval"] = first
    leads = bulk_org.streams()["Leads"]
    before = bulk_org.read(leads)
    bulk_org.later()
    changed = sorted(bulk_org.truth(leads))[:3]
    bulk_org.control("PATCH", "records/Leads", [{"id": key, "City": "Zürich"} for key in changed])
    bulk_org.later()

    bulk_org.settings["retrieval"] = second
    after = bulk_org.read(leads, state=states_of(before, "Leads")[-1:])

    assert each_once(rows_of(after, "Leads")).keys() == set(changed)
    truth = bulk_org.truth(leads)
    assert each_once(rows_of(before, "Leads")) | each_once(rows_of(after, "Leads")) == truth


# --- Jobs that take their time, fail or vanish ---------------------------------------------------


@pytest.mark.parametrize(("seconds", "most_looks"), [(2, 4), (60, 12), (3_000, 20)])
def test_waits_grow_and_looks_are_few(
    bulk_org: BulkOrg, time: Time, seconds: int, most_looks: int
) -> None:
    leads = bulk_org.streams()["Leads"]
    bulk_org.knobs(bulk_job_seconds=seconds)

    output = bulk_org.read(leads)

    assert len(rows_of(output, "Leads")) == len(bulk_org.truth(leads))
    assert bulk_org.calls("bulk.status") <= most_looks
    assert sum(time.slept) < 1.7 * seconds


def test_a_job_that_does_not_end_is_given_up_with_a_sentence(bulk_org: BulkOrg, time: Time) -> None:
    leads = bulk_org.streams()["Leads"]
    bulk_org.knobs(bulk_job_seconds=40_000)

    output = bulk_org.read(leads, expecting_exception=True)

    assert "Zoho has not completed it in 101 minutes" in output.errors[0].trace.error.message
    assert output.errors[0].trace.error.failure_type.value == "transient_error"
    # The access token ends meanwhile.
    assert bulk_org.calls("bulk.status") in (20, 21)


def test_a_failed_job_is_made_anew(bulk_org: BulkOrg) -> None:
    leads = bulk_org.streams()["Leads"]
    bulk_org.knobs(bulk_fail=2)

    output = bulk_org.read(leads)

    assert len(rows_of(output, "Leads")) == len(bulk_org.truth(leads))
    assert bulk_org.calls("bulk.create") == 3
    assert "it failed (INTERNAL_SERVER_ERROR: Internal server error occurred.)" in log_of(output)


def test_a_job_that_fails_every_time_ends_the_stream_with_a_sentence(bulk_org: BulkOrg) -> None:
    leads = bulk_org.streams()["Leads"]
    bulk_org.knobs(bulk_fail=9)

    output = bulk_org.read(leads, expecting_exception=True)

    assert bulk_org.calls("bulk.create") == 3
    error = output.errors[0].trace.error
    assert "and so 3 times. The next sync continues from the saved state." in error.message
    assert error.failure_type.value == "transient_error"


@pytest.mark.parametrize("match", ["bulk.status:Leads", "bulk.result:Leads"])
def test_what_has_expired_is_made_anew(bulk_org: BulkOrg, match: str) -> None:
    leads = bulk_org.streams()["Leads"]
    bulk_org.control("POST", "faults", fault(match, 1, 404, "RESOURCE_NOT_FOUND"))

    output = bulk_org.read(leads)

    assert each_once(rows_of(output, "Leads")) == bulk_org.truth(leads)
    assert bulk_org.calls("bulk.create") == 2
    assert "it is no longer there; a new one is made" in log_of(output)


def test_a_result_that_is_no_zip_is_fetched_again(bulk_org: BulkOrg) -> None:
    leads = bulk_org.streams()["Leads"]
    bulk_org.control("POST", "reset", {})
    broken = {"match": "bulk.result", "times": 1, "do": "body", "args": {"body": "x" * 100}}
    bulk_org.control("POST", "faults", [broken])

    output = bulk_org.read(leads)

    assert each_once(rows_of(output, "Leads")) == bulk_org.truth(leads)
    assert (bulk_org.calls("bulk.create"), bulk_org.calls("bulk.result")) == (1, 2)


def test_downloads_wait_for_their_minute(bulk_org: BulkOrg, time: Time) -> None:
    streams = bulk_org.streams()
    names = ("Leads", "Accounts", "Contacts", "Deals", "Products", "Vehicles")
    bulk_org.settings["max_concurrent_requests"] = 1
    bulk_org.knobs(bulk_downloads_per_minute=2)

    output = bulk_org.read(*(streams[name] for name in names))

    for name in names:
        assert each_once(rows_of(output, name)) == bulk_org.truth(streams[name])
    assert 100 <= sum(time.slept) <= 200
    assert bulk_org.calls("bulk.create") == len(names)


def test_a_module_that_bulk_read_refuses_is_read_by_rest_and_the_log_says_so_once(
    bulk_org: BulkOrg,
) -> None:
    bulk_org.knobs(bulk_refused_modules=["Vehicles"])
    vehicles = bulk_org.streams()["Vehicles"]

    output = bulk_org.read(vehicles)

    assert each_once(rows_of(output, "Vehicles")) == bulk_org.truth(vehicles)
    (line,) = [line for line in log_of(output).splitlines() if "Bulk does not serve" in line]
    assert "MODULE_NOT_SUPPORTED" in line
    assert line.endswith("so it is read by REST.")


# --- Chains of exports ---------------------------------------------------------------------------


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_every_page_of_a_chain_is_read(bulk_org: BulkOrg, version: str) -> None:
    bulk_org.settings["schema_version"] = version
    bulk_org.knobs(bulk_rows=100)
    leads = bulk_org.streams()["Leads"]

    output = bulk_org.read(leads)

    assert each_once(rows_of(output, "Leads")) == bulk_org.truth(leads)
    needed = math.ceil(len(bulk_org.truth(leads)) / 100)
    assert bulk_org.calls("bulk.create") == needed, "no export more than rows need"


@pytest.mark.usefixtures("hurried")
def test_chains_of_modules_without_modified_time_are_read_too(bulk_org: BulkOrg) -> None:
    bulk_org.knobs(bulk_rows=7)
    streams = {
        name: stream
        for name, stream in bulk_org.streams().items()
        if name in modules_of([name])
        and "Modified_Time" not in stream["json_schema"]["properties"]
        and len(bulk_org.truth(stream)) > 14
    }
    assert streams

    output = bulk_org.read(*streams.values())

    for name, stream in streams.items():
        assert each_once(rows_of(output, name)) == bulk_org.truth(stream)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("version", ["v2", "v4", "v8"])
@pytest.mark.parametrize("rows_of_an_export", [60, 180, 1_000])
def test_nothing_is_lost_when_rows_are_edited_meanwhile(
    bulk_org: BulkOrg, version: str, rows_of_an_export: int
) -> None:
    bulk_org.settings["schema_version"] = version
    leads = bulk_org.streams()["Leads"]
    bulk_org.knobs(bulk_rows=rows_of_an_export)
    bulk_org.knobs(churn=1, churn_rows=10)

    first = bulk_org.read(leads)

    bulk_org.knobs(churn=0)
    bulk_org.later()
    second = bulk_org.read(leads, state=states_of(first, "Leads")[-1:])
    after = bulk_org.truth(leads)
    read = each_once(rows_of(first, "Leads")) | each_once(rows_of(second, "Leads"))
    assert not second.errors
    assert read == after


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("version", ["v2", "v4"])
def test_a_chain_in_which_a_row_moved_is_read_again_in_windows(
    bulk_org: BulkOrg, version: str, mocker
) -> None:
    bulk_org.settings["schema_version"] = version
    leads = bulk_org.streams()["Leads"]
    bulk_org.knobs(bulk_rows=170)
    bulk_org.later()
    truth = bulk_org.truth(leads)
    oldest = sorted(truth)[:20]
    edited = []

    def edit_before_the_second_page(service, query) -> str:
        if query.get("page") == 2 and not edited:
            edited.extend(oldest)
            bulk_org.control(
                "PATCH", "records/Leads", [{"id": key, "City": "Bern"} for key in oldest]
            )
        return create(service, query)

    create = BulkRead.create
    mocker.patch.object(BulkRead, "create", edit_before_the_second_page)

    output = bulk_org.read(leads)

    assert edited
    assert each_once(rows_of(output, "Leads")) == truth, "as they were when they were exported"
    assert bulk_org.calls("bulk.create") in range(6, 9), "a chain of three, and its windows"
    timestamps = [s["stream"]["stream_state"]["Modified_Time"] for s in states_of(output, "Leads")]
    assert timestamps == sorted(timestamps)


@pytest.mark.usefixtures("hurried")
def test_a_second_with_more_rows_than_an_export_is_read_by_its_chain(bulk_org: BulkOrg) -> None:
    vehicles = bulk_org.streams()["Vehicles"]
    timestamp = "2024-02-03T04:05:06+00:00"
    keys = list(bulk_org.truth(vehicles))
    rows = [{"id": key, "Modified_Time": timestamp} for key in keys]
    bulk_org.control("PATCH", "records/Vehicles", rows)
    bulk_org.knobs(bulk_rows=15)

    output = bulk_org.read(vehicles)

    assert each_once(rows_of(output, "Vehicles")).keys() == set(keys)


# --- Windows that fit ----------------------------------------------------------------------------


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spans(windows: list[Window]) -> list[tuple[str, str]]:
    return [(f"{w.start:%d %H:%M:%S}", f"{w.end:%d %H:%M:%S}") for w in windows]


MONTH = Window(at("2024-01-01 00:00:10"), at("2024-01-31 23:59:59"))


@pytest.mark.parametrize(
    ("hours", "parts"),
    [
        (
            {"2024-01-02T03": 6, "2024-01-05T04": 6, "2024-01-07T05": 6},
            ["01 00:00:10", "05 04:00:00", "07 05:00:00"],
        ),
        (
            {"2024-01-02T03": 4, "2024-01-05T04": 6, "2024-01-07T05": 5, "2024-01-08T05": 5},
            ["01 00:00:10", "07 05:00:00"],
        ),
        (
            {"2024-01-02T03": 1, "2024-01-05T04": 99, "2024-01-07T05": 1},
            ["01 00:00:10", "05 04:00:00", "07 05:00:00"],
        ),
        ({"2024-01-05T04": 99}, ["01 00:00:10", "16 12:00:04"]),
        ({}, ["01 00:00:10", "16 12:00:04"]),
    ],
)
def test_windows_are_cut_where_rows_fill_them(hours: dict[str, int], parts: list[str]) -> None:
    windows = cut_window(MONTH, hours, most_rows=10)

    assert [start for start, _ in spans(windows)] == parts
    assert windows[-1].end == MONTH.end
    for one, other in itertools.pairwise(windows):
        assert (other.start - one.end).total_seconds() == 1


def test_two_seconds_are_cut_into_one_and_one() -> None:
    window = Window(at("2024-01-01 00:00:10"), at("2024-01-01 00:00:11"))
    assert spans(cut_window(window, {"2024-01-01T00": 99}, most_rows=10)) == [
        ("01 00:00:10", "01 00:00:10"),
        ("01 00:00:11", "01 00:00:11"),
    ]


@pytest.mark.parametrize("inclusive", [True, False])
def test_the_seconds_at_both_ends_of_a_span_come_whatever_zoho_takes_for_between(
    bulk_org: BulkOrg, inclusive: bool
) -> None:
    bulk_org.knobs(bulk_between_inclusive=inclusive)
    deals = bulk_org.streams()["Deals"]
    ids = sorted(bulk_org.truth(deals))[:4]
    state = states_of(bulk_org.read(deals), "Deals")[-1]
    saved = datetime.fromisoformat(state["stream"]["stream_state"]["Modified_Time"])
    seconds = (0, 1, 2, 3)
    rows = [
        {"id": one, "Modified_Time": (saved + timedelta(seconds=n)).isoformat()}
        for one, n in zip(ids, seconds, strict=True)
    ]
    bulk_org.control("PATCH", "records/Deals", rows)
    bulk_org.later(120)

    read = {row["id"] for row in rows_of(bulk_org.read(deals, state=[state]), "Deals")}

    assert read == set(ids[1:]), "all but that of the second up to which was read"


# --- Spans of more than a chain may hold ---------------------------------------------------------


@given(
    st.integers(1, 90_000_000),
    st.lists(st.integers(0, 90_000_000), max_size=60),
)
def test_a_first_part_is_smaller_than_its_window_and_in_whole_seconds(
    length: int, seconds: list[int]
) -> None:
    window = Window(MONTH.start, MONTH.start + timedelta(seconds=length))
    timestamps = [
        format_timestamp(window.start + timedelta(seconds=n % (length + 1))) for n in seconds
    ]

    part, lies = estimate_first_part(window, timestamps)

    assert part.start == window.start <= part.end < window.end
    assert part.end.microsecond == 0
    assert timedelta(0) <= lies <= window.end - window.start
    within = sum(part.holds(timestamp) for timestamp in timestamps)
    assert within <= len(timestamps) / 5 or part.start == part.end


def states_between(output: EntrypointOutput) -> list[int]:
    """How many rows came before each state."""
    counts = [0]
    for message in output.records_and_state_messages:
        if message.state:
            counts.append(0)
        else:
            counts[-1] += 1
    return counts


def spread(org: BulkOrg, module: str, begin: datetime, step: timedelta) -> list[str]:
    """The module's rows, one at each step."""
    keys = sorted(row["id"] for row in org.control("GET", f"records/{module}"))
    rows = [
        {"id": key, "Modified_Time": (begin + step * n).isoformat()} for n, key in enumerate(keys)
    ]
    org.control("PATCH", f"records/{module}", rows)
    return keys


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("version", ["v2", "v8"])
def test_a_span_of_more_than_five_exports_is_cut_by_time(bulk_org: BulkOrg, version: str) -> None:
    """As more than a million rows are, of which an export holds 200,000."""
    bulk_org.settings["schema_version"] = version
    spread(bulk_org, "Leads", at("2020-01-01 00:00:00"), timedelta(days=1))
    bulk_org.knobs(bulk_rows=36)
    leads = bulk_org.streams()["Leads"]

    output = bulk_org.read(leads)

    truth = bulk_org.truth(leads)
    assert each_once(rows_of(output, "Leads")) == truth
    assert max(states_between(output)) <= 10 * 36, "five exports, and a window of five"
    timestamps = [s["stream"]["stream_state"]["Modified_Time"] for s in states_of(output, "Leads")]
    assert timestamps == sorted(timestamps)
    assert len(set(timestamps)) >= 3
    needed = math.ceil(len(truth) / 36)
    assert bulk_org.calls("bulk.create") <= 1.4 * needed + 5


@pytest.mark.usefixtures("hurried")
def test_a_span_that_was_cut_goes_on_from_each_of_its_states(bulk_org: BulkOrg) -> None:
    bulk_org.knobs(bulk_rows=40)
    leads = bulk_org.streams()["Leads"]
    states = states_of(bulk_org.read(leads), "Leads")
    bulk_org.knobs(bulk_rows=360_000)
    truth = bulk_org.truth(leads)

    for state in (states[0], states[len(states) // 2]):
        timestamp = state["stream"]["stream_state"]["Modified_Time"]
        rest = each_once(rows_of(bulk_org.read(leads, state=[state]), "Leads", deleted=False))
        assert rest.keys() == {k for k, row in truth.items() if row["Modified_Time"] > timestamp}


@pytest.mark.usefixtures("hurried")
def test_rows_that_came_in_one_hour_are_cut_within_it(bulk_org: BulkOrg) -> None:
    contacts = bulk_org.streams()["Contacts"]
    keys = spread(bulk_org, "Contacts", at("2024-02-03 04:00:00"), timedelta(minutes=1))
    bulk_org.knobs(bulk_rows=3)

    output = bulk_org.read(contacts)

    assert each_once(rows_of(output, "Contacts")).keys() == set(keys)
    assert max(states_between(output)) < len(keys)
    assert bulk_org.calls("bulk.create") <= 2 * len(keys) / 3 + 5


@pytest.mark.usefixtures("hurried")
def test_a_second_of_more_than_five_exports_is_read_and_ends(bulk_org: BulkOrg) -> None:
    spread(bulk_org, "Contacts", at("2024-02-03 04:00:00"), timedelta(0))
    bulk_org.knobs(bulk_rows=3)
    contacts = bulk_org.streams()["Contacts"]

    output = bulk_org.read(contacts)

    assert each_once(rows_of(output, "Contacts")) == bulk_org.truth(contacts)
    assert bulk_org.calls("bulk.create") <= 4 * len(bulk_org.truth(contacts)) / 3 + 5


@pytest.mark.usefixtures("hurried")
def test_a_span_that_no_state_is_kept_of_is_not_cut(bulk_org: BulkOrg) -> None:
    bulk_org.knobs(bulk_rows=40)
    leads = bulk_org.streams()["Leads"]

    output = bulk_org.read(leads, sync_mode="full_refresh")

    truth = bulk_org.truth(leads)
    assert each_once(rows_of(output, "Leads")) == truth
    assert bulk_org.calls("bulk.create") == math.ceil(len(truth) / 40)


@pytest.mark.usefixtures("hurried")
def test_a_row_of_the_second_before_a_span_moves_those_behind_it_too(
    bulk_org: BulkOrg, mocker
) -> None:
    """Zoho is asked for a second more at both ends, and may include it."""
    bulk_org.knobs(bulk_rows=10)
    accounts = bulk_org.streams()["Accounts"]
    keys = spread(bulk_org, "Accounts", at("2024-02-03 04:00:00"), timedelta(seconds=1))
    bulk_org.later()
    saved = {
        "stream_descriptor": {"name": "Accounts"},
        # The next second is the first one that is read.
        "stream_state": {"Modified_Time": "2024-02-03T04:00:00Z"},
    }
    create, made = BulkRead.create, []

    def edited_meanwhile(service, query) -> str:
        made.append(query)
        if len(made) == 2:
            bulk_org.control("PATCH", "records/Accounts", [{"id": keys[0], "Account_Name": "x"}])
        return create(service, query)

    mocker.patch.object(BulkRead, "create", edited_meanwhile)

    output = bulk_org.read(accounts, state=[{"type": "STREAM", "stream": saved}])

    assert each_once(rows_of(output, "Accounts", deleted=False)).keys() == set(keys[1:])
