"""Fields as the destination sees them: what of a field can be written, and in which form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from destination_zoho_crm.link_ends import LINKS, LinkEnds
from destination_zoho_crm.options import Options
from destination_zoho_crm.settings import Operation
from zoho_crm.data_types import Form
from zoho_crm.fields import Field
from zoho_crm.json_text import as_object

#: Of price books. UNVERIFIED: its data type; no page names one, nor a module of its rows.
PRICE_RANGES = "Pricing_Details"
#: Line items in v2, which has no module for them ("Insert Records" of v2).
V2_ITEMS = "Product_Details"
#: "Insert Records": line items, by what versions and metadata call the field or its rows.
LINE_ITEMS: Mapping[str, Sequence[str]] = {
    "Quotes": ("Quoted_Items", V2_ITEMS),
    "Sales_Orders": ("Ordered_Items", V2_ITEMS),
    # UNVERIFIED: the pages call the field Purchased_Items, lists of modules its rows
    # Purchase_Items.
    "Purchase_Orders": ("Purchased_Items", "Purchase_Items", V2_ITEMS),
    "Invoices": ("Invoiced_Items", V2_ITEMS),
}
#: Subforms whose rows no module describes.
UNDESCRIBED_ROWS = (PRICE_RANGES, V2_ITEMS)
#: How "Fields Metadata" names the module of a lookup that points at several, as What_Id does.
SEVERAL_MODULES = "se_module"
#: Values that are files of their own.
_FILES = ("fileupload", "imageupload")
#: Photos and attachments have calls of their own ("Upload an Image"); who is in which territory is
#: for "Assign Territories".
_WITH_OWN_CALLS = ("profileimage", "attachment", "territories")


@dataclass(frozen=True, slots=True)
class TargetField:
    """A field as a writer sees it."""

    read: Field
    creatable: bool
    updatable: bool
    #: A new record needs it. What only a layout requires, no call needs.
    mandatory: bool
    unique: bool
    #: An External ID field.
    external: bool
    length: int | None
    decimal_place: int | None
    json_type: str | None
    #: Of a lookup to one module: its API name.
    lookup_module: str | None
    #: Of a lookup to several records or users, where Zoho reports what its links are made of.
    links: LinkEnds | None
    #: Of a subform: the API name of the module that its rows are of, where Zoho says so.
    rows_module: str | None
    #: Of a picklist.
    options: Options
    #: What people see; may be empty.
    label: str

    @property
    def api_name(self) -> str:
        return self.read.api_name

    @property
    def data_type(self) -> str:
        return self.read.data_type

    @property
    def form(self) -> Form | None:
        """None where no value of a column can be written."""
        if self.has_rows:
            return "rows"
        if self.read.computed or self.data_type in (*_FILES, *_WITH_OWN_CALLS):
            return None
        if self.data_type in LINKS:
            return "links" if self.links else None
        if self.data_type == "multiselectpicklist" and self.api_name == "Tax":
            # Of Products: it says that it is a list of options, and its values are objects.
            return "given"
        return self.read.type.write

    def explain_unsupported(self, operation: Operation) -> str | None:
        """Why it is not written though Zoho takes it in some form."""
        if self.has_rows and not (self.rows_module or self.api_name in UNDESCRIBED_ROWS):
            return (
                "it is a subform, and in this version of its API Zoho does not report which fields "
                "its rows have"
            )
        if self.data_type in LINKS and not self.links:
            return (
                f"it is a {self.data_type}, and in this version of its API Zoho does not report by "
                "which name a link calls the record at its other end"
            )
        if self.links and operation != "insert" and not (self.links.module and self.links.own):
            return (
                f"it is a {self.data_type}, and in this version of its API Zoho does not report "
                "the module of its links, so they can be written to new records only"
            )
        if self.data_type in _FILES:
            return "it holds files, and files cannot be written"
        if self.data_type in _WITH_OWN_CALLS:
            return f"it is a {self.data_type}, which Zoho takes by a call of its own"
        return None

    def is_settable(self, operation: Operation) -> bool:
        """Whether a call can carry a value of it; that of a deletion names it in its address."""
        creates, updates = operation in ("insert", "upsert"), operation in ("update", "upsert")
        return (
            self.form is not None
            and (self.creatable or not creates)
            and (self.updatable or not updates)
        )

    @property
    def has_rows(self) -> bool:
        """Whether its value is rows of the record."""
        return self.data_type == "subform" or self.api_name == PRICE_RANGES

    @property
    def is_user(self) -> bool:
        """Whether its values are users."""
        return self.data_type in ("ownerlookup", "userlookup", "multiuserlookup")

    @property
    def points_at(self) -> str | None:
        """The module of the records that its values are, where it is one."""
        if self.links:
            return self.links.target
        return None if self.lookup_module == SEVERAL_MODULES else self.lookup_module

    @classmethod
    def from_metadata(cls, entry: Mapping[str, Any]) -> "TargetField":
        """From one entry of "Fields Metadata"; only `api_name` must be there."""
        read = Field.from_metadata(entry)
        creatable, updatable = _read_writability(entry, read)
        return cls(
            read=read,
            creatable=creatable,
            updatable=updatable,
            mandatory=bool(entry.get("system_mandatory")),
            # The pages spell the key inside with an underscore, the SDKs without one.
            unique=bool(entry.get("unique")),
            external=bool(entry.get("external")),
            length=entry.get("length"),
            decimal_place=entry.get("decimal_place"),
            json_type=entry.get("json_type"),
            lookup_module=_read_lookup_module(entry),
            links=LinkEnds.from_metadata(entry),
            rows_module=_read_rows_module(entry),
            options=Options.from_metadata(entry),
            label=str(entry.get("field_label") or ""),
        )


def _read_writability(entry: Mapping[str, Any], field: Field) -> tuple[bool, bool]:
    """Whether a call may set the field in a new record, and in one that exists.

    `operation_type` says so from v6 on. Before that, `view_type` says what people may do in forms,
    which is the same but for tags. `field_read_only` misleads: it is true of Owner.
    """
    if field.api_name == "id" or field.computed or entry.get("read_only"):
        return False, False
    if field.data_type == "subform" or field.api_name == PRICE_RANGES:
        # It says that nobody writes it: rows are written inside their record ("Subforms").
        return True, True
    allowed = entry.get("operation_type")
    if allowed:
        return bool(allowed.get("api_create")), bool(allowed.get("api_update"))
    if field.is_tag:
        return True, True
    shown = entry.get("view_type") or {}
    return bool(shown.get("create", True)), bool(shown.get("edit", True))


def _read_lookup_module(entry: Mapping[str, Any]) -> str | None:
    module = (entry.get("lookup") or {}).get("module")
    if isinstance(module, Mapping):
        module = module.get("api_name")
    return module if isinstance(module, str) and module else None


def _read_rows_module(entry: Mapping[str, Any]) -> str | None:
    """`associated_module` says so since v6, `subform` before."""
    for kind in ("associated_module", "subform"):
        module = as_object(entry.get(kind)).get("module")
        name = as_object(module).get("api_name") if isinstance(module, Mapping) else module
        if isinstance(name, str) and name:
            return name
    return None


def reports_external(entry: Mapping[str, Any]) -> bool:
    """v2 has the key `external`, too, null in every field; the other keys came with later versions,
    which report it truly."""
    return bool(entry.get("external")) or "filterable" in entry or "operation_type" in entry
