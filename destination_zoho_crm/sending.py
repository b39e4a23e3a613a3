"""Sends a batch to Zoho and yields the outcome of each of its rows."""

import logging
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from destination_zoho_crm.calls import build_call
from destination_zoho_crm.client import Client, LostAnswerError, RowRejectedError, TooLargeError
from destination_zoho_crm.comparison import ComparedColumns
from destination_zoho_crm.existing_records import ExistingRecords, changes_nothing
from destination_zoho_crm.inserts import InsertBatch, InsertBatches
from destination_zoho_crm.lost_inserts import LostInserts, build_outage_error
from destination_zoho_crm.outcomes import LARGE_ROW, Outcome, read_outcome
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.suggestions import add_searched_places
from zoho_crm.counts import count
from zoho_crm.manifest import load_skipped_features
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: An insert is made this often at the most while its answers get lost.
_MOST_INSERTS = 5
#: So many inserts in a row may lose their answers and leave rows whose outcome is unknown.
_MOST_LOST_IN_A_ROW = 3

Records = Sequence[Mapping[str, Any]]
#: Records with their places in the batch.
_Placed = Sequence[tuple[int, Mapping[str, Any]]]


class Sender:
    """Writes batches of one stream over REST; safe to use from several threads."""

    def __init__(
        self,
        client: Client,
        plan: StreamPlan,
        automations: Sequence[str] | None,
        batches: InsertBatches,
        stop: threading.Event,
        *,
        run_deletes: bool,
        run_inserts: bool,
    ) -> None:
        """`batches`: of the module, shared by all streams that write to it. When `stop` is set,
        no insert is made again. `run_deletes`, `run_inserts`: the run deletes records of the
        module, or inserts some."""
        self._client = client
        self._plan = plan
        self._automations = automations
        self._skipped = load_skipped_features(client.config["schema_version"])
        #: None: a query may show a record that the run has deleted.
        self._existing = None if run_deletes else ExistingRecords(client, plan)
        self._compared = ComparedColumns(plan)
        self._batches = batches
        self._lost = LostInserts(client, plan, batches)
        self._stop = stop
        #: Records that it adds are told from those that an insert with a lost answer has made.
        self._is_tracked = run_inserts and plan.operation in ("insert", "upsert")
        #: Calls in a row that lost their answers. Threads may miscount by one, which does no harm.
        self._lost_in_a_row = 0
        #: Zoho does not answer any more, so other batches that lose their answers are given up.
        self._silent = False

    def send(self, records: Records) -> Generator[tuple[int, Outcome]]:
        """The place and the outcome of each record, as they become known.

        What concerns all records is raised; those whose outcomes came before have them.
        """
        placed = list(enumerate(records))
        if self._plan.operation == "upsert" and self._existing:
            unchanged = self._find_unchanged(placed, self._existing)
            for place, record_id in unchanged.items():
                yield place, Outcome("unchanged", record_id)
            placed = [one for one in placed if one[0] not in unchanged]
        if not placed:
            return
        if not self._is_tracked:
            yield from self._send(placed, None)
            return
        with self._batches.track(self._compared, dict(placed)) as batch:
            yield from self._send(placed, batch)

    def _find_unchanged(self, placed: _Placed, existing: ExistingRecords) -> dict[int, str]:
        """Places and ids of records that are there, where a row brings nothing else."""
        bare = [one for one in placed if changes_nothing(self._plan, one[1])]
        found = existing.find_ids([record for _, record in bare])
        return {
            place: record_id
            for (place, _), record_id in zip(bare, found, strict=True)
            if record_id is not None
        }

    def _send(
        self, placed: _Placed, batch: InsertBatch | None, number: int = 1
    ) -> Iterator[tuple[int, Outcome]]:
        """`number`: of the call among those with these records."""
        records = [record for _, record in placed]
        call = build_call(self._plan, records, self._automations, self._skipped)
        try:
            answer = self._client.write(
                call.method,
                call.path,
                usage_of=self._plan.label,
                records=len(records),
                params=call.params,
                headers=call.headers,
                body=call.body,
                # Rows that were added would be added twice.
                repeatable=call.repeatable and not any(map(self._has_rows, records)),
            )
        except LostAnswerError as lost:
            if self._plan.operation != "insert":
                raise
            assert batch is not None
            self._lost_in_a_row += 1
            yield from self._look_up_lost(placed, batch, number, lost)
            return
        except Refused:
            self._lost_in_a_row = 0
            raise
        except (RowRejectedError, TooLargeError):
            self._lost_in_a_row = 0
        else:
            self._lost_in_a_row = 0
            repeated = answer.repeated or number > 1
            outcomes = [self._read_outcome(item, batch, repeated=repeated) for item in answer.items]
            yield from _hand_on(placed, outcomes, batch)
            return
        yield from self._send_halves(placed, batch, number)

    def _has_rows(self, record: Mapping[str, Any]) -> bool:
        return any(name in record for name in self._plan.row_shapes)

    def _send_halves(
        self, placed: _Placed, batch: InsertBatch | None, number: int
    ) -> Iterator[tuple[int, Outcome]]:
        """One of the records is the reason, or their number: halves find it, and save others."""
        if len(placed) == 1:
            yield from _hand_on(placed, [LARGE_ROW], batch)
            return
        middle = len(placed) // 2
        yield from self._send(placed[:middle], batch, number)
        yield from self._send(placed[middle:], batch, number)

    def _look_up_lost(
        self, placed: _Placed, batch: InsertBatch, number: int, lost: LostAnswerError
    ) -> Iterator[tuple[int, Outcome]]:
        """After a lost answer. Where Zoho stays silent, the run must not go on rejecting rows: the
        batches in hand get their outcomes, and then it ends."""
        last = self._silent or number == _MOST_INSERTS
        found = self._lost.look_up(batch, [place for place, _ in placed], last=last)
        missing = []
        for one, outcome in zip(placed, found.outcomes, strict=True):
            if outcome is None:
                missing.append(one)
            else:
                yield one[0], outcome
        LOGGER.info(
            f"{self._plan.label}: no answer came to the insert of {count(len(placed), 'row')}. "
            f"{count(found.created, 'is', 'are')} in Zoho, {count(len(missing), 'is', 'are')} not, "
            f"and {count(found.unknown, 'is', 'are')} unknown."
        )
        if found.failure:
            self._silent = True
            raise found.failure
        if missing and self._stop.is_set():
            # Without an outcome, they are left to the next sync.
            return
        if missing and lost.too_large:
            yield from self._send_halves(missing, batch, number)
        elif missing and lost.blocked and not batch.record_ids:
            raise lost.blocked
        elif missing:
            yield from self._send(missing, batch, number + 1)
        elif found.unknown and self._lost_in_a_row >= _MOST_LOST_IN_A_ROW:
            raise build_outage_error(self._plan)

    def _read_outcome(
        self, item: Mapping[str, Any], batch: InsertBatch | None, *, repeated: bool
    ) -> Outcome:
        """UNVERIFIED: that outcomes come in the order of the records for every operation; Zoho
        says so of inserts only ("Insert Records")."""
        key = self._plan.key.name if self._plan.key else None
        outcome = read_outcome(
            self._plan.operation,
            self._plan.module.api_name,
            item,
            key=key,
            repeated=repeated,
        )
        inserted = batch if self._plan.operation == "insert" else None
        if inserted and repeated and self._lost.is_own_duplicate(inserted, outcome):
            return Outcome("created", outcome.record_id)
        return add_searched_places(self._plan, outcome)


def _hand_on(
    placed: _Placed, outcomes: Sequence[Outcome], batch: InsertBatch | None
) -> Iterator[tuple[int, Outcome]]:
    """All outcomes are set before the first is handed on, for the receiver may fail."""
    found = [(place, outcome) for (place, _), outcome in zip(placed, outcomes, strict=True)]
    for place, outcome in found:
        if batch is not None:
            batch.set_outcome(place, outcome)
    yield from found
