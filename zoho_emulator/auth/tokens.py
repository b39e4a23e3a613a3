"""Zoho Accounts: refresh tokens become access tokens ("OAuth: Refresh Access Tokens")."""

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from zoho_emulator.clock import Clock
from zoho_emulator.errors import ZohoError
from zoho_emulator.knobs import Knobs

LIFETIME_S = 3_600
THROTTLE_S = 600


@dataclass(frozen=True, slots=True)
class Credentials:
    client_id: str
    client_secret: str
    refresh_token: str

    @classmethod
    def from_seed(cls, seed: int) -> "Credentials":
        return cls(
            client_id="1000." + _hash(seed, "client")[:30].upper(),
            client_secret=_hash(seed, "secret")[:42],
            refresh_token=_make_token(seed, "refresh"),
        )


class Accounts:
    """The access tokens of one refresh token."""

    def __init__(self, credentials: Credentials, clock: Clock, knobs: Knobs, *, seed: int) -> None:
        self.credentials = credentials
        self.issued = 0
        self._clock = clock
        self._knobs = knobs
        self._seed = seed
        self._serial = 0
        self._expiry: dict[str, int] = {}  # token -> when it dies, oldest first
        self._requests: deque[int] = deque()

    def refresh(self, params: Mapping[str, str], api_domain: str) -> tuple[int, dict[str, object]]:
        """HTTP status and body. Refusals are HTTP 200 with an `error`; only throttling is a 400."""
        refusal = self._find_refusal(params)
        if refusal is not None:
            return 200, {"error": refusal}
        if self._is_throttled():
            return 400, {
                "error_description": "You have made too many requests continuously. "
                "Please try again after some time.",
                "error": "Access Denied",
                "status": "failure",
            }
        answer = {
            "access_token": self._issue(),
            "scope": " ".join((*self._knobs.scopes, *self._knobs.more_scopes)),
            "api_domain": self._knobs.api_domain or api_domain,
            "token_type": "Bearer",
            "expires_in": self._knobs.token_expires_in,
        }
        missing = self._knobs.token_without
        return 200, {key: value for key, value in answer.items() if key not in missing}

    def authenticate(self, authorization: str | None) -> None:
        """Both words before the token are in use; the docs write `Zoho-oauthtoken`."""
        if not _read_token(authorization):
            raise ZohoError("AUTHENTICATION_FAILURE", "Authentication failed", status=401)
        if self.find_expiry(authorization) is None:
            raise ZohoError("INVALID_TOKEN", "invalid oauth token", status=401)

    def find_expiry(self, authorization: str | None) -> int | None:
        """When the header's token dies; None of one that does not live."""
        dies = self._expiry.get(_read_token(authorization), 0)
        return dies if dies > self._clock.now() else None

    def require(self, *any_of: str) -> None:
        """One of these scopes must have been granted."""
        if not set(any_of) & {*self._knobs.scopes, *self._knobs.more_scopes}:
            raise scope_mismatch()

    def revoke_all(self) -> None:
        self._expiry.clear()

    def reset(self) -> None:
        self.issued = 0
        self._requests.clear()

    def _find_refusal(self, params: Mapping[str, str]) -> str | None:
        if params.get("grant_type") != "refresh_token":
            return "general_error"
        if params.get("client_id") != self.credentials.client_id:
            return "invalid_client"
        if params.get("client_secret") != self.credentials.client_secret:
            return "invalid_client_secret"
        if params.get("refresh_token") != self.credentials.refresh_token:
            return "invalid_code"
        return None

    def _is_throttled(self) -> bool:
        now = self._clock.now()
        while self._requests and self._requests[0] <= now - THROTTLE_S:
            self._requests.popleft()
        limit = self._knobs.tokens_per_10_min
        if limit and len(self._requests) >= limit:
            return True
        # UNVERIFIED: whether a refused request prolongs the lock-out. Reports say waiting ten
        # minutes clears it, so only granted ones count.
        self._requests.append(now)
        return False

    def _issue(self) -> str:
        now = self._clock.now()
        self._expiry = {token: dies for token, dies in self._expiry.items() if dies > now}
        while len(self._expiry) >= self._knobs.live_tokens:
            del self._expiry[next(iter(self._expiry))]
        self._serial += 1
        self.issued += 1
        token = _make_token(self._seed, f"access {self._serial}")
        self._expiry[token] = now + LIFETIME_S
        return token


def scope_mismatch() -> ZohoError:
    return ZohoError("OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL", status=401)


def module_scopes(
    api_name: str, generated_type: str, operations: tuple[str, ...] = ("READ",)
) -> tuple[str, ...]:
    """The scopes any of which opens a module for an operation ("OAuth: Scopes")."""
    # UNVERIFIED: subform and linking modules have no scope word of their own in the docs; an org
    # makes them, so they count as custom.
    word = "custom"
    if generated_type == "default":
        word = api_name.removesuffix("__s").replace("_", "").lower()
    elif api_name.endswith("_History__s"):
        word = api_name.removesuffix("__s").lower()
    words = ("ALL", *operations)
    return tuple(f"ZohoCRM.modules.{part}" for part in (*words, *(f"{word}.{w}" for w in words)))


def _read_token(authorization: str | None) -> str:
    word, _, token = (authorization or "").partition(" ")
    return token.strip() if word.lower() in ("zoho-oauthtoken", "bearer") else ""


def _hash(seed: int, what: str) -> str:
    return hashlib.sha256(f"zoho_emulator {seed} {what}".encode()).hexdigest()


def _make_token(seed: int, what: str) -> str:
    digest = _hash(seed, what)
    return f"1000.{digest[:32]}.{digest[32:]}"
