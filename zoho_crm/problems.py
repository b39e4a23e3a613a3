"""The errors that users read."""

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.http.exceptions import BaseBackoffException
from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.answers import UndocumentedError
from zoho_crm.errors import find_code


class Refused(AirbyteTracedException):
    """Zoho refused a call, with this code of its own."""

    def __init__(
        self, error: AirbyteTracedException, code: str, *, scopes_held: bool | None = None
    ) -> None:
        super().__init__(
            message=error.message,
            internal_message=error.internal_message,
            failure_type=error.failure_type,
        )
        self.code = code
        #: Of a refusal because of a missing scope: the token has all that can be asked for. None:
        #: Zoho does not say.
        self.scopes_held = scopes_held


class PutOffError(Refused):
    """A call too many at a time, which the manifest lets pass: the same one will be served."""


class NoTokenError(AirbyteTracedException):
    """The token endpoint gives no access token, and its reason is a sentence for users."""

    def __init__(self, sentence: str, kind: FailureType) -> None:
        super().__init__(message=sentence, internal_message=sentence, failure_type=kind)


class Unreadable(AirbyteTracedException):
    """Zoho's answer is not one that it documents."""

    def __init__(self, sentence: str) -> None:
        super().__init__(
            message=sentence,
            internal_message=sentence,
            failure_type=FailureType.transient_error,
        )


def config_error(sentence: str, *, internal: str | None = None) -> AirbyteTracedException:
    """The user can fix it."""
    return _problem(sentence, internal, FailureType.config_error)


def transient_error(sentence: str, *, internal: str | None = None) -> AirbyteTracedException:
    """It is temporary: the next sync may succeed."""
    return _problem(sentence, internal, FailureType.transient_error)


def system_error(sentence: str, *, internal: str | None = None) -> AirbyteTracedException:
    """A bug: the connector must be fixed."""
    return _problem(sentence, internal, FailureType.system_error)


def repeated_page_error(name: str) -> AirbyteTracedException:
    return transient_error(
        f"{name}: Zoho gave the same page twice and promised more, so the read would not end. "
        "Try again later."
    )


def _problem(sentence: str, internal: str | None, kind: FailureType) -> AirbyteTracedException:
    return AirbyteTracedException(
        message=sentence, internal_message=internal or sentence, failure_type=kind
    )


def explain_giving_up(last: BaseBackoffException) -> str:
    """The sentence for a call that was tried as often as the manifest allows."""
    response = last.response
    if not isinstance(response, requests.Response):
        url = _strip_query(last.request.url)
        return f"Zoho cannot be reached at {url}. Check the network, or try again later."
    # Not quoted: a page of a gateway says little, and an answer may hold values of records.
    code = find_code(response)
    return (
        f"Zoho answers {_strip_query(response.url)} with HTTP {response.status_code}"
        f"{f' ({code})' if code else ''} however often it is asked. Try again later."
    )


def explain_unreadable(response: requests.Response, odd: UndocumentedError) -> str:
    """The sentence for an answer that lacks what Zoho documents."""
    # Not quoted: half an answer may hold values of records.
    kind = response.headers.get("Content-Type", "no type").partition(";")[0]
    return (
        f"Zoho answers {_strip_query(response.url)} with HTTP {response.status_code} and {kind} "
        f"that cannot be read: {odd}."
    )


def _strip_query(url: str | None) -> str:
    """Without its query, which may hold values of records."""
    return str(url).partition("?")[0]
