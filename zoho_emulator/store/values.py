"""Values as clients write them, turned into what the tables hold ("Insert Records")."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from functools import partial
from math import isfinite

import orjson

from zoho_emulator.errors import ZohoError
from zoho_emulator.store.data_types import affinity, is_json, value_type
from zoho_emulator.store.model import Field

Stored = str | int | float | None


def fold(value: Stored) -> Stored:
    """The value without regard to case."""
    return value.lower() if isinstance(value, str) else value


#: Fractions of a second are refused. Of "Z", the knob `writes_accept_z` decides.
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[+-]\d\d:\d\d|Z)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: Digits of a double after the point.
MOST_DECIMALS = 9
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_ID = re.compile(r"\d{1,19}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
#: "Insert Records": groups of letters and digits, some in parentheses, and extensions after commas.
_PHONE = re.compile(
    r"\+?(?![.-])(?:[.-]?[ ]?\w++|[ ]?\((?![.-])(?:[ .-]?\w++)+\)(?!\.)(?:[ -]?\w++)?)+"
    r"(?:,*;?\w++)*;?",
    re.ASCII,
)
#: "Insert Records": a site needs a scheme, or "www." before a name of two parts.
_WEBSITE = re.compile(r"(?:(?:https?|ftp)://|www\.)[^\s./?#]+\.\S+", re.IGNORECASE)


def invalid(field: Field, **details: object) -> ZohoError:
    return ZohoError("INVALID_DATA", "invalid data", {"api_name": field.api_name, **details})


def _mistyped(field: Field) -> ZohoError:
    kind = value_type(field)
    if kind in ("date", "datetime", "email", "phone", "website"):
        return invalid(field, expected_data_type=kind)
    # "Upsert Records" of v8: sample of a company that is a number.
    # UNVERIFIED: the word for big integers.
    expected = "text" if field.json_type == "string" else field.json_type
    return invalid(field, expected_data_type=expected)


def _encode_text(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise _mistyped(field)
    if field.length is not None and len(value) > field.length:
        raise invalid(field, maximum_length=field.length)
    return value


def _check_pattern(field: Field, value: object, pattern: re.Pattern[str]) -> str:
    text = _encode_text(field, value)
    if not pattern.fullmatch(text):
        raise _mistyped(field)
    return text


def _encode_integer(field: Field, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _mistyped(field)
    if len(str(abs(value))) > (field.length or 9):
        raise invalid(field, maximum_length=field.length or 9)
    return value


def _encode_long(field: Field, value: object) -> int:
    # UNVERIFIED: bare numbers are taken in addition to the documented strings.
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        raise _mistyped(field)
    return int(text)


def _encode_double(field: Field, value: object) -> float:
    """ "Insert Records": 16 digits before the point, 9 after it.

    UNVERIFIED: that more decimals are refused; of a currency alone it is said that they are cut.
    """
    number = _encode_number(field, value)
    if -_find_exponent(number) > MOST_DECIMALS:
        raise invalid(field, maximum_length=MOST_DECIMALS)
    return number


def _find_exponent(number: float) -> int:
    return int(Decimal(repr(number)).normalize().as_tuple().exponent)


def _encode_number(field: Field, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise _mistyped(field)
    if abs(value) >= 1e16:
        raise invalid(field, maximum_length=16)
    return float(value)


def _encode_percent(field: Field, value: object) -> float:
    number = _encode_number(field, value)
    if abs(number) >= 10 ** (field.length or 5):
        raise invalid(field, maximum_length=field.length or 5)
    return number


def _encode_currency(field: Field, value: object) -> float:
    """Decimals beyond the field's are cut, not rounded ("Insert Records": currency)."""
    number = _encode_number(field, value)
    return number if field.decimal_place is None else cut(number, field.decimal_place)


def cut(number: float, decimals: int) -> float:
    last = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(number)).quantize(last, ROUND_DOWN))


def _encode_boolean(field: Field, value: object) -> int:
    if not isinstance(value, bool):
        raise _mistyped(field)
    return int(value)


def _encode_date(field: Field, value: object) -> str:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _mistyped(field)
    try:
        date.fromisoformat(value)
    except ValueError:
        raise _mistyped(field) from None
    return value


def _encode_datetime(field: Field, value: object) -> int:
    if not isinstance(value, str) or not _DATETIME.fullmatch(value):
        raise _mistyped(field)
    try:
        parsed = datetime.fromisoformat(value)
        # In the first and the last year, the org's time zone may lie outside the calendar.
        if not 1 < parsed.year < 9_999:
            raise _mistyped(field)
        return int(parsed.timestamp())
    except (ValueError, OverflowError):
        raise _mistyped(field) from None


def _encode_reference(field: Field, value: object) -> int:
    """`{"id": "..."}` or the id itself."""
    given = value.get("id") if isinstance(value, dict) else value
    text = str(given) if isinstance(given, int) and not isinstance(given, bool) else given
    if not isinstance(text, str) or not _ID.fullmatch(text) or int(text) >= 2**63:
        raise _mistyped(field)
    return int(text)


def _encode_options(field: Field, value: object) -> str | None:
    """UNVERIFIED: an empty list clears the field, as null does."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _mistyped(field)
    if any(";" in item for item in value):
        raise invalid(field)
    # UNVERIFIED: that the length is of the options joined, as they are shown in an export.
    joined = ";".join(value)
    if field.length is not None and len(joined) > field.length:
        raise invalid(field, maximum_length=field.length)
    return joined or None


def _encode_object(field: Field, value: object) -> str:
    if not isinstance(value, dict):
        raise _mistyped(field)
    return orjson.dumps(value).decode()


def _encode_array(field: Field, value: object) -> str:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _mistyped(field)
    return orjson.dumps(value).decode()


_ENCODERS: dict[str, Callable[[Field, object], Stored]] = {
    "email": partial(_check_pattern, pattern=_EMAIL),
    "phone": partial(_check_pattern, pattern=_PHONE),
    "website": partial(_check_pattern, pattern=_WEBSITE),
    "integer": _encode_integer,
    "long": _encode_long,
    "bigint": _encode_long,
    "double": _encode_double,
    "percent": _encode_percent,
    "currency": _encode_currency,
    "boolean": _encode_boolean,
    "date": _encode_date,
    "datetime": _encode_datetime,
    "lookup": _encode_reference,
    "multi_module_lookup": _encode_reference,
    "ownerlookup": _encode_reference,
    "userlookup": _encode_reference,
    "profilelookup": _encode_reference,
    "layout": _encode_reference,
    "multiselectpicklist": _encode_options,
}


def encode(field: Field, value: object) -> Stored:
    """The stored form of a value; raises INVALID_DATA for what the field cannot hold.

    New options of a picklist are taken, as "Insert Records" says.
    """
    if value is None:
        return None
    if is_json(field):
        return (
            _encode_array(field, value)
            if field.json_type == "jsonarray"
            else _encode_object(field, value)
        )
    if field.data_type == "autonumber":
        return (
            _encode_text(field, value) if affinity(field) == "TEXT" else _encode_long(field, value)
        )
    return _ENCODERS.get(value_type(field), _encode_text)(field, value)
