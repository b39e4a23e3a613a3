"""Exports: bulk read jobs that are created, polled and fetched; created again if they fail."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from source_zoho_crm.readers import Row
from source_zoho_crm.readers.steps import (
    CreateExport,
    FetchExport,
    GiveUp,
    Moment,
    Now,
    PollExport,
    Sleep,
    Start,
    Started,
    Task,
    Wait,
)
from zoho_crm.errors import is_not_served
from zoho_crm.fields import Field
from zoho_crm.multi_select import MultiSelectTexts
from zoho_crm.problems import Refused, system_error, transient_error
from zoho_crm.waits import Waiting

LOGGER = logging.getLogger("airbyte")

#: Waits between polls of a job grow by this factor, so that at most three eighths of the time that
#: a job takes are lost, and twenty polls reach to an hour and a half.
_FIRST_WAIT_S = 0.3
_LONGER = 1.6
_MOST_POLLS = 20
#: Polls of a completed job without a result, until a new one is made. A client in production sees
#: such jobs; whether the result comes later is not known.
_MOST_BARE_POLLS = 4
#: How often one export is begun.
_TRIES = 3
#: A result that is no longer there, or its job. UNVERIFIED: how long Zoho keeps results; a sister
#: product says one day.
_GONE = "RESOURCE_NOT_FOUND"
#: After so many consecutive exports that report no rows and have no result, there are no rows.
#: UNVERIFIED: whether an export without rows has a file, an empty one, or none.
_GONE_OFTEN_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Result:
    """What a completed job has exported."""

    #: None: Zoho does not say.
    rows: int | None
    #: More rows follow.
    more: bool
    #: Where they are, if a page token leads there and not the next page number.
    next_token: str | None


@dataclass(frozen=True, slots=True)
class JobState:
    """A job, and its result once it is completed."""

    completed: bool = False
    #: None, too, where a completed job names none.
    result: Result | None = None
    #: Zoho's reason, if it failed, and its code.
    failure: str | None = None
    code: str | None = None


class BrokenExportError(Exception):
    """A result that cannot be relied on; the text says why. It can be fetched again."""


class ExportFile(Protocol):
    """The result of a job, on disk as long as it is read."""

    def read_rows(
        self, module: str, fields: Sequence[Field], *, most_rows: int, texts: MultiSelectTexts
    ) -> Iterator[list[Row]]:
        """The rows in canonical form, in pages; raises where they are more than `most_rows`."""
        ...

    def close(self) -> None: ...


class Export:
    """One page of rows, from when its job is made.

    Where Zoho fails at the job, or has lost the job or its result, a new job takes its place.
    """

    def __init__(self, module: str, query: Mapping[str, Any]) -> None:
        self._module = module
        self._query = query
        self._result: Result | None = None
        self._tries = 1
        self._gone_when_empty = 0
        self._job = ""
        self._waiting: Started | None = None

    def create(self) -> Task["Export"]:
        """Makes its job; returns the export."""
        self._job = yield CreateExport(self._query)
        return self

    def begin_to_wait(self) -> Task[None]:
        """Polls its job beside what the task does."""
        self._waiting = yield Start(self._complete())

    def abandon(self) -> Task[None]:
        """Nobody waits for it any longer: its job is not polled again."""
        if self._waiting:
            yield GiveUp(self._waiting)
            self._waiting = None

    def wait_for_result(self) -> Task[Result]:
        """Waits until the export is completed."""
        if self._waiting:
            waiting, self._waiting = self._waiting, None
            yield Wait((waiting,))
        return (yield from self._complete())

    def _complete(self) -> Task[Result]:
        while self._result is None:
            try:
                self._result = yield from self._poll()
            except Refused as refusal:
                yield from self._retry_if_gone(refusal)
        return self._result

    def fetch(self) -> Task[ExportFile | None]:
        """The file of the completed export; None: it has none, and Zoho reports no rows.

        What `wait_for_result` returns from then on is of this file: the export may have been
        created again.
        """
        while True:
            result = yield from self.wait_for_result()
            try:
                file: ExportFile = yield FetchExport(self._job, empty=result.rows == 0)
            except BrokenExportError as broken:
                # Before the first row goes out: rows that were emitted cannot be withdrawn.
                yield from self.retry(str(broken), same_job=True)
            except Refused as refusal:
                if refusal.code == _GONE and result.rows == 0:
                    self._gone_when_empty += 1
                    if self._gone_when_empty >= _GONE_OFTEN_ENOUGH:
                        return None
                yield from self._retry_if_gone(refusal)
            else:
                return file

    def _poll(self) -> Task[Result | None]:
        """Polls the job until it is done; None: it has failed, and a new one is made."""
        begun: Moment = yield Now()
        wait, bare = _FIRST_WAIT_S, 0
        for _ in range(_MOST_POLLS):
            seconds = (yield Now()) - begun
            yield Sleep(wait, Waiting(self._module, f"Zoho to finish export {self._job}", seconds))
            wait *= _LONGER
            state: JobState = yield PollExport(self._job)
            bare += state.completed
            if state.result is not None:
                return state.result
            if bare == _MOST_BARE_POLLS:
                yield from self.retry("it is completed and has no result")
                return None
            if state.failure is not None:
                if state.code and is_not_served(state.code):
                    # A new one would fail as well.
                    raise Refused(system_error(state.failure), state.code)
                yield from self.retry(f"it failed ({state.failure})")
                return None
        minutes = ((yield Now()) - begun) / 60
        raise transient_error(
            f"{self._label}: Zoho has not completed it in {minutes:.0f} minutes. "
            "The next sync continues from the saved state."
        )

    def _retry_if_gone(self, refusal: Refused) -> Task[None]:
        if refusal.code != _GONE:
            raise refusal
        yield from self.retry("it is no longer there")

    def retry(self, why: str, *, same_job: bool = False) -> Task[None]:
        if self._tries == _TRIES:
            raise transient_error(
                f"{self._label}: {why}, and so {_TRIES} times. "
                "The next sync continues from the saved state."
            )
        self._tries += 1
        LOGGER.warning(
            f"{self._label}: {why}; {'it is fetched again' if same_job else 'a new one is made'}."
        )
        if not same_job:
            self._result = None
            self._job = yield CreateExport(self._query)

    @property
    def _label(self) -> str:
        return f"{self._module}, export {self._job}"
