"""Streams that Bulk Write takes wait on disk, over any number of states, and keep what batches do:
order, outcomes, rejected rows and states that are true."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from destination_zoho_crm import spool, write_run
from unit_tests.destination.conftest import Json, Org, Result, row, state, stream

KEYED = stream("Leads", "Email", "Last_Name", "Company", "Owner", mode="append_dedup", key="Email")
#: Of a user who is not there, which only Zoho knows.
NOBODY = "8009622000000999999"
INSERTED = stream("Leads", "Last_Name", "Company", "Secondary_Email")
WAYS = pytest.mark.parametrize("method", ["Bulk", "Automatic"])
SPOOLS = {"automations": {"run": "none"}}


def lead(number: int, name: str = "L", **more: object) -> bytes:
    return row("Leads", {"Email": f"n{number}@x.test", "Last_Name": name, "Company": "C", **more})


def leads(number: int, first: int = 0, name: str = "L") -> list[bytes]:
    return [lead(first + n, name) for n in range(number)]


def write(org: Org, lines: Iterable[bytes], method: str = "Bulk", **more: object) -> Result:
    return org.write_lines([KEYED], lines, write_method=method, **{**SPOOLS, **more})


def ids(result: Result) -> list[int]:
    return [message["state"]["id"] for message in result.states]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes a chunk full at so many rows."""
    return lambda rows: monkeypatch.setattr(spool, "MOST_ROWS", rows)


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


def test_rows_of_one_key_keep_their_order_over_chunks_and_calls(
    bulk: Org, small: Callable[[int], None]
) -> None:
    """Chunks are written at a time, and the last rows by calls; each later value wins."""
    small(120)
    bulk.fail("bulk_write.create", "delay", seconds=1.0)
    rounds = ["first", "second", "third"]
    lines = [
        line
        for n, name in enumerate(rounds)
        for line in (*leads(120, 0 if n else 60, name), state("Leads", n))
    ]

    result = write(bulk, [*lines, *leads(30, 60, "last"), state("Leads", 9)])

    assert ids(result) == [0, 1, 2, 9]
    names = {one["Email"]: one["Last_Name"] for one in bulk.records("Leads")}
    assert [names[f"n{n}@x.test"] for n in (0, 59, 60, 89, 90, 119, 120, 179)] == [
        *["third"] * 2,
        *["last"] * 2,
        *["third"] * 2,
        *["first"] * 2,
    ]
    assert bulk.calls("bulk_write.create") == 3
    assert bulk.calls("upsert") == 1


def test_chunks_without_a_common_key_do_not_wait_for_each_other(
    bulk: Org, small: Callable[[int], None]
) -> None:
    small(110)
    bulk.fail("bulk_write.status", "delay", times=1, seconds=2.0)
    begun = time.monotonic()

    result = write(bulk, [*leads(330), state("Leads")])

    assert result.counts() == {"created": 330}
    assert time.monotonic() - begun < 2 * 2.0 + 4


def test_rows_of_one_key_in_a_chunk_become_one_record(bulk: Org) -> None:
    twice = [*leads(110, name="First"), *leads(110, name="Second")]

    result = write(bulk, [*twice, state("Leads")])

    assert result.counts() == {"created": 110, "superseded": 110}
    assert {one["Last_Name"] for one in bulk.records("Leads") if one["Company"] == "C"} == {
        "Second"
    }


def test_a_bad_row_among_rows_of_one_key_costs_itself_alone(bulk: Org, tmp_path: Path) -> None:
    lines = [
        lead(n, name, **({"Owner": NOBODY} if n == 7 and name == "B" else {}))
        for n in range(110)
        for name in "AB"
    ]
    kept = {"storage_type": "Local", "folder": str(tmp_path)}

    result = write(bulk, [*lines, state("Leads")], object_storage_config=kept)

    assert result.counts() == {"created": 110, "superseded": 109, "rejected": 1}
    assert bulk.record("Leads", Email="n7@x.test")["Last_Name"] == "A"
    (path,) = tmp_path.iterdir()
    (line,) = path.read_bytes().splitlines()
    found = json.loads(line)
    assert found["record"] == json.loads(lines[15])["record"]
    assert found["rejected"]["key_value"] == "n7@x.test"


@WAYS
def test_rejected_rows_are_kept_as_they_came(bulk: Org, tmp_path: Path, method: str) -> None:
    """Also those that Zoho rejects, long after their lines were read."""
    odd = b'{"type":"RECORD","record":{"stream":"Leads", "data":{"Last_Name":"\\u00e9", "n":1.50}}}'
    lines = [*(row("Leads", {"Last_Name": f"L{n}", "Company": "C"}) for n in range(150)), odd]
    kept = {"storage_type": "Local", "folder": str(tmp_path)}

    result = bulk.write_lines(
        [INSERTED],
        [*lines, state("Leads")],
        write_method=method,
        object_storage_config=kept,
        **SPOOLS,
    )

    # The layout makes the company mandatory for a job only.
    rejected = 1 if method == "Bulk" else 0
    assert result.counts().get("rejected", 0) == rejected
    assert sum(result.counts().values()) == 151
    if rejected:
        (path,) = tmp_path.iterdir()
        assert b'"record":{"stream":"Leads", "data":{"Last_Name":"\\u00e9", "n":1.50}}' in (
            path.read_bytes()
        )


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
    bulk: Org, small: Callable[[int], None]
) -> None:
    small(110)
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


def test_a_stop_leaves_what_waits_to_the_next_sync(bulk: Org, small: Callable[[int], None]) -> None:
    """No state goes out whose rows are on disk; none of them is written."""
    small(400)
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
    assert ids(result) == [1]
    assert sum(one["Company"] == "C" for one in bulk.records("Leads")) == 400


def test_too_many_rejected_rows_of_a_chunk_end_the_run(bulk: Org) -> None:
    bad = [lead(n, Owner=NOBODY) for n in range(150)]

    result = write(bulk, [*bad, state("Leads")], max_rejected=10)

    assert "150 of 150 rows were rejected" in result.sentence


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


def test_rows_go_by_calls_once_zoho_takes_no_jobs(bulk: Org, small: Callable[[int], None]) -> None:
    small(110)
    body: Json = {"code": "NO_PERMISSION", "message": "no", "details": {}, "status": "error"}
    bulk.fail("bulk_write.create", status=403, times=9, body=body)

    result = write(bulk, [*leads(330), state("Leads")], "Bulk")

    assert result.counts() == {"created": 330}
    assert bulk.calls("upsert") >= 4
