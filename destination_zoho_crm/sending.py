"""Sends a batch to Zoho and tells what became of each of its rows."""

import logging
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from destination_zoho_crm.calls import call_of
from destination_zoho_crm.client import Client, LostAnswerError, RowRefusedError, TooLargeError
from destination_zoho_crm.comparison import Likeness
from destination_zoho_crm.existing_records import StandingRecords, brings_nothing
from destination_zoho_crm.inserts import Creation, Creations
from destination_zoho_crm.lost_inserts import LostInserts, outage
from destination_zoho_crm.outcomes import LARGE_ROW, Outcome, judged
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.suggestions import searched
from zoho_crm.manifest import skipped_features
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: An insert is made this often at the most while its answers get lost.
_MOST_INSERTS = 5
#: So many inserts in a row may lose their answers and leave rows of which nothing is known.
_MOST_IN_VAIN = 3

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
        creations: Creations,
        stop: threading.Event,
        *,
        beside_deletions: bool,
    ) -> None:
        """`creations`: of the module, shared by all streams that write to it. When `stop` is set,
        no insert is made again. `beside_deletions`: the run deletes records of the module."""
        self._client = client
        self._plan = plan
        self._automations = automations
        self._skipped = skipped_features(client.config["schema_version"])
        #: None: a query may show a record that the run has deleted.
        self._standing = None if beside_deletions else StandingRecords(client, plan)
        self._likeness = Likeness(plan)
        self._creations = creations
        self._lost = LostInserts(client, plan, creations)
        self._stop = stop
        #: Calls in a row that lost their answers. Threads may miscount; nothing hangs on one.
        self._in_vain = 0
        #: Zoho gives no answers any more, so other batches that lose theirs are given up.
        self._silent = False

    def send(self, records: Records) -> Generator[tuple[int, Outcome]]:
        """The place and the outcome of each record, as they become known.

        What concerns all records is raised; those whose outcomes came before have them.
        """
        placed = list(enumerate(records))
        if self._plan.operation == "upsert" and self._standing:
            unchanged = self._unchanged(placed, self._standing)
            for place, record_id in unchanged.items():
                yield place, Outcome("unchanged", record_id)
            placed = [one for one in placed if one[0] not in unchanged]
        if not placed:
            return
        if self._plan.operation not in ("insert", "upsert"):
            yield from self._sent(placed, None)
            return
        with self._creations.under_way(self._likeness, dict(placed)) as creation:
            yield from self._sent(placed, creation)

    def _unchanged(self, placed: _Placed, standing: StandingRecords) -> dict[int, str]:
        """Places and ids of records that are there, where a row has nothing else to say."""
        bare = [one for one in placed if brings_nothing(self._plan, one[1])]
        found = standing.found([record for _, record in bare])
        return {
            place: record_id
            for (place, _), record_id in zip(bare, found, strict=True)
            if record_id is not None
        }

    def _sent(
        self, placed: _Placed, creation: Creation | None, number: int = 1
    ) -> Iterator[tuple[int, Outcome]]:
        """`number`: of the call among those with these records."""
        records = [record for _, record in placed]
        call = call_of(self._plan, records, self._automations, self._skipped)
        try:
            answer = self._client.write(
                call.method,
                call.path,
                line=self._plan.label,
                records=len(records),
                params=call.params,
                headers=call.headers,
                body=call.body,
                repeatable=call.repeatable,
            )
        except LostAnswerError as lost:
            assert creation is not None
            self._in_vain += 1
            yield from self._traced(placed, creation, number, lost)
            return
        except Refused:
            self._in_vain = 0
            raise
        except (RowRefusedError, TooLargeError):
            self._in_vain = 0
        else:
            self._in_vain = 0
            repeated = answer.repeated or number > 1
            outcomes = [self._judged(item, creation, repeated=repeated) for item in answer.items]
            yield from _told(placed, outcomes, creation)
            return
        yield from self._in_halves(placed, creation, number)

    def _in_halves(
        self, placed: _Placed, creation: Creation | None, number: int
    ) -> Iterator[tuple[int, Outcome]]:
        """One of the records is the reason, or their number: halves find it, and save others."""
        if len(placed) == 1:
            yield from _told(placed, [LARGE_ROW], creation)
            return
        middle = len(placed) // 2
        yield from self._sent(placed[:middle], creation, number)
        yield from self._sent(placed[middle:], creation, number)

    def _traced(
        self, placed: _Placed, creation: Creation, number: int, lost: LostAnswerError
    ) -> Iterator[tuple[int, Outcome]]:
        """After a lost answer. Where Zoho stays silent, the run must not go on turning rows into
        rejects: what is in hand has an outcome, and then it ends."""
        last = self._silent or number == _MOST_INSERTS
        found = self._lost.look_up(creation, [place for place, _ in placed], last=last)
        missing = []
        for one, outcome in zip(placed, found.outcomes, strict=True):
            if outcome is None:
                missing.append(one)
            else:
                yield one[0], outcome
        LOGGER.info(
            f"{self._plan.label}: no answer came to the insert of {len(placed):,} rows. "
            f"{found.created:,} are in Zoho, {len(missing):,} are not, and of {found.unknown:,} "
            "nothing is known."
        )
        if found.failure:
            self._silent = True
            raise found.failure
        if missing and self._stop.is_set():
            # Without an outcome, they are left to the next sync.
            return
        if missing and lost.too_large:
            yield from self._in_halves(missing, creation, number)
        elif missing and lost.barred and not creation.told:
            raise lost.barred
        elif missing:
            yield from self._sent(missing, creation, number + 1)
        elif found.unknown and self._in_vain >= _MOST_IN_VAIN:
            raise outage(self._plan)

    def _judged(
        self, item: Mapping[str, Any], creation: Creation | None, *, repeated: bool
    ) -> Outcome:
        """UNVERIFIED: that outcomes stand in the order of the records for every operation; Zoho
        says so of inserts only ("Insert Records")."""
        key = self._plan.key.name if self._plan.key else None
        outcome = judged(
            self._plan.operation,
            self._plan.module.api_name,
            item,
            key=key,
            repeated=repeated,
        )
        inserted = creation if self._plan.operation == "insert" else None
        if inserted and repeated and self._lost.repeats_itself(inserted, outcome):
            return Outcome("created", outcome.record_id)
        return searched(self._plan, outcome)


def _told(
    placed: _Placed, outcomes: Sequence[Outcome], creation: Creation | None
) -> Iterator[tuple[int, Outcome]]:
    """All are known before the first is handed on, where something may fail."""
    found = [(place, outcome) for (place, _), outcome in zip(placed, outcomes, strict=True)]
    for place, outcome in found:
        if creation is not None:
            creation.tell(place, outcome)
    yield from found
