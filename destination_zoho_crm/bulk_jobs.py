"""The calls of Bulk Write: upload, job, status and result ("Bulk Write", each version)."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import IO, Any
from urllib.parse import urljoin

import requests
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.client import Client, LostAnswerError
from zoho_crm.answers import Body, UndocumentedError
from zoho_crm.domains import is_zoho_address, quote_path_part
from zoho_crm.errors import NeverTwice
from zoho_crm.json_text import as_object
from zoho_crm.problems import PutOffError, Unreadable, config_error, transient_error

LOGGER = logging.getLogger("airbyte")

#: Seconds before each look at a job; the last holds from there on. Each look costs a credit.
_PAUSES_S = (1, 2, 4, 8, 15, 15, 30)
#: Seconds before each further try to create a job, where it may be created again.
_PAUSES_OF_LOST_S = (2, 8)
#: Zoho's words for a job that has ended ("Get Bulk Write Job Details"; the SDKs know FAILED).
_ENDED = ("COMPLETED", "FAILED", "SKIPPED")


@dataclass(frozen=True, slots=True)
class FileCounts:
    """What a job says of its file."""

    added: int
    updated: int
    skipped: int
    total: int


@dataclass(frozen=True, slots=True)
class JobStatus:
    #: COMPLETED, FAILED or SKIPPED; None: it goes on.
    ended: str | None = None
    #: Zoho's code for what came of it, where it gives one.
    code: str | None = None
    url: str | None = None
    counts: FileCounts | None = None


def build_pauses() -> chain[float]:
    """Seconds before each look at a job."""
    return chain(_PAUSES_S, repeat(_PAUSES_S[-1]))


class BulkJobs:
    """Bulk Write of one org, booked on one stream. Safe to use from several threads."""

    def __init__(self, client: Client, usage_of: str) -> None:
        self._client = client
        self._usage_of = usage_of

    def upload(self, file: IO[bytes], name: str) -> str:
        """Uploads a ZIP; returns what Zoho calls it. A lost answer is asked for again: a second
        file does no harm."""
        org = self._client.org.fetch_details(self._client.metadata)
        if not org.get("zgid"):
            raise config_error(
                "Zoho does not show the number of the org (zgid), without which it takes no files "
                "for Bulk Write. Choose REST in Write method (write_method)."
            )
        headers = {"feature": "bulk-write", "X-CRM-ORG": str(org["zgid"])}
        return self._client.bulk.uploads.upload(
            file, name, read=_read_file_id, headers=headers, usage_of=self._usage_of
        )

    def create(self, body: Mapping[str, Any], *, repeatable: bool) -> str:
        """Creates a job; returns its id.

        After a lost answer it is made again where that is `repeatable`, a few times; else it raises
        LostAnswerError, for Zoho lists no jobs. UNVERIFIED: that jobs of one module run in the
        order in which they were made; a job whose answer was lost may still be running.
        """
        for pause in _PAUSES_OF_LOST_S if repeatable else ():
            try:
                return self._create_once(body)
            except LostAnswerError as lost:
                if lost.blocked:
                    raise lost.blocked from None
            LOGGER.info(f"{self._usage_of}: no answer came to the creation of a bulk write job.")
            time.sleep(pause)
        try:
            return self._create_once(body)
        except LostAnswerError as lost:
            if not repeatable:
                raise
            raise lost.blocked or transient_error(
                f"Zoho cannot write to {self._usage_of} by Bulk Write, however often it is asked: "
                "no answer comes to the creation of a job. Try again later."
            ) from None

    def _create_once(self, body: Mapping[str, Any]) -> str:
        requester = self._client.bulk.create
        handler = requester.error_handler
        assert isinstance(handler, NeverTwice)
        handler.begin()
        try:
            return requester.ask(read=_read_job_id, body=body, usage_of=self._usage_of, pauses=())
        except Unreadable:
            raise LostAnswerError from None
        except AirbyteTracedException:
            if not handler.is_lost:
                raise
            blocked = handler.blocked and transient_error(
                f"Writes to {self._usage_of} are refused with HTTP {handler.blocked} without a "
                "Zoho code, probably by a proxy or gateway. The next sync sends the rows since the "
                "last state again."
            )
            raise LostAnswerError(blocked or None) from None

    def fetch_status(self, job: str) -> JobStatus:
        try:
            return self._client.bulk.status.ask(
                quote_path_part(job), read=_read_status, usage_of=self._usage_of
            )
        except PutOffError:
            # The job goes on.
            return JobStatus()

    def fetch_result(self, url: str, file: IO[bytes]) -> str | None:
        """Writes the result into the file; why it is not there, None: it is.

        Only addresses of Zoho's own get the token.
        """
        requester = self._client.bulk.status
        address = urljoin(f"{requester.api}/", url)
        if not is_zoho_address(address, requester.api, self._list_zoho_addresses()):
            return "Zoho names an address for it that is not within Zoho's own domains"
        try:
            saved = requester.save(address, file, usage_of=self._usage_of)
        except requests.RequestException as broken:
            return f"it broke off ({type(broken).__name__})"
        except AirbyteTracedException as failure:
            return str(failure.message)
        return None if saved else "Zoho puts off its download"

    def _list_zoho_addresses(self) -> Sequence[str]:
        """Empty where base_url takes the place of all."""
        own = self._client.config["_zoho"]
        if self._client.config.get("base_url"):
            return ()
        return (*own["known"], own["accounts"], *chain.from_iterable(own["uploads"].values()))


def _read_file_id(body: Body) -> str:
    return _read_detail(body, "file_id", "the uploaded file")


def _read_job_id(body: Body) -> str:
    return _read_detail(body, "id", "the job")


def _read_detail(body: Body, key: str, what: str) -> str:
    """Samples show the answer without a list around it; clients have met one with it."""
    found = as_object(_find_entry(body).get("details")).get(key)
    if not isinstance(found, str | int) or isinstance(found, bool) or not str(found):
        raise UndocumentedError(f"it does not name {what}")
    return str(found)


def _find_entry(body: Body) -> Mapping[str, Any]:
    listed = (body or {}).get("data")
    if isinstance(listed, list) and len(listed) == 1:
        return as_object(listed[0])
    return body or {}


def _read_status(body: Body) -> JobStatus:
    """Only the status of the whole job counts: those of its parts disagree with it, and counts mean
    nothing before its end."""
    job = _find_entry(body)
    status = job.get("status")
    if not isinstance(status, str) or not status:
        raise UndocumentedError("it has no status of the job")
    word = status.upper()
    if word not in _ENDED:
        return JobStatus()
    parts = job.get("resource")
    part = as_object(parts[0]) if isinstance(parts, list) and parts else {}
    url = as_object(job.get("result")).get("download_url")
    code = part.get("code")
    return JobStatus(
        ended=word,
        code=code if isinstance(code, str) and code else None,
        url=url if isinstance(url, str) and url else None,
        counts=_read_counts(as_object(part.get("file"))),
    )


def _read_counts(file: Mapping[str, Any]) -> FileCounts | None:
    names = ("added_count", "updated_count", "skipped_count", "total_count")
    counts = [file.get(name) for name in names]
    if not all(type(count) is int for count in counts):
        return None
    return FileCounts(*counts)  # type: ignore[arg-type]  # all are numbers
