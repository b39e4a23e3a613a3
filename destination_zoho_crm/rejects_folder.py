"""Rejected rows in files of a folder."""

import os
import re
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.protocol import StreamKey
from zoho_crm.problems import config_error


class FolderStore:
    """One file per stream and run, made when a first row is rejected.

    A line is in its file before `append` returns. Only the file's owner may read it. It holds whole
    lines only: where one cannot be kept, what there is of it is cut off again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        self._files: dict[StreamKey, FileIO] = {}
        self._lock = threading.Lock()
        #: Why no row is kept any more.
        self._problem: str | None = None

    def check(self) -> None:
        """What is made on the way is its owner's alone. A folder that is there stays as it is:
        somebody else may have to see into it, and the files are private anyway."""
        folder = self._folder
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

    def append(self, stream: StreamKey, line: bytes) -> None:
        with self._lock:
            if self._problem is None:
                try:
                    _append(self._open_file(stream), line)
                except OSError as error:
                    self._problem = error.strerror or str(error)

    def are_kept(self, *, now: bool) -> bool:
        return True

    @property
    def failure(self) -> AirbyteTracedException | None:
        """A config error: a full disk stays full, and a sync that is tried again would add the same
        inserts and end in the same way."""
        if self._problem is None:
            return None
        return config_error(
            f"A rejected row cannot be kept in {self._folder}: {self._problem}. The sync ends "
            "here, so that no row is lost; all that it has acknowledged is written or kept. Make "
            "room in that folder or name another one in Rejected rows (object_storage_config), "
            "and sync again."
        )

    def close(self) -> None:
        """Some file systems report only now that they are full."""
        for file in self._files.values():
            try:
                file.close()
            except OSError as error:
                self._problem = self._problem or error.strerror or str(error)

    @property
    def places(self) -> Sequence[str]:
        return sorted(str(file.name) for file in self._files.values())

    def _open_file(self, stream: StreamKey) -> FileIO:
        if stream not in self._files:
            words = "-".join(re.sub(r"[^\w.-]", "_", part) for part in stream if part)
            path = self._folder / f"{words}-{self._run}-{len(self._files)}.jsonl"
            path.touch(mode=0o600, exist_ok=False)
            self._files[stream] = FileIO(path, "ab")
        return self._files[stream]


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
