"""Zoho's metadata of the modules of an org and their fields, asked for once a run."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, Protocol, TypeVar

from zoho_crm.errors import (
    INVALID_DATA,
    NOT_SERVED,
    PERMISSION_LACKING,
    SCOPE_LACKING,
    lacks_feature,
)
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Field calls side by side. 200 modules at 100 ms take 5 s with 10, 9 s with 4.
_SIDE_BY_SIDE = 10

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

    Modules are listed once, and the fields of a module are asked for once; what Zoho gives, or its
    refusal, is remembered. A connector builds its own view (`view`) from these entries.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._modules: dict[str, Entry] | None = None
        self._fields: dict[str, list[Any] | Refused] = {}
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

    def read_fields(self, module: str, requester: Metadata) -> list[Any] | Refused:
        """The entries of the module's fields ("Fields Metadata"), or why Zoho refuses them.

        Raises a refusal that says nothing of this module, and any other failure; the next call for
        the module asks Zoho again.
        """
        known = self._fields.get(module)
        if known is None:
            known = _ask_for_fields(module, requester)
            self._fields[module] = known
        return known

    def read_fields_of(
        self, modules: Iterable[str], requester: Metadata
    ) -> dict[str, list[Any] | Refused]:
        """`read_fields` of several modules side by side; after a failure none is begun."""
        names = list(modules)
        answers = self._pool.map(lambda name: self.read_fields(name, requester), names)
        return dict(zip(names, answers, strict=True))

    def start(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs `work`, which reads fields, beside the others of the run."""
        return self._pool.submit(work, *args, **kwargs)

    def ask_again(self, module: str) -> None:
        """Drops the fields of the module, so that Zoho is asked for them again."""
        self._fields.pop(module, None)

    @property
    def refusals(self) -> dict[str, Refused]:
        """Why Zoho refuses the fields of modules, by API name, in the order of its answers."""
        known = list(self._fields.items())
        return {name: answer for name, answer in known if isinstance(answer, Refused)}


def _ask_for_fields(module: str, requester: Metadata) -> list[Any] | Refused:
    try:
        return requester.metadata("settings/fields", "fields", module=module)
    except Refused as refusal:
        if is_of_one_module(refusal):
            return refusal
        raise


def _by_name(modules: Iterable[Any]) -> Iterable[tuple[str, Entry]]:
    for module in modules:
        name = module.get("api_name") if isinstance(module, Mapping) else None
        if isinstance(name, str) and name:
            yield name, module
        else:
            LOGGER.warning("Zoho lists a module without api_name, which cannot be used.")
