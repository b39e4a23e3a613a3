"""Zoho's data types, in one table: what a column is in the warehouse, how its value is read from
JSON and from CSV, and in which form it is written.

The canonical forms hold for every retrieval method: ids, bigints and autonumbers are strings; a
lookup or owner is the id as a string; a multi-select picklist is an array of strings; tags are an
array of names; datetimes are RFC 3339 in UTC; dates are YYYY-MM-DD; numbers and booleans are typed,
whole numbers without a fraction. An empty array is null, and so is an empty text: an export cannot
distinguish the two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from zoho_crm import casts
from zoho_crm.multi_select import cast_list

#: The form in which Zoho takes a value ("Insert Records": sample values of field types); a value
#: of the form "given" goes out as it came.
Form = Literal[
    "text",
    "integer",
    "long",
    "number",
    "boolean",
    "date",
    "datetime",
    "reference",
    "options",
    "tags",
    "links",
    "rows",
    "given",
]

#: Reads a value of Zoho's JSON that is not null into its canonical form; raises `Odd` where it is
#: none of its type.
Cast = Callable[[Any], Any]
#: Reads a cell of Zoho's CSV that is not empty into the same form ("Bulk Read: Download Result").
CellCast = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class DataType:
    schema: Mapping[str, Any]
    read: Cast
    #: `str`: the cell is the value.
    read_cell: CellCast
    #: None: no client sets it.
    write: Form | None


def _nullable(kind: str, **more: object) -> dict[str, Any]:
    return {"type": ["null", kind], **more}


STRING = DataType(_nullable("string"), casts.cast_text, str, "text")
_ID = DataType(_nullable("string"), casts.cast_reference, str, "reference")
NUMBER = DataType(_nullable("number"), casts.cast_number, casts.cast_number, "number")
ITEMS = _nullable("array", items={"type": "string"})
TAGS = DataType(ITEMS, cast_list, cast_list, "tags")
#: Of a type that is not known.
OTHER = DataType(_nullable("string"), casts.cast_anything, str, "given")

DATA_TYPES: Mapping[str, DataType] = {
    **dict.fromkeys(
        ("text", "email", "phone", "website", "textarea", "mediumtext", "picklist", "string"),
        STRING,
    ),
    **dict.fromkeys(("bigint", "long"), DataType(_nullable("string"), casts.cast_big, str, "long")),
    "autonumber": DataType(_nullable("string"), casts.cast_text, str, None),
    **dict.fromkeys(("double", "percent", "currency", "decimal"), NUMBER),
    **dict.fromkeys(
        ("lookup", "ownerlookup", "userlookup", "profilelookup", "layout", "rolelookup"), _ID
    ),
    **dict.fromkeys(("multi_module_lookup", "multimodulelookup"), _ID),
    "integer": DataType(_nullable("integer"), casts.cast_integer, casts.cast_integer, "integer"),
    "boolean": DataType(_nullable("boolean"), casts.cast_boolean, casts.cast_boolean, "boolean"),
    "date": DataType(_nullable("string", format="date"), casts.cast_date, casts.cast_date, "date"),
    "datetime": DataType(
        _nullable("string", format="date-time", airbyte_type="timestamp_with_timezone"),
        casts.cast_datetime,
        casts.cast_datetime,
        "datetime",
    ),
    "multiselectpicklist": DataType(ITEMS, cast_list, cast_list, "options"),
}
