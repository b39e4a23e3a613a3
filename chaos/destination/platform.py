"""A platform in miniature: what it feeds to a destination, and what it believes of the states."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from chaos.destination.traffic import Item, Row, State
from chaos.process import Run


@dataclass
class ReturnedState:
    """A state that came back: the rows that it speaks of, and its counts."""

    state: State
    rows: Sequence[Row]
    stats: dict[str, Any]


@dataclass
class Round:
    """One process: what it was fed, what it said of it, and what it kept as rejected."""

    fed: Sequence[Item]
    states: list[ReturnedState] = field(default_factory=list)
    #: Codes of rejected rows by their places.
    rejected: dict[int, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> list[Row]:
        return [row for returned in self.states for row in returned.rows]

    @property
    def unacknowledged(self) -> list[Row]:
        known = {row.place for row in self.acknowledged}
        return [item for item in self.fed if isinstance(item, Row) and item.place not in known]


class Platform:
    """Keeps the last state of each stream that came back; the next process goes on behind it."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._streams = {item.stream for item in items if isinstance(item, Row)}
        self._upto = dict.fromkeys(self._streams, -1)

    def due(self) -> list[Item]:
        return [
            item
            for item in self._items
            if any(item.place > self._upto[stream] for stream in self._streams_covered(item))
        ]

    def feed(self, path: Path) -> list[Item]:
        """Writes the input of the next process."""
        due = self.due()
        path.write_bytes(b"".join(orjson.dumps(item.message()) + b"\n" for item in due))
        return due

    def take(self, fed: Sequence[Item], run: Run, kept: Path) -> Round:
        """`kept`: the folder of rejected rows."""
        round_ = Round(fed)
        round_.rejected = _rejected(kept, round_.odd)
        expected = {item.place: rows for item, rows in self._segments(fed)}
        states = {item.place: item for item in fed if isinstance(item, State)}
        for message in run.messages:
            if message["type"] != "STATE":
                continue
            stats = message["state"].pop("destinationStats", {})
            state = states.pop(message["state"].get("id"), None)
            if state is None:
                round_.odd.append("a state came back that was not sent, or twice")
                continue
            if message != state.message():
                round_.odd.append("a state did not come back as it was sent")
            if any(state.place < self._upto[stream] for stream in self._streams_covered(state)):
                round_.odd.append("states of a stream came back in another order")
            round_.states.append(ReturnedState(state, expected[state.place], stats))
            self._upto |= dict.fromkeys(self._streams_covered(state), state.place)
        return round_

    def _streams_covered(self, item: Item) -> Iterable[str]:
        return self._streams if item.stream is None else (item.stream,)

    def _segments(self, fed: Sequence[Item]) -> Iterable[tuple[State, list[Row]]]:
        """Each state and the rows of its streams since the one before."""
        rows: dict[str, list[Row]] = {stream: [] for stream in self._streams}
        for item in fed:
            if isinstance(item, Row):
                rows[item.stream].append(item)
                continue
            yield item, [row for stream in self._streams_covered(item) for row in rows[stream]]
            rows |= {stream: [] for stream in self._streams_covered(item)}


def _rejected(folder: Path, odd: list[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for path in folder.glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            try:
                kept = orjson.loads(line)
            except orjson.JSONDecodeError:
                odd.append("a rejected row was kept in half a line")
                continue
            place = kept["record"]["emitted_at"]
            if place in found:
                odd.append("a row was rejected twice in one run")
            found[place] = kept["rejected"]["code"]
    return found
