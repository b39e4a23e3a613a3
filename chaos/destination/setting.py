"""What a fault is that a write meets."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.destination.operations import BY_NAME, Operation
from chaos.destination.traffic import Size
from chaos.org import Org
from chaos.setting import WELL, Plan, Rule
from chaos.wire import Door

INSERTS = ("insert", "insert_bare")
UPSERTS = ("upsert", "upsert_external")
UPDATES = ("update", "update_external")
DELETES = ("delete", "delete_external")
BULK = ("insert_bulk", "upsert_bulk", "update_bulk")
BY_CALLS = tuple(name for name in BY_NAME if name not in BULK)


#: Rows of few enough keys that most make a job, and enough for it.
JOB = Size(rows=1_200, between=(5, 150))


@dataclass
class Setting:
    """What it may go by."""

    org: Org
    operation: Operation
    version: str
    rng: random.Random
    #: Address of a host that must never be called.
    foreign: str
    door: Door

    def main(self) -> Rule:
        """One of the calls that write."""
        return {"match": self.operation.match, "after": self.rng.randint(0, 3)}

    def early(self) -> Rule:
        return {"match": self.operation.match}

    def any(self) -> Rule:
        if self.rng.random() < 0.7:
            return self.main()
        match = self.rng.choice(["settings.modules", f"settings.fields:{self.operation.module}"])
        return {"match": match}


@dataclass(frozen=True)
class Fault:
    name: str
    plan: Callable[[Setting], Plan]
    ends: str = WELL
    operations: tuple[str, ...] = BY_CALLS
    #: Of inserts: rows may end as unknown, because Zoho never answers again.
    unknown: bool = False
    #: Calls are refused for good while others of the stream are under way: what those inserts add
    #: stands behind rows that are not written, so no state can acknowledge it.
    repeats: bool = False
    #: An answer may be lost behind which a record was added: it then counts as updated.
    lost: bool = True
    #: It is about any call: one insert and one other operation meet it, others with each seed.
    general: bool = False
    size: Size = field(default_factory=Size)
