"""The client that writes records, built from the manifest's definitions."""

import copy
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import requests
from airbyte_cdk.sources.streams.http import HttpClient
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.write_answers import RECORDS, WriteAnswerHandler
from zoho_crm.answers import Body, UndocumentedError, build_page_parser
from zoho_crm.errors import SCOPE_LACKING, FailuresOnly
from zoho_crm.manifest import load_scopes, load_settings_parameters
from zoho_crm.org import Org, begin_run, get_org
from zoho_crm.problems import Refused, config_error, system_error, transient_error
from zoho_crm.redirects import disable_redirects
from zoho_crm.requester import ZohoRequester, build_requester
from zoho_crm.scopes import explain_missing_scope
from zoho_crm.sessions import remember_environment
from zoho_crm.settings import ConnectionSettings
from zoho_crm.uploads import UploadRequester

#: The CDK's client logs whole requests and answers when a call fails, rows and all. None of it
#: is logged; what a user needs to know is in the exceptions.
_SILENT = logging.getLogger("airbyte.destination_zoho_crm.client")
_SILENT.propagate = False
_SILENT.addHandler(logging.NullHandler())
_SILENT.disabled = True


#: Scopes of records: of all modules, or of one ("Scopes").
_RECORD_SCOPES = "ZohoCRM.modules."
#: The rights that a write needs. UNVERIFIED: whether CREATE alone allows upserts, as one page says;
#: for a refused upsert, both are named.
_RIGHTS = {"POST": ("CREATE",), "PUT": ("UPDATE",), "DELETE": ("DELETE",)}
_RIGHTS_TO_UPSERT = ("CREATE", "UPDATE")

_AUTOMATIONS = "Choose All in Automations (automations)"
#: What a user can do about a part of a call that Zoho refuses.
_ADVICE = {
    "duplicate_check_fields": "Choose another key for the stream",
    "trigger": _AUTOMATIONS,
    "skip_feature_execution": _AUTOMATIONS,
    "lar_id": "Choose another assignment rule (lar_id) in the stream's mapping",
}

#: Seconds to connect, and to wait for an answer.
_TIMEOUT_S = (15, 120)


class LostAnswerError(Exception):
    """No answer says whether the call was carried out.

    `blocked`: why a second try would not get through; None: it might. `too_large`: with fewer
    records it might.
    """

    def __init__(
        self, blocked: AirbyteTracedException | None = None, *, too_large: bool = False
    ) -> None:
        super().__init__()
        self.blocked = blocked
        self.too_large = too_large


class TooLargeError(Exception):
    """Something on the way to Zoho lets no call of this size through."""


class RowRejectedError(Exception):
    """Nothing of the call was carried out, because of one of its records."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Zoho's outcome of each record, in the order of the call ("Insert Records")."""

    items: Sequence[Mapping[str, Any]]
    #: An earlier try of this call got no answer and may have been carried out.
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class BulkRequesters:
    """For Bulk Write."""

    uploads: UploadRequester
    #: Creates jobs, each once.
    create: ZohoRequester
    #: Looks at jobs and fetches their results.
    status: ZohoRequester


