"""The modules of an org as the source sees them: which are streams, and their readable fields."""

import logging
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from airbyte_cdk.models import FailureType

from source_zoho_crm.advice import Advice
from source_zoho_crm.download_pace import DownloadPace
from source_zoho_crm.driver import Room
from source_zoho_crm.progress import Progress
from source_zoho_crm.readers.column_groups import WideQueries
from source_zoho_crm.readers.windows import CURSOR_FIELD
from source_zoho_crm.verdicts import Verdict
from zoho_crm.directory import Directory, Metadata
from zoho_crm.domains import DOTS, quote_path_part
from zoho_crm.errors import SCOPE_LACKING
from zoho_crm.fields import Field
from zoho_crm.manifest import load_downloads_a_minute
from zoho_crm.org import Org
from zoho_crm.problems import Refused, Unreadable

LOGGER = logging.getLogger("airbyte")

_NO_FIELDS = "Zoho names no field of it that a record carries."

#: What "Modules Metadata" calls modules whose rows belong to records of other modules, and how many
#: of them are asked for deletions. UNVERIFIED: that those of a kind are all alike.
_CHILDREN = {"subform": 2, "static_subform": 2, "linking": 1}


@dataclass(frozen=True, slots=True)
class Module:
    """A module of "Modules Metadata", and the fields that a list of its records can carry."""

    api_name: str
    metadata: Mapping[str, Any]
    fields: tuple[Field, ...]
    #: Why it is not a stream; None: it is one.
    not_offered_because: str | None = None
    #: Zoho's answer about its fields or deletions is unreadable: it is not known whether it is a
    #: stream.
    unreadable: Unreadable | None = None
    #: Zoho names no field of it that a record carries.
    has_no_fields: bool = False
    #: Its changes can be followed by Modified_Time, and its deletions too.
    windowed: bool = False
    #: Subforms whose rows are not a module: they are inside records only.
    inner_subforms: tuple[str, ...] = ()
    #: Zoho lists its deletions; of a child module, it has listed one.
    lists_deletions: bool = True

    @property
    def is_convertible(self) -> bool:
        """Its records can be converted into others; lists and queries may then hide them."""
        return bool(self.metadata.get("convertable"))

    @property
    def is_child(self) -> bool:
        """Its rows belong to records of other modules: line items, subforms, links."""
        return self.metadata.get("generated_type") in _CHILDREN

    @property
    def is_internal(self) -> bool:
        """One of Zoho's own tables, which few profiles may see and nobody edits."""
        return self.metadata.get("generated_type") == "default" and not (
            self.metadata.get("creatable") or self.metadata.get("editable")
        )


def get_modules(org: Org) -> "SourceModules":
    """The org's modules, one view for all components of a run."""
    return org.directory.view(SourceModules)


