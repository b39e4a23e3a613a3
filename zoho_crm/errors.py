"""Errors of Zoho's API, sorted by what happens next."""

import copy
import threading
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, replace
from typing import Any

import orjson
import requests
import urllib3
from airbyte_cdk.sources.declarative.requesters.error_handlers import (
    DefaultErrorHandler,
    HttpResponseFilter,
)
from airbyte_cdk.sources.declarative.requesters.error_handlers.backoff_strategy import (
    BackoffStrategy,
)
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    SUCCESS_RESOLUTION,
    ErrorResolution,
    ResponseAction,
)

from zoho_crm.json_text import parse_json
from zoho_crm.redirects import refuse_redirect

#: The access token is not accepted.
TOKEN_REFUSED = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE"})
#: The token lacks a scope.
SCOPE_LACKING = "OAUTH_SCOPE_MISMATCH"
#: The profile of the token's user lacks a permission.
PERMISSION_LACKING = frozenset({"AUTHORIZATION_FAILED", "NO_PERMISSION"})
#: The org, its edition, the version of the API or a module lacks a feature.
FEATURE_LACKING = frozenset(
    {
        "API_NOT_SUPPORTED",
        "FEATURE_NOT_ENABLED",
        "FEATURE_NOT_SUPPORTED",
        "INVALID_MODULE",
        "NOT_SUPPORTED",
        "TERRITORY_DISABLED",
    }
)
#: Suffix of codes for features that are switched off: currencies, territories and others.
_NOT_SWITCHED_ON = "_NOT_ENABLED"
#: Zoho refuses a module on one retrieval method, and may serve it on another.
NOT_SERVED = frozenset(
    {
        "INVALID_MODULE",
        "INVALID_QUERY",
        "SYNTAX_ERROR",
        "NOT_SUPPORTED",
        "MODULE_NOT_SUPPORTED",
        "MODULE_NOT_AVAILABLE",
        "FIELD_NOT_SUPPORTED",
        "FIELD_NOT_AVAILABLE",
        "FIELD_IN_CRITERIA_NOT_SUPPORTED",
        "FIELD_IN_CRITERIA_NOT_AVAILABLE",
        "JOB_NOT_SUPPORTED",
        "NOT_SUPPORTED_FEATURE",
    }
)

_WRONG_ADDRESS = frozenset(
    {"INVALID_HOST", "INVALID_REQUEST", "INVALID_REQUEST_METHOD", "INVALID_URL_PATTERN"}
)

#: A value is not as it must be, or an id is not there (any more).
INVALID_DATA = "INVALID_DATA"

#: What an error consists of ("Status Codes and Error Handling"), and nothing else.
_ENVELOPE = frozenset({"code", "details", "message", "status"})
#: Errors are shorter. Good pages are longer, mostly, and not parsed once more.
_LONGEST_ERROR = 4_096


def lacks_feature(code: str | None) -> bool:
    """Whether the refusal says that what was asked for is not there, and nothing is wrong."""
    return code is not None and (code in FEATURE_LACKING or code.endswith(_NOT_SWITCHED_ON))


def is_not_served(code: str) -> bool:
    """Whether Zoho refuses a module or a retrieval method, so that another method may serve it."""
    return code in NOT_SERVED or lacks_feature(code)


def is_wrong_address(code: str) -> bool:
    """Whether the refusal says that the address serves no such call."""
    return code in _WRONG_ADDRESS


def find_code(response: requests.Response) -> str | None:
    """Zoho's code for refusing the call; None where it was served."""
    error = find_error(response)
    return None if error is None else str(error["code"])


def find_error(response: requests.Response) -> Mapping[str, Any] | None:
    """Zoho's one error, with any status; None where there is none, or several.

    It stands alone, or as the only entry of the list that a good answer would have: Bulk Read,
    writes and lists of deletions all know both forms.
    """
    try:
        if response.ok and (
            "json" not in response.headers.get("Content-Type", "")
            or len(response.content) > _LONGEST_ERROR
        ):
            return None
        body = parse_json(response.content)
    except (ValueError, requests.RequestException, RuntimeError):
        # The reader of the answer sees that it broke off.
        return None
    if not isinstance(body, dict):
        return None
    entry = body if "code" in body else _find_only_entry(body)
    if not entry.get("code") or entry.get("status") == "success" or entry["code"] == "SUCCESS":
        return None
    if response.ok and (entry.get("status") != "error" or not entry.keys() <= _ENVELOPE):
        return None
    return entry


def _find_only_entry(body: Mapping[str, Any]) -> Mapping[str, Any]:
    lists = [value for value in body.values() if isinstance(value, list)]
    entries = lists[0] if len(lists) == 1 else []
    return entries[0] if len(entries) == 1 and isinstance(entries[0], dict) else {}


