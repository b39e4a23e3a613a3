"""Rules of `POST /_emulator/faults`, checked: a wrong one raises a ValueError with one sentence."""

import re
from collections.abc import Callable, Collection, Mapping
from fnmatch import fnmatchcase
from math import isfinite

#: Statuses whose answers have no body in HTTP.
WITHOUT_BODY = (204, 205, 304)
#: Longer than any reader waits.
_MOST_SECONDS = 3_600
#: "Message Syntax" of HTTP: tokens, and texts without control characters.
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[ -~]*")
_COMPUTED = ("content-length", "transfer-encoding")

Check = tuple[str, Callable[[object], bool]]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _build_whole_check(least: int, most: int = 10**9) -> Check:
    def good(value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return f"a whole number from {least} to {most}", good


def _build_number_check(least: float, most: float) -> Check:
    def good(value: object) -> bool:
        return _is_number(value) and least <= float(str(value)) <= most

    return f"a number from {least} to {most}", good


def _are_headers(value: object) -> bool:
    return isinstance(value, dict) and all(
        _HEADER.fullmatch(name)
        and name.lower() not in _COMPUTED
        and isinstance(text, str | int)
        and _HEADER_VALUE.fullmatch(str(text))
        for name, text in value.items()
    )


_TEXT: Check = ("text", lambda value: isinstance(value, str) and bool(value))
_TRUTH: Check = ("true or false", lambda value: isinstance(value, bool))
_OBJECT: Check = ("a JSON object", lambda value: isinstance(value, dict))
_ANYTHING: Check = ("anything", lambda value: True)
_SECONDS = _build_number_check(0, _MOST_SECONDS)

_RULE: Mapping[str, Check] = {
    "match": _TEXT,
    "where": _TEXT,
    "do": _TEXT,
    "args": _OBJECT,
    "after": _build_whole_check(0),
    "times": ("null or a whole number from 0", lambda v: v is None or _build_whole_check(0)[1](v)),
    "every": _build_whole_check(1),
    "prob": _build_number_check(0, 1),
}
_ANSWER: Mapping[str, Check] = {
    "status": _build_whole_check(200, 599),
    "body": _ANYTHING,
    "headers": ("an object of HTTP headers, Content-Length not among them", _are_headers),
    "done": _TRUTH,
}
_KINDS: Mapping[str, Mapping[str, Check]] = {
    "status": _ANSWER,
    "body": _ANSWER,
    "delay": {"seconds": _SECONDS},
    "date": {"off_s": _build_number_check(-(10**9), 10**9)},
    "reset": {"done": _TRUTH},
    "cut": {"after_bytes": _build_whole_check(0), "done": _TRUTH},
    "slow": {"bytes_per_s": _build_number_check(0.001, 10**9), "seconds": _SECONDS, "done": _TRUTH},
    "replace": {"old": _TEXT, "new": ("text", lambda value: isinstance(value, str))},
    "gzip": {},
    "flip": {"at": _build_number_check(0, 1)},
    "shorten": {"bytes": _build_whole_check(1)},
}


def check_rule(rule: Mapping[str, object], calls: Collection[str]) -> dict[str, object]:
    """Checks the rule except its `args`; `calls` are the names that it may match."""
    for name in ("match", "do"):
        if name not in rule:
            raise ValueError(f"{name} is missing")
    _check("", rule, _RULE)
    if rule["do"] not in _KINDS:
        raise ValueError(f"do: {rule['do']!r} is none of {', '.join(_KINDS)}")
    pattern = str(rule["match"]).partition(":")[0]
    if not any(fnmatchcase(name, pattern) for name in calls):
        raise ValueError(f"match: {pattern!r} is none of {', '.join(calls)}")
    return dict(rule)


def check_args(do: str, args: object) -> Mapping[str, object]:
    assert isinstance(args, dict)
    _check("args.", args, _KINDS[do])
    if args.get("status") in WITHOUT_BODY and args.get("body") not in (None, ""):
        raise ValueError(f"args.body: an answer of status {args['status']} has none")
    if do == "slow" and len({"bytes_per_s", "seconds"} & args.keys()) != 1:
        raise ValueError("args: slow needs either bytes_per_s or seconds")
    return args


def _check(place: str, given: Mapping[str, object], known: Mapping[str, Check]) -> None:
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{place}{name} is none of {', '.join(known)}")
        wanted, good = known[name]
        if not good(value):
            raise ValueError(f"{place}{name}: {value!r} is not {wanted}")
