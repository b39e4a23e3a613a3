"""The reader of the output waits: the source waits too, and ends whatever happens then."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from unit_tests.source.conftest import Org, Row
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

pytestmark = pytest.mark.long

ROWS = 30_000
#: Of all columns, by which the rows are read in two groups of columns.
CALLS = 2 * ROWS // 2_000


@pytest.fixture(scope="module")
def _org() -> Iterator[Org]:
    settings = Settings(rows=0, rows_by_module={"Leads": ROWS})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        yield Org(server)


@pytest.fixture
def org(_org: Org) -> Iterator[Org]:
    ZohoAuthenticator._tokens.clear()
    _org.control("POST", "reset", {})
    yield _org
    _org.control("DELETE", "faults")


@contextmanager
def waiting(
    org: Org, folder: Path, **environment: str
) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A read of all leads whose output is not read, until no more calls are made."""
    leads = org.stream("Leads")
    entry = {"stream": leads, "sync_mode": "incremental", "destination_sync_mode": "append"}
    config, catalog = folder / "config.json", folder / "catalog.json"
    config.write_text(json.dumps(org.config))
    catalog.write_text(json.dumps({"streams": [entry]}))
    command = [sys.executable, "-c", "from source_zoho_crm.run import run; run()", "read"]
    command += ["--config", str(config), "--catalog", str(catalog)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, env={**os.environ, **environment}
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            assert process.stdout is not None
            _wait_until_no_calls(org)
            yield process, process.stdout
        finally:
            process.kill()


def _wait_until_no_calls(org: Org) -> None:
    calls, quiet = 0, 0.0
    deadline = time.monotonic() + 60
    while calls < 3 or time.monotonic() - quiet < 1.5:
        assert time.monotonic() < deadline, f"{calls} calls, and still some are made"
        now = count_queries(org)
        if now != calls:
            calls, quiet = now, time.monotonic()
        time.sleep(0.1)


def count_queries(org: Org) -> int:
    return org.control("GET", "usage")["calls"].get("coql", 0)


def read_messages(output: IO[bytes]) -> list[Row]:
    return [json.loads(line) for line in output]


def test_a_reader_that_waits_stops_the_reading_and_gets_every_row(org: Org, tmp_path: Path) -> None:
    with waiting(org, tmp_path) as (process, output):
        assert count_queries(org) < CALLS

        messages = read_messages(output)

        assert process.wait(20) == 0
    rows = [message["record"]["data"]["id"] for message in messages if "record" in message]
    assert len(rows) == len(set(rows)) == ROWS
    assert messages[-1]["log"]["message"].startswith(f"Cost: {ROWS:,} records")


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_read_that_is_stopped_while_its_reader_waits_ends_behind_a_whole_line(
    org: Org, tmp_path: Path, unbuffered: str
) -> None:
    with waiting(org, tmp_path, PYTHONUNBUFFERED=unbuffered) as (process, output):
        process.send_signal(signal.SIGINT)
        time.sleep(1.5)

        messages = read_messages(output)

        assert process.wait(20) == 130
    assert 0 < sum("record" in message for message in messages) < ROWS
    assert messages[-1]["log"]["message"].startswith("Stopped.")


def test_a_read_that_fails_while_its_reader_waits_ends(org: Org, tmp_path: Path) -> None:
    body = {"code": "NO_PERMISSION", "details": {}, "message": "gone", "status": "error"}
    fault = {"match": "coql:Leads", "times": 9, "do": "status"}
    with waiting(org, tmp_path) as (process, output):
        org.control("POST", "faults", [{**fault, "args": {"status": 403, "body": body}}])

        messages = read_messages(output)

        assert process.wait(20) == 1
    assert 0 < sum("record" in message for message in messages) < ROWS
    assert any("NO_PERMISSION" in str(message.get("trace")) for message in messages)


def test_a_read_ends_when_its_reader_goes(org: Org, tmp_path: Path) -> None:
    with waiting(org, tmp_path) as (process, output):
        output.close()

        assert process.wait(20) == 128 + signal.SIGPIPE
