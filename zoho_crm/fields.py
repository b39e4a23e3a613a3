"""Zoho's data types, in one table: what a column is in the warehouse, how its value is read from
JSON and from CSV, and in which form it is written.

The canonical forms hold on every road: ids, bigints and autonumbers are strings; a lookup or owner
is the id as a string; a multi-select picklist is an array of strings; tags are an array of names;
datetimes are RFC 3339 in UTC; dates are YYYY-MM-DD; numbers and booleans are typed, whole numbers
without a fraction. An empty array is null, and so is an empty text: an export cannot tell the two
apart.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal

import orjson

from zoho_crm.lists import ListTexts, listed, options_of

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
    "given",
]

LOGGER = logging.getLogger("airbyte")

#: Reads a value of Zoho's JSON that is not null into its canonical form.
Cast = Callable[[Any], Any]
#: Reads a cell of Zoho's CSV that is not empty into the same form ("Bulk Read: Download Result").
CellCast = Callable[[str], Any]

#: Beyond it, a number with a fraction cannot tell whole numbers apart.
_MOST_WHOLE = 2**53


def _text(value: Any) -> str | None:
    if type(value) is str:
        return value or None
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


@cache
def _warn_of(kind: str) -> None:
    """Once: a value that is none of its type costs itself, not its module."""
    LOGGER.warning(f"A value that should be {kind} is none; such values are read as null.")


def _integer(value: Any) -> int | None:
    if value == "":
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        _warn_of("a whole number")
        return None


def _number(value: Any) -> float | int | None:
    if type(value) is str:
        try:
            value = _parsed(value)
        except ValueError:
            if value:
                _warn_of("a number")
            return None
    # 12.0 and 12: JSON and CSV of one value may write the one or the other.
    if type(value) is float and value.is_integer() and abs(value) < _MOST_WHOLE:
        return int(value)
    return value  # type: ignore[no-any-return]  # a JSON number as it came


def _parsed(text: str) -> float | int:
    """The number that JSON would have: whole numbers keep all their digits."""
    try:
        number = orjson.loads(text)
    except orjson.JSONDecodeError:
        # 007, +5 and .5 are no JSON.
        return float(text)
    if type(number) not in (int, float):
        raise ValueError(text)
    return number  # type: ignore[no-any-return]  # it is a number


def _boolean(value: Any) -> bool:
    return value if type(value) is bool else str(value).lower() == "true"


def _id(value: Any) -> str | None:
    if type(value) is dict:
        value = value.get("id")
    return None if value in (None, "") else str(value)


def _big(value: Any) -> str | None:
    """The digits; v2 gives some references this type, and a record may hold an object there."""
    return _id(value) if type(value) is dict and "id" in value else _text(value)


#: UTC of local hours and minutes with their offset: parsing is the dearest step of a row.
_KNOWN: dict[str, str] = {}
_MOST_KNOWN = 100_000


def utc(value: str) -> str:
    """`2024-06-05T02:04:09-07:00` as `2024-06-05T09:04:09Z`.

    Fractions of a second, which Zoho does not print, are cut off.
    """
    offset = value[19:]
    # Offsets of whole hours leave minutes as they are, and ten years have 87,660 hours.
    kept = 13 if offset == "Z" or offset[-3:] == ":00" else 16
    key = value[:kept] + offset
    begin = _KNOWN.get(key)
    if begin is None:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        begin = _KNOWN[key] = moment.astimezone(UTC).isoformat()[:kept]
    return f"{begin}{value[kept:19]}Z"


def _datetime(value: Any) -> str | None:
    try:
        return utc(value) if value else None
    except ValueError:
        _warn_of("a date with time")
        return None


def _integer_cell(cell: str) -> int | None:
    try:
        return _integer(_parsed(cell))
    except ValueError:
        return _integer(cell)


def _boolean_cell(cell: str) -> bool:
    return cell in _TRUE


#: UNVERIFIED: how an export writes booleans.
_TRUE = frozenset({"true", "True", "TRUE", "1"})


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


_STRING = DataType(_nullable("string"), _text, str, "text")
_ID = DataType(_nullable("string"), _id, str, "reference")
_NUMBER = DataType(_nullable("number"), _number, _number, "number")
_ITEMS = _nullable("array", items={"type": "string"})
_TAGS = DataType(_ITEMS, listed, listed, "tags")
#: Of a type that is not known.
_OTHER = DataType(_nullable("string"), _text, str, "given")

DATA_TYPES: Mapping[str, DataType] = {
    **dict.fromkeys(
        ("text", "email", "phone", "website", "textarea", "mediumtext", "picklist", "string"),
        _STRING,
    ),
    **dict.fromkeys(("bigint", "long"), DataType(_nullable("string"), _big, str, "long")),
    "autonumber": DataType(_nullable("string"), _text, str, None),
    **dict.fromkeys(("double", "percent", "currency", "decimal"), _NUMBER),
    **dict.fromkeys(
        ("lookup", "ownerlookup", "userlookup", "profilelookup", "layout", "rolelookup"), _ID
    ),
    **dict.fromkeys(("multi_module_lookup", "multimodulelookup"), _ID),
    "integer": DataType(_nullable("integer"), _integer, _integer_cell, "integer"),
    "boolean": DataType(_nullable("boolean"), _boolean, _boolean_cell, "boolean"),
    "date": DataType(_nullable("string", format="date"), _text, str, "date"),
    "datetime": DataType(
        _nullable("string", format="date-time", airbyte_type="timestamp_with_timezone"),
        _datetime,
        _datetime,
        "datetime",
    ),
    "multiselectpicklist": DataType(_ITEMS, listed, listed, "options"),
}

_NOT_IN_LISTS = {
    **dict.fromkeys(
        ("subform", "multiselectlookup", "multiuserlookup"),
        "Lists carry the record without its rows. Where Zoho offers these, they are a module.",
    ),
    **dict.fromkeys(
        ("fileupload", "imageupload", "attachment", "profileimage"),
        "Queries and exports do not carry files and images.",
    ),
    "territories": "Queries before v7 and exports do not carry territories.",
}

#: JSON objects of activities, line items and consents.
_STRUCTURED = frozenset(
    {
        "ALARM",
        "RRULE",
        "consent_lookup",
        "event_reminder",
        "linetax",
        "module",
        "multireminder",
        "time_range",
    }
)
#: Products.Tax says that it is a multi-select picklist, and its values are objects.
_TAXES = ("Tax", "multiselectpicklist")

_COMPUTED = ("formula", "rollup_summary")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a module, as far as reading it goes."""

    api_name: str
    data_type: str
    #: What Zoho calls the computed type of a formula or roll-up summary; else None.
    return_type: str | None = None
    is_tag: bool = False
    #: Lists show the beginning of such a text only.
    is_rich_text: bool = False
    #: What a multi-select pick list may hold, by both of an option's names.
    options: frozenset[str] = frozenset()
    #: Why no record carries it; None: records do. ("Get Records", "COQL: Limitations", "Bulk Read:
    #: Limitations"; a column must come on all roads, or on none.)
    left_out: str | None = None

    @property
    def computed(self) -> bool:
        return self.data_type in _COMPUTED

    @property
    def known(self) -> bool:
        return self._type_name in DATA_TYPES or self.is_tag

    @property
    def type(self) -> DataType:
        """An unknown data type is read as a string."""
        return _TAGS if self.is_tag else DATA_TYPES.get(self._type_name, _OTHER)

    @property
    def is_list(self) -> bool:
        return self.type.schema is _ITEMS

    def reader(self, lists: ListTexts) -> Cast:
        """Reads a value of Zoho's JSON; `lists` reads lists that are texts."""
        if not self.is_list:
            return self.type.read
        read = lists.reader(self.api_name, self.options)
        return lambda value: read(value) if type(value) is str else listed(value)

    def cell_reader(self, lists: ListTexts) -> CellCast:
        """Reads a cell of Zoho's CSV; `str`: the cell is the value."""
        if not self.is_list:
            return self.type.read_cell
        return lists.reader(self.api_name, self.options)

    @property
    def _type_name(self) -> str:
        return (self.return_type or "string") if self.computed else self.data_type

    @classmethod
    def from_metadata(cls, field: Mapping[str, Any]) -> "Field":
        """From one entry of "Fields Metadata"; only `api_name` must be there.

        Where anything else is not as Zoho documents it, the data type counts as unknown.
        """
        try:
            return cls._from_documented(field)
        except (AttributeError, TypeError):
            return cls(field["api_name"], data_type="not as documented")

    @classmethod
    def _from_documented(cls, field: Mapping[str, Any]) -> "Field":
        data_type = field.get("data_type") or "text"
        # Zoho's tag field calls itself a text; only its JSON type tells it from one.
        is_tag = field["api_name"] == "Tag" and field.get("json_type") == "jsonarray"
        computed = field.get("formula") or field.get("rollup_summary") or {}
        json_type = field.get("json_type")
        if json_type == "string" and DATA_TYPES.get(data_type) is _NUMBER:
            # Discount in line items: "12.5" or "5%".
            data_type = "text"
        if data_type == "bigint" and field["api_name"] == "Layout":
            # So v2 describes the reference that it is.
            data_type = "layout"
        return cls(
            api_name=field["api_name"],
            data_type=data_type,
            # Versions before v6 do not describe roll-ups; the JSON type follows the return type.
            return_type=(computed.get("return_type") or field.get("json_type"))
            if data_type in _COMPUTED
            else None,
            is_tag=is_tag,
            is_rich_text=data_type == "textarea" and _is_rich(field),
            options=options_of(field) if data_type == "multiselectpicklist" else frozenset(),
            left_out=None if is_tag else _left_out(field["api_name"], data_type, json_type),
        )


