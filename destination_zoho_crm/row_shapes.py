"""What the rows of a subform are made of. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.naming import Names
from destination_zoho_crm.target_fields import PRICE_RANGES, V2_ITEMS, TargetField

#: "Subforms", and for line items "Bulk Write: Limitations": rows of a record.
_MOST_ROWS = 100
_MOST_LINE_ITEMS = 200

#: The lookup of a row to its record.
PARENT = "Parent_Id"


@dataclass(frozen=True, slots=True, eq=False)
class RowShape:
    """The rows of one subform."""

    #: The subform's field.
    field: str
    #: Of the rows; where Zoho has none, one that describes them all the same.
    module: TargetModule
    #: Whether Zoho has the module, so that queries can read its rows.
    is_listed: bool
    #: The most rows that a record has. UNVERIFIED: that a document, which is not added without line
    #: items, may lose its last one. It is sent, and a refusal rejects the row.
    most: int
    #: Other names of the rows' fields, and the field that each means.
    aliases: Mapping[str, str]
    #: Lookups whose value is the bare id.
    bare: tuple[str, ...] = ()

    def find_field(self, name: str) -> str | None:
        """The API name of the field that a key of a row means, however it is spelled."""
        names = Names([*self.module.fields, *self.aliases])
        found = names.find_only(name)
        return self.aliases.get(found, found) if found else None

    def is_lookup(self, name: str) -> bool:
        field = self.module.fields.get(name)
        return field is not None and field.form == "reference"


def find_shape(
    field: TargetField, module: str, modules: Mapping[str, TargetModule]
) -> RowShape | None:
    """Of a subform in the module; None where Zoho does not describe it. `modules`: those that are
    known, the modules of rows among them."""
    if field.api_name == V2_ITEMS and not field.rows_module:
        return RowShape(
            V2_ITEMS,
            _describe(module, V2_ITEMS, _V2_ITEM),
            is_listed=False,
            most=_MOST_LINE_ITEMS,
            aliases=_V2_ALIASES,
            bare=("book",),
        )
    if field.api_name == PRICE_RANGES and not field.rows_module:
        described = _describe(module, PRICE_RANGES, _PRICE_RANGE)
        return RowShape(PRICE_RANGES, described, is_listed=False, most=_MOST_LINE_ITEMS, aliases={})
    rows = modules.get(field.rows_module or "")
    if rows is None:
        return None
    most = _MOST_LINE_ITEMS if "Product_Name" in rows.fields else _MOST_ROWS
    return RowShape(field.api_name, rows, is_listed=True, most=most, aliases={})


def _describe(parent: str, field: str, keys: Mapping[str, Mapping[str, Any]]) -> TargetModule:
    return TargetModule.from_metadata(
        {"api_name": f"{parent}.{field}"},
        ({"api_name": name, "operation_type": _WRITABLE, **entry} for name, entry in keys.items()),
    )


_WRITABLE = {"api_create": True, "api_update": True}
_NUMBER = {"data_type": "double", "decimal_place": 9}
#: "Insert Records" of v2: keys of a line item.
_V2_ITEM: Mapping[str, Mapping[str, Any]] = {
    "product": {"data_type": "lookup", "lookup": {"module": "Products"}},
    "quantity": _NUMBER,
    "list_price": _NUMBER,
    "Discount": _NUMBER,
    "Tax": _NUMBER,
    # UNVERIFIED: its form in a write. A post of Zoho's has the bare id.
    "book": {"data_type": "lookup", "lookup": {"module": "Price_Books"}},
    "product_description": {"data_type": "textarea", "length": 2_000},
    "line_tax": {"data_type": "linetax", "json_type": "jsonarray"},
}
#: What later versions call the same, so that a connection may change its version.
_V2_ALIASES: Mapping[str, str] = {
    "Product_Name": "product",
    "Price_Book_Name": "book",
    "Description": "product_description",
}
#: "Insert Records": Price Books.
_PRICE_RANGE: Mapping[str, Mapping[str, Any]] = dict.fromkeys(
    ("from_range", "to_range", "discount"), _NUMBER
)
