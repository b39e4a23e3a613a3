"""The CSV in an uploaded ZIP: its header, and its rows, read anew for each pass."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoho_emulator.errors import ZohoError

#: "Bulk Write: Limitations".
MOST_COLUMNS = 200
DELIMITERS = ",;:|"
#: UNVERIFIED: how a file that is not UTF-8 is read; Zoho says that it finds out by itself.
_FALLBACK = "ISO-8859-1"
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')


@dataclass(frozen=True, slots=True)
class Table:
    path: Path
    name: str
    encoding: str
    delimiter: str
    header: Sequence[str]
    #: Rows after the header.
    count: int

    def read_rows(self) -> Iterator[list[str]]:
        """The rows after the header, lines without anything excepted."""
        rows = _read_lines(self.path, self.name, self.encoding, self.delimiter)
        next(rows, None)
        yield from rows


def find_names(path: Path) -> list[str]:
    """The files in a ZIP."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [item.filename for item in archive.infolist() if not item.is_dir()]
    except zipfile.BadZipFile:
        raise _unsupported() from None


def open_table(path: Path, name: str, encoding: str | None, *, most_rows: int) -> Table:
    """The CSV of this name, read through once; raises for what no job can be made of."""
    if not name.lower().endswith(".csv"):
        raise _unsupported()
    chosen = _choose_encoding(path, name, encoding)
    with zipfile.ZipFile(path) as archive, archive.open(name) as file:
        first = io.TextIOWrapper(file, _decoder(chosen), errors="replace").readline()
    delimiter = _find_delimiter(first)
    count, header = -1, list[str]()
    try:
        for count, row in enumerate(_read_lines(path, name, chosen, delimiter)):
            header = header or row
            # UNVERIFIED: code and message; the page calls it an improper file.
            if count > most_rows:
                raise ZohoError(
                    "LIMIT_EXCEEDED", f"a file should not have more than {most_rows} records"
                )
    except (csv.Error, zipfile.BadZipFile, RuntimeError):
        raise _unsupported() from None
    # UNVERIFIED: what a file without a header is answered.
    if not header:
        raise _unsupported()
    if len(header) > MOST_COLUMNS:
        message = f"header count should not exceed {MOST_COLUMNS}"
        raise ZohoError("HEADER_LIMIT_EXCEEDED", message)
    return Table(path, name, chosen, delimiter, [text.strip() for text in header], count)


def _read_lines(path: Path, name: str, encoding: str, delimiter: str) -> Iterator[list[str]]:
    with zipfile.ZipFile(path) as archive, archive.open(name) as file:
        text = io.TextIOWrapper(file, _decoder(encoding), errors="replace", newline="")
        yield from (row for row in csv.reader(text, delimiter=delimiter) if row)


def _decoder(encoding: str) -> str:
    """A mark of the byte order is no part of the first name."""
    return "utf-8-sig" if encoding == "UTF-8" else encoding


def _choose_encoding(path: Path, name: str, given: str | None) -> str:
    if given is not None:
        try:
            found = codecs.lookup(given).name
        except LookupError:
            # UNVERIFIED: code and message.
            raise ZohoError("INVALID_DATA", "invalid data - character_encoding") from None
        return "UTF-8" if found == "utf-8" else given
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            while block := file.read(256 * 1024):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _FALLBACK
    except (zipfile.BadZipFile, RuntimeError):
        raise _unsupported() from None
    return "UTF-8"


def _find_delimiter(header: str) -> str:
    """The one that the header has most of, outside of quotes."""
    bare = _QUOTED.sub("", header)
    return max(DELIMITERS, key=bare.count)


def _unsupported() -> ZohoError:
    return ZohoError("FILE_NOT_SUPPORTED", "File not supported for bulk write")
