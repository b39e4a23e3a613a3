"""Amounts of a document that was written, of its line items (`store/amounts.py`).

UNVERIFIED: that a record is refused for an amount that is longer than its field takes, and that the
error names that amount.
"""

from collections.abc import Iterable

from zoho_emulator.call import Call
from zoho_emulator.store.amounts import compute_items, compute_totals
from zoho_emulator.store.model import Module
from zoho_emulator.writing.changes import Change


def recompute(
    call: Call, module: Module, record_id: int, changes: Iterable[Change], *, now: int, by: int
) -> None:
    """Of a document that was written with these changes of its line items."""
    store = call.store
    for change in changes:
        if change.checked is not None:
            items = change.child.module
            for row_id, amounts in compute_items(store, items, "rows.id = ?", [change.row_id]):
                store.update(items, row_id, amounts, now=now, by=by)
    for found, totals in compute_totals(store, module, "rows.id = ?", [record_id]):
        store.update(module, found, totals, now=now, by=by, checked=True)
