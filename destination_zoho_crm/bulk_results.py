"""What the result of a bulk write job says of each row ("Download Bulk Write Result")."""

import csv
import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

from destination_zoho_crm.bulk_columns import BulkColumn
from destination_zoho_crm.error_codes import DUPLICATE_DATA, MANDATORY_NOT_FOUND
from destination_zoho_crm.lookup_values import fold_value
from destination_zoho_crm.outcomes import Outcome, read_outcome
from destination_zoho_crm.plan import StreamPlan

#: The columns of the outcome, whatever their letter case. The page itself calls the second both.
_STATUS, _ERRORS = ("status",), ("errors",)
_RECORD_ID = ("record_id", "id")
#: Zoho's words of a row, beside those of `_DONE`. UNVERIFIED: their letter case, and whether a
#: version says "success" of rows that were added or updated.
_SKIPPED, _SUCCESS = "skipped", "success"
_DONE = {"added": "created", "updated": "updated"}
#: Codes that say all that a call of REST would; of others, REST says what is wrong.
_CLEAR = frozenset({MANDATORY_NOT_FOUND, DUPLICATE_DATA, "NOT_APPROVED", "BLOCKED_RECORD"})
#: What an answer of REST says beside the code ("Insert Records": errors).
_MESSAGES = {MANDATORY_NOT_FOUND: "required field not found", DUPLICATE_DATA: "duplicate data"}
#: Characters of a cell: more than Zoho's longest field has.
_MOST_OF_A_CELL = 2**22


class BadResultError(Exception):
    """The result is not what Zoho documents; the text says why."""


class RowResult(NamedTuple):
    """What the result says of one row."""

    status: str
    record_id: str
    errors: str


def match_results(
    file: IO[bytes], columns: Sequence[BulkColumn], key: str | None, sent: Iterable[Sequence[str]]
) -> dict[int, RowResult]:
    """The result of each row of `sent`, by its number.

    Rows are told apart by the key, or else by all columns that the result gives back. Where these
    are equal, rows get results in their order if it does not matter: the rows are equal in all, or
    the results are. Else, and where there are more or fewer of them, none gets one. Raises
    BadResultError.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) != 1:
                raise BadResultError(f"it holds {len(entries)} files")
            with archive.open(entries[0]) as unpacked:
                csv.field_size_limit(_MOST_OF_A_CELL)
                text = io.TextIOWrapper(unpacked, "utf-8-sig", "replace", newline="")
                return _match(filter(None, csv.reader(text)), columns, key, sent)
    except (zipfile.BadZipFile, zlib.error, EOFError, csv.Error) as error:
        raise BadResultError(f"it is damaged ({error})") from error


def _match(
    rows: Iterator[list[str]],
    columns: Sequence[BulkColumn],
    key: str | None,
    sent: Iterable[Sequence[str]],
) -> dict[int, RowResult]:
    header = next(rows, [])
    places = _find_outcome(header)
    names = {column.name: index for index, column in enumerate(columns)}
    first = min(places)
    known = [(at, names[name]) for at, name in enumerate(header[:first]) if name in names]
    by_key = [pair for pair in known if key is not None and pair[1] == 0]
    chosen = by_key or known
    if not chosen:
        raise BadResultError(f"it has none of the columns that were sent, but {', '.join(header)}")
    found: defaultdict[tuple[str, ...], list[RowResult]] = defaultdict(list)
    for row in rows:
        if len(row) == len(header):
            status, record_id, errors = (row[place].strip() for place in places)
            found[_fold(row, [at for at, _ in chosen])].append(
                RowResult(status.lower(), record_id, errors)
            )
    wanted: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    wholes: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
    for number, cells in enumerate(sent):
        values = _fold(cells, [index for _, index in chosen])
        wanted[values].append(number)
        wholes[values].add(hash(tuple(cells)))
    return {
        number: result
        for values, numbers in wanted.items()
        if _fit(numbers, found.get(values, ()), len(wholes[values]))
        for number, result in zip(numbers, found[values], strict=True)
    }


def _fit(numbers: Sequence[int], results: Sequence[RowResult], different: int) -> bool:
    """Whether rows may take the results in their order; so many of them are different. No page says
    in which order the results are."""
    if len(results) != len(numbers):
        return False
    return different == 1 or len({(one.status, one.errors) for one in results}) == 1


def _find_outcome(header: Sequence[str]) -> tuple[int, int, int]:
    """The places of status, id and errors. A field may be called like one of them, and the columns
    of the outcome are the last."""
    folded = [name.strip().lower() for name in header]
    places = []
    for names in (_STATUS, _RECORD_ID, _ERRORS):
        fitting = [place for place, name in enumerate(folded) if name in names]
        if not fitting:
            raise BadResultError(f"it has no column {names[0].upper()}, but {', '.join(header)}")
        places.append(fitting[-1])
    return places[0], places[1], places[2]


def _fold(cells: Sequence[str], places: Sequence[int]) -> tuple[str, ...]:
    return tuple(fold_value(cells[place]) for place in places)


def read_result(plan: StreamPlan, result: RowResult) -> Outcome | None:
    """The outcome; None: Zoho has not written the row, or does not say what is wrong with it, so
    that a call of REST must."""
    status = result.status
    if status == _SUCCESS and plan.operation != "upsert":
        status = "added" if plan.operation == "insert" else "updated"
    if done := _DONE.get(status):
        return Outcome(done, result.record_id or None)  # type: ignore[arg-type]
    errors = _parse_errors(result.errors) if status == _SKIPPED else []
    if not errors or not all(code in _CLEAR for code, _ in errors):
        return None
    return read_outcome(
        plan.operation, plan.module.api_name, _build_item(errors), key=None, repeated=False
    )


def may_be_written(result: RowResult) -> bool:
    """Whether a row without an outcome may be a record, for all that its result says."""
    return result.status not in (_SKIPPED, "unprocessed", *_DONE)


def _parse_errors(text: str) -> list[tuple[str, list[str]]]:
    """Codes with their fields, out of `CODE-field1,field2:CODE-field3`."""
    errors = []
    for part in filter(None, text.split(":")):
        code, _, fields = part.partition("-")
        errors.append((code.strip(), [name.strip() for name in fields.split(",") if name.strip()]))
    return errors


def _build_item(errors: Sequence[tuple[str, Sequence[str]]]) -> Mapping[str, Any]:
    """In the form in which the answer of a call names them, so that users read the same words."""
    items = [
        {"code": code, "message": _MESSAGES.get(code), "details": _build_details(fields)}
        for code, fields in errors
    ]
    if len(items) == 1:
        return items[0]
    return {"code": "MULTIPLE_OR_MULTI_ERRORS", "details": {"errors": items}}


def _build_details(fields: Sequence[str]) -> Mapping[str, Any]:
    if len(fields) == 1:
        return {"api_name": fields[0]}
    return {"expected_fields": [{"api_name": name} for name in fields]} if fields else {}
