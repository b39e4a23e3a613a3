"""The folder of the demo: zoho.duckdb, zoho.html and rejected are for the user, .state is ours."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo import DemoError


@dataclass(frozen=True, slots=True)
class Workplace:
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "zoho.duckdb"

    @property
    def page(self) -> Path:
        """The plots of the last run."""
        return self.folder / "zoho.html"

    @property
    def state(self) -> Path:
        return self.folder / ".state"

    @property
    def scratch(self) -> Path:
        """Files of one run; the config is among them, so nobody else may read here."""
        return self.state / "scratch"

    @property
    def rejected(self) -> Path:
        """Rows that the destination could not write; they stay until the user takes them away."""
        return self.folder / "rejected"

    @property
    def log(self) -> Path:
        """What PyAirbyte and the libraries under it print."""
        return self.logs / "run.log"

    @property
    def logs(self) -> Path:
        """All that was said on the way, of the last run only."""
        return self.state / "logs"

    def clear_database(self) -> None:
        for path in self._database_files():
            path.unlink(missing_ok=True)

    def put_database_aside(self) -> Path:
        """Renames the file to a name that is free, and returns it."""
        number = 1
        while (aside := self.database.with_name(f"zoho.duckdb.{number}")).exists():
            number += 1
        for path in self._database_files():
            if path.exists():
                path.rename(path.with_name(path.name.replace(self.database.name, aside.name)))
        return aside

    def _database_files(self) -> tuple[Path, Path]:
        return self.database, self.folder / "zoho.duckdb.wal"


@contextmanager
def workplace(folder: Path) -> Iterator[Workplace]:
    """The folder, made if need be, for one demo at a time."""
    place = Workplace(folder.absolute())
    place.state.mkdir(parents=True, exist_ok=True)
    place.state.chmod(0o700)
    with (place.state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"Another demo is at work in {folder}.") from None
        for folder_of_a_run in (place.scratch, place.logs):
            shutil.rmtree(folder_of_a_run, ignore_errors=True)
            folder_of_a_run.mkdir()
        try:
            yield place
        finally:
            shutil.rmtree(place.scratch, ignore_errors=True)


@contextmanager
def quiet(log: Path) -> Iterator[None]:
    """Sends all that this process and its children print into the log file.

    On the level of file descriptors, because PyAirbyte, the libraries it loads and the connector
    print from three places.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, old in zip((1, 2), kept, strict=True):
            os.dup2(old, descriptor)
            os.close(old)
