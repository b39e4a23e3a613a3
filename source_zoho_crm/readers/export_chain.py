"""A chain of exports: which rows it has shown, and whether it can be relied on."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from source_zoho_crm.readers import Row
from source_zoho_crm.readers.steps import Moment
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window, format_timestamp

_SECOND = timedelta(seconds=1)
#: A sample large enough to show how rows lie in time: less than 2 MB.
_MOST_TIMESTAMPS = 20_000


class Ids:
    """Ids of records, eight bytes each, by export."""

    def __init__(self) -> None:
        self._sorted: list[array[int]] = []
        self._open = array("Q")

    def add(self, page: Iterable[Row]) -> None:
        self._open.extend(int(row["id"]) for row in page)

    def close(self) -> None:
        """An export ends: its ids are known from now on."""
        self._sorted.append(array("Q", sorted(self._open)))
        self._open = array("Q")

    def drop_known(self, page: list[Row]) -> list[Row]:
        """The rows that are none of these."""
        if not page or not self._sorted:
            return page
        keys = [int(row["id"]) for row in page]
        # The ids of one export tend to follow those of another; then there is nothing to look for.
        first, last = min(keys), max(keys)
        if all(last < ids[0] or ids[-1] < first for ids in self._sorted if ids):
            return page
        return [row for row, key in zip(page, keys, strict=True) if not self.contains(key)]

    def contains(self, key: int) -> bool:
        for ids in self._sorted:
            place = bisect_left(ids, key)
            if place < len(ids) and ids[place] == key:
                return True
        return False


@dataclass(slots=True)
class Chain:
    """What is known of a chain of exports."""

    #: By our clock, in seconds.
    begun: Moment
    #: Rows of earlier readings, which do not come again.
    before: Sequence[Ids] = ()
    #: Its span is of more than a second, and can be cut.
    divisible: bool = False
    exports: int = 0
    #: Its rows, and those of them that did not come before.
    rows: int = 0
    fresh: int = 0
    #: What the fullest of them holds.
    most_rows: int = 0
    #: It ended before its rows did.
    broken: bool = False
    #: It was ended because so many exports came that its span is better read in parts.
    long: bool = False
    #: A row was in two exports.
    twice: bool = False
    #: Of its emitted rows, and of those of the seconds around its span. When one of
    #: either leaves, the rows after it move.
    ids: Ids = field(default_factory=Ids)
    around: Ids = field(default_factory=Ids)
    #: Rows by the hour of their Modified_Time, like 2026-01-31T12.
    hours: Counter[str] = field(default_factory=Counter)
    #: Modified_Time of a sample of its rows.
    timestamps: list[str] = field(default_factory=list)
    _step: int = 1

    @property
    def is_unreliable(self) -> bool:
        """It shows by itself that rows may be missing."""
        return self.broken or self.twice

    def close(self) -> None:
        """An export ends."""
        self.ids.close()
        self.around.close()

    def holds(self, key: str) -> bool:
        """Whether it has shown the record of this id."""
        return self.ids.contains(int(key)) or self.around.contains(int(key))

    def take(self, page: list[Row], window: Window | None, *, again: bool = False) -> list[Row]:
        """The rows of the page that are the window's and did not come before.

        Rows without a Modified_Time that can be read are each window's. `again`: of an export that
        was created again after rows of it were read.
        """
        new = self.ids.drop_known(page)
        unknown = self.around.drop_known(new)
        self.twice = self.twice or (len(unknown) < len(page) and not again)
        if window is not None:
            first, last = format_timestamp(window.start), format_timestamp(window.end)
            within = [row for row in new if first <= (row.get(CURSOR_FIELD) or first) <= last]
            if len(within) < len(new):
                self.around.add(
                    row for row in unknown if not first <= (row.get(CURSOR_FIELD) or first) <= last
                )
            new = within
        self.rows += len(new)
        self.ids.add(new)
        self.hours.update(row[CURSOR_FIELD][:13] for row in new if row.get(CURSOR_FIELD))
        self.timestamps += [
            row[CURSOR_FIELD] for row in new[:: self._step] if row.get(CURSOR_FIELD)
        ]
        if len(self.timestamps) > _MOST_TIMESTAMPS:
            self.timestamps = self.timestamps[::2]
            self._step *= 2
        for known in self.before:
            new = known.drop_known(new)
        self.fresh += len(new)
        return new


def cut_window(
    window: Window, hours: Mapping[str, int], timestamps: Sequence[str] = (), *, most_rows: int
) -> list[Window]:
    """The window in parts that hold at most so many rows, if an hour holds no more.

    At least two: if its rows are within one hour, it is cut in the middle of these.
    `timestamps`: Modified_Time of a sample of them.
    """
    starts = [window.start]
    rows_of_part = 0
    for hour, rows_of_hour in sorted(hours.items()):
        begin = datetime.fromisoformat(f"{hour}:00:00+00:00")
        if rows_of_part and rows_of_part + rows_of_hour > most_rows and begin > starts[-1]:
            starts.append(begin)
            rows_of_part = 0
        rows_of_part += rows_of_hour
    if len(starts) == 1:
        # Not in the middle of its time, which may be years: each half costs an export and more.
        known = sorted(timestamps)
        half = (window.end - window.start) // 2
        middle = datetime.fromisoformat(known[len(known) // 2]) if known else window.start + half
        starts.append(max(window.start + _SECOND, middle.replace(microsecond=0)))
    ends = [*(start - _SECOND for start in starts[1:]), window.end]
    return [Window(*span) for span in zip(starts, ends, strict=True)]


def estimate_first_part(window: Window, timestamps: Sequence[str]) -> tuple[Window, timedelta]:
    """A first part of the window, with a fifth of the rows at these times, and how long a part
    may be that holds as many: the years before the oldest row do not show how they lie."""
    known = [datetime.fromisoformat(timestamp) for timestamp in sorted(timestamps)] or [
        window.start
    ]
    end = max(known[len(known) // 5] - _SECOND, window.start)
    return Window(window.start, end), max(end - known[0], (known[-1] - known[0]) / 5)
