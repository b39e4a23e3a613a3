"""Values of knobs, checked: what the command line and the control API give as text or JSON."""

from typing import Literal, get_args, get_origin
from zoneinfo import ZoneInfo

from zoho_emulator.localtime import parse_epoch

#: Codes of what keeps a record from being written.
HOLDS = ("RECORD_LOCKED", "NOT_APPROVED", "NOT_REVIEWED", "RECORD_IN_BLUEPRINT", "CANNOT_PROCESS")
#: Codes that refuse a listed module.
REFUSALS = ("NO_PERMISSION", "INVALID_MODULE", "INVALID_QUERY", "OAUTH_SCOPE_MISMATCH")
#: How a feature that the org lacks is refused: status and message. Of territories there are samples
#: with each of the last three; that of the call for their list has the last one.
FEATURE_CODES = {
    "CURRENCIES_NOT_ENABLED": (403, "Multi currency is not enabled"),
    "TERRITORY_NOT_ENABLED": (403, "the territory feature is not enabled"),
    "TERRITORY_DISABLED": (403, "the territory feature is disabled"),
    "FEATURE_NOT_ENABLED": (400, "{feature} is not enabled"),
}
#: Knobs whose texts may end in a code: what stands before it, and the codes there are.
_WITH_CODES = {
    "held_records": ("ID", HOLDS),
    "refused_modules": ("MODULE", REFUSALS),
    "features_refused": ("NAME", tuple(FEATURE_CODES)),
}
#: The largest number of a knob.
_MOST = 10**12


def parse_value(name: str, value: object, kind: object) -> object:
    """A value of the knob `name` of type `kind`; if it is none, ValueError with one sentence."""
    if get_origin(kind) is tuple:
        return _texts(name, value)
    is_text, is_single = isinstance(value, str), isinstance(value, str | int | float)
    if not is_single:
        raise ValueError(f"{name}: {value!r} is not a single value")
    text = str(value)
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError(f"{name}: {text!r} is none of {', '.join(get_args(kind))}")
        return text
    if kind is bool:
        if text.lower() not in ("true", "false", "1", "0"):
            raise ValueError(f"{name}: {text!r} is neither true nor false")
        return text.lower() in ("true", "1")
    if kind in (int, float):
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"{name}: {text!r} is not a number") from None
        if not 0 <= number <= _MOST:
            raise ValueError(f"{name}: {text} is not a number from 0 to {_MOST}")
        if kind is int and number != int(number):
            raise ValueError(f"{name}: {text} is not a whole number")
        return int(number) if kind is int else number
    if name == "time_zone" or (name == "user_time_zone" and text):
        try:
            ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name}: {text!r} is not an IANA time zone") from None
    if name == "trial_until" and text:
        try:
            parse_epoch(text)
        except ValueError:
            raise ValueError(f"{name}: {text!r} is not an ISO 8601 time with an offset") from None
    if not is_text:
        raise ValueError(f"{name}: {value!r} is not text")
    return text


def _texts(name: str, value: object) -> tuple[str, ...]:
    """A list of texts, or one text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError(f"{name}: {value!r} is not a list of texts")
    texts = tuple(part.strip() for part in parts if part.strip())
    if name == "unique_across":
        for text in texts:
            if not all(part.strip() for part in text.partition(":")):
                raise ValueError(f"{name}: {text!r} is not MODULE:OTHER")
    if name in _WITH_CODES:
        what, codes = _WITH_CODES[name]
        for text in texts:
            _, colon, code = text.partition(":")
            # A record is held by a code; modules and features have one of their own.
            if (colon or name == "held_records") and code not in codes:
                raise ValueError(f"{name}: {text!r} is not {what}:CODE, of {', '.join(codes)}")
    return texts
