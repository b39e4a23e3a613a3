"""Calls to Zoho."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from time import sleep
from typing import IO, Any, TypeVar

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.models import CustomRequester as CustomRequesterModel
from airbyte_cdk.sources.declarative.parsers.model_to_component_factory import (
    ModelToComponentFactory,
)
from airbyte_cdk.sources.declarative.requesters import HttpRequester
from airbyte_cdk.sources.streams.http.exceptions import BaseBackoffException
from airbyte_cdk.sources.types import StreamSlice, StreamState
from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.answers import (
    Body,
    Page,
    Row,
    UndocumentedError,
    build_entries_parser,
    build_page_parser,
    measure,
    parse_body,
)
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.cdk_log import hide_refusals, name_repeated_calls
from zoho_crm.errors import SCOPE_LACKING, TOKEN_REFUSED
from zoho_crm.manifest import load_component
from zoho_crm.org import get_org
from zoho_crm.problems import (
    NoTokenError,
    PutOffError,
    Refused,
    Unreadable,
    config_error,
    explain_giving_up,
    explain_unreadable,
    repeated_page_error,
    transient_error,
)
from zoho_crm.redirects import disable_redirects
from zoho_crm.scopes import explain_missing_scope
from zoho_crm.sessions import remember_environment
from zoho_crm.usage import METADATA

LOGGER = logging.getLogger("airbyte")

T = TypeVar("T")

_BLOCK = 256 * 1024
#: Entries of a settings list that a call gives.
_PER_PAGE = "200"
#: Pauses before an answer that cannot be read is asked for again: those after a 503.
PAUSES_S = (1, 2, 4, 8, 16, 32)
#: Seconds between two answers without promised rows that are believed.
SETTLE_S = 3.0
_ONE_TOO_MANY = "Zoho takes no more calls at once. Try again later."
_TOKEN_NOT_ACCEPTED = (
    "Zoho made an access token and does not accept it. Choose the region and environment in which "
    "the refresh token was made, or make a new refresh token."
)


@dataclass(kw_only=True)
class ZohoRequester(HttpRequester):
    """Sends each call when it is its turn, books it, and raises errors as sentences for users.

    Why not in YAML: Zoho limits the calls of an org at a time, over all streams, which the CDK's
    call budget cannot say; and the CDK's own last error after several tries is a Python exception.
    """

    #: The stream's; the CDK names the requesters of its own retrievers only.
    name: str = METADATA

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        # The CDK turns it on for what dynamic streams are made of, and keeps those answers in a
        # file, or for other runs of the process. The directory remembers them for its run alone.
        self.use_cache = False
        super().__post_init__(parameters)
        disable_redirects(self._http_client._session)
        remember_environment(self._http_client._session)
        self.logger.addFilter(hide_refusals)
        LOGGER.addFilter(name_repeated_calls)

    def send_request(
        self,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
        path: str | None = None,
        request_headers: Mapping[str, Any] | None = None,
        request_params: Mapping[str, Any] | None = None,
        request_body_data: Mapping[str, Any] | str | None = None,
        request_body_json: Mapping[str, Any] | None = None,
        log_formatter: Callable[[requests.Response], Any] | None = None,
    ) -> requests.Response | None:
        with get_org(self.config).call(self.name):
            return self._send(
                stream_state=stream_state,
                stream_slice=stream_slice,
                next_page_token=next_page_token,
                path=path,
                request_headers=request_headers,
                request_params=request_params,
                request_body_data=request_body_data,
                request_body_json=request_body_json,
                log_formatter=log_formatter,
            )

    def ask(
        self,
        path: str | None = None,
        *,
        read: Callable[[Body], T],
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        usage_of: str | None = None,
        pauses: Sequence[float] = PAUSES_S,
    ) -> T:
        """What `read` makes of Zoho's answer; the functions of `answers` build such readers.

        The call is booked on the stream `usage_of`, by default the requester's. An answer with
        which `read` raises an UndocumentedError is asked for again, like a 503, and is `Unreadable`
        in the end. A call too many that the manifest lets pass is a PutOffError.
        """
        return self._ask(
            lambda response: measure(read(parse_body(response)), response),
            usage_of or self.name,
            pauses,
            path=path,
            request_params=params,
            request_headers=headers,
            request_body_json=body,
        )

    def _ask(
        self,
        judge: Callable[[requests.Response], T],
        usage_of: str,
        pauses: Sequence[float] = PAUSES_S,
        **request: Any,
    ) -> T:
        """What `judge` makes of Zoho's answer, within the call; see `ask`."""
        sentence = ""
        for pause in (*pauses, None):
            with get_org(self.config).call(usage_of):
                response = self._send(**request)
                assert response is not None
                if response.status_code == requests.codes.too_many_requests:
                    raise PutOffError(transient_error(_ONE_TOO_MANY), "TOO_MANY_REQUESTS")
                try:
                    return judge(response)
                except UndocumentedError as odd:
                    sentence = explain_unreadable(response, odd)
            if pause is not None:
                LOGGER.info(f"{sentence} The call is repeated in {pause} s.")
                sleep(pause)
        raise Unreadable(f"{sentence} Try again later.")

    def ask_for_rows(
        self,
        path: str | None = None,
        *,
        read: Callable[[Body], Page],
        promised: bool,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        usage_of: str | None = None,
    ) -> Page:
        """A page of rows, as `ask` reads it. `promised`: rows have been seen that it should show.

        One without rows that were promised is asked for again some seconds later: they may have
        been edited or deleted since, and Zoho may have answered wrongly.
        """
        found = Page([], more=False)
        for pause in (0.0, SETTLE_S) if promised else (0.0,):
            if pause:
                sleep(pause)
            found = self.ask(
                path, read=read, params=params, headers=headers, body=body, usage_of=usage_of
            )
            if found.rows:
                break
        return found

    def save(self, path: str, file: IO[bytes], *, usage_of: str) -> bool:
        """Writes Zoho's answer into the file as it comes in; False: one call too many.

        Wants `stream_response` of the manifest, else all of the answer is in memory first. One that
        breaks off is a `requests.RequestException`.
        """
        with get_org(self.config).call(usage_of):
            response = self._send(path=path)
            if response is None or response.status_code == requests.codes.too_many_requests:
                return False
            with response:
                for block in response.iter_content(_BLOCK):
                    file.write(block)
        return True

    def metadata(self, path: str, key: str, **params: str) -> list[Row]:
        """The entries of a settings answer; none where Zoho says that there are none."""
        return self.ask(path, read=build_entries_parser(key), params=params, usage_of=METADATA)

    def ask_for_entries(
        self, path: str, key: str, *, params: Mapping[str, str], usage_of: str | None = None
    ) -> Iterator[Row]:
        """The entries of a settings list that may have several pages.

        Raises a transient error where Zoho gives the same page twice and promises more.
        """
        before: list[Row] = []
        for number in count(1):
            numbered = {"page": str(number), "per_page": _PER_PAGE} if number > 1 else {}
            found = self.ask_for_rows(
                path,
                read=build_page_parser(key, infos=False, after_first=number > 1),
                promised=number > 1,
                params={**params, **numbered},
                usage_of=usage_of,
            )
            if found.more and found.rows == before:
                raise repeated_page_error(usage_of or path)
            before = found.rows
            rows = [row for row in found.rows if isinstance(row, Mapping)]
            if len(rows) < len(found.rows):
                LOGGER.warning(f"{usage_of or path}: an entry that is not an object is left out.")
            yield from rows
            if not found.more:
                return

    @property
    def granted(self) -> frozenset[str]:
        """The scopes of the token; empty where Zoho does not say."""
        return self._signer.granted

    @property
    def api(self) -> str:
        """The address of the API of the token's data center."""
        return self._signer.api

    @property
    def _signer(self) -> ZohoAuthenticator:
        authenticator = self.get_authenticator()
        assert isinstance(authenticator, ZohoAuthenticator)
        return authenticator

    def get_url(
        self,
        *,
        stream_state: StreamState | None = None,
        stream_slice: StreamSlice | None = None,
        next_page_token: Mapping[str, Any] | None = None,
    ) -> str:
        url = super().get_url(
            stream_state=stream_state, stream_slice=stream_slice, next_page_token=next_page_token
        )
        return url.replace(self.config["_zoho"]["api"], self.api, 1)

    def _send(self, **request: Any) -> requests.Response | None:
        try:
            return super().send_request(**request)
        except NoTokenError:
            # Whatever refused the call, this is the reason.
            raise
        except AirbyteTracedException as error:
            # Alone: the CDK's texts hold the query, the body and the answer.
            raise self._explain(error, request) from None

    def _explain(
        self, error: AirbyteTracedException, request: Mapping[str, Any]
    ) -> AirbyteTracedException:
        last, code = error.__context__, get_org(self.config).code
        if isinstance(last, BaseBackoffException):
            return transient_error(explain_giving_up(last))
        error.internal_message = error.message
        if code is None:
            return error.with_traceback(None)
        if code in TOKEN_REFUSED and error.failure_type == FailureType.config_error:
            return Refused(config_error(_TOKEN_NOT_ACCEPTED), code)
        if code == SCOPE_LACKING:
            return self._build_scope_error(error, request)
        return Refused(error, code)

    def _build_scope_error(
        self, error: AirbyteTracedException, request: Mapping[str, Any]
    ) -> Refused:
        url = self._get_url(path=request.get("path")).rstrip("/")
        if module := (request.get("request_params") or {}).get("module"):
            url = f"{url}?module={module}"
        # None where a stock tool runs the manifest.
        scopes = self.config["_zoho"].get("scopes")
        if not scopes:
            return Refused(error, SCOPE_LACKING)
        sentence, held = explain_missing_scope(url, scopes.split(","), self.granted)
        return Refused(config_error(sentence), SCOPE_LACKING, scopes_held=held)


def build_requester(
    name: str, config: Mapping[str, Any], *, usage_of: str = METADATA
) -> ZohoRequester:
    """The requester of this name among the manifest's definitions; its calls are
    booked on the stream `usage_of`.

    For callers outside of streams, and for requesters that few runs need: in a stream's definition
    they cost every stream of every run.
    """
    requester = ModelToComponentFactory().create_component(
        CustomRequesterModel, load_component(name), config, name=usage_of
    )
    assert isinstance(requester, ZohoRequester)
    return requester