class Client:
    """One org, as a connection's settings name it, for one run. Safe to use from several threads.

    Region, version, token, error rules and pauses are those of manifest.yaml. The CDK's requester
    knows neither PUT nor DELETE, so writes go through its HTTP client.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config: dict[str, Any] = copy.deepcopy(dict(config))
        ConnectionSettings(parameters=load_settings_parameters()).transform(self.config)
        #: Those that it needs, between commas.
        self.scopes = ",".join(load_scopes("destination").values())
        self.config["_zoho"]["scopes"] = self.scopes
        begin_run(self.config)
        self.org: Org = get_org(self.config)

    @cached_property
    def metadata(self) -> ZohoRequester:
        """For settings and other calls that read."""
        return build_requester("requester", self.config)

    @cached_property
    def queries(self) -> ZohoRequester:
        """For COQL."""
        return build_requester("coql_requester", self.config)

    @cached_property
    def bulk(self) -> "BulkRequesters":
        """For Bulk Write."""
        return BulkRequesters(
            uploads=build_requester("upload_requester", self.config),  # type: ignore[arg-type]
            create=build_requester("bulk_write_requester", self.config),
            status=build_requester("bulk_write_status_requester", self.config),
        )

    @cached_property
    def _user(self) -> Mapping[str, Any]:
        """The user who made the refresh token ("Get Users")."""

        def read(body: Body) -> Mapping[str, Any]:
            user = next(iter(build_page_parser("users", infos=False)(body).rows), None)
            if not isinstance(user, Mapping) or not user.get("id"):
                raise UndocumentedError("it has no id of the user")
            return user

        return self.metadata.ask("users", read=read, params={"type": "CurrentUser"})

    @property
    def current_user(self) -> str:
        """The id of the user who made the refresh token."""
        return str(self._user["id"])

    @cached_property
    def time_zone(self) -> ZoneInfo | None:
        """That user's; None where Zoho does not say which, or names one that is not known."""
        try:
            return ZoneInfo(str(self._user.get("time_zone") or ""))
        except (ValueError, OSError, ZoneInfoNotFoundError):
            return None

    def has_write_scope(self) -> bool:
        """Whether the token may write records of a module; true where Zoho reports no scopes."""
        granted = self.metadata.granted
        return not granted or any(
            scope.startswith(_RECORD_SCOPES) and not scope.endswith(".READ") for scope in granted
        )

    def write(
        self,
        method: str,
        path: str,
        *,
        usage_of: str,
        records: int = 1,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        repeatable: bool = True,
    ) -> Answer:
        """Makes a call with so many records and returns Zoho's outcomes.

        Its usage is that of the stream `usage_of`.
        A repeatable call is made again when its answer is lost; another one raises LostAnswerError.
        A call that Zoho refuses as a whole raises `Refused` with Zoho's code, or a sentence, and
        one that it refuses because of one of its several records RowRejectedError. One that is too
        large for something on the way raises TooLargeError. No exception
        quotes the address or the body.
        """
        client, handler = self._repeating if repeatable else self._once
        handler.start_call(path.partition("/")[0], records)
        url = f"{self._address}/{path}"
        with self.org.call(usage_of):
            try:
                client.send_request(
                    method,
                    url,
                    request_kwargs={},
                    headers={"Content-Type": "application/json", **(headers or {})},
                    params=params,
                    # Bytes pass through unchanged; the character set of a str would not be certain.
                    data=None if body is None else orjson.dumps(body),  # type: ignore[arg-type]
                )
            except AirbyteTracedException as error:
                if handler.is_lost and not repeatable:
                    plain = _shorten_error(error, path, handler) if handler.is_blocked else None
                    raise LostAnswerError(plain, too_large=handler.is_too_large) from None
                if handler.is_too_large:
                    raise TooLargeError from None
                if handler.rejects_a_row:
                    raise RowRejectedError from None
                if handler.code == SCOPE_LACKING:
                    raise self._explain_missing_scope(method, url) from None
                raise _shorten_error(error, path, handler) from None
        return Answer(handler.outcomes, handler.is_lost)

    def _explain_missing_scope(self, method: str, url: str) -> Refused:
        rights = _RIGHTS_TO_UPSERT if url.endswith("/upsert") else _RIGHTS[method]
        sentence, held = explain_missing_scope(
            url, self.scopes.split(","), self.metadata.granted, rights
        )
        return Refused(config_error(sentence), SCOPE_LACKING, scopes_held=held)

    @cached_property
    def _address(self) -> str:
        """Kept, for the manifest's template takes half a millisecond."""
        return self.metadata.get_url()

    @cached_property
    def _repeating(self) -> tuple[HttpClient, "WriteAnswerHandler"]:
        return self._build_client(repeatable=True)

    @cached_property
    def _once(self) -> tuple[HttpClient, "WriteAnswerHandler"]:
        return self._build_client(repeatable=False)

    def _build_client(self, *, repeatable: bool) -> tuple[HttpClient, "WriteAnswerHandler"]:
        rules = self.metadata.error_handler
        assert isinstance(rules, FailuresOnly)
        handler = WriteAnswerHandler(rules, repeatable=repeatable)
        client = HttpClient(
            name="records",
            logger=_SILENT,
            error_handler=handler,
            backoff_strategy=list(rules.backoff_strategies or []),
            authenticator=self.metadata.get_authenticator(),
            request_timeout=_TIMEOUT_S,
            use_tcp_keepalive=True,
        )
        disable_redirects(client._session)
        remember_environment(client._session)
        return client, handler


def _shorten_error(
    error: AirbyteTracedException, path: str, handler: WriteAnswerHandler
) -> AirbyteTracedException:
    """The same failure without the CDK's account of it, which holds the rows of the call."""
    module, code, part = path.partition("/")[0], handler.code, handler.part
    if isinstance(error.__context__, requests.RequestException):
        return transient_error(
            f"Zoho cannot write to {module}, however often it is asked: {handler.last_problem}. "
            "Try again later."
        )
    sentence = error.message or "The call failed."
    if code and part and not part.startswith(RECORDS):
        name = re.search(r"\w+", part)
        advice = _ADVICE.get(name[0] if name else "")
        if advice is None:
            return system_error(
                f"Zoho refuses to write to {module}: {code} at {part}, which is of the call and "
                "not of a row. No setting governs that: report it with the log."
            )
        return config_error(
            f"Zoho refuses to write to {module}: {code} at {part}, which is of the call and not of "
            f"a row. {advice}, or report it with the log."
        )
    plain = AirbyteTracedException(
        message=sentence, internal_message=sentence, failure_type=error.failure_type
    )
    return Refused(plain, code) if code else plain
