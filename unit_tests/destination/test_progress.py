"""A long run logs how far it is; the plan says what it will cost."""

import re
import time
from collections.abc import Callable, Iterator

import pytest

from unit_tests.destination.conftest import Json, Org, row, state, stream

LEADS = stream("Leads", "Last_Name", "Lead_Score")
GOOD = row("Leads", {"Last_Name": "Good"})
BAD = row("Leads", {"Last_Name": "Bad", "Lead_Score": "x"})


@pytest.fixture
def advance(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock, which stands still otherwise."""
    now = [1_000.0]
    monkeypatch.setattr("destination_zoho_crm.report.monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


def silence(org: Org) -> None:
    """Of the source, until a first batch is written and its outcomes are seen."""
    for _ in range(100):
        if org.calls("insert"):
            break
        time.sleep(0.05)
    time.sleep(0.5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "1,000 rows cost 100 credits in 10 calls"),
        ({"mode": "append_dedup", "key": "Email"}, "1,000 rows cost 100 credits in 10 calls"),
        ({"mode": "update", "key": "id"}, "1,000 rows cost 100 credits in 10 calls"),
        ({"mode": "soft_delete", "key": "id"}, "1,000 rows cost 10 credits in 10 calls"),
    ],
    ids=["insert", "upsert", "update", "delete"],
)
def test_the_plan_says_what_a_thousand_rows_cost(org: Org, changes: Json, said: str) -> None:
    leads = stream("s", "id", "Last_Name", "Email", into="Leads", **changes)

    result = org.write_lines([leads], [])

    assert result.said(f"Plan: s: {said}, if their batches are full.")


def test_reschedules_are_deleted_at_the_price_of_a_call_each(org: Org) -> None:
    name = "Appointments_Rescheduled_History__s"
    history = stream("s", "id", mode="soft_delete", key="id", into=name)

    assert org.write_lines([history], []).said("1,000 rows cost 1,000 credits in 1,000 calls")


def test_a_line_comes_after_half_a_minute_with_all_that_has_happened(
    org: Org, advance: Callable[[float], None]
) -> None:
    def lines() -> Iterator[bytes]:
        yield from [GOOD] * 100
        yield from [BAD] * 50
        yield state("Leads")
        silence(org)
        advance(31)
        yield GOOD

    result = org.write_lines([LEADS], lines())

    (line,) = result.said("Progress:")
    # The credits: 10, and those of metadata.
    pattern = (
        r"Progress: 15[01] rows in, 100 written, 50 rejected; 5 rows per second; (\d+) credits\."
    )
    found = re.fullmatch(pattern, line)
    assert found
    assert 10 < int(found[1]) < 20


def test_a_line_comes_while_the_source_is_silent_and_only_if_something_has_moved(
    org: Org, advance: Callable[[float], None]
) -> None:
    def lines() -> Iterator[bytes]:
        yield GOOD
        yield state("Leads")
        silence(org)
        advance(31)
        silence(org)
        for _ in range(2):
            advance(100)
            silence(org)

    result = org.write_lines([LEADS], lines())

    (line,) = result.said("Progress:")
    assert line.startswith("Progress: 1 row in, 1 written, 0 rejected;")


def test_a_line_comes_while_the_last_rows_are_written(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = time.monotonic()
    monkeypatch.setattr(
        "destination_zoho_crm.report.monotonic",
        lambda: begun + 100 * (time.monotonic() - begun),
    )
    org.fail("insert", "delay", seconds=0.7)

    result = org.write(LEADS, [{"Last_Name": "L"}])

    assert result.said("Progress: 1 row in, 0 written, 0 rejected; 0 rows per second;")


def test_a_line_comes_each_ten_thousand_rows(org: Org, advance: Callable[[float], None]) -> None:
    def lines() -> Iterator[bytes]:
        for _ in range(25):
            yield from [BAD] * 999
            advance(1)
            yield BAD

    result = org.write_lines([LEADS], lines(), max_rejected="100%")

    said = result.said("Progress:")
    assert [line.split(" rows in")[0] for line in said] == ["Progress: 10,000", "Progress: 20,000"]


def test_a_short_run_logs_none(org: Org, advance: Callable[[float], None]) -> None:
    def lines() -> Iterator[bytes]:
        yield from [GOOD] * 100
        silence(org)
        advance(29)
        silence(org)

    assert not org.write_lines([LEADS], lines()).said("Progress:")
