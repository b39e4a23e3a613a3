"""Page tokens of Get Records ("Get Records: page_token"), which carry all that the server knows.

UNVERIFIED: whether Zoho's tokens page through a snapshot or through live data. Here they are a
position in live data: no row that stays as it is comes twice or is missed, and a row that is edited
between two pages comes again where it then sorts. The knob `page_tokens` has them count rows
instead, and then a row that leaves the list between two pages hides another one.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import orjson

from zoho_emulator.errors import ZohoError

LIFETIME_S = 86_400
_SIGNATURE_BYTES = 16
_PARAM = {"param_name": "page_token"}


@dataclass(frozen=True, slots=True)
class Position:
    """Which page: the rows after the sort key `after`, or the rows before `back_from`.

    Without either it is the page-th of all rows, counted from the start.
    """

    page: int = 1
    after: tuple[int, ...] | None = None
    back_from: tuple[int, ...] | None = None


class PageTokens:
    def __init__(self, seed: int) -> None:
        self._key = hashlib.sha256(f"zoho_emulator {seed} pages".encode()).digest()

    def issue(self, position: Position, bound: str, *, user: int, now: int) -> str:
        payload = orjson.dumps(
            [position.page, position.after, position.back_from, bound, user, now + LIFETIME_S]
        )
        return urlsafe_b64encode(self._sign(payload) + payload).decode().rstrip("=")

    def read(self, token: str, bound: str, *, user: int, now: int) -> Position:
        """`bound` is a digest of the other parameters, which must not have changed."""
        try:
            raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except ValueError:
            raw = b""
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not payload or not hmac.compare_digest(signature, self._sign(payload)):
            raise _foreign()
        page, after, back_from, was_bound, was_user, expiry = orjson.loads(payload)
        if was_user != user:
            raise _foreign()
        if was_bound != bound:
            raise ZohoError(
                "TOKEN_BOUND_DATA_MISMATCH",
                "The page_token given seems to be invalid or input param is added or altered or "
                "deleted",
                _PARAM,
            )
        if expiry <= now:
            raise ZohoError("EXPIRED_VALUE", "Page token expired", _PARAM)
        return Position(page, _read_key(after), _read_key(back_from))

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")[:_SIGNATURE_BYTES]


def bind_to(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _foreign() -> ZohoError:
    return ZohoError("INVALID_DATA", "The token given seems to be invalid", _PARAM)


def _read_key(values: list[int] | None) -> tuple[int, ...] | None:
    return None if values is None else tuple(values)
