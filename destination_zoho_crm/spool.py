"""Rows that wait on disk to be written together."""

import os
import pickle
import tempfile
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.bulk_files import MOST_ROWS
from destination_zoho_crm.protocol import Row, parse_row
from destination_zoho_crm.row_counts import Segment
from destination_zoho_crm.row_order import MatchValue
from destination_zoho_crm.rows import EncodedRow
from zoho_crm.problems import config_error
from zoho_crm.temporary_files import find_folder

#: Of a chunk, on disk.
MOST_BYTES = 64 * 1024 * 1024

_BUFFER_BYTES = 64 * 1024


class Chunk:
    """Rows of one stream, in their order. A few bytes of each are in memory; the row as it came and
    its record are in a temporary file without a name, which is gone when the process ends.

    One thread fills it; when it is sealed, others read it. Raises a config error where the disk
    does not take a row.
    """

    def __init__(self) -> None:
        #: Places in the file: where a row begins and where its record does.
        self._lines = array("I")
        self._records = array("I")
        self._size = 0
        #: Where rows of another segment begin.
        self._starts: list[int] = []
        self.segments: list[Segment] = []
        #: The values by which Zoho may match the rows, as numbers.
        self.values = array("q")
        try:
            self._file = tempfile.TemporaryFile(  # noqa: SIM115 - it outlives this call
                prefix="zoho-rows-", buffering=_BUFFER_BYTES
            )
        except OSError as error:
            raise _build_disk_error(error) from error

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def is_full(self) -> bool:
        return len(self) >= MOST_ROWS or self._size >= MOST_BYTES

    def append(self, row: EncodedRow, values: Iterable[MatchValue]) -> None:
        # A pickle keeps whatever the encoder makes; nobody else can write to the file.
        record = pickle.dumps((row.record, row.key), pickle.HIGHEST_PROTOCOL)
        try:
            self._file.write(row.row.line)
            self._file.write(record)
        except OSError as error:
            raise _build_disk_error(error) from error
        if not self.segments or self.segments[-1] is not row.segment:
            self._starts.append(len(self))
            self.segments.append(row.segment)
        self._lines.append(self._size)
        self._records.append(self._size + len(row.row.line))
        self._size += len(row.row.line) + len(record)
        self.values.extend(map(hash, values))

    def seal(self) -> None:
        """No row follows."""
        try:
            self._file.flush()
        except OSError as error:
            raise _build_disk_error(error) from error

    def read(self, number: int) -> tuple[Mapping[str, Any], str | None]:
        """The record of a row, and its key."""
        begin = self._records[number]
        end = self._lines[number + 1] if number + 1 < len(self) else self._size
        record, key = pickle.loads(self._read(begin, end))
        return record, key

    def read_all(self) -> Iterator[tuple[Mapping[str, Any], str | None]]:
        return map(self.read, range(len(self)))

    def read_row(self, number: int) -> Row:
        """The row as it came."""
        return parse_row(self._read(self._lines[number], self._records[number]))

    def find_segment(self, number: int) -> Segment:
        return self.segments[bisect_right(self._starts, number) - 1]

    def close(self) -> None:
        """Gives the disk back."""
        with suppress(OSError):
            self._file.close()

    def _read(self, begin: int, end: int) -> bytes:
        return os.pread(self._file.fileno(), end - begin, begin)


def _build_disk_error(error: OSError) -> AirbyteTracedException:
    """A config error: a full disk stays full. What was spooled has no outcome, so its STATE stays
    and the next sync brings the rows again."""
    return config_error(
        f"Rows that wait for Bulk Write cannot be kept in {find_folder()} "
        f"({error.strerror or error}). Nothing is lost: the next sync brings them again. Free "
        "space there, set TMPDIR to another folder, or choose REST in Write method (write_method)."
    )
