"""The source as a process, when something goes wrong on the way: no row is lost."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integration_tests.connector import Connector, Emulator, Json, Output, assert_no_secrets

Write = Callable[[str, object], Path]


def test_passing_faults_are_ridden_out_and_no_row_is_lost(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    # Arrange: four kinds of trouble, one for each module, so that their pauses overlap
    emulator.fail("coql:Leads", 429, code="TOO_MANY_REQUESTS", after=1)
    emulator.fail("coql:Products", 500, code="INTERNAL_ERROR", after=0)
    emulator.fail("coql:Contacts", 502, after=0)
    emulator.fail("coql:Deals", 401, code="INVALID_TOKEN", after=0)
    modules = ("Leads", "Products", "Contacts", "Deals")

    # Act
    output = source.run(
        *("read", "--config", write("config.json", emulator_config)),
        *("--catalog", write("catalog.json", _catalog_of(*modules))),
    )

    # Assert
    assert [fault["hits"] for fault in emulator.control("GET", "faults").json()] == [1, 1, 1, 1]
    assert output.exit_code == 0
    assert output.errors == []
    for module in modules:
        assert sorted(output.ids(module)) == sorted(emulator.ids(module))
    assert emulator.usage()["tokens_issued"] == 2
    assert_no_secrets(output, emulator_config)


def test_a_token_that_ends_during_the_read_is_renewed_and_no_row_is_lost(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    # Arrange: once the read has begun, Zoho's clock jumps past the end of the token
    emulator.knobs(latency_ms=150)
    clock = threading.Thread(target=_jump_once_reading, args=(emulator,))
    clock.start()

    # Act
    output = source.run(
        *("read", "--config", write("config.json", emulator_config)),
        *("--catalog", write("catalog.json", _catalog_of("Leads"))),
    )
    clock.join()

    # Assert
    assert output.exit_code == 0
    assert output.errors == []
    assert sorted(output.ids("Leads")) == sorted(emulator.ids("Leads"))
    assert emulator.usage()["tokens_issued"] == 2
    assert "Rate limit" not in output.text, "an old token is none"
    assert_no_secrets(output, emulator_config)


def test_a_killed_read_goes_on_from_its_last_state_and_no_row_is_lost(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    # Arrange: more than the 10,000 rows of a window of queries
    stamp = {"Last_Name": "Old", "Modified_Time": "2016-01-01T00:00:00+00:00"}
    emulator.control("POST", "records/Leads", [stamp] * 5_000)
    emulator.control("POST", "records/Leads", [stamp | {"Last_Name": "New"}] * 5_000)
    emulator.knobs(latency_ms=150)
    arguments = (
        *("read", "--config", write("config.json", emulator_config)),
        *("--catalog", write("catalog.json", _catalog_of("Leads"))),
    )

    # Act
    killed = _killed_after_some_rows(source, *arguments)
    emulator.knobs(latency_ms=0)
    output = source.run(*arguments, "--state", write("state.json", killed.state))

    # Assert
    everything = emulator.ids("Leads")
    kept = set(killed.ids("Leads"))
    assert 0 < len(kept) < len(everything)
    assert kept | set(output.ids("Leads")) == everything
    assert len(output.ids("Leads")) < len(everything)
    assert output.exit_code == 0


def _catalog_of(*modules: str) -> Json:
    """Small columns of modules, as someone who deselected the rest would have them."""
    columns: dict[str, Any] = {
        "id": {"type": "string"},
        "Modified_Time": {"type": ["null", "string"], "format": "date-time"},
        "Owner": {"type": ["null", "string"]},
    }
    return {
        "streams": [
            {
                "stream": {
                    "name": module,
                    "json_schema": {"type": "object", "properties": columns},
                    "supported_sync_modes": ["full_refresh", "incremental"],
                },
                "sync_mode": "incremental",
                "destination_sync_mode": "append_dedup",
            }
            for module in modules
        ]
    }


def _jump_once_reading(emulator: Emulator) -> None:
    for _ in range(300):
        if emulator.calls("coql") >= 2:
            break
        time.sleep(0.05)
    emulator.control("POST", "clock", {"advance_s": 7_200})


@contextmanager
def _interruptible() -> Iterator[None]:
    """Processes started meanwhile hear Ctrl-C, also where this one is a job in the background.

    Such a job ignores the signal and hands that on; a handler is not handed on.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _killed_after_some_rows(source: Connector, *arguments: object) -> Output:
    """What a read said until it was killed: soon after the state that follows the first rows."""
    lines: list[str] = []
    rows = False
    with source.start(*arguments) as process:
        assert process.stdout
        for line in process.stdout:
            if not line.endswith("\n"):
                break
            lines.append(line.rstrip("\n"))
            rows = rows or '"type":"RECORD"' in line
            if rows and '"type":"STATE"' in line:
                process.kill()
    return Output(lines)


def test_a_read_that_is_told_to_stop_ends_behind_a_whole_line(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    # Several calls follow each other, so the read is far from its end at its first line.
    emulator.knobs(latency_ms=1_000)
    config, catalog = write("config.json", emulator_config), _catalog_of("Leads", "Contacts")
    command = ("read", "--config", config, "--catalog", write("catalog.json", catalog))

    with _interruptible(), source.start(*command) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        process.send_signal(signal.SIGINT)
        lines += process.stdout
        exit_code = process.wait(10)

    assert exit_code == 130
    messages = [json.loads(line) for line in lines]
    assert messages[-1]["log"]["message"] == (
        "Stopped. The next read with the last state continues from there."
    )


def test_a_read_that_nobody_listens_to_ends(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    config, catalog = write("config.json", emulator_config), _catalog_of("Leads", "Contacts")
    command = ("read", "--config", config, "--catalog", write("catalog.json", catalog))

    with source.start(*command) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        exit_code = process.wait(20)

    assert exit_code == 141
