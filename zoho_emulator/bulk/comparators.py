"""What each data type is compared by and with in bulk read ("Bulk Read: Allowed Comparators")."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from zoho_emulator.store.data_types import value_type
from zoho_emulator.store.model import Field
from zoho_emulator.store.values import Stored

MAX_TEXT = 255

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
#: "milliseconds is not supported". UNVERIFIED: that Z is taken; the samples have numeric offsets,
#: and no page refuses it, as none does for COQL, where a knob decides.
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,19}(\.\d+)?", re.ASCII)

EQUAL = ("equal", "not_equal", "in", "not_in")
_ORDERED = (*EQUAL, "less_than", "less_equal", "greater_than", "greater_equal", "between")
#: The patterns of LIKE that compare parts of text.
PATTERNS = {
    "contains": ("LIKE", "%{}%"),
    "not_contains": ("NOT LIKE", "%{}%"),
    "starts_with": ("LIKE", "{}%"),
    "ends_with": ("LIKE", "%{}"),
}


def _parse_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    if len(value) > MAX_TEXT:
        raise ValueError(value)
    return value


def _parse_written(value: object, pattern: re.Pattern[str], *types: type) -> str:
    """A value that JSON may hold as one of the types or as text of the pattern."""
    if isinstance(value, bool) or not isinstance(value, (str, *types)):
        raise TypeError(value)
    text = str(value)
    if isinstance(value, str) and not pattern.fullmatch(text):
        raise ValueError(value)
    return text


def _parse_whole(value: object) -> int:
    number = int(_parse_written(value, _WHOLE, int))
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


def _parse_decimal(value: object) -> float:
    return float(_parse_written(value, _DECIMAL, int, float))


def _parse_boolean(value: object) -> int:
    # UNVERIFIED: the words as text, in addition to JSON's own.
    if not isinstance(value, bool | str):
        raise TypeError(value)
    return ("false", "true").index(str(value).lower())


def _parse_date(value: object) -> str:
    return date.fromisoformat(_parse_written(value, _DATE)).isoformat()


def _parse_datetime(value: object) -> int:
    try:
        return int(datetime.fromisoformat(_parse_written(value, _DATETIME)).timestamp())
    except OverflowError:
        raise ValueError(value) from None


@dataclass(frozen=True, slots=True)
class Rule:
    """What a data type is compared by, and with."""

    comparators: tuple[str, ...]
    #: The JSON types of its values.
    values: tuple[str, ...]
    #: The stored form; TypeError for another JSON type, ValueError for what it cannot hold.
    convert: Callable[[object], Stored]
    takes_empty: bool = True
    #: Compared as text, however it is stored.
    textual: bool = False


_TEXTS = Rule((*EQUAL, *PATTERNS), ("string",), _parse_text, textual=True)
_NUMBERS = Rule(_ORDERED, ("integer", "string"), _parse_whole)
_DECIMALS = Rule(_ORDERED, ("integer", "double", "string"), _parse_decimal)
_BOOLEANS = Rule(("equal",), ("boolean", "string"), _parse_boolean, takes_empty=False)
_REFERENCES = Rule(EQUAL, ("integer", "string"), _parse_whole)
_RULES: Mapping[str, Rule] = {
    "integer": _NUMBERS,
    "long": _NUMBERS,
    "bigint": _NUMBERS,
    "double": _DECIMALS,
    "percent": _DECIMALS,
    "currency": _DECIMALS,
    "boolean": _BOOLEANS,
    "date": Rule((*_ORDERED, "not_between"), ("string",), _parse_date),
    "datetime": Rule((*_ORDERED, "not_between"), ("string",), _parse_datetime),
    "lookup": _REFERENCES,
    "multi_module_lookup": _REFERENCES,
    "ownerlookup": _REFERENCES,
    "userlookup": _REFERENCES,
    "profilelookup": _REFERENCES,
    "layout": _REFERENCES,
}


def find_rule(field: Field) -> Rule:
    """UNVERIFIED: that a data type without a rule of its own compares as text does."""
    return _RULES.get(value_type(field), _TEXTS)
