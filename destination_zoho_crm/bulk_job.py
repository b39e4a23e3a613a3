"""One job of Bulk Write, from its file to the results of its rows."""

import logging
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.bulk_columns import BulkColumn
from destination_zoho_crm.bulk_files import BulkFile, explain_full_disk
from destination_zoho_crm.bulk_jobs import BulkJobs, FileCounts, JobStatus, build_pauses
from destination_zoho_crm.bulk_results import BadResultError, RowResult, match_results
from destination_zoho_crm.client import Client, LostAnswerError
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.counts import count
from zoho_crm.manifest import names_modules_plainly
from zoho_crm.problems import Refused, transient_error
from zoho_crm.temporary_files import find_damage

LOGGER = logging.getLogger("airbyte")

#: A job that has not ended by then is not waited for any longer.
_PATIENCE_S = 3_600.0
#: A line tells of a job that goes on for so long, and again after as long.
_SILENCE_S = 60.0
#: Looks at a job that may fail one after the other, each with all its tries: the first of them
#: within two minutes. Zoho may not know a job at once, and inserts of one that is given up are
#: unknown.
_MOST_FAILURES = 8
#: Seconds before each further fetch of a result: addresses expire, some jobs name theirs late, and
#: Zoho may put off a download for a minute. Rows without a result cost as much as by REST.
_PAUSES_OF_FETCHES_S = (5, 10, 20, 40, 60)


@dataclass(frozen=True)
class JobEnd:
    """What is known when a job is no longer waited for."""

    #: By the row's number in the file; rows that are missing have no result.
    results: Mapping[int, RowResult] = field(default_factory=dict)
    #: The sync is being stopped: the job goes on at Zoho.
    is_stopped: bool = False
    #: The answer of its creation was lost, so there may be such a job.
    is_lost: bool = False
    #: Why Zoho makes no such job.
    refusal: Refused | None = None
    #: Why nothing more can be said. Of a lost answer: why there would be none to another try.
    failure: AirbyteTracedException | None = None


