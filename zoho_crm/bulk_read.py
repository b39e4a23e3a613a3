"""Bulk Read: jobs that export a module, and their results ("Bulk Read", each version)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from zoho_crm.domains import segment
from zoho_crm.org import org_of
from zoho_crm.problems import transient_error
from zoho_crm.requester import ZohoRequester, manifests_requester

#: `query` of the body that makes a job.
Query = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What a completed job has exported."""

    #: None: Zoho does not tell.
    rows: int | None
    #: There are rows behind them; None: Zoho does not tell.
    more: bool | None
    #: Where they are, if a page token leads there and not the next page number.
    next_token: str | None


@dataclass(frozen=True, slots=True)
class JobState:
    """A job, and its result once it is completed."""

    completed: bool = False
    #: None, too, where a completed job tells none.
    result: Result | None = None
    #: Zoho's reason, if it failed, and its code.
    failure: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class BulkRead:
    """The calls of Bulk Read, booked on one line of the ledger."""

    #: Makes jobs.
    creating: ZohoRequester
    #: Asks for a job and, without taking its body into memory, for its result.
    asking: ZohoRequester
    line: str

    @classmethod
    def made(cls, config: Mapping[str, Any], line: str) -> "BulkRead":
        """With the requesters that the manifest defines."""
        creating = manifests_requester("bulk_create_requester", config, line=line)
        asking = manifests_requester("bulk_requester", config, line=line)
        return cls(creating, asking, line)

    def create(self, query: Query) -> str:
        """Makes a job; its id."""
        answer = self.creating.ask(body={"query": query}, line=self.line) or {}
        try:
            return str(answer["data"][0]["details"]["id"])
        except (LookupError, TypeError):
            raise transient_error(
                f"{self.line}: Zoho did not say which export it began ({str(answer)[:200]}). "
                "Try again later."
            ) from None

    def state(self, job: str) -> JobState:
        answer = self.asking.ask(segment(job), line=self.line) or {}
        # No data: one call too many at a time. The job goes on all the same.
        details = (answer.get("data") or [{}])[0]
        word = str(details.get("state") or "unknown").upper().replace("_", " ")
        # Samples show a result before the job is completed, too.
        result = details.get("result") or {}
        if word == "COMPLETED":
            return JobState(completed=True, result=_result(result) if result else None)
        if word in ("FAILURE", "FAILED"):
            error = result.get("error_message") or {}
            told = f"{error.get('code')}: {error.get('message')}" if error else "without a reason"
            return JobState(failure=told, code=error.get("code"))
        return JobState()

    def download(self, job: str, file: IO[bytes]) -> None:
        """Writes the result of a job, a ZIP, into the file when it is its turn."""
        pace = org_of(self.asking.config).downloads

        def attempt() -> bool:
            return self.asking.save(f"{segment(job)}/result", file, line=self.line)

        if not pace.downloaded(attempt, f"{self.line}, export {job}"):
            raise transient_error(
                f"{self.line}: Zoho has put off the download of an export for ten minutes; other "
                "programs may be downloading, too. The next sync goes on from the saved state."
            )


def _result(result: Mapping[str, Any]) -> Result:
    count, more = result.get("count"), result.get("more_records")
    return Result(
        rows=None if count is None else int(count),
        more=None if more is None else bool(more),
        next_token=result.get("next_page_token"),
    )
