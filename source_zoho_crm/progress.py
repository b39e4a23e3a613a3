"""How far the reads of a run are: a line for each busy stream, every 30 seconds or 50,000 rows."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from source_zoho_crm.readers.emission import Emission
from source_zoho_crm.readers.steps import Output
from source_zoho_crm.readers.windows import (
    CURSOR_FIELD,
    Span,
    Window,
    format_timestamp,
    parse_timestamp,
)
from zoho_crm.counts import count
from zoho_crm.org import Org
from zoho_crm.usage import StreamUsage

LOGGER = logging.getLogger("airbyte")

_EVERY_S = 30.0
_EVERY_ROWS = 50_000
#: How often the run is looked at.
_LOOK_S = 1.0


class StreamProgress:
    """The progress of one read of a module.

    Its own thread writes the figures, without a lock; lines may be a moment behind.
    """

    def __init__(
        self,
        name: str,
        span: Span | None,
        emission: Emission,
        org: Org,
        *,
        get_method: Callable[[], str],
    ) -> None:
        """`emission` counts what is read; the retrieval method may change meanwhile."""
        self.name = name
        self._span = span
        self._emission = emission
        self._org = org
        self._get_method = get_method
        #: Modified_Time where the rows begin, and up to which they have been read.
        self._first = span.since if span and span.resumed else None
        self._position: datetime | None = None
        self._latest: str | None = None
        #: Since when the latest rows wait to be passed on.
        self._passing_on: float | None = None
        self._line_at, self._line_rows = time.monotonic(), 0

    @property
    def method(self) -> str:
        """What it is read by."""
        return self._get_method()

    @property
    def rows(self) -> int:
        return self._emission.rows

    @property
    def deletions(self) -> int:
        return self._emission.deletions

    def follow(self, parts: Iterable[Output]) -> Iterator[Output]:
        """The same parts, as they are read."""
        for part in parts:
            if isinstance(part, Window):
                self._position = part.end
            elif self._span and not self._emission.of_deletions:
                self._note(part)
            if self.rows - self._line_rows >= _EVERY_ROWS:
                self.log()
            self._passing_on = time.monotonic()
            yield part
            self._passing_on = None

    def log_if_due(self) -> None:
        if time.monotonic() - self._line_at >= _EVERY_S:
            self.log()

    def log(self) -> None:
        """A line with how far it is, and what it waits for."""
        now, rows = time.monotonic(), self.rows
        seconds, new = now - self._line_at, rows - self._line_rows
        self._line_at, self._line_rows = now, rows
        figures = [
            f"{count(rows, 'record')} by {self.method} so far",
            *self._describe_share(),
            f"{new / max(seconds, 0.001):,.0f} records/s",
        ]
        waits = self._org.waits.describe(self.name)
        if not new and self._passing_on is not None:
            waits = f"{now - self._passing_on:.0f} s for the reader of its output"
        used = self._org.usage.by_stream.get(self.name, StreamUsage())
        LOGGER.info(describe_progress(self.name, figures, used, waits))

    def _note(self, part: list[dict[str, object]]) -> None:
        if part and isinstance(stamp := part[-1].get(CURSOR_FIELD), str):
            self._latest = stamp
        if self._first is None:
            stamps = (stamp for row in part if isinstance(stamp := row.get(CURSOR_FIELD), str))
            # All timestamps are in one form, so that texts are in order, too.
            self._first = parse_timestamp(min(stamps, default=""))

    def _describe_share(self) -> Iterator[str]:
        """By Modified_Time: how many rows there are is not known before they are read."""
        position = self._position
        if self._latest and self.method == "REST":
            # Lists come in this order.
            latest = parse_timestamp(self._latest)
            position = max(filter(None, (latest, position)), default=None)
        if self._span is None or self._first is None or position is None:
            return
        if (whole := (self._span.end - self._first).total_seconds()) > 0:
            share = (position - self._first).total_seconds() / whole
            if share > 0:
                percent = min(100, int(100 * share))
                yield f"{percent} % of the span (up to {format_timestamp(position)})"


class Progress:
    """The progress of a run."""

    def __init__(self) -> None:
        #: By stream: the first read.
        self.reads: dict[str, StreamProgress] = {}
        self._running: dict[str, StreamProgress] = {}
        #: Of others that make calls: how many there were when a line told it, and when.
        self._told: dict[str, tuple[int, float]] = {}

    @contextmanager
    def watch(self, read: StreamProgress) -> Iterator[StreamProgress]:
        """The stream is read, to the end of the block."""
        self._running[read.name] = read
        # A refresh of formulas follows the read that the stream's last line is about.
        self.reads.setdefault(read.name, read)
        try:
            yield read
        finally:
            del self._running[read.name]

    @contextmanager
    def reported(self, org: Org) -> Iterator[None]:
        """The log has a line for each busy stream whenever it is due, to the end of the block."""
        ended = threading.Event()

        def look() -> None:
            while not ended.wait(_LOOK_S):
                self.log_what_is_due(org)

        threading.Thread(target=look, name="progress", daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def log_what_is_due(self, org: Org) -> None:
        for read in self._running.copy().values():
            read.log_if_due()
        now = time.monotonic()
        for name, used in org.usage.by_stream.copy().items():
            calls, since = self._told.setdefault(name, (used.calls, now))
            if name in self.reads or now - since < _EVERY_S:
                continue
            self._told[name] = used.calls, now
            waits = org.waits.describe(name)
            if used.calls > calls or waits:
                LOGGER.info(describe_progress(name, [], used, waits))


def hide_retries(entry: logging.LogRecord) -> bool:
    """A log filter for what the CDK says of each call that it repeats: the line of the stream says
    what it waits for. With --debug, the log has both."""
    return entry.module != "rate_limiting" or LOGGER.isEnabledFor(logging.DEBUG)


def describe_progress(name: str, figures: Iterable[str], used: StreamUsage, waits: str) -> str:
    spent = [count(used.calls, "call"), count(used.credits, "credit")]
    waiting = f" Waits {waits}." if waits else ""
    return f"{name}: {', '.join([*figures, *spent])}.{waiting}"
