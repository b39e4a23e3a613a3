"""One stream of a run: from rows that come in to outcomes that are booked."""

from collections.abc import Callable, Generator, Mapping, Sequence, Sized
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

from destination_zoho_crm.batches import BatchBuilder
from destination_zoho_crm.calls import MOST_DELETE_TEXT, MOST_RECORDS, get_max_records
from destination_zoho_crm.deletions import Deletions
from destination_zoho_crm.error_codes import OF_RECORD_STATES
from destination_zoho_crm.existing_records import changes_nothing
from destination_zoho_crm.named_records import find_named, list_named_modules
from destination_zoho_crm.outcomes import (
    MALFORMED_ROW,
    OUTCOME_UNKNOWN,
    SUPERSEDED,
    UNCHANGED,
    Outcome,
    reject,
)
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.protocol import Row
from destination_zoho_crm.row_counts import RowCounts, Segment
from destination_zoho_crm.row_order import RowOrder
from destination_zoho_crm.row_shapes import PARENT
from destination_zoho_crm.rows import EncodedRow, PendingRow, RowEncoder, Together
from destination_zoho_crm.spool import Chunk
from destination_zoho_crm.spooled_rows import SpooledRecords, SpooledRow, build_parts
from destination_zoho_crm.spooling import Spool
from destination_zoho_crm.writers import Writers

#: Writes records and yields the place and the outcome of each, as they become known.
Send = Callable[[Sequence[Mapping[str, Any]]], Generator[tuple[int, Outcome]]]
#: Records that are written together, each with its rows.
Batch = Sequence[Together]
OnReject = Callable[[StreamPlan, Row, Outcome], None]

_MAY_BE_THERE = (
    "an earlier run sent the row and does not know whether it was written; look in Zoho whether "
    "it is there, and if not, take the key `rejected` out of the line to have it written"
)


class BulkRoad(NamedTuple):
    """Bulk Write, for a stream that it takes."""

    send: Send
    #: Records that are worth a job.
    least: int
    #: Whether Zoho takes no more jobs of the stream.
    is_refused: Callable[[], bool]

    def takes(self, records: Sized) -> bool:
        """Whether these are better written by a job."""
        return len(records) >= self.least and not self.is_refused()


