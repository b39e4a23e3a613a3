"""The columns of a file for Bulk Write: their order, their mappings, and values as texts. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from destination_zoho_crm.columns import Column
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.target_fields import TargetField

#: Formats in the terms of Java, which are named so that no default applies ("Create Bulk Write
#: Job": format). UNVERIFIED: that Zoho reads a time without an offset in the zone of the token's
#: user; that is how a client writes that was run against an org.
_FORMATS = {"date": "yyyy-MM-dd", "datetime": "yyyy-MM-dd HH:mm:ss"}
_FIRST_YEAR = 1970
_DATETIME = "%Y-%m-%d %H:%M:%S"
#: Control characters, of which no page says what a CSV makes of them. UNVERIFIED: that line feeds,
#: backslashes and blanks at the ends stay as they are within quotes.
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class NotInBulkError(ValueError):
    """A CSV cannot carry the value so that Zoho makes the same of it as of JSON."""


@dataclass(frozen=True, slots=True)
class BulkColumn:
    """One column of the file."""

    name: str
    #: Its entry of `field_mappings`.
    mapping: Mapping[str, Any]
    write: Callable[[Any], str]


def list_timed(plan: StreamPlan) -> list[str]:
    """The columns that hold times, which Zoho reads in the zone of the token's user."""
    return [one.name for one in plan.columns if one.field and one.field.form == "datetime"]


def build_columns(plan: StreamPlan, zone: ZoneInfo | None) -> list[BulkColumn]:
    """The columns that the stream writes, those first that tell rows apart.

    `zone`: that of the token's user; None only where no column holds times.
    """
    key = plan.key
    others = [column for column in plan.columns if key is None or column.name != key.name]
    ordered = [*([key] if key else []), *sorted(others, key=_rank)]
    columns = [_build_column(index, column, zone) for index, column in enumerate(ordered)]
    if key:
        columns[0] = replace(columns[0], write=partial(_write_key, columns[0].write))
    return columns


def _rank(column: Column) -> tuple[bool, bool, bool]:
    """Least for what tells rows apart best; long texts would make the result large."""
    field = column.field
    assert field is not None
    text = field.form == "text"
    return not field.unique, not text or field.data_type == "textarea", not field.mandatory


def _build_column(index: int, column: Column, zone: ZoneInfo | None) -> BulkColumn:
    mapping: dict[str, Any] = {"api_name": column.name, "index": index}
    form = column.field.form if column.field else None
    if form in _FORMATS:
        mapping["format"] = _FORMATS[form]
    elif form == "reference":
        mapping["find_by"] = "id"
    return BulkColumn(column.name, mapping, _choose_writer(column.field, zone))


def _choose_writer(field: TargetField | None, zone: ZoneInfo | None) -> Callable[[Any], str]:
    if field is None:
        return str
    if field.form == "datetime":
        assert zone is not None
        return partial(write_datetime, zone)
    return _WRITERS[str(field.form)]


def write_row(columns: Sequence[BulkColumn], record: Mapping[str, Any]) -> list[str]:
    """The cells of a record; an empty one leaves its field alone. Raises NotInBulkError."""
    cells = []
    for column in columns:
        value = record.get(column.name)
        if value is None and column.name in record:
            raise NotInBulkError("an empty cell empties no field")
        cells.append("" if value is None else column.write(value))
    return cells


def write_datetime(zone: ZoneInfo, value: str) -> str:
    """In the zone, where the text means this time and no other."""
    moment = datetime.fromisoformat(value).astimezone(UTC)
    if moment.year < _FIRST_YEAR:
        raise NotInBulkError("of times before 1970, the offsets of zones are not the same anywhere")
    local = moment.astimezone(zone)
    if local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset():
        raise NotInBulkError("its hour comes twice, for the clocks are put back")
    return local.strftime(_DATETIME)


def _write_text(value: str) -> str:
    if _CONTROLS.search(value):
        raise NotInBulkError("the text holds control characters")
    return value


def _write_key(write: Callable[[Any], str], value: Any) -> str:
    """UNVERIFIED: whether a job, or a call, takes account of such blanks when it finds records."""
    text = write(value)
    if text != text.strip():
        raise NotInBulkError("the key begins or ends with a blank")
    return text


def _write_options(options: Sequence[str]) -> str:
    """UNVERIFIED: that options are split at semicolons alone."""
    return ";".join(map(_write_text, options))


def _write_number(value: float) -> str:
    return f"{Decimal(repr(value)):f}"


def _write_boolean(value: bool) -> str:
    return "true" if value else "false"


def _write_reference(value: Mapping[str, Any]) -> str:
    if value.keys() != {"id"}:
        raise NotInBulkError("it names more than an id")
    return str(value["id"])


_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "text": _write_text,
    "options": _write_options,
    "integer": str,
    "long": str,
    "number": _write_number,
    "boolean": _write_boolean,
    "date": str,
    "reference": _write_reference,
}
