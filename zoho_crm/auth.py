"""Access tokens: one per process and account."""

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any, ClassVar

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.declarative.auth.oauth import DeclarativeOauth2Authenticator
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets
from airbyte_cdk.utils.datetime_helpers import AirbyteDateTime, ab_datetime_now

from zoho_crm.domains import find_api_address
from zoho_crm.json_text import parse_json
from zoho_crm.org import get_org
from zoho_crm.problems import NoTokenError
from zoho_crm.redirects import refuse_redirect

LOGGER = logging.getLogger("airbyte")

#: Config key, set in memory: the most seconds to wait while Zoho hands out no tokens.
PATIENCE = "_token_patience_s"

#: A token is renewed this long before Zoho ends it, so that none expires during a call.
_MARGIN = timedelta(minutes=5)

#: Zoho hands out ten tokens per refresh token in ten minutes ("Token Validity").
_LOCK_OUT_S = 600
#: UNVERIFIED: asking during the lock-out may prolong it, so we ask rarely.
_LOCK_OUT_STEP_S = 120

#: Calls of the token endpoint when it does not answer; `check` does not wait that long.
_ATTEMPTS, _ATTEMPTS_OF_CHECK = 5, 2
_TIMEOUT_S = (15, 60)

_WRONG_CLIENT = (
    "Zoho knows no such client ID in this region ({error}). Check client_id, and that dc_region "
    "is the data center whose API console you made the app in."
)
_REFUSED = {
    "invalid_code": (
        "Zoho refuses the refresh token (invalid_code). It was made in another data center than "
        "the chosen region, it was revoked, or it belongs to another client. Choose the right "
        "region, or make a new refresh token."
    ),
    "invalid_client": _WRONG_CLIENT,
    "invalid_client_id": _WRONG_CLIENT,
    "invalid_client_secret": (
        "Zoho refuses the client secret (invalid_client_secret). "
        "Copy it again from Zoho's API console."
    ),
}


#: Of a token, where the answer does not say, or says more: Zoho has sent milliseconds.
_HOUR = timedelta(hours=1)


#: Errors of the endpoint itself. The same request is reported to succeed the next time.
_PASSING = frozenset({"general_error", "internal_error", "server_error", "temporarily_unavailable"})


def _parse_lifetime(value: object) -> timedelta:
    try:
        seconds = float(str(value))
    except ValueError:
        return _HOUR
    return timedelta(seconds=seconds) if _MARGIN.total_seconds() < seconds <= 3_600 else _HOUR


@dataclass(slots=True)
class _Token:
    text: str
    expires: AirbyteDateTime
    #: The address of the org's API.
    api: str
    #: What the token allows, if the answer said so.
    scopes: frozenset[str]


