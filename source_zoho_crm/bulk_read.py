"""Bulk Read: jobs that export a module, and their results ("Bulk Read", each version)."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any

import requests

from source_zoho_crm.modules import get_modules
from source_zoho_crm.readers.export_file import read_rows
from source_zoho_crm.readers.exports import BrokenExportError, JobState, Result
from zoho_crm.answers import Body, Row, UndocumentedError
from zoho_crm.domains import quote_path_part
from zoho_crm.fields import Field
from zoho_crm.multi_select import MultiSelectTexts
from zoho_crm.org import get_org
from zoho_crm.problems import PutOffError, config_error, transient_error
from zoho_crm.requester import PAUSES_S, ZohoRequester, build_requester
from zoho_crm.temporary_files import find_damage, find_folder, has_no_room
from zoho_crm.waits import Waiting


@dataclass(frozen=True, slots=True)
class SavedExport:
    """An `ExportFile`: the ZIP in a temporary file, or an empty one."""

    file: IO[bytes]

    def read_rows(
        self, module: str, fields: Sequence[Field], *, most_rows: int, texts: MultiSelectTexts
    ) -> Iterator[list[Row]]:
        return read_rows(self.file, module, fields, most_rows=most_rows, texts=texts)

    def close(self) -> None:
        self.file.close()


@dataclass(frozen=True, slots=True)
class BulkRead:
    """The calls of Bulk Read, booked on one stream."""

    #: Creates jobs.
    create_requester: ZohoRequester
    #: Polls a job and, without taking its body into memory, fetches its result.
    poll_requester: ZohoRequester
    stream: str

    @classmethod
    def from_manifest(cls, config: Mapping[str, Any], stream: str) -> "BulkRead":
        """With the requesters that the manifest defines."""
        create_requester = build_requester("bulk_create_requester", config, usage_of=stream)
        poll_requester = build_requester("bulk_requester", config, usage_of=stream)
        return cls(create_requester, poll_requester, stream)

    def create(self, query: Mapping[str, Any]) -> str:
        """Creates a job; returns its id."""
        body = {"query": query}
        # Not for a minute: each job costs 50 credits, whether or not it is named.
        return self.create_requester.ask(
            read=_parse_job_id, body=body, usage_of=self.stream, pauses=PAUSES_S[:2]
        )

    def fetch_state(self, job: str) -> JobState:
        try:
            return self.poll_requester.ask(
                quote_path_part(job), read=_parse_state, usage_of=self.stream
            )
        except PutOffError:
            # The job goes on.
            return JobState()

    def fetch(self, job: str, *, empty: bool) -> SavedExport:
        """The result of a job, once it is its turn. `empty`: it may be an empty file.

        Raises `BrokenExportError` where it cannot be relied on.
        """
        try:
            with ExitStack() as stack:
                file = stack.enter_context(tempfile.TemporaryFile(prefix="zoho-export-"))
                self.download(job, file)
                # Else a full disk would look like a file that is not a ZIP.
                file.flush()
                if (file.tell() or not empty) and (why := find_damage(file)):
                    raise BrokenExportError(why)
                stack.pop_all()
                return SavedExport(file)
        except requests.RequestException as broken:
            why = f"its result broke off ({type(broken).__name__})"
            raise BrokenExportError(why) from broken
        except OSError as error:
            if not has_no_room(error):
                raise
            # A retry would find the same folder and an export of the same size.
            raise config_error(
                f"{self.stream}, export {job}: its result cannot be saved in {find_folder()} "
                f"({error.strerror}). Free space there, set TMPDIR to another folder, or choose "
                "fewer columns or a later start date."
            ) from error

    def download(self, job: str, file: IO[bytes]) -> None:
        org = get_org(self.poll_requester.config)
        turn = Waiting(self.stream, f"the turn to download export {job}")

        def attempt() -> bool:
            return self.poll_requester.save(
                f"{quote_path_part(job)}/result", file, usage_of=self.stream
            )

        pace = get_modules(org).download_pace
        if not pace.download(attempt, waiting=lambda: org.waits.during(turn)):
            raise transient_error(
                f"{self.stream}: Zoho has put off the download of an export for ten minutes; other "
                "programs may be downloading, too. The next sync continues from the saved state."
            )


def _find_details(body: Body) -> Mapping[str, Any]:
    entry = body["data"][0] if body and body.get("data") and type(body["data"]) is list else None
    if not isinstance(entry, dict):
        raise UndocumentedError("it says nothing about the export")
    return entry


def _parse_job_id(body: Body) -> str:
    details = _find_details(body).get("details")
    key = details.get("id") if isinstance(details, dict) else None
    if not isinstance(key, str | int):
        raise UndocumentedError("it does not say which export was begun")
    return str(key)


def _parse_state(body: Body) -> JobState:
    details = _find_details(body)
    state = details.get("state")
    if not isinstance(state, str) or not state:
        raise UndocumentedError("it has no state of the export")
    word = state.upper().replace("_", " ")
    # Samples show a result before the job is completed, too.
    result = details.get("result") or {}
    if not isinstance(result, dict):
        raise UndocumentedError("the result of the export is none")
    if word == "COMPLETED":
        return JobState(completed=True, result=_parse_result(result) if result else None)
    if word in ("FAILURE", "FAILED"):
        return _parse_failure(result.get("error_message"))
    return JobState()


def _parse_failure(error: Any) -> JobState:
    if isinstance(error, dict) and error:
        code = error.get("code")
        failure = f"{code}: {error.get('message')}"
        return JobState(failure=failure, code=code if isinstance(code, str) else None)
    return JobState(failure=error if isinstance(error, str) and error else "without a reason")


def _parse_result(result: Mapping[str, Any]) -> Result:
    count, more = result.get("count"), result.get("more_records")
    # A boolean is an int to Python.
    if count is not None and (type(count) is not int or count < 0):
        raise UndocumentedError("the result of the export has a count that is not a number")
    if not isinstance(more, bool):
        raise UndocumentedError("the result of the export does not say whether more rows follow")
    if more and count == 0:
        raise UndocumentedError("the export has no rows and promises more")
    token = result.get("next_page_token")
    if token is not None and not isinstance(token, str):
        raise UndocumentedError("the result of the export has a page token that is not text")
    return Result(rows=count, more=more, next_token=token)
