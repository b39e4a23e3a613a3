"""Rows out of the file of an export ("Bulk Read: Download Result")."""

import csv
import io
import logging
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import IO, Any

from source_zoho_crm.roads import Row
from zoho_crm.fields import Field
from zoho_crm.lists import ListTexts
from zoho_crm.problems import system_error, transient_error

LOGGER = logging.getLogger("airbyte")

#: Few enough that the garbage collector does not walk them again and again.
_AT_ONCE = 250
#: More than Zoho exports: a file that unpacks to more is none of Zoho's.
MOST_BYTES = 20 * 10**9

# Texts of Zoho are longer than a cell that the csv module takes unasked.
csv.field_size_limit(2**31 - 1)


def rows(
    file: IO[bytes],
    module: str,
    fields: Sequence[Field],
    *,
    most_rows: int,
    lists: ListTexts | None = None,
) -> Iterator[list[Row]]:
    """The rows of a ZIP that holds one CSV, in their canonical form, some at a time.

    Neither the file nor what it unpacks to is ever in memory as a whole. A file that unpacks to
    more than 20 GB, or has more rows than an export can have, is refused. `lists` knows what other
    exports of the module have shown of lists that are texts.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entry = _entry(archive)
            # The rest of the entry is never unpacked, should it be longer than it says.
            with archive.open(entry) as unpacked:
                text = io.TextIOWrapper(unpacked, "utf-8-sig", newline="")
                # A blank line at the end is no row.
                lines = filter(None, csv.reader(text))
                lists = lists or ListTexts(module)
                lists.ahead = partial(_lists_in, archive, entry, fields)
                yield from _pages(lines, module, fields, most_rows, lists)
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise transient_error(
            f"An export that Zoho made is damaged ({error}). Try again later."
        ) from error


def _lists_in(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, fields: Sequence[Field]
) -> Iterator[tuple[str, str]]:
    """The cells of the columns that hold lists, with their columns."""
    with archive.open(entry) as unpacked:
        lines = filter(None, csv.reader(io.TextIOWrapper(unpacked, "utf-8-sig", newline="")))
        places = _places(next(lines))
        columns = [
            (places[field.api_name], field.api_name)
            for field in fields
            if field.is_list and field.api_name in places
        ]
        for line in lines:
            yield from ((name, line[place]) for place, name in columns if line[place:])


def damage(file: IO[bytes]) -> str | None:
    """Why a ZIP cannot be relied on; None: its checksums hold.

    Unpacks it once, some of it at a time; what is no export of Zoho's is left to `rows`.
    """
    if not zipfile.is_zipfile(file):
        return "its result is no ZIP"
    try:
        with zipfile.ZipFile(file) as archive:
            large = any(entry.file_size > MOST_BYTES for entry in archive.infolist())
            bad = None if large else archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        # The last two: a bit of its directory calls it encrypted, or points nowhere.
        return f"its result is damaged ({error})"
    return None if bad is None else "its result is damaged (a checksum does not hold)"


def _entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = archive.infolist()
    if len(entries) != 1:
        raise system_error(f"An export of Zoho holds {len(entries)} files where one should be.")
    if entries[0].file_size > MOST_BYTES:
        raise system_error(
            f"An export of Zoho unpacks to {entries[0].file_size:,} bytes, more than the "
            f"{MOST_BYTES:,} that are taken. Choose fewer columns or a later start date."
        )
    return entries[0]


def _pages(
    lines: Iterator[list[str]],
    module: str,
    fields: Sequence[Field],
    most_rows: int,
    lists: ListTexts,
) -> Iterator[list[Row]]:
    header = next(lines, None)
    if header is None:
        return
    places = _places(header)
    if "id" not in places:
        raise system_error(f"{module}: Zoho's export has no column Id, but {', '.join(header)}.")
    wanted = {field.api_name: field.cell_reader(lists) for field in fields} | {"id": str}
    if missing := ", ".join(sorted(wanted.keys() - places.keys())):
        LOGGER.warning(f"{module}: Zoho's export came without {missing}; these are null.")
    columns = [(places[name], name, read) for name, read in wanted.items() if name in places]
    names = [name for _, name, _ in columns]
    found = 0
    while page := list(islice(lines, _AT_ONCE)):
        found += len(page)
        if found > most_rows:
            raise system_error(
                f"An export of Zoho has more than the {most_rows:,} rows that one can have."
            )
        cells = _turned(page, len(header))
        # Column by column: a loop over the cells of each row takes several times as long.
        values = [_cast(cells[place], read) for place, _, read in columns]
        yield [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _places(header: Sequence[str]) -> dict[str, int]:
    """Where each column stands. Files head the first with `Id`, where the docs say `id`."""
    places = {name: place for place, name in reversed(list(enumerate(header)))}
    record_id = next((place for place, name in enumerate(header) if name.lower() == "id"), None)
    return places if record_id is None else {**places, "id": record_id}


def _turned(page: Sequence[Sequence[str]], width: int) -> list[tuple[str, ...]]:
    try:
        cells = list(zip(*page, strict=True))
    except ValueError:
        cells = []
    if len(cells) != width:
        raise system_error("An export of Zoho has rows that are shorter or longer than its header.")
    return cells


def _cast(cells: Sequence[str], read: Any) -> list[Any]:
    """An empty cell is null."""
    if read is str:
        return [cell or None for cell in cells]
    return [read(cell) if cell else None for cell in cells]
