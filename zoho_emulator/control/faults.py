"""Planned faults: which calls they hit, and the answers that replace the true ones."""

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import orjson
from starlette.responses import Response

from zoho_emulator.control.fault_args import WITHOUT_BODY, check_args, check_rule


@dataclass(slots=True)
class Fault:
    """`match` is a call's name, or name ":" module, each with wildcards; `where` is a text in its
    query or body. Of the calls that match, the first `after` pass; then each `every`-th, with
    probability `prob`, is hit, `times` times."""

    match: str
    do: str
    args: Mapping[str, object] = field(default_factory=dict)
    after: int = 0
    times: int | None = None
    every: int = 1
    prob: float = 1.0
    where: str = ""
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    @property
    def done(self) -> bool:
        """Whether the call's work is still carried out."""
        return bool(self.args.get("done", self.do != "status"))

    def matches(self, name: str, module: str | None, request_text: str = "") -> bool:
        pattern, colon, wanted = self.match.partition(":")
        return (
            fnmatchcase(name, pattern)
            and (not colon or (module is not None and fnmatchcase(module, wanted)))
            and self.where in request_text
        )

    def strikes(self, rng: random.Random) -> bool:
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.hits >= self.times):
            return False
        if (self.seen - self.after - 1) % self.every or rng.random() >= self.prob:
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

    def plan(self, rules: Iterable[Mapping[str, object]], calls: Collection[str]) -> None:
        """Adds all of them or, with a ValueError, none; each must match one of these calls."""
        self._planned += [_parse_rule(rule, calls) for rule in rules]

    def report(self) -> list[dict[str, object]]:
        return [fault.report() for fault in self._planned]

    def clear(self) -> None:
        self._planned.clear()
        self._rng = random.Random(self._seed)

    async def strike(self, name: str, module: str | None, request_text: str = "") -> list[Fault]:
        """Waits for the delays; returns the other faults that hit this call.

        `request_text` is the call's query and body.
        """
        if not self._planned:
            return []
        hit = [
            f
            for f in self._planned
            if f.matches(name, module, request_text) and f.strikes(self._rng)
        ]
        for fault in hit:
            if fault.do == "delay":
                await asyncio.sleep(float(str(fault.args.get("seconds", 1))))
        return [fault for fault in hit if fault.do != "delay"]


def _parse_rule(rule: Mapping[str, object], calls: Collection[str]) -> Fault:
    checked = check_rule(rule, calls)
    args = check_args(str(checked["do"]), checked.get("args", {}))
    return Fault(**{**checked, "args": args})  # type: ignore[arg-type]  # checked just now


def answer_with_faults(
    hits: Iterable[Fault], work: Callable[[], Response], failed: Callable[[], Response]
) -> Response:
    """The answer to a call that these faults hit.

    `work` is carried out unless a fault says that nothing is done; `failed` is then the answer, if
    no fault gives one. A `status` goes before a `body`.
    """
    by_status = [fault for fault in hits if fault.do == "status"]
    instead = [*by_status, *(fault for fault in hits if fault.do == "body")]
    done = all(fault.done for fault in hits)
    true_answer = work() if done else None
    if instead:
        return _build_answer(instead[0], true_answer)
    return true_answer or failed()


def _build_answer(fault: Fault, true_answer: Response | None) -> Response:
    """A `body` comes with the true answer's status, unless that allows no body."""
    default = 500
    if fault.do == "body":
        status = true_answer.status_code if true_answer else 200
        default = 200 if status in WITHOUT_BODY else status
    headers = fault.args.get("headers", {})
    assert isinstance(headers, dict)
    return Response(
        _build_body(fault),
        status_code=int(str(fault.args.get("status", default))),
        headers={"content-type": "application/json"} | {k: str(v) for k, v in headers.items()},
    )


def _build_body(fault: Fault) -> bytes:
    """A string is sent as it is (half a document, HTML), anything else as JSON."""
    body = fault.args.get("body")
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else orjson.dumps(body)
