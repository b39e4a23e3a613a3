"""Draws what each row of the sample org has of its own: id, times, state, parent."""

from __future__ import annotations  # array[int] is not an expression before Python 3.12

from array import array
from collections.abc import Iterable, Iterator, Mapping
from random import Random

from zoho_emulator.catalogue.notation import RowsOf
from zoho_emulator.seed.loading import Rows
from zoho_emulator.seed.samples import FIRST, LAST
from zoho_emulator.store.model import Module
from zoho_emulator.store.store import LIVE, PERMANENT, RECYCLED, Store

_DAY = 86_400
#: Room between the ids of neighbouring rows.
_STEP = 37
#: Of a hundred leads so many are converted.
_CONVERTED = 8
#: Rows that one mass update touches in one second.
_MASS_UPDATE = 400
#: Of a thousand rows of a subform so many are gone while their parent is not.
_REMOVED = 30


def draw_rows(store: Store, module: Module, size: int, rng: Random) -> Rows:
    """`size` rows that are not deleted, and some that are."""
    deleted = min(max(6, size // 50), 5_000) if size else 0
    total = size + deleted
    states = bytearray(total)
    for position in rng.sample(range(total), deleted):
        states[position] = RECYCLED if rng.random() < 0.6 else PERMANENT
    converted = bytearray(total)
    if module.api_name == "Leads":
        for position in rng.sample(range(total), total * _CONVERTED // 100):
            converted[position] = states[position] == LIVE
    ids = _take_ids(store, module, total, rng)
    created = array("q", _draw_created(total, rng))
    modified = _draw_modified_times(created, rng)
    return Rows(module, ids, created, modified, states, converted)


def draw_children(
    store: Store, module: Module, rows_of: RowsOf, drawn: Mapping[str, Rows], rng: Random
) -> Rows:
    """Rows of a part of the parents. Rows share the state of their parent."""
    parents = drawn[rows_of.parent]
    partners = _list_partners(store, module, rows_of, drawn)
    places = [
        (parent, number)
        for parent in _pick_parents(len(parents.ids), rows_of.share, rng)
        for number in range(_draw_count(rows_of, partners, rng))
    ]
    total = len(places)
    given = {rows_of.field: array("q", (parents.ids[parent] for parent, _ in places))}
    if rows_of.partner:
        given[rows_of.partner] = _draw_distinct(partners or [], places, rng)
    if "Sequence_Number" in module.fields:
        given["Sequence_Number"] = array("q", (number + 1 for _, number in places))
    states = bytearray(parents.states[parent] for parent, _ in places)
    if rows_of.field == "Parent_Id":
        for position in rng.sample(range(total), total * _REMOVED // 1_000):
            states[position] = states[position] or PERMANENT
    random = rng.random
    created = array(
        "q",
        (
            parents.created[parent] + int(random() * min(30 * _DAY, LAST - parents.created[parent]))
            for parent, _ in places
        ),
    )
    # Ids do not follow those of the parents.
    order = list(range(total))
    rng.shuffle(order)
    created = array("q", (created[position] for position in order))
    return Rows(
        module,
        _take_ids(store, module, total, rng),
        created,
        _draw_modified_times(created, rng),
        bytearray(states[position] for position in order),
        bytearray(total),
        {
            name: array("q", (values[position] for position in order))
            for name, values in given.items()
        },
    )


def _pick_parents(parents: int, share: int, rng: Random) -> Iterable[int]:
    if share >= 100 or not parents:
        return range(parents)
    return rng.sample(range(parents), max(1, parents * share // 100))


def _list_partners(
    store: Store, module: Module, rows_of: RowsOf, drawn: Mapping[str, Rows]
) -> list[int] | None:
    """What a linking module links to; None for other modules."""
    if rows_of.partner is None:
        return None
    (target,) = module.fields[rows_of.partner].targets
    if target == "users":
        return [user.id for user in store.org.users if user.status == "active"]
    rows = drawn[target]
    return [row_id for row_id, state in zip(rows.ids, rows.states, strict=True) if state == LIVE]


def _draw_count(rows_of: RowsOf, partners: list[int] | None, rng: Random) -> int:
    wanted = rows_of.least + int(rng.random() * (rows_of.most - rows_of.least + 1))
    return wanted if partners is None else min(wanted, len(partners))


def _draw_distinct(partners: list[int], places: list[tuple[int, int]], rng: Random) -> array[int]:
    """A partner for each place, never the same twice for one parent."""
    chosen = array("q")
    for _, number in places:
        if number == 0:
            start = rng.randrange(len(partners))
        chosen.append(partners[(start + number) % len(partners)])
    return chosen


def _take_ids(store: Store, module: Module, total: int, rng: Random) -> array[int]:
    first = store.ids.find_first(int(module.table[1:]))
    random = rng.random
    return array("q", (first + n * _STEP + int(random() * _STEP) + 1 for n in range(total)))


def _draw_modified_times(created: array[int], rng: Random) -> array[int]:
    modified = array("q", _draw_modified(created, rng))
    if len(created) >= 40:
        for _ in range(1 + len(created) // 20_000):
            _draw_mass_update(created, modified, rng)
    return modified


def _draw_created(total: int, rng: Random) -> Iterator[int]:
    """Rising roughly with the ids, but months off either way."""
    span, jitter, random = LAST - FIRST - _DAY, 120 * _DAY, rng.random
    for number in range(total):
        time = span * number / total + (random() - 0.5) * jitter
        yield FIRST + int(min(max(time, random() * _DAY), span - random() * _DAY))


def _draw_modified(created: Iterable[int], rng: Random) -> Iterator[int]:
    """A third was never touched, some within the first days, the rest at any time since."""
    random = rng.random
    for time in created:
        choice = random()
        reach = 0 if choice < 0.3 else 30 * _DAY if choice < 0.6 else LAST
        yield time + int(random() * min(reach, LAST - time))


def _draw_mass_update(created: array[int], modified: array[int], rng: Random) -> None:
    """Gives up to 400 rows the same Modified_Time, in no order of their ids."""
    total = len(created)
    second = rng.randrange(FIRST + (LAST - FIRST) * 3 // 4, LAST)
    left = min(_MASS_UPDATE, total // 4)
    for position in rng.sample(range(total), min(total, 3 * left)):
        if left and created[position] <= second:
            modified[position] = second
            left -= 1
