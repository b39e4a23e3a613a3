"""Rejected rows: kept as JSON lines that can be written again, and counted against a limit."""

import os
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

import orjson
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.outcomes import Outcome
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.protocol import Row, StreamKey
from zoho_crm.problems import config_error

_LINE = orjson.OPT_APPEND_NEWLINE


def make_folder(folder: Path) -> None:
    """The folder is there and takes files, or a config error says why not.

    What is made on the way is its owner's alone. A folder that is there stays as it is: somebody
    else may have to see into it, and the files are private anyway.
    """
    probe = folder / f".zoho-crm-{threading.get_ident()}"
    try:
        # `parents=True` would make these with another mode.
        for missing in [one for one in (folder, *folder.parents) if not one.exists()][::-1]:
            missing.mkdir(mode=0o700, exist_ok=True)
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
    in `record` is there as it was read. Rows are in the file before their STATE goes out. Only the
    file's owner may read it. It holds whole lines only: where one cannot be kept, what there is of
    it is cut off again, and no other is taken.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._run = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        self._files: dict[StreamKey, FileIO] = {}
        self._lock = threading.Lock()
        #: Why no row is kept any more.
        self._problem: str | None = None

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
                "key_value": _read_plain(row.data, plan.key.source) if plan.key else None,
                "id": outcome.record_id,
                "code": outcome.code,
                "field": outcome.field,
                "message": outcome.message,
                "details": _limit_depth(outcome.details),
            },
        }
        with self._lock:
            if self._problem is None:
                try:
                    _append(self._open_file(plan.stream), orjson.dumps(line, option=_LINE))
                except OSError as error:
                    self._problem = error.strerror or str(error)
        if self.failure:
            raise self.failure

    @property
    def failure(self) -> AirbyteTracedException | None:
        """Why rows are not kept, if they are not. A config error: a full disk stays full, and a
        sync that is tried again would add the same inserts and end in the same way."""
        if self._problem is None:
            return None
        return config_error(
            f"A rejected row cannot be kept in {self._folder}: {self._problem}. The sync ends "
            "here, so that no row is lost; all that it has acknowledged is written or kept. Make "
            "room in that folder or name another one in Rejected rows (object_storage_config), "
            "and sync again."
        )

    def close(self) -> None:
        """Some file systems report only now that they are full; then `failure` says so."""
        for file in self._files.values():
            try:
                file.close()
            except OSError as error:
                self._problem = self._problem or error.strerror or str(error)

    @property
    def paths(self) -> list[str]:
        return sorted(str(file.name) for file in self._files.values())

    def _open_file(self, stream: StreamKey) -> FileIO:
        if stream not in self._files:
            assert self._folder is not None
            words = "-".join(re.sub(r"[^\w.-]", "_", part) for part in stream if part)
            path = self._folder / f"{words}-{self._run}-{len(self._files)}.jsonl"
            path.touch(mode=0o600, exist_ok=False)
            self._files[stream] = FileIO(path, "ab")
        return self._files[stream]


def _limit_depth(details: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What JSON can carry: its writer gives up sooner than its parser."""
    try:
        orjson.dumps({"rejected": {"details": details}})
    except orjson.JSONEncodeError:
        return {}
    return details or {}


def _append(file: FileIO, line: bytes) -> None:
    """The whole line, or nothing of it and an OSError."""
    end, done = file.seek(0, os.SEEK_END), 0
    try:
        while done < len(line):
            done += file.write(line[done:])
    except OSError:
        file.truncate(end)
        raise
    # A file whose folder was removed still takes lines, which are lost.
    if not os.path.samestat(Path(file.name).stat(), os.fstat(file.fileno())):
        raise OSError(f"another file has taken the place of {Path(file.name).name}")


def _read_plain(data: Mapping[str, Any] | None, column: str) -> str | int | float | bool | None:
    """The value of a key. What is nested finds no record, and JSON may not carry it."""
    value = (data or {}).get(column)
    return value if isinstance(value, str | int | float | bool) else None
