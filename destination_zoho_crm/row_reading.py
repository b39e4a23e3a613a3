"""What a stream must read so that the rows of its records can be written: tried and priced before
the first row."""

import logging
import math
from collections.abc import Iterable, Mapping

from destination_zoho_crm.client import Client
from destination_zoho_crm.lost_rows import LostRows
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.present_rows import PARENTS_A_QUERY, PresentRows
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.record_ids import MOST_VALUES, RecordIds
from zoho_crm.problems import Refused, config_error

LOGGER = logging.getLogger("airbyte")

#: Of the price.
_PRICED_RECORDS = 1_000


class RowReading:
    """The records of one stream, and the rows that they have."""

    def __init__(self, client: Client, plan: StreamPlan) -> None:
        self._plan = plan
        self.ids = RecordIds(client, plan)
        self.present = PresentRows(client, plan.module.api_name, plan.label)
        self.lost = LostRows(client)

    @property
    def is_needed(self) -> bool:
        """Whether all records are read; else those are whose rows bring ids."""
        updates = self._plan.operation in ("update", "upsert")
        return updates and (self._plan.rows == "replace" or self._plan.rows_key is not None)

    def probe(self) -> None:
        """Raises a config error where records cannot be found by the stream's key."""
        plan = self._plan
        if self.ids.asks:
            try:
                self.ids.probe()
            except Refused as refusal:
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
            each = PARENTS_A_QUERY if self.present.is_queried(shape) else 1
            calls += math.ceil(_PRICED_RECORDS / each)
        names = " and ".join(self._plan.row_shapes)
        return (
            f"to know the rows that are there in {names}, {_PRICED_RECORDS:,} records cost "
            f"{calls:,} calls and credits more, if they have few rows"
        )


def prepare_readings(client: Client, plans: Iterable[StreamPlan]) -> Mapping[StreamKey, RowReading]:
    """Of the streams that write rows. Raises a config error where one cannot be."""
    readings = {plan.stream: RowReading(client, plan) for plan in plans if plan.row_shapes}
    for plan in plans:
        reading = readings.get(plan.stream)
        if reading is not None and reading.is_needed:
            reading.probe()
            LOGGER.info(f"Plan: {plan.label}: {reading.describe_cost()}.")
    return readings
