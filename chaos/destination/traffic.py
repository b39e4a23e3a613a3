"""Rows and states that a source sends, and the records that are there before them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chaos.destination.operations import SHARED, Operation
from chaos.org import Org
from chaos.process import Json

#: Of rows: those that Zoho cannot take; those whose values another row has, too; deletions that
#: come again; deletions of what never was.
_BAD, _TWIN, _AGAIN, _ABSENT = 0.03, 0.1, 0.1, 0.05
#: Rows of a key, on average; and how many of the latest keys come again soon.
_OF_A_KEY, _LATEST = 4, 5
_SOON = 0.4
#: More than what any id of the org is off another.
_FAR = 10**9


@dataclass(frozen=True)
class Row:
    #: Where it stands in the input, and nowhere else: it travels as `emitted_at`.
    place: int
    stream: str
    data: Json
    #: Whether Zoho can take it.
    good: bool = True

    def message(self) -> Json:
        record = {"stream": self.stream, "data": self.data, "emitted_at": self.place}
        return {"type": "RECORD", "record": record}


@dataclass(frozen=True)
class State:
    place: int
    #: None: it is a global one.
    stream: str | None

    def message(self) -> Json:
        body: Json = {"id": self.place, "sourceStats": {"recordCount": 1.0}}
        if self.stream is None:
            shared = {"shared_state": {"place": self.place}, "stream_states": []}
            body |= {"type": "GLOBAL", "global": shared}
        else:
            of = {"name": self.stream}
            stream = {"stream_descriptor": of, "stream_state": {"place": self.place}}
            body |= {"type": "STREAM", "stream": stream}
        return {"type": "STATE", "state": body}


Item = Row | State


@dataclass(frozen=True)
class Size:
    rows: int = 240
    #: The least and the most rows between two states. Above a hundred, a batch is begun before the
    #: state behind it comes.
    between: tuple[int, int] = (1, 60)


@dataclass
class Traffic:
    """The rows of one stream. Every text in them holds `token`, by which a leak is seen."""

    operation: Operation
    name: str
    org: Org
    rng: random.Random
    size: Size = field(default_factory=Size)
    token: str = ""
    #: Identities of records that are there before the first row.
    known: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token = f"qz{self.rng.randrange(10**8):08}x"
        self._keys = [f"{self.token}{n}" for n in range(max(1, self.size.rows // _OF_A_KEY))]
        if self.operation.key == "Email" and self.operation is not SHARED:
            self._keys = [f"{key}@example.com" for key in self._keys]
        self._prepare()

    def items(self) -> list[Item]:
        """The rows, with a state behind every few of them."""
        made: list[Item] = []
        left, values = self.rng.randint(*self.size.between), self._build_values()
        for _ in range(self.size.rows):
            data, good = next(values)
            made.append(Row(len(made), self.name, data, good))
            left -= 1
            if not left:
                made.append(State(len(made), self.name))
                left = self.rng.randint(*self.size.between)
        if isinstance(made[-1], Row):
            made.append(State(len(made), self.name))
        return made

    def _prepare(self) -> None:
        """Records that rows find: all of them, or half in an upsert, which adds the others."""
        call, identity = self.operation.call, self.operation.identity
        if call == "insert":
            return
        if call == "delete":
            self._keys = [f"{self.token}{n}" for n in range(self.size.rows)]
        some = self._keys[::2] if call == "upsert" else self._keys
        records: list[dict[str, Any]] = [{"Last_Name": f"{self.token} before"} for _ in some]
        for record, key in zip(records, some, strict=True):
            if identity != "id":
                record[identity] = key
        ids = self.org.control("POST", f"records/{self.operation.module}", records)["ids"]
        self.known = list(some)
        if identity == "id":
            self._keys = self.known = list(ids)

    def _build_values(self) -> Iterator[tuple[Json, bool]]:
        if self.operation.call == "delete":
            return self._build_deletions()
        return (
            self._build_inserts() if self.operation.call == "insert" else self._build_keyed_rows()
        )

    def _build_inserts(self) -> Iterator[tuple[Json, bool]]:
        number = 0
        while True:
            number += 1
            data, good = self._filled(number)
            data["Last_Name"] = f"{self.token} {number}"
            if not self.operation.bare:
                trace = self.rng.choice(["External_Lead_ID", "Email"])
                value = f"{self.token}{number}"
                data[trace] = f"{value}@example.com" if trace == "Email" else value
            data["Company"] = f"{self.token} company"
            yield data, good
            if self.operation.bare and good and self.rng.random() < _TWIN:
                yield dict(data), good

    def _build_keyed_rows(self) -> Iterator[tuple[Json, bool]]:
        number, latest = 0, list[str]()
        while True:
            number += 1
            key = self.rng.choice(latest if latest and self.rng.random() < _SOON else self._keys)
            latest = [*latest, key][-_LATEST:]
            data, good = self._filled(number)
            data[self.operation.identity] = key
            if self.operation is SHARED:
                data["Email"] = f"{self.token}{number}@example.com"
            if self.operation.call == "upsert":
                data["Last_Name"] = f"{self.token} {number}"
            yield data, good

    def _build_deletions(self) -> Iterator[tuple[Json, bool]]:
        keys, done = list(self._keys), list[str]()
        self.rng.shuffle(keys)
        while True:
            chance = self.rng.random()
            if done and chance < _AGAIN:
                key = self.rng.choice(done)
            elif chance < _AGAIN + _ABSENT:
                key = self._never_there(self.rng.choice(self._keys))
            else:
                key = keys.pop()
                done.append(key)
            yield {self.operation.identity: key}, True

    def _never_there(self, key: str) -> str:
        return str(int(key) + _FAR) if self.operation.identity == "id" else f"{key}never"

    def _filled(self, number: int) -> tuple[Json, bool]:
        """The values that every row brings, and now and then one more."""
        data: Json = {self.operation.number: number, "Description": f"{self.token} {number}"}
        if self.rng.random() < 0.5:
            data["First_Name"] = f"{self.token} {number}"
        good = self.rng.random() >= _BAD
        if not good:
            data["Secondary_Email"] = f"{self.token} no address"
        return data, good


def interleave(rng: random.Random, parts: Sequence[Traffic], *, together: bool) -> list[Item]:
    """The items of several streams, mixed; `together`: with global states in place of theirs."""
    waiting, mixed = [part.items() for part in parts], list[Item]()
    while left := [items for items in waiting if items]:
        item, place = rng.choice(left).pop(0), len(mixed)
        if isinstance(item, State) and together:
            mixed.append(State(place, None))
        else:
            mixed.append(replace(item, place=place))
    return mixed
