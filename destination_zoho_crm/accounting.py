"""What became of every row, summed for each STATE and for the run."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any, get_args

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

    def has_rejected(self, code: str) -> bool:
        """Whether a row was rejected with this code."""
        return any(known == code for known, _, _ in self.reasons)


class Accounts:
    """Counts rows in and outcomes out. Safe to use from several threads.

    A STATE is given back when every row before it of the streams it speaks of has an outcome and
    all states before it were given back; its counts are of the rows since the state before.
    """

    def __init__(self, streams: Iterable[StreamKey]) -> None:
        self.totals: dict[StreamKey, Total] = {stream: Total() for stream in streams}
        self._segments: dict[StreamKey, Segment] = {stream: Segment() for stream in self.totals}
        self._waiting: deque[tuple[State, list[Segment]]] = deque()
        self._lock = threading.Lock()

    def take(self, stream: StreamKey) -> Segment:
        """One more row of the stream came in; its outcome is to be booked on this segment."""
        with self._lock:
            self.totals[stream].rows += 1
            segment = self._segments[stream]
            segment.rows += 1
            return segment

    def book(self, stream: StreamKey, segment: Segment, outcome: Outcome) -> None:
        total = self.totals[stream]
        with self._lock:
            segment.counts[outcome.result] += 1
            total.counts[outcome.result] += 1
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
            streams = self.spoken_of(state)
            segments = [self._segments[stream] for stream in streams]
            for segment in segments:
                segment.awaited = True
            self._waiting.append((state, segments))
            self._segments |= {stream: Segment() for stream in streams}

    def settled_states(self) -> Iterator[str]:
        """The states whose turn has come, with their counts, as lines to be printed."""
        while True:
            with self._lock:
                if not self._waiting or not all(s.settled for s in self._waiting[0][1]):
                    return
                state, segments = self._waiting.popleft()
                counts: Counter[Result] = Counter()
                for segment in segments:
                    counts.update(segment.counts)
            yield state.with_stats(_stats(counts))

    @property
    def rows(self) -> int:
        """Rows of the run that came in."""
        with self._lock:
            return sum(total.rows for total in self.totals.values())

    @property
    def all_settled(self) -> bool:
        """Whether every row of the run has an outcome."""
        with self._lock:
            return all(total.rows == total.counts.total() for total in self.totals.values())

    @property
    def rejected(self) -> int:
        with self._lock:
            return sum(total.counts["rejected"] for total in self.totals.values())


def _stats(counts: Counter[Result]) -> dict[str, Any]:
    """The platform holds the sum of both counts against its own."""
    return {
        "recordCount": float(counts.total() - counts["rejected"]),
        "rejectedRecordCount": float(counts["rejected"]),
        "additionalStats": {
            result: float(counts[result]) for result in RESULTS if result != "rejected"
        },
    }
