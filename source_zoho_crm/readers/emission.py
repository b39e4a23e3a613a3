"""What a read passes on of what its reader yields."""

from collections.abc import Iterator
from datetime import datetime

from source_zoho_crm.readers.emitted_ids import EmittedIds
from source_zoho_crm.readers.steps import Output
from source_zoho_crm.readers.windows import Span, Window


class Emission:
    """Counts rows and tombstones, and holds windows back until they may close.

    `span`: what is read; None: all rows. `settled`: where windows end at the latest. A full refresh
    reads further, and a state past it would pass rows that Zoho shows late.
    """

    def __init__(self, span: Span | None, settled: datetime) -> None:
        self.rows = 0
        self.deletions = 0
        #: What is read are tombstones.
        self.of_deletions = False
        #: Windows that have closed without a row: a first read without rows may have missed them.
        self.held: list[Window] = []
        #: The first windows of a read that another one goes on with hold nothing back.
        self._begins = span if span and not span.resumed else None
        self._has_windows = True
        self._settled = settled
        self._emitted: EmittedIds | None = None
        #: The first windows lie wholly past what is settled, and have brought no row.
        self.is_too_late = False

    def drop_windows(self) -> None:
        """From here on rows are of no window, and no state moves."""
        self._has_windows, self._begins = False, None
        self.held.clear()

    def drop_repeats(self) -> None:
        """From here on each row is passed on once."""
        self._emitted = EmittedIds()

    def release(self) -> list[Window]:
        """The windows that are held back; they may close."""
        held, self.held = self.held, []
        self._begins = None
        return held

    def __call__(self, part: Output) -> Iterator[Output]:
        if isinstance(part, Window):
            if self._has_windows and part.start <= self._settled:
                self.held.append(Window(part.start, min(part.end, self._settled)))
            elif self._has_windows and self._begins:
                self.is_too_late = True
        elif self.of_deletions:
            self.deletions += len(part)
            yield part
            return
        elif self._emitted is not None:
            part = [row for row in part if self._emitted.add(row["id"])]
        if part and not isinstance(part, Window):
            if self._begins and not self.rows:
                # A run that is cut off has emitted rows, and the next one has to emit their
                # deletions: with a state, it does.
                yield Window(self._begins.since, self._begins.since)
            self.rows += len(part)
            yield part
        if self.rows or not self._begins:
            yield from self.release()
