"""Many schedules, one for each seed, and what was played."""

import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import pytest

from unit_tests.source.model.play import OUR_CLOCK, Schedule
from unit_tests.source.model.sizes import small
from zoho_crm import clock


@dataclass
class Played:
    """Schedules that were played, by their kind, and those that showed a fault."""

    kinds: Counter[str] = field(default_factory=Counter)
    #: What was wrong, by seed.
    faults: dict[int, str] = field(default_factory=dict)

    def __iadd__(self, other: "Played") -> "Played":
        self.kinds += other.kinds
        self.faults |= other.faults
        return self

    def count(self, schedule: Schedule) -> None:
        self.kinds.update(("schedules", *schedule.scenario.kinds))
        self.kinds["runs"] += schedule.runs
        self.kinds["questions"] += schedule.steps

    @property
    def schedules(self) -> int:
        return self.kinds["schedules"]


@contextmanager
def model() -> Iterator[None]:
    """Limits are small, our clock is the model's, nothing is logged, no garbage is collected."""
    logger = logging.getLogger("airbyte")
    level = logger.level
    with small(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "time", OUR_CLOCK)
        logger.setLevel(logging.CRITICAL)
        gc.disable()
        try:
            yield
        finally:
            gc.enable()
            logger.setLevel(level)


def play_seed(seed: int, note: Callable[[str], None] | None = None) -> Schedule:
    """One schedule, within `model`. `note` is told what happens."""
    schedule = Schedule(Random(seed), note=note)
    schedule.play()
    return schedule


def play_seeds(seeds: Iterable[int], *, until: str | None = None) -> Played:
    """Plays within `model`. `until`: to the first fault whose text holds this."""
    played = Played()
    for number, seed in enumerate(seeds):
        schedule = Schedule(Random(seed))
        try:
            schedule.play()
        except Exception as fault:
            played.faults[seed] = f"{type(fault).__name__}: {fault}"
            if until is not None and until in played.faults[seed]:
                break
        played.count(schedule)
        if not number % 500:
            # Tasks that were given up hold each other.
            gc.collect()
    return played


def tell(seed: int) -> str:
    """What happens in a schedule, line by line, up to its fault."""
    lines: list[str] = []
    with model():
        try:
            play_seed(seed, lines.append)
        except Exception as fault:
            lines.append(f"{type(fault).__name__}: {fault}")
    return "\n".join((f"seed {seed}", *lines))
