"""Numbers as Zoho takes them ("Insert Records"), digit for digit, or why that cannot be. Pure.

A number travels as JSON, whose readers make a double of it: one that a double does not hold exactly
would arrive as another number.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from destination_zoho_crm.modules import TargetField
from destination_zoho_crm.unfit import UnfitError

#: Documented limits, where metadata tells none.
_INTEGER_DIGITS, _LONG_DIGITS = 9, 18
_MOST = Decimal(10) ** 16
_DECIMALS = 9
#: A double keeps so many digits of any number. One that came in with more may have lost some on its
#: way to us, and nothing tells.
_KEPT_DIGITS = 15

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

_AS_TEXT = f"a number of more than {_KEPT_DIGITS} digits must be sent as a text, or digits are lost"


def integer(field: TargetField, value: Any) -> int:
    number = _whole(value)
    most = field.length or _INTEGER_DIGITS
    if len(str(abs(number))) > most:
        raise UnfitError(f"more than {most} digits")
    return number


def long(field: TargetField, value: Any) -> str:
    """Fields of Zoho's own may hold an id, which has more digits than the numbers of users; a
    record may show it as an object."""
    number = _whole(value.get("id") if isinstance(value, Mapping) else value)
    most = max(field.length or 0, _LONG_DIGITS)
    if len(str(abs(number))) > most:
        raise UnfitError(f"more than {most} digits")
    return str(number)


def number(field: TargetField, value: Any) -> int | float:
    """Currency loses decimals beyond the field's, and any number those beyond the ninth.

    UNVERIFIED: that other numbers keep more decimals than their field shows.
    """
    exact = _decimal(value)
    if exact.copy_abs() >= _MOST:
        raise UnfitError("more than 16 digits before the point")
    places = field.decimal_place if field.data_type == "currency" else None
    most = _DECIMALS if places is None else places
    digits, decimals = _figures(exact)
    if decimals > most:
        raise UnfitError(f"more than {most} decimals, which Zoho would cut off")
    if isinstance(value, float) and digits > _KEPT_DIGITS:
        raise UnfitError(_AS_TEXT)
    double = float(exact)
    if Decimal(repr(double)) != exact:
        raise UnfitError("more digits than a JSON number carries")
    return int(exact) if exact == exact.to_integral_value() else double


def _figures(exact: Decimal) -> tuple[int, int]:
    """How many digits a number has, and how many decimals, without zeros at its end.

    Not by `normalize`, which rounds to Python's 28 digits.
    """
    _, digits, exponent = exact.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0")
    if not text:
        return 1, 0
    return len(text), max(0, -exponent - (len(digits) - len(text)))


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str) and _NUMBER.fullmatch(text := value.strip()):
        try:
            return Decimal(text)
        except InvalidOperation:
            raise UnfitError("expected a number") from None
    if isinstance(value, int | float) and not isinstance(value, bool):
        exact = Decimal(repr(value))
        if exact.is_finite():
            return exact
    raise UnfitError("expected a number")


def _whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        if len(str(abs(int(value)))) > _KEPT_DIGITS:
            raise UnfitError(_AS_TEXT)
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value) if len(value) < 100 else 10**100
    if not isinstance(value, int) or isinstance(value, bool):
        raise UnfitError("expected a whole number")
    return value
