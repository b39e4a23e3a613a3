"""The notation the tables of modules are written in.

A module is a `Table` of drafts of fields; `build_field` makes a `Field` of a draft once its id and
its column are known. The control API makes fields from the same drafts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from zoho_emulator.store.attributes import check_types
from zoho_emulator.store.data_types import DATA_TYPES, RETURN_TYPES, TEXTAREAS
from zoho_emulator.store.model import FOREVER, Field

_GIVEN = {item.name for item in fields(Field)} - {"id", "api_name", "data_type", "column"}


@dataclass(frozen=True, slots=True)
class Draft:
    api_name: str
    data_type: str
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RowsOf:
    """Rows that belong to the records of a parent module."""

    parent: str
    #: The lookup that holds the parent.
    field: str = "Parent_Id"
    #: Of a hundred parents so many have rows: `least` at least, `most` at most.
    share: int = 100
    least: int = 1
    most: int = 3
    #: Of a linking module: the other lookup, never twice the same of one parent.
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A module: its names, what can be done with it and its fields in Zoho's order."""

    api_name: str
    singular_label: str
    fields: tuple[Draft, ...]
    display_field: str = "Name"
    plural_label: str | None = None
    module_name: str | None = None
    generated_type: str = "default"
    since: float = 2.0
    until: float = FOREVER
    visibility: int = 1
    status: str = "visible"
    #: False: no call creates, changes or deletes its records.
    writable: bool = True
    viewable: bool = True
    permitted: bool = True
    files: bool = False
    view_of: tuple[str, ...] = ()
    #: Rows of the sample org, unless they follow from those of a parent.
    rows: int = 50
    rows_of: RowsOf | None = None

    @property
    def holds_rows(self) -> bool:
        return bool(self.fields) and not self.view_of


def field(api_name: str, data_type: str = "text", **attributes: object) -> Draft:
    """A field; what is not given follows from the data type.

    Raises ValueError for what no field has, so that a slip in a table does not pass.
    """
    if attributes.get("like") is not None and attributes["like"] not in DATA_TYPES:
        raise ValueError(f"{api_name}: there is no data type {attributes['like']!r} to be like")
    if data_type not in DATA_TYPES and not attributes.get("like"):
        raise ValueError(
            f"{api_name}: there is no data type {data_type!r}; to plant it, say what its values"
            " are `like`"
        )
    if unknown := sorted(attributes.keys() - _GIVEN):
        raise ValueError(f"{api_name}: a field has no {', '.join(unknown)}")
    for name, known in (("return_type", RETURN_TYPES), ("textarea", TEXTAREAS)):
        if name in attributes and attributes[name] not in known:
            raise ValueError(f"{api_name}: {name} is none of {', '.join(known)}")
    if attributes.get("returned", "value") not in ("value", "null", "absent"):
        raise ValueError(f"{api_name}: returned is none of value, null, absent")
    check_types(Field, attributes, api_name)
    if {"pick_list", "actual_values"} <= attributes.keys():
        _check_options(api_name, attributes["pick_list"], attributes["actual_values"])
    for name in ("pick_list", "actual_values", "unused_options", "targets", "hidden_keys"):
        if isinstance(given := attributes.get(name), list):
            attributes[name] = tuple(given)
    return Draft(api_name, data_type, attributes)


def _check_options(api_name: str, shown: object, actual: object) -> None:
    if (
        isinstance(shown, list | tuple)
        and isinstance(actual, list | tuple)
        and len(actual) not in (0, len(shown))
    ):
        raise ValueError(f"{api_name}: actual_values are not one for each of pick_list")


def custom(api_name: str, data_type: str = "text", **attributes: object) -> Draft:
    return field(api_name, data_type, custom=True, **attributes)


def picklist(api_name: str, *options: str, **attributes: object) -> Draft:
    return field(api_name, "picklist", pick_list=options, **attributes)


def multiselect(api_name: str, *options: str, **attributes: object) -> Draft:
    return field(api_name, "multiselectpicklist", pick_list=options, **attributes)


def lookup(api_name: str, module: str, **attributes: object) -> Draft:
    return field(api_name, "lookup", targets=(module,), **attributes)


def formula(api_name: str, return_type: str, expression: str, **attributes: object) -> Draft:
    return custom(api_name, "formula", return_type=return_type, expression=expression, **attributes)


def address(prefix: str, *, code: str = "Code") -> tuple[Draft, ...]:
    """Street, City, State, Code and Country, named with the prefix."""
    lengths = {"Street": 250, "City": 100, "State": 100, code: 30, "Country": 100}
    return tuple(field(f"{prefix}{part}", length=length) for part, length in lengths.items())


