"""Streams that Bulk Write takes wait on disk, over any number of states, which stay true."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from destination_zoho_crm import write_run
from unit_tests.destination.conftest import Json, Org, row, state, stream
from unit_tests.destination.spooled import (
    INSERTED,
    KEYED,
    SPOOLS,
    WAYS,
    fill_at,
    ids,
    leads,
    write,
)


@WAYS
def test_rows_of_many_states_are_one_part(bulk: Org, method: str) -> None:
    lines = [line for n in range(60) for line in (*leads(5, n * 5), state("Leads", n))]

    result = write(bulk, lines, method)

    assert ids(result) == list(range(60))
    assert [result.counts(state=n) for n in range(60)] == [{"created": 5}] * 60
    assert bulk.calls("bulk_write.create") == (method == "Bulk")
    assert bulk.calls("upsert") == (0 if method == "Bulk" else 3)


@WAYS
def test_few_rows_go_by_calls(bulk: Org, method: str) -> None:
    result = write(bulk, [*leads(100), state("Leads")], method)

    assert result.counts() == {"created": 100}
    assert (bulk.calls("upsert"), bulk.calls("upload")) == (1, 0)


def test_a_waiting_state_goes_out_after_a_minute_of_silence(
    bulk: Org, mocker: MockerFixture
) -> None:
    """The rows before it go by calls, for they are few; nothing before that."""
    clock = mocker.patch.object(write_run, "monotonic", return_value=0.0)
    came: list[tuple[str, int]] = []

    def lines() -> Iterator[bytes]:
        yield from leads(30)
        yield state("Leads", 1)
        time.sleep(0.7)
        came.append(("before", bulk.calls("upsert")))
        clock.return_value = write_run._SILENCE_S - 0.1
        time.sleep(0.7)
        came.append(("almost", bulk.calls("upsert")))
        clock.return_value = float(write_run._SILENCE_S)
        for _ in range(100):
            if bulk.calls("upsert"):
                break
            time.sleep(0.05)
        came.append(("after", bulk.calls("upsert")))
        yield from leads(30, 30)
        yield state("Leads", 2)

    result = write(bulk, lines())

    assert came == [("before", 0), ("almost", 0), ("after", 1)]
    assert ids(result) == [1, 2]


def test_a_state_of_a_slow_source_waits_for_a_quarter_of_an_hour(
    bulk: Org, mocker: MockerFixture
) -> None:
    """It is never silent for a minute, and brings too few rows for a chunk."""
    clock = mocker.patch.object(write_run, "monotonic", return_value=0.0)
    early: list[int] = []

    def lines() -> Iterator[bytes]:
        for minute in range(20):
            clock.return_value = minute * 59.0
            yield from leads(1, minute)
            yield state("Leads", minute + 1)
            if minute < 15:
                early.append(bulk.calls("upsert"))
            for _ in range(100 if minute == 19 else 0):
                if bulk.calls("upsert"):
                    break
                time.sleep(0.05)
        assert bulk.calls("upsert") == 1

    result = write(bulk, lines())

    assert set(early) == {0}
    assert bulk.calls("upsert") == 2
    assert ids(result) == list(range(1, 21))


def test_rows_without_a_state_wait_on(bulk: Org, mocker: MockerFixture) -> None:
    clock = mocker.patch.object(write_run, "monotonic", return_value=0.0)

    def lines() -> Iterator[bytes]:
        yield from leads(30)
        time.sleep(0.5)
        clock.return_value = 1_000.0
        time.sleep(0.7)
        assert bulk.calls("upsert") == 0
        yield from leads(80, 30)
        yield state("Leads", 1)

    result = write(bulk, lines())

    assert result.counts() == {"created": 110}
    assert bulk.calls("bulk_write.create") == 1


def test_a_full_chunk_goes_out_while_the_input_goes_on(
    bulk: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_at(monkeypatch, 110)
    seen: list[int] = []

    def lines() -> Iterator[bytes]:
        yield from leads(110)
        yield state("Leads", 1)
        for _ in range(200):
            if bulk.calls("bulk_write.create"):
                break
            time.sleep(0.05)
        seen.append(bulk.calls("bulk_write.create"))
        yield from leads(10, 110)
        yield state("Leads", 2)

    result = write(bulk, lines())

    assert (seen, ids(result)) == ([1], [1, 2])


def test_a_state_of_all_streams_waits_for_what_is_on_disk(bulk: Org) -> None:
    other = stream("Notes", "Note_Title", "Note_Content", "Parent_Id")
    notes = [row("Notes", {"Note_Title": "N"})]
    lines = [*leads(110), *notes, state(None, 1), *leads(20, 110), state(None, 2)]

    result = bulk.write_lines([KEYED, other], lines, write_method="Bulk", **SPOOLS)

    assert ids(result) == [1, 2]
    stats = [one["recordCount"] + one["rejectedRecordCount"] for one in result.stats]
    assert stats == [111, 20]


def test_a_stop_leaves_what_waits_to_the_next_sync(
    bulk: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No state goes out whose rows are on disk; none of them is written."""
    fill_at(monkeypatch, 400)
    stop = threading.Event()

    def lines() -> Iterator[bytes]:
        yield from leads(400)
        yield state("Leads", 1)
        for _ in range(200):
            if bulk.calls("bulk_write.result"):
                break
            time.sleep(0.05)
        yield from leads(60, 400)
        yield state("Leads", 2)
        # More than is read ahead, so the state has been taken.
        yield from leads(250, 460)
        stop.set()

    result = bulk.write_lines([KEYED], lines(), stop, write_method="Bulk", **SPOOLS)

    assert "The sync was stopped" in result.sentence
    assert "Rows that waited for Bulk Write are not sent" in result.sentence
    assert "jobs of updates and upserts that were begun go on at Zoho" in result.sentence
    assert result.said(" not sent; ")
    assert ids(result) == [1]
    assert sum(one["Company"] == "C" for one in bulk.records("Leads")) == 400


