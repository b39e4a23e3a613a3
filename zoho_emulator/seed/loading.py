"""Fills the tables of the sample org.

sqlite joins each row's own numbers to rows of a few tables of made-up values, whose lengths are
primes, so that the same combination returns only after their product. That is several times
faster than handing every value over from Python.
"""

from __future__ import annotations  # array[int] is not an expression before Python 3.12

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice
from random import Random

from zoho_emulator.seed.samples import draw_pool, is_of_place
from zoho_emulator.seed.special_samples import draw_territories
from zoho_emulator.store.data_types import affinity, is_stored
from zoho_emulator.store.model import Field, Module
from zoho_emulator.store.store import LIVE, PERMANENT, RECYCLED, Store
from zoho_emulator.store.values import Stored

_DAY = 86_400
_LENGTHS = (997, 1_009, 1_013, 1_019)
#: Fields of converted leads only.
_OF_CONVERTED = ("Converted_Account", "Converted_Contact", "Converted_Deal", "Lead_Conversion_Time")
_AUTHORS = ("Owner", "Created_By", "Modified_By")


@dataclass(slots=True)
class Rows:
    """What is drawn for each row of a module."""

    module: Module
    ids: array[int]
    created: array[int]
    modified: array[int]
    states: bytearray
    converted: bytearray
    #: Values of fields that are drawn with the row: its parent, its place among the parent's rows.
    given: dict[str, array[int]] = field(default_factory=dict)

    def draw_live(self, rng: Random, number: int) -> list[int]:
        """Ids of rows a lookup may point at; none when the module is empty."""
        if not self.ids:
            return []
        found = []
        for _ in range(number):
            position = rng.randrange(len(self.ids))
            if self.states[position] == LIVE and not self.converted[position]:
                found.append(self.ids[position])
        return found


def load(store: Store, drawn: Mapping[str, Rows], name: str, *, seed: int, now: int) -> None:
    """Fills one module; `drawn` has all modules, because lookups point at their rows."""
    rows = drawn[name]
    deletions = _draw_deletions(rows, store, now, Random(f"{seed}:{name}:deleted"))
    values = _Values(store, drawn, rows, seed)
    stored = [item for item in rows.module.fields.values() if is_stored(item)]
    fields = [item for item in stored if item.returned == "value"]
    targets = {item.column: values.write_expression(item, n) for n, item in enumerate(fields)}
    _compose_full_name(rows.module, targets)
    _compose_call_duration(rows.module, targets)
    system = ("id", "state", "converted", "deleted_time", "deleted_by", "tie")
    columns = [*system, "created", "modified", *(f"given_{name}" for name in rows.given)]

    connection = store.connection
    connection.execute("begin")
    connection.execute(f"create temp table draws (n integer primary key, {', '.join(columns)})")
    connection.executemany(
        f"insert into draws values (?, {', '.join('?' * len(columns))})",
        zip(
            range(len(rows.ids)),
            rows.ids,
            rows.states,
            rows.converted,
            *deletions,
            map(store.tie, rows.ids),
            rows.created,
            rows.modified,
            *rows.given.values(),
            strict=True,
        ),
    )
    joins = [values.create_pool(number) for number in range(len(_LENGTHS))]
    # A cross join is not reordered: rows come by n, that is by id.
    connection.execute(
        f"insert into {rows.module.table} ({', '.join([*system, *targets])})"
        f" select {', '.join([*system, *targets.values()])} from draws {' '.join(joins)}"
    )
    for table in ("draws", *(f"pool{number}" for number in range(len(_LENGTHS)))):
        connection.execute(f"drop table {table}")
    connection.execute("commit")


