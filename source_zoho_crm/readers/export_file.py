"""Rows out of the file of an export ("Bulk Read: Download Result")."""

import csv
import io
import logging
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import IO, cast

from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.readers import Row
from zoho_crm.casts import Odd
from zoho_crm.data_types import CellCast
from zoho_crm.fields import Field
from zoho_crm.multi_select import MultiSelectTexts
from zoho_crm.problems import system_error, transient_error
from zoho_crm.temporary_files import MOST_BYTES

LOGGER = logging.getLogger("airbyte")

#: Few enough to stay in the processor's cache while their columns are cast one by one.
_AT_ONCE = 250
#: Bytes that are unpacked at a time.
_BLOCK = 2**18
#: Characters of a cell and of a row: far more than Zoho's longest field, a rich text of 50,000, and
#: few enough for the memory of any container ("Fields Metadata").
MOST_OF_A_CELL = 2**22
MOST_OF_A_ROW = 2**24
#: Rows are read at once until they have so many characters together.
_ENOUGH = 2**22
#: An id has fewer; Zoho's are numbers of 64 bits.
_DIGITS = 20


def read_rows(
    file: IO[bytes],
    module: str,
    fields: Sequence[Field],
    *,
    most_rows: int,
    texts: MultiSelectTexts | None = None,
) -> Iterator[list[Row]]:
    """The rows of a ZIP that holds one CSV, in their canonical form, some at a time.

    Neither the file nor what it unpacks to is in memory as a whole. A file that unpacks to
    more than 20 GB, or has more rows than an export can have, is refused. `texts` knows what other
    exports of the module have shown of multi-select texts. Bytes that are not UTF-8 become U+FFFD.
    A file without a byte has no rows.
    """
    if not file.seek(0, io.SEEK_END):
        return
    try:
        with zipfile.ZipFile(file) as archive:
            entry = _find_entry(archive)
            # The rest of the entry is never unpacked, even if it is longer than it says.
            with archive.open(entry) as unpacked:
                texts = texts or MultiSelectTexts(module)
                texts.ahead = partial(_find_multi_select_cells, archive, entry, fields)
                yield from _read_pages(_Table(unpacked), module, fields, most_rows, texts)
    except (zipfile.BadZipFile, zlib.error, EOFError, csv.Error) as error:
        if _CELL_TOO_LONG in str(error):
            raise _too_long_error(module, "value", MOST_OF_A_CELL) from None
        raise transient_error(
            f"An export that Zoho made is damaged ({error}). Try again later."
        ) from error
    except _TooLong:
        raise _too_long_error(module, "record", MOST_OF_A_ROW) from None


#: What the csv module says of one.
_CELL_TOO_LONG = "field larger than field limit"


def _too_long_error(module: str, what: str, most: int) -> AirbyteTracedException:
    return system_error(
        f"{module}: Zoho's export holds a {what} of more than {most:,} characters, which no field "
        "of Zoho's can hold. Choose fewer columns, or enable COQL."
    )


class _TooLong(Exception):  # noqa: N818 - users get another sentence
    """A row of a CSV is longer than any may be."""