class SourceModules:
    """The modules of one org and their readable fields. Safe to use from several threads."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._children_lock = threading.Lock()
        self._listed: dict[str, bool | Unreadable] = {}
        self._modules: dict[str, Future[Module]] = {}
        self._failure: Exception | None = None
        self._unreadable: Unreadable | None = None
        self._scope_refusal: Refused | None = None
        #: Modules whose records Zoho refuses altogether in this run.
        self.records_refused: set[str] = set()
        #: Here because it is one per run, too: Zoho limits the downloads of an org.
        self.download_pace = DownloadPace(load_downloads_a_minute())
        self.wide_queries = WideQueries()
        self.room = Room()
        self.advice = Advice()
        self.progress = Progress()
        #: Whether Zoho counts as many records as were read, by stream.
        self.verdicts: dict[str, Verdict] = {}
        #: For Automatic; None: not known yet.
        self.usable_methods: set[str] | None = None

    def list_names(self, requester: Metadata) -> list[str]:
        """The API names of all modules of the org, in Zoho's order."""
        return list(self._directory.list_modules(requester))

    def count_served(self, requester: Metadata) -> int:
        """How many modules Zoho's API serves to the user."""
        listed = self._directory.list_modules(requester)
        return sum(_find_why_unserved(name, entry) is None for name, entry in listed.items())

    def read_modules(self, names: Iterable[str], requester: Metadata) -> Iterable[Module]:
        """Those of the named modules that the org has; their fields are fetched side by side."""
        known = self._directory.list_modules(requester)
        wanted = [name for name in names if name in known]
        for name in wanted:
            self._start(name, requester)
        for name in wanted:
            yield self.read_module(name, requester)

    def read_module(self, name: str, requester: Metadata) -> Module:
        return self._start(name, requester).result()

    def find_known(self, name: str) -> Module | None:
        """The module, if its fields were asked for."""
        with self._lock:
            future = self._modules.get(name)
        return None if future is None else future.result()

    def ask_again(self, names: Iterable[str]) -> None:
        """Drops the fields of these modules, so that Zoho is asked for them again."""
        with self._lock:
            for name in names:
                self._modules.pop(name, None)

    def raise_if_scope_lacking(self) -> None:
        """Raises if Zoho gives the fields of no module that was asked for, and refuses some because
        the token lacks a scope: then the reason is not in these modules."""
        asked = (future.result() for future in self._modules.values())
        if self._scope_refusal and not any(module.fields for module in asked):
            raise self._scope_refusal

    def _start(self, name: str, requester: Metadata) -> Future[Module]:
        entry = self._directory.list_modules(requester)[name]
        with self._lock:
            if name not in self._modules:
                self._modules[name] = self._directory.start(self._read, name, entry, requester)
            return self._modules[name]

    def _read(self, name: str, entry: Mapping[str, Any], requester: Metadata) -> Module:
        """After the first failure no more calls are made: each would be retried as long."""
        if self._failure is not None:
            raise self._failure
        try:
            return self._describe(name, entry, requester)
        except Exception as failure:
            self._failure = failure
            raise

    def _describe(self, name: str, metadata: Mapping[str, Any], requester: Metadata) -> Module:
        if reason := _find_why_unserved(name, metadata):
            return Module(name, metadata, (), reason)
        try:
            raw = self._directory.ask_for_fields(name, requester)
        except Unreadable as unreadable:
            if self._unreadable is not None:
                # Not this module's alone; and each would be retried for a minute.
                raise
            self._unreadable = unreadable
            return Module(name, metadata, (), unreadable.message, unreadable)
        if isinstance(raw, Refused):
            if raw.code == SCOPE_LACKING:
                self._scope_refusal = raw
            return Module(name, metadata, (), raw.message)
        fields = tuple(_read_fields(name, raw))
        if not fields:
            return Module(name, metadata, (), _NO_FIELDS, has_no_fields=True)
        stamped = any(f.api_name == CURSOR_FIELD and f.data_type == "datetime" for f in fields)
        inner = tuple(_find_inner_subforms(raw, self._directory.list_modules(requester)))
        module = Module(name, metadata, fields, windowed=stamped, inner_subforms=inner)
        if not module.is_child:
            return module
        listed = self._lists_deletions(metadata["generated_type"], requester)
        if isinstance(listed, Unreadable):
            return Module(name, metadata, (), listed.message, listed)
        if listed:
            return module
        return replace(module, windowed=False, lists_deletions=False)

    def _lists_deletions(self, kind: str, requester: Metadata) -> bool | Unreadable:
        """Whether Zoho lists removed rows of child modules of this kind, or why this is not known.

        UNVERIFIED: "Get Deleted Records" speaks of records only. An empty list proves nothing, so
        an entry must be seen. The same few modules are asked whatever streams are read: a run must
        not contradict the discovery, which pays a call for each module and a few more.
        """
        with self._children_lock:
            if kind not in self._listed:
                names = [
                    name
                    for name, metadata in self._directory.list_modules(requester).items()
                    if metadata.get("generated_type") == kind
                    and not _find_why_unserved(name, metadata)
                ]
                try:
                    self._listed[kind] = any(
                        _has_listed_a_deletion(name, requester) for name in names[: _CHILDREN[kind]]
                    )
                except Unreadable as unreadable:
                    # Each module of the kind would be retried for a minute.
                    self._listed[kind] = unreadable
            return self._listed[kind]


def _has_listed_a_deletion(name: str, requester: Metadata) -> bool:
    try:
        return bool(requester.metadata(f"{quote_path_part(name)}/deleted", "data", per_page="1"))
    except Refused as refusal:
        if refusal.failure_type == FailureType.transient_error:
            raise
        return False


def _find_why_unserved(name: str, metadata: Mapping[str, Any]) -> str | None:
    if name in DOTS:
        return "Its name cannot be part of an address."
    if not metadata.get("api_supported", True):
        return "Zoho's API does not serve this module."
    if not metadata.get("viewable", True):
        return "The user who made the refresh token may not view this module."
    return None


def _find_inner_subforms(raw: Iterable[Any], modules: Mapping[str, Any]) -> Iterable[str]:
    for entry in raw:
        if isinstance(entry, Mapping) and entry.get("data_type") == "subform":
            target = entry.get("associated_module") or entry.get("subform")
            name = target.get("module") if isinstance(target, Mapping) else entry.get("api_name")
            if name not in modules and isinstance(entry.get("api_name"), str):
                yield entry["api_name"]


def _read_fields(module: str, raw: Iterable[Any]) -> Iterable[Field]:
    names: set[str] = set()
    for entry in raw:
        name = entry.get("api_name") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or not name:
            LOGGER.warning(f"{module}: Zoho describes a field without api_name; it is left out.")
            continue
        if name in names:
            LOGGER.warning(f"{module}.{name}: Zoho describes this field twice; the first counts.")
            continue
        names.add(name)
        field = Field.from_metadata(entry)
        if field.left_out:
            continue
        if not field.known:
            LOGGER.warning(
                f"{module}.{field.api_name}: data type {field.data_type!r} is unknown; "
                "it is read as a string."
            )
        yield field
