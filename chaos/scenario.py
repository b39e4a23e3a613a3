"""One fault met by one source: reads before, under and after it."""

import random
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chaos import org as people
from chaos.discovery import Found, discover
from chaos.fault_run import run_under
from chaos.faults import BY_NAME
from chaos.org import MARGIN_S, Org
from chaos.outcome import Outcome
from chaos.process import Json
from chaos.reading import Story
from chaos.setting import METHODS, Fault, Plan, Setting
from chaos.stories import KILLED_ROWS, STORIES
from chaos.warehouse import Losses
from chaos.wire import Door, foreign
from zoho_emulator.server import Running, running

VERSIONS = ("v2", "v2.1", "v4", "v8")
NAMES = [*BY_NAME, *STORIES]
WAYS = tuple(METHODS)


def list_ways(name: str, seed: int, asked: bool) -> tuple[str, ...]:
    """The methods that a fault is for: the same with every seed."""
    return BY_NAME[name].methods if name in BY_NAME else WAYS


def found(folder: Path, cases: Iterable[tuple[str, str, int]]) -> Found:
    return discover(folder, (choose_version(*case) for case in cases))


def choose_version(name: str, method: str, seed: int) -> str:
    """Another one with each seed, and mostly with each fault and method."""
    place = NAMES.index(name) + list(METHODS).index(method)
    return VERSIONS[(place + seed) % len(VERSIONS)]


def play(name: str, method: str, seed: int, found: Found, folder: Path) -> Outcome[Losses]:
    """The whole scenario, with an org of its own."""
    begun = time.monotonic()
    outcome = new_outcome(name, method, choose_version(name, method, seed), seed, folder)
    try:
        with open_stage(outcome, found, KILLED_ROWS if name == "killed" else None) as (
            story,
            setting,
        ):
            if name in STORIES:
                STORIES[name](story, setting)
            else:
                meet(BY_NAME[name], story, setting)
    except Exception as error:
        # One scenario of a long run must not take the others with it.
        outcome.wrong.append(f"the harness: {error!r}")
        (folder / "harness.txt").write_text(traceback.format_exc())
    outcome.seconds = time.monotonic() - begun
    return outcome


def new_outcome(name: str, method: str, version: str, seed: int, folder: Path) -> Outcome[Losses]:
    return Outcome("source", name, "method", method, version, seed, folder, Losses())


@contextmanager
def open_stage(
    outcome: Outcome[Losses], found: Found, rows: Mapping[str, int] | None = None
) -> Iterator[tuple[Story, Setting]]:
    """An org, and a source that has not read it yet; all that follows is of the outcome's seed."""
    method, version = outcome.way, outcome.version
    rng = random.Random(f"{outcome.fault} {method} {outcome.seed}")
    with (
        running(people.settings(outcome.seed, rows), people.KNOBS) as server,
        Door(server.base_url) as door,
        foreign() as stranger,
    ):
        org = Org(server, rng)
        config = _build_config(server, door.address, method, version)
        catalog = found.catalog(version, rows or people.MODULES)
        story = Story(org, config, catalog, outcome, found)
        yield story, Setting(org, method, version, rng, stranger.address, door)
        outcome.leaked += len(stranger.heard)


def _build_config(server: Running, address: str, method: str, version: str) -> Json:
    return server.account | {
        "base_url": address,
        "schema_version": version,
        "retrieval": METHODS[method],
    }


def meet(fault: Fault, story: Story, setting: Setting) -> None:
    """A read without it, or none; people work; a read under it; reads until all is there."""
    setting.incremental = setting.rng.random() < 0.5
    if setting.incremental:
        before = story.read("before")
        if before.exit_code:
            story.outcome.wrong.append(f"the read before the fault fails: {before.errors}")
        setting.org.work(0.4)
        setting.org.advance(MARGIN_S)
    _run_under(fault, fault.plan(setting), story)
    story.recover()


def _run_under(fault: Fault, plan: Plan, story: Story) -> None:
    """The read that meets the fault."""
    story.leave, story.gone = plan.leave, plan.gone
    run_under(plan, story.org, lambda: story.read("under"), story.outcome.wrong, ends=fault.ends)
    story.deselect(plan.gone)
