"""JSON of Zoho's answers, read although a value in it is odd."""

import json
from collections.abc import Mapping
from typing import Any

import orjson

#: Whole numbers beyond 64 bits are read as orjson reads them: with a fraction.
_FEWEST_TOO_LARGE = 21


def parse_json(content: bytes) -> Any:
    """The value of a JSON text; raises ValueError where there is none.

    One odd value leaves the others intact: a raw control character stands for itself, half of a
    surrogate pair becomes U+FFFD, and a number beyond the range of floats becomes an infinity,
    which the casts of `zoho_crm.casts` and `orjson.dumps` turn into null. Bytes that are not UTF-8
    become U+FFFD.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        try:
            # Not as bytes: the standard library then guesses the encoding.
            return _replace_surrogates(_TOLERANT.decode(content.decode("utf-8-sig", "replace")))
        except (ValueError, RecursionError):
            raise error from None


def _parse_whole_number(digits: str) -> int | float:
    if len(digits) < _FEWEST_TOO_LARGE and -(2**63) <= (number := int(digits)) < 2**64:
        return number
    return float(digits)


_TOLERANT = json.JSONDecoder(strict=False, parse_int=_parse_whole_number)


def _replace_surrogates(value: Any) -> Any:
    """The value without lone surrogates, which no UTF-8 can carry."""
    if isinstance(value, str):
        # A surrogate pair has become one character before.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_replace_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(item) for key, item in value.items()}
    return value


def as_object(value: object) -> Mapping[str, Any]:
    """The value, if it is an object; else an empty one."""
    return value if isinstance(value, Mapping) else {}
