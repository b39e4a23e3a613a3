"""Epoch seconds as ISO-8601 text with the numeric offset of a time zone, at half a microsecond,
and the way back."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

_DAY = 86_400
_TIMES = tuple(
    f"T{hour:02d}:{minute:02d}:{second:02d}"
    for hour in range(24)
    for minute in range(60)
    for second in range(60)
)
_DATE_0 = date(1970, 1, 1)


@cache
def build_local_time(time_zone: str) -> Callable[[int], str]:
    """A function that writes datetimes of a zone; it caches the offset of each day."""
    zone = ZoneInfo(time_zone)
    offsets: dict[int, tuple[int, str] | None] = {}
    dates: dict[int, str] = {}

    def offset(epoch: int) -> tuple[int, str]:
        # fromtimestamp refuses what lies outside the years 1 to 9999; so does Zoho's date.
        local = datetime.fromtimestamp(epoch, zone)
        seconds = round((local.utcoffset() or timedelta()).total_seconds())
        minutes = abs(seconds) // 60
        sign = "-" if seconds < 0 else "+"
        return seconds, f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"

    def write(epoch: int) -> str:
        day = epoch // _DAY
        try:
            known = offsets[day]
        except KeyError:
            start, end = offset(day * _DAY), offset((day + 1) * _DAY)
            known = offsets[day] = start if start == end else None
        # On the days when the clocks change each time is looked up.
        seconds, text = known if known is not None else offset(epoch)
        local_day, second = divmod(epoch + seconds, _DAY)
        try:
            return dates[local_day] + _TIMES[second] + text
        except KeyError:
            dates[local_day] = (_DATE_0 + timedelta(local_day)).isoformat()
            return dates[local_day] + _TIMES[second] + text

    return write


def parse_epoch(text: str) -> float:
    """Epoch seconds of an ISO 8601 datetime with an offset; a ValueError for anything else."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return parsed.timestamp()
