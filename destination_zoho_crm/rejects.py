"""Rejected rows: kept as JSON lines that can be written again, and counted against a limit."""

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import orjson

from destination_zoho_crm.outcomes import Outcome
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.protocol import Row, StreamKey
from zoho_crm.problems import config_error, transient_error


def make_folder(folder: Path) -> None:
    """The folder is there and takes files, or a config error says why not."""
    probe = folder / f".zoho-crm-{threading.get_ident()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except (OSError, ValueError) as error:
        raise config_error(
            f"The folder for rejected rows, {folder}, cannot be used: "
            f"{getattr(error, 'strerror', None) or error}."
        ) from None


class RejectedRows:
    """One file per stream and run, made when a first row is rejected.

    Each line is a RECORD of the protocol with one key more, `rejected`: the file is input for
    another `write`, which goes by that key only where an insert may have been carried out. What is
    in `record` stands there as it came. Rows are in the file before their STATE goes out. Only the
    file's owner may read it.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._run = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        self._files: dict[StreamKey, IO[bytes]] = {}
        self._lock = threading.Lock()

    def keep(self, plan: StreamPlan, row: Row, outcome: Outcome) -> None:
        if self._folder is None:
            return
        line = {
            "type": "RECORD",
            "record": orjson.Fragment(row.record),
            "rejected": {
                "module": plan.module.api_name,
                "operation": plan.operation,
                "key": plan.key.name if plan.key else None,
                "key_value": _plain(row.data, plan.key.source) if plan.key else None,
                "id": outcome.record_id,
                "code": outcome.code,
                "field": outcome.field,
                "message": outcome.message,
                "details": outcome.details or {},
            },
        }
        try:
            with self._lock:
                file = self._file(plan.stream)
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                file.flush()
        except OSError as error:
            raise transient_error(
                f"A rejected row cannot be kept in {self._folder}: {error.strerror}. "
                "The sync ends here, so that no row is lost."
            ) from None

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    @property
    def paths(self) -> list[str]:
        return sorted(file.name for file in self._files.values())

    def _file(self, stream: StreamKey) -> IO[bytes]:
        if stream not in self._files:
            assert self._folder is not None
            words = "-".join(re.sub(r"[^\w.-]", "_", part) for part in stream if part)
            path = self._folder / f"{words}-{self._run}-{len(self._files)}.jsonl"
            path.touch(mode=0o600, exist_ok=False)
            self._files[stream] = path.open("ab")
        return self._files[stream]


def _plain(data: Mapping[str, Any] | None, column: str) -> str | int | float | bool | None:
    """The value of a key. What is nested finds no record, and JSON may not carry it: its writer
    gives up sooner than its parser."""
    value = (data or {}).get(column)
    return value if isinstance(value, str | int | float | bool) else None
