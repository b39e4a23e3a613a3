"""Attributes of modules and fields as tests give them, held against their types in `model.py`."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_type_hints

Check = tuple[str, Callable[[object], bool]]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


_CHECKS: tuple[tuple[Any, Check], ...] = (
    (bool, ("true or false", lambda value: isinstance(value, bool))),
    (float, ("a number", _is_number)),
    (int, ("a whole number", _is_whole)),
    (int | None, ("null or a whole number", lambda value: value is None or _is_whole(value))),
    (str, ("text", lambda value: isinstance(value, str))),
    (str | None, ("null or text", lambda value: value is None or isinstance(value, str))),
    (
        tuple[str, ...],
        (
            "a list of texts",
            lambda value: (
                isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
            ),
        ),
    ),
)


@cache
def _list_checks(owner: type) -> Mapping[str, Check]:
    hints = get_type_hints(owner)
    return {name: check for name, hint in hints.items() for kind, check in _CHECKS if hint == kind}


def check_types(owner: type, given: Mapping[str, object], what: str) -> None:
    """A ValueError names the first attribute of a wrong type; unknown ones pass."""
    checks = _list_checks(owner)
    for name, value in given.items():
        # Zoho describes an External ID field by an object, and so may tests.
        if name not in checks or (name == "external" and isinstance(value, dict)):
            continue
        wanted, good = checks[name]
        if not good(value):
            raise ValueError(f"{what}: {name}: {value!r} is not {wanted}")