def _is_rich(field: Mapping[str, Any]) -> bool:
    """`textarea.type` says so since v6, `ui_type` since v2.1; before, the length alone."""
    kind = (field.get("textarea") or {}).get("type")
    return kind == "rich_text" or (
        kind is None and (field.get("ui_type") == 250 or (field.get("length") or 0) >= 50_000)
    )


def _left_out(api_name: str, data_type: str, json_type: str | None) -> str | None:
    structured = json_type == "jsonarray" and data_type != "multiselectpicklist"
    if structured or data_type in _STRUCTURED or (api_name, data_type) == _TAXES:
        return _NOT_IN_LISTS.get(data_type, "Queries and exports do not carry structured values.")
    return _NOT_IN_LISTS.get(data_type)


def json_schema(fields: Iterable[Field]) -> dict[str, Any]:
    """The JSON schema of a module's records."""
    properties = {field.api_name: dict(field.type.schema) for field in fields}
    properties["id"] = {"type": "string"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": True,
        "properties": properties,
    }


def caster(
    fields: Iterable[Field], lists: ListTexts | None = None
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that turns a row of Zoho's JSON, in place, into its canonical form.

    `lists` are of the stream; without them, texts of one field are told by themselves.
    """
    lists = lists or ListTexts("A stream")
    casts = [(field.api_name, field.reader(lists)) for field in fields]

    def cast(row: dict[str, Any]) -> dict[str, Any]:
        for name, read in casts:
            value = row.get(name)
            if value is not None:
                row[name] = read(value)
        return row

    return cast
