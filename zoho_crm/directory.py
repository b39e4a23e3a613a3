"""The modules of an org and their fields, fetched once per run, whoever asks."""

import logging
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

from airbyte_cdk.models import FailureType

from zoho_crm.domains import DOTS, segment
from zoho_crm.errors import (
    INVALID_DATA,
    NOT_SERVED,
    PERMISSION_LACKING,
    SCOPE_LACKING,
    lacks_feature,
)
from zoho_crm.fields import Field
from zoho_crm.problems import Refused, Unreadable

LOGGER = logging.getLogger("airbyte")

CURSOR_FIELD = "Modified_Time"

#: Field calls side by side. 200 modules at 100 ms take 5 s with 10, 9 s with 4.
_SIDE_BY_SIDE = 10

_NO_FIELDS = "Zoho names no field of it that a record carries."

#: UNVERIFIED: whether Zoho calls a module without fields metadata by another code than these.
_OF_ONE_MODULE = PERMISSION_LACKING | NOT_SERVED | {INVALID_DATA, SCOPE_LACKING}

#: What "Modules Metadata" calls modules whose rows belong to records of other modules, and how many
#: of them are asked for deletions. UNVERIFIED: that those of a kind are all alike.
_CHILDREN = {"subform": 2, "static_subform": 2, "linking": 1}


def of_one_module(refusal: Refused) -> bool:
    """Whether a refusal to tell of a module is that module's own.

    A scope that the token lacks concerns all modules. Where it has all, or Zoho does not tell what
    it has, others may be served.
    """
    own = refusal.code in _OF_ONE_MODULE or lacks_feature(refusal.code)
    return own and refusal.scopes_held is not False


class Metadata(Protocol):
    """Whoever can ask Zoho for settings."""

    def metadata(self, path: str, key: str, **params: str) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Module:
    """A module of "Modules Metadata", and the fields that a list of its records can carry."""

    api_name: str
    metadata: Mapping[str, Any]
    fields: tuple[Field, ...]
    #: Why it is no stream; None: it is one.
    refusal: str | None = None
    #: What Zoho told of its fields or deletions; nobody knows whether it is one.
    unreadable: Unreadable | None = None
    #: Zoho names no field of it that a record carries.
    bare: bool = False
    #: Its changes can be followed by Modified_Time, and its deletions too.
    windowed: bool = False
    #: Subforms whose rows are no module: they are inside records only.
    inner_rows: tuple[str, ...] = ()
    #: Zoho lists its deletions. Those of children are believed in once one has been seen.
    lists_deletions: bool = True

    @property
    def convertible(self) -> bool:
        """Its records can be converted into others; lists and queries may then hide them."""
        return bool(self.metadata.get("convertable"))

    @property
    def child(self) -> bool:
        """Its rows belong to records of other modules: line items, subforms, links."""
        return self.metadata.get("generated_type") in _CHILDREN

    @property
    def internal(self) -> bool:
        """One of Zoho's own tables, which few profiles may see and nobody edits."""
        return self.metadata.get("generated_type") == "default" and not (
            self.metadata.get("creatable") or self.metadata.get("editable")
        )


