"""Schedules whose chance hypothesis draws, so that it finds a small one that shows a fault."""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from unit_tests.source.model.faults import close_windows_before_their_parts
from unit_tests.source.model.judge import ViolationError
from unit_tests.source.model.mass import model
from unit_tests.source.model.play import Schedule

#: What is told of a small schedule: records, runs, questions with their answers, and deeds.
MOST_LINES = 80


def explore(*, examples: int, derandomize: bool) -> None:
    """Raises what a schedule raises, of the smallest one that is found to."""

    @settings(
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def play(chance: Random) -> None:
        Schedule(chance, note=note).play()

    with model():
        play()


def test_no_schedule_that_hypothesis_draws_shows_a_fault() -> None:
    explore(examples=150, derandomize=True)


def test_a_fault_that_is_put_back_shows_in_a_small_schedule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    close_windows_before_their_parts(monkeypatch)

    with pytest.raises(ViolationError) as raised:
        explore(examples=300, derandomize=True)

    told = "\n".join(raised.value.__notes__)
    assert "emits" in told
    assert len(told.splitlines()) < MOST_LINES
