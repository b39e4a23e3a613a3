"""Bulk Read: jobs that export a module, and their results ("Bulk Read", each version)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from source_zoho_crm.modules import get_modules
from zoho_crm.answers import Body, UndocumentedError
from zoho_crm.domains import quote_path_part
from zoho_crm.org import get_org
from zoho_crm.problems import PutOffError, transient_error
from zoho_crm.requester import PAUSES_S, ZohoRequester, build_requester

#: `query` of the body that makes a job.
Query = Mapping[str, Any]


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

    def create(self, query: Query) -> str:
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

    def download(self, job: str, file: IO[bytes]) -> None:
        """Writes the result of a job, a ZIP, into the file when it is its turn."""
        pace = get_modules(get_org(self.poll_requester.config)).download_pace

        def attempt() -> bool:
            return self.poll_requester.save(
                f"{quote_path_part(job)}/result", file, usage_of=self.stream
            )

        if not pace.download(attempt, f"{self.stream}, export {job}"):
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
