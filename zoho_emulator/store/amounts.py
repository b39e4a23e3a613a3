"""Amounts of quotes, orders and invoices, which Zoho computes of their line items (Kaizen #9).

A row without a list price has its product's; one without a quantity counts once. UNVERIFIED: in
which order Zoho rounds; here each amount is rounded to cents.
"""

from collections.abc import Iterator, Mapping, Sequence

import orjson

from zoho_emulator.store.model import Module
from zoho_emulator.store.store import Store
from zoho_emulator.store.values import Stored

_OF_ROWS = "items"
#: What the amounts of a line item follow from: its own values, and its product's.
_OF_ITEM = ("Quantity", "List_Price", "Discount", "Tax", "Line_Tax")
_OF_PRODUCT = {"Unit_Price": "Unit_Price", "Quantity_in_Stock": "Qty_in_Stock"}
_OF_DOCUMENT = ("Discount", "Tax", "Adjustment")

#: Values of fields as calls give them.
Amounts = Mapping[str, object]


def has_totals(module: Module) -> bool:
    known = module.fields.get("Grand_Total")
    return known is not None and known.expression == _OF_ROWS


def list_items(store: Store, module: Module) -> list[Module]:
    """Modules of the line items of a document."""
    return [child for child, _ in store.list_children(module) if "Net_Total" in child.fields]


def compute_items(
    store: Store, items: Module, where: str = "true", given: Sequence[Stored] = ()
) -> Iterator[tuple[int, Amounts]]:
    """Ids of line items, and their amounts; `where` is SQL over the row's table, `rows`."""
    product = items.fields["Product_Name"]
    products = store.org.modules.get("Products")
    of_product = products.fields if products else {}
    columns = [_name_column("rows", items, name) for name in _OF_ITEM]
    columns += [
        f"products.{of_product[name].column}" if name in of_product else "null"
        for name in _OF_PRODUCT.values()
    ]
    join = (
        f"left join {products.table} products on products.id = rows.{product.column}"
        if products
        else ""
    )
    found = store.connection.execute(
        f"select rows.id, {', '.join(columns)}, products.id is not null"
        f" from {items.table} rows {join} where {where}",
        tuple(given),
    ).fetchall()
    for row_id, *values, has_product in found:
        own = dict(zip(_OF_ITEM, values, strict=False))
        of_it = dict(zip(_OF_PRODUCT, values[len(_OF_ITEM) :], strict=True))
        yield row_id, _compute_item(own, of_it if has_product else None)


def compute_totals(
    store: Store, module: Module, where: str = "true", given: Sequence[Stored] = ()
) -> Iterator[tuple[int, Amounts]]:
    """Ids of documents, and their totals of the line items that are there; `where` as above."""
    columns = [_name_column("rows", module, name) for name in _OF_DOCUMENT]
    nets = [
        f"(select total({_name_column('items', child, 'Net_Total')}) from {child.table} items"
        f" where items.{link.column} = rows.id and items.state = rows.state)"
        for child, link in store.list_children(module)
        if "Net_Total" in child.fields
    ]
    found = store.connection.execute(
        f"select rows.id, {' + '.join(nets) or '0'}, {', '.join(columns)}"
        f" from {module.table} rows where {where}",
        tuple(given),
    ).fetchall()
    for record_id, net, *values in found:
        discount, tax, adjustment = map(_number, values)
        sub_total = round(net, 2)
        grand_total = round(sub_total - discount + tax + adjustment, 2)
        yield record_id, {"Sub_Total": sub_total, "Grand_Total": grand_total}


def _name_column(table: str, module: Module, name: str) -> str:
    known = module.fields.get(name)
    return "null" if known is None else f"{table}.{known.column}"


def _number(value: object, default: float = 0.0) -> float:
    return float(value) if isinstance(value, int | float) else default


def _compute_item(
    item: Mapping[str, Stored], product: Mapping[str, Stored] | None
) -> dict[str, object]:
    amounts: dict[str, object] = {}
    price = _number(item["List_Price"])
    if product is not None:
        amounts |= product
        if item["List_Price"] is None:
            price = _number(product["Unit_Price"])
            amounts["List_Price"] = price
    total = price * _number(item["Quantity"], 1.0)
    discounted = total - _read_discount(str(item["Discount"] or "0"), total)
    tax = _number(item["Tax"])
    if taxes := orjson.loads(str(item["Line_Tax"] or "[]")):
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
