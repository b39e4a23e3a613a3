"""Calls to Zoho."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

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

from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.errors import SCOPE_LACKING, TOKEN_REFUSED, code_of
from zoho_crm.json_text import parsed
from zoho_crm.manifest import component
from zoho_crm.org import METADATA, org_of
from zoho_crm.problems import Refused, Unreadable, config_error, transient_error
from zoho_crm.redirects import follow_none
from zoho_crm.scopes import want_of_scope

LOGGER = logging.getLogger("airbyte")

_BLOCK = 256 * 1024
_NOTHING_TO_SAY = (requests.codes.no_content, requests.codes.not_modified)
_TOKEN_IN_VAIN = (
    "Zoho made an access token and does not accept it. Choose the region and environment in which "
    "the refresh token was made, or make a new refresh token."
)


@dataclass(kw_only=True)
class ZohoRequester(HttpRequester):
    """Sends each call when its turn has come, books it, and fails with a sentence.

    Why not in YAML: Zoho limits the calls of an org at a time, over all streams, which the CDK's
    call budget cannot say; and the CDK's own last words after several tries are a Python exception.
    """

    #: The stream's; the CDK names the requesters of its own retrievers only.
    name: str = METADATA

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        # The CDK turns it on for what dynamic streams are made of, and keeps those answers in a
        # file, or for other runs of the process. The directory remembers them for its run alone.
        self.use_cache = False
        super().__post_init__(parameters)
        follow_none(self._http_client._session)
        self.logger.addFilter(_no_errors)
        LOGGER.addFilter(_no_rate_limit)

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
        with org_of(self.config).call(self.name):
            return self._plainly(
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
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        line: str | None = None,
    ) -> dict[str, Any] | None:
        """The JSON of Zoho's answer; None where it has nothing to say (204, 304).

        `line` is the ledger's; by default that of the stream. An answer that has no content and
        does not say so is `Unreadable`.
        """
        with org_of(self.config).call(line or self.name):
            response = self._plainly(
                path=path, request_params=params, request_headers=headers, request_body_json=body
            )
        if response is None or response.status_code in _NOTHING_TO_SAY:
            return None
        try:
            answer = parsed(response.content)
        except ValueError:
            answer = None
        if not response.ok:
            # One call too many, which the manifest lets pass.
            return answer if isinstance(answer, dict) else None
        if not isinstance(answer, dict):
            # Not quoted: half an answer may hold values of records.
            kind = response.headers.get("Content-Type", "no type").partition(";")[0]
            raise Unreadable(
                f"Zoho answers {_plain_url(response.url)} with HTTP {response.status_code} and "
                f"{len(response.content):,} bytes ({kind}) that cannot be read. Try again later."
            )
        return answer

    def save(self, path: str, file: IO[bytes], *, line: str) -> bool:
        """Writes Zoho's answer into the file as it comes in; False: one call too many.

        Wants `stream_response` of the manifest, else all of the answer is in memory first. One that
        breaks off is a `requests.RequestException`.
        """
        with org_of(self.config).call(line):
            response = self._plainly(path=path)
            if response is None or response.status_code == requests.codes.too_many_requests:
                return False
            with response:
                for block in response.iter_content(_BLOCK):
                    file.write(block)
        return True

    def metadata(self, path: str, key: str, **params: str) -> list[dict[str, Any]]:
        """The entries of a settings answer; none where Zoho has nothing to say."""
        return entries(self.ask(path, params=params, line=METADATA), key, path)

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
        authenticator = self.get_authenticator()
        assert isinstance(authenticator, ZohoAuthenticator)
        return url.replace(self.config["_zoho"]["api"], authenticator.api, 1)

    def _plainly(self, **request: Any) -> requests.Response | None:
        try:
            return super().send_request(**request)
        except AirbyteTracedException as error:
            last = error.__context__
            if isinstance(last, BaseBackoffException):
                raise transient_error(_gave_up(last), internal=error.internal_message) from error
            code = org_of(self.config).code
            if code is None:
                raise
            if code in TOKEN_REFUSED and error.failure_type == FailureType.config_error:
                internal = error.internal_message
                raise Refused(config_error(_TOKEN_IN_VAIN, internal=internal), code) from error
            if code == SCOPE_LACKING:
                raise self._without_scope(error, request) from error
            raise Refused(error, code) from error

    def _without_scope(self, error: AirbyteTracedException, request: Mapping[str, Any]) -> Refused:
        url = "/".join(filter(None, (self.get_url().rstrip("/"), request.get("path"))))
        if module := (request.get("request_params") or {}).get("module"):
            url = f"{url}?module={module}"
        # None where a stock tool runs the manifest.
        scopes = self.config["_zoho"].get("scopes")
        if not scopes:
            return Refused(error, SCOPE_LACKING)
        authenticator = self.get_authenticator()
        assert isinstance(authenticator, ZohoAuthenticator)
        sentence, held = want_of_scope(url, scopes.split(","), authenticator.granted)
        return Refused(
            config_error(sentence, internal=error.internal_message),
            SCOPE_LACKING,
            scopes_held=held,
        )


def entries(answer: Mapping[str, Any] | None, key: str, asked: str) -> list[dict[str, Any]]:
    """The list under the key of an answer; empty where Zoho has nothing to say."""
    if answer is None:
        return []
    found = answer.get(key)
    if not isinstance(found, list):
        raise Unreadable(
            f"Zoho's answer about {asked} has no list {key}, so that it cannot be read. "
            "Try again later."
        )
    return found


def _no_errors(record: logging.LogRecord) -> bool:
    """The CDK logs each refusal with all of its answer, also where somebody knows what to do.

    The exception holds the same, and whoever gets it tells what it means.
    """
    return record.levelno < logging.ERROR


def _no_rate_limit(record: logging.LogRecord) -> bool:
    """The CDK tells of each call that needs a new token as if it met a rate limit."""
    return record.module != "rate_limiting" or "(HTTP 401)" not in record.getMessage()


def manifests_requester(
    name: str, config: Mapping[str, Any], *, line: str = METADATA
) -> ZohoRequester:
    """The requester of this name among the manifest's definitions; `line` is the ledger's.

    For callers outside of streams, and for requesters that few runs need: in a stream's definition
    they cost every stream of every run.
    """
    requester = ModelToComponentFactory().create_component(
        CustomRequesterModel, component(name), config, name=line
    )
    assert isinstance(requester, ZohoRequester)
    return requester


def _gave_up(last: BaseBackoffException) -> str:
    response = last.response
    if not isinstance(response, requests.Response):
        url = _plain_url(last.request.url)
        return f"Zoho cannot be reached at {url} ({type(response).__name__}). Try again later."
    # Not quoted: a page of a gateway says little, and an answer may hold values of records.
    code = code_of(response)
    return (
        f"Zoho answers {_plain_url(response.url)} with HTTP {response.status_code}"
        f"{f' ({code})' if code else ''} however often it is asked. Try again later."
    )


def _plain_url(url: str | None) -> str:
    """Without its query, which may hold values of records."""
    return str(url).partition("?")[0]
