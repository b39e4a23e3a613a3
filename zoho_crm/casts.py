"""How Zoho's values are read into their canonical forms, one function for each.

A value that does not have its type raises `Odd`, for any JSON. A text of JSON and a cell of CSV
are read alike.
"""

import json
import math
from datetime import UTC, date, datetime
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


#: UTC of local hours and minutes with their offset: parsing is the most expensive step of a row.
_UTC_BY_LOCAL: dict[str, str] = {}
_MOST_UTC = 100_000
#: What follows them in a timestamp: seconds, and minutes with seconds.
_SECONDS = {f":{second:02}" for second in range(60)}
_ENDS_OF_TIMES = _SECONDS | {f":{minute:02}{rest}" for minute in range(60) for rest in _SECONDS}


def to_utc(value: Any) -> str:
    """`2024-06-05T02:04:09-07:00` as `2024-06-05T09:04:09Z`; else raises ValueError.

    A date alone is its midnight in UTC. Fractions of a second, which Zoho does not print, are cut
    off.
    """
    try:
        offset = value[19:]
        # Offsets of whole hours leave minutes as they are, and ten years have 87,660 hours.
        kept = 13 if offset == "Z" or offset[-3:] == ":00" else 16
        begin, rest = _UTC_BY_LOCAL.get(value[:kept] + offset), value[kept:19]
        if begin is not None and rest in _ENDS_OF_TIMES:
            return f"{begin}{rest}Z"
    except (TypeError, LookupError):
        raise ValueError(value) from None
    if value[4:5] != "-":
        raise ValueError(value)
    local = datetime.fromisoformat(value)
    if local.tzinfo is None:
        local = local.replace(tzinfo=UTC)
    try:
        timestamp = local.astimezone(UTC).isoformat()[:19]
    except OverflowError:
        raise ValueError(value) from None
    # An offset may move minutes and seconds. Without one, the key might be another timestamp's.
    if offset and timestamp[kept:] == rest:
        if len(_UTC_BY_LOCAL) >= _MOST_UTC:
            _UTC_BY_LOCAL.clear()
        _UTC_BY_LOCAL[value[:kept] + offset] = timestamp[:kept]
    return f"{timestamp}Z"


def cast_datetime(value: Any) -> str | None:
    try:
        return to_utc(value)
    except ValueError:
        if value == "":
            return None
        raise Odd from None
