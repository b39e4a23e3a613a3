"""Writes of records: the client that the destination builds from the manifest's definitions."""

import copy
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import orjson
import requests
import urllib3
from airbyte_cdk.sources.streams.http import HttpClient
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    SUCCESS_RESOLUTION,
    ErrorResolution,
    ResponseAction,
)
from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.errors import FailuresOnly, code_of
from zoho_crm.manifest import scopes, settings_parameters
from zoho_crm.org import Org, forget, org_of
from zoho_crm.problems import Refused, config_error, transient_error
from zoho_crm.requester import ZohoRequester, manifests_requester
from zoho_crm.settings import ConnectionSettings

#: The CDK's client logs whole requests and answers when a call fails, rows and all. Nothing of it
#: is told; what a user needs to know is in the exceptions.
_SILENT = logging.getLogger("airbyte.zoho_crm.client")
_SILENT.propagate = False
_SILENT.addHandler(logging.NullHandler())
_SILENT.disabled = True


#: Scopes of records: of all modules, or of one ("Scopes").
_RECORD_SCOPES = "ZohoCRM.modules."

#: Where the records of a call stand, as a JSON path.
_RECORDS = "$.data"

#: Answers of 4xx after which a call may be made again: it took too long, or there were too many.
_NO_REFUSALS = (requests.codes.request_timeout, requests.codes.too_many_requests)

#: Seconds to connect, and to wait for an answer.
_TIMEOUT_S = (15, 120)


class LostAnswerError(Exception):
    """The call may have been carried out or not: no answer came that tells."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Zoho's outcome of each record, in the order of the call ("Insert Records")."""

    items: Sequence[Mapping[str, Any]]
    #: An earlier try of this call got no answer and may have been carried out.
    repeated: bool = False


class Client:
    """One org, as a connection's settings name it, for one run. Safe to use from several threads.

    Region, version, token, error rules and pauses are those of manifest.yaml. The CDK's requester
    knows neither PUT nor DELETE, so writes go through its HTTP client.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config: dict[str, Any] = copy.deepcopy(dict(config))
        ConnectionSettings(parameters=settings_parameters()).transform(self.config)
        #: Those that it needs, between commas.
        self.scopes = ",".join(scopes("destination").values())
        self.config["_zoho"]["scopes"] = self.scopes
        forget(self.config)
        self.org: Org = org_of(self.config)

    @cached_property
    def metadata(self) -> ZohoRequester:
        """For settings and other calls that read."""
        return manifests_requester("requester", self.config)

    @cached_property
    def queries(self) -> ZohoRequester:
        """For COQL."""
        return manifests_requester("coql_requester", self.config)

    def may_write(self) -> bool:
        """Whether the token may write records of any module; so, too, where Zoho does not tell."""
        authenticator = self.metadata.get_authenticator()
        assert isinstance(authenticator, ZohoAuthenticator)
        granted = authenticator.granted
        return not granted or any(
            scope.startswith(_RECORD_SCOPES) and not scope.endswith(".READ") for scope in granted
        )

    def write(
        self,
        method: str,
        path: str,
        *,
        line: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Makes a call and returns Zoho's outcomes; `line` is the ledger's.

        A repeatable call is made again when its answer is lost; another one raises LostAnswerError.
        A call that Zoho refuses as a whole raises `Refused` with Zoho's code, or a sentence where
        the refusal cannot be one of a record. No exception quotes the address or the body.
        """
        client, judge = self._repeating if repeatable else self._once
        judge.begin(path.partition("/")[0])
        url = f"{self.metadata.get_url()}/{path}"
        with self.org.call(line):
            try:
                _, response = client.send_request(
                    method,
                    url,
                    request_kwargs={},
                    headers={"Content-Type": "application/json", **(headers or {})},
                    params=params,
                    # Bytes pass through; of a str, the character set would be anybody's guess.
                    data=None if body is None else orjson.dumps(body),  # type: ignore[arg-type]
                )
            except AirbyteTracedException as error:
                if judge.lost and not repeatable:
                    raise LostAnswerError from None
                raise _plainly(error, self.org.code, path, judge) from None
        return Answer(orjson.loads(response.content)["data"], judge.lost)

    @cached_property
    def _repeating(self) -> tuple[HttpClient, "OutcomesOrFailure"]:
        return self._http(repeatable=True)

    @cached_property
    def _once(self) -> tuple[HttpClient, "OutcomesOrFailure"]:
        return self._http(repeatable=False)

    def _http(self, *, repeatable: bool) -> tuple[HttpClient, "OutcomesOrFailure"]:
        rules = self.metadata.error_handler
        assert isinstance(rules, FailuresOnly)
        judge = OutcomesOrFailure(rules, repeatable=repeatable)
        client = HttpClient(
            name="records",
            logger=_SILENT,
            error_handler=judge,
            backoff_strategy=list(rules.backoff_strategies or []),
            authenticator=self.metadata.get_authenticator(),
            request_timeout=_TIMEOUT_S,
            use_tcp_keepalive=True,
        )
        return client, judge


