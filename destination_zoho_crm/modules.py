"""Modules and fields as the destination sees them: what can be written."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from destination_zoho_crm.naming import fold_spelling
from destination_zoho_crm.options import Options
from destination_zoho_crm.settings import Operation
from zoho_crm.data_types import Form
from zoho_crm.directory import Directory, Metadata
from zoho_crm.fields import Field
from zoho_crm.json_text import as_object
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Modules that are tried until Zoho gives the fields of one.
_MODULES_TRIED = 5

#: Their records are made by other calls than "Insert Records": a file comes with each.
_MADE_BY_OTHER_CALLS = ("Attachments",)
#: Rows of a parent, and pages that are not records. Of other kinds, their flags alone decide:
#: the history of rescheduled appointments is a hidden "field_tracker", and can be written.
_NOT_WRITABLE = ("subform", "static_subform", "web")

#: Values that are rows or files of their own.
_LINKS = ("multiselectlookup", "multiuserlookup")
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
    #: Of a lookup to several records: what a link calls the record at its other end.
    link: str | None
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
        if self.read.computed or self.data_type in ("subform", *_FILES, *_WITH_OWN_CALLS):
            return None
        if self.data_type in _LINKS:
            return "links" if self.link else None
        if self.data_type == "multiselectpicklist" and self.api_name == "Tax":
            # Of Products: it says that it is a list of options, and its values are objects.
            return "given"
        return self.read.type.write

    def explain_unsupported(self, operation: Operation) -> str | None:
        """Why it is not written though Zoho takes it in some form."""
        if self.data_type == "subform":
            return "it is a subform, and rows of subforms cannot be written yet"
        if self.data_type in _LINKS and not self.link:
            return (
                f"it is a {self.data_type}, and in this version of its API Zoho does not report by "
                "which name a link calls the record at its other end"
            )
        if self.data_type in _LINKS and operation != "insert":
            # "Update Records": links are added to those there are, and a second one is an error.
            return f"it is a {self.data_type}, whose links can be written to new records only"
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
    def is_user(self) -> bool:
        return self.data_type in ("ownerlookup", "userlookup")

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
            link=_read_link(entry),
            options=Options.from_metadata(entry),
            label=str(entry.get("field_label") or ""),
        )


@dataclass(frozen=True, slots=True)
class TargetModule:
    """A module that records may be written to, with its fields by API name."""

    api_name: str
    custom: bool
    creatable: bool
    editable: bool
    deletable: bool
    #: Whether metadata says of a field that it is an External ID; that of v2 does not.
    reports_external: bool
    fields: Mapping[str, TargetField]

    @classmethod
    def from_metadata(
        cls, module: Mapping[str, Any], fields: Iterable[Mapping[str, Any]]
    ) -> "TargetModule":
        """From "Modules Metadata" and "Fields Metadata"."""
        entries = [entry for entry in fields if entry.get("api_name")]
        named = [TargetField.from_metadata(entry) for entry in entries]
        return cls(
            api_name=module["api_name"],
            custom=module.get("generated_type") == "custom",
            creatable=bool(module.get("creatable")),
            editable=bool(module.get("editable")),
            deletable=bool(module.get("deletable")),
            reports_external=any(_reports_external(entry) for entry in entries),
            fields={field.api_name: field for field in named},
        )


class TargetModules:
    """The modules of an org that can be written; their fields are read when asked for."""

    def __init__(self, directory: Directory, requester: Metadata) -> None:
        self._directory = directory
        self._requester = requester
        listed = directory.list_modules(requester)
        self._entries = {name: entry for name, entry in listed.items() if _is_writable(entry)}

    @property
    def names(self) -> list[str]:
        return sorted(self._entries)

    def find(self, names: Iterable[str]) -> dict[str, TargetModule]:
        """Those of the names that the org has. Raises where Zoho refuses the fields of one."""
        modules = {}
        for name, fields in self._read_fields(names).items():
            if isinstance(fields, Refused):
                raise fields
            modules[name] = self._describe(name, fields)
        return modules

    def find_current(self, name: str) -> TargetModule | None:
        """The module as Zoho describes it now; None where the org has no such module."""
        self._directory.ask_again(name)
        return self.find([name]).get(name)

    def find_described(self) -> str:
        """A module whose fields Zoho gives; raises where it refuses those of a few."""
        refusal: Refused | None = None
        for name in self.names[:_MODULES_TRIED]:
            fields = self._read_fields([name])[name]
            if not isinstance(fields, Refused):
                return name
            refusal = fields
        assert refusal is not None
        raise refusal

    def find_all(self) -> dict[str, TargetModule]:
        """All but those whose fields Zoho refuses, each of which costs a warning.

        Raises where it refuses those of all: then the reason is not in these modules.
        """
        modules = {}
        answers = self._read_fields(self.names)
        refusals = [fields for fields in answers.values() if isinstance(fields, Refused)]
        if refusals and len(refusals) == len(answers):
            raise refusals[0]
        for name, fields in answers.items():
            if isinstance(fields, Refused):
                LOGGER.warning(f"{name} is left out: {fields.message}")
            else:
                modules[name] = self._describe(name, fields)
        return modules

    def find_with_lookups(
        self, names: Iterable[str], lookups: Iterable[str]
    ) -> dict[str, TargetModule]:
        """These modules, and those that their fields named in `lookups` point at, however these
        names are spelled."""
        modules = self.find(names)
        wanted = {fold_spelling(name) for name in lookups}
        fields = [field for module in modules.values() for field in module.fields.values()]
        targets = {
            field.lookup_module or ""
            for field in fields
            if wanted & {fold_spelling(field.api_name), fold_spelling(field.label)}
        }
        return modules | self.find(targets)

    def _read_fields(self, names: Iterable[str]) -> dict[str, list[Any] | Refused]:
        wanted = dict.fromkeys(name for name in names if name in self._entries)
        return self._directory.read_fields_of(wanted, self._requester)

    def _describe(self, name: str, fields: Iterable[Any]) -> TargetModule:
        return TargetModule.from_metadata(self._entries[name], fields)


def _is_writable(module: Mapping[str, Any]) -> bool:
    return (
        bool(module.get("api_supported", True))
        and module.get("generated_type") not in _NOT_WRITABLE
        and module["api_name"] not in _MADE_BY_OTHER_CALLS
        and any(module.get(flag) for flag in ("creatable", "editable", "deletable"))
    )


def _read_writability(entry: Mapping[str, Any], field: Field) -> tuple[bool, bool]:
    """Whether a call may set the field in a new record, and in one that exists.

    `operation_type` says so from v6 on. Before that, `view_type` says what people may do in forms,
    which is the same but for tags. `field_read_only` misleads: it is true of Owner.
    """
    if field.api_name == "id" or field.computed or entry.get("read_only"):
        return False, False
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


def _read_link(entry: Mapping[str, Any]) -> str | None:
    """The linking module has a lookup to each end. A row of the field names the one to the other
    end: v8 calls it the connected one among `linking_details`, earlier versions by a flat name."""
    for kind in _LINKS:
        details = as_object(entry.get(kind))
        connected = as_object(
            as_object(details.get("linking_details")).get("connected_lookup_field")
        )
        link = connected.get("api_name") or details.get("connectedlookup_apiname")
        if isinstance(link, str) and link:
            return link
    return None


def _reports_external(entry: Mapping[str, Any]) -> bool:
    """v2 has the key `external`, too, null in every field; the other keys came with later versions,
    which report it truly."""
    return bool(entry.get("external")) or "filterable" in entry or "operation_type" in entry
