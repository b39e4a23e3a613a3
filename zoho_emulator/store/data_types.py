"""Zoho's data types: how each looks in JSON, how wide it is and how it is stored."""

from dataclasses import dataclass

from zoho_emulator.store.model import Field


@dataclass(frozen=True, slots=True)
class DataType:
    json_type: str
    ui_type: int
    #: Column type in sqlite.
    affinity: str = "TEXT"
    length: int | None = None
    decimal_place: int | None = None
    sortable: bool = True
    filterable: bool = True
    virtual: bool = False
    read_only: bool = False


#: "Fields Metadata API" of v7 and the sample org there. UNVERIFIED: ui_type of userlookup,
#: multiuserlookup, multi_module_lookup, autonumber and those of special modules; Zoho calls
#: the numbers internal. `attachment` and `address` are missing: no page shows a field of them.
DATA_TYPES = {
    "text": DataType("string", 1, length=255),
    "email": DataType("string", 25, length=100),
    "phone": DataType("string", 33, length=30),
    "website": DataType("string", 21, length=255),
    "textarea": DataType("string", 3, length=32_000),
    "picklist": DataType("string", 2, length=120),
    "multiselectpicklist": DataType("jsonarray", 100, length=1_000),
    "integer": DataType("integer", 32, "INTEGER", length=9),
    "long": DataType("string", 52, "INTEGER", length=18),
    "bigint": DataType("string", 207, "INTEGER", length=18),
    "autonumber": DataType("string", 209, "INTEGER", length=255, read_only=True),
    "double": DataType("double", 38, "REAL", length=16, decimal_place=2),
    "percent": DataType("double", 34, "REAL", length=5),
    "currency": DataType("double", 36, "REAL", length=16, decimal_place=2),
    "boolean": DataType("boolean", 301, "INTEGER", length=5),
    "date": DataType("string", 24, length=20),
    "datetime": DataType("string", 333, "INTEGER", length=120),
    "lookup": DataType("jsonobject", 133, "INTEGER", length=120),
    "multi_module_lookup": DataType("jsonobject", 786, "INTEGER", length=120),
    "ownerlookup": DataType("jsonobject", 8, "INTEGER", length=120),
    "userlookup": DataType("jsonobject", 8, "INTEGER", length=120),
    "layout": DataType("jsonobject", 208, "INTEGER", length=50),
    "profileimage": DataType("string", 66, length=255, sortable=False, filterable=False),
    "fileupload": DataType("jsonarray", 555, length=5, sortable=False, filterable=False),
    "imageupload": DataType("jsonarray", 556, length=10, sortable=False, filterable=False),
    "territories": DataType("jsonarray", 999, length=120, sortable=False, read_only=True),
    "profilelookup": DataType("jsonobject", 133, "INTEGER", length=120),
    "mediumtext": DataType("string", 3, length=5_000, sortable=False, filterable=False),
    # From here on, what only some of Zoho's own modules have.
    "ALARM": DataType("jsonobject", 789, length=120, sortable=False, filterable=False),
    "RRULE": DataType("jsonobject", 787, length=120, sortable=False, filterable=False),
    "event_reminder": DataType("string", 788, length=120, sortable=False, filterable=False),
    "multireminder": DataType("jsonarray", 788, length=120, sortable=False, filterable=False),
    "time_range": DataType("jsonarray", 790, length=120, sortable=False, filterable=False),
    "consent_lookup": DataType("jsonobject", 791, length=120, sortable=False, filterable=False),
    "linetax": DataType("jsonarray", 792, length=120, sortable=False, filterable=False),
    "module": DataType("jsonobject", 793, length=120, sortable=False, filterable=False),
    "formula": DataType("string", 116, length=16, read_only=True),
    "rollup_summary": DataType("string", 118, length=16, read_only=True),
    "subform": DataType("jsonarray", 500, sortable=False, filterable=False, virtual=True),
    "multiselectlookup": DataType(
        "jsonarray", 444, length=200, sortable=False, filterable=False, virtual=True
    ),
    "multiuserlookup": DataType("jsonarray", 446, sortable=False, filterable=False, virtual=True),
}

#: textarea: its three kinds with length and ui_type.
TEXTAREAS = {"small": (2_000, 110), "large": (32_000, 3), "rich_text": (50_000, 250)}

#: Return types of formulas and roll-up summaries, as the data type their values are like.
RETURN_TYPES = {
    "string": "text",
    "double": "double",
    "currency": "currency",
    "integer": "integer",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
}


def value_type(field: Field) -> str:
    """The data type the field's values are like: of a formula, the one it returns."""
    if field.return_type is not None:
        return RETURN_TYPES[field.return_type]
    return field.like or field.data_type


def affinity(field: Field) -> str:
    """Type of the field's column in sqlite."""
    if field.data_type == "autonumber" and field.prefix:
        return "TEXT"
    return DATA_TYPES[value_type(field)].affinity


#: JSON objects that are no reference to a record.
_OBJECTS = ("ALARM", "RRULE", "consent_lookup")


def is_json(field: Field) -> bool:
    """Whether the column holds JSON text."""
    if field.json_type == "jsonarray":
        return value_type(field) != "multiselectpicklist"
    return value_type(field) in _OBJECTS


def is_stored(field: Field) -> bool:
    """Whether the field has a column of its own; `id` is the table's key."""
    return field.column not in ("", "id")
