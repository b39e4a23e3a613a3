"""Calls of a run that may add records to a module: which are under way, which lost their answer,
and which records the answers to the others have told of."""

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from destination_zoho_crm.outcomes import Outcome

#: Records of batches that ended so long ago, in seconds, are not remembered.
SHORTLY_S = 60.0

Records = Sequence[Mapping[str, Any]]


@dataclass(eq=False)
class Creation:
    """One batch, from its first call to its outcomes."""

    records: Records
    #: By our clock, in seconds.
    begun: float
    ended: float | None = None
    #: Ids of records that an answer or a look-up has told of, and those of them that are new.
    told: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)

    def tell(self, outcome: Outcome) -> None:
        """A record is one of the batch's rows."""
        if outcome.record_id and outcome.result in ("created", "updated"):
            self.told.add(outcome.record_id)
            if outcome.result == "created":
                self.new.add(outcome.record_id)


@dataclass(frozen=True)
class Others:
    """What a look-up finds that is not of its own batch."""

    #: Records that are some row's already.
    told: frozenset[str]
    #: Those of them that a look-up since the given moment has to show.
    shown: frozenset[str]
    #: Rows whose records may be there, and nothing has told of them.
    rows: Records


class Creations:
    """Those of one module, over all streams of a run. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        #: All that have not ended; of these, whose calls are under way, and who is looked up.
        self._live: set[Creation] = set()
        self._flying: set[Creation] = set()
        self._lost: set[Creation] = set()
        self._ended: deque[Creation] = deque()
        #: Rows of which nothing will be known any more.
        self._unknown: list[Mapping[str, Any]] = []

    @contextmanager
    def under_way(self, records: Records) -> Iterator[Creation]:
        """Begins when nothing is being looked up: a look-up must see no record come."""
        creation = Creation(records, 0.0)
        self._take_off(creation)
        try:
            yield creation
        finally:
            with self._changed:
                self._flying.discard(creation)
                self._live.discard(creation)
                creation.ended = time.time()
                self._ended.append(creation)
                self._forget()
                self._changed.notify_all()

    @contextmanager
    def lost(self, creation: Creation) -> Iterator[None]:
        """The answer to a batch that is under way was lost; within, no call of the run adds records
        to the module. Others that lost theirs may be looked up at the same time."""
        with self._changed:
            self._flying.discard(creation)
            self._lost.add(creation)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._flying)
        try:
            yield
        finally:
            with self._changed:
                self._lost.discard(creation)
                self._changed.notify_all()
            self._take_off(creation)

    def since(self, creation: Creation) -> float:
        """From when on records are looked for, by our clock: early enough to find one that is known
        to be there, if the run has made one shortly before."""
        with self._changed:
            before = (c.begun for c in reversed(self._ended) if c.new)
            last = next(before, creation.begun)
            return last if creation.begun - SHORTLY_S < last < creation.begun else creation.begun

    def others(self, creation: Creation, since: float) -> Others:
        """`since`: by our clock, in seconds."""
        with self._changed:
            known = (*self._ended, *self._live)
            return Others(
                told=frozenset().union(*(other.told for other in known)),
                shown=frozenset().union(*(c.new for c in self._ended if c.begun >= since)),
                rows=[
                    *(row for other in self._live - {creation} for row in other.records),
                    *self._unknown,
                ],
            )

    def give_up(self, record: Mapping[str, Any]) -> None:
        """It stays unknown whether this row is a record."""
        with self._changed:
            self._unknown.append(record)

    def _take_off(self, creation: Creation) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._lost)
            if creation not in self._live:
                creation.begun = time.time()
            self._live.add(creation)
            self._flying.add(creation)

    def _forget(self) -> None:
        """What ended long before the oldest batch began is no record of a batch to come."""
        oldest = min((c.begun for c in self._live), default=time.time())
        while self._ended and (self._ended[0].ended or 0.0) < oldest - SHORTLY_S:
            self._ended.popleft()