@dataclass(slots=True)
class _Values:
    """Where the values of each field come from, as SQL over `draws` and the pools."""

    store: Store
    drawn: Mapping[str, Rows]
    rows: Rows
    seed: int
    pools: list[dict[str, list[Stored]]] = field(default_factory=lambda: [{} for _ in _LENGTHS])
    shared: dict[tuple[object, ...], list[Stored]] = field(default_factory=dict)

    def create_pool(self, number: int) -> str:
        """Makes the table of a pool; the join to it."""
        columns, connection = self.pools[number], self.store.connection
        names = ", ".join(["n integer primary key", *columns])
        connection.execute(f"create temp table pool{number} ({names})")
        marks = ", ".join("?" * (len(columns) + 1))
        length = self._find_length(number)
        connection.executemany(
            f"insert into pool{number} values ({marks})",
            zip(range(length), *columns.values(), strict=True),
        )
        return f"cross join pool{number} on pool{number}.n = draws.n % {length}"

    def _find_length(self, number: int) -> int:
        """A small module needs no long pools."""
        return min(_LENGTHS[number], len(self.rows.ids) + 2 * number + 1)

    def write_expression(self, item: Field, number: int) -> str:
        name = item.api_name
        if name in self.rows.given:
            return f"given_{name}"
        if name == "Created_Time":
            return "created"
        if name in ("Modified_Time", "Last_Activity_Time", "Change_Log_Time__s"):
            return "modified"
        if name == "Converted__s":
            return "converted"
        if name == "Converted_Date_Time":
            return "case when converted then modified end"
        if item.data_type == "autonumber":
            text = affinity(item) == "TEXT"
            return f"'{item.prefix}' || (draws.n + 1)" if text else "draws.n + 1"
        if item.unique:
            return f"printf('{name[:3].upper()}-%07d', draws.n + 1)"
        if item.data_type == "layout":
            return str(self.rows.module.layout_id)
        # Parts of a place stay together.
        group = 0 if is_of_place(item) else number % len(_LENGTHS)
        length = self._find_length(group)
        rng = Random(f"{self.seed}:{self.rows.module.api_name}:{name}")
        values = self._share_pool(item, rng, length)
        self.pools[group][item.column] = list(islice(cycle(values), length))
        column = f"pool{group}.{item.column}"
        return f"case when converted then {column} end" if name in _OF_CONVERTED else column

    def _share_pool(self, item: Field, rng: Random, length: int) -> list[Stored]:
        """Fields made up by the hundred come in a few kinds: they share a pool, each turned."""
        if not item.custom or not item.api_name.startswith("Custom_"):
            return self._draw_pool(item, rng, length)
        kind = (item.data_type, item.targets, item.pick_list, length)
        if kind not in self.shared:
            self.shared[kind] = self._draw_pool(item, rng, length)
        turn = rng.randrange(length)
        return self.shared[kind][turn:] + self.shared[kind][:turn]

    def _draw_pool(self, item: Field, rng: Random, length: int) -> list[Stored]:
        if item.targets:
            return self._draw_references(item, rng, length)
        if item.data_type == "territories":
            known = self.store.org.territories
            return [
                draw_territories(known, rng) if rng.random() < 0.3 else None for _ in range(length)
            ]
        return draw_pool(item, rng, length)

    def _draw_references(self, item: Field, rng: Random, length: int) -> list[Stored]:
        """Ids of users or rows, nulls among them where the field may be empty."""
        found: list[Stored] = []
        if item.targets == ("users",):
            # Owners must be active; authors need not be any more.
            users = self.store.org.users
            active = [u.id for u in users if u.status == "active" or item.api_name != "Owner"]
            found += rng.choices(active, k=length)
        if item.targets == ("profiles",):
            found += rng.choices(list(self.store.org.profiles.values()), k=length)
        for target in item.targets:
            if target in self.drawn:
                found += self.drawn[target].draw_live(rng, length // len(item.targets) + 1)
        if item.api_name not in _AUTHORS + _OF_CONVERTED and not item.mandatory:
            found += [None] * (len(found) // 4)
        rng.shuffle(found)
        return found or [None]


def _draw_deletions(
    rows: Rows, store: Store, now: int, rng: Random
) -> tuple[Iterable[int | None], Iterable[int | None]]:
    """Times and authors. Recycled rows went within 70 days, permanent ones within 130: so some
    have just left what Zoho lists.
    """
    users = [user.id for user in store.org.users]
    times: list[int | None] = [None] * len(rows.ids)
    authors: list[int | None] = [None] * len(rows.ids)
    for position, state in enumerate(rows.states):
        if state != LIVE:
            days = 70 if state == RECYCLED else 130
            times[position] = now - 60 - int(rng.random() * days * _DAY)
            # Permanent deletions may have no author ("Get Deleted Records": samples).
            unknown = state == PERMANENT and rng.random() < 0.2
            authors[position] = None if unknown else rng.choice(users)
    return times, authors


def _compose_call_duration(module: Module, targets: dict[str, str]) -> None:
    """Call_Duration is its seconds as mm:ss."""
    names = [module.fields.get(name) for name in ("Call_Duration", "Call_Duration_in_seconds")]
    columns = [item.column for item in names if item is not None]
    if len(columns) == 2 and all(column in targets for column in columns):
        text, seconds = columns[0], f"max({targets[columns[1]]}, 0)"
        targets[text] = f"printf('%02d:%02d', {seconds} / 60, {seconds} % 60)"


def _compose_full_name(module: Module, targets: dict[str, str]) -> None:
    """Full_Name of the same row's First_Name and Last_Name, as the store composes it."""
    names = [module.fields.get(name) for name in ("Full_Name", "First_Name", "Last_Name")]
    columns = [item.column for item in names if item is not None]
    if len(columns) == 3:
        full, first, last = columns
        parts = (f"coalesce({targets[column]}, '')" for column in (first, last))
        targets[full] = f"trim({' || char(32) || '.join(parts)})"