class Directory:
    """What one org offers. Safe to use from several threads; each call to Zoho is made once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._children_lock = threading.Lock()
        self._listed: dict[str, bool | Unreadable] = {}
        self._metadata: dict[str, Mapping[str, Any]] | None = None
        self._modules: dict[str, Future[Module]] = {}
        self._failure: Exception | None = None
        self._unreadable: Unreadable | None = None
        self._without_scope: Refused | None = None
        #: Modules whose records Zoho has refused altogether, in this run.
        self.refused: set[str] = set()
        self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="fields")

    def names(self, requester: Metadata) -> list[str]:
        """The API names of all modules of the org, in Zoho's order."""
        return list(self._all(requester))

    def modules(self, names: Iterable[str], requester: Metadata) -> Iterable[Module]:
        """The named modules, as far as the org has them; their fields are fetched side by side."""
        known = self._all(requester)
        wanted = [name for name in names if name in known]
        for name in wanted:
            self._future(name, requester)
        for name in wanted:
            yield self.module(name, requester)

    def module(self, name: str, requester: Metadata) -> Module:
        return self._future(name, requester).result()

    def ask_again(self, names: Iterable[str]) -> None:
        """Forgets the fields of these modules, so that Zoho is asked for them once more."""
        with self._lock:
            for name in names:
                self._modules.pop(name, None)

    def assure_one(self) -> None:
        """Raises if Zoho has told the fields of no module that was asked for, and of some for want
        of a scope: then it is not these modules that it refuses."""
        asked = (future.result() for future in self._modules.values())
        if self._without_scope and not any(module.fields for module in asked):
            raise self._without_scope

    def _all(self, requester: Metadata) -> dict[str, Mapping[str, Any]]:
        with self._lock:
            if self._metadata is None:
                self._metadata = dict(_named(requester.metadata("settings/modules", "modules")))
            return self._metadata

    def _future(self, name: str, requester: Metadata) -> Future[Module]:
        metadata = self._all(requester)[name]
        with self._lock:
            if name not in self._modules:
                self._modules[name] = self._pool.submit(self._fetch, name, metadata, requester)
            return self._modules[name]

    def _fetch(self, name: str, metadata: Mapping[str, Any], requester: Metadata) -> Module:
        """After the first failure no call is made any more: each would be tried as long."""
        if self._failure is not None:
            raise self._failure
        try:
            return self._described(name, metadata, requester)
        except Exception as failure:
            self._failure = failure
            raise

    def _described(self, name: str, metadata: Mapping[str, Any], requester: Metadata) -> Module:
        if reason := _unserved(name, metadata):
            return Module(name, metadata, (), reason)
        try:
            raw = requester.metadata("settings/fields", "fields", module=name)
        except Refused as refusal:
            if not of_one_module(refusal):
                # It says nothing of what this module is.
                raise
            if refusal.code == SCOPE_LACKING:
                self._without_scope = refusal
            return Module(name, metadata, (), refusal.message)
        except Unreadable as unreadable:
            if self._unreadable is not None:
                # Not this module's alone; and each would be asked for a minute.
                raise
            self._unreadable = unreadable
            return Module(name, metadata, (), unreadable.message, unreadable)
        fields = tuple(_readable(name, raw))
        if not fields:
            return Module(name, metadata, (), _NO_FIELDS, bare=True)
        stamped = any(f.api_name == CURSOR_FIELD and f.data_type == "datetime" for f in fields)
        inner = tuple(_inner_rows(raw, self._all(requester)))
        module = Module(name, metadata, fields, windowed=stamped, inner_rows=inner)
        if not module.child:
            return module
        listed = self._lists_deletions(metadata["generated_type"], requester)
        if isinstance(listed, Unreadable):
            return Module(name, metadata, (), listed.message, listed)
        if listed:
            return module
        return replace(module, windowed=False, lists_deletions=False)

    def _lists_deletions(self, kind: str, requester: Metadata) -> bool | Unreadable:
        """Whether Zoho lists the removed rows of child modules of this kind, or why nobody knows.

        UNVERIFIED: "Get Deleted Records" speaks of records only. An empty list tells nothing, so an
        entry must be seen. The same few modules are asked whatever streams are read: a run must not
        contradict the discovery, which pays a call for each module and a few more.
        """
        with self._children_lock:
            if kind not in self._listed:
                names = [
                    name
                    for name, metadata in self._all(requester).items()
                    if metadata.get("generated_type") == kind and not _unserved(name, metadata)
                ]
                try:
                    self._listed[kind] = any(
                        _has_listed_a_deletion(name, requester) for name in names[: _CHILDREN[kind]]
                    )
                except Unreadable as unreadable:
                    # Each module of the kind would be asked for a minute.
                    self._listed[kind] = unreadable
            return self._listed[kind]


def _has_listed_a_deletion(name: str, requester: Metadata) -> bool:
    try:
        return bool(requester.metadata(f"{segment(name)}/deleted", "data", per_page="1"))
    except Refused as refusal:
        if refusal.failure_type == FailureType.transient_error:
            raise
        return False


def _unserved(name: str, metadata: Mapping[str, Any]) -> str | None:
    if name in DOTS:
        return "Its name cannot stand in an address."
    if not metadata.get("api_supported", True):
        return "Zoho's API does not serve this module."
    if not metadata.get("viewable", True):
        return "The user who made the refresh token may not view this module."
    return None


def _named(modules: Iterable[Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for module in modules:
        name = module.get("api_name") if isinstance(module, Mapping) else None
        if isinstance(name, str) and name:
            yield name, module
        else:
            LOGGER.warning("Zoho lists a module without api_name, which cannot be read.")


def _inner_rows(raw: Iterable[Any], modules: Mapping[str, Any]) -> Iterable[str]:
    for entry in raw:
        if isinstance(entry, Mapping) and entry.get("data_type") == "subform":
            told = entry.get("associated_module") or entry.get("subform")
            named = told.get("module") if isinstance(told, Mapping) else entry.get("api_name")
            if named not in modules and isinstance(entry.get("api_name"), str):
                yield entry["api_name"]


def _readable(module: str, raw: Iterable[Any]) -> Iterable[Field]:
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