def test_a_full_disk_loses_nothing(bulk: Org, tmp_path: Path) -> None:
    """In a process that may make no larger files, as on a disk without room."""
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps(bulk.config | {"write_method": "Bulk"}))
    catalog.write_text(json.dumps({"streams": [KEYED]}))
    lines = [*leads(5_000), state("Leads")]
    code = (
        "import resource, sys\n"
        "from destination_zoho_crm.run import run\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "run()\n"
    )
    folder = tmp_path / "waiting"
    folder.mkdir()

    process = subprocess.run(
        [sys.executable, "-c", code, "write", "--config", config, "--catalog", catalog],
        input=b"\n".join(lines) + b"\n",
        capture_output=True,
        check=False,
        env=os.environ | {"TMPDIR": str(folder)},
    )

    messages = [json.loads(line) for line in process.stdout.splitlines()]
    (error,) = (one["trace"]["error"] for one in messages if one["type"] == "TRACE")
    assert error["message"].startswith(f"Rows that wait for Bulk Write cannot be kept in {folder} ")
    assert error["failure_type"] == "config_error"
    assert not [one for one in messages if one["type"] == "STATE"]
    assert list(folder.iterdir()) == []


def test_the_plan_says_where_rows_wait(bulk: Org) -> None:
    result = write(bulk, [*leads(1), state("Leads")])

    (line,) = result.said("rows that wait for Bulk Write are kept in ")
    assert " 520 MB at the most" in line


def test_rows_go_by_calls_once_zoho_takes_no_jobs(
    bulk: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_at(monkeypatch, 110)
    body: Json = {"code": "NO_PERMISSION", "message": "no", "details": {}, "status": "error"}
    bulk.fail("bulk_write.create", status=403, times=9, body=body)

    result = write(bulk, [*leads(330), state("Leads")], "Bulk")

    assert result.counts() == {"created": 330}
    assert bulk.calls("upsert") >= 4


def wait_for_a_job(bulk: Org) -> None:
    """Waits until a job of Bulk Write is under way, ten seconds at most."""
    for _ in range(200):
        if bulk.calls("bulk_write.create"):
            return
        time.sleep(0.05)
    raise AssertionError("no job of Bulk Write began")


def test_a_failure_beside_a_job_leaves_no_state_untrue(
    bulk: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job goes on to its end and its state goes out; that of the other stream does not."""
    fill_at(monkeypatch, 110)
    bulk.knobs(bulk_write_job_seconds=1)
    refusal: Json = {"code": "NO_PERMISSION", "message": "no", "details": {}}
    bulk.fail("insert:Accounts", times=9, status=403, body=refusal)

    def lines() -> Iterator[bytes]:
        yield from leads(110)
        yield state("Leads", 1)
        wait_for_a_job(bulk)
        yield row("Accounts", {"Account_Name": "A"})
        yield state("Accounts", 2)

    result = bulk.write_lines(
        [KEYED, stream("Accounts", "Account_Name")], lines(), write_method="Bulk", **SPOOLS
    )

    assert "NO_PERMISSION" in result.sentence
    assert ids(result) == [1]
    assert result.counts() == {"created": 110}


def test_inserts_of_a_job_are_finished_although_the_run_is_stopped(bulk: Org) -> None:
    """Else the next sync would add again what the job goes on to add."""
    bulk.knobs(bulk_write_job_seconds=2)
    stop = threading.Event()

    rows = [row("Leads", {"Last_Name": f"L{n}", "Company": "C"}) for n in range(120)]

    def end() -> None:
        wait_for_a_job(bulk)
        stop.set()

    waiting = threading.Thread(target=end)
    waiting.start()
    result = bulk.write_lines(
        [INSERTED], [*rows, state("Leads")], stop, write_method="Bulk", **SPOOLS
    )
    waiting.join()

    assert result.failure is None
    assert result.counts() == {"created": 120}
