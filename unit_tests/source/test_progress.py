"""The lines of a read that runs: how far it is, and what it waits for."""

import re
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from pytest_mock import MockerFixture

from source_zoho_crm import progress
from source_zoho_crm.driver import drive
from source_zoho_crm.progress import Progress, StreamProgress
from source_zoho_crm.readers.emission import Emission
from source_zoho_crm.readers.machine import Machine
from source_zoho_crm.readers.steps import (
    Output,
    PollExport,
    Question,
    Sleep,
    Task,
    run_together,
)
from source_zoho_crm.readers.windows import Span, Window, format_timestamp
from unit_tests.source.conftest import (
    BULK,
    COQL,
    METHODS,
    REST,
    Row,
    log_of,
)
from unit_tests.source.conftest import Org as SmallOrg
from zoho_crm import waits
from zoho_crm.org import Org
from zoho_crm.waits import Waiting, Waits
from zoho_emulator.server import Settings, running

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
#: 1,000 days.
SPAN = Span(datetime(1970, 1, 1, tzinfo=UTC), BEGIN + timedelta(days=1_000), False, None)
URL = "https://zoho.example/crm/v8/Leads"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(mocker: MockerFixture) -> Clock:
    clock = Clock()
    mocker.patch("source_zoho_crm.progress.time", clock)
    mocker.patch("zoho_crm.waits.time", clock)
    return clock


@pytest.fixture(autouse=True)
def _heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "airbyte")


def page(rows: int, day: float) -> list[dict[str, Any]]:
    """Rows that were modified on this day of the span."""
    stamp = format_timestamp(BEGIN + timedelta(days=day))
    return [{"id": str(n), "Modified_Time": stamp} for n in range(rows)]


def window(day: float) -> Window:
    """One that ends on this day of the span."""
    return Window(BEGIN, BEGIN + timedelta(days=day))


def watch(
    parts: Iterable[Output],
    *,
    span: Span | None = SPAN,
    method: str = "COQL",
    org: Org | None = None,
) -> tuple[StreamProgress, Iterator[Output]]:
    """The progress of a read that brings these parts, and the parts as they are passed on."""
    emission = Emission(span, SPAN.end)
    read = StreamProgress("Leads", span, emission, org or Org(), get_method=lambda: method)
    return read, read.follow(out for part in parts for out in emission(part))


