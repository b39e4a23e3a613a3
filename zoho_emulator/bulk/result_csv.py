"""Exports: the CSV of a bulk read job in its ZIP ("Bulk Read: Download Result").

The page shows ISO 8601 datetimes and the id in a column of its own. UNVERIFIED, being written
nowhere: booleans as true and false, options of a multi-select picklist and names of tags joined by
what the knob `bulk_list_separator` says, whole numbers without a fraction, and lines that end as
RFC 4180 says. Files seen by others head the first column with `Id` and leave cells of nulls empty.
"""

import csv
import io
import logging
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import orjson

from zoho_emulator.bulk.columns import Column, Query
from zoho_emulator.localtime import build_local_time
from zoho_emulator.store.data_types import is_json, value_type
from zoho_emulator.store.snapshot import take_snapshot
from zoho_emulator.store.store import Store
from zoho_emulator.store.values import Stored

Cells = tuple[object, ...]

_CHUNK = 1_000
#: Compression takes half of the time at zlib's own default.
_LEVEL = 1
#: Steps of sqlite between two looks at whether anybody still waits.
_STEPS = 100_000


class Export:
    """A ZIP that a thread of its own writes, of the rows as they are when it is made.

    `count`, `more` and `last` (its last id) hold once it is `done`, unless it has `failed`.
    """

    def __init__(
        self, store: Store, query: Query, path: Path, *, rows: int, separator: str = ";"
    ) -> None:
        self.path = path
        self.rows = rows
        self.count = 0
        self.more = False
        self.last = 0
        self.failed: Exception | None = None
        self._query = query
        self._cells = compile_cells(query.columns, store.org.time_zone, separator)
        self._stop = threading.Event()
        self._connection = take_snapshot(store)
        self._thread = threading.Thread(target=self._run, name=f"export {path.stem}", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def discard(self) -> None:
        """Ends the thread and removes the file."""
        self._stop.set()
        self._thread.join()
        self.path.unlink(missing_ok=True)

    def _run(self) -> None:
        try:
            with closing(self._connection):
                self._connection.set_progress_handler(self._stop.is_set, _STEPS)
                self._write()
        except Exception as error:
            self.failed = error
            if not self._stop.is_set():
                logging.getLogger(__name__).exception("a bulk read job failed")

    def _write(self) -> None:
        header = ("Id", *(column.name for column in self._query.columns))
        with (
            zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,
            archive.open(f"{self.path.stem}.csv", "w", force_zip64=True) as file,
        ):
            file.write(_write_lines([header]))
            for rows in self._read_chunks():
                file.write(_write_lines(map(self._cells, rows)))
                self.count += len(rows)
                self.last = rows[-1][0]

    def _read_chunks(self) -> Iterator[list[Sequence[Any]]]:
        found = self._connection.execute(*write_statement(self._query, self.rows + 1))
        while not self._stop.is_set() and (rows := found.fetchmany(_CHUNK)):
            room = self.rows - self.count
            self.more = len(rows) > room
            if kept := rows[:room]:
                yield kept
            if self.more:
                return


def write_statement(query: Query, limit: int) -> tuple[str, list[Stored]]:
    """Rows in the order of their ids; UNVERIFIED: the order, which Zoho promises nothing of.

    With criteria, ids are looked for first: sqlite then takes the index that suits them, where it
    would walk all rows for the sake of the order.
    """
    table = query.module.table
    where, parameters = "m.state = 0", [*query.parameters]
    if query.where:
        where += f" AND {query.where}"
    if query.after is not None:
        where += " AND m.id > ?"
        parameters.append(query.after)
    offset = (query.page - 1) * (limit - 1) if query.after is None else 0
    parameters += [limit, offset]
    if query.where:
        where = (
            f"m.id IN (SELECT m.id FROM {table} AS m WHERE {where} ORDER BY +m.id LIMIT ? OFFSET ?)"
        )
        end = "ORDER BY m.id"
    else:
        end = "ORDER BY m.id LIMIT ? OFFSET ?"
    columns = ", ".join(["m.id", *(column.sql for column in query.columns)])
    return f"SELECT {columns} FROM {table} AS m WHERE {where} {end}", parameters


#: Cells of values that are not null, by data type; the rest are written as they are stored.
_CELLS = {
    "boolean": "words[{}]",
    "datetime": "when({})",
    "double": "number({})",
    "percent": "number({})",
    "currency": "number({})",
    "multiselectpicklist": "{}.replace(';', separator)",
}


def compile_cells(
    columns: Sequence[Column], time_zone: str, separator: str = ";"
) -> Callable[[Sequence[Any]], Cells]:
    """Rows of sqlite as cells of CSV, by a function compiled for these columns.

    A loop over the columns of each row would take several times as long.
    """
    names: dict[str, object] = {
        "words": ("false", "true"),
        "when": build_local_time(time_zone),
        "number": _show_number,
        "joined": partial(_join_names, separator),
        "separator": separator,
    }
    values = ["id", *(f"v{number}" for number, _ in enumerate(columns))]
    cells = ["id"]
    for column, value in zip(columns, values[1:], strict=True):
        shown = _CELLS.get(value_type(column.field), "{}")
        if is_json(column.field):
            shown = "joined({})"
        cell = shown.format(value)
        cells.append(cell if cell == value else f"None if {value} is None else {cell}")
    source = f"def cells(row):\n    {', '.join(values)}, = row\n    return {', '.join(cells)},\n"
    exec(source, names)
    compiled: Callable[[Sequence[Any]], Cells] = names["cells"]  # type: ignore[assignment]  # exec
    return compiled


def _write_lines(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _show_number(value: float) -> float:
    return value if value % 1 else int(value)


@lru_cache(maxsize=4_096)
def _join_names(separator: str, text: str) -> str:
    """The names of tags or territories."""
    return separator.join(str(item.get("name", item.get("Name"))) for item in orjson.loads(text))
