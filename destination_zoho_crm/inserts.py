"""Calls of a run that may add records to a module: which are under way, which lost their answer,
and which records the answers to the others have told of."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.comparison import Fate, Likeness, Record, Sent
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome

#: Records of batches that ended so long ago, in seconds, are not remembered.
_SHORTLY_S = 60.0


@dataclass
class Sight:
    """What a look-up has seen of the rows that a batch asked for."""

    #: Of each row, the id of its record, or why there is none.
    fates: Mapping[Sent, str | Fate] = field(default_factory=dict)
    #: Two looks saw the same.
    steady: bool = False
    #: Zoho could not be asked, or refused to answer.
    failure: AirbyteTracedException | None = None


@dataclass(eq=False)
class Creation:
    """One batch, from its first call to its outcomes."""

    #: Its rows without an outcome, by their places.
    rows: dict[int, Sent]
    #: By our clock, in seconds.
    begun: float = 0.0
    ended: float | None = None
    #: Ids of records that an answer or a look-up has told of, and those of them that are new.
    told: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    #: Rows that may be records, and whose outcome is that nothing is known of them.
    unknown: list[Sent] = field(default_factory=list)
    #: Rows that lost their answer, and what was seen of them.
    asked: Sequence[Sent] = ()
    sight: Sight | None = None

    def tell(self, place: int, outcome: Outcome) -> None:
        """The outcome of a row."""
        sent = self.rows.pop(place)
        if outcome.code == OUTCOME_UNKNOWN:
            self.unknown.append(sent)
        if outcome.record_id and outcome.result in ("created", "updated"):
            self.told.add(outcome.record_id)
            if outcome.result == "created":
                self.new.add(outcome.record_id)


class Creations:
    """Those of one module, over all streams of a run. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        #: All that have not ended; of these, whose calls are under way, and who is looked up.
        self._live: set[Creation] = set()
        self._flying: set[Creation] = set()
        self._lost: set[Creation] = set()
        self._ended: deque[Creation] = deque()
        #: Rows that may be records, and of which nothing will be known any more.
        self._given_up: list[Sent] = []
        self._one_at_a_time = threading.Lock()

    @contextmanager
    def under_way(self, likeness: Likeness, records: Mapping[int, Record]) -> Iterator[Creation]:
        """Records by their places. Begins when nothing is being looked up: a look-up must see no
        record come."""
        creation = Creation({place: Sent(likeness, one) for place, one in records.items()})
        self._take_off(creation)
        try:
            yield creation
        finally:
            with self._changed:
                self._flying.discard(creation)
                self._live.discard(creation)
                # Whatever ended it: a row without an outcome may be a record.
                self._given_up += (*creation.unknown, *creation.rows.values())
                creation.ended = time.time()
                self._ended.append(creation)
                self._forget()
                self._changed.notify_all()

    @contextmanager
    def lost(self, creation: Creation, rows: Sequence[Sent]) -> Iterator[Sequence[Creation]]:
        """These rows of a batch that is under way lost their answer. Gives the batches that are to
        be looked up, this one among them, or none where another thread has seen to it.

        Within, no call of the run adds records to the module.
        """
        with self._changed:
            creation.asked, creation.sight = rows, None
            self._flying.discard(creation)
            self._lost.add(creation)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._flying)
        try:
            with self._one_at_a_time:
                yield [] if creation.sight else [one for one in self._lost if not one.sight]
        finally:
            with self._changed:
                self._lost.discard(creation)
                self._changed.notify_all()
            self._take_off(creation)

    @property
    def given_up(self) -> Sequence[Sent]:
        with self._changed:
            return [*self._given_up, *(sent for one in self._live for sent in one.unknown)]

    @property
    def told(self) -> frozenset[str]:
        """Ids of records that are some row's already."""
        with self._changed:
            return frozenset().union(*(one.told for one in (*self._ended, *self._live)))

    def since(self, lost: Iterable[Creation]) -> float:
        """From when on records are looked for, by our clock: early enough to find one that is known
        to be there, if the run has made one shortly before."""
        begun = min(one.begun for one in lost)
        with self._changed:
            before = next((one.begun for one in reversed(self._ended) if one.new), begun)
            return before if begun - _SHORTLY_S < before < begun else begun

    def shown(self, since: float) -> frozenset[str]:
        """Records that a look-up since then has to show."""
        with self._changed:
            return frozenset().union(*(one.new for one in self._ended if one.begun >= since))

    def _take_off(self, creation: Creation) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._lost)
            if creation not in self._live:
                creation.begun = time.time()
            self._live.add(creation)
            self._flying.add(creation)

    def _forget(self) -> None:
        """What ended long before the oldest batch began is no record of a batch to come."""
        oldest = min((one.begun for one in self._live), default=time.time())
        while self._ended and (self._ended[0].ended or 0.0) < oldest - _SHORTLY_S:
            self._ended.popleft()
