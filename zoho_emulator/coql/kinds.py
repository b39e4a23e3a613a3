"""What COQL lets a field do: the operators of its type and the values it compares with
("Get Records through a COQL Query": field types and their comparators).
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum

from zoho_emulator.coql.tree import Value
from zoho_emulator.store.data_types import affinity, is_json, value_type
from zoho_emulator.store.model import Field

_ORDERED = frozenset(
    {"=", "!=", ">=", ">", "<=", "<", "between", "not between"}
    | {"in", "not in", "is null", "is not null"}
)
_EQUAL = frozenset({"=", "!=", "in", "not in", "is null", "is not null"})
_TEXT = _EQUAL | {"like", "not like"}


class Kind(Enum):
    TEXT = "text"
    WHOLE = "whole number"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    LOOKUP = "lookup"
    #: In the select clause only.
    SELECTED = "selected"
    #: Not in COQL at all.
    REFUSED = "refused"


_KINDS = {
    "text": Kind.TEXT,
    "email": Kind.TEXT,
    "phone": Kind.TEXT,
    "website": Kind.TEXT,
    "textarea": Kind.TEXT,
    "picklist": Kind.TEXT,
    "multiselectpicklist": Kind.TEXT,
    "autonumber": Kind.TEXT,
    "profileimage": Kind.TEXT,
    "integer": Kind.WHOLE,
    "long": Kind.WHOLE,
    "bigint": Kind.WHOLE,
    "double": Kind.DECIMAL,
    "percent": Kind.DECIMAL,
    "currency": Kind.DECIMAL,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "datetime": Kind.DATETIME,
    "lookup": Kind.LOOKUP,
    "multi_module_lookup": Kind.LOOKUP,
    "ownerlookup": Kind.LOOKUP,
    "userlookup": Kind.LOOKUP,
    "layout": Kind.LOOKUP,
    "profilelookup": Kind.LOOKUP,
    "territories": Kind.SELECTED,
    "mediumtext": Kind.SELECTED,
    "fileupload": Kind.REFUSED,
    "imageupload": Kind.REFUSED,
    "subform": Kind.REFUSED,
    "multiselectlookup": Kind.REFUSED,
    "multiuserlookup": Kind.REFUSED,
    "event_reminder": Kind.SELECTED,
    "multireminder": Kind.SELECTED,
    "linetax": Kind.SELECTED,
    "module": Kind.SELECTED,
    "time_range": Kind.SELECTED,
}

_OPERATORS = {
    Kind.TEXT: _TEXT,
    Kind.WHOLE: _ORDERED,
    Kind.DECIMAL: _ORDERED,
    Kind.DATE: _ORDERED,
    Kind.DATETIME: _ORDERED,
    Kind.LOOKUP: _EQUAL,
    Kind.BOOLEAN: frozenset({"="}),
}

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9-]{10}T[0-9]{2}:[0-9]{2}:[0-9]{2}([+-][0-9]{2}:[0-9]{2}|Z)")
#: Zoho knows %x, x% and %x%; one in the middle or none at all is UNVERIFIED and refused.
_PATTERN = re.compile(r"%[^%]+%?|[^%]+%")


def find_kind(field: Field) -> Kind | None:
    """None for a data type that the emulator does not know."""
    if field.virtual:
        return Kind.REFUSED
    if field.data_type == "textarea" and field.textarea != "small":
        return Kind.SELECTED
    if field.api_name == "Participants":  # "COQL: Limitations" names it
        return Kind.REFUSED
    if is_json(field):
        # UNVERIFIED: that other arrays and objects, Tag among them, can be selected and not
        # compared; the limitations say nothing of them.
        uploads = field.data_type in ("fileupload", "imageupload")
        return Kind.REFUSED if uploads else Kind.SELECTED
    if field.like and field.data_type not in _KINDS:
        return Kind.SELECTED
    return _KINDS.get(value_type(field))


def list_operators(field: Field, kind: Kind) -> frozenset[str]:
    if field.data_type == "multiselectpicklist":
        return _EQUAL
    if field.data_type == "formula" and kind is Kind.BOOLEAN:
        return frozenset({"=", "is null", "is not null"})
    return _OPERATORS[kind]


def is_number(kind: Kind) -> bool:
    return kind in (Kind.WHOLE, Kind.DECIMAL)


def compares_as_text(field: Field) -> bool:
    """An autonumber compares as the text it shows, though it may be stored as a number."""
    return field.data_type == "autonumber" and affinity(field) != "TEXT"


def convert(kind: Kind, value: Value, *, accept_z: bool) -> object:
    """The stored form of a literal; ValueError where it does not suit the type.

    Numbers, ids and booleans stand bare or quoted; so do words where text belongs, as in
    Zoho's sample `Lead_Source = Advertisement`. Fractions of a second are refused.
    """
    if kind is Kind.DATETIME and value.text.endswith("Z") and not accept_z:
        raise ValueError(value.text)
    return _CONVERSIONS[kind](value.text)


def build_like_pattern(value: Value, *, negated: bool) -> str:
    """The pattern for sqlite's LIKE with backslash as escape; `not like` takes %x% only."""
    text = value.text
    if not _PATTERN.fullmatch(text) or (negated and not (text[0] == text[-1] == "%")):
        raise ValueError(text)
    return re.sub(r"([_\\])", r"\\\1", text)


def _parse_whole(text: str) -> int:
    if not _WHOLE.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError(text)
    return int(text)


def _parse_decimal(text: str) -> float:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _parse_date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text).isoformat()


def _parse_datetime(text: str) -> int:
    if not _DATETIME.fullmatch(text):
        raise ValueError(text)
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except OverflowError:
        raise ValueError(text) from None


def _parse_boolean(text: str) -> int:
    return ("false", "true").index(text.lower())


_CONVERSIONS: dict[Kind, Callable[[str], object]] = {
    Kind.TEXT: str,
    Kind.WHOLE: _parse_whole,
    Kind.DECIMAL: _parse_decimal,
    Kind.DATE: _parse_date,
    Kind.DATETIME: _parse_datetime,
    Kind.BOOLEAN: _parse_boolean,
    Kind.LOOKUP: _parse_whole,
}
