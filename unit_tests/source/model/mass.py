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
from unit_tests.source.model.scenario import choose_automatic, draw_scenario
from unit_tests.source.model.sizes import small
from zoho_crm import clock


@dataclass
class Played:
    """Schedules that were played, by their kind, and those that showed a fault."""

    kinds: Counter[str] = field(default_factory=Counter)
    #: What was wrong, by seed.
    faults: dict[int, str] = field(default_factory=dict)
    #: The same of those that were read by Automatic.
    automatic_faults: dict[int, str] = field(default_factory=dict)

    def __iadd__(self, other: "Played") -> "Played":
        self.kinds += other.kinds
        self.faults |= other.faults
        self.automatic_faults |= other.automatic_faults
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


def make_schedule(
    seed: int, *, automatic: bool = False, note: Callable[[str], None] | None = None
) -> Schedule:
    """The schedule of a seed. `automatic`: by Automatic, whatever the method that was drawn;
    `note` is told what happens."""
    rng = Random(seed)
    scenario = draw_scenario(rng)
    if automatic:
        scenario = choose_automatic(scenario, counts_ids=seed % 4 != 0)
    return Schedule(rng, scenario, note)


def play_seeds(
    seeds: Iterable[int], *, until: str | None = None, automatic: bool = False
) -> Played:
    """Plays within `model`. `until`: to the first fault whose text holds this."""
    played = Played()
    for number, seed in enumerate(seeds):
        schedule = make_schedule(seed, automatic=automatic)
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


def tell(seed: int, *, automatic: bool = False) -> str:
    """What happens in a schedule, line by line, up to its fault."""
    lines: list[str] = []
    with model():
        try:
            make_schedule(seed, automatic=automatic, note=lines.append).play()
        except Exception as fault:
            lines.append(f"{type(fault).__name__}: {fault}")
    return "\n".join((f"seed {seed}", *lines))
