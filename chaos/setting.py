"""What a fault is, and the read that it meets."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chaos.org import Org
from chaos.wire import Door

Rule = dict[str, Any]

COQL, REST, BULK = "coql", "rest", "bulk"
METHODS: Mapping[str, Mapping[str, str]] = {
    COQL: {"use_coql": "enabled"},
    REST: {"use_coql": "disabled", "api_type": "REST"},
    BULK: {"use_coql": "disabled", "api_type": "Bulk"},
}

#: How a read under a fault has to end: well, with an error, or either way.
WELL, BADLY, EITHER = "well", "badly", "either"


class Scene(Protocol):
    """What the faults of both halves go by."""

    org: Org
    rng: random.Random
    #: Address of a host that must never be called.
    foreign: str
    door: Door

    def any(self) -> Rule:
        """Any call of a run, more often one of those that it is about."""

    def main(self) -> Rule:
        """One of the calls that a run is about."""

    def early(self) -> Rule:
        """A call of those that it is about, behind which others follow."""


@dataclass
class Setting:
    """What a fault of a read may go by."""

    org: Org
    method: str
    version: str
    rng: random.Random
    #: Address of a host that must never be called.
    foreign: str
    door: Door
    #: The read has a state to go on from.
    incremental: bool = False

    def records(self) -> Rule:
        """One of the calls that bring rows."""
        most = 1 if self.incremental else 3
        if self.method == COQL:
            some = [("coql:Leads", most), ("coql:Vehicles", 0), ("coql:Quotes", 0)]
        elif self.method == REST:
            some = [("records.list:Leads", most), ("records.list:Vehicles", 0)]
            some += [("records.list:Service_History", 1)]
        else:
            some = [(f"bulk.{step}:Leads", 0) for step in ("create", "status", "result")]
            some += [("bulk.status:Vehicles", 0), ("bulk.result:Service_History", 0)]
        return self._one_of(some)

    def main(self) -> Rule:
        return self.records()

    def any(self) -> Rule:
        """Any call of a read, more often one that brings rows."""
        others = [("settings.modules", 0), ("settings.fields:Leads", 0), ("org", 0)]
        if self.incremental:
            others += [("deleted:Leads", 0), ("deleted:Vehicles", 0)]
        return self.records() if self.rng.random() < 0.6 else self._one_of(others)

    def json(self) -> Rule:
        """A call for rows whose answer is JSON, of every method."""
        if self.method == BULK:
            return {"match": "bulk.status:Leads"}
        return self.records()

    def early(self) -> Rule:
        """A call for rows behind which others follow."""
        first = {COQL: "coql:Leads", REST: "records.list:Leads", BULK: "bulk.create:Leads"}
        return {"match": first[self.method]}

    def promised(self) -> Rule:
        """A page of a list behind one that said that there are more."""
        if self.method == COQL:
            return {"match": "coql:Leads", "where": f"id > {self.org.ids('Leads')[0][:4]}"}
        paged = "&page=2" if self.version in ("v2", "v2.1") else "page_token="
        return {"match": "records.list:Leads", "where": paged}

    def _one_of(self, some: list[tuple[str, int]]) -> Rule:
        match, most = self.rng.choice(some)
        return {"match": match, "after": self.rng.randint(0, most)}


@dataclass(frozen=True)
class Plan:
    """What goes wrong. Each rule must hit, and `act` is called while the first, a delay, lasts."""

    rules: list[Rule] = field(default_factory=list)
    knobs: Mapping[str, object] = field(default_factory=dict)
    act: Callable[[], object] | None = None
    #: Columns that cannot be compared afterwards, as they changed.
    leave: frozenset[str] = frozenset()
    #: Streams that are gone afterwards.
    gone: frozenset[str] = frozenset()
    #: Whether the fault was seen to hit, where no rule shows it.
    hit: Callable[[], bool] | None = None
    #: A text that the fault replaces, which nobody may see.
    unseen: str = ""
    #: What the error has to say, as a regular expression.
    says: str = ""


@dataclass(frozen=True)
class Fault:
    name: str
    plan: Callable[[Setting], Plan]
    ends: str = WELL
    methods: tuple[str, ...] = tuple(METHODS)


def once(rule: Rule, do: str, times: int = 1, /, **args: object) -> Plan:
    return Plan([{**rule, "times": times, "do": do, "args": args}])


def amid(scene: Scene, act: Callable[[], object], *rules: Rule, **rest: Any) -> Plan:
    """Something that happens while a call of those that the run is about is held."""
    held = {**scene.early(), "times": 1, "do": "delay", "args": {"seconds": 1.0}}
    return Plan([held, *rules], act=act, **rest)


def refusal(code: str, message: str = "a planned fault") -> Rule:
    return {"code": code, "details": {}, "message": message, "status": "error"}
