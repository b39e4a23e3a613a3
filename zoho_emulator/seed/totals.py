"""Amounts of drawn documents, as Zoho computes them of the line items that were drawn."""

from collections.abc import Iterator

from zoho_emulator.store.amounts import (
    Amounts,
    compute_items,
    compute_totals,
    has_totals,
    list_items,
)
from zoho_emulator.store.model import Module
from zoho_emulator.store.store import Store


def settle_totals(store: Store) -> None:
    """Once all rows are in; no row counts as modified by it."""
    for module in [one for one in store.org.modules.values() if has_totals(one)]:
        store.connection.execute("begin")
        for items in list_items(store, module):
            _set(store, items, compute_items(store, items))
        _set(store, module, compute_totals(store, module))
        store.connection.execute("commit")


def _set(store: Store, module: Module, amounts: Iterator[tuple[int, Amounts]]) -> None:
    for row_id, values in amounts:
        fields = [module.fields[name] for name in values]
        stored = [store.encode(field, values[field.api_name]) for field in fields]
        columns = ", ".join(f"{field.column} = ?" for field in fields)
        store.connection.execute(
            f"update {module.table} set {columns} where id = ?", (*stored, row_id)
        )
