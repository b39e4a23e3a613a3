"""Amounts of quotes, orders and invoices, which Zoho computes of their line items (Kaizen #9).

A row without a list price has its product's; one without a quantity counts once. UNVERIFIED: in
which order Zoho rounds; here each amount is rounded to cents. UNVERIFIED: that a record is refused
for an amount longer than its field takes, and that the error names that amount.
"""

from collections.abc import Iterable, Mapping

import orjson

from zoho_emulator.call import Call
from zoho_emulator.store.model import Module
from zoho_emulator.writing.candidate import read_stored
from zoho_emulator.writing.changes import Change

_OF_ROWS = "items"
_OF_PRODUCTS = {"Unit_Price": "Unit_Price", "Quantity_in_Stock": "Qty_in_Stock"}


def has_totals(module: Module) -> bool:
    known = module.fields.get("Grand_Total")
    return known is not None and known.expression == _OF_ROWS


def recompute(
    call: Call, module: Module, record_id: int, changes: Iterable[Change], *, now: int, by: int
) -> None:
    """Of a document that was written with these changes of its line items."""
    for change in changes:
        if change.checked is not None and change.row_id is not None:
            amounts = _compute_row(call, change.child.module, change.row_id)
            call.store.update(change.child.module, change.row_id, amounts, now=now, by=by)
    read = _Values(call, module, record_id)
    sub_total = round(sum(_list_net_totals(call, module, record_id)), 2)
    grand = sub_total - read.number("Discount") + read.number("Tax") + read.number("Adjustment")
    totals = {"Sub_Total": sub_total, "Grand_Total": round(grand, 2)}
    call.store.update(module, record_id, totals, now=now, by=by, checked=True)


class _Values:
    """Stored values of one row."""

    def __init__(self, call: Call, module: Module, row_id: int) -> None:
        self._call, self._module, self._row_id = call, module, row_id

    def stored(self, name: str) -> object:
        if name not in self._module.fields:
            return None
        return read_stored(self._call, self._module, self._row_id, name)

    def number(self, name: str, default: float = 0.0) -> float:
        value = self.stored(name)
        return float(value) if isinstance(value, int | float) else default


def _compute_row(call: Call, items: Module, row_id: int) -> Mapping[str, object]:
    read = _Values(call, items, row_id)
    amounts: dict[str, object] = {}
    product = read.stored("Product_Name")
    products = call.store.org.modules.get("Products")
    price = read.number("List_Price")
    if products is not None and isinstance(product, int):
        of_product = _Values(call, products, product)
        for name, source in _OF_PRODUCTS.items():
            amounts[name] = of_product.stored(source)
        if read.stored("List_Price") is None:
            price = of_product.number("Unit_Price")
            amounts["List_Price"] = price
    total = price * read.number("Quantity", 1.0)
    discounted = total - _read_discount(str(read.stored("Discount") or "0"), total)
    tax = read.number("Tax")
    if taxes := orjson.loads(str(read.stored("Line_Tax") or "[]")):
        for one in taxes:
            one["value"] = round(discounted * one["percentage"] / 100, 2)
        tax = round(sum(one["value"] for one in taxes), 2)
        amounts |= {"Line_Tax": taxes, "Tax": tax}
    return amounts | {
        "Total": round(total, 2),
        "Total_After_Discount": round(discounted, 2),
        "Net_Total": round(discounted + tax, 2),
    }


def _read_discount(text: str, total: float) -> float:
    """An amount, or a percentage with its sign."""
    number = float(text.rstrip("%"))
    return total * number / 100 if text.endswith("%") else number


def _list_net_totals(call: Call, module: Module, record_id: int) -> list[float]:
    found = []
    for child, link in call.store.list_children(module):
        net = child.fields.get("Net_Total")
        if net is None:
            continue
        rows = call.store.connection.execute(
            f"select {net.column} from {child.table} where {link.column} = ? and state = 0",
            (record_id,),
        )
        found += [float(value or 0) for (value,) in rows]
    return found
