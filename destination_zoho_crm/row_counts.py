"""What became of every row, summed for each STATE and for the run."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_args

from destination_zoho_crm.outcomes import Outcome, Result
from destination_zoho_crm.protocol import State, StreamKey

RESULTS: tuple[Result, ...] = get_args(Result)


class Segment:
    """The rows of one stream between two states."""

    __slots__ = ("awaited", "counts", "left", "rows")

    def __init__(self) -> None:
        self.rows = 0
        #: The STATE after its rows has come.
        self.awaited = False
        #: Some of its rows are not written in this run.
        self.left = False
        self.counts: Counter[Result] = Counter()

    @property
    def settled(self) -> bool:
        return self.counts.total() == self.rows


class Total:
    """A stream in the run's ledger."""

    def __init__(self) -> None:
        self.rows = 0
        self.counts: Counter[Result] = Counter()
        #: Rejected rows by code, field and what may be logged besides.
        self.reasons: Counter[tuple[str, str | None, str]] = Counter()
        #: Updated rows that another field than the key matched, by that field.
        self.matched_by: Counter[str] = Counter()
        #: Deletions that found no record.
        self.absent = 0

    def rejected_by(self, code: str) -> int:
        """Rows that were rejected with this code."""
        return sum(number for (known, _, _), number in self.reasons.items() if known == code)


class _Waiting(NamedTuple):
    """A STATE that waits for the rows before it."""

    state: State
    #: Those it speaks of, each with its rows since the state before.
    segments: Mapping[StreamKey, Segment]

    @property
    def settled(self) -> bool:
        return all(segment.settled for segment in self.segments.values())

    @property
    def counts(self) -> Counter[Result]:
        return sum((segment.counts for segment in self.segments.values()), Counter())


class Accounts:
    """Counts rows in and outcomes out. Safe to use from several threads.

    A STATE is given back when every row before it of the streams it speaks of has an outcome and
    all states before it of these streams were given back; its counts are of the rows since then.
    So the states of a stream leave in their order and wait for no other stream; one that speaks of
    all streams waits for all, and all wait for it.
    """

    def __init__(self, streams: Iterable[StreamKey]) -> None:
        self.totals: dict[StreamKey, Total] = {stream: Total() for stream in streams}
        self._segments: dict[StreamKey, Segment] = {stream: Segment() for stream in self.totals}
        self._waiting: dict[StreamKey, deque[_Waiting]] = {key: deque() for key in self.totals}
        #: Streams whose first state may have become due, in the order in which they moved.
        self._moved: dict[StreamKey, None] = {}
        self._rows = 0
        self._counts: Counter[Result] = Counter()
        self._lock = threading.Lock()

    def take(self, stream: StreamKey) -> Segment:
        """One more row of the stream came in; its outcome is to be booked on this segment."""
        with self._lock:
            self._rows += 1
            self.totals[stream].rows += 1
            segment = self._segments[stream]
            segment.rows += 1
            return segment

    def book(self, stream: StreamKey, segment: Segment, outcome: Outcome) -> None:
        total = self.totals[stream]
        with self._lock:
            for counts in (segment.counts, total.counts, self._counts):
                counts[outcome.result] += 1
            self._moved[stream] = None
            if outcome.result == "rejected":
                total.reasons[outcome.code, outcome.field, outcome.loggable] += 1
            total.absent += outcome.absent
            if outcome.matched_by:
                total.matched_by[outcome.matched_by] += 1

    def spoken_of(self, state: State) -> list[StreamKey]:
        """The streams whose rows a state tells of: its own, or all if the run has no such stream,
        because a state must never go out before its rows."""
        return [state.stream] if state.stream in self.totals else list(self.totals)

    def wait_for(self, state: State) -> None:
        """The state waits for the rows that came before it."""
        with self._lock:
            waiting = _Waiting(state, {key: self._segments[key] for key in self.spoken_of(state)})
            for key, segment in waiting.segments.items():
                segment.awaited = True
                self._segments[key] = Segment()
                self._waiting[key].append(waiting)
                self._moved[key] = None

    def settled_states(self) -> Iterator[str]:
        """The states whose turn has come, with their counts, as lines to be printed."""
        while True:
            with self._lock:
                due = self._next_due()
            if due is None:
                return
            yield due.state.with_stats(_stats(due.counts))

    def _next_due(self) -> _Waiting | None:
        while self._moved:
            moved = next(iter(self._moved))
            first = self._waiting[moved][0] if self._waiting[moved] else None
            if first and first.settled and self._is_first(first):
                for key in first.segments:
                    self._waiting[key].popleft()
                    self._moved[key] = None
                return first
            del self._moved[moved]
        return None

    def _is_first(self, waiting: _Waiting) -> bool:
        return all(self._waiting[key][0] is waiting for key in waiting.segments)

    @property
    def rows(self) -> int:
        """Rows of the run that came in."""
        return self._rows

    @property
    def counts(self) -> Counter[Result]:
        """Rows of the run that have an outcome."""
        with self._lock:
            return self._counts.copy()

    @property
    def all_settled(self) -> bool:
        """Whether every row of the run has an outcome."""
        with self._lock:
            return self._rows == self._counts.total()

    @property
    def rejected(self) -> int:
        return self._counts["rejected"]


def _stats(counts: Counter[Result]) -> dict[str, Any]:
    """The platform holds the sum of both counts against its own."""
    return {
        "recordCount": float(counts.total() - counts["rejected"]),
        "rejectedRecordCount": float(counts["rejected"]),
        "additionalStats": {
            result: float(counts[result]) for result in RESULTS if result != "rejected"
        },
    }
