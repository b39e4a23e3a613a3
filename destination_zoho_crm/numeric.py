"""Numbers as Zoho takes them ("Insert Records"), digit for digit, or why that cannot be. Pure.

A number travels as JSON, whose readers make a double of it: one that a double does not hold exactly
would arrive as another number.
"""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from destination_zoho_crm.outcomes import InvalidValueError
from destination_zoho_crm.target_fields import TargetField

#: Documented limits, where metadata has none.
_INTEGER_DIGITS, LONG_DIGITS = 9, 18
_MOST = Decimal(10) ** 16
_DECIMALS = 9
#: A double keeps so many digits of any number. One that came in with more may have lost some on its
#: way to us, unnoticed.
KEPT_DIGITS = 15
#: Sums of a few doubles are off by so many steps between doubles.
_MOST_STEPS = 4

_WHOLE = re.compile(r"([+-]?\d+)(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

_AS_TEXT = f"a number of more than {KEPT_DIGITS} digits must be sent as a text, or digits are lost"


def get_most_digits(field: TargetField) -> int:
    """Digits that a field of integers takes."""
    return field.length or _INTEGER_DIGITS


def get_most_decimals(field: TargetField) -> int:
    """Decimals that a field of numbers keeps."""
    places = field.decimal_place if field.data_type == "currency" else None
    return _DECIMALS if places is None else places


def encode_integer(field: TargetField, value: Any) -> int:
    number, most = _parse_whole(value), get_most_digits(field)
    if len(str(abs(number))) > most:
        raise InvalidValueError(f"more than {most} digits")
    return number


def encode_long(field: TargetField, value: Any) -> str:
    """Fields of Zoho's own may hold an id, which has more digits than the numbers of users; a
    record may show it as an object."""
    number = _parse_whole(value.get("id") if isinstance(value, Mapping) else value)
    most = max(field.length or 0, LONG_DIGITS)
    if len(str(abs(number))) > most:
        raise InvalidValueError(f"more than {most} digits")
    return str(number)


def format_number(value: float) -> str:
    """The shortest text of a number, without an exponent."""
    exact = _parse_decimal(value)
    if exact == exact.to_integral_value():
        return str(_parse_whole(value))
    return f"{exact:f}"


def encode_number(field: TargetField, value: Any, warn: Callable[[str], None]) -> int | float:
    """Currency loses decimals beyond the field's, and any number those beyond the ninth.

    What arithmetic with doubles leaves after the fifteenth digit, as of 0.1 + 0.2, is rounded off,
    and `warn` is called.

    UNVERIFIED: that other numbers keep more decimals than their field shows.
    """
    exact = _parse_decimal(value)
    if exact.copy_abs() >= _MOST:
        raise InvalidValueError("more than 16 digits before the point")
    most = get_most_decimals(field)
    digits, decimals = _count_digits(exact)
    if decimals > most or isinstance(value, float) or not _is_carried(exact):
        short = _drop_noise(exact)
        if short != exact and _count_digits(short)[1] <= most:
            warn(
                f"has numbers that differ from shorter ones after the {KEPT_DIGITS}th digit "
                "only, as 0.1 + 0.2 does from 0.3; they are rounded to these"
            )
            return _read_double(short)
    if decimals > most:
        raise InvalidValueError(f"more than {most} decimals, which Zoho would cut off")
    if isinstance(value, float) and digits > KEPT_DIGITS:
        raise InvalidValueError(_AS_TEXT)
    return _read_double(exact)


def _drop_noise(exact: Decimal) -> Decimal:
    """The number of fewer digits that this one was meant to be; else the number itself.

    It has more digits than a double keeps, the kept digits end in a zero, and it is the double next
    to the short one: a number that really needs its digits rarely is. What was a double in a
    warehouse and is a decimal there now shows more of its noise: 99999999999.99 as
    99999999999.990005760.
    """
    digits, decimals = _count_digits(exact)
    if decimals and digits > KEPT_DIGITS:
        short = Context(prec=KEPT_DIGITS).plus(exact)
        apart = float(abs(exact - short)) / math.ulp(float(short))
        if _count_digits(short)[0] < KEPT_DIGITS and apart <= _MOST_STEPS:
            return short
    return exact


def _read_double(exact: Decimal) -> int | float:
    if not _is_carried(exact):
        raise InvalidValueError("more digits than a JSON number carries")
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _is_carried(exact: Decimal) -> bool:
    """Whether a reader of JSON gets exactly this number."""
    return Decimal(repr(float(exact))) == exact


def _count_digits(exact: Decimal) -> tuple[int, int]:
    """How many digits a number has, and how many decimals, without zeros at its end.

    Not by `normalize`, which rounds to Python's 28 digits.
    """
    _, digits, exponent = exact.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0")
    if not text:
        return 1, 0
    return len(text), max(0, -exponent - (len(digits) - len(text)))


def _parse_decimal(value: Any) -> Decimal:
    if isinstance(value, str) and _NUMBER.fullmatch(text := value.strip()):
        try:
            return Decimal(text)
        except InvalidOperation:
            raise InvalidValueError("expected a number") from None
    if isinstance(value, int | float) and not isinstance(value, bool):
        exact = Decimal(repr(value))
        if exact.is_finite():
            return exact
    raise InvalidValueError("expected a number")


def _parse_whole(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        if len(str(abs(int(value)))) > KEPT_DIGITS:
            raise InvalidValueError(_AS_TEXT)
        return int(value)
    if isinstance(value, str) and (found := _WHOLE.fullmatch(value.strip())):
        return int(found[1]) if len(found[1]) < 100 else 10**100
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidValueError("expected a whole number")
    return value
