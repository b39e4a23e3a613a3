"""What a stream must read so that the rows of its records can be written: tried and priced before
the first row."""

import logging
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from airbyte_cdk.models import FailureType

from destination_zoho_crm.client import Client
from destination_zoho_crm.held_records import HeldRecords
from destination_zoho_crm.lookup_values import MOST_VALUES
from destination_zoho_crm.lost_rows import STAMPS, LostRows
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.present_rows import (
    PresentRows,
    RowsByRecord,
    list_columns,
)
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.record_ids import RecordIds
from destination_zoho_crm.records_by_value import Found
from destination_zoho_crm.row_changes import RowMatching
from destination_zoho_crm.row_problems import find_key
from destination_zoho_crm.wanted_rows import WantedRows
from zoho_crm.problems import Refused, config_error, transient_error

LOGGER = logging.getLogger("airbyte")

#: A call whose answer was lost may still be running.
SETTLE_S = 5.0
#: Looks until two see the same.
_MOST_LOOKS = 4
#: Of the price.
_PRICED_RECORDS = 1_000

Record = Mapping[str, Any]


class Seen(NamedTuple):
    """The records that are found, by place, and by subform the rows that they have."""

    records: Mapping[int, Found]
    rows: Mapping[str, RowsByRecord]


class RowReading:
    """The records of one stream, and the rows that they have."""

    def __init__(self, client: Client, plan: StreamPlan, held: HeldRecords) -> None:
        """`held`: of all streams."""
        self._plan = plan
        self.held = held
        self.ids = RecordIds(client, plan)
        self.present = PresentRows(client, plan.module.api_name, plan.label)
        self.lost = LostRows(client)
        self.matching = {
            name: RowMatching(
                shape,
                find_key(shape, plan.rows_key),
                adds=plan.table is None or plan.table.operation != "update",
            )
            for name, shape in plan.row_shapes.items()
        }

    @property
    def is_needed(self) -> bool:
        """Whether all records are read; else those are whose rows bring ids."""
        updates = self._plan.operation in ("update", "upsert")
        if self._plan.table is not None:
            return self.ids.asks or self._plan.table.has_ids or self._plan.rows_key is not None
        return updates and (self._plan.rows == "replace" or self._plan.rows_key is not None)

    def probe(self) -> None:
        """Raises a config error where records cannot be found by the stream's key."""
        plan = self._plan
        if self.ids.asks:
            try:
                self.ids.probe()
            except Refused as refusal:
                if refusal.failure_type == FailureType.transient_error:
                    raise
                key = plan.key.name if plan.key else ""
                raise config_error(
                    f"{plan.label}: to know which rows the records have that {key} finds, Zoho "
                    f"must be queried, which it refuses ({refusal.code}): {refusal.message} Give "
                    "the token what it lacks, update by id, or have rows appended (rows)."
                ) from None
        for shape in plan.row_shapes.values():
            self.present.probe(shape)

    def describe_cost(self) -> str:
        """Of the rows in full batches, beside what their writes cost."""
        queries = len(self.ids.fields) if self.ids.asks else 0
        calls = queries * math.ceil(_PRICED_RECORDS / MOST_VALUES)
        for shape in self._plan.row_shapes.values():
            each = MOST_VALUES if self.present.is_queried(shape) else 1
            calls += math.ceil(_PRICED_RECORDS / each)
        names = " and ".join(self._plan.row_shapes)
        return (
            f"to know the rows that are there in {names}, {_PRICED_RECORDS:,} records cost "
            f"{calls:,} calls and credits more, if they have few rows"
        )

    def look(
        self, records: Mapping[int, Record], found: Mapping[int, Found], since: float | None
    ) -> Seen:
        """What is there; after a lost answer, what two looks have seen: the call may still be
        running. `found`: as `find` gives it."""
        seen = self._read_rows(records, found, since)
        if since is None or not records:
            return seen
        for _ in range(_MOST_LOOKS):
            time.sleep(SETTLE_S)
            before, seen = seen, self._read_rows(records, self.find(records, since), since)
            if before == seen:
                return seen
        raise transient_error(
            f"Rows of {self._plan.module.api_name} change all the time, so it is not known what a "
            "call without an answer has written. Try again later."
        )

    def find(self, records: Mapping[int, Record], since: float | None) -> Mapping[int, Found]:
        """The records that are there, where what is sent depends on them."""
        asked = {
            place: record
            for place, record in records.items()
            if since is not None or self._needs_id(record)
        }
        found = dict(zip(asked, self.ids.find(list(asked.values())), strict=True))
        return {place: found.get(place, Found()) for place in records}

    def _read_rows(
        self, records: Mapping[int, Record], found: Mapping[int, Found], since: float | None
    ) -> Seen:
        known = {place: one.record_id for place, one in found.items() if one.record_id}
        rows = {name: self._read_present(name, records, known, since) for name in self.matching}
        return Seen(found, rows)

    def _needs_id(self, record: Record) -> bool:
        """Whether what is sent depends on the record's rows; and a table's rows have no other way
        to their record."""
        return self._plan.table is not None or any(
            type(rows) is WantedRows and self.matching[name].needs_present(rows)
            for name, rows in record.items()
        )

    def _read_present(
        self,
        name: str,
        records: Mapping[int, Record],
        ids: Mapping[int, str],
        since: float | None,
    ) -> RowsByRecord:
        matching, shape = self.matching[name], self._plan.row_shapes[name]
        wanted = {
            record_id: rows
            for place, record_id in ids.items()
            if type(rows := records[place].get(name)) is WantedRows
            and (matching.needs_present(rows) or since is not None)
        }
        columns = list_columns(shape, (row for rows in wanted.values() for row in rows.rows))
        if since is not None:
            columns |= shape.module.fields.keys() & set(STAMPS)
        rows = sum(len(one.rows) for one in wanted.values())
        return self.present.read(shape, list(wanted), columns, rows=rows) if wanted else {}


def prepare_readings(client: Client, plans: Iterable[StreamPlan]) -> Mapping[StreamKey, RowReading]:
    """Of the streams that write rows. Raises a config error where one cannot be."""
    held = HeldRecords()
    readings = {plan.stream: RowReading(client, plan, held) for plan in plans if plan.row_shapes}
    for plan in plans:
        reading = readings.get(plan.stream)
        if reading is not None and reading.is_needed:
            reading.probe()
            LOGGER.info(f"Plan: {plan.label}: {reading.describe_cost()}.")
    return readings
