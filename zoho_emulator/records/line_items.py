"""Line items of quotes, orders and invoices, in the two shapes they have had.

v2 shows them as `Product_Details` in lower case ("Get Records" of v2: sample of a quote); later
versions as rows of a subform.
"""

from collections.abc import Callable

import orjson

from zoho_emulator.records.render import build_rest_reader
from zoho_emulator.records.row_writer import Row
from zoho_emulator.store.model import Module
from zoho_emulator.store.store import Store
from zoho_emulator.versions import VERSIONS

#: Keys of v2, and the fields of the later subform.
_V2_KEYS = {
    "quantity": "Quantity",
    "Discount": "Discount",
    "total_after_discount": "Total_After_Discount",
    "net_total": "Net_Total",
    "book": "Price_Book_Name",
    "Tax": "Tax",
    "list_price": "List_Price",
    "unit_price": "Unit_Price",
    "quantity_in_stock": "Quantity_in_Stock",
    "total": "Total",
    "id": "id",
    "product_description": "Description",
    "line_tax": "Line_Tax",
}

#: Keys that v2 takes in writes ("Insert Records" of v2), and the fields of the later subform.
V2_NAMES = {
    "id": "id",
    "_delete": "_delete",
    "product": "Product_Name",
    "quantity": "Quantity",
    "list_price": "List_Price",
    "Discount": "Discount",
    "Tax": "Tax",
    "book": "Price_Book_Name",
    "product_description": "Description",
    "line_tax": "Line_Tax",
}


def build_v2_reader(store: Store, items: Module, *, book_ids: bool) -> Callable[[int], list[Row]]:
    """Builds a function that reads the items of a document as v2 shows them.

    `book_ids`: it shows price books by their bare id, not as objects.
    """
    fields = list(items.fields.values())
    # What the rows hold is of v2.1 at least: v2 has no module for them.
    reader = build_rest_reader(store, items, fields, VERSIONS["v2.1"], system_keys=())
    parent, sequence = items.fields["Parent_Id"], items.fields["Sequence_Number"]
    sql = (
        f"{reader.select} where m.{parent.column} = ? and m.state = 0"
        f" order by m.{sequence.column}, m.id"
    )

    def read(parent_id: int) -> list[Row]:
        rows = [reader.row(found) for found in store.connection.execute(sql, (parent_id,))]
        return [_show_v2_item(row, book_ids=book_ids) for row in add_product_codes(store, rows)]

    return read


def _show_v2_item(row: Row, *, book_ids: bool) -> Row:
    product = row["Product_Name"]
    item = {key: row.get(name) for key, name in _V2_KEYS.items()}
    item["Discount"] = _find_discount(row)
    item["line_tax"] = item["line_tax"] or []
    if book_ids and isinstance(item["book"], dict):
        item["book"] = int(item["book"]["id"])
    shown = {**product, "Currency": "USD"} if isinstance(product, dict) else None
    return {"product": shown, **item}


def _find_discount(row: Row) -> float:
    """UNVERIFIED: that v2, which shows a number, shows a percentage as its amount."""
    text = str(row["Discount"] or 0)
    if not text.endswith("%"):
        return float(text)
    total, after = (float(str(row[name] or 0)) for name in ("Total", "Total_After_Discount"))
    return round(total - after, 2)


def add_product_codes(store: Store, rows: list[Row]) -> list[Row]:
    """Inside a document, the product of a line item also shows its code."""
    products = store.org.modules.get("Products")
    code = products.fields.get("Product_Code") if products else None
    if products is None or code is None or not rows:
        return rows
    named = [row["Product_Name"] for row in rows]
    ids = [int(item["id"]) for item in named if isinstance(item, dict)]
    codes = dict(
        store.connection.execute(
            f"select id, {code.column} from {products.table}"
            f" where id in ({', '.join('?' * len(ids))})",
            ids,
        )
    )
    return [
        {**row, "Product_Name": {**item, "Product_Code": codes.get(int(item["id"]))}}
        if isinstance(item, dict)
        else row
        for row, item in zip(rows, named, strict=True)
    ]


def sum_line_tax(store: Store, document: Module, record_id: int) -> list[Row]:
    """The taxes of a document's line items, summed up by tax."""
    sums: dict[str, Row] = {}
    for child, link in store.list_children(document):
        taxes = child.fields.get("Line_Tax")
        if taxes is None:
            continue
        for (text,) in store.connection.execute(
            f"select {taxes.column} from {child.table} where {link.column} = ? and state = 0"
            f" and {taxes.column} is not null",
            (record_id,),
        ):
            for tax in orjson.loads(text):
                known = sums.setdefault(tax["name"], {**tax, "value": 0.0})
                known["value"] = round(float(str(known["value"])) + tax["value"], 2)
    return list(sums.values())
