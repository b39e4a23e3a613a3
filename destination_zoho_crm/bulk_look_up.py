"""Inserted rows that a bulk write job leaves without an outcome: which of them are records."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.bulk_job import JobEnd
from destination_zoho_crm.inserts import InsertBatch
from destination_zoho_crm.lost_inserts import LostInserts
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome, reject
from zoho_crm.counts import count

LOGGER = logging.getLogger("airbyte")

#: Seconds before each look for the rows of a job whose creation got no answer, and the looks after
#: which the absence of all counts. UNVERIFIED: how long a job waits for its turn.
_PAUSES_S = (15, 30, 60, 60, 60, 60, *([120] * 12))
_LEAST_LOOKS = 6

_UNSEEN = reject(
    OUTCOME_UNKNOWN,
    "no answer came to the creation of its bulk write job, and no new record is like the row; it "
    "was not sent again, for the job may still be to come",
)
_UNENDED = reject(OUTCOME_UNKNOWN, "its bulk write job goes on at Zoho and could not be waited for")


@dataclass
class Found:
    """What has been found of the rows, by their places."""

    outcomes: list[tuple[int, Outcome]] = field(default_factory=list)
    #: They are not there, and nothing may still write them.
    missing: list[int] = field(default_factory=list)
    #: Why nothing more should be written.
    failure: AirbyteTracedException | None = None


class BulkLookUp:
    """Looks for rows of one stream among the records that this user has made."""

    def __init__(self, lost: LostInserts, stream: str, stop: threading.Event) -> None:
        self._lost = lost
        self._stream = stream
        self._stop = stop

    def settle(self, end: JobEnd, batch: InsertBatch, places: Sequence[int]) -> Found:
        """`places`: of rows of the batch. Those that get no outcome and are not missing are left to
        the next sync: this one is being stopped, or fails."""
        if end.failure and not end.is_lost:
            # The job goes on, so a look would come too early.
            return self._reject_all(batch, places)
        if end.is_lost and not self._await_quiet(batch):
            return Found()
        looked = self._lost.look_up(batch, places, last=False)
        if end.failure and not looked.created:
            # Something lets no call through, so there is no job. The rows are left, too.
            return Found(failure=end.failure)
        found = Found(failure=looked.failure)
        for place, outcome in zip(places, looked.outcomes, strict=True):
            if outcome is not None:
                found.outcomes.append((place, outcome))
            elif end.is_lost:
                batch.set_outcome(place, _UNSEEN)
                found.outcomes.append((place, _UNSEEN))
            else:
                found.missing.append(place)
        LOGGER.info(
            f"{self._stream}: {count(len(places), 'row')} of a bulk write job had no outcome. "
            f"{count(looked.created, 'is', 'are')} in Zoho, "
            f"{count(len(found.missing), 'is not and goes', 'are not and go')} by REST, and "
            f"{count(len(found.outcomes) - looked.created, 'is', 'are')} unknown."
        )
        return found

    def _reject_all(self, batch: InsertBatch, places: Sequence[int]) -> Found:
        for place in places:
            batch.set_outcome(place, _UNENDED)
        return Found([(place, _UNENDED) for place in places])

    def _await_quiet(self, batch: InsertBatch) -> bool:
        """Waits until a job that there may be adds no more records, for some minutes at the least.
        False: the sync is stopped."""
        LOGGER.info(
            f"{self._stream}: no answer came to the creation of a bulk write job, and Zoho lists "
            "no jobs. Its rows are looked for among the records, which takes minutes."
        )
        seen: frozenset[str] | None = None
        for number, pause in enumerate(_PAUSES_S, 1):
            if self._stop.wait(pause):
                return False
            try:
                ids = self._lost.list_new(batch)
            except AirbyteTracedException:
                # The look-up that follows says why.
                return True
            if ids == seen and (ids or number >= _LEAST_LOOKS):
                return True
            seen = ids
        return True
