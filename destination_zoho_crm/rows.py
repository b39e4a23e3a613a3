"""Rows on their way to Zoho: each with its record and what identifies it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from destination_zoho_crm.catalog import DELETED_AT
from destination_zoho_crm.columns import Column
from destination_zoho_crm.encoding import EMPTY
from destination_zoho_crm.org_values import Known
from destination_zoho_crm.outcomes import (
    ALIVE_AT_SOURCE,
    DELETED_AT_SOURCE,
    EMPTY_KEY,
    Outcome,
    UnfitError,
    rejected,
)
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.protocol import Row
from destination_zoho_crm.row_counts import Segment
from destination_zoho_crm.row_keys import RowKeys
from zoho_crm.errors import INVALID_DATA

LOGGER = logging.getLogger("airbyte")


@dataclass(frozen=True, slots=True)
class Pending:
    """A row that waits to be written."""

    segment: Segment
    row: Row
    record: Mapping[str, Any]
    #: Equal for rows that find the same record; None of an insert.
    key: str | None


class Waiting:
    """Rows of one key that wait together, in their order, and the record that they make: of each
    column the last value that a row brings. A column that a row lacks changes nothing."""

    __slots__ = ("record", "rows")

    def __init__(self, *rows: Pending) -> None:
        self.record: Mapping[str, Any] = {}
        self.rows: list[Pending] = []
        for row in rows:
            self.add(row)

    def add(self, row: Pending) -> None:
        self.record = {**self.record, **row.record}
        self.rows.append(row)

    def halves(self) -> tuple["Waiting", "Waiting"]:
        middle = len(self.rows) // 2
        return Waiting(*self.rows[:middle]), Waiting(*self.rows[middle:])


class RowEncoder:
    """Turns rows of one stream into Zoho's records."""

    def __init__(self, plan: StreamPlan, *, clears: bool, known: Known) -> None:
        self._plan = plan
        self._clears = clears
        self._mark = plan.mark or DELETED_AT
        self._keys = RowKeys(
            plan.label,
            dict.fromkeys((*plan.sources, self._mark)),
            tells_unknown=plan.operation != "delete",
        )
        self._told: set[str] = set()
        self._guesses = {column.source: column for column in plan.columns if column.is_guess}
        self._cures = known.cures
        by_id = (plan.key,) if plan.key and plan.key.name == "id" else ()
        self._columns = [
            (column.source, column.name, known.encoder(plan.label, plan.module.api_name, column))
            for column in (*by_id, *plan.columns)
        ]
        # A checkbox has no third state to be emptied to. UNVERIFIED: what Zoho makes of a null.
        self._two_states = {
            column.name
            for column in plan.columns
            if column.field and column.field.form == "boolean"
        }

    def named(self, row: Row) -> Row:
        """The row under the names that the catalog has for its columns."""
        if row.data is None:
            return row
        data = self._keys.named(row.data)
        return row if data is row.data else replace(row, data=data)

    def record(self, data: Mapping[str, Any]) -> dict[str, Any] | Outcome:
        """The record, or the reason why the row is rejected."""
        if misplaced := self._misplaced(data):
            return misplaced
        record: dict[str, Any] = {}
        key = self._plan.key
        for source, name, encode in self._columns:
            if source not in data:
                continue
            try:
                value = encode(data[source])
            except UnfitError as error:
                if guess := self._guesses.get(source):
                    self._tell_guess(guess)
                    continue
                return rejected(INVALID_DATA, str(error), name)
            if value is not EMPTY:
                record[name] = value
            elif self._clears and data[source] is None and name not in self._two_states:
                record[name] = None
        if key is None:
            return record
        found = record.get(key.name)
        if found is None or (isinstance(found, str) and not found.strip()):
            return rejected(EMPTY_KEY, "the key is empty, so it finds no record", key.name)
        if self._plan.operation == "delete" and "," in str(found):
            # "Delete Records": ids stand in a list between commas.
            told = "Zoho takes keys to be deleted between commas, so one with a comma cannot be "
            return rejected(INVALID_DATA, f"{told}sent; delete the record by its id", key.name)
        return record

    def _tell_guess(self, column: Column) -> None:
        """A column `owner` of a table may hold names of people, and be no field of Zoho's."""
        if column.source in self._told:
            return
        self._told.add(column.source)
        cure = self._cures.of(column) or "nothing but ids can be written to it"
        LOGGER.warning(
            f"{self._plan.label}: the column {column.source} fits {column.name} but for its "
            "spelling, and has values that are no ids of records; these are left out. If it is "
            f"meant to be written: {cure}."
        )

    def _misplaced(self, data: Mapping[str, Any]) -> Outcome | None:
        """Of a row that lives in a stream that deletes, or the other way round."""
        deleted = bool(data.get(self._mark))
        if self._plan.operation != "delete":
            told = "the row was deleted at its source; only a delete stream deletes"
            return rejected(DELETED_AT_SOURCE, told) if deleted else None
        if deleted or not (self._plan.mark or self._mark in data):
            return None
        told = f"the row lives at its source: {self._mark} is empty, so nothing is deleted"
        return rejected(ALIVE_AT_SOURCE, told)

    def key(self, record: Mapping[str, Any]) -> str | None:
        """Zoho's duplicate check takes no account of case ("Custom Fields": unique)."""
        if self._plan.key is None:
            return None
        return str(record[self._plan.key.name]).lower()
