"""How Zoho's values are read into their canonical forms, one function for each.

A cell of CSV that is read differently from JSON has a function of its own.
"""

import json
import logging
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson

LOGGER = logging.getLogger("airbyte")

#: Beyond it, a number with a fraction cannot tell whole numbers apart.
_MOST_WHOLE = 2**53


def text(value: Any) -> str | None:
    if type(value) is str:
        return value or None
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


@cache
def _warn_of(kind: str) -> None:
    """Once: a value that is none of its type costs itself, not its module."""
    LOGGER.warning(f"A value that should be {kind} is none; such values are read as null.")


def integer(value: Any) -> int | None:
    if value == "":
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        _warn_of("a whole number")
        return None


def number(value: Any) -> float | int | None:
    if type(value) is str:
        try:
            value = _parsed(value)
        except ValueError:
            if value:
                _warn_of("a number")
            return None
    # 12.0 and 12: JSON and CSV of one value may write the one or the other.
    if type(value) is float and value.is_integer() and abs(value) < _MOST_WHOLE:
        return int(value)
    return value  # type: ignore[no-any-return]  # a JSON number as it came


def _parsed(cell: str) -> float | int:
    """The number that JSON would have: whole numbers keep all their digits."""
    try:
        parsed = orjson.loads(cell)
    except orjson.JSONDecodeError:
        # 007, +5 and .5 are no JSON.
        return float(cell)
    if type(parsed) not in (int, float):
        raise ValueError(cell)
    return parsed  # type: ignore[no-any-return]  # it is a number


def boolean(value: Any) -> bool:
    return value if type(value) is bool else str(value).lower() == "true"


def reference(value: Any) -> str | None:
    if type(value) is dict:
        value = value.get("id")
    return None if value in (None, "") else str(value)


def big(value: Any) -> str | None:
    """The digits; v2 gives some references this type, and a record may hold an object there."""
    return reference(value) if type(value) is dict and "id" in value else text(value)


#: UTC of local hours and minutes with their offset: parsing is the dearest step of a row.
_KNOWN: dict[str, str] = {}
_MOST_KNOWN = 100_000


def utc(value: str) -> str:
    """`2024-06-05T02:04:09-07:00` as `2024-06-05T09:04:09Z`.

    Fractions of a second, which Zoho does not print, are cut off.
    """
    offset = value[19:]
    # Offsets of whole hours leave minutes as they are, and ten years have 87,660 hours.
    kept = 13 if offset == "Z" or offset[-3:] == ":00" else 16
    key = value[:kept] + offset
    begin = _KNOWN.get(key)
    if begin is None:
        local = datetime.fromisoformat(value)
        if local.tzinfo is None:
            local = local.replace(tzinfo=UTC)
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        begin = _KNOWN[key] = local.astimezone(UTC).isoformat()[:kept]
    return f"{begin}{value[kept:19]}Z"


def moment(value: Any) -> str | None:
    try:
        return utc(value) if value else None
    except ValueError:
        _warn_of("a date with time")
        return None


def integer_cell(cell: str) -> int | None:
    try:
        return integer(_parsed(cell))
    except ValueError:
        return integer(cell)


def boolean_cell(cell: str) -> bool:
    return cell in _TRUE


#: UNVERIFIED: how an export writes booleans.
_TRUE = frozenset({"true", "True", "TRUE", "1"})
