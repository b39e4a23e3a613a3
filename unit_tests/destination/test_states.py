"""States go out as they came, in order, each when its rows have outcomes; the counts add up."""

import json
import threading
import time
from collections.abc import Iterator

import pytest

from destination_zoho_crm.client import Client
from destination_zoho_crm.protocol import read_messages
from destination_zoho_crm.writing import write
from unit_tests.destination.conftest import Org, row, state, stream

LEADS = stream("Leads", "Last_Name", "Email")


def leads(*names: str) -> list[bytes]:
    return [row("Leads", {"Last_Name": name}) for name in names]


def test_a_state_comes_back_with_all_that_the_platform_put_into_it(org: Org) -> None:
    sent = state("Leads", 17, sourceStats={"recordCount": 1.0, "additionalStats": {"x": None}})

    result = org.write_lines([LEADS], [*leads("A"), sent])

    (came,) = result.states
    stats = came["state"].pop("destinationStats")
    assert came == json.loads(sent)
    assert stats == {
        "recordCount": 1.0,
        "rejectedRecordCount": 0.0,
        "additionalStats": {
            "created": 1.0,
            "updated": 0.0,
            "unchanged": 0.0,
            "deleted": 0.0,
            "superseded": 0.0,
        },
    }


@pytest.mark.parametrize(
    "value",
    ["184467440737095516159", "1732402800.123456789012", "1.50", "NaN", r'"\ud800"'],
    ids=["long", "long decimal", "zero at the end", "no number", "half a character"],
)
def test_the_text_of_a_state_is_not_made_anew(org: Org, value: str) -> None:
    begin = f'{{"id": 1, "state": {{"data": {{"é": {value}, "}}": "\\"}}}}"}}'
    end = ' }, "type" : "STATE"}'

    result = org.write_lines([LEADS], [*leads("A"), (begin + end).encode()])

    (line,) = result.printed
    assert line.startswith(f'{begin} ,"destinationStats":{{"recordCount":1.0,')
    assert line.endswith("}" + end.lstrip())


def test_a_state_may_be_empty(org: Org) -> None:
    result = org.write_lines([LEADS], [*leads("A"), b'{"type": "STATE", "state": { }}'])

    assert result.counts() == {"created": 1}


def test_each_state_counts_the_rows_since_the_one_before(org: Org) -> None:
    bad = row("Leads", {"Last_Name": "B", "Email": "bad"})
    lines = [*leads("A", "B"), state("Leads", 1), bad, state("Leads", 2), state("Leads", 3)]

    result = org.write_lines([LEADS], lines)

    assert [s["state"]["id"] for s in result.states] == [1, 2, 3]
    assert [result.counts(state=n) for n in range(3)] == [{"created": 2}, {"rejected": 1}, {}]


def accounts(*names: str) -> list[bytes]:
    return [row("Accounts", {"Account_Name": name}) for name in names]


def test_a_state_goes_out_while_the_source_is_silent(org: Org) -> None:
    """The state is there before the input goes on."""
    came: list[int] = []

    def lines() -> Iterator[bytes]:
        yield from leads("A")
        yield state("Leads", 1)
        for _ in range(200):
            if came:
                break
            time.sleep(0.05)
        assert came == [1]
        yield from leads("B")
        yield state("Leads", 2)

    for line in write(Client(org.config), org.config, [LEADS], read_messages(lines())):
        came.append(json.loads(line)["state"]["id"])  # noqa: PERF401 - the input looks at it

    assert came == [1, 2]


def test_no_state_goes_out_before_its_rows_are_written(org: Org) -> None:
    org.fail(
        "insert",
        times=9,
        status=403,
        body={"code": "NO_PERMISSION", "message": "no", "details": {}},
    )

    result = org.write_lines([LEADS], [*leads("A"), state("Leads", 1), *leads("B")])

    assert result.states == []
    assert "NO_PERMISSION" in result.sentence


def test_what_was_written_before_a_failure_is_acknowledged(org: Org) -> None:
    refusal = {"code": "NO_PERMISSION", "message": "no", "details": {}}
    org.fail("insert:Accounts", times=9, status=403, body=refusal)
    accounts = stream("Accounts", "Account_Name")
    lines = [*leads("A"), state("Leads", 1), row("Accounts", {"Account_Name": "B"}), state(None, 2)]

    result = org.write_lines([LEADS, accounts], lines)

    assert [s["state"]["id"] for s in result.states] == [1]
    (line,) = result.said("Written: Leads: 1 row = 1 created, ")
    assert "; 1 call, 1 credit, " in line
    assert result.said("0 superseded, 0 rejected, 1 without a known outcome")


def test_rows_after_the_last_state_are_written_too(org: Org) -> None:
    result = org.write_lines([LEADS], [state("Leads", 1), *leads("Last")])

    assert result.counts() == {}
    assert org.record("Leads", Last_Name="Last")


def test_an_old_state_without_a_type_speaks_of_all_streams(org: Org) -> None:
    old = json.dumps({"type": "STATE", "state": {"data": {"cursor": 1}}}).encode()

    result = org.write_lines([LEADS], [*leads("A"), old])

    assert result.counts() == {"created": 1}


@pytest.mark.parametrize("share", ["0", "10"])
def test_credits_kept_for_people_end_the_run_after_what_is_written(org: Org, share: str) -> None:
    lines = [*leads("A"), state("Leads", 1)]
    # Of the 55,000 that the edition and its licences give.
    org.knobs(credits_used=50_000)

    result = org.write_lines([LEADS], lines, credits_reserve_percent=int(share))
    org.knobs(credits_used=0)

    assert (result.failure is None) == (share == "0")
    if result.failure:
        assert "reserved for people" in result.sentence
        assert result.states == []


def test_a_run_that_is_stopped_writes_what_a_state_has_come_for_and_no_more(org: Org) -> None:
    """Rows whose state has not come would be added again by the next sync."""
    org.knobs(latency_ms=500)
    stop = threading.Event()

    def lines() -> Iterator[bytes]:
        yield from leads(*(f"Awaited {n}" for n in range(1_000)))
        yield state("Leads", 1)
        # More than is read ahead, so the state has been taken. A batch of them is handed over.
        yield from leads(*(f"Behind {n}" for n in range(250)))
        stop.set()

    result = org.write_lines([LEADS], lines(), stop)
    org.knobs(latency_ms=0)

    names = [record["Last_Name"] for record in org.records("Leads")]
    assert result.sentence == (
        "The sync was stopped. Calls under way are finished. The next sync continues with the rows "
        "since the last state."
    )
    assert result.said(" not sent; ")
    assert not result.said("without a known outcome")
    assert [message["state"]["id"] for message in result.states] == [1]
    assert result.counts() == {"created": 1_000}
    assert len({name for name in names if name.startswith("Awaited")}) == 1_000
    assert not [name for name in names if name.startswith("Behind")]
