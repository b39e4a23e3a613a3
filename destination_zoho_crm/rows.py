"""Encodes rows: each gets the record that is sent and what identifies it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from destination_zoho_crm.catalog import DELETED_AT
from destination_zoho_crm.columns import Column
from destination_zoho_crm.encoding import EMPTY
from destination_zoho_crm.org_values import OrgValues
from destination_zoho_crm.outcomes import (
    ALIVE_AT_SOURCE,
    DELETED_AT_SOURCE,
    EMPTY_KEY,
    InvalidValueError,
    Outcome,
    reject,
    reject_value,
)
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.protocol import Row
from destination_zoho_crm.row_columns import RowsEncoder
from destination_zoho_crm.row_counts import Segment
from destination_zoho_crm.row_keys import RowKeys
from destination_zoho_crm.wanted_rows import WantedRows, merge_records
from zoho_crm.errors import INVALID_DATA

LOGGER = logging.getLogger("airbyte")

#: Of a column that the row lacks; null is a value.
_ABSENT = object()


class EncodedRow(NamedTuple):
    """A row that waits to be written."""

    segment: Segment
    row: Row
    record: Mapping[str, Any]
    #: Equal for rows that find the same record; None of an insert.
    key: str | None


class PendingRow(Protocol):
    """A row that gets an outcome."""

    @property
    def segment(self) -> Segment: ...

    @property
    def row(self) -> Row: ...


class Together(Protocol):
    """Rows that are written as one record."""

    @property
    def record(self) -> Mapping[str, Any]: ...

    @property
    def rows(self) -> Sequence[PendingRow]: ...

    def split(self) -> "tuple[Together, Together]": ...


class MergedRows:
    """Rows of one key that wait together, in their order, and the record that they make: of each
    column the last value that a row brings, but all rows that are appended to a subform. A column
    that a row lacks changes nothing."""

    __slots__ = ("record", "rows")

    def __init__(self, *rows: EncodedRow) -> None:
        self.record: Mapping[str, Any] = {}
        self.rows: list[EncodedRow] = []
        for row in rows:
            self.add(row)

    def add(self, row: EncodedRow) -> None:
        self.record = merge_records(self.record, row.record) if self.rows else row.record
        self.rows.append(row)

    def split(self) -> tuple["MergedRows", "MergedRows"]:
        middle = len(self.rows) // 2
        return MergedRows(*self.rows[:middle]), MergedRows(*self.rows[middle:])


class RowEncoder:
    """Turns rows of one stream into Zoho's records."""

    def __init__(self, plan: StreamPlan, *, clears_nulls: bool, org_values: OrgValues) -> None:
        self._plan = plan
        self._clears_nulls = clears_nulls
        self._mark = plan.deletion_mark or DELETED_AT
        self._keys = RowKeys(
            plan.label,
            dict.fromkeys((*plan.sources, self._mark)),
            warns_of_unknown=plan.operation != "delete",
        )
        self._warned: set[str] = set()
        self._guesses = {column.source: column for column in plan.columns if column.is_guess}
        removes = clears_nulls and plan.rows == "replace" and plan.operation != "insert"
        self._suggestions = org_values.suggestions
        by_id = (plan.key,) if plan.key and plan.key.name == "id" else ()
        self._columns = [
            (
                column.source,
                column.name,
                self._build_encoder(column, org_values, removes=removes),
            )
            for column in (*by_id, *plan.columns)
        ]
        # A checkbox has no third state to be emptied to. UNVERIFIED: what Zoho makes of a null.
        # Of links, the encoder decides.
        self._kept = {
            column.name
            for column in plan.columns
            if column.field
            and (
                column.field.form in ("boolean", "links")
                or (column.field.form == "tags" and not removes)
            )
        }
        self._tags = {
            column.name for column in plan.columns if column.field and column.field.form == "tags"
        }
        self._adds_lists = plan.adds_tags or (bool(plan.links) and plan.rows == "append")

    def _build_encoder(
        self, column: Column, org_values: OrgValues, *, removes: bool
    ) -> Callable[[Any], Any]:
        plan = self._plan
        if column.rows is None:
            return org_values.build_encoder(
                plan.label, plan.module.api_name, column, removes=removes
            )
        return RowsEncoder(
            plan.label,
            column,
            org_values,
            clears_nulls=self._clears_nulls,
            is_new=plan.operation == "insert",
        )

    def rename_columns(self, row: Row) -> Row:
        """The row under the names that the catalog has for its columns."""
        if row.data is None:
            return row
        data = self._keys.rename(row.data)
        return row if data is row.data else row._replace(data=data)

    def encode(self, data: Mapping[str, Any]) -> dict[str, Any] | Outcome:
        """The record, or the reason why the row is rejected."""
        if misplaced := self._reject_misplaced(data):
            return misplaced
        record: dict[str, Any] = {}
        key = self._plan.key
        for source, name, encode in self._columns:
            given = data.get(source, _ABSENT)
            if given is _ABSENT:
                continue
            try:
                value = encode(given)
            except InvalidValueError as error:
                if guess := self._guesses.get(source):
                    self._warn_of_guess(guess)
                    continue
                return reject_value(error, name)
            if name in self._plan.row_shapes:
                self._want_rows(record, name, given, value)
            elif value is not EMPTY:
                record[name] = value
            elif self._clears_nulls and name not in self._kept and self._is_nothing(given, name):
                record[name] = None
        if key is None:
            return record
        found = record.get(key.name)
        if found is None or (isinstance(found, str) and not found.strip()):
            return reject(EMPTY_KEY, "the key is empty, so it finds no record", key.name)
        if self._plan.operation == "delete" and "," in str(found):
            # "Delete Records": ids are listed with commas between them.
            reason = "Zoho takes keys to be deleted between commas, so one with a comma cannot be "
            return reject(INVALID_DATA, f"{reason}sent; delete the record by its id", key.name)
        return record

    def _is_nothing(self, given: Any, name: str) -> bool:
        """Whether the value says that there is none: null, and of tags an empty list, too."""
        return given is None or (given in ([], "[]") and name in self._tags)

    def _want_rows(self, record: dict[str, Any], name: str, given: Any, rows: Any) -> None:
        """An empty list removes all rows only where nulls empty their fields."""
        appends, is_new = self._plan.rows == "append", self._plan.operation == "insert"
        if rows is not EMPTY and rows:
            record[name] = rows if is_new else WantedRows(rows, appends=appends)
        elif self._clears_nulls and not (appends or is_new) and (given is None or rows == []):
            record[name] = WantedRows((), appends=False)

    def _warn_of_guess(self, column: Column) -> None:
        """A column `owner` of a table may hold names of people, and be no field of Zoho's."""
        if column.source in self._warned:
            return
        self._warned.add(column.source)
        suggestion = self._suggestions.suggest(column) or "nothing but ids can be written to it"
        LOGGER.warning(
            f"{self._plan.label}: the column {column.source} differs from {column.name} in "
            "spelling, and has values that are not ids of records; these are left out. If it is "
            f"meant to be written: {suggestion}."
        )

    def _reject_misplaced(self, data: Mapping[str, Any]) -> Outcome | None:
        """A row that is not deleted in a stream that deletes, or the other way round."""
        deleted = bool(data.get(self._mark))
        if self._plan.operation != "delete":
            reason = "the row was deleted at its source; only a delete stream deletes"
            return reject(DELETED_AT_SOURCE, reason) if deleted else None
        if deleted or not (self._plan.deletion_mark or self._mark in data):
            return None
        reason = f"the row exists at its source: {self._mark} is empty, so nothing is deleted"
        return reject(ALIVE_AT_SOURCE, reason)

    def find_key(self, record: Mapping[str, Any]) -> str | None:
        """Zoho's duplicate check takes no account of case ("Custom Fields": unique)."""
        if self._plan.key is None or self._adds_lists:
            # Rows that append do not become one record: the later would hide what the earlier adds.
            return None
        return str(record[self._plan.key.name]).lower()
