"""Batches of a run that may add records to a module: which are under way, which lost their answer,
and which records the others have added or updated."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.comparison import ComparedColumns, NotFound, Record, SentRow
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome

#: Records of batches that ended more than so many seconds ago are dropped.
_SHORTLY_S = 60.0


@dataclass
class LookUpResult:
    """What a look-up has seen of the rows that a batch asked for."""

    #: Of each row, the id of its record, or why there is none.
    matches: Mapping[SentRow, str | NotFound] = field(default_factory=dict)
    #: Two looks saw the same.
    is_steady: bool = False
    #: Zoho could not be asked, or refused to answer.
    failure: AirbyteTracedException | None = None


@dataclass(eq=False)
class InsertBatch:
    """One batch, from its first call to its outcomes."""

    #: Its rows without an outcome, by their places.
    rows: dict[int, SentRow]
    #: By our clock, in seconds.
    started: float = 0.0
    ended: float | None = None
    #: Ids of records that answers and look-ups have named, and those of them that are new.
    record_ids: set[str] = field(default_factory=set)
    new_ids: set[str] = field(default_factory=set)
    #: Rows that may be records, and whose outcome is unknown.
    unknown: list[SentRow] = field(default_factory=list)
    #: Rows that lost their answer, and what was seen of them.
    lost_rows: Sequence[SentRow] = ()
    result: LookUpResult | None = None

    def set_outcome(self, place: int, outcome: Outcome) -> None:
        """The outcome of a row, whether or not it is among `rows`."""
        sent = self.rows.pop(place, None)
        if sent and outcome.code == OUTCOME_UNKNOWN:
            self.unknown.append(sent)
        if outcome.record_id and outcome.result in ("created", "updated"):
            self.record_ids.add(outcome.record_id)
            if outcome.result == "created":
                self.new_ids.add(outcome.record_id)


class InsertBatches:
    """The batches of one module, over all streams of a run. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        #: Batches that have not ended; of these, those with a call under way, and those looked up.
        self._open: set[InsertBatch] = set()
        self._in_flight: set[InsertBatch] = set()
        self._lost: set[InsertBatch] = set()
        self._ended: deque[InsertBatch] = deque()
        #: Rows that may be records, and whose outcome stays unknown.
        self._unresolved: list[SentRow] = []
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def track(
        self, compared: ComparedColumns, records: Mapping[int, Record]
    ) -> Iterator[InsertBatch]:
        """Records by their places. Begins when nothing is being looked up: a look-up must see no
        record come."""
        batch = InsertBatch({place: SentRow(compared, one) for place, one in records.items()})
        self._start(batch)
        try:
            yield batch
        finally:
            with self._changed:
                self._in_flight.discard(batch)
                self._open.discard(batch)
                # A row without an outcome may be a record.
                self._unresolved += (*batch.unknown, *batch.rows.values())
                batch.ended = time.time()
                self._ended.append(batch)
                self._drop_old()
                self._changed.notify_all()

    @contextmanager
    def pause_for_look_up(
        self, batch: InsertBatch, rows: Sequence[SentRow]
    ) -> Iterator[Sequence[InsertBatch]]:
        """These rows of a batch that is under way lost their answer. Gives the batches that are to
        be looked up, this one among them, or none where another thread has looked them up.

        Within, no call of the run adds records to the module.
        """
        with self._changed:
            batch.lost_rows, batch.result = rows, None
            self._in_flight.discard(batch)
            self._lost.add(batch)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._in_flight)
        try:
            with self._one_at_a_time:
                yield [] if batch.result else [one for one in self._lost if not one.result]
        finally:
            with self._changed:
                self._lost.discard(batch)
                self._changed.notify_all()
            self._start(batch)

    @property
    def unresolved(self) -> Sequence[SentRow]:
        with self._changed:
            return [*self._unresolved, *(sent for one in self._open for sent in one.unknown)]

    @property
    def known_ids(self) -> frozenset[str]:
        """Ids of records that already belong to a row."""
        with self._changed:
            return frozenset().union(*(one.record_ids for one in (*self._ended, *self._open)))

    def find_start(self, lost: Iterable[InsertBatch]) -> float:
        """The start of a look-up, by our clock: early enough to find a record that is known to be
        there, if the run has made one shortly before."""
        started = min(one.started for one in lost)
        with self._changed:
            before = next((one.started for one in reversed(self._ended) if one.new_ids), started)
            return before if started - _SHORTLY_S < before < started else started

    def list_new_ids(self, since: float) -> frozenset[str]:
        """Records that a look-up since then has to show."""
        with self._changed:
            return frozenset().union(*(one.new_ids for one in self._ended if one.started >= since))

    def _start(self, batch: InsertBatch) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._lost)
            if batch not in self._open:
                batch.started = time.time()
            self._open.add(batch)
            self._in_flight.add(batch)

    def _drop_old(self) -> None:
        """Drops batches that ended long before the oldest open one began: their records are of none
        to come."""
        oldest = min((one.started for one in self._open), default=time.time())
        while self._ended and (self._ended[0].ended or 0.0) < oldest - _SHORTLY_S:
            self._ended.popleft()
