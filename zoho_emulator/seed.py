"""The sample org: the same seed and options give the same org, byte for byte.

A million rows must load in seconds, so only ids, times and states are drawn row by row; the rest
comes from pools that repeat, as `loading.py` has it.
"""

from __future__ import annotations  # array[int] is no expression before Python 3.12

from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from random import Random

from zoho_emulator.catalogue.build import build_org, tables
from zoho_emulator.ids import Ids
from zoho_emulator.loading import Rows, load
from zoho_emulator.model import Module
from zoho_emulator.samples import FIRST, LAST
from zoho_emulator.store import LIVE, PERMANENT, RECYCLED, Store

_DAY = 86_400
#: Room between the ids of neighbouring rows.
_STEP = 37
#: Of a hundred leads so many are converted.
_CONVERTED = 8
#: Rows that one mass update touches in one second.
_MASS_UPDATE = 400


def build(
    path: Path,
    *,
    seed: int = 1,
    rows: int | None = None,
    rows_by_module: Mapping[str, int] | None = None,
    fields_by_module: Mapping[str, int] | None = None,
    modules: int | None = None,
    edition: str = "Enterprise",
    time_zone: str = "America/Los_Angeles",
    now: int,
) -> Store:
    """A new org in a new file at `path`.

    `rows` and `rows_by_module` count rows that are not deleted, converted leads included; deleted
    ones come on top. Only deletions hang on `now`. An unknown module is a ValueError.
    """
    path.unlink(missing_ok=True)
    ids = Ids(Random(f"{seed}:org").randrange(3_000_000, 9_000_000) * 10**12)
    wanted = tables(modules)
    sizes = {
        table.api_name: (rows_by_module or {}).get(
            table.api_name, table.rows if rows is None else rows
        )
        for table in wanted
        if table.fields
    }
    if unknown := sorted((rows_by_module or {}).keys() - sizes.keys()):
        raise ValueError(f"there is no module {', '.join(unknown)}; there are {', '.join(sizes)}")
    org = build_org(
        ids,
        wanted,
        fields_by_module=fields_by_module or {},
        edition=edition,
        time_zone=time_zone,
    )
    store = Store(org, path, ids, seed=seed)
    drawn = {
        name: _draw(store, org.modules[name], size, Random(f"{seed}:{name}:rows"))
        for name, size in sizes.items()
    }
    for name in drawn:
        load(store, drawn, name, seed=seed, now=now)
        store.create_indexes(org.modules[name])
    # A sample is enough for the planner to tell an index from a scan.
    store.connection.execute("pragma analysis_limit = 1000")
    store.connection.execute("analyze")
    return store


def _draw(store: Store, module: Module, size: int, rng: Random) -> Rows:
    deleted = min(max(6, size // 50), 5_000) if size else 0
    total = size + deleted
    states = bytearray(total)
    for position in rng.sample(range(total), deleted):
        states[position] = RECYCLED if rng.random() < 0.6 else PERMANENT
    converted = bytearray(total)
    if module.api_name == "Leads":
        for position in rng.sample(range(total), total * _CONVERTED // 100):
            converted[position] = states[position] == LIVE
    first = store.ids.first_of(int(module.table[1:]))
    random = rng.random
    ids = array("q", (first + n * _STEP + int(random() * _STEP) + 1 for n in range(total)))
    created = array("q", _created(total, rng))
    modified = array("q", _modified(created, rng))
    if total >= 40:
        for _ in range(1 + total // 20_000):
            _mass_update(created, modified, rng)
    return Rows(module, ids, created, modified, states, converted)


def _created(total: int, rng: Random) -> Iterator[int]:
    """Rising roughly with the ids, but months off either way."""
    span, jitter, random = LAST - FIRST - _DAY, 120 * _DAY, rng.random
    for number in range(total):
        moment = span * number / total + (random() - 0.5) * jitter
        yield FIRST + int(min(max(moment, random() * _DAY), span - random() * _DAY))


def _modified(created: Iterable[int], rng: Random) -> Iterator[int]:
    """A third was never touched, some within the first days, the rest at any time since."""
    random = rng.random
    for moment in created:
        choice = random()
        reach = 0 if choice < 0.3 else 30 * _DAY if choice < 0.6 else LAST
        yield moment + int(random() * min(reach, LAST - moment))


def _mass_update(created: array[int], modified: array[int], rng: Random) -> None:
    """Gives up to 400 rows the same Modified_Time, wherever their ids are."""
    total = len(created)
    second = rng.randrange(FIRST + (LAST - FIRST) * 3 // 4, LAST)
    left = min(_MASS_UPDATE, total // 4)
    for position in rng.sample(range(total), min(total, 3 * left)):
        if left and created[position] <= second:
            modified[position] = second
            left -= 1