class BulkJob:
    def __init__(
        self,
        client: Client,
        plan: StreamPlan,
        columns: Sequence[BulkColumn],
        file: BulkFile,
        stop: threading.Event,
    ) -> None:
        self._plan = plan
        self._columns = columns
        self._file = file
        self._stop = stop
        self._jobs = BulkJobs(client, plan.label)
        self._version = client.config["schema_version"]

    def upload(self) -> str:
        """Uploads the file; returns what Zoho calls it. Raises `Refused` where Zoho refuses it."""
        with explain_full_disk(self._plan.label):
            content = self._file.finish()
        return self._jobs.upload(content, f"{self._plan.module.api_name}.zip")

    def run(self, file_id: str) -> JobEnd:
        """Makes the job of an uploaded file, and waits for its end.

        Raises what keeps the job from being made, unless that is Zoho's refusal.
        """
        begun = time.monotonic()
        if self._stop.is_set():
            return JobEnd(is_stopped=True)
        try:
            job = self._jobs.create(
                self._build_body(file_id), repeatable=self._plan.operation != "insert"
            )
        except Refused as refusal:
            return JobEnd(refusal=refusal)
        except LostAnswerError as lost:
            return JobEnd(is_lost=True, failure=lost.blocked)
        name = f"{self._plan.label}: bulk write job {job}"
        LOGGER.info(f"{name} writes {count(self._file.rows, 'row')}.")
        try:
            status = self._await_end(job, name)
        except AirbyteTracedException as failure:
            return JobEnd(failure=failure)
        if status is None:
            LOGGER.info(f"{name} goes on at Zoho; the sync is stopped and does not wait for it.")
            return JobEnd(is_stopped=True)
        results = self._fetch_results(job, status, name)
        self._log_end(name, status, results, time.monotonic() - begun)
        return JobEnd(results)

    def _build_body(self, file_id: str) -> Mapping[str, Any]:
        """ "Create Bulk Write Job". `ignore_empty` stands in both places: pages and SDKs disagree,
        and without it empty cells would empty their fields."""
        plan = self._plan
        module = plan.module.api_name
        resource: dict[str, Any] = {
            "type": "data",
            "module": module if names_modules_plainly(self._version) else {"api_name": module},
            "file_id": file_id,
            "ignore_empty": True,
            "field_mappings": [column.mapping for column in self._columns],
        }
        if plan.key:
            resource["find_by"] = plan.key.name
        return {
            "operation": plan.operation,
            "character_encoding": "UTF-8",
            "ignore_empty": True,
            "resource": [resource],
        }

    def _await_end(self, job: str, name: str) -> JobStatus | None:
        """None: the sync is stopped. Raises a transient error when the job takes too long, or
        cannot be looked at."""
        begun = said = time.monotonic()
        failures = 0
        for pause in build_pauses():
            if self._stop.wait(pause):
                return None
            try:
                status = self._jobs.fetch_status(job)
            except AirbyteTracedException:
                failures += 1
                if failures == _MOST_FAILURES:
                    raise
                continue
            failures = 0
            if status.ended:
                return status
            now = time.monotonic()
            if now - begun > _PATIENCE_S:
                break
            if now - said > _SILENCE_S:
                said = now
                LOGGER.info(f"{name} has been running for {now - begun:,.0f} s.")
        raise transient_error(
            f"{name} has not ended within {_PATIENCE_S / 60:.0f} minutes and goes on at Zoho. Look "
            "for it in Zoho, and try again later."
        )

    def _fetch_results(self, job: str, status: JobStatus, name: str) -> Mapping[int, RowResult]:
        """Those of the result, or else those that the counts leave no doubt about."""
        why = "Zoho names no address for it"
        for pause in (*_PAUSES_OF_FETCHES_S, None):
            if status.url:
                try:
                    return self._fetch(status.url)
                except BadResultError as bad:
                    why = str(bad)
            elif status.ended != "COMPLETED":
                # UNVERIFIED: that none comes late. What such a job has written is found without it.
                break
            if pause is None or self._stop.wait(pause):
                break
            try:
                status = self._jobs.fetch_status(job)
            except AirbyteTracedException as failure:
                why = str(failure.message)
        LOGGER.warning(f"{name} ended as {status.ended}, and its result cannot be had: {why}.")
        return self._read_counts(status)

    def _fetch(self, url: str) -> Mapping[int, RowResult]:
        with (
            explain_full_disk(self._plan.label),
            tempfile.TemporaryFile(prefix="zoho-bulk-result-") as file,
        ):
            if why := self._jobs.fetch_result(url, file):
                raise BadResultError(why)
            # Else a full disk would look like a file that is not a ZIP.
            file.flush()
            if why := find_damage(file):
                raise BadResultError(why)
            key = self._plan.key.name if self._plan.key else None
            return match_results(file, self._columns, key, self._file.read_rows())

    def _read_counts(self, status: JobStatus) -> Mapping[int, RowResult]:
        counts, rows = status.counts, self._file.rows
        if status.ended != "COMPLETED" or counts is None or counts.total != rows:
            return {}
        for word, number in (("added", counts.added), ("updated", counts.updated)):
            if number == rows and not counts.skipped:
                return dict.fromkeys(range(rows), RowResult(word, "", ""))
        return {}

    def _log_end(
        self, name: str, status: JobStatus, results: Mapping[int, RowResult], seconds: float
    ) -> None:
        words = Counter(result.status for result in results.values())
        said = ", ".join(f"{number:,} {word}" for word, number in sorted(words.items()))
        missing = self._file.rows - len(results)
        code = f" ({status.code})" if status.ended != "COMPLETED" and status.code else ""
        line = f"{name} ended as {status.ended}{code} after {seconds:,.0f} s: {said or 'no rows'}"
        if missing:
            LOGGER.warning(f"{line}; its result does not tell of {count(missing, 'row')}.")
        elif _differ(words, status.counts):
            LOGGER.warning(f"{line}; its counts differ, and the result decides.")
        else:
            LOGGER.info(f"{line}.")


def _differ(words: Counter[str], counts: FileCounts | None) -> bool:
    """Whether a job counts its rows otherwise than its result does, in words that both have."""
    if counts is None or words.keys() - {"added", "updated", "skipped"}:
        return False
    counted = (counts.added, counts.updated, counts.skipped)
    return counted != (words["added"], words["updated"], words["skipped"])
