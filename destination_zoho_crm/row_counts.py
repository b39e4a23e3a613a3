"""Counts rows and their outcomes, for each STATE and for the run."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_args

from destination_zoho_crm.outcomes import Outcome, Result
from destination_zoho_crm.protocol import State, StreamKey

RESULTS: tuple[Result, ...] = get_args(Result)


class Segment:
    """The rows of one stream between two states."""

    __slots__ = ("counts", "finished", "left_to_next_sync", "rows", "state_arrived")

    def __init__(self) -> None:
        self.rows = 0
        #: Those with an outcome.
        self.finished = 0
        #: The STATE after its rows has come.
        self.state_arrived = False
        #: Some of its rows are not written in this run.
        self.left_to_next_sync = False
        self.counts: Counter[Result] = Counter()

    @property
    def is_complete(self) -> bool:
        return self.finished == self.rows


class StreamCounts:
    """Counts of one stream in a run."""

    def __init__(self) -> None:
        self.rows = 0
        self.counts: Counter[Result] = Counter()
        #: Rejected rows by code, field and what may be logged besides.
        self.reasons: Counter[tuple[str, str | None, str]] = Counter()
        #: Updated rows that another field than the key matched, by that field.
        self.matched_by: Counter[str] = Counter()
        #: Rows inside records: added, changed, removed and left, by field.
        self.within: dict[str, Counter[str]] = {}
        #: Deletions that found no record.
        self.found_no_record = 0
        #: Rows whose write was begun and gave them no outcome.
        self.unanswered = 0

    def count_rejected(self, code: str) -> int:
        """Rows that were rejected with this code."""
        return sum(number for (known, _, _), number in self.reasons.items() if known == code)


class _HeldState(NamedTuple):
    """A STATE that waits for the rows before it."""

    state: State
    #: The streams it covers, each with its rows since the state before.
    segments: Mapping[StreamKey, Segment]

    @property
    def is_complete(self) -> bool:
        return all(segment.is_complete for segment in self.segments.values())

    @property
    def has_rejects(self) -> bool:
        return any(segment.counts["rejected"] for segment in self.segments.values())

    @property
    def counts(self) -> Counter[Result]:
        return sum((segment.counts for segment in self.segments.values()), Counter())


class RowCounts:
    """Counts rows in and outcomes out. Safe to use from several threads.

    A STATE is released when every row before it of the streams it covers has an outcome and all
    states before it of these streams are released; its counts are of the rows since then. So the
    states of a stream leave in their order and wait for no other stream; a state of all streams
    waits for all, and all wait for it.
    """

    def __init__(self, streams: Iterable[StreamKey]) -> None:
        self.totals: dict[StreamKey, StreamCounts] = {stream: StreamCounts() for stream in streams}
        self._segments: dict[StreamKey, Segment] = {stream: Segment() for stream in self.totals}
        self._held: dict[StreamKey, deque[_HeldState]] = {key: deque() for key in self.totals}
        #: Streams whose first state may have become due, in the order in which they changed.
        self._to_check: dict[StreamKey, None] = {}
        #: Whose turn has come, and which wait for rejected rows to be kept.
        self._due: list[_HeldState] = []
        self._rows = 0
        self._counts: Counter[Result] = Counter()
        self._lock = threading.Lock()

    def count_row(self, stream: StreamKey) -> Segment:
        """One more row of the stream came in; its outcome is counted on this segment."""
        with self._lock:
            self._rows += 1
            self.totals[stream].rows += 1
            segment = self._segments[stream]
            segment.rows += 1
            return segment

    def count_outcome(self, stream: StreamKey, segment: Segment, outcome: Outcome) -> None:
        total, result = self.totals[stream], outcome.result
        with self._lock:
            segment.finished += 1
            segment.counts[result] += 1
            total.counts[result] += 1
            self._counts[result] += 1
            if segment.state_arrived and segment.is_complete:
                self._to_check[stream] = None
            if result == "rejected":
                total.reasons[outcome.code, outcome.field, outcome.loggable] += 1
            total.found_no_record += outcome.found_no_record
            for field, counts in (outcome.within or {}).items():
                total.within.setdefault(field, Counter()).update(counts)
            if outcome.matched_by:
                total.matched_by[outcome.matched_by] += 1

    def count_unanswered(self, stream: StreamKey, rows: int) -> None:
        """So many rows have no outcome though their write was begun."""
        with self._lock:
            self.totals[stream].unanswered += rows

    @property
    def may_release(self) -> bool:
        """Whether a state may be due."""
        return bool(self._to_check or self._due)

    def find_streams_of(self, state: State) -> list[StreamKey]:
        """The streams whose rows a state covers: its own, or all if the run has no such stream,
        because a state must never go out before its rows."""
        return [state.stream] if state.stream in self.totals else list(self.totals)

    def hold(self, state: State) -> None:
        """The state waits for the rows that came before it."""
        with self._lock:
            held = _HeldState(
                state, {key: self._segments[key] for key in self.find_streams_of(state)}
            )
            for key, segment in held.segments.items():
                segment.state_arrived = True
                self._segments[key] = Segment()
                self._held[key].append(held)
                self._to_check[key] = None

    def release_states(self, are_rejects_kept: Callable[[], bool]) -> Iterator[str]:
        """The states whose turn has come, with their counts, as lines to be printed.

        `are_rejects_kept`: whether all rows that were rejected before the call outlive the
        process. Until they do, states with rejected rows stay, and those behind them.
        """
        with self._lock:
            came = list(iter(self._take_due, None))
        self._due += came
        # Once for all, so that one part serves many states; after they are taken, so that none
        # goes out with rows that were rejected meanwhile.
        if any(one.has_rejects for one in self._due) and not are_rejects_kept():
            out = self._take_before_rejects() if came else []
        else:
            out, self._due = self._due, []
        for one in out:
            yield one.state.add_stats(_build_stats(one.counts))

    def _take_before_rejects(self) -> list[_HeldState]:
        out: list[_HeldState] = []
        staying: list[_HeldState] = []
        streams: set[StreamKey] = set()
        for one in self._due:
            stays = one.has_rejects or not streams.isdisjoint(one.segments)
            (staying if stays else out).append(one)
            if stays:
                streams |= one.segments.keys()
        self._due = staying
        return out

    def _take_due(self) -> _HeldState | None:
        while self._to_check:
            key = next(iter(self._to_check))
            first = self._held[key][0] if self._held[key] else None
            if first and first.is_complete and self._is_first(first):
                for other in first.segments:
                    self._held[other].popleft()
                    self._to_check[other] = None
                return first
            del self._to_check[key]
        return None

    def _is_first(self, held: _HeldState) -> bool:
        return all(self._held[key][0] is held for key in held.segments)

    def list_awaited(self) -> list[StreamKey]:
        """The streams that have rows for which a state waits."""
        with self._lock:
            return [
                key
                for key, held in self._held.items()
                if any(not one.segments[key].is_complete for one in held)
            ]

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
    def is_complete(self) -> bool:
        """Whether every row of the run has an outcome."""
        with self._lock:
            return self._rows == self._counts.total()

    @property
    def rejected(self) -> int:
        return self._counts["rejected"]


def _build_stats(counts: Counter[Result]) -> dict[str, Any]:
    """The platform compares the sum of both counts with its own."""
    return {
        "recordCount": float(counts.total() - counts["rejected"]),
        "rejectedRecordCount": float(counts["rejected"]),
        "additionalStats": {
            result: float(counts[result]) for result in RESULTS if result != "rejected"
        },
    }
