"""A client for one bucket of S3, and what its errors mean to the user."""

import logging
import os
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

from airbyte_cdk.models import FailureType
from botocore import exceptions
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.session import Session

from destination_zoho_crm.settings import S3Bucket

#: What the client raises.
FAILURES = (BotoCoreError, ClientError)

_TRIES = 5
_CONNECT_S = 10
_READ_S = 60

_NO_BUCKET = ("there is no such bucket", "Make it, or correct Bucket name (s3_bucket_name)")
_NO_RIGHT = (
    "the credentials may not write there",
    "Allow them s3:PutObject on the objects of that path",
)
_NO_ROLE = (
    "the credentials may not assume the role",
    "Allow them sts:AssumeRole, and trust them in the role's trust policy",
)
_EXPIRED = ("the credentials are not valid, or not any more", "Enter others")
_ELSEWHERE = ("the bucket is in another region", "Correct Bucket region (s3_bucket_region)")
_FULL = ("it is full", "Make room there, or name another bucket")
#: Why, and what to do, by S3's code; a number is the status of an answer without one.
_CODES = {
    "NoSuchBucket": _NO_BUCKET,
    "404": _NO_BUCKET,
    "AccessDenied": _NO_RIGHT,
    "AllAccessDisabled": _NO_RIGHT,
    "403": _NO_RIGHT,
    "InvalidAccessKeyId": (
        "S3 knows no such access key",
        "Correct Access key ID (access_key_id)",
    ),
    "SignatureDoesNotMatch": (
        "the secret is not that of the access key",
        "Correct Secret access key (secret_access_key)",
    ),
    "ExpiredToken": _EXPIRED,
    "InvalidToken": _EXPIRED,
    "InvalidClientTokenId": _EXPIRED,
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "IllegalLocationConstraintException": _ELSEWHERE,
    "PermanentRedirect": _ELSEWHERE,
    "301": _ELSEWHERE,
    "QuotaExceeded": _FULL,
}
_MEND = "Make sure that it works"
#: "Insufficient Storage": other services than S3 can be full.
_NO_SPACE = 507
_TOO_SLOW = "RequestTimeout"


class Why(NamedTuple):
    """Why the bucket cannot be used and what to do, without any secret."""

    what: str
    remedy: str
    kind: FailureType


def make_client(bucket: S3Bucket) -> Any:
    """Calls are tried five times, as the client itself decides. Raises `FAILURES`."""
    # It raises what it warns of, and at DEBUG it logs what it sends: rows.
    logging.getLogger("botocore").setLevel(logging.ERROR)
    session = Session()
    if bucket.access_key:
        session.set_credentials(*bucket.access_key)
    if bucket.role:
        session = _assume(bucket.role, session, bucket.region)
    # Other services know neither the bucket as a part of the host nor the newer checksums.
    other: dict[str, Any] = {
        "s3": {"addressing_style": "path"},
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    return session.create_client(
        "s3",
        region_name=bucket.region,
        endpoint_url=bucket.endpoint,
        config=Config(
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            retries={"mode": "standard", "total_max_attempts": _TRIES},
            **(other if bucket.endpoint else {}),
        ),
    )


def _assume(role: str, source: Session, region: str) -> Session:
    """A session whose credentials are the role's, and are renewed when they expire."""
    credentials = source.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    more = {"RoleSessionName": "airbyte-zoho-crm"}
    # The platform's name: roles of its customers ask for the workspace that they are for.
    if external_id := os.environ.get("AWS_ASSUME_ROLE_EXTERNAL_ID"):
        more["ExternalId"] = external_id
    fetcher = AssumeRoleCredentialFetcher(
        partial(source.create_client, region_name=region), credentials, role, extra_args=more
    )
    renewed = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    session = Session()
    session.register_component(
        "credential_provider", SimpleNamespace(load_credentials=lambda: renewed)
    )
    return session


def explain(error: Exception) -> Why:
    """`error`: one of `FAILURES`."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    if isinstance(error, NoCredentialsError):
        return Why(
            "there are no credentials where the connector runs",
            "Enter Access key ID (access_key_id) and Secret access key (secret_access_key)",
            FailureType.config_error,
        )
    name = type(error).__name__
    if isinstance(error, exceptions.ConnectionError):
        return Why(f"it cannot be reached ({name})", _MEND, FailureType.transient_error)
    if isinstance(error, exceptions.HTTPClientError):
        return Why(f"it does not answer ({name})", _MEND, FailureType.transient_error)
    return Why(f"its client fails ({name})", "Check its settings", FailureType.config_error)


def _explain_answer(error: ClientError) -> Why:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(error.response.get("Error", {}).get("Code", status))
    if code == "AccessDenied" and error.operation_name == "AssumeRole":
        return Why(*_NO_ROLE, FailureType.config_error)
    if known := _FULL if status == _NO_SPACE else _CODES.get(code):
        return Why(*known, FailureType.config_error)
    if status >= 500 or status == 429 or code == _TOO_SLOW:
        what = f"it answers {code} however often it is asked"
        return Why(what, _MEND, FailureType.transient_error)
    return Why(f"it answers {code}", "Check its settings", FailureType.config_error)
