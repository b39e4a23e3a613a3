"""Sends rows to Zoho in jobs of Bulk Write and yields the outcome of each row."""

import logging
import threading
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.bulk_columns import NotInBulkError, build_columns, list_timed, write_row
from destination_zoho_crm.bulk_files import MOST_ROWS, BulkFile, explain_full_disk
from destination_zoho_crm.bulk_job import BulkJob, JobEnd
from destination_zoho_crm.bulk_look_up import BulkLookUp
from destination_zoho_crm.bulk_refusals import TOO_MANY_ROWS, Refusals
from destination_zoho_crm.bulk_results import may_be_written, read_result
from destination_zoho_crm.calls import MOST_RECORDS
from destination_zoho_crm.client import Client
from destination_zoho_crm.comparison import ComparedColumns, SentRow
from destination_zoho_crm.existing_records import changes_nothing
from destination_zoho_crm.inserts import InsertBatch, InsertBatches
from destination_zoho_crm.lost_inserts import LostInserts
from destination_zoho_crm.outcomes import Outcome
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.sending import Sender
from zoho_crm.problems import NoTokenError, Refused

LOGGER = logging.getLogger("airbyte")

#: "Bulk Write: Limitations" has this number of rows, too, "a request". UNVERIFIED: what it means.
_FEWER_ROWS = 10_000

Records = Sequence[Mapping[str, Any]]


@dataclass
class _Part:
    """What one job writes: a file, and the places of its rows."""

    file: BulkFile
    places: list[int] = field(default_factory=list)