class OutcomesOrFailure(ErrorHandler):
    """Any answer that lists outcomes of records is a success, whatever its status.

    Zoho answers 200, 201, 202, 207, 400 or 412, depending on how many records failed and on the
    version ("Status Codes and Error Handling"). All other answers go to the manifest's rules. An
    answer is lost when the call may have been carried out all the same: the connection broke,
    Zoho's server failed, or the answer cannot be read. An answer of 4xx that no rule would try
    again is a refusal: the call was not carried out.
    """

    def __init__(self, rules: FailuresOnly, *, repeatable: bool) -> None:
        self._rules = rules
        self._repeatable = repeatable
        self._here = threading.local()

    @property
    def max_retries(self) -> int | None:
        return self._rules.max_retries

    @property
    def max_time(self) -> int | None:
        return self._rules.max_time

    def begin(self, module: str) -> None:
        """This thread makes a new call, one that writes to the module."""
        self._here.module = module
        self._here.lost = False
        self._here.part = None
        self._here.trouble = "no answer"

    @property
    def trouble(self) -> str:
        """What came of this thread's last try: a status, or the kind of an exception."""
        return str(self._here.trouble)

    @property
    def part(self) -> str | None:
        """The part of the call that Zoho refused, as a JSON path, where it said so."""
        part: str | None = self._here.part
        return part

    @property
    def lost(self) -> bool:
        """Whether an answer to this thread's call was lost."""
        return bool(self._here.lost)

    def interpret_response(
        self, response_or_exception: requests.Response | Exception | None
    ) -> ErrorResolution:
        if isinstance(response_or_exception, requests.Response):
            self._here.trouble = f"HTTP {response_or_exception.status_code}"
            if _lists_outcomes(response_or_exception):
                return SUCCESS_RESOLUTION
            if response_or_exception.ok and code_of(response_or_exception) is None:
                return self._lose("Zoho's answer to a write cannot be read.")
            self._here.part = _refused_part(response_or_exception)
            return self._failure(response_or_exception)
        # Its own text holds the address of the call, and with it ids and keys.
        kind = type(response_or_exception).__name__
        if _never_sent(response_or_exception):
            self._here.trouble = f"The call did not get through ({kind})"
            resolution = self._rules.interpret_response(response_or_exception)
            return replace(resolution, error_message=f"{self.trouble}.")
        self._here.trouble = f"The connection broke before an answer came ({kind})"
        return self._lose(f"{self.trouble}.")

    def _failure(self, response: requests.Response) -> ErrorResolution:
        resolution = self._rules.interpret_response(response)
        if resolution.response_action == ResponseAction.RATE_LIMITED:
            # The same pauses and tries. The CDK would print a stream status that names the client.
            return replace(resolution, response_action=ResponseAction.RETRY)
        status = response.status_code
        if status < requests.codes.server_error and not self._is_ruled(response):
            # The CDK would try most of these again, and its sentence holds address and answer.
            sentence = (
                f"Zoho refuses to write to {self._here.module} with HTTP {status} and no code, so "
                "nothing of this call was written."
            )
            return replace(resolution, response_action=ResponseAction.FAIL, error_message=sentence)
        if resolution.response_action == ResponseAction.RETRY:
            return self._lose(f"Zoho fails with HTTP {status}.")
        return resolution

    def _is_ruled(self, response: requests.Response) -> bool:
        """Whether the manifest says what becomes of the answer, or HTTP that it may be retried."""
        return response.status_code in _NO_REFUSALS or any(
            rule.matches(response) for rule in self._rules.rules.response_filters or ()
        )

    def _lose(self, sentence: str) -> ErrorResolution:
        self._here.lost = True
        action = ResponseAction.RETRY if self._repeatable else ResponseAction.FAIL
        return ErrorResolution(action, None, sentence)


def _lists_outcomes(response: requests.Response) -> bool:
    if response.status_code >= requests.codes.server_error:
        return False
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return False
    items = body.get("data") if isinstance(body, dict) else None
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)


def _refused_part(response: requests.Response) -> str | None:
    """`details.json_path` of a refusal ("Status Codes and Error Handling")."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None
    details = body.get("details") if isinstance(body, dict) else None
    part = details.get("json_path") if isinstance(details, dict) else None
    return part if isinstance(part, str) else None


def _never_sent(error: object) -> bool:
    """Whether the connection was never made, so that Zoho cannot have done anything."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(
        error.args[0] if isinstance(error, Exception) and error.args else None, "reason", None
    )
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _plainly(
    error: AirbyteTracedException, code: str | None, path: str, judge: OutcomesOrFailure
) -> AirbyteTracedException:
    """The same failure without the CDK's account of it, which holds the rows of the call."""
    module, part = path.partition("/")[0], judge.part
    if isinstance(error.__context__, requests.RequestException):
        return transient_error(
            f"Zoho cannot write to {module}, however often it is asked: {judge.trouble}. Try again "
            "later."
        )
    sentence = error.message or "The call failed."
    if code and part and not part.startswith(_RECORDS):
        return config_error(
            f"Zoho refuses to write to {module}: {code} at {part}, which is of the call and not of "
            "a row. Choose another key for the stream, or report it with the log."
        )
    plain = AirbyteTracedException(
        message=sentence, internal_message=sentence, failure_type=error.failure_type
    )
    return Refused(plain, code) if code else plain
