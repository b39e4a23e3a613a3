"""What an answer to a write means: outcomes of its records, a refusal of the call, or neither."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import requests
from airbyte_cdk.sources.streams.http.error_handlers import ErrorHandler
from airbyte_cdk.sources.streams.http.error_handlers.response_models import (
    SUCCESS_RESOLUTION,
    ErrorResolution,
    ResponseAction,
)

from destination_zoho_crm.error_codes import OF_CALLS, OF_CALLS_ONLY, OF_RECORDS
from zoho_crm.errors import (
    FailuresOnly,
    find_error,
    isolate_error,
    lacks_feature,
    was_never_sent,
)
from zoho_crm.json_text import as_object, parse_json
from zoho_crm.redirects import refuse_redirect

#: Where the records of a call are, as a JSON path.
RECORDS = "$.data"
#: Keys of the body of a write ("Insert Records", "Upsert Records").
_BODY = frozenset(
    """
    data trigger lar_id duplicate_check_fields apply_feature_execution skip_feature_execution
    """.split()  # noqa: SIM905 - a list of words reads better as words
)

#: A server in between reports that its caller hung up.
_CALLER_GONE = 499
#: Answers of 4xx after which a call may be made again: it took too long, or there were too many.
_RETRYABLE = (requests.codes.request_timeout, requests.codes.too_many_requests, _CALLER_GONE)
#: Statuses that no record has.
_CALL_STATUSES = (requests.codes.unauthorized, requests.codes.not_found, *_RETRYABLE)


class WriteAnswerHandler(ErrorHandler):
    """An answer with an outcome for each record of a call is a success, whatever its status.

    Zoho answers 200, 201, 202, 207, 400 or 412, depending on how many records failed and on the
    version ("Status Codes and Error Handling"). An answer with a code of Zoho's for the whole call
    goes to the manifest's rules. All others are lost: the call may have been carried out. So it is
    where the connection broke, Zoho's server failed, or there are more or fewer outcomes than
    records, and where something between us and Zoho answers, without a code of Zoho's.

    One error for all records is of the call or of a record, whether it stands alone or in a list:
    what it names decides, and then its code. Of the only record of a call, it is an outcome.
    """

    def __init__(self, rules: FailuresOnly, *, repeatable: bool) -> None:
        self._rules = rules
        self._repeatable = repeatable
        self._thread = threading.local()

    @property
    def max_retries(self) -> int | None:
        return self._rules.max_retries

    @property
    def max_time(self) -> int | None:
        return self._rules.max_time

    def start_call(self, module: str, records: int = 1) -> None:
        """This thread makes a new call, one that writes so many records to the module."""
        self._thread.module = module
        self._thread.records = records
        self._thread.lost = False
        self._thread.blocked = None
        self._thread.error = None
        self._thread.rejects_a_row = False
        self._thread.last_problem = "no answer"
        self._thread.outcomes = ()

    @property
    def outcomes(self) -> Sequence[Mapping[str, Any]]:
        """Of this thread's call, if its answer was judged a success; the error of an only record
        may have stood alone."""
        outcomes: Sequence[Mapping[str, Any]] = self._thread.outcomes
        return outcomes

    @property
    def last_problem(self) -> str:
        """What came of this thread's last try: a status, or the kind of an exception."""
        return str(self._thread.last_problem)

    @property
    def code(self) -> str | None:
        """Zoho's code for refusing this thread's call, if it did."""
        return str(self._thread.error["code"]) if self._thread.error else None

    @property
    def part(self) -> str | None:
        """The part of the call that Zoho refused, as a JSON path, where it said so."""
        details = _read_details(self._thread.error or {})
        path, name = details.get("json_path"), details.get("api_name")
        if isinstance(path, str):
            return path
        return f"$.{name}" if name in _BODY else None

    @property
    def rejects_a_row(self) -> bool:
        """Whether one of the several records of this thread's call is why Zoho refused it."""
        return bool(self._thread.rejects_a_row)

    @property
    def is_lost(self) -> bool:
        """Whether an answer to this thread's call was lost."""
        return bool(self._thread.lost)

    @property
    def is_blocked(self) -> bool:
        """Whether something that is not Zoho refused this thread's call, and would do so again;
        Zoho may still have carried it out."""
        return self._thread.blocked is not None

    @property
    def is_too_large(self) -> bool:
        """Whether it was refused for its size."""
        return bool(self._thread.blocked == requests.codes.request_entity_too_large)

    def interpret_response(
        self, response_or_exception: requests.Response | Exception | None
    ) -> ErrorResolution:
        if isinstance(response_or_exception, requests.Response):
            return self._interpret(response_or_exception)
        # Its own text holds the address of the call, and with it ids and keys.
        kind = type(response_or_exception).__name__
        if was_never_sent(response_or_exception):
            self._thread.last_problem = f"The call did not get through ({kind})"
            resolution = self._rules.interpret_response(response_or_exception)
            return replace(resolution, error_message=f"{self.last_problem}.")
        self._thread.last_problem = f"The connection broke before an answer came ({kind})"
        return self._mark_lost(f"{self.last_problem}.")

    def _interpret(self, response: requests.Response) -> ErrorResolution:
        self._thread.last_problem = f"HTTP {response.status_code}"
        if redirect := refuse_redirect(response):
            return redirect
        self._thread.error = error = find_error(response)
        if response.status_code >= requests.codes.server_error:
            return self._fail(response)
        listed = _read_list(response)
        complete = listed is not None and _are_outcomes(listed, self._thread.records)
        if error is None and complete and (refusal := self._find_refusal_of_all(listed or ())):
            self._thread.error = error = refusal
        if error is None:
            if complete:
                self._thread.outcomes = listed
                return SUCCESS_RESOLUTION
            if listed is not None or response.ok:
                return self._mark_outcomes_lost()
            return self._fail(response)
        only = complete and self._thread.records == 1
        if response.status_code in _CALL_STATUSES or not self._is_of_a_row(error, only=only):
            return self._fail(isolate_error(response, error))
        if self._thread.records == 1:
            self._thread.outcomes = [error] if listed is None else listed
            return SUCCESS_RESOLUTION
        if response.ok:
            # One error says nothing of the other rows, which may be written.
            return self._mark_outcomes_lost()
        self._thread.rejects_a_row = True
        return self._fail(isolate_error(response, error))

    def _find_refusal_of_all(self, listed: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The error that all records share, where it is of the call."""
        if any(_is_success(entry) for entry in listed):
            return None
        of_rows = any(self._is_of_a_row(entry, only=True) for entry in listed)
        return None if of_rows else listed[0]

    def _is_of_a_row(self, error: Mapping[str, Any], *, only: bool) -> bool:
        """Whether an error for all records of a call is of one of them.

        `only`: it takes the place of the only record's outcome. UNVERIFIED: that Zoho says so
        little of a record that may not be written only where it means the call; samples of
        AUTHORIZATION_FAILED and LIMIT_EXCEEDED name the module or `data`.
        """
        code = str(error["code"])
        if code in OF_CALLS_ONLY:
            return False
        named = _names_a_row(_read_details(error), self._thread.module)
        if named is not None:
            return named
        return code in OF_RECORDS or (only and code not in OF_CALLS and not lacks_feature(code))

    def _mark_outcomes_lost(self) -> ErrorResolution:
        self._thread.last_problem += " and no outcome of each record"
        return self._mark_lost("Zoho's answer to a write does not say what became of each record.")

    def _fail(self, response: requests.Response) -> ErrorResolution:
        resolution = self._rules.interpret_response(response)
        if resolution.response_action == ResponseAction.RATE_LIMITED:
            # The same pauses and retries. The CDK would print a stream status that names the
            # client.
            return replace(resolution, response_action=ResponseAction.RETRY)
        status = response.status_code
        if status < requests.codes.server_error and not self._is_ruled(response):
            # The CDK would try most of these again, and its sentence holds address and answer.
            self._thread.lost, self._thread.blocked = True, status
            sentence = (
                f"Writes to {self._thread.module} are refused with HTTP {status} without a Zoho "
                "code, probably by a proxy or gateway. The next sync sends the rows since the "
                "last state again."
            )
            return replace(resolution, response_action=ResponseAction.FAIL, error_message=sentence)
        if resolution.response_action == ResponseAction.RETRY:
            return self._mark_lost(f"Zoho fails with HTTP {status}.")
        return resolution

    def _is_ruled(self, response: requests.Response) -> bool:
        """Whether the manifest says what becomes of the answer, or HTTP that it may be retried."""
        return response.status_code in _RETRYABLE or any(
            rule.matches(response) for rule in self._rules.rules.response_filters or ()
        )

    def _mark_lost(self, sentence: str) -> ErrorResolution:
        self._thread.lost = True
        action = ResponseAction.RETRY if self._repeatable else ResponseAction.FAIL
        return ErrorResolution(action, None, sentence)


def _read_list(response: requests.Response) -> Sequence[Mapping[str, Any]] | None:
    try:
        body = parse_json(response.content)
    except ValueError:
        return None
    items = body.get("data") if isinstance(body, dict) else None
    good = isinstance(items, list) and all(isinstance(item, dict) for item in items)
    return items if good else None


def _are_outcomes(listed: Sequence[Mapping[str, Any]], records: int) -> bool:
    """Whether there is one for each record, and each says one thing."""
    return len(listed) == records and all(map(_is_outcome, listed))


def _is_outcome(entry: Mapping[str, Any]) -> bool:
    code, status = entry.get("code"), entry.get("status")
    if code == "SUCCESS" or status == "success":
        return _is_success(entry)
    return bool(code)


def _is_success(entry: Mapping[str, Any]) -> bool:
    said = (entry.get("code", "SUCCESS"), entry.get("status", "success"))
    return said == ("SUCCESS", "success")


def _names_a_row(details: Mapping[str, Any], module: str) -> bool | None:
    """Whether an error names a record or a part of one; None where it names nothing."""
    path, name = details.get("json_path"), details.get("api_name")
    if isinstance(path, str) and not path.startswith(RECORDS):
        return False
    if isinstance(path, str) and path.startswith(f"{RECORDS}["):
        return True
    if name:
        # Versions before v2.1 give no path.
        return bool(name not in _BODY and name != module)
    if parameter := details.get("param_name") or details.get("header"):
        # Those of a deletion are in the address.
        return bool(parameter == "ids")
    # Parts of the address: the first one is the module.
    index = details.get("resource_path_index")
    if index is not None:
        return bool(index != 0)
    return True if details.get("id") or details.get("duplicate_record") else None


def _read_details(error: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_object(error.get("details"))