class BulkSender:
    """Writes rows of one stream in jobs; safe to use from several threads.

    What a job cannot carry or does not write, the stream's sender of REST writes after it.
    """

    def __init__(
        self,
        client: Client,
        plan: StreamPlan,
        rest: Sender,
        batches: InsertBatches,
        stop: threading.Event,
        *,
        strict: bool,
    ) -> None:
        """`batches`: of the module, the same that `rest` has. Once `stop` is set, no job is waited
        for. `strict`: a job that Zoho refuses for a missing scope or field ends the run; else its
        stream goes on by REST."""
        self._client = client
        self._plan = plan
        self._rest = rest
        self._batches = batches
        self._stop = stop
        self._columns = build_columns(plan, client.time_zone if list_timed(plan) else None)
        self._compared = ComparedColumns(plan)
        self._look_up = BulkLookUp(LostInserts(client, plan, batches), plan.label, stop)
        self._refusals = Refusals(plan.label, strict=strict)
        self._most_rows = MOST_ROWS

    @property
    def is_refused(self) -> bool:
        """Zoho takes no jobs of this stream, so all of its rows go by REST."""
        return self._refusals.is_final

    def send(self, records: Records) -> Generator[tuple[int, Outcome]]:
        """The place and the outcome of each record, as they become known; any number of records
        with distinct keys.

        Each record is asked for once for its job, and once more if REST is to write it. Rows
        without an outcome are left to the next sync: `stop` was set. What concerns all records is
        raised; those whose outcomes came before have them.
        """
        by_rest: list[int] = []
        places: Sequence[int] = range(len(records))
        while places:
            too_many: list[int] = []
            with closing(self._gather(records, places, by_rest)) as parts:
                for part in parts:
                    with closing(part.file):
                        yield from self._write(part, records, by_rest, too_many)
            places = too_many
        yield from self._send_by_rest(records, sorted(by_rest))

    def _gather(
        self, records: Records, places: Sequence[int], by_rest: list[int]
    ) -> Generator[_Part]:
        """Files of the records. Places of those that a CSV cannot carry go to `by_rest`, and so do
        those of a few rows."""
        reasons: Counter[str] = Counter()
        with explain_full_disk(self._plan.label), ExitStack() as stack:
            part: _Part | None = None
            for place in places:
                cells = self._write_cells(records[place], reasons)
                if cells is None:
                    by_rest.append(place)
                    continue
                if part is not None and not (
                    part.file.rows < self._most_rows and part.file.has_room(cells)
                ):
                    stack.pop_all()
                    yield part
                    part = None
                if part is None:
                    part = _Part(BulkFile(self._plan.module.api_name, self._columns))
                    stack.callback(part.file.close)
                part.file.add(cells)
                part.places.append(place)
            for reason, number in reasons.items():
                LOGGER.info(
                    f"{self._plan.label}: rows that go by REST: {number:,}, because {reason}."
                )
            if part is not None:
                stack.pop_all()
                yield part

    def _write_cells(self, record: Mapping[str, Any], reasons: Counter[str]) -> list[str] | None:
        """None: the row goes by REST."""
        if self._refusals.is_final:
            return None
        if self._plan.operation == "upsert" and changes_nothing(self._plan, record):
            # Whether there is anything to do, REST asks before it writes.
            return None
        try:
            return write_row(self._columns, record)
        except NotInBulkError as reason:
            reasons[str(reason)] += 1
            return None

    def _write(
        self, part: _Part, records: Records, by_rest: list[int], too_many: list[int]
    ) -> Iterator[tuple[int, Outcome]]:
        """`too_many`: takes the places of a file that has more rows than Zoho takes."""
        if self._stop.is_set():
            return
        if len(part.places) <= MOST_RECORDS or self._refusals.is_final:
            by_rest += part.places
            return
        job = BulkJob(self._client, self._plan, self._columns, part.file, self._stop)
        file_id = self._upload(job)
        if file_id is None:
            by_rest += part.places
        elif self._plan.operation == "insert":
            yield from self._insert(job, file_id, part, records, by_rest, too_many)
        else:
            end = job.run(file_id)
            yield from self._read_changes(end, part, by_rest, too_many)

    def _upload(self, job: BulkJob) -> str | None:
        """None: the rows go by REST."""
        try:
            return job.upload()
        except NoTokenError:
            raise
        except Refused as refusal:
            self._refusals.take(refusal)
        except AirbyteTracedException as failure:
            self._refusals.take_failed_upload(failure)
        return None

    def _take_refusal(
        self, refusal: Refused, part: _Part, by_rest: list[int], too_many: list[int]
    ) -> None:
        """Of a job that was not made."""
        if refusal.code == TOO_MANY_ROWS and part.file.rows > _FEWER_ROWS:
            self._most_rows = _FEWER_ROWS
            too_many += part.places
            return
        self._refusals.take(refusal)
        by_rest += part.places

    def _read_changes(
        self, end: JobEnd, part: _Part, by_rest: list[int], too_many: list[int]
    ) -> Iterator[tuple[int, Outcome]]:
        """Of updates and upserts, what has no outcome may be written again."""
        if end.refusal:
            self._take_refusal(end.refusal, part, by_rest, too_many)
            return
        if end.failure:
            raise end.failure
        if end.is_stopped:
            return
        for number, place in enumerate(part.places):
            result = end.results.get(number)
            outcome = read_result(self._plan, result) if result else None
            if outcome is None:
                by_rest.append(place)
            else:
                yield place, outcome

    def _insert(
        self,
        job: BulkJob,
        file_id: str,
        part: _Part,
        records: Records,
        by_rest: list[int],
        too_many: list[int],
    ) -> Iterator[tuple[int, Outcome]]:
        """A row that may be a record is never sent again before it has been looked for."""
        judged: list[tuple[int, Outcome]] = []
        with self._batches.track(self._compared, {}) as batch:
            end = job.run(file_id)
            if end.refusal:
                self._take_refusal(end.refusal, part, by_rest, too_many)
                return
            # After a lost answer, the look-up tells whether anything may still be written.
            failure = None if end.is_lost else end.failure
            if not end.is_stopped and (doubtful := self._judge(part, end, batch, judged, by_rest)):
                batch.rows |= {place: SentRow(self._compared, records[place]) for place in doubtful}
                found = self._look_up.settle(end, batch, doubtful)
                judged += found.outcomes
                by_rest += found.missing
                failure = found.failure or failure
        yield from judged
        if failure:
            raise failure

    def _judge(
        self,
        part: _Part,
        end: JobEnd,
        batch: InsertBatch,
        judged: list[tuple[int, Outcome]],
        by_rest: list[int],
    ) -> list[int]:
        """Gives rows their outcomes; the places of those that may be records, and may not."""
        doubtful = []
        for number, place in enumerate(part.places):
            result = end.results.get(number)
            outcome = read_result(self._plan, result) if result else None
            if outcome is not None:
                batch.set_outcome(place, outcome)
                judged.append((place, outcome))
            elif result is None or may_be_written(result):
                doubtful.append(place)
            else:
                by_rest.append(place)
        return doubtful

    def _send_by_rest(
        self, records: Records, places: Sequence[int]
    ) -> Iterator[tuple[int, Outcome]]:
        for first in range(0, len(places), MOST_RECORDS):
            if self._stop.is_set():
                return
            some = places[first : first + MOST_RECORDS]
            with closing(self._rest.send([records[place] for place in some])) as outcomes:
                for number, outcome in outcomes:
                    yield some[number], outcome
