"""Windows of Modified_Time that follow the data."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from zoho_crm.casts import to_utc

CURSOR_FIELD = "Modified_Time"

#: A window holds fewer rows than this. It is how far a query can skip before v7; each window costs
#: a credit for finding its end, and a read that was cut off repeats those that were not closed.
MOST_ROWS = 10_000
_FEWEST_ROWS = 200
#: A window that takes longer has the next ones hold fewer rows.
_LONGEST_S = 300
_SECOND = timedelta(seconds=1)


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


def cut_window(start: datetime, end: datetime, timestamp: datetime | None) -> Window:
    """The window that begins at `start` and ends before the second of `timestamp`, if it can.

    `timestamp`: Modified_Time of the row with which the window would hold too many; None: it holds
    all rows up to `end`. Only a second that has more is a window of more: it is one by itself.
    Where rows move meanwhile, sizes are off, and nothing else.
    """
    last = end if timestamp is None else timestamp.replace(microsecond=0) - _SECOND
    return Window(start, max(start, min(last, end)))


class WindowSize:
    """How many rows a window is to hold: so many that it is read in time."""

    def __init__(self) -> None:
        self.rows = MOST_ROWS

    def adapt(self, rows: int, seconds: float) -> None:
        """A window of so many rows was read in this time."""
        fitting = int(rows * _LONGEST_S / max(seconds, 1))
        self.rows = max(_FEWEST_ROWS, min(fitting, MOST_ROWS))
