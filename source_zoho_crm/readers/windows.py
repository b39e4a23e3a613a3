"""Windows of Modified_Time that follow the data."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from zoho_crm.casts import to_utc

CURSOR_FIELD = "Modified_Time"

#: Fewer rows than this, and so what a read that was cut off repeats at most. It is how far a query
#: can skip before v7; each window costs a credit for finding its end.
MOST_ROWS = 10_000
_FEWEST_ROWS = 200
#: A window that takes longer has the next ones hold fewer rows.
_LONGEST_S = 300
_SECOND = timedelta(seconds=1)

#: Modified_Time of the row at this place, counted from 1, among those from a given time on; None:
#: there are fewer.
FindTimestamp = Callable[[datetime, int], datetime | None]


class Window(NamedTuple):
    """A span of Modified_Time in whole seconds, both ends included.

    UNVERIFIED: that Modified_Time has no fraction of a second. Zoho prints none; if it kept one, a
    row of a window's last second might lie after its end and before the next one.
    """

    start: datetime
    end: datetime

    def holds(self, timestamp: Any) -> bool:
        """Whether a row's Modified_Time lies in it; what is not a datetime lies in all."""
        read = parse_timestamp(timestamp)
        return read is None or self.start <= read <= self.end


class Span(NamedTuple):
    """What a run reads of a module: both ends are included."""

    since: datetime
    end: datetime
    #: An earlier run has read all that is older.
    resumed: bool
    #: From when on deletions are emitted; None: never.
    deleted_since: datetime | None


def parse_timestamp(value: Any) -> datetime | None:
    """The datetime that a value of Zoho's JSON is; None: it is none."""
    try:
        return datetime.fromisoformat(to_utc(value))
    except ValueError:
        return None


def format_timestamp(timestamp: datetime) -> str:
    return timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plan_windows(
    start: datetime, end: datetime, find_timestamp: FindTimestamp
) -> Generator[Window, float, None]:
    """Windows from start to end, without gap or overlap, each of fewer than `MOST_ROWS` rows.

    Only a second that has more is a window of more: it is one by itself. Send back how many seconds
    the reading of a window took. Where rows move meanwhile, sizes are off, and nothing else.
    """
    rows = MOST_ROWS
    while start <= end:
        timestamp = find_timestamp(start, rows)
        last = end if timestamp is None else timestamp.replace(microsecond=0) - _SECOND
        window = Window(start, max(start, min(last, end)))
        seconds = yield window
        start = window.end + _SECOND
        rows = int(rows * _LONGEST_S / max(seconds, 1))
        rows = max(_FEWEST_ROWS, min(rows, MOST_ROWS))
