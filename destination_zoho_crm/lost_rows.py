"""Rows that a call without an answer was to append: which of them are there. Safe to use from
several threads."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from destination_zoho_crm.client import Client
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome, reject
from destination_zoho_crm.row_changes import RowChanges
from destination_zoho_crm.row_shapes import RowShape
from destination_zoho_crm.row_values import RowValues
from destination_zoho_crm.wanted_rows import Row
from zoho_crm.json_text import as_object

#: What tells new rows from others.
STAMPS = ("Created_Time", "Created_By")
#: Records whose last append is remembered: more than all batches in hand hold.
_MOST_RECORDS = 5_000

_UNKNOWN = reject(
    OUTCOME_UNKNOWN,
    "no answer came to the call that was to append the row, and the record has equal rows, so it "
    "is not known whether it is there; give rows an id or the mapping a rows_key",
)


class LostRows:
    """Compares what was to be appended with new rows of this user's."""

    def __init__(self, client: Client) -> None:
        self._client = client
        #: By record, when the run appended rows to it last, by our clock.
        self._appended: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, record_id: str) -> None:
        """The run has appended rows to this record."""
        with self._lock:
            self._appended[record_id] = time.time()
            self._appended.move_to_end(record_id)
            while len(self._appended) > _MOST_RECORDS:
                self._appended.popitem(last=False)

    def drop_added(
        self,
        shape: RowShape,
        record_id: str,
        changes: RowChanges,
        present: Sequence[Row],
        since: float,
    ) -> Outcome | None:
        """Takes out of the changes what a call has added that began then by our clock; an outcome
        where that is not known. One call adds all rows of a record, or none."""
        added = [row for row in changes.rows if "id" not in row]
        values = RowValues(shape)
        old, new = self._find_equal(values, added, present, since)
        if not new and not (old and "Created_Time" not in shape.module.fields):
            return None
        began_after = self._appended.get(record_id, 0.0) < int(since) - 1
        if len(new) < len(added) or not began_after:
            return _UNKNOWN
        kept = [
            (row, number)
            for row, number in zip(changes.rows, changes.numbers, strict=True)
            if "id" in row
        ]
        changes.rows, changes.numbers = [row for row, _ in kept], [number for _, number in kept]
        return None

    def _find_equal(
        self, values: RowValues, added: Sequence[Row], present: Sequence[Row], since: float
    ) -> tuple[list[Row], list[Row]]:
        """Of each added row, an equal present one: those from before, and those that are new."""
        left: dict[bool, list[Row]] = {False: [], True: []}
        for row in present:
            left[self._is_new(row, since)].append(row)
        found: dict[bool, list[Row]] = {False: [], True: []}
        for is_new, rows in left.items():
            for wanted in added:
                equal = next((row for row in rows if values.have_equal(wanted, row)), None)
                if equal is not None:
                    rows.remove(equal)
                    found[is_new].append(equal)
        return found[False], found[True]

    def _is_new(self, row: Mapping[str, Any], since: float) -> bool:
        """UNVERIFIED: that a row's Created_Time is when it was added, not its record's."""
        by = as_object(row.get("Created_By")).get("id")
        try:
            created = datetime.fromisoformat(str(row.get("Created_Time")))
        except ValueError:
            return False
        begun = self._client.org.clock.at(since).replace(microsecond=0)
        return str(by) == self._client.current_user and created >= begun
