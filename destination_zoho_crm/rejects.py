"""Rejected rows: kept as JSON lines that can be written again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.outcomes import Outcome
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.protocol import Row, StreamKey
from destination_zoho_crm.rejects_folder import FolderStore
from destination_zoho_crm.row_shapes import PARENT
from destination_zoho_crm.settings import S3Bucket

_LINE = orjson.OPT_APPEND_NEWLINE


class Store(Protocol):
    """Where lines are kept. Safe to use from several threads."""

    @property
    def failure(self) -> AirbyteTracedException | None:
        """Why lines are not kept, if they are not. It stays, and no more are taken."""

    @property
    def places(self) -> Sequence[str]:
        """Where the lines of this run are."""

    def check(self) -> None:
        """Proves that lines can be kept and leaves nothing behind, or raises what is wrong."""

    def append(self, stream: StreamKey, line: bytes) -> None:
        """Takes the line, or sets `failure`."""

    def are_kept(self, *, now: bool) -> bool:
        """Whether all lines that were taken before this call outlive the process. `now`: else they
        may gather for some seconds, because each part costs a call."""

    def close(self) -> None:
        """No more lines come. What goes wrong only now sets `failure`."""


def open_store(kept_in: Path | S3Bucket | None) -> Store | None:
    """A store that takes rows; None: nowhere. Raises why it does not."""
    store = _build_store(kept_in)
    if store:
        store.check()
    return store


def _build_store(kept_in: Path | S3Bucket | None) -> Store | None:
    if isinstance(kept_in, S3Bucket):
        # Here, because S3's client takes a while to load, and few connections need it.
        from destination_zoho_crm.rejects_bucket import BucketStore

        return BucketStore(kept_in)
    return FolderStore(kept_in) if kept_in else None


class RejectedRows:
    """Each line is a RECORD of the protocol with one key more, `rejected`: it is input for another
    `write`, which goes by that key only where an insert may have been carried out. What is in
    `record` is there as it was read.
    """

    def __init__(self, store: Store | None) -> None:
        self._store = store

    def keep(self, plan: StreamPlan, row: Row, outcome: Outcome) -> None:
        """Raises why rows are not kept any more."""
        if self._store is None:
            return
        line = {
            "type": "RECORD",
            "record": orjson.Fragment(row.record),
            "rejected": {
                "module": plan.module.api_name,
                "operation": plan.operation,
                "key": plan.key.name if plan.key else None,
                "key_value": _read_plain(row.data, plan.key.source) if plan.key else None,
                "id": outcome.record_id,
                "code": outcome.code,
                "field": outcome.field,
                **_find_columns(plan, outcome.field),
                "message": outcome.message,
                "details": _limit_depth(outcome.details),
            },
        }
        self._store.append(plan.stream, orjson.dumps(line, option=_LINE))
        if self.failure:
            raise self.failure

    def are_kept(self, *, now: bool = False) -> bool:
        """Whether a STATE may report all rows that were rejected before this call."""
        return self._store is None or self._store.are_kept(now=now)

    @property
    def failure(self) -> AirbyteTracedException | None:
        return self._store.failure if self._store else None

    def close(self) -> None:
        if self._store:
            self._store.close()

    @property
    def places(self) -> Sequence[str]:
        return self._store.places if self._store else ()


def _find_columns(plan: StreamPlan, field: str | None) -> Mapping[str, str]:
    """The columns that were written to the fields, where they are called differently."""
    named = [column for column in (plan.key, *plan.columns) if column]
    sources = {column.name: column.source for column in named}
    if table := plan.table:
        sources = {f"{table.shape.field}.{one.name}": one.source for one in table.columns}
        sources |= {one.name: one.source for one in table.columns} | {PARENT: table.key.source}
    fields = field.split(", ") if field else []
    columns = [sources.get(name) or sources.get(name.partition(".")[0]) for name in fields]
    found = [one for one in dict.fromkeys(columns) if one is not None]
    return {} if found == fields or not found else {"column": ", ".join(found)}


def _limit_depth(details: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What JSON can carry: its writer gives up sooner than its parser."""
    try:
        orjson.dumps({"rejected": {"details": details}})
    except orjson.JSONEncodeError:
        return {}
    return details or {}


def _read_plain(data: Mapping[str, Any] | None, column: str) -> str | int | float | bool | None:
    """The value of a key. What is nested finds no record, and JSON may not carry it."""
    value = (data or {}).get(column)
    return value if isinstance(value, str | int | float | bool) else None
