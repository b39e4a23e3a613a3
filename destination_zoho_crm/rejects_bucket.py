"""Rejected rows in objects of an S3 bucket."""

import logging
import os
import re
import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException
from botocore.exceptions import ClientError

from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.s3 import FAILURES, Why, explain, make_client
from destination_zoho_crm.settings import S3Bucket

LOGGER = logging.getLogger("airbyte")

#: Lines gather for so long at least, or until they are so many bytes, before they become a part:
#: each costs a call.
PAUSE_S = 5.0
MOST_BYTES = 8_000_000

#: What the platform calls a job and a connection. It gives connectors the job alone so far.
_JOB = "WORKER_JOB_ID"
_CONNECTION = "CONNECTION_ID"
#: Of a name in a key, which holds 1,024 bytes in all.
_MOST_CHARACTERS = 60


class BucketStore:
    """Each part is an object of whole lines of one stream, `<run>-<number>.jsonl`, readable by
    itself as soon as it is there: an upload in parts would show nothing before its end."""

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket
        self._run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        job, connection = (os.environ.get(name) for name in (_JOB, _CONNECTION))
        # The job first: there the platform's link to the rejected rows leads.
        self._folder = bucket.prefix + _join(job or self._run, connection)
        self._client = self._make_client()
        self._waiting: dict[StreamKey, list[bytes]] = {}
        self._bytes = 0
        #: When the first line that waits came.
        self._since = 0.0
        self._parts = 0
        self._folders: set[str] = set()
        self._lock = threading.Lock()
        #: Held while a part is put: who meets it waits, which keeps memory small.
        self._putting = threading.Lock()
        self.failure: AirbyteTracedException | None = None

    def check(self) -> None:
        name, key = self._bucket.name, f"{self._bucket.prefix}.zoho-crm-check"
        try:
            self._client.put_object(Bucket=name, Key=key, Body=b"")
        except FAILURES as error:
            raise self._build_check_error(explain(error)) from None
        try:
            self._client.delete_object(Bucket=name, Key=key)
        except FAILURES as error:
            LOGGER.warning(f"The empty object s3://{name}/{key} is left: {explain(error).what}.")
        region = self._find_region()
        if region not in (None, self._bucket.region):
            # Rows would get there, but the platform's link to them would not.
            what = f"the bucket is in {region}, not in {self._bucket.region}"
            remedy = "Correct Bucket region (s3_bucket_region)"
            raise self._build_check_error(Why(what, remedy, FailureType.config_error))

    def append(self, stream: StreamKey, line: bytes) -> None:
        if self.failure:
            return
        with self._lock:
            if not self._waiting:
                self._since = monotonic()
            self._waiting.setdefault(stream, []).append(line)
            self._bytes += len(line)
        if self._is_due():
            self._put_waiting()

    def are_kept(self, *, now: bool) -> bool:
        # First: lines that are being put have left those that wait.
        with self._putting:
            waiting = bool(self._waiting)
        if waiting and (now or self._is_due()):
            self._put_waiting()
            waiting = False
        return not waiting and self.failure is None

    def close(self) -> None:
        """All has been put by `are_kept`."""

    @property
    def places(self) -> Sequence[str]:
        return sorted(f"s3://{self._bucket.name}/{folder}" for folder in self._folders)

    def _is_due(self) -> bool:
        return self._bytes >= MOST_BYTES or monotonic() - self._since >= PAUSE_S

    def _put_waiting(self) -> None:
        with self._putting:
            with self._lock:
                waiting, self._waiting, self._bytes = self._waiting, {}, 0
            if self.failure:
                return
            try:
                for stream, lines in waiting.items():
                    self._put(stream, b"".join(lines))
            except FAILURES as error:
                self.failure = self._build_run_error(explain(error))

    def _put(self, stream: StreamKey, lines: bytes) -> None:
        # Numbered over all streams: names of two may become one folder.
        self._parts += 1
        start = f"{self._folder}/{_join(*stream)}/{self._run}"
        self._client.put_object(
            Bucket=self._bucket.name,
            Key=f"{start}-{self._parts:04}.jsonl",
            Body=lines,
            ContentType="application/x-ndjson",
        )
        self._folders.add(f"{start}-*.jsonl")

    def _make_client(self) -> Any:
        try:
            return make_client(self._bucket)
        except FAILURES as error:
            raise self._build_check_error(explain(error)) from None

    def _find_region(self) -> str | None:
        """None: the service does not tell it.

        UNVERIFIED: that AWS tells it with a refusal, too ("HeadBucket"), as its SDKs rely on.
        """
        try:
            answer = self._client.head_bucket(Bucket=self._bucket.name)
        except ClientError as refused:
            answer = refused.response
        except FAILURES:
            return None
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        region: str | None = headers.get("x-amz-bucket-region")
        return region

    @property
    def _place(self) -> str:
        return f"s3://{self._bucket.name}/{self._bucket.prefix}"

    def _build_check_error(self, why: Why) -> AirbyteTracedException:
        return _build_error(
            f"The bucket for rejected rows, {self._place}, cannot be used: {why.what}. "
            f"{why.remedy}.",
            why.kind,
        )

    def _build_run_error(self, why: Why) -> AirbyteTracedException:
        return _build_error(
            f"Rejected rows cannot be kept in {self._place}: {why.what}. The sync ends here, so "
            "that no row is lost; all that it has acknowledged is written or kept. "
            f"{why.remedy}, and sync again.",
            why.kind,
        )


def _build_error(sentence: str, kind: FailureType) -> AirbyteTracedException:
    return AirbyteTracedException(message=sentence, internal_message=sentence, failure_type=kind)


def _join(*names: str | None) -> str:
    """A path of names, without what tools stumble over."""
    plain = (re.sub(r"[^\w.-]", "_", name)[:_MOST_CHARACTERS] for name in names if name)
    return "/".join(re.sub(r"^\.+$", "_", name) for name in plain)
