"""The sample org: the same seed and options give the same org, byte for byte.

A million rows must load in seconds, so only ids, times and states are drawn row by row; the rest
comes from pools that repeat, as `loading.py` has it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from zoho_emulator.catalogue.build import build_org, list_tables
from zoho_emulator.catalogue.notation import Table
from zoho_emulator.seed.drawing import draw_children, draw_rows
from zoho_emulator.seed.loading import Rows, load
from zoho_emulator.seed.totals import settle_totals
from zoho_emulator.store.ids import Ids
from zoho_emulator.store.store import Store


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
    wanted = list_tables(modules)
    sizes = _count_rows(wanted, rows, rows_by_module or {})
    org = build_org(
        ids,
        wanted,
        fields_by_module=fields_by_module or {},
        edition=edition,
        time_zone=time_zone,
    )
    store = Store(org, path, ids, seed=seed)
    drawn: dict[str, Rows] = {}
    for table in wanted:
        name, rng = table.api_name, Random(f"{seed}:{table.api_name}:rows")
        if name in sizes:
            drawn[name] = draw_rows(store, org.modules[name], sizes[name], rng)
        elif table.rows_of and table.holds_rows:
            drawn[name] = draw_children(store, org.modules[name], table.rows_of, drawn, rng)
    for name in drawn:
        load(store, drawn, name, seed=seed, now=now)
        store.create_indexes(org.modules[name])
    settle_totals(store)
    # A sample is enough for the planner to choose between an index and a scan.
    store.connection.execute("pragma analysis_limit = 1000")
    store.connection.execute("analyze")
    return store


def _count_rows(
    wanted: Iterable[Table], rows: int | None, rows_by_module: Mapping[str, int]
) -> dict[str, int]:
    """Rows of each module that has rows of its own right; others follow from their parents."""
    own = [table for table in wanted if table.holds_rows and table.rows_of is None]
    if unknown := sorted(rows_by_module.keys() - {table.api_name for table in own}):
        names = ", ".join(table.api_name for table in own)
        raise ValueError(f"there is no module {', '.join(unknown)} to be sized; there are {names}")
    return {
        table.api_name: rows_by_module.get(
            table.api_name, table.rows if rows is None or not table.rows else rows
        )
        for table in own
    }
