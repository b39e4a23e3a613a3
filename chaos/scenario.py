"""One fault met by one source: reads before, under and after it, and what is missing at the end."""

import random
import time
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from pathlib import Path

from chaos import org as people
from chaos.faults import BADLY, BY_NAME, METHODS, WELL, Fault, Plan, Setting
from chaos.org import Moment, Org
from chaos.outcome import Outcome
from chaos.process import Connector, Json, Run
from chaos.warehouse import Warehouse
from chaos.wire import Door, Foreign, foreign
from zoho_emulator.knobs import Knobs
from zoho_emulator.server import Running, running

VERSIONS = ("v2", "v2.1", "v4", "v8")
#: More than the minute that a source leaves to the next read.
MARGIN_S = 120
#: Reads after the fault until one ends well.
MOST_RECOVERIES = 4


def version_of(fault: str, method: str, seed: int) -> str:
    """Another one with each seed, and mostly with each fault and method."""
    place = list(BY_NAME).index(fault) + list(METHODS).index(method)
    return VERSIONS[(place + seed) % len(VERSIONS)]


class Story:
    """The reads of one connection, one after the other, and what each of them leaves wanting."""

    def __init__(self, org: Org, config: Json, catalog: Json, outcome: Outcome) -> None:
        self.org = org
        self.config = config
        self.outcome = outcome
        self.catalog = catalog
        self.warehouse = Warehouse(catalog)
        self.connector = Connector("source-zoho-crm", outcome.folder)
        self.leave: frozenset[str] = frozenset()
        self.gone: frozenset[str] = frozenset()

    def read(self, name: str, **rest: object) -> Run:
        """One read with the last states; what it says is judged and kept."""
        files = {"config": self.config, "catalog": self.catalog}
        if states := list(self.warehouse.states.values()):
            files["state"] = states  # type: ignore[assignment]
        number = self.outcome.runs + 1
        run = self.connector.run(f"{number:02} {name}", "read", files=files, **rest)  # type: ignore[arg-type]
        self.outcome.runs = number
        self.outcome.hung += run.hung
        secrets = [self.config[key] for key in ("client_secret", "refresh_token")]
        self.outcome.leaked += run.leaks(secrets)
        self.outcome.wrong += [f"{name}: {what}" for what in run.unclear()]
        self.outcome.wrong += [f"{name}: {what}" for what in self.warehouse.take(run)]
        self.outcome.repeated = self.warehouse.repeated
        self._hold_to_states(run)
        return run

    def _hold_to_states(self, run: Run) -> None:
        """A state says that all was read up to it: never untrue, however a read ends."""
        for name, table in self.warehouse.tables.items():
            upto = self.warehouse.upto(name)
            if table.incremental and upto is not None and name not in self.gone:
                truth = self.org.truth(name)
                self.outcome.losses.add(table.losses(truth, upto=upto, leave=self.leave))

    def hold_to_everything(self) -> None:
        """After a read that ended well, of an org that was still: all must be there."""
        for name, table in self.warehouse.tables.items():
            if name not in self.gone:
                losses = table.losses(self.org.truth(name), leave=self.leave)
                self.outcome.losses.add(losses)

    def recover(self) -> None:
        """Reads until one ends well, while people go on working; then all must be there."""
        for attempt in range(MOST_RECOVERIES):
            self.org.work(0.02)
            self.org.advance(MARGIN_S)
            run = self.read(f"after {attempt + 1}")
            if run.exit_code == 0:
                self.hold_to_everything()
                return
        self.outcome.wrong.append(
            f"no read ends well without the fault: {'; '.join(run.errors)[:500]}"
        )

    def deselect(self, streams: frozenset[str]) -> None:
        self.gone = streams
        left = [one for one in self.catalog["streams"] if one["stream"]["name"] not in streams]
        self.catalog = {"streams": left}


def play(name: str, method: str, seed: int, catalogs: Mapping[str, Json], folder: Path) -> Outcome:
    """The whole scenario; `catalogs` are those of the versions."""
    fault = BY_NAME[name]
    begun = time.monotonic()
    rng = random.Random(f"{fault.name} {method} {seed}")
    version = version_of(fault.name, method, seed)
    outcome = Outcome("source", fault.name, method, version, seed, folder)
    with ExitStack() as stack:
        knobs = {"tokens_per_10_min": 0}
        server = stack.enter_context(running(people.settings(seed), knobs))
        door = stack.enter_context(Door(server.base_url))
        stranger = stack.enter_context(foreign())
        org = Org(server, rng)
        config = config_of(server, door.address, method, version)
        story = Story(org, config, catalogs[version], outcome)
        incremental = rng.random() < 0.5
        if incremental:
            before = story.read("before")
            if before.exit_code:
                outcome.wrong.append(f"the read before the fault fails: {before.errors}")
            org.work(0.4)
            org.advance(MARGIN_S)
        setting = Setting(org, method, version, incremental, rng, stranger.address, door.shut)
        _under(fault, fault.plan(setting), story, stranger)
        story.recover()
        outcome.leaked += len(stranger.heard)
    outcome.seconds = time.monotonic() - begun
    return outcome


def config_of(server: Running, address: str, method: str, version: str) -> Json:
    return {
        "base_url": address,
        "client_id": server.client_id,
        "client_secret": server.client_secret,
        "refresh_token": server.refresh_token,
        "schema_version": version,
        "retrieval": METHODS[method],
    }


def _under(fault: Fault, plan: Plan, story: Story, stranger: Foreign) -> None:
    """The read that meets the fault, which must have hit, and must end as it has to."""
    org, outcome = story.org, story.outcome
    story.leave = plan.leave
    story.gone = plan.gone
    normal = {name: getattr(Knobs(), name) for name in plan.knobs}
    if plan.knobs:
        org.knobs(**plan.knobs)
    if plan.rules:
        org.control("POST", "faults", plan.rules)
    moment = Moment(org, 0, plan.act) if plan.act else None
    with moment or nullcontext():
        run = story.read("under")
    hits = org.control("GET", "faults")
    if missed := [rule["match"] for rule in hits if not rule["hits"]]:
        outcome.wrong.append(f"the harness: no call of {', '.join(missed)} was hit")
    if moment and not moment.came:
        outcome.wrong.append(f"the harness: nothing was done amid the read ({moment.error})")
    if plan.hit and not plan.hit():
        outcome.wrong.append("the harness: the fault was not seen to hit")
    org.control("DELETE", "faults")
    if normal:
        org.knobs(**normal)
    if fault.ends == WELL and run.exit_code and not run.hung:
        outcome.wrong.append(f"the fault ends the read: {'; '.join(run.errors)[:500]}")
    if fault.ends == BADLY and not run.exit_code:
        outcome.wrong.append("the read ends as if nothing had been wrong")
    story.deselect(plan.gone)
