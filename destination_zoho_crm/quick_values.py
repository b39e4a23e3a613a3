"""Values that go to Zoho as they are: most do, and are told at a glance.

Pure. What is not told here is left to the encoder, which knows all forms of a value.
"""

import sys
from collections.abc import Callable
from typing import Any

from destination_zoho_crm.columns import Column
from destination_zoho_crm.numeric import KEPT_DIGITS, get_most_decimals, get_most_digits
from destination_zoho_crm.target_fields import TargetField

Encode = Callable[[Any], Any]

#: Decimals of a number that is told at a glance: the more there are, the smaller it must be.
_DECIMALS = 4


def quicken(column: Column, encode: Encode, *, is_checked: bool) -> Encode:
    """The same as `encode`, and quicker. `is_checked`: values are checked against a picklist."""
    build = _BUILDERS.get(column.field.form or "") if column.field else None
    if build is None or column.field is None or column.via != "value" or is_checked:
        return encode
    return build(column.field, encode)


def _quicken_text(field: TargetField, encode: Encode) -> Encode:
    most = field.length or sys.maxsize

    def encode_text(value: Any) -> Any:
        if type(value) is str and 0 < len(value) <= most and not value.isspace():
            return value
        return encode(value)

    return encode_text


def _quicken_integer(field: TargetField, encode: Encode) -> Encode:
    bound = 10 ** get_most_digits(field)

    def encode_integer(value: Any) -> Any:
        if type(value) is int and -bound < value < bound:
            return value
        return encode(value)

    return encode_integer


def _quicken_number(field: TargetField, encode: Encode) -> Encode:
    """A double that is the nearest one to a number of few enough digits is written as that."""
    decimals = min(_DECIMALS, get_most_decimals(field))
    bound, whole = 10 ** (KEPT_DIGITS - decimals), 10**KEPT_DIGITS

    def encode_number(value: Any) -> Any:
        if type(value) is float:
            if -bound < value < bound and round(value, decimals) == value:
                return int(value) if value.is_integer() else value
        elif type(value) is int and -whole < value < whole:
            return value
        return encode(value)

    return encode_number


def _quicken_boolean(field: TargetField, encode: Encode) -> Encode:
    return lambda value: value if value is True or value is False else encode(value)


_BUILDERS: dict[str, Callable[[TargetField, Encode], Encode]] = {
    "text": _quicken_text,
    "integer": _quicken_integer,
    "number": _quicken_number,
    "boolean": _quicken_boolean,
}
