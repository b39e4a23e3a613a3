"""Zoho's metadata of the modules of an org and their fields, asked for once a run."""

import logging
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, Protocol, TypeVar

import orjson

from zoho_crm.errors import (
    INVALID_DATA,
    NOT_SERVED,
    PERMISSION_LACKING,
    SCOPE_LACKING,
    lacks_feature,
)
from zoho_crm.limits import EDITIONS
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Field calls side by side: as many as the largest edition allows. Of those, the org's gate lets in
#: as many as its own allows.
_SIDE_BY_SIDE = max(edition.calls_at_once for edition in EDITIONS.values())

#: UNVERIFIED: whether Zoho calls a module without fields metadata by another code than these.
_OF_ONE_MODULE = PERMISSION_LACKING | NOT_SERVED | {INVALID_DATA, SCOPE_LACKING}

Entry = Mapping[str, Any]
V = TypeVar("V")
T = TypeVar("T")
P = ParamSpec("P")


def is_of_one_module(refusal: Refused) -> bool:
    """Whether Zoho refuses this module only.

    A scope that the token lacks concerns all modules. Where the token has all scopes, or Zoho does
    not report them, other modules may be served.
    """
    own = refusal.code in _OF_ONE_MODULE or lacks_feature(refusal.code)
    return own and refusal.scopes_held is not False


class Metadata(Protocol):
    """Asks Zoho for settings."""

    def metadata(self, path: str, key: str, **params: str) -> list[dict[str, Any]]: ...


class Directory:
    """Zoho's entries of one org's modules and fields. Safe to use from several threads.

    Modules are listed once. A connector builds its own view (`view`) from these entries, and keeps
    what it makes of a module's fields. The entries themselves are large: only where `keeps_fields`
    are they kept, packed, for others of the run.
    """

    def __init__(self) -> None:
        self.keeps_fields = False
        self._fields: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._modules: dict[str, Entry] | None = None
        self._views: dict[Callable[[Directory], Any], Any] = {}
        self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="fields")

    def view(self, build: Callable[["Directory"], V]) -> V:
        """The run's one view of this kind, which the first call builds."""
        with self._lock:
            if build not in self._views:
                self._views[build] = build(self)
            view: V = self._views[build]
            return view

    def list_modules(self, requester: Metadata) -> Mapping[str, Entry]:
        """The entries of all modules by API name, in Zoho's order ("Modules Metadata")."""
        with self._lock:
            if self._modules is None:
                listed = requester.metadata("settings/modules", "modules")
                self._modules = dict(_by_name(listed))
            return self._modules

    def ask_for_fields(self, module: str, requester: Metadata) -> list[Any] | Refused:
        """The entries of the module's fields ("Fields Metadata"), or why Zoho refuses them.

        Raises a refusal that does not concern this module alone, and any other failure.
        """
        if packed := self._fields.get(module):
            kept: list[Any] = orjson.loads(zlib.decompress(packed))
            return kept
        try:
            entries = requester.metadata("settings/fields", "fields", module=module)
        except Refused as refusal:
            if is_of_one_module(refusal):
                return refusal
            raise
        if self.keeps_fields:
            self._fields[module] = zlib.compress(orjson.dumps(entries), level=1)
        return entries

    def start(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs `work`, which asks for fields, beside the others of the run."""
        return self._pool.submit(work, *args, **kwargs)


def _by_name(modules: Iterable[Any]) -> Iterable[tuple[str, Entry]]:
    for module in modules:
        name = module.get("api_name") if isinstance(module, Mapping) else None
        if isinstance(name, str) and name:
            yield name, module
        else:
            LOGGER.warning("Zoho lists a module without api_name, which cannot be used.")
