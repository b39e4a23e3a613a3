"""Windows of Modified_Time that follow the data."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

#: Rows that the next window aims at: a resumed read repeats at most one window, and each window
#: costs at least one call.
_AIM = 100_000
_FIRST = timedelta(days=30)
GROWTH = 8.0
_SECOND = timedelta(seconds=1)


class Window(NamedTuple):
    """A span of Modified_Time in whole seconds, both ends included.

    UNVERIFIED: that Modified_Time has no fraction of a second. Zoho prints none; if it kept one, a
    row of a window's last second might lie behind its end and before the next one.
    """

    start: datetime
    end: datetime

    def holds(self, moment: str) -> bool:
        return self.start <= datetime.fromisoformat(moment) <= self.end


class Span(NamedTuple):
    """What a run reads of a module: both ends are included."""

    since: datetime
    end: datetime
    #: An earlier run has read all that is older.
    resumed: bool
    #: From when on deletions are told; None: none are.
    deleted_since: datetime | None


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def windows(start: datetime, end: datetime) -> Generator[Window, int, None]:
    """Windows from start to end, without gap or overlap.

    Send back how many rows a window held: the next one's span follows from it. Spans grow at most
    eightfold, so ten empty years cost five windows, and shrink at once.
    """
    span = _FIRST
    while start <= end:
        window = Window(start, min(start + span, end))
        rows = yield window
        start = window.end + _SECOND
        span = max(_SECOND, span * min(GROWTH, _AIM / max(rows, 1)))
