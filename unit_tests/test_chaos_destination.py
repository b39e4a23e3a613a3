"""`make chaos` of the destination: it sees what is lost, and a little of it runs here."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from chaos.__main__ import main
from chaos.destination.faults import FAULTS
from chaos.destination.judging import UNKNOWN, Amiss, Judge, check_sums
from chaos.destination.operations import BY_NAME, OPERATIONS, SHARED
from chaos.destination.platform import Platform, ReturnedState, Round
from chaos.destination.scenario import (
    NAMES,
    WAYS,
    choose_version,
    list_ways,
    new_outcome,
    open_stage,
    play,
)
from chaos.destination.traffic import Item, Row, Size, State, Traffic, interleave
from chaos.org import KNOBS, Org
from chaos.process import Connector, Run
from zoho_emulator.server import Running, Settings, running


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Settings(rows=3), KNOBS) as server:
        yield server


@pytest.fixture
def org(server: Running) -> Iterator[Org]:
    yield Org(server, random.Random(1))
    server.control("POST", "reset", {"org": True})


def traffic(org: Org, operation: str, rows: int = 20) -> tuple[Traffic, list[Item]]:
    size = Size(rows=rows, between=(5, 5))
    made = Traffic(BY_NAME[operation], "s", org, random.Random(3), size)
    return made, made.items()


def rows_of(items: Sequence[Item]) -> list[Row]:
    return [item for item in items if isinstance(item, Row)]


def a_run(folder: Path, *messages: object, killed: bool = False) -> Run:
    out, err = folder / "out.jsonl", folder / "err.txt"
    out.write_text("".join(f"{json.dumps(message)}\n" for message in messages))
    err.write_text("")
    return Run(out, err, -9 if killed else 0, killed=killed, hung=False)


def acknowledged(items: Sequence[Item], rejected: dict[int, str] | None = None) -> Round:
    """All of them, as one state covers them."""
    state = next(item for item in reversed(items) if isinstance(item, State))
    return Round(items, [ReturnedState(state, rows_of(items), {})], rejected or {})


def write(org: Org, module: str, rows: Sequence[Row]) -> list[str]:
    ids = org.control("POST", f"records/{module}", [row.data for row in rows])["ids"]
    return [str(one) for one in ids]


# --- The platform in miniature


def test_the_next_process_is_fed_what_stands_behind_each_streams_last_state(
    org: Org, tmp_path: Path
) -> None:
    parts = [
        Traffic(BY_NAME[name], name, org, random.Random(2), Size(20, (5, 5)))
        for name in ("insert", "upsert")
    ]
    items = interleave(random.Random(5), parts, together=False)
    platform = Platform(items)
    first = next(item for item in items if isinstance(item, State))

    fed = platform.feed(tmp_path / "in")
    round_ = platform.take(fed, a_run(tmp_path, first.message()), tmp_path / "kept")

    assert fed == items
    assert (round_.odd, len(round_.acknowledged)) == ([], 5)
    left = platform.due()
    assert [item for item in items if item not in left] == [*round_.acknowledged, first]


def test_a_global_state_speaks_of_the_rows_of_all_streams(org: Org, tmp_path: Path) -> None:
    parts = [
        Traffic(BY_NAME[name], name, org, random.Random(2), Size(20, (5, 5)))
        for name in ("insert", "upsert")
    ]
    items = interleave(random.Random(5), parts, together=True)
    platform = Platform(items)
    state = next(item for item in items if isinstance(item, State))

    round_ = platform.take(items, a_run(tmp_path, state.message()), tmp_path / "kept")

    assert round_.acknowledged
    assert all(row.place < state.place for row in round_.acknowledged)
    assert platform.due() == items[state.place + 1 :]


def test_states_that_come_back_otherwise_are_odd(org: Org, tmp_path: Path) -> None:
    _, items = traffic(org, "insert")
    one, two = [item.message() for item in items if isinstance(item, State)][:2]
    other = {"type": "STATE", "state": {**one["state"], "sourceStats": None}}

    def odd(*messages: object) -> list[str]:
        return Platform(items).take(items, a_run(tmp_path, *messages), tmp_path / "kept").odd

    assert odd(one, two) == []
    assert odd(one, one) == ["a state came back that was not sent, or twice"]
    assert odd(two, one) == ["states of a stream came back in another order"]
    assert odd(other) == ["a state did not come back as it was sent"]


@pytest.mark.parametrize(
    ("taken", "refused", "parts", "what"),
    [
        (4, 1, {"created": 4}, None),
        (5, 1, {"created": 5}, "state 5: 5 + 1 of 5 rows"),
        (5, 0, {"created": 5}, "state 5: 0 rejected, 1 kept"),
        (4, 1, {"created": 3}, "state 5: its parts are 3, of 4"),
    ],
)
def test_counts_of_a_state_are_held_against_the_rows_before_it(
    org: Org, taken: int, refused: int, parts: dict[str, int], what: str | None
) -> None:
    _, items = traffic(org, "insert")
    stats = {"recordCount": taken, "rejectedRecordCount": refused, "additionalStats": parts}
    returned = ReturnedState(State(5, "s"), rows_of(items[:5]), stats)

    assert check_sums(returned, Round(items, rejected={2: "INVALID_DATA"})) == what


def test_a_process_is_fed_and_told_to_end(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(3));"
        "print(sys.stdin.read(), flush=True); time.sleep(60)"
    )
    fed = tmp_path / "fed"
    fed.write_text("a row")

    run = Connector("python", tmp_path).run(
        "a", "-c", code, files={}, fed=fed, stop=lambda seconds, printed: printed > 0
    )

    assert run.out.read_text() == "a row\n"
    assert (run.exit_code, run.terminated, run.killed, run.hung) == (3, True, False, False)


# --- Rows against the account of the org


def test_inserts_are_lost_doubled_or_repeated(org: Org, tmp_path: Path) -> None:
    made, items = traffic(org, "insert_bare")
    rows = [row for row in rows_of(items) if row.good]
    amiss = Amiss()
    judge = Judge(made, rows, amiss)
    write(org, "Leads", rows[2:])
    write(org, "Leads", rows[-2:])

    judge.receive(Round(rows[-1:]), a_run(tmp_path, killed=True))
    judge.receive(acknowledged([*rows, items[-1]]), a_run(tmp_path))
    judge.close(sure=False)

    assert len(amiss.lost) == 2
    assert len(amiss.doubled) == 1
    assert (judge.repeated, judge.wrong) == (1, [])


def test_what_counts_as_rejected_and_is_there_is_wrong(org: Org, tmp_path: Path) -> None:
    made, items = traffic(org, "insert")
    rows = [row for row in rows_of(items) if row.good]
    amiss = Amiss()
    judge = Judge(made, rows, amiss)
    write(org, "Leads", rows)

    rejected = {rows[0].place: "INVALID_DATA", rows[1].place: UNKNOWN}
    judge.receive(acknowledged([*rows, items[-1]], rejected), a_run(tmp_path))
    judge.close(sure=False)

    assert judge.wrong == [
        "1 good rows are rejected: INVALID_DATA",
        "1 rows count as rejected and are there",
    ]
    assert len(amiss.unknown) == 1
    assert not amiss.lost


def test_an_earlier_row_that_won_is_stale_and_a_record_without_any_is_lost(
    org: Org, tmp_path: Path
) -> None:
    made, items = traffic(org, "update", rows=40)
    rows = [row for row in rows_of(items) if row.good]
    of_key: dict[str, list[Row]] = {}
    for row in rows:
        of_key.setdefault(row.data["id"], []).append(row)
    stale, lost = [key for key, some in of_key.items() if len(some) > 1][:2]
    amiss = Amiss()
    judge = Judge(made, rows, amiss)
    for key, some in of_key.items():
        values = [row.data for row in (some[:1] if key == stale else some) if key != lost]
        for value in values:
            org.control("PATCH", "records/Leads", value)

    judge.receive(acknowledged([*rows, items[-1]]), a_run(tmp_path))
    judge.close(sure=True)

    assert [one.split(":")[0] for one in amiss.stale] == [f"s {stale}"]
    assert [one.split(":")[0] for one in amiss.lost] == [f"s {lost}"]
    assert judge.wrong == []


def test_records_that_no_row_named_are_counted(org: Org, tmp_path: Path) -> None:
    made, items = traffic(org, "delete")
    rows = rows_of(items)
    judge = Judge(made, rows, Amiss())
    stranger = next(row["id"] for row in org.truth("Leads") if row["id"] not in made.known)
    org.control("DELETE", f"records/Leads?ids={stranger}")
    org.control("POST", "records/Leads", {"Last_Name": "Nobody's"})

    judge.receive(acknowledged(items), a_run(tmp_path))
    judge.close(sure=True)

    assert judge.wrong == [
        "1 records are gone that no row named",
        "1 records are there that no row named",
    ]


# --- Scenarios


def test_each_seed_has_another_operation_of_those_that_are_alike() -> None:
    for name in NAMES:
        both = {way for seed in (1, 2) for way in list_ways(name, seed, False)}
        assert both <= set(list_ways(name, 1, True)), name
        assert "update_external" not in both or choose_version(name, "update_external", 1) != "v2"
    every = {way for name in NAMES for way in list_ways(name, 1, False)}
    assert every == set(WAYS)


def test_the_emulator_takes_every_fault_that_is_planned_for_a_write(tmp_path: Path) -> None:
    with open_stage(new_outcome("none", "insert", "v8", 1, tmp_path)) as (setting, _):
        for operation in OPERATIONS:
            setting.operation = operation
            for fault in (one for one in FAULTS if operation.name in one.operations):
                plan = fault.plan(setting)
                assert plan.rules or plan.knobs or plan.hit, fault.name
                setting.org.control("POST", "faults", plan.rules)
                setting.org.knobs(**plan.knobs)


def test_rows_of_one_record_have_keys_of_their_own_where_they_share_a_value(org: Org) -> None:
    made = Traffic(SHARED, "s", org, random.Random(1))
    rows = rows_of(made.items())

    assert len({row.data["Email"] for row in rows}) == len(rows)
    assert len({row.data["External_Contact_ID"] for row in rows}) < len(rows) / 2


@pytest.mark.long
def test_a_fault_that_a_destination_rides_out_costs_no_row(tmp_path: Path) -> None:
    outcome = play("too_many_at_once", "upsert", 1, None, tmp_path)

    assert not outcome.failed, outcome.story()
    assert outcome.runs == 1


@pytest.mark.long
def test_the_command_prints_the_table_of_the_destination(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["destination", "--fault", "lost_to_html", "--operation", "update", "--seed", "2"])

    said = capsys.readouterr().out
    assert code == 0, said
    sums = next(line.split() for line in said.splitlines() if line.startswith("sum"))
    assert sums[1:] == ["1", *["0"] * 9]
