"""Bulk write jobs on their way: added, in progress, completed or failed."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from zoho_emulator.clock import Clock
from zoho_emulator.errors import ZohoError
from zoho_emulator.knobs import Knobs
from zoho_emulator.store.model import User
from zoho_emulator.store.store import Store
from zoho_emulator.versions import Version

if TYPE_CHECKING:  # these know the emulator, which knows its jobs
    from zoho_emulator.bulk_write.request import Request
    from zoho_emulator.bulk_write.work import Part

ADDED, IN_PROGRESS, COMPLETED, FAILED = "ADDED", "INPROGRESS", "COMPLETED", "FAILED"

_HOUR_S = 3_600
#: The part of a job's time that it is ADDED, before it is worked on.
_ADDED_SHARE = 0.2
_TICK_S = 0.02
#: How long rows are written before other calls have their turn.
_SLICE_S = 0.01


class JobFailedError(Exception):
    """A knob lets the job fail."""


class Begin(Protocol):
    """Writes a row at each step, and at last has the result in the ZIP at `path`."""

    def __call__(self, path: Path, *, fails: bool) -> Iterator[None]: ...


@dataclass(slots=True)
class Job:
    id: str
    request: "Request"
    parts: "Sequence[Part]"
    version: Version
    user: User
    begin: Begin = field(repr=False)
    created: float
    #: When its present state may end.
    due: float
    #: How long it is in progress.
    seconds: float
    fails: bool
    path: Path
    state: str = ADDED
    work: Iterator[None] | None = field(default=None, repr=False)
    finished: float = 0.0
    #: How often it was looked at since it is completed.
    looks: int = 0


class Uploads:
    """Uploaded files by their ids, on the disk. UNVERIFIED: they are kept for good."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}

    def keep(self, file_id: str, path: Path, content: bytes | memoryview) -> None:
        path.write_bytes(content)
        self._paths[file_id] = path

    def find(self, file_id: object) -> Path | None:
        return self._paths.get(str(file_id))

    def close(self) -> None:
        for path in self._paths.values():
            path.unlink(missing_ok=True)
        self._paths.clear()


class WriteJobs:
    """The jobs of one org. They follow the clock, but writing rows takes real time.

    Rows are written in the thread of the calls, a few at a time between them.
    """

    def __init__(self, store: Callable[[], Store], clock: Clock, knobs: Knobs) -> None:
        self.uploads = Uploads()
        self._store = store
        self._clock = clock
        self._knobs = knobs
        self._jobs: dict[str, Job] = {}
        self._created = 0
        self._ticking: asyncio.Task[None] | None = None

    def create(
        self,
        request: "Request",
        parts: "Sequence[Part]",
        version: Version,
        user: User,
        begin: Begin,
    ) -> Job:
        """A new job, which goes on by itself in the running event loop."""
        now, seconds = self._clock.precise(), self._knobs.bulk_write_job_seconds
        self._created += 1
        store = self._store()
        job_id = str(store.ids.take())
        job = Job(
            id=job_id,
            request=request,
            parts=parts,
            version=version,
            user=user,
            begin=begin,
            created=now,
            due=now + seconds * _ADDED_SHARE,
            seconds=seconds * (1 - _ADDED_SHARE),
            fails=self._created <= self._knobs.bulk_write_fail,
            path=store.path.with_name(f"write-{job_id}.zip"),
        )
        self._jobs[job.id] = job
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.get_running_loop().create_task(self._tick())
        return job

    def find(self, job_id: str) -> Job | None:
        """The job as it is now."""
        self.advance()
        return self._jobs.get(job_id)

    def find_module(self, job_id: str) -> str | None:
        job = self._jobs.get(job_id)
        return job.request.resources[0].module.api_name if job else None

    def has_result(self, job: Job) -> bool:
        kept_s = self._knobs.bulk_write_result_hours * _HOUR_S
        return job.state == COMPLETED and self._clock.precise() < job.finished + kept_s

    def advance(self) -> None:
        """Advances every job to its state at this time."""
        now = self._clock.precise()
        for job in self._in(ADDED):
            if now >= job.due:
                job.state, job.due = IN_PROGRESS, now + job.seconds
                job.work = job.begin(job.path, fails=job.fails)
        for job in self._in(IN_PROGRESS):
            if job.work is None and now >= job.due:
                job.state, job.finished = COMPLETED, now

    def reset(self) -> None:
        """Clears the count of jobs; the jobs stay."""
        self._created = 0

    def close(self) -> None:
        """Ends all jobs and drops them, with the files."""
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        for job in self._jobs.values():
            job.work = None
            job.path.unlink(missing_ok=True)
        self._jobs.clear()
        self.uploads.close()

    def _in(self, *states: str) -> Iterator[Job]:
        return (job for job in self._jobs.values() if job.state in states)

    async def _tick(self) -> None:
        """Jobs advance without a call."""
        while any(self._in(ADDED, IN_PROGRESS)):
            at_work = [job for job in self._in(IN_PROGRESS) if job.work is not None]
            for job in at_work:
                _work_on(job)
            await asyncio.sleep(0 if at_work else _TICK_S)
            self.advance()


def _work_on(job: Job) -> None:
    """Writes rows for a short time."""
    assert job.work is not None
    end = time.monotonic() + _SLICE_S
    try:
        for _ in job.work:
            if time.monotonic() >= end:
                return
        job.work = None
    except JobFailedError:
        job.work, job.state = None, FAILED
    except Exception:
        job.work, job.state = None, FAILED
        logging.getLogger(__name__).exception("a bulk write job failed")


def not_found() -> ZohoError:
    return ZohoError("RESOURCE_NOT_FOUND", "The requested resource doesn't exist.", status=404)
