"""One fault met by one source: reads before, under and after it."""

import random
import re
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

from chaos import org as people
from chaos.discovery import Found
from chaos.faults import BY_NAME
from chaos.org import MARGIN_S, Moment, Org
from chaos.outcome import Outcome
from chaos.process import Json
from chaos.reading import Story
from chaos.setting import BADLY, METHODS, WELL, Fault, Plan, Setting
from chaos.stories import KILLED_ROWS, STORIES
from chaos.wire import Door, foreign
from zoho_emulator.knobs import Knobs
from zoho_emulator.server import Running, running

VERSIONS = ("v2", "v2.1", "v4", "v8")
NAMES = [*BY_NAME, *STORIES]


def methods_of(name: str) -> tuple[str, ...]:
    return BY_NAME[name].methods if name in BY_NAME else tuple(METHODS)


def version_of(name: str, method: str, seed: int) -> str:
    """Another one with each seed, and mostly with each fault and method."""
    place = NAMES.index(name) + list(METHODS).index(method)
    return VERSIONS[(place + seed) % len(VERSIONS)]


def play(name: str, method: str, seed: int, found: Found, folder: Path) -> Outcome:
    """The whole scenario, with an org of its own."""
    begun = time.monotonic()
    outcome = Outcome("source", name, method, version_of(name, method, seed), seed, folder)
    try:
        with stage(outcome, found, KILLED_ROWS if name == "killed" else None) as (story, setting):
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


@contextmanager
def stage(
    outcome: Outcome, found: Found, rows: Mapping[str, int] | None = None
) -> Iterator[tuple[Story, Setting]]:
    """An org, and a source that has not read it yet; all that follows is of the outcome's seed."""
    method, version = outcome.method, outcome.version
    rng = random.Random(f"{outcome.fault} {method} {outcome.seed}")
    with (
        running(people.settings(outcome.seed, rows), people.KNOBS) as server,
        Door(server.base_url) as door,
        foreign() as stranger,
    ):
        org = Org(server, rng)
        config = _config(server, door.address, method, version)
        catalog = found.catalog(version, rows or people.MODULES)
        story = Story(org, config, catalog, outcome, found)
        yield story, Setting(org, method, version, rng, stranger.address, door)
        outcome.leaked += len(stranger.heard)


def _config(server: Running, address: str, method: str, version: str) -> Json:
    return {
        "base_url": address,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "refresh_token": server.refresh_token,
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
    _under(fault, fault.plan(setting), story)
    story.recover()


def _under(fault: Fault, plan: Plan, story: Story) -> None:
    """The read that meets the fault, which must have hit, and must end as it has to."""
    org, wrong = story.org, story.outcome.wrong
    story.leave, story.gone = plan.leave, plan.gone
    if plan.knobs:
        org.knobs(**plan.knobs)
    if plan.rules:
        org.control("POST", "faults", plan.rules)
    moment = Moment(org, 0, plan.act) if plan.act else None
    with moment or nullcontext():
        run = story.read("under")
    hits = org.control("GET", "faults")
    if missed := [rule["match"] for rule in hits if not rule["hits"]]:
        wrong.append(f"the harness: no call of {', '.join(missed)} was hit")
    if moment and not moment.came:
        wrong.append(f"the harness: nothing was done amid the read ({moment.error})")
    if plan.hit and not plan.hit():
        wrong.append("the harness: the fault was not seen to hit")
    if plan.unseen and plan.unseen.encode() in run.out.read_bytes():
        wrong.append("the harness: the fault changed nothing")
    org.control("DELETE", "faults")
    org.knobs(**{name: getattr(Knobs(), name) for name in plan.knobs})
    if fault.ends == WELL and run.exit_code and not run.hung:
        wrong.append(f"the fault ends the read: {'; '.join(run.errors)[:500]}")
    if fault.ends == BADLY and not run.exit_code:
        wrong.append("the read ends as if nothing had been wrong")
    if plan.says and run.errors and not any(re.search(plan.says, e) for e in run.errors):
        wrong.append(f"no error says {plan.says!r}: {'; '.join(run.errors)[:500]}")
    story.deselect(plan.gone)
