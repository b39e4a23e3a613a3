"""Files for Bulk Write: a ZIP with one CSV, written as rows come in."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from destination_zoho_crm.bulk_columns import BulkColumn
from zoho_crm.problems import config_error
from zoho_crm.temporary_files import find_folder, has_no_room

#: "Bulk Write: Limitations": of one file. UNVERIFIED: the page also names 10,000 rows a request.
MOST_ROWS = 25_000
MOST_COLUMNS = 200
_MOST_BYTES = 25 * 1000 * 1000
#: Bytes that the packer may still hold back, and what a ZIP needs besides its rows.
_PENDING = 1024 * 1024
_MOST_BYTES_OF_A_LETTER = 4


class BulkFile:
    """A temporary file that holds a ZIP with one CSV; it is gone when it is closed."""

    def __init__(self, module: str, columns: Sequence[BulkColumn]) -> None:
        self.name = f"{module}.csv"
        self.rows = 0
        self._file = tempfile.TemporaryFile(prefix="zoho-bulk-write-")  # noqa: SIM115 - see close
        self._archive = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._entry = self._archive.open(self.name, "w")
        # Line ends and all else within quotes are the value's own. What begins like a formula is
        # text: Zoho is no spreadsheet.
        self._text = io.TextIOWrapper(self._entry, "utf-8", newline="", write_through=True)
        self._writer = csv.writer(self._text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._writer.writerow([column.name for column in columns])

    def has_room(self, cells: Sequence[str]) -> bool:
        """Whether the file takes this row besides, however badly it is packed."""
        size = self._file.tell() + _PENDING + sum(map(len, cells)) * _MOST_BYTES_OF_A_LETTER
        return self.rows < MOST_ROWS and (size < _MOST_BYTES or not self.rows)

    def add(self, cells: Sequence[str]) -> None:
        self._writer.writerow(cells)
        self.rows += 1

    def finish(self) -> IO[bytes]:
        """The whole ZIP."""
        self._text.close()
        self._archive.close()
        self._file.flush()
        return self._file

    def read_rows(self) -> Iterator[list[str]]:
        """The rows of a file that is finished."""
        with zipfile.ZipFile(self._file) as archive, archive.open(self.name) as entry:
            rows = csv.reader(io.TextIOWrapper(entry, "utf-8", newline=""))
            next(rows)
            yield from rows

    def close(self) -> None:
        for part in (self._text, self._archive, self._file):
            # On a full disk each fails once more.
            with suppress(OSError, ValueError):
                part.close()


@contextmanager
def explain_full_disk(stream: str) -> Iterator[None]:
    """Errors of the disk as one sentence for the user."""
    try:
        yield
    except OSError as error:
        if not has_no_room(error):
            raise
        raise config_error(
            f"{stream}: rows for Bulk Write cannot be saved in {find_folder()} "
            f"({error.strerror}). Free space there, set TMPDIR to another folder, or choose REST "
            "in Write method (write_method)."
        ) from error
