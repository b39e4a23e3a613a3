"""`make chaos`: it sees what is lost, and a little of it runs here."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chaos.__main__ import main
from chaos.discovery import Found
from chaos.faults import FAULTS
from chaos.org import KNOBS, MODULES, settings
from chaos.outcome import Outcome, table
from chaos.process import Connector, Run
from chaos.scenario import meet, new_outcome, open_stage, play
from chaos.setting import BULK, COQL, METHODS, REST, WELL, Fault, once
from chaos.warehouse import Losses, Table, Warehouse
from chaos.wire import Door, foreign
from unit_tests.source.conftest import Org, configured
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import running

TIMESTAMP = {"type": "string", "format": "date-time"}
STREAM = {
    "name": "Leads",
    "json_schema": {
        "properties": {"id": {}, "Name": {}, "Far": {}, "Modified_Time": TIMESTAMP, "Tag": {}}
    },
}


def timestamp(second: int) -> str:
    return f"2026-01-01T00:00:{second:02}Z"


def row(key: str, second: int, **values: object) -> dict[str, object]:
    empty = dict.fromkeys(("Name", "Far", "Tag"))
    return {"id": key, "Modified_Time": timestamp(second), **empty, **values}


def gone(key: str, second: int) -> dict[str, object]:
    return {"id": key, "Modified_Time": timestamp(second), "_ab_cdc_deleted_at": timestamp(second)}


def kept(*rows: dict[str, object], incremental: bool = True) -> Table:
    made = Table(STREAM, incremental=incremental)
    made.take(rows, complete=True)
    return made


# --- What a warehouse makes of records


@pytest.mark.parametrize(
    "rows",
    [
        [row("1", 5, Name="new"), row("1", 3, Name="old")],
        [row("1", 5, Name="old"), row("1", 5, Name="new")],
        [gone("1", 4), row("1", 5, Name="new")],
    ],
)
def test_the_latest_cursor_wins_and_of_equal_ones_the_later_printed(rows) -> None:
    assert kept(*rows).live() == {"1": row("1", 5, Name="new")}


def test_a_tombstone_drops_its_row() -> None:
    assert kept(row("1", 3), gone("1", 5)).live() == {}


def test_lost_stale_torn_and_undeleted_rows_are_told_apart() -> None:
    table = kept(row("2", 3, Name="old"), row("3", 3, Name="a", Far="b"), row("4", 3), row("5", 3))
    truth = [row("1", 3), row("2", 4, Name="new"), row("3", 3, Name="a", Far="a"), row("5", 3)]

    losses = table.losses(truth)

    assert losses.lost == ["Leads 1"]
    assert losses.stale == [
        "Leads 2: Name 'old', not 'new'",
        "Leads 3: Far 'b', not 'a'",
    ]
    assert losses.not_deleted == ["Leads 4"]
    assert kept(row("1", 3, Name="x")).losses([row("1", 3, Name="y")], leave={"Name"}).stale == []


def test_rows_behind_a_state_are_not_missed_yet() -> None:
    truth = [row("1", 3), row("2", 6)]
    assert kept().losses(truth, upto=timestamp(3)).lost == ["Leads 1"]
    assert kept().losses(truth, upto=timestamp(6)).lost == ["Leads 1", "Leads 2"]


def test_a_whole_table_is_replaced_by_a_complete_read_alone() -> None:
    table = kept(row("1", 1), row("2", 1), incremental=False)
    table.take([row("3", 1)], complete=False)
    assert list(table.live()) == ["1", "2"]
    table.take([row("3", 1)], complete=True)
    assert list(table.live()) == ["3"]


def test_a_row_that_is_printed_again_is_counted() -> None:
    table = kept(row("1", 3), row("1", 3), row("1", 4))
    assert table.repeated == 1


# --- What a process printed


def printed(folder: Path, *messages: object, err: str = "", exit_code: int = 0) -> Run:
    out, errors = folder / "out.jsonl", folder / "err.txt"
    lines = [m if isinstance(m, str) else json.dumps(m) for m in messages]
    out.write_text("".join(f"{line}\n" for line in lines))
    errors.write_text(err)
    return Run(out, errors, exit_code, killed=False, hung=False)


def state(second: int, **more: object) -> dict[str, object]:
    stream = {
        "stream_descriptor": {"name": "Leads"},
        "stream_state": {"Modified_Time": timestamp(second), **more},
    }
    return {"type": "STATE", "state": {"type": "STREAM", "stream": stream}}


def record(values: dict[str, object]) -> dict[str, object]:
    return {"type": "RECORD", "record": {"stream": "Leads", "data": values, "emitted_at": 0}}


def failure(sentence: str) -> dict[str, object]:
    return {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": sentence}}}


def test_secrets_are_found_wherever_they_are_printed(tmp_path: Path) -> None:
    token = f"1000.{'a1' * 16}.{'b2' * 16}"
    said = {"type": "LOG", "log": {"level": "DEBUG", "message": "with s3cret"}}
    assert printed(tmp_path, said, err=token).count_leaks(["s3cret"]) == 2
    assert printed(tmp_path, record(row("1", 1))).count_leaks(["s3cret"]) == 0


@pytest.mark.parametrize(
    ("messages", "err", "exit_code", "what"),
    [
        (["no JSON"], "", 0, "a line that is no message"),
        (['{"type":"RECORD","record":{"data":"\\ud800"}}'], "", 0, "a line that is no message"),
        ([], "Traceback (most recent call last):", 0, "a traceback"),
        ([], "", 1, "exit code 1 without an error"),
        ([failure("KeyError('name')")], "", 1, "no clear sentence"),
        ([failure("Zoho refuses it (None).")], "", 1, "no clear sentence"),
        ([failure("Something went wrong in the connector.")], "", 1, "no clear sentence"),
        ([failure("")], "", 1, "a sentence of 0 characters"),
    ],
)
def test_a_failure_that_is_told_badly_is_seen(
    tmp_path: Path, messages, err: str, exit_code: int, what: str
) -> None:
    (found,) = printed(tmp_path, *messages, err=err, exit_code=exit_code).find_unclear()
    assert found.startswith(what)


def test_a_failure_that_is_told_well_is_none(tmp_path: Path) -> None:
    run = printed(tmp_path, failure("Zoho does not answer. Try again later."), exit_code=1)
    assert run.find_unclear() == []


def test_the_last_states_are_kept_and_rows_from_before_them_are_odd(tmp_path: Path) -> None:
    warehouse = Warehouse({"streams": [{"stream": STREAM, "sync_mode": "incremental"}]})

    assert warehouse.take(printed(tmp_path, record(row("1", 2)), state(2), state(4))) == []
    assert warehouse.upto("Leads") == timestamp(4)
    assert warehouse.take(printed(tmp_path, record(gone("1", 3)), record(row("2", 5)))) == []
    assert warehouse.take(printed(tmp_path, record(row("3", 4)))) == [
        f"Leads: 1 rows from before the state {timestamp(4)}: ['3']"
    ]


# --- Processes and wires


def test_a_process_that_does_not_end_is_hung_and_ended(tmp_path: Path) -> None:
    sleeper = Connector("python", tmp_path)
    run = sleeper.run("a", "-c", "import time; time.sleep(60)", files={}, patience_s=0.2)
    assert (run.hung, run.killed, run.exit_code) == (True, False, -9)


def test_a_process_is_killed_at_the_moment_that_is_asked_for(tmp_path: Path) -> None:
    code = "import time; print('x' * 100, flush=True); time.sleep(60)"
    run = Connector("python", tmp_path).run(
        "a", "-c", code, files={}, kill=lambda seconds, printed: printed > 50
    )
    assert (run.hung, run.killed, run.exit_code) == (False, True, -9)


def test_a_door_that_is_shut_breaks_what_is_open_and_opens_again() -> None:
    with foreign() as host, Door(host.address) as door, ThreadPoolExecutor(1) as pool:
        address = urlsplit(door.address)
        place = (str(address.hostname), int(address.port or 0))
        assert asked(place) == 200
        waited_for(lambda: not door.connections)
        with socket.create_connection(place, timeout=5) as left_open:
            waited_for(lambda: door.connections == 1)
            shut = pool.submit(door.shut, 0.3)
            with pytest.raises(ConnectionResetError):
                left_open.recv(1)
        with pytest.raises(ConnectionRefusedError):
            asked(place)
        shut.result(5)
        assert door.broken == 1
        assert asked(place) == 200
    assert host.heard == ["GET /", "GET /"]


def waited_for(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it does not come")


def asked(place: tuple[str, int]) -> int:
    connection = HTTPConnection(*place, timeout=5)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        return connection.getresponse().status
    finally:
        connection.close()


# --- The table


def outcome(folder: Path, **counts: int) -> Outcome[Losses]:
    return replace(new_outcome("reset_before", REST, "v8", 17, folder), runs=3, **counts)


def test_the_table_has_a_line_per_fault_and_method_and_their_sum(tmp_path: Path) -> None:
    lines = table([outcome(tmp_path, hung=1), outcome(tmp_path, leaked=2)]).splitlines()
    assert lines[1].split() == ["reset_before", "rest", "6", "0", "0", "0", "0", "2", "1", "0"]
    assert lines[2].split() == ["sum", "6", "0", "0", "0", "0", "2", "1", "0"]


def test_a_failure_tells_how_to_see_it_again(tmp_path: Path) -> None:
    failed = outcome(tmp_path, hung=1)
    assert failed.failed
    assert not outcome(tmp_path, repeated=5).failed
    command = "python -m chaos source --method rest --fault reset_before --seed 17"
    assert command in failed.story()
    assert str(tmp_path) in failed.story()


# --- Some of it, with real processes


@pytest.fixture(scope="module")
def found() -> Found:
    """What the harness has from two processes that are not needed here."""
    ZohoAuthenticator._tokens.clear()
    with running(settings(1), KNOBS) as server:
        streams = Org(server).discover(configured([{"name": m} for m in MODULES], "full_refresh"))
    return Found({"v4": list(streams.values())}, frozenset())


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_the_emulator_takes_every_fault_that_is_planned(
    found: Found, tmp_path: Path, version: str
) -> None:
    outcome = new_outcome("none", COQL, version, 1, tmp_path)
    of_version = Found({version: found.streams["v4"]}, frozenset())
    with open_stage(outcome, of_version) as (_, setting):
        for method in METHODS:
            setting.method = method
            for fault in (one for one in FAULTS if method in one.methods):
                setting.incremental = not setting.incremental
                plan = fault.plan(setting)
                assert plan.rules or plan.knobs or plan.hit, fault.name
                setting.org.control("POST", "faults", plan.rules)
                setting.org.knobs(**plan.knobs)


@pytest.mark.long
def test_a_lie_that_no_reader_can_see_through_is_counted_as_lost_rows(
    found: Found, tmp_path: Path
) -> None:
    """An answer that is formed as Zoho's are and lacks all rows; and a rule that never hits."""

    def lie(setting):
        nothing = {"data": [], "info": {"more_records": False, "count": 0}}
        plan = once({"match": "coql:Vehicles"}, "body", 99, body=nothing, status=200)
        plan.rules.append({"match": "upsert", "do": "reset"})
        return plan

    seen = new_outcome("lie", COQL, "v4", 3, tmp_path)
    with open_stage(seen, found) as (story, setting):
        meet(Fault("lie", lie, ends=WELL), story, setting)

    assert len(seen.losses.lost) > 200
    assert {lost.split()[0] for lost in seen.losses.lost} == {"Vehicles"}
    assert seen.wrong == ["the harness: no call of upsert was hit"]
    assert (seen.leaked, seen.hung) == (0, 0)


@pytest.mark.long
def test_a_fault_that_a_source_rides_out_costs_no_row(found: Found, tmp_path: Path) -> None:
    outcome = play("status_5xx", BULK, 4, found, tmp_path)

    assert not outcome.failed, outcome.story()
    assert outcome.runs == 2


@pytest.mark.long
def test_the_command_prints_the_table_and_a_sum(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["source", "--fault", "cut_within", "--method", "rest", "--seed", "2"])

    said = capsys.readouterr().out
    assert code == 0, said
    sums = next(line.split() for line in said.splitlines() if line.startswith("sum"))
    runs, lost, stale, not_deleted, _, *others = map(int, sums[1:])
    assert runs == 2
    assert [lost, stale, not_deleted, *others] == [0] * 6
