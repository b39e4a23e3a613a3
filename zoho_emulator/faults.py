"""Planned faults of HTTP: a status, a delay or another body in place of a true answer."""

import asyncio
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import orjson
from starlette.responses import Response

KINDS = {
    "status": {"status", "body", "headers"},
    "delay": {"seconds"},
    "body": {"body"},
}


@dataclass(slots=True)
class Fault:
    """`match` is a call's name, or name ":" module, each with wildcards. Of the calls that match,
    the first `after` pass; then each `every`-th, with probability `prob`, is hit, `times` times."""

    match: str
    do: str
    args: dict[str, object] = field(default_factory=dict)
    after: int = 0
    times: int | None = None
    every: int = 1
    prob: float = 1.0
    seen: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.do not in KINDS:
            raise ValueError(f"do: {self.do!r} is none of {', '.join(KINDS)}")
        for number in (self.after, self.every, self.prob, self.times or 0):
            if not isinstance(number, int | float) or number < 0:
                raise ValueError(f"{number!r} is no number from 0 on")
        unknown = sorted(set(self.args) - KINDS[self.do])
        if unknown:
            raise ValueError(f"args of {self.do}: {', '.join(unknown)} unknown")

    def matches(self, name: str, module: str | None) -> bool:
        pattern, colon, wanted = self.match.partition(":")
        return fnmatchcase(name, pattern) and (
            not colon or (module is not None and fnmatchcase(module, wanted))
        )

    def strikes(self, rng: random.Random) -> bool:
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.hits >= self.times):
            return False
        if (self.seen - self.after - 1) % max(self.every, 1) or rng.random() >= self.prob:
            return False
        self.hits += 1
        return True

    def report(self) -> dict[str, object]:
        return {"match": self.match, "do": self.do, "seen": self.seen, "hits": self.hits}


class Faults:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rng = random.Random(seed)
        self._planned: list[Fault] = []

    def plan(self, rules: Iterable[Mapping[str, object]]) -> None:
        """Adds all of them or, with a ValueError, none."""
        try:
            self._planned += [Fault(**rule) for rule in rules]  # type: ignore[arg-type]  # JSON
        except TypeError as error:
            raise ValueError(str(error)) from None

    def report(self) -> list[dict[str, object]]:
        return [fault.report() for fault in self._planned]

    def clear(self) -> None:
        self._planned.clear()
        self._rng = random.Random(self._seed)

    async def strike(self, name: str, module: str | None) -> list[Fault]:
        """Sleeps the delays out; returns the other faults that hit this call."""
        if not self._planned:
            return []
        hit = [f for f in self._planned if f.matches(name, module) and f.strikes(self._rng)]
        for fault in hit:
            if fault.do == "delay":
                await asyncio.sleep(float(str(fault.args.get("seconds", 1))))
        return [fault for fault in hit if fault.do != "delay"]


def answer_of(fault: Fault) -> Response:
    """The answer of a `status` fault."""
    headers = fault.args.get("headers") or {}
    assert isinstance(headers, dict)
    return Response(
        body_of(fault),
        status_code=int(str(fault.args.get("status", 500))),
        headers={"content-type": "application/json"} | {k: str(v) for k, v in headers.items()},
    )


def body_of(fault: Fault) -> bytes:
    """A string goes out as it is (half a document, HTML), anything else as JSON."""
    body = fault.args.get("body")
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else orjson.dumps(body)
