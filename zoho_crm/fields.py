"""A module's fields, as "Fields Metadata" describes them, and how their values are read."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as of_dataclass
from typing import Any

from zoho_crm.casts import (
    Odd,
    cast_anything,
    cast_big,
    cast_datetime,
    cast_reference,
    cast_text,
    to_utc,
)
from zoho_crm.data_types import (
    DATA_TYPES,
    ITEMS,
    NUMBER,
    OTHER,
    STRING,
    TAGS,
    Cast,
    CellCast,
    DataType,
)
from zoho_crm.multi_select import MultiSelectTexts, cast_list, find_options

LOGGER = logging.getLogger("airbyte")

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


def _warn_of_odd(field: "Field") -> None:
    LOGGER.warning(f"{field.api_name}: {describe_unfit(field, 1)}")


def describe_unfit(field: "Field", values: int) -> str:
    """How values of the field that do not fit its type were read."""
    written = field.is_list or field.type.schema == STRING.schema
    return (
        f"{values:,} {'value does' if values == 1 else 'values do'} not fit the data type "
        f"{field.data_type} and {'is' if values == 1 else 'are'} read as "
        f"{'JSON text' if written else 'null'}."
    )


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a module: what reading it needs."""

    api_name: str
    data_type: str
    #: What Zoho calls the computed type of a formula or roll-up summary; else None.
    return_type: str | None = None
    is_tag: bool = False
    #: Lists show the beginning of such a text only.
    is_rich_text: bool = False
    #: What a multi-select picklist may hold, by both of an option's names.
    options: frozenset[str] = frozenset()
    #: Why no record carries it; None: records do. ("Get Records", "COQL: Limitations", "Bulk Read:
    #: Limitations"; a column must come on all retrieval methods, or on none.)
    left_out: str | None = None
    #: Called for each value that does not fit the type.
    report_odd: Callable[["Field"], None] = of_dataclass(
        default=_warn_of_odd, compare=False, repr=False
    )

    @property
    def computed(self) -> bool:
        return self.data_type in _COMPUTED

    @property
    def known(self) -> bool:
        return self._type_name in DATA_TYPES or self.is_tag

    @property
    def type(self) -> DataType:
        """An unknown data type is read as a string."""
        return TAGS if self.is_tag else DATA_TYPES.get(self._type_name, OTHER)

    @property
    def is_list(self) -> bool:
        return self.type.schema is ITEMS

    def build_reader(self, texts: MultiSelectTexts) -> Cast:
        """Reads a value of Zoho's JSON; `texts` reads lists that are texts."""
        if not self.is_list:
            return self.type.read
        read = texts.build_reader(self.api_name, self.options)
        return lambda value: read(value) if type(value) is str else cast_list(value)

    def build_cell_reader(self, texts: MultiSelectTexts) -> CellCast:
        """Reads a cell of Zoho's CSV; `str`: the cell is the value."""
        if not self.is_list:
            return self.type.read_cell
        return texts.build_reader(self.api_name, self.options)

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
        # Zoho's tag field calls itself a text; only its JSON type distinguishes it.
        is_tag = field["api_name"] == "Tag" and field.get("json_type") == "jsonarray"
        computed = field.get("formula") or field.get("rollup_summary") or {}
        json_type = field.get("json_type")
        if json_type == "string" and DATA_TYPES.get(data_type) is NUMBER:
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
            options=find_options(field) if data_type == "multiselectpicklist" else frozenset(),
            left_out=None if is_tag else _explain_left_out(field["api_name"], data_type, json_type),
        )


def _is_rich(field: Mapping[str, Any]) -> bool:
    """`textarea.type` says so since v6, `ui_type` since v2.1; before, the length alone."""
    kind = (field.get("textarea") or {}).get("type")
    return kind == "rich_text" or (
        kind is None and (field.get("ui_type") == 250 or (field.get("length") or 0) >= 50_000)
    )


def _explain_left_out(api_name: str, data_type: str, json_type: str | None) -> str | None:
    structured = json_type == "jsonarray" and data_type != "multiselectpicklist"
    if structured or data_type in _STRUCTURED or (api_name, data_type) == _TAXES:
        return _NOT_IN_LISTS.get(data_type, "Queries and exports do not carry structured values.")
    return _NOT_IN_LISTS.get(data_type)


def build_json_schema(fields: Iterable[Field]) -> dict[str, Any]:
    """The JSON schema of a module's records."""
    properties = {field.api_name: dict(field.type.schema) for field in fields}
    properties["id"] = {"type": "string"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": True,
        "properties": properties,
    }


def build_caster(
    fields: Iterable[Field], texts: MultiSelectTexts | None = None
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that turns a row of Zoho's JSON, in place, into its canonical form.

    It takes any JSON: a value that does not fit its field is read as JSON text or null, and
    reported to the field. `texts` are of the stream; without them, each field's texts decide alone.
    """
    texts = texts or MultiSelectTexts("A stream")
    by_name = {field.api_name: field for field in fields}
    readers = {name: field.build_reader(texts) for name, field in by_name.items()}
    strings, references, timestamps, others = _group_by_cast(readers)

    def cast_one(row: dict[str, Any], name: str, value: Any) -> None:
        try:
            row[name] = readers[name](value)
        except Odd as odd:
            row[name] = odd.instead
            by_name[name].report_odd(by_name[name])

    # The most frequent casts stand in the loops: a call takes as long as what it does.
    def cast(row: dict[str, Any]) -> dict[str, Any]:
        get = row.get
        for name in strings:
            value = get(name)
            if type(value) is not str:
                if value is not None:
                    cast_one(row, name, value)
            elif not value:
                row[name] = None
        for name in references:
            value = get(name)
            if value is not None:
                key = value.get("id") if type(value) is dict else None
                if key and type(key) is str:
                    row[name] = key
                else:
                    cast_one(row, name, value)
        for name in timestamps:
            value = get(name)
            if value is not None:
                try:
                    row[name] = to_utc(value)
                except ValueError:
                    cast_one(row, name, value)
        for name, read in others:
            value = get(name)
            if value is not None:
                try:
                    row[name] = read(value)
                except Odd:
                    cast_one(row, name, value)
        return row

    return cast


def _group_by_cast(
    readers: Mapping[str, Cast],
) -> tuple[list[str], list[str], list[str], list[tuple[str, Cast]]]:
    """The names of columns of texts, references and timestamps; the others with their readers."""
    strings, references, timestamps = (
        [name for name, read in readers.items() if read in alike]
        for alike in (
            # To each, a text that is not empty is itself.
            (cast_text, cast_big, cast_anything),
            (cast_reference,),
            (cast_datetime,),
        )
    )
    inline = {*strings, *references, *timestamps}
    others = [(name, read) for name, read in readers.items() if name not in inline]
    return strings, references, timestamps, others
