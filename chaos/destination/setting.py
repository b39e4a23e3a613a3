"""What a fault is that a write meets."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from chaos.destination.operations import BY_NAME, Operation
from chaos.destination.traffic import Size
from chaos.org import Org
from chaos.setting import WELL, Plan, Rule, refusal
from chaos.wire import Door

__all__ = ["Fault", "Setting", "refusal"]

INSERT, BARE = "insert", "insert_bare"
UPSERTS = ("upsert", "upsert_external")
UPDATES = ("update", "update_external")
DELETES = ("delete", "delete_external")
INSERTS = (INSERT, BARE)
OF_KEYS = (*UPSERTS, *UPDATES, *DELETES)
ALL = tuple(BY_NAME)


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

    @property
    def inserts(self) -> bool:
        return self.operation.call == "insert"


@dataclass(frozen=True)
class Fault:
    name: str
    plan: Callable[[Setting], Plan]
    ends: str = WELL
    operations: tuple[str, ...] = ALL
    #: Of inserts: rows may end as unknown, because Zoho never answers again.
    unknown: bool = False
    #: An answer may be lost behind which a record was added: it then counts as updated.
    lost: bool = True
    size: Size = field(default_factory=Size)