def test_a_fast_read_has_a_line_each_50_000_rows(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    _, passed_on = watch(page(2_000, day) for day in range(60))

    for _ in passed_on:
        clock.now += 0.5

    assert caplog.messages == [
        "Leads: 50,000 records by COQL so far, 4,000 records/s, 0 calls, 0 credits.",
        "Leads: 100,000 records by COQL so far, 4,000 records/s, 0 calls, 0 credits.",
    ]


def test_a_slow_read_has_a_line_each_30_seconds(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    run, org = Progress(), Org()
    read, passed_on = watch((page(100, day) for day in range(90)), org=org)

    with run.watch(read):
        for _ in passed_on:
            clock.now += 1
            run.log_what_is_due(org)
    clock.now += 100
    run.log_what_is_due(org)

    counted = [line.split()[1] for line in caplog.messages]
    assert counted == ["2,900", "5,900", "8,900"]
    assert ", 100 records/s, " in caplog.messages[-1]


@pytest.mark.parametrize(
    ("method", "share"),
    [
        pytest.param("COQL", "25 % of the span (up to 2020-09-07T00:00:00Z)", id="windows"),
        pytest.param("REST", "50 % of the span (up to 2021-05-15T00:00:00Z)", id="lists"),
    ],
)
def test_a_line_says_which_share_of_the_span_is_read(
    clock: Clock, caplog: pytest.LogCaptureFixture, method: str, share: str
) -> None:
    read, passed_on = watch([page(10, 0), window(250), page(10, 500)], method=method)

    list(passed_on)
    read.log()

    assert share in caplog.messages[0]


def test_the_share_of_a_read_that_goes_on_begins_at_its_state(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    resumed = Span(BEGIN + timedelta(days=800), SPAN.end, True, None)
    read, passed_on = watch([page(10, 850), window(900)], span=resumed)

    list(passed_on)
    read.log()

    assert " 50 % of the span " in caplog.messages[0]


@pytest.mark.parametrize("span", [None, SPAN])
def test_no_share_is_said_where_none_is_known(
    clock: Clock, caplog: pytest.LogCaptureFixture, span: Span | None
) -> None:
    bare = [{"id": "1"}, {"id": "2", "Modified_Time": None}]
    read, passed_on = watch([bare], span=span, method="REST")

    list(passed_on)
    read.log()

    assert caplog.messages == [
        "Leads: 2 records by REST so far, 2,000 records/s, 0 calls, 0 credits."
    ]


def test_a_reader_of_the_output_that_waits_is_said(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    read, passed_on = watch([page(10, 0), page(10, 1)], span=None)

    next(passed_on)
    read.log()
    clock.now += 40
    read.log_if_due()

    assert " Waits " not in caplog.messages[0]
    assert caplog.messages[1].endswith(" Waits 40 s for the reader of its output.")


def answer(status: int) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = b"{}"
    return response


@pytest.mark.parametrize(
    ("status", "reason"),
    [(429, "Zoho to take more calls (HTTP 429)"), (503, "Zoho to work again (HTTP 503)")],
)
def test_all_tries_of_a_call_are_one_wait(clock: Clock, status: int, reason: str) -> None:
    org, request = Org(), requests.Request("GET", URL).prepare()
    with org.call("Leads"):
        for _ in range(3):
            org.book_request(request)
            org.book_answer(answer(status))
            clock.now += 10
        assert org.waits.describe("Leads") == f"30 s for {reason}"
        assert org.waits.describe("Deals") == ""
        org.book_request(request)
        org.book_answer(answer(200))
        assert org.waits.describe("Leads") == ""


def test_calls_wait_for_their_turn_and_for_answers(clock: Clock) -> None:
    org, request = Org(most_calls=1), requests.Request("GET", URL).prepare()

    def call() -> None:
        with org.call("Leads"):
            org.book_request(request)

    other = threading.Thread(target=call)
    with org.call("Leads"):
        org.book_request(request)
        clock.now += 20
        other.start()
        while len(org.waits._entries) < 2:
            assert other.is_alive()
        clock.now += 10
        assert org.waits.describe("Leads") == (
            "30 s for Zoho's answer, 10 s for its turn among the calls that Zoho takes at once"
        )
    other.join()
    assert org.waits.describe("Leads") == ""


def test_what_makes_calls_beside_the_reads_of_modules_has_lines_too(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    run, org, request = Progress(), Org(), requests.Request("GET", URL).prepare()
    for seconds in range(100):
        if seconds < 50:
            with org.call("layouts"):
                org.book_request(request)
                org.book_answer(answer(200))
        run.log_what_is_due(org)
        clock.now += 1

    assert caplog.messages == [
        "layouts: 31 calls, 31 credits.",
        "layouts: 50 calls, 50 credits.",
    ]


def test_a_reader_that_sleeps_says_what_for(clock: Clock) -> None:
    known, said = Waits(), list[str]()

    def sleeper() -> Task[None]:
        yield Sleep(0.1, Waiting("Leads", "Zoho to finish export 7", 40))

    def asker() -> Task[None]:
        yield PollExport("7")

    def task() -> Task[None]:
        yield from run_together([sleeper(), asker()])

    def look(_: Question) -> None:
        said.append(known.describe("Leads"))

    assert list(drive(Machine(task()), look, most_calls=1, waits=known)) == []
    assert said == ["40 s for Zoho to finish export 7"]
    assert known.describe("Leads") == ""


# --- Reads of the emulator -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def org() -> Iterator[SmallOrg]:
    settings = Settings(rows=0, rows_by_module={"Leads": 30, "Vehicles": 20})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        yield SmallOrg(server, made_of=settings)


def lines_of(output: EntrypointOutput) -> list[str]:
    """Those of our own."""
    return [line for line in log_of(output).splitlines() if re.match(r"\w+: \S+ \w+ |Cost: ", line)]


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize("retrieval", METHODS)
def test_each_stream_has_one_line_at_its_end_and_empty_ones_share_one(
    org: SmallOrg, retrieval: Row, version: str
) -> None:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    names = ("Leads", "Vehicles", "Deals", "Cases", "Solutions", "roles")
    streams = [org.stream(name) for name in names]

    output = org.read(*streams)

    method = "(COQL|REST|Bulk)"
    *told, empty, _, _ = sorted(lines_of(output), key=lambda line: line.startswith("Cost: "))
    cost = r"in [\d.]+ s, [\d,]+ calls?, [\d,]+ credits?\."
    expected = [
        rf"Leads: 30 records read by {method} {cost}",
        rf"Vehicles: 20 records read by {method} {cost}",
        rf"roles: \d+ records read {cost}",
    ]
    for line, pattern in zip(sorted(told), expected, strict=True):
        assert re.fullmatch(pattern, line)
    assert empty.startswith("Cost: 3 streams without records, ")


STALLS = {
    "answer": (COQL, {"do": "delay", "args": {"seconds": 1.5}}, "Zoho's answer"),
    "limit": (
        REST,
        {"do": "status", "args": {"status": 429, "body": {"code": "TOO_MANY_REQUESTS"}}},
        "Zoho to take more calls (HTTP 429)",
    ),
    "fault": (REST, {"do": "status", "args": {"status": 503}}, "Zoho to work again (HTTP 503)"),
    "export": (BULK, None, "Zoho to finish export "),
}


@pytest.mark.parametrize("stall", STALLS)
def test_a_read_that_waits_says_what_for(
    org: SmallOrg, monkeypatch: pytest.MonkeyPatch, stall: str
) -> None:
    retrieval, fault, reason = STALLS[stall]
    org.settings = {"retrieval": retrieval}
    leads = org.stream("Leads")
    for name, value in {"_EVERY_S": 0.5, "_LOOK_S": 0.05}.items():
        monkeypatch.setattr(progress, name, value)
    monkeypatch.setattr(waits, "_WORTH_SAYING_S", 0.2)
    org.control("POST", "knobs", {"bulk_job_seconds": 2})
    if fault:
        call = {"match": "coql:Leads"} if retrieval == COQL else {"match": "records.list:Leads"}
        org.server.control("POST", "faults", [{**call, **fault, "times": 1}])

    output = org.read(leads)

    waiting = [line for line in log_of(output).splitlines() if " Waits " in line]
    assert any(line.startswith("Leads: 0 records by ") and reason in line for line in waiting)
    assert "Rate limit exceeded" not in log_of(output)
