"""Modules and fields as the destination sees them: what can be written."""

import logging
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from destination_zoho_crm.naming import fold_spelling
from destination_zoho_crm.target_fields import (
    LINE_ITEMS,
    PRICE_RANGES,
    TargetField,
    reports_external,
)
from zoho_crm.directory import Directory, Metadata
from zoho_crm.json_text import as_object
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Modules that are tried until Zoho gives the fields of one.
_MODULES_TRIED = 5

#: Their records are made by other calls than "Insert Records": a file comes with each.
_MADE_BY_OTHER_CALLS = ("Attachments",)
#: "Insert Records": rows that a new record must bring, whatever metadata says.
_ROWS_OF_NEW = {**LINE_ITEMS, "Price_Books": (PRICE_RANGES,)}
#: Rows of a parent, which are written inside it.
_OF_ROWS = ("subform", "static_subform")
#: Rows of a parent, and pages that are not records. Of other kinds, their flags alone decide:
#: the history of rescheduled appointments is a hidden "field_tracker", and can be written.
_NOT_WRITABLE = (*_OF_ROWS, "web")


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
    #: Of rows of a subform: the module of the records that they belong to.
    parent: str | None = None

    @classmethod
    def from_metadata(
        cls, module: Mapping[str, Any], fields: Iterable[Mapping[str, Any]]
    ) -> "TargetModule":
        """From "Modules Metadata" and "Fields Metadata"."""
        entries = [entry for entry in fields if entry.get("api_name")]
        needed = _ROWS_OF_NEW.get(module["api_name"], ())
        named = [
            replace(field, mandatory=True) if field.api_name in needed else field
            for field in map(TargetField.from_metadata, entries)
        ]
        return cls(
            api_name=module["api_name"],
            custom=module.get("generated_type") == "custom",
            creatable=bool(module.get("creatable")),
            editable=bool(module.get("editable")),
            deletable=bool(module.get("deletable")),
            reports_external=any(reports_external(entry) for entry in entries),
            fields={field.api_name: field for field in named},
            parent=_read_parent(module),
        )


class TargetModules:
    """The modules of an org that can be written; their fields are read when asked for."""

    def __init__(self, directory: Directory, requester: Metadata) -> None:
        self._directory = directory
        self._requester = requester
        listed = directory.list_modules(requester)
        self._entries = {name: entry for name, entry in listed.items() if _is_writable(entry)}
        self._row_entries = {
            name: entry
            for name, entry in listed.items()
            if entry.get("generated_type") in _OF_ROWS and entry.get("api_supported", True)
        }
        self._lock = threading.Lock()
        self._described: dict[str, Future[TargetModule | Refused]] = {}

    @property
    def names(self) -> list[str]:
        return sorted(self._entries)

    def find(self, names: Iterable[str]) -> dict[str, TargetModule]:
        """Those of the names that the org has. Raises where Zoho refuses the fields of one."""
        modules = {}
        for name, module in self._read(names).items():
            if isinstance(module, Refused):
                raise module
            modules[name] = module
        return modules

    def find_current(self, name: str) -> TargetModule | None:
        """The module as Zoho describes it now; None where the org has no such module."""
        with self._lock:
            self._described.pop(name, None)
        return self.find([name]).get(name)

    def find_described(self) -> str:
        """A module whose fields Zoho gives; raises where it refuses those of a few."""
        refusal: Refused | None = None
        for name in self.names[:_MODULES_TRIED]:
            module = self._read([name])[name]
            if not isinstance(module, Refused):
                return name
            refusal = module
        assert refusal is not None
        raise refusal

    def find_all(self) -> dict[str, TargetModule]:
        """All but those whose fields Zoho refuses, each of which costs a warning.

        Raises where it refuses those of all: then the reason is not in these modules.
        """
        modules = {}
        answers = self._read(self.names)
        refusals = [answer for answer in answers.values() if isinstance(answer, Refused)]
        if refusals and len(refusals) == len(answers):
            raise refusals[0]
        for name, module in answers.items():
            if isinstance(module, Refused):
                LOGGER.warning(f"{name} is left out: {module.message}")
            else:
                modules[name] = module
        return modules

    def find_with_lookups(
        self, names: Iterable[str], lookups: Iterable[str], columns: Iterable[str] = ()
    ) -> dict[str, TargetModule]:
        """These modules, those that their fields named in `lookups` point at, and those of the rows
        of subforms named in `columns`, however these names are spelled."""
        modules = self.find(names)
        wanted = {fold_spelling(name) for name in lookups}
        rows = {fold_spelling(name) for name in columns}
        fields = [field for module in modules.values() for field in module.fields.values()]
        targets = {
            field.points_at or ""
            for field in fields
            if wanted & {fold_spelling(field.api_name), fold_spelling(field.label)}
        }
        targets |= {
            field.rows_module
            for field in fields
            if field.rows_module
            and rows & set(map(fold_spelling, (field.api_name, field.label, field.rows_module)))
        }
        targets |= {module.parent for module in modules.values() if module.parent}
        return modules | self.find(targets)

    def _read(self, names: Iterable[str]) -> dict[str, TargetModule | Refused]:
        """Described side by side, once each; what fails is asked for again by the next call."""
        known = self._entries | self._row_entries
        wanted = dict.fromkeys(name for name in names if name in known)
        with self._lock:
            for name in wanted:
                if name not in self._described:
                    self._described[name] = self._directory.start(self._describe, name)
            futures = {name: self._described[name] for name in wanted}
        try:
            return {name: future.result() for name, future in futures.items()}
        except Exception:
            with self._lock:
                for name, future in futures.items():
                    if self._described.get(name) is future:
                        del self._described[name]
            raise

    def _describe(self, name: str) -> TargetModule | Refused:
        fields = self._directory.ask_for_fields(name, self._requester)
        if isinstance(fields, Refused):
            return fields
        entry = self._entries.get(name) or self._row_entries[name]
        return TargetModule.from_metadata(entry, fields)


def _read_parent(module: Mapping[str, Any]) -> str | None:
    if module.get("generated_type") not in _OF_ROWS:
        return None
    name = as_object(module.get("parent_module")).get("api_name")
    return name if isinstance(name, str) and name else None


def _is_writable(module: Mapping[str, Any]) -> bool:
    return (
        bool(module.get("api_supported", True))
        and module.get("generated_type") not in _NOT_WRITABLE
        and module["api_name"] not in _MADE_BY_OTHER_CALLS
        and any(module.get(flag) for flag in ("creatable", "editable", "deletable"))
    )