class _Blocks(io.BufferedIOBase):
    """A file that gives large blocks where small ones are asked for: TextIOWrapper has no setting
    for it, and each block costs as much as eight rows."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1, /) -> bytes:
        return self._file.read(_BLOCK)


class _Table:
    """The rows of a CSV; of a row that is too long, no more than the limit is in memory."""

    def __init__(self, unpacked: IO[bytes]) -> None:
        # Texts of Zoho are longer than the csv module's own limit of a cell.
        csv.field_size_limit(MOST_OF_A_CELL)
        blocks = cast("IO[bytes]", _Blocks(unpacked))
        self._text = io.TextIOWrapper(blocks, "utf-8-sig", "replace", newline="")
        # A blank line at the end is not a row.
        self._rows = filter(None, csv.reader(self._read_lines()))
        #: Characters since the latest page.
        self._characters = 0

    def read_header(self) -> list[str] | None:
        return next(self._rows, None)

    def read_pages(self) -> Iterator[list[list[str]]]:
        """The rows that are left, some at a time."""
        page: list[list[str]] = []
        for row in self._rows:
            page.append(row)
            if len(page) == _AT_ONCE or self._characters > _ENOUGH:
                yield page
                page, self._characters = [], 0
        if page:
            yield page

    def _read_lines(self) -> Iterator[str]:
        """The lines of the text; a row has several where a cell has."""
        most = MOST_OF_A_ROW
        while line := self._text.readline(most):
            self._characters += len(line)
            if len(line) == most or self._characters > most + _ENOUGH:
                raise _TooLong
            yield line


def _find_multi_select_cells(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, fields: Sequence[Field]
) -> Iterator[tuple[str, str]]:
    """The cells of the columns that hold lists, with their columns."""
    with archive.open(entry) as unpacked:
        table = _Table(unpacked)
        places = _find_places(table.read_header() or ())
        columns = [
            (places[field.api_name], field.api_name)
            for field in fields
            if field.is_list and field.api_name in places
        ]
        for page in table.read_pages():
            for row in page:
                yield from ((name, row[place]) for place, name in columns if row[place:])


def _find_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = archive.infolist()
    if len(entries) != 1:
        raise system_error(f"An export of Zoho holds {len(entries)} files where one should be.")
    if entries[0].file_size > MOST_BYTES:
        raise system_error(
            f"An export of Zoho unpacks to {entries[0].file_size:,} bytes, more than the "
            f"{MOST_BYTES:,} that are taken. Choose fewer columns or a later start date."
        )
    return entries[0]


def _read_pages(
    table: _Table,
    module: str,
    fields: Sequence[Field],
    most_rows: int,
    texts: MultiSelectTexts,
) -> Iterator[list[Row]]:
    header = table.read_header()
    if header is None:
        return
    places = _find_places(header)
    if "id" not in places:
        raise system_error(f"{module}: Zoho's export has no column Id, but {', '.join(header)}.")
    described = {field.api_name: field for field in fields if field.api_name != "id"}
    if missing := ", ".join(sorted(described.keys() - places.keys())):
        LOGGER.warning(f"{module}: Zoho's export came without {missing}; these are null.")
    columns = [
        (places[name], _Column(name, field.build_cell_reader(texts), field))
        for name, field in described.items()
        if name in places
    ]
    # A copy has its final size from the start; a dict that grows is laid out again several times.
    blank = dict.fromkeys(("id", *(column.name for _, column in columns)))
    found = 0
    for page in table.read_pages():
        found += len(page)
        if found > most_rows:
            raise system_error(
                f"An export of Zoho has more than the {most_rows:,} rows that one can have."
            )
        cells = _transpose(page, len(header))
        # Column by column: a loop over the cells of each row takes several times as long.
        ids = cells[places["id"]]
        if not all(key.isdecimal() and len(key) < _DIGITS for key in ids):
            raise transient_error(
                f"{module}: Zoho's export holds a record whose Id is not a number. Try again later."
            )
        rows: list[Row] = [{**blank, "id": key} for key in ids]
        for place, column in columns:
            column.fill(rows, cells[place])
        yield rows


def _find_places(header: Sequence[str]) -> dict[str, int]:
    """The place of each column. Files call the first one `Id`, the docs `id`."""
    places = {name: place for place, name in reversed(list(enumerate(header)))}
    record_id = next((place for place, name in enumerate(header) if name.lower() == "id"), None)
    return places if record_id is None else {**places, "id": record_id}


def _transpose(page: Sequence[Sequence[str]], width: int) -> list[tuple[str, ...]]:
    try:
        cells = list(zip(*page, strict=True))
    except ValueError:
        cells = []
    if len(cells) != width:
        raise system_error("An export of Zoho has rows that are shorter or longer than its header.")
    return cells


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    read: CellCast
    field: Field

    def fill(self, rows: Iterable[Row], cells: Iterable[str]) -> None:
        """Puts the values of cells into rows where they are null; an empty cell is null."""
        name, read = self.name, self.read
        if read is str:
            for row, cell in zip(rows, cells, strict=True):
                if cell:
                    row[name] = cell
            return
        for row, cell in zip(rows, cells, strict=True):
            if cell:
                try:
                    row[name] = read(cell)
                except Odd as odd:
                    row[name] = odd.instead
                    self.field.report_odd(self.field)