class StreamWriter:
    """Takes rows in the order of the input; rows are written in batches, by several writers."""

    def __init__(
        self,
        plan: StreamPlan,
        encoder: RowEncoder,
        send: Send,
        row_counts: RowCounts,
        writers: Writers,
        order: RowOrder,
        deletions: Deletions,
        *,
        on_reject: OnReject,
        bulk: BulkRoad | None = None,
    ) -> None:
        """`bulk`: rows wait on disk until they are worth a job; None: each batch is a call."""
        self._plan = plan
        self._encoder = encoder
        self._send = send
        self._row_counts = row_counts
        self._writers = writers
        self._on_reject = on_reject
        self._deletions = deletions
        self._batches = BatchBuilder(
            writers,
            self._write,
            order,
            most=get_max_records(plan),
            most_text=MOST_DELETE_TEXT if plan.operation == "delete" else None,
            most_of_one=plan.table.shape.most if plan.table else None,
        )
        self._bulk = bulk
        self._order = order
        self._spool = bulk and Spool(
            writers,
            self._write_chunk,
            self._batches,
            order,
            takes=bulk.takes,
            rename=encoder.rename_columns,
        )

    def take(self, row: Row) -> None:
        segment = self._row_counts.count_row(self._plan.stream)
        row = self._encoder.rename_columns(row)
        record = self._encode(row)
        if isinstance(record, Outcome):
            self._set_outcome(EncodedRow(segment, row, {}, None), record)
            return
        if self._plan.operation == "update" and changes_nothing(self._plan, record):
            self._set_outcome(EncodedRow(segment, row, {}, None), UNCHANGED)
            return
        pending = EncodedRow(segment, row, record, self._encoder.find_key(record))
        if self._plan.operation == "delete":
            self._deletions.add([pending.key])
        (self._spool or self._batches).add(pending)

    def flush(self) -> None:
        """A STATE has come: what waits is written, unless it waits on disk."""
        self._batches.flush()

    def finish(self) -> None:
        """All that waits is written."""
        if self._spool:
            self._spool.flush()
        self._batches.flush()

    def close(self) -> None:
        """What waits on disk is left to the next sync."""
        if self._spool:
            self._spool.close()

    def follow_named(self, writers: Sequence["StreamWriter"]) -> None:
        """Writes rows after what has arrived of the records that they name. `writers`: of all
        streams, this one among them."""
        parents = {
            module: [one._batches for one in writers if one._plan.module.api_name == module]
            for module in list_named_modules(self._plan)
        }
        parents = {module: batches for module, batches in parents.items() if batches}
        if parents:
            self._batches.follow(parents, partial(find_named, self._plan))

    def _encode(self, row: Row) -> Mapping[str, Any] | Outcome:
        """The record to be written, or why the row is rejected."""
        if row.data is None:
            return reject(MALFORMED_ROW, row.fault)
        if self._plan.may_add_twice and row.rejected_by == OUTCOME_UNKNOWN:
            return reject(OUTCOME_UNKNOWN, _MAY_BE_THERE)
        return self._encoder.encode(row.data)

    def _write(self, batch: Batch) -> None:
        for part in self._write_once(batch, [rows.record for rows in batch], self._send):
            if self._writers.should_write(_find_segments(part), outlasts_stop=True):
                self._write(part)

    def _write_chunk(self, chunk: Chunk) -> None:
        for part in build_parts(chunk, self._order):
            self._write_part(chunk, part)
        # Where a stop has left rows without an outcome, what follows them is left, too.
        self._goes_on(chunk)

    def _write_part(self, chunk: Chunk, part: Batch) -> None:
        """By one job, or where that costs less by calls, one after the other."""
        assert self._bulk is not None
        if self._bulk.takes(part):
            if self._goes_on(chunk):
                for again in self._write_once(part, SpooledRecords(part), self._bulk.send):
                    self._write_part(chunk, again)
            return
        for first in range(0, len(part), MOST_RECORDS):
            if not self._goes_on(chunk):
                return
            some = part[first : first + MOST_RECORDS]
            for again in self._write_once(some, [rows.record for rows in some], self._send):
                self._write_part(chunk, again)

    def _goes_on(self, chunk: Chunk) -> bool:
        """Whether the rest of a chunk is still to be written. Inserts are, once some are: the next
        sync brings all of them again, for their states come one after the other."""
        if self._plan.operation == "insert":
            return self._writers.failure is None
        return self._writers.should_write(chunk.segments, outlasts_stop=False)

    def _write_once(
        self, batch: Batch, records: Sequence[Mapping[str, Any]], send: Send
    ) -> Sequence[Batch]:
        """What is to be written again, in this order. Any row of a record may be the reason why
        Zoho rejects it, so its rows go in two parts: a bad row among many costs few calls."""
        apart = []
        unanswered = sum(len(one.rows) for one in batch)
        try:
            # Closed at once where a row gets no outcome: others may wait for the end of this batch.
            with closing(send(records)) as outcomes:
                for place, outcome in outcomes:
                    unanswered -= len(batch[place].rows)
                    if not self._set_outcomes(batch[place].rows, outcome):
                        apart.append(batch[place].split())
        finally:
            self._row_counts.count_unanswered(self._plan.stream, unanswered)
        return list(zip(*apart, strict=True))

    def _set_outcomes(self, rows: Sequence[PendingRow], outcome: Outcome) -> bool:
        """Those of the rows of one record. False: any of them may be why it was rejected."""
        rejected = outcome.result == "rejected"
        if outcome.of_rows:
            for row, of_row in zip(rows, outcome.of_rows, strict=True):
                self._set_outcome(row, of_row)
            return True
        if rejected and len(rows) > 1 and not self._concerns_all(outcome):
            return False
        # Rejected for its key or its record, none of the rows has been superseded.
        for row in rows[:-1]:
            self._set_outcome(row, outcome if rejected else SUPERSEDED)
        self._set_outcome(rows[-1], outcome)
        return True

    def _concerns_all(self, outcome: Outcome) -> bool:
        """Whether a rejection is of the key or of the record that it finds, and so of all rows; and
        what may have been written must not be sent again, in whatever parts."""
        key = self._plan.key
        if outcome.code == OUTCOME_UNKNOWN:
            return True
        # A table's record is named by the column that brings it.
        names = (PARENT,) if self._plan.table else (key.name,) if key else ()
        return outcome.code in OF_RECORD_STATES or outcome.field in names

    def _set_outcome(self, pending: PendingRow, outcome: Outcome) -> None:
        # Kept before it is booked: once it is, its state may go out.
        if outcome.result == "rejected":
            row = pending.row
            if isinstance(pending, SpooledRow):
                row = self._encoder.rename_columns(row)
            self._on_reject(self._plan, row, outcome)
        self._row_counts.count_outcome(self._plan.stream, pending.segment, outcome)


def _find_segments(batch: Batch) -> set[Segment]:
    return {row.segment for rows in batch for row in rows.rows}