@dataclass
class ZohoAuthenticator(DeclarativeOauth2Authenticator):
    """Signs requests with `Zoho-oauthtoken` and the process's one access token of this account.

    Guarantees one token request per process and hour for all streams, requesters and threads. A
    refused refresh token, client or secret is a config error; a lock-out is waited
    out for ten minutes at most, and logged.

    Why not in YAML: the stock authenticator keeps a token per requester (180 streams asked for 181
    tokens, and Zoho grants ten), writes `Bearer`, and takes Zoho's HTTP 200 with an `error` key for
    a success ("Token Validity", "Refresh Access Tokens").
    """

    _tokens: ClassVar[dict[tuple[str, ...], _Token]] = {}
    _lock: ClassVar[threading.RLock] = threading.RLock()
    _thread: ClassVar[threading.local] = threading.local()

    def get_auth_header(self) -> Mapping[str, str]:
        self._thread.signed_with = self.get_access_token()
        return {"Authorization": f"Zoho-oauthtoken {self._thread.signed_with}"}

    def get_access_token(self) -> str:
        return self._token().text

    @property
    def api(self) -> str:
        """The address of the org's API: the config's, or the one that the token answer names."""
        return self._token().api

    def refresh_and_set_access_token(self) -> None:
        """Zoho has refused the token of this thread's call: take a new one, unless there is one."""
        known = self._tokens.get(self._account)
        refused = getattr(self._thread, "signed_with", known and known.text)
        with self._lock:
            token = self._tokens.get(self._account)
            if token is None or token.text == refused:
                self._renew()

    @property
    def granted(self) -> frozenset[str]:
        """What the token allows; empty where Zoho does not say ("Refresh Access Tokens")."""
        return self._token().scopes

    def __call__(self, request: requests.PreparedRequest) -> Any:
        """Signs a request that is about to be sent, when it is its turn."""
        get_org(self.config).book_request(request)
        return super().__call__(request)

    def update_from_response(
        self, request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """The CDK passes each answer here, retried ones too; it is booked."""
        get_org(self.config).book_answer(response)

    def _token(self) -> _Token:
        with self._lock:
            token = self._tokens.get(self._account)
            if token is None or token.expires <= ab_datetime_now() + _MARGIN:
                token = self._renew()
            return token

    @cached_property
    def _account(self) -> tuple[str, ...]:
        return (
            str(self.get_token_refresh_endpoint()),
            self.get_client_id(),
            str(self.get_refresh_token()),
            self.config["_zoho"]["api"],
        )

    def _renew(self) -> _Token:
        answer = self._ask_until_granted()
        add_to_secrets(answer["access_token"])
        expires = ab_datetime_now() + _parse_lifetime(answer.get("expires_in"))
        scopes = frozenset(re.split(r"[\s,]+", str(answer.get("scope") or "").strip())) - {""}
        api = self._find_address(answer.get("api_domain"))
        token = _Token(answer["access_token"], expires, api, scopes)
        self._tokens[self._account] = token
        return token

    def _find_address(self, api_domain: Any) -> str:
        """The config's, or the one in the token answer if it is within Zoho's own domains."""
        addresses, base_url = self.config["_zoho"], self.config.get("base_url")
        configured = str(addresses["api"])
        if not isinstance(api_domain, str) or api_domain.rstrip("/") in ("", configured):
            return configured
        if base_url:
            raise NoTokenError(
                f"base_url is {base_url}, but the token answer names {api_domain}. "
                "They must agree.",
                FailureType.config_error,
            )
        try:
            api = find_api_address(configured, api_domain, addresses["known"])
        except ValueError:
            LOGGER.warning(f"The token answer names {api_domain}, which is not Zoho's; ignored.")
            return configured
        if api is None:
            return configured
        LOGGER.info(f"The token answer names {api} as the API address; the sync uses it.")
        return api

    def _ask_until_granted(self) -> Mapping[str, Any]:
        patience = float(self.config.get(PATIENCE, _LOCK_OUT_S))
        while True:
            answer = self._ask()
            error = answer.get("error")
            if error is None:
                return answer
            if error != "Access Denied":
                sentence = _REFUSED.get(error, "Zoho refuses to make an access token ({error}).")
                raise NoTokenError(sentence.format(error=error), FailureType.config_error)
            if patience <= 0:
                raise NoTokenError(
                    "Zoho makes no more access tokens for this refresh token for now: it grants "
                    "ten in ten minutes. Try again in ten minutes, and look for other programs "
                    "that use the same refresh token.",
                    FailureType.transient_error,
                )
            pause = min(_LOCK_OUT_STEP_S, patience)
            LOGGER.warning(
                "Zoho makes no more access tokens for now: it grants ten per refresh token in ten "
                f"minutes. Asking again in {pause:.0f} seconds."
            )
            time.sleep(pause)
            patience -= pause

    def _ask(self) -> Mapping[str, Any]:
        """The answer of the token endpoint, of any status, once it has a token or a reason."""
        url = str(self.get_token_refresh_endpoint())
        trouble = ""
        patient = self.config.get(PATIENCE) != 0
        for attempt in range(_ATTEMPTS if patient else _ATTEMPTS_OF_CHECK):
            if attempt:
                time.sleep(2**attempt)
            try:
                # A redirect that is followed would pass on the secret and the refresh token.
                response = requests.post(
                    url,
                    data=self.build_refresh_request_body(),
                    timeout=_TIMEOUT_S,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                trouble = f"does not answer ({type(error).__name__})"
                continue
            try:
                answer = parse_json(response.content)
            except ValueError:
                answer = None
            if redirect := refuse_redirect(response):
                raise NoTokenError(str(redirect.error_message), FailureType.config_error)
            trouble = f"gives no token (HTTP {response.status_code})"
            if response.status_code >= 500 or not isinstance(answer, dict):
                continue
            token, reason = answer.get("access_token"), answer.get("error")
            if token and isinstance(token, str):
                return {**answer, "error": None}
            if isinstance(reason, str) and reason and reason not in _PASSING:
                return answer
            if isinstance(reason, str) and reason:
                trouble = f"gives no token ({reason})"
        base_url = self.config.get("base_url")
        hint = (
            f" Check that the emulator runs at base_url, which is {base_url}." if base_url else ""
        )
        raise NoTokenError(
            f"Zoho's token endpoint {url} {trouble}. Try again later.{hint}",
            FailureType.transient_error,
        )
