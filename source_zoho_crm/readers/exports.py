"""Exports: bulk read jobs that are created, polled and fetched; created again if they fail."""

import errno
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import requests

from source_zoho_crm.bulk_read import BulkRead, Query, Result
from source_zoho_crm.readers.export_file import find_damage
from zoho_crm.errors import is_not_served
from zoho_crm.problems import Refused, config_error, system_error, transient_error

LOGGER = logging.getLogger("airbyte")

#: Waits between polls of a job grow by this factor, so that at most three eighths of the time that
#: a job takes are lost, and twenty polls reach to an hour and a half.
_FIRST_WAIT_S = 0.3
_LONGER = 1.6
_MOST_POLLS = 20
_LOG_EVERY_S = 30.0
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

#: A file cannot be made or written: the disk is full or may not be written to, or the folder is not
#: there.
_NO_ROOM = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.ENOENT,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
    }
)


class Export:
    """One page of rows, from when its job is made.

    Where Zoho fails at the job, or has lost the job or its result, a new job takes its place.
    """

    def __init__(self, service: BulkRead, query: Query) -> None:
        self._service = service
        self._query = query
        self._result: Result | None = None
        self._tries = 1
        self._gone_when_empty = 0
        self._job = service.create(query)

    def wait_for_result(self) -> Result:
        """Waits until the export is completed."""
        while self._result is None:
            try:
                self._result = self._poll()
            except Refused as refusal:
                self._retry_if_gone(refusal)
        return self._result

    @contextmanager
    def file(self) -> Iterator[IO[bytes]]:
        """The ZIP of the completed export, on disk as long as it is read.

        What `wait_for_result` returns from then on is of this file: the export may have been
        created again. If Zoho reports no rows, an empty result counts like a ZIP.
        """
        try:
            with tempfile.TemporaryFile(prefix="zoho-export-") as file:
                while not self._fetch(file):
                    file.seek(0)
                    file.truncate()
                    self.wait_for_result()
                yield file
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            # A retry would find the same folder and an export of the same size.
            raise config_error(
                f"{self._label}: its result cannot be saved in {_find_folder()} "
                f"({error.strerror}). Free space there, set TMPDIR to another folder, or choose "
                "fewer columns or a later start date."
            ) from error

    def _fetch(self, file: IO[bytes]) -> bool:
        try:
            self._service.download(self._job, file)
            # Else a full disk would look like a file that is not a ZIP.
            file.flush()
        except Refused as refusal:
            if refusal.code == _GONE and self._is_empty:
                self._gone_when_empty += 1
                if self._gone_when_empty == _GONE_OFTEN_ENOUGH:
                    return True
            self._retry_if_gone(refusal)
            return False
        except requests.RequestException as broken:
            self.retry(f"its result broke off ({type(broken).__name__})", same_job=True)
            return False
        if self._is_empty and not file.tell():
            return True
        # Before the first row goes out: rows that were emitted cannot be withdrawn.
        if why := find_damage(file):
            self.retry(why, same_job=True)
            return False
        return True

    @property
    def _is_empty(self) -> bool:
        """Zoho reports no rows."""
        return self._result is not None and self._result.rows == 0

    def _poll(self) -> Result | None:
        """Polls the job until it is done; None: it has failed, and a new one is made."""
        begun = time.monotonic()
        wait, until_log, bare = _FIRST_WAIT_S, _LOG_EVERY_S, 0
        for _ in range(_MOST_POLLS):
            left = wait
            while left > 0:
                pause = min(left, until_log)
                time.sleep(pause)
                left, until_log = left - pause, until_log - pause
                if until_log <= 0:
                    until_log = _LOG_EVERY_S
                    seconds = time.monotonic() - begun
                    LOGGER.info(f"{self._label}: Zoho has been working on it for {seconds:.0f} s.")
            wait *= _LONGER
            state = self._service.fetch_state(self._job)
            bare += state.completed
            if state.result is not None:
                return state.result
            if bare == _MOST_BARE_POLLS:
                self.retry("it is completed and has no result")
                return None
            if state.failure is not None:
                if state.code and is_not_served(state.code):
                    # A new one would fail as well.
                    raise Refused(system_error(state.failure), state.code)
                self.retry(f"it failed ({state.failure})")
                return None
        minutes = (time.monotonic() - begun) / 60
        raise transient_error(
            f"{self._label}: Zoho has not completed it in {minutes:.0f} minutes. "
            "The next sync continues from the saved state."
        )

    def _retry_if_gone(self, refusal: Refused) -> None:
        if refusal.code != _GONE:
            raise refusal
        self.retry("it is no longer there")

    def retry(self, why: str, *, same_job: bool = False) -> None:
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
            self._job = self._service.create(self._query)

    @property
    def _label(self) -> str:
        return f"{self._service.stream}, export {self._job}"


def _find_folder() -> str:
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        return "a folder for temporary files"
