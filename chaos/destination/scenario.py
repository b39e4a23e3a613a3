"""One fault met by one destination: writes under it, and after it."""

import random
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos.destination.faults import BY_NAME
from chaos.destination.judging import Amiss
from chaos.destination.operations import BY_NAME as OPERATIONS
from chaos.destination.operations import Operation
from chaos.destination.setting import DELETES, INSERTS, UPDATES, UPSERTS, Fault, Setting
from chaos.destination.stories import STORIES, Parts, one
from chaos.destination.writing import Story
from chaos.fault_run import run_under
from chaos.org import KNOBS, Org
from chaos.outcome import Outcome
from chaos.process import Json
from chaos.setting import WELL
from chaos.wire import Door, foreign
from zoho_emulator.server import Running, Settings, running

NAMES = [*BY_NAME, *STORIES]
WAYS = tuple(OPERATIONS)
#: Of two operations that differ in their key alone, one fault meets one, the next one the other.
_ALIKE = (UPSERTS, UPDATES, DELETES)
_ROWS = 3
#: With it, tokens may use Bulk Write.
_SCOPES = {"more_scopes": ["ZohoFiles.files.ALL"]}


def list_operations(name: str) -> tuple[str, ...]:
    return BY_NAME[name].operations if name in BY_NAME else STORIES[name][2]


def list_ways(name: str, seed: int, asked: bool) -> tuple[str, ...]:
    """The operations that meet a fault. Unless the user names some, each seed has others of those
    that are alike."""
    some = list_operations(name)
    if asked or name not in BY_NAME:
        return some
    place = NAMES.index(name) + seed
    alike = (INSERTS, sum(_ALIKE, ())) if BY_NAME[name].general else _ALIKE
    met = {of[(place + n) % len(of)] for n, of in enumerate(alike)}
    left_out = set(sum(alike, ())) - met
    return tuple(one for one in some if one not in left_out)


def found(folder: Path, cases: Iterable[tuple[str, str, int]]) -> None:
    """Nothing: all that a write needs is known."""


def choose_version(name: str, operation: str, seed: int) -> str:
    """Another one with each seed, and mostly with each fault and operation."""
    versions = OPERATIONS[operation].versions
    return versions[(NAMES.index(name) + WAYS.index(operation) + seed) % len(versions)]


def new_outcome(name: str, operation: str, version: str, seed: int, folder: Path) -> Outcome[Amiss]:
    return Outcome("destination", name, "operation", operation, version, seed, folder, Amiss())


def play(name: str, operation: str, seed: int, _: None, folder: Path) -> Outcome[Amiss]:
    """The whole scenario, with an org of its own."""
    begun = time.monotonic()
    outcome = new_outcome(name, operation, choose_version(name, operation, seed), seed, folder)
    try:
        with open_stage(outcome) as (setting, config):
            if name in STORIES:
                play_story, parts, _operations = STORIES[name]
                story = build_story(outcome, setting, config, parts(setting))
                play_story(story, setting)
                story.recover()
            else:
                meet(BY_NAME[name], outcome, setting, config)
    except Exception as error:
        # One scenario of a long run must not take the others with it.
        outcome.wrong.append(f"the harness: {error!r}")
        (folder / "harness.txt").write_text(traceback.format_exc())
    outcome.seconds = time.monotonic() - begun
    return outcome


@contextmanager
def open_stage(outcome: Outcome[Amiss]) -> Iterator[tuple[Setting, Json]]:
    """An org, and the config of a destination; all that follows is of the outcome's seed."""
    rng = random.Random(f"{outcome.fault} {outcome.way} {outcome.seed}")
    with (
        running(Settings(seed=outcome.seed, rows=_ROWS), {**KNOBS, **_SCOPES}) as server,
        Door(server.base_url) as door,
        foreign() as stranger,
    ):
        operation = OPERATIONS[outcome.way]
        setting = Setting(Org(server, rng), operation, outcome.version, rng, stranger.address, door)
        yield setting, _build_config(server, door.address, outcome.version, operation)
        outcome.leaked += len(stranger.heard)


def build_story(outcome: Outcome[Amiss], setting: Setting, config: Json, parts: Parts) -> Story:
    return Story(setting.org, config, parts[0], parts[1], outcome)


def meet(fault: Fault, outcome: Outcome[Amiss], setting: Setting, config: Json) -> None:
    """A write under it; then, if that failed, writes until all is there."""
    story = build_story(outcome, setting, config, one(setting, fault.size))
    for judge in story.judges:
        judge.may_be_unknown, judge.may_repeat = fault.unknown, fault.repeats
    plan = fault.plan(setting)
    run_under(plan, setting.org, lambda: story.write("under"), outcome.wrong, ends=fault.ends)
    story.sure &= fault.ends == WELL and not fault.lost
    story.recover()


def _build_config(server: Running, address: str, version: str, operation: Operation) -> Json:
    return (
        server.account
        | operation.config
        | {
            "base_url": address,
            "schema_version": version,
            "max_deletes": 100_000,
        }
    )