def isolate_error(
    response: requests.Response, error: Mapping[str, Any] | None = None
) -> requests.Response:
    """The same answer with its one error alone, in the form that the manifest's rules know.

    `error`: what all entries of its list say, where there are several.
    """
    error = error or find_error(response)
    alone = copy.copy(response)
    if error is None:
        alone._content = b"{}"
        return alone
    message, details = error.get("message"), error.get("details")
    documented = {
        "message": message if isinstance(message, str) else "",
        "details": details if isinstance(details, Mapping) else {},
    }
    try:
        alone._content = orjson.dumps({**error, **documented})
    except TypeError:
        # Its details are nested too deeply.
        plain = {**documented, "code": str(error["code"]), "details": {}}
        alone._content = orjson.dumps(plain)
    return alone


@dataclass
class FailuresOnly(ErrorHandler):
    """The manifest's error rules, asked about refusals only, of any status.

    Why not in YAML: a filter with a `predicate` parses the body of every good page once more with
    the standard library's parser, 14 µs a row.
    """

    rules: DefaultErrorHandler
    #: A rule for what is no failure here; it comes before the others, and is told whether what was
    #: asked for is `feature_lacking`.
    ignored: HttpResponseFilter | None = None
    parameters: InitVar[Mapping[str, Any] | None] = None

    @property
    def max_retries(self) -> int | None:
        # Text only while the manifest is being read.
        return self.rules.max_retries  # type: ignore[return-value]

    @property
    def max_time(self) -> int | None:
        return self.rules.max_time

    @property
    def backoff_strategies(self) -> list[BackoffStrategy] | None:
        """Read by HttpRequester, beside the protocol of ErrorHandler."""
        return self.rules.backoff_strategies

    def interpret_response(
        self, response_or_exception: requests.Response | Exception | None
    ) -> ErrorResolution:
        answer = response_or_exception
        if not isinstance(answer, requests.Response):
            return self.rules.interpret_response(answer)
        if redirect := refuse_redirect(answer):
            return redirect
        if answer.ok and find_code(answer) is None:
            return SUCCESS_RESOLUTION
        return self._ignore(answer) or self.rules.interpret_response(isolate_error(answer))

    def _ignore(self, answer: requests.Response) -> ErrorResolution | None:
        error = find_error(answer)
        if self.ignored is None or error is None:
            return None
        told = {**error, "feature_lacking": lacks_feature(str(error["code"]))}
        return self.ignored.matches(isolate_error(answer, told))


@dataclass
class NeverTwice(FailuresOnly):
    """For calls that must not be carried out twice: one whose answer may be lost fails at once.

    Why not in YAML: no filter tells a connection that broke from one that was never made.
    """

    def __post_init__(self, parameters: Mapping[str, Any] | None) -> None:
        self._thread = threading.local()

    def begin(self) -> None:
        """This thread makes a new call."""
        self._thread.lost, self._thread.blocked = False, None

    @property
    def is_lost(self) -> bool:
        """Whether this thread's call may have been carried out without an answer of Zoho's."""
        return bool(self._thread.lost)

    @property
    def blocked(self) -> int | None:
        """The status with which something that is not Zoho refused this thread's call."""
        status: int | None = self._thread.blocked
        return status

    def interpret_response(
        self, response_or_exception: requests.Response | Exception | None
    ) -> ErrorResolution:
        answer, resolution = (
            response_or_exception,
            super().interpret_response(response_or_exception),
        )
        if isinstance(answer, requests.Response):
            fails = answer.status_code >= requests.codes.server_error
            unknown = not answer.ok and find_code(answer) is None
            busy = answer.status_code == requests.codes.too_many_requests
            blocked = unknown and not fails and not busy
            self._thread.blocked = answer.status_code if blocked else None
            self._thread.lost = fails or blocked
        else:
            self._thread.lost = not was_never_sent(answer)
        if not self._thread.lost:
            return resolution
        return replace(resolution, response_action=ResponseAction.FAIL)


def was_never_sent(error: object) -> bool:
    """Whether the connection was never made, so that Zoho cannot have done anything."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(
        error.args[0] if isinstance(error, Exception) and error.args else None, "reason", None
    )
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


@dataclass
class Pauses(BackoffStrategy):
    """Pauses between tries: 1, 2, 4, ... seconds; next to none when only the token was old.

    The CDK adds a second to each.

    Why not in YAML: the stock strategy begins at four seconds, even with a fresh token in hand.
    """

    parameters: InitVar[Mapping[str, Any] | None] = None

    def backoff_time(
        self,
        response_or_exception: requests.Response | requests.RequestException | None,
        attempt_count: int,
    ) -> float | None:
        if (
            isinstance(response_or_exception, requests.Response)
            and response_or_exception.status_code == requests.codes.unauthorized
        ):
            return 0.01
        return float(2 ** (attempt_count - 1))
