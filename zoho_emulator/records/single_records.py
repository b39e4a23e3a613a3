"""A record by itself ("Get a Specific Record"): all that lists leave out is there.

Subforms and multi-select lookups are rows of other modules; each is fetched by its parent's id.
"""

from collections.abc import Callable, Collection

from zoho_emulator.records.line_items import add_product_codes, build_v2_reader, sum_line_tax
from zoho_emulator.records.render import build_rest_reader
from zoho_emulator.records.row_writer import Row
from zoho_emulator.records.shapes import ROW_KEYS
from zoho_emulator.records.system_keys import list_system_keys
from zoho_emulator.store.model import Field, Module, linking_fields
from zoho_emulator.store.store import Store
from zoho_emulator.versions import Version

#: Rows of one subform in a record; `$has_more` says that there are others.
#: UNVERIFIED: the number. Writing allows 200 ("Subform: Limits").
MOST_ROWS = 200
_HAS_MORE = "$has_more"
#: Documents whose line items the docs call Product_Details in v2.
INVENTORY = ("Quotes", "Sales_Orders", "Purchase_Orders", "Invoices")
LINE_TAX = "$line_tax"

#: Rows of a child by the parent's id, one more than are shown if there are more.
Children = Callable[[int], list[Row]]


def build_single_reader(
    store: Store,
    module: Module,
    version: Version,
    *,
    rich_text_cut: int = 0,
    book_ids: bool = True,
) -> Callable[[int], Row | None]:
    """Builds a function that reads a live record by its id; None if there is none.

    `book_ids`: v2 shows the price book of a line item by its bare id.
    """
    fields = [field for field in module.fields.values() if field.exists_in(version.number)]
    keys = [key for key in list_system_keys(module, version) if key != _HAS_MORE]
    reader = build_rest_reader(
        store,
        module,
        fields,
        version,
        system_keys=keys,
        rich_text_cut=rich_text_cut,
        single=True,
    )
    children = {
        field.api_name: _build_children(store, module, field, version, book_ids=book_ids)
        for field in fields
        if field.virtual and field.linking in store.org.modules
    }

    def read(record_id: int) -> Row | None:
        found = store.connection.execute(
            f"{reader.select} where m.id = ? and m.state = 0", (record_id,)
        ).fetchone()
        if found is None:
            return None
        row = reader.row(found)
        more = {}
        for name, rows_of in children.items():
            rows = rows_of(record_id)
            row[name] = rows[:MOST_ROWS]
            more[name] = len(rows) > MOST_ROWS
        if module.api_name in INVENTORY:
            row[LINE_TAX] = sum_line_tax(store, module, record_id)
        if version.page_tokens and children:
            row[_HAS_MORE] = more
        return row

    return read


def _build_children(
    store: Store, module: Module, field: Field, version: Version, *, book_ids: bool
) -> Children:
    child = store.org.modules[str(field.linking)]
    if field.data_type == "subform":
        if field.api_name == "Product_Details":
            return build_v2_reader(store, child, book_ids=book_ids)
        return _build_subform(store, child, version)
    own, other = linking_fields(module.api_name, field.targets[0])
    if field.data_type == "multiuserlookup":
        rows_of = _build_rows(store, child, own, [child.fields[other]], (), version)
        return lambda parent_id: [_show_user(row, other) for row in rows_of(parent_id)]
    # UNVERIFIED: which keys a row has other than the link's id and what it links to.
    return _build_rows(store, child, own, [child.fields[other]], ("$in_merge",), version)


def _show_user(row: Row, name: str) -> Row:
    """As samples of v8 show the members of a service.

    UNVERIFIED: that other versions and custom fields show users the same way.
    """
    user = row[name]
    if isinstance(user, dict):
        user = {"module": "Users", "name": user["name"], "id": user["id"]}
    return {"id": row["id"], name: user}


def _build_subform(store: Store, child: Module, version: Version) -> Children:
    link = store.find_parent_field(child)
    fields = [field for field in child.fields.values() if field.exists_in(version.number)]
    keys = tuple(ROW_KEYS) if version.page_tokens else list_system_keys(child, version)
    rows_of = _build_rows(store, child, link.api_name if link else "", fields, keys, version)
    if "Product_Name" not in child.fields:
        return rows_of
    return lambda parent_id: add_product_codes(store, rows_of(parent_id))


def _build_rows(
    store: Store,
    child: Module,
    link: str,
    fields: list[Field],
    system_keys: Collection[str],
    version: Version,
) -> Children:
    """Live rows in the order of their sequence, or of their ids."""
    if link not in child.fields:
        return lambda parent_id: []
    reader = build_rest_reader(
        store, child, fields, version, system_keys=system_keys, rich_text_cut=0
    )
    sequence = child.fields.get("Sequence_Number")
    order = f"m.{sequence.column}, m.id" if sequence else "m.id"
    sql = (
        f"{reader.select} where m.{child.fields[link].column} = ? and m.state = 0"
        f" order by {order} limit {MOST_ROWS + 1}"
    )
    return lambda parent_id: [
        reader.row(found) for found in store.connection.execute(sql, (parent_id,))
    ]
