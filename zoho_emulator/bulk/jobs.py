"""Bulk read jobs on their way: added, queued, in progress, completed or failed."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from zoho_emulator.bulk.columns import Query
from zoho_emulator.bulk.result_csv import Export
from zoho_emulator.clock import Clock
from zoho_emulator.errors import ZohoError
from zoho_emulator.knobs import Knobs
from zoho_emulator.store.model import User
from zoho_emulator.store.store import Store
from zoho_emulator.versions import Version

ADDED, QUEUED, IN_PROGRESS = "ADDED", "QUEUED", "IN PROGRESS"
COMPLETED, FAILURE = "COMPLETED", "FAILURE"

TOKEN_LIFETIME_S = 86_400
_HOUR_S = 3_600
_MINUTE_S = 60
#: The part of a job's time that it is ADDED, before it is worked on.
_ADDED_SHARE = 0.2
_TICK_S = 0.02


@dataclass(slots=True)
class Job:
    id: str
    version: Version
    query: Query
    user: User
    created: float
    #: When its present state may end.
    due: float
    #: How long it is IN PROGRESS.
    seconds: float
    fails: bool
    state: str = ADDED
    export: Export | None = None
    finished: float = 0.0
    #: How often it was looked at since it is completed.
    looks: int = 0
    #: What the details of a completed job show: rows that a page may have, rows it has, and
    #: whether there are rows after it.
    per_page: int = 0
    count: int = 0
    more: bool = False
    next_page_token: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    query: Query
    user: int
    expiry: float


class Jobs:
    """The jobs of one org. They follow the clock, but writing a file takes real time."""

    def __init__(self, rows: Callable[[], Store], clock: Clock, knobs: Knobs) -> None:
        self._rows = rows
        self._clock = clock
        self._knobs = knobs
        self._jobs: dict[str, Job] = {}
        self._tokens: dict[str, _Token] = {}
        self._downloads: deque[float] = deque()
        self._created = 0
        self._ticking: asyncio.Task[None] | None = None

    @property
    def store(self) -> Store:
        """The rows as they are shown now."""
        return self._rows()

    def create(self, query: Query, version: Version, user: User) -> Job:
        """A new job, which goes on by itself in the running event loop."""
        now, seconds = self._clock.precise(), self._knobs.bulk_job_seconds
        self._created += 1
        job = Job(
            id=str(self.store.ids.take()),
            version=version,
            query=query,
            user=user,
            created=now,
            due=now + seconds * _ADDED_SHARE,
            seconds=seconds * (1 - _ADDED_SHARE),
            fails=self._created <= self._knobs.bulk_fail,
        )
        self._jobs[job.id] = job
        self.advance()
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.get_running_loop().create_task(self._tick())
        return job

    def find(self, job_id: str) -> Job:
        """The job as it is now."""
        self.advance()
        if job_id not in self._jobs:
            raise _not_found(job_id)
        return self._jobs[job_id]

    def find_module(self, job_id: str) -> str | None:
        job = self._jobs.get(job_id)
        return job.query.module.api_name if job else None

    def follow_token(self, token: str, user: User) -> Query:
        """The query of the page after the one whose job gave the token."""
        details = {"api_name": "page_token", "json_path": "$.query.page_token"}
        known = self._tokens.get(token)
        if known is None or known.user != user.id:
            raise ZohoError("INVALID_DATA", "The token given seems to be invalid", details)
        if known.expiry <= self._clock.precise():
            raise ZohoError("EXPIRED_VALUE", "Page token expired", details)
        return known.query

    def download(self, job: Job) -> Export:
        """The job's result. UNVERIFIED: one that is gone is answered like one that is not yet."""
        if job.state != COMPLETED or job.export is None:
            raise _not_found(job.id)
        now, limit = self._clock.precise(), self._knobs.bulk_downloads_per_minute
        while self._downloads and self._downloads[0] <= now - _MINUTE_S:
            self._downloads.popleft()
        # UNVERIFIED: a refused download does not count.
        if limit and len(self._downloads) >= limit:
            raise ZohoError(
                "TOO_MANY_REQUESTS", "too many requests for download in a minute", status=429
            )
        self._downloads.append(now)
        return job.export

    def advance(self) -> None:
        """Advances every job to its state at this time, in the order they were made."""
        now = self._clock.precise()
        for job in self._in(IN_PROGRESS):
            self._finish(job, now)
        for job in self._in(ADDED, QUEUED):
            if now < job.due:
                continue
            if sum(1 for _ in self._in(IN_PROGRESS)) < max(1, self._knobs.bulk_parallel):
                self._start(job, now)
            else:
                job.state = QUEUED
        for job in self._in(COMPLETED):
            kept_s = self._knobs.bulk_result_hours * _HOUR_S
            if job.export is not None and now >= job.finished + kept_s:
                job.export.discard()
                job.export = None

    def reset(self) -> None:
        """Clears the counts of jobs and downloads; the jobs stay."""
        self._created = 0
        self._downloads.clear()

    def close(self) -> None:
        """Ends all jobs and drops them."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        for job in self._jobs.values():
            if job.export is not None:
                job.export.discard()
        self._jobs.clear()
        self._tokens.clear()

    def _in(self, *states: str) -> Iterator[Job]:
        return (job for job in self._jobs.values() if job.state in states)

    def _start(self, job: Job, now: float) -> None:
        job.state = IN_PROGRESS
        job.due = now + job.seconds
        if not job.fails:
            path = self.store.path.with_name(f"{job.id}.zip")
            job.export = Export(
                self.store,
                job.query,
                path,
                rows=self._knobs.bulk_rows,
                separator=self._knobs.bulk_list_separator,
            )

    def _finish(self, job: Job, now: float) -> None:
        if now < job.due or (job.export is not None and not job.export.done):
            return
        job.finished = now
        if job.export is None or job.export.failed:
            job.state = FAILURE
            return
        job.state = COMPLETED
        job.per_page, job.count, job.more = job.export.rows, job.export.count, job.export.more
        if job.more and job.version.bulk_page_tokens:
            query = replace(job.query, page=job.query.page + 1, after=job.export.last)
            job.next_page_token = hashlib.sha256(f"{job.id} next".encode()).hexdigest()[:36]
            expiry = now + TOKEN_LIFETIME_S
            self._tokens[job.next_page_token] = _Token(query, job.user.id, expiry)

    async def _tick(self) -> None:
        """Jobs advance without a call."""
        while any(self._in(ADDED, QUEUED, IN_PROGRESS)):
            await asyncio.sleep(_TICK_S)
            self.advance()


def _not_found(job_id: str) -> ZohoError:
    return ZohoError(
        "RESOURCE_NOT_FOUND",
        "The requested resource doesn't exist.",
        {"resource": job_id},
        status=404,
    )
