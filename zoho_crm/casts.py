"""How Zoho's values are read into their canonical forms, one function for each.

A value that does not have its type raises `Odd`, for any JSON. A text of JSON and a cell of CSV
are read alike.
"""

import json
import math
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

#: Beyond it, a float cannot distinguish whole numbers.
_MOST_WHOLE = 2**53
#: Whole numbers that a column can hold: those of 64 bits.
_LEAST, _GREATEST = -(2**63), 2**63 - 1


class Odd(ValueError):  # noqa: N818 - not an error of the program
    """A value that does not have its type; `instead` replaces it in the column."""

    def __init__(self, instead: str | list[str] | None = None) -> None:
        super().__init__("a value that does not fit its type")
        self.instead = instead


def cast_text(value: Any) -> str | None:
    """A number or boolean as JSON has it.

    Values that hold other values, and numbers that may have lost digits, are odd and stay JSON.
    """
    if type(value) is str:
        return value or None
    if isinstance(value, dict | list) or (type(value) is float and abs(value) >= _MOST_WHOLE):
        raise Odd(dump_json(value))
    return dump_json(value)


def cast_anything(value: Any) -> str | None:
    """Of an unknown type: a text as it is, all else as JSON."""
    return (value or None) if type(value) is str else dump_json(value)


def dump_json(value: Any) -> str:
    """JSON text; odd where there is none."""
    if type(value) is float and not math.isfinite(value):
        raise Odd
    try:
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except ValueError:
            # Numbers beyond the range of floats are null, as they are everywhere else.
            return json.dumps(orjson.loads(orjson.dumps(value)), ensure_ascii=False)
    except (TypeError, RecursionError):
        # It is nested too deeply.
        raise Odd from None


def cast_integer(value: Any) -> int | None:
    if type(value) is str:
        if not value:
            return None
        value = _parse_number(value)
    if type(value) is int and _LEAST <= value <= _GREATEST:
        return value
    if type(value) is float and value.is_integer() and abs(value) < _MOST_WHOLE:
        return int(value)
    raise Odd


def cast_number(value: Any) -> float | int | None:
    if type(value) is str:
        if not value:
            return None
        value = _parse_number(value)
    if type(value) is float:
        # 12.0 and 12: JSON and CSV of one value may write the one or the other.
        if value.is_integer():
            return int(value) if abs(value) < _MOST_WHOLE else value
        # Neither infinity nor NaN.
        if value - value == 0:
            return value
    elif type(value) is int:
        return value
    raise Odd


def _parse_number(cell: str) -> Any:
    """What JSON would have: of numbers, whole ones keep all their digits."""
    try:
        return orjson.loads(cell)
    except orjson.JSONDecodeError:
        # 007, +5 and .5 are not JSON; only Python reads 1_000.
        try:
            return None if "_" in cell else float(cell)
        except ValueError:
            return None


#: UNVERIFIED: how an export writes booleans. Zoho's samples of JSON write true and false; users
#: meet 1 and 0.
_BOOLEANS = {"": None, "true": True, "1": True, "false": False, "0": False}


def cast_boolean(value: Any) -> bool | None:
    if type(value) is bool:
        return value
    if type(value) is str:
        if value in _BOOLEANS:
            return _BOOLEANS[value]
        value = value.lower()
    elif type(value) is int:
        value = str(value)
    else:
        raise Odd
    try:
        return _BOOLEANS[value]
    except KeyError:
        raise Odd from None


def cast_reference(value: Any) -> str | None:
    """The id; null where there is none."""
    if type(value) is not dict:
        return cast_text(value)
    key = value.get("id", value)
    if type(key) is str:
        return key or None
    if key is None or type(key) is int:
        return None if key is None else str(key)
    raise Odd(dump_json(value))


def cast_big(value: Any) -> str | None:
    """The digits; v2 gives some references this type, and a record may hold an object there."""
    return cast_reference(value) if type(value) is dict else cast_text(value)


def cast_date(value: Any) -> str | None:
    try:
        return _parse_date(value)
    except (ValueError, TypeError, LookupError):
        raise Odd from None


@lru_cache(maxsize=20_000)
def _parse_date(value: str) -> str | None:
    if value == "":
        return None
    if value[4] != "-":
        raise ValueError(value)
    return date.fromisoformat(value).isoformat()


class _Days(dict[str, str]):
    """The days of UTC, each with its T, by the local days that are so many days earlier."""

    #: Those of 27 years.
    MOST = 10_000

    def __init__(self, later: int) -> None:
        super().__init__()
        self._later = timedelta(days=later)

    def __missing__(self, day: str) -> str:
        if len(day) != 10 or not day[4] == day[7] == "-":
            raise KeyError(day)
        try:
            utc = date.fromisoformat(day) + self._later
        except OverflowError:
            raise KeyError(day) from None
        if len(self) >= self.MOST:
            self.clear()
        self[day] = found = f"{utc.isoformat()}T"
        return found


_DAYS = {later: _Days(later) for later in (-1, 0, 1)}
_Hours = dict[str, tuple[_Days, str]]
#: Parsing is the most expensive step of a row. So a timestamp is put together from what its end
#: says, such as 04:09-07:00: how many hours UTC is later, by that the hours, by these the days.
_HOURS: dict[int, _Hours] = {}
_ENDS: dict[str, tuple[_Hours, str]] = {}
#: Those of 27 offsets.
_MOST_ENDS = 100_000
_HOUR = timedelta(hours=1)


def to_utc(value: Any) -> str:
    """`2024-06-05T02:04:09-07:00` as `2024-06-05T09:04:09Z`; else raises ValueError.

    A date alone is its midnight in UTC. Fractions of a second, which Zoho does not print, are cut
    off.
    """
    try:
        day, _, time = value.partition("T")
        hour, _, end = time.partition(":")
        hours, utc_end = _ENDS[end]
        days, utc_hour = hours[hour]
        return days[day] + utc_hour + utc_end
    except (AttributeError, LookupError):
        return _parse_timestamp(value)


def _parse_timestamp(value: Any) -> str:
    if type(value) is not str or value[4:5] != "-":
        raise ValueError(value)
    local = datetime.fromisoformat(value)
    if local.tzinfo is None:
        local = local.replace(tzinfo=UTC)
    try:
        utc = local.astimezone(UTC)
    except OverflowError:
        raise ValueError(value) from None
    timestamp = f"{utc.isoformat()[:19]}Z"
    # 2024-06-05T02:04:09-07:00, and Z for the offset: what is cut there fits together again.
    if value[10:11] == "T" and value[13:14] == value[16:17] == ":" and 20 <= len(value) <= 25:
        if len(_ENDS) >= _MOST_ENDS:
            _ENDS.clear()
        later = (_to_hour(utc) - _to_hour(local)) // _HOUR
        hours = _HOURS.setdefault(later, {})
        hours[value[11:13]] = _DAYS[(utc.date() - local.date()).days], timestamp[11:13]
        _ENDS[value[14:]] = hours, timestamp[13:]
    return timestamp


def _to_hour(timestamp: datetime) -> datetime:
    return timestamp.replace(minute=0, second=0, microsecond=0, tzinfo=None)


def cast_datetime(value: Any) -> str | None:
    try:
        return to_utc(value)
    except ValueError:
        if value == "":
            return None
        raise Odd from None