def owner(singular_label: str, *, mandatory: bool = False) -> Draft:
    return field(
        "Owner",
        "ownerlookup",
        label=f"{singular_label} Owner",
        targets=("users",),
        mandatory=mandatory,
    )


#: What every module has; Owner, the name and the rest of the fields stand between.
AUTHORS = (
    field("Created_By", "ownerlookup", targets=("users",), read_only=True, ui_type=20),
    field("Modified_By", "ownerlookup", targets=("users",), read_only=True, ui_type=20),
)
CREATED_TIME = field("Created_Time", "datetime", read_only=True, ui_type=200)
MODIFIED_TIME = field("Modified_Time", "datetime", read_only=True, ui_type=200)
STAMPS = (*AUTHORS, CREATED_TIME, MODIFIED_TIME)
LAYOUT = field("Layout", "layout", targets=("layouts",), v2_type="bigint", v2_json_type="string")
TAG = field("Tag", "text", json_type="jsonarray", length=2_000, ui_type=209, sortable=False)
RECORD_ID = field("id", "bigint", label="Record Id", read_only=True)
#: `Record_Status__s` came with v5 or v6; v8 is the first emulated one with it. The other names that
#: end in `__s` were recorded of v2, too.
ENDING = (
    field("Last_Activity_Time", "datetime", read_only=True, ui_type=786),
    field("Change_Log_Time__s", "datetime", label="Change Log Time", read_only=True),
    TAG,
    LAYOUT,
    picklist(
        "Record_Status__s",
        *("Available", "Draft", "Trash"),
        label="Record Status",
        read_only=True,
        since=8.0,
    ),
    field("Locked__s", "boolean", label="Locked", read_only=True),
    RECORD_ID,
)
UNSUBSCRIBED = (
    picklist(
        "Unsubscribed_Mode",
        *("Consent form", "Manual", "Unsubscribe link", "Zoho campaigns"),
        read_only=True,
    ),
    field("Unsubscribed_Time", "datetime", read_only=True),
)
#: Of products and services. UNVERIFIED: its data type; Zoho's SDKs know it by its name.
PRODUCT_TAX = field(
    "Tax",
    "multiselectpicklist",
    json_type="jsonarray",
    like="text",
    pick_list=("Sales Tax - 2.0 %", "Vat - 5.0 %"),
    filterable=False,
    sortable=False,
)


def subform(
    api_name: str,
    label: str,
    rows_of: RowsOf,
    *own: Draft,
    plural_label: str | None = None,
    since: float = 2.0,
) -> Table:
    """Rows that are written inside the records of another module."""
    return Table(
        api_name,
        label,
        plural_label=plural_label or label,
        generated_type="subform",
        since=since,
        visibility=2,
        writable=False,
        display_field="",
        rows_of=rows_of,
        fields=(*own, *STAMPS, LAYOUT, RECORD_ID),
    )


def build_field(draft: Draft, id_: int, column: str) -> Field:
    """The field a draft describes."""
    given = dict(draft.attributes)
    kind = DATA_TYPES[str(given.get("like") or draft.data_type)]
    label = given.pop("label", draft.api_name.replace("_", " "))
    implied: dict[str, object] = {
        "label": label,
        "json_type": kind.json_type,
        "length": kind.length,
        "decimal_place": kind.decimal_place,
        "sortable": kind.sortable,
        "filterable": kind.filterable,
        "virtual": kind.virtual,
        "read_only": kind.read_only,
    }
    if draft.data_type == "textarea":
        style = str(given.setdefault("textarea", "large"))
        implied["length"], implied["ui_type"] = TEXTAREAS[style]
        # As recorded: small ones can be filtered by, none sorted by.
        implied["sortable"], implied["filterable"] = False, style == "small"
        if style == "rich_text":
            # v2 lists none, and no record of it has one.
            implied["since"] = 2.1
    if "return_type" in given:
        returned = DATA_TYPES[RETURN_TYPES[str(given["return_type"])]]
        implied["json_type"] = returned.json_type
        implied["decimal_place"] = returned.decimal_place
    elif draft.data_type in ("formula", "rollup_summary"):
        raise ValueError(f"{draft.api_name}: return_type is missing")
    attributes: dict[str, object] = {**implied, **given}
    if attributes["virtual"] and attributes.get("linking"):
        column = ""
    elif draft.api_name == "id":
        column = "id"
    return Field(
        id=id_,
        api_name=draft.api_name,
        data_type=draft.data_type,
        column=column,
        **attributes,  # type: ignore[arg-type]  # names are checked by field()
    )
