"""The work of a job: its rows are written, and its result beside them."""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zoho_emulator.bulk_write.child_rows import ChildWriter
from zoho_emulator.bulk_write.columns import Column
from zoho_emulator.bulk_write.jobs import JobFailedError
from zoho_emulator.bulk_write.request import Resource
from zoho_emulator.bulk_write.rows import Outcome, RowWriter
from zoho_emulator.call import Call
from zoho_emulator.knobs import Knobs

#: "Bulk Write: Download Result": so many of the mapped columns.
SHOWN_COLUMNS = 3
_LEVEL = 1


@dataclass(slots=True)
class Part:
    """A resource of a job, and what has become of its rows."""

    resource: Resource
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Zoho's specification counts what was added, updated or skipped."""
        return sum(self.counts[status] for status in ("added", "updated", "skipped"))


def write_rows(
    call: Call, operation: str, parts: Sequence[Part], path: Path, *, fails: bool
) -> Iterator[None]:
    """Writes a row at each step, and at last has the result in the ZIP at `path`."""
    wanted = {c.parent_index for part in parts for c in part.resource.columns}
    parents = {index: dict[str, int]() for index in wanted if index is not None}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for part in parts:
            is_row = part.resource.module.generated_type == "subform"
            build = ChildWriter if is_row else RowWriter
            writer = build(call, part.resource, operation, parents)
            met = parents if part is parts[0] else {}
            yield from _write_part(call, writer, part, archive, met, fails=fails)
    if fails:
        raise JobFailedError


def _write_part(
    call: Call,
    writer: RowWriter,
    part: Part,
    archive: zipfile.ZipFile,
    parents: Mapping[int, dict[str, int]],
    *,
    fails: bool,
) -> Iterator[None]:
    """`parents` take up the records that the rows become."""
    resource, knobs = part.resource, call.knobs
    shown = choose_columns(resource.columns, knobs.bulk_write_result_columns)
    worked_on = resource.table.count - knobs.bulk_write_unprocessed
    told = resource.table.count - knobs.bulk_write_result_lacks
    name = f"{resource.module.api_name}-{resource.table.name}"
    with archive.open(name, "w", force_zip64=True) as file:
        names = _HEADERS[knobs.bulk_write_result_headers]
        file.write(_write_line([*(column.label for column in shown), *names]))
        for number, cells in enumerate(resource.table.read_rows(), 1):
            if fails and number > knobs.bulk_write_fail_rows:
                raise JobFailedError
            outcome = writer.write(cells) if number <= worked_on else Outcome("unprocessed")
            part.counts[outcome.status] += 1
            _remember(parents, cells, outcome)
            if number <= told:
                file.write(_write_line(_describe_row(knobs, shown, cells, outcome)))
            yield


def _remember(
    parents: Mapping[int, dict[str, int]], cells: Sequence[str], outcome: Outcome
) -> None:
    """UNVERIFIED: of several rows with the value, the first is the parent."""
    for index, found in parents.items():
        if outcome.record_id is not None and index < len(cells):
            found.setdefault(cells[index], outcome.record_id)


_HEADERS = {
    "STATUS": ("STATUS", "RECORD_ID", "ERRORS"),
    "Status": ("Status", "ID", "Errors"),
}


def choose_columns(columns: Sequence[Column], order: str) -> list[Column]:
    """Those of the file that its result shows, by their place in the file or in the mappings."""
    there = [column for column in columns if column.index is not None]
    if order == "index":
        there.sort(key=lambda column: column.index or 0)
    elif order == "kept":
        there = keep(there)
    return there[:SHOWN_COLUMNS]


def keep(columns: Sequence[Column]) -> list[Column]:
    """Mappings as Zoho gives them back: in another order than they were sent."""
    return [*columns[-1:], *columns[:-1]]


def _describe_row(
    knobs: Knobs, shown: Sequence[Column], cells: Sequence[str], outcome: Outcome
) -> list[str]:
    places = [column.index or 0 for column in shown]
    first = [cells[place] if place < len(cells) else "" for place in places]
    word: str = outcome.status
    if knobs.bulk_write_status_words == "ADDED":
        word = word.upper()
    elif knobs.bulk_write_status_words == "success" and word in ("added", "updated"):
        word = "success"
    return [*first, word, str(outcome.record_id or ""), outcome.errors]


def _write_line(cells: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()
