"""What a schedule is about, drawn by chance."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from unit_tests.source.model.columns import GROUPS, NARROW, RICH_TEXT, UNSTAMPED, WIDE
from unit_tests.source.model.traits import Deletions, Traits
from unit_tests.source.model.world import BEGIN, Habits, World

#: An export takes more questions than a page, so fewer schedules are of Bulk.
METHODS = ("COQL", "COQL", "REST", "REST", "Bulk")
_EPOCH = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A connection, its org, and how its runs go."""

    method: str
    traits: Traits
    habits: Habits
    incremental: bool
    #: Seconds since 1970.
    start: int
    #: Deeds for each answer, by run.
    rates: tuple[float, ...]
    #: Deeds of each run at most.
    deeds: tuple[int, ...]
    #: The answer at which each run is killed; 0: it is not.
    deaths: tuple[int, ...]
    #: How many calls are under way at a time.
    at_once: int
    lookback_minutes: int = 0

    @property
    def windowed(self) -> bool:
        """The module's changes are followed by windows."""
        traits = self.traits
        return traits.columns.stamped and not (traits.child and traits.deletions != "listed")

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it is about."""
        traits = self.traits
        if traits.child:
            module = "child module" if self.windowed else "child module read whole"
        elif traits.convertible:
            module = "converted records"
        else:
            module = "records" if traits.columns.stamped else "records without Modified_Time"
        mode = "incremental" if self.incremental else "full refresh"
        return (f"{self.method} {traits.version_name}", mode, module)

    def __str__(self) -> str:
        return f"{', '.join(self.kinds)}\n{self.traits}\n{self.habits}\n"


def draw_scenario(rng: Random) -> Scenario:
    random = rng.random

    def pick(*options: Any) -> Any:
        return options[int(random() * len(options))]

    method = pick(*METHODS)
    kinds = ("plain", "plain", "plain", "plain", "convertible", "child", "child", "unstamped")
    # Queries by id have no borders of pages that records could slip over.
    kind = pick(*kinds, *(() if method == "COQL" else ("unstamped",)))
    chosen = UNSTAMPED if kind == "unstamped" else pick(NARROW, GROUPS, RICH_TEXT, WIDE)
    of_children: Deletions = pick("listed", "none", "none", "refused")
    incremental = kind != "unstamped" and random() < 0.8
    troubled = random() < 0.3
    # A result that is gone is that of an empty export only where the job says how many it has.
    counts = random() < 0.7
    traits = Traits(
        version_name=pick("v2", "v2.1", "v4", "v8"),
        columns=chosen,
        convertible=kind == "convertible",
        coql_shows_converted=random() < 0.3,
        child=kind == "child",
        deletions=of_children if kind == "child" else "listed",
        inclusive=random() < 0.5,
        tokens=pick("count", "count", "stand", "snapshot"),
        deletions_order=pick("newest", "oldest", "any"),
        export_order=_choose_order(pick("id", "modified", "any"), kind),
        own_orders=random() < 0.5,
        unknown_ids=pick("left out", "refused"),
        wide_refused=random() < 0.5,
        coql_refusal=pick("NOT_SUPPORTED", "INVALID_MODULE") if random() > 0.97 else None,
        bulk_refusal="MODULE_NOT_SUPPORTED" if random() > 0.97 else None,
        exports_begin_late=random() < 0.5,
        exports_count=counts,
        empty_exports_are_gone=counts and random() < 0.3,
        false_answers=pick(0.0, 0.05, 0.2) if troubled else 0.0,
        token_expires=pick(0.0, 0.1) if troubled else 0.0,
        job_fails=pick(0.0, 0.2) if troubled else 0.0,
        call_fails=pick(0.0, 0.03) if troubled else 0.0,
        ahead_s=pick(0.0, 0.0, 90.0, -90.0),
    )
    habits = Habits(
        weights=_draw_weights(pick, kind),
        # What is shown later than the clock is taken back escapes the lists of what moved.
        late_s=55 if method == "COQL" and kind == "plain" and not traits.coql_refusal else 5,
        hot=pick(0.0, 0.0, 0.5, 0.9),
        late=pick(0.0, 0.0, 0.3),
        # In a list by id, nothing enters before what was read.
        ascending=random() < 0.3 or kind == "unstamped",
        twice_a_second=incremental and chosen.stamped and kind != "child",
    )
    runs = 1 + int(random() * 3)
    rates = tuple(pick(0.0, 0.05, 0.15, 0.4, 1.0, 2.5) for _ in range(runs))
    if kind == "unstamped":
        rates = tuple(pick(0.0, 0.15, 0.4, 0.7, 1.0) for _ in range(runs))
    # Most runs are short.
    deaths = tuple(1 + int(random() ** 2 * 40) if random() > 0.7 else 0 for _ in range(runs))
    return Scenario(
        method=method,
        traits=traits,
        habits=habits,
        incremental=incremental,
        start=pick(_EPOCH, _EPOCH, BEGIN - 220),
        rates=rates,
        deeds=tuple(int(random() * pick(12, 80)) for _ in range(runs)),
        deaths=deaths,
        at_once=pick(8, 8, 3, 1),
        lookback_minutes=pick(0, 0, 0, 2),
    )


def choose_automatic(scenario: Scenario, *, counts_ids: bool) -> Scenario:
    """The same org, read by Automatic. Rows are shown no later than lists can bear."""
    traits = replace(scenario.traits, counts_ids=counts_ids)
    habits = replace(scenario.habits, late_s=5)
    return replace(scenario, method="Automatic", traits=traits, habits=habits)


def _choose_order(order: Any, kind: str) -> Any:
    """What is read whole is proven only where no record enters it, or moves, before what was read
    (UNVERIFIED in `Rereading`)."""
    return "id" if kind == "unstamped" else order


def _draw_weights(pick: Any, kind: str) -> tuple[float, float, float, float, float, float]:
    """Of edits, deletions, restored and new records, conversions; what is left empties the bin."""
    convert = 0.15 if kind == "convertible" else 0.0
    edit = pick(0.95, 0.6, 0.4, 0.2, 0.05) * (1 - convert)
    rest = 1 - convert - edit
    if kind == "unstamped":
        # Edits move none of its records. Where one was deleted and restored, no list shows that it
        # was gone.
        return (0.1, 0.55, 0.0, 0.3, 0.0, 0.05)
    return (edit, rest * 0.45, rest * 0.3, rest * 0.2, convert, rest * 0.05)


def furnish(world: World, scenario: Scenario) -> None:
    """Puts records into the world: some share a second, some have been deleted."""
    random = world.rng.random
    wide = 3 + int(random() * 15) + 8 * (not scenario.traits.columns.stamped)
    crowded = random() < 0.25
    seconds = [BEGIN - 100 - int(random() * 300) for _ in range(2 if crowded else wide)]
    for _ in range(int(random() * 4) * 6 if random() > 0.9 else wide):
        record = world.place(seconds[int(random() * len(seconds))])
        if scenario.traits.convertible:
            record.converted = random() < 0.3
        if random() > 0.85:
            deleted = record.modified + int(random() * 60)
            world.bury(record, deleted, permanent=random() > 0.5)
