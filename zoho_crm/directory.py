"""The modules of an org and their fields, fetched once per run, whoever asks."""

import logging
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from airbyte_cdk.sources.declarative.requesters.requester import Requester

from zoho_crm.calls import answer, call
from zoho_crm.fields import NOT_IN_LISTS, Field

LOGGER = logging.getLogger("airbyte")

CURSOR_FIELD = "Modified_Time"

#: Field calls side by side. 200 modules at 100 ms take 5 s with 10, 9 s with 4.
_SIDE_BY_SIDE = 10


@dataclass(frozen=True, slots=True)
class Module:
    """A module of "Modules Metadata", and the fields that a list of its records can carry."""

    api_name: str
    metadata: Mapping[str, Any]
    fields: tuple[Field, ...]
    #: Why it is no stream; None: it is one.
    refusal: str | None

    @property
    def has_cursor(self) -> bool:
        return any(
            field.api_name == CURSOR_FIELD and field.data_type == "datetime"
            for field in self.fields
        )


class Directory:
    """What one org offers. Safe to use from several threads; each call to Zoho is made once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._metadata: dict[str, Mapping[str, Any]] | None = None
        self._modules: dict[str, Future[Module]] = {}
        self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="fields")
        self._ahead_s = 0.0

    def names(self, requester: Requester) -> list[str]:
        """The API names of all modules of the org, in Zoho's order."""
        return list(self._all(requester))

    def modules(self, names: Iterable[str], requester: Requester) -> Iterable[Module]:
        """The named modules, as far as the org has them; their fields are fetched side by side."""
        known = self._all(requester)
        wanted = [name for name in names if name in known]
        for name in wanted:
            self._future(name, requester)
        for name in wanted:
            yield self.module(name, requester)

    def module(self, name: str, requester: Requester) -> Module:
        return self._future(name, requester).result()

    def now(self) -> datetime:
        """Zoho's clock, as of its latest metadata answer."""
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self._ahead_s, UTC)

    def _all(self, requester: Requester) -> dict[str, Mapping[str, Any]]:
        with self._lock:
            if self._metadata is None:
                modules = self._get(requester, "settings/modules", {}, "modules")
                self._metadata = {module["api_name"]: module for module in modules}
            return self._metadata

    def _future(self, name: str, requester: Requester) -> Future[Module]:
        metadata = self._all(requester)[name]
        with self._lock:
            if name not in self._modules:
                self._modules[name] = self._pool.submit(self._fetch, name, metadata, requester)
            return self._modules[name]

    def _fetch(self, name: str, metadata: Mapping[str, Any], requester: Requester) -> Module:
        if not metadata.get("api_supported", True):
            return Module(name, metadata, (), "Zoho's API does not serve this module.")
        raw = self._get(requester, "settings/fields", {"module": name}, "fields")
        fields = tuple(_readable(name, raw))
        refusal = None if fields else "Zoho names no field of it that a list of records carries."
        return Module(name, metadata, fields, refusal)

    def _get(
        self, requester: Requester, path: str, params: Mapping[str, str], key: str
    ) -> list[dict[str, Any]]:
        response = call(requester, path=path, params=params)
        if response is not None and (date := response.headers.get("Date")):
            self._ahead_s = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
        return (answer(response) or {}).get(key) or []


def _readable(module: str, raw: Iterable[Mapping[str, Any]]) -> Iterable[Field]:
    for entry in raw:
        if not entry.get("api_name"):
            LOGGER.warning(f"{module}: Zoho describes a field without api_name; it is left out.")
            continue
        field = Field.from_metadata(entry)
        if field.data_type in NOT_IN_LISTS:
            continue
        if not field.known:
            LOGGER.warning(
                f"{module}.{field.api_name}: data type {field.data_type!r} is unknown; "
                "it is read as a string."
            )
        yield field


_directories: dict[tuple[str, str, str], Directory] = {}
_directories_lock = threading.Lock()


def directory(config: Mapping[str, Any]) -> Directory:
    """The directory of this account, shared by all components of a run."""
    with _directories_lock:
        return _directories.setdefault(_account(config), Directory())


def forget(config: Mapping[str, Any]) -> None:
    """The next run of this account fetches its metadata anew."""
    with _directories_lock:
        _directories.pop(_account(config), None)


def _account(config: Mapping[str, Any]) -> tuple[str, str, str]:
    return (config["_zoho"]["crm"], config["client_id"], config["refresh_token"])
