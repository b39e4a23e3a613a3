"""API credits and concurrency ("API Limits": the same table on the pages of v2 to v8)."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from zoho_emulator.clock import Clock
from zoho_emulator.errors import ZohoError
from zoho_emulator.knobs import Knobs
from zoho_emulator.localtime import parse_epoch
from zoho_emulator.store.model import Org

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Edition:
    credits: int
    per_user: int
    ceiling: int | None
    concurrency: int


EDITIONS = {
    "Free": Edition(5_000, 0, 5_000, 5),
    "Standard": Edition(50_000, 250, 100_000, 10),
    "Professional": Edition(50_000, 500, 3_000_000, 15),
    "Enterprise": Edition(50_000, 1_000, 5_000_000, 20),
    "Ultimate": Edition(50_000, 2_000, None, 25),
}


def count_daily_credits(edition: str, user_licenses: int) -> int:
    rule = EDITIONS[edition]
    credits_ = rule.credits + rule.per_user * user_licenses
    return credits_ if rule.ceiling is None else min(credits_, rule.ceiling)


def count_coql_credits(rows: int) -> int:
    return 1 if rows <= 200 else 2 if rows <= 1_000 else 3


class Limits:
    """Refuses with 429 what is over the limit; counts what was allowed."""

    def __init__(self, org: Org, clock: Clock, knobs: Knobs) -> None:
        self.org = org
        self.spent = 0
        self.max_concurrency = 0
        self._clock = clock
        self._knobs = knobs
        self._active = 0
        self._sub_active = 0
        # One entry per second, so that a day of calls stays small.
        self._spent_by_second: deque[tuple[int, int]] = deque()
        self._in_day = 0

    @contextmanager
    def call(self, *, sub: bool) -> Iterator[None]:
        """Holds a call in progress; `sub` if it is of the kind with the smaller limit."""
        limit = self._knobs.concurrency or EDITIONS[self._edition()].concurrency
        # Refused calls count for the peak: one above the limit shows that a client overstepped it.
        self.max_concurrency = max(self.max_concurrency, self._active + 1)
        if self._active >= limit or (sub and self._sub_active >= self._knobs.sub_concurrency):
            raise _too_many("Many requests fired in concurrent than the allowed limit.")
        self._active += 1
        self._sub_active += sub
        try:
            yield
        finally:
            self._active -= 1
            self._sub_active -= sub

    def spend(self, amount: int) -> None:
        if amount > self.remaining():
            raise _too_many("Many requests fired than the allowed limit for the past 24 hours.")
        self.spent += amount
        self._in_day += amount
        now = self._clock.now()
        if self._spent_by_second and self._spent_by_second[-1][0] == now:
            amount += self._spent_by_second.pop()[1]
        self._spent_by_second.append((now, amount))

    def total(self) -> int:
        return self._knobs.credits_per_day or count_daily_credits(
            self._edition(), self.org.user_licenses
        )

    def _edition(self) -> str:
        """A trial has the limits of its edition until it ends."""
        until = self._knobs.trial_until
        ended = bool(until) and parse_epoch(until) <= self._clock.now()
        return "Free" if ended else self.org.edition

    def remaining(self) -> int:
        now = self._clock.now()
        while self._spent_by_second and self._spent_by_second[0][0] <= now - DAY_S:
            self._in_day -= self._spent_by_second.popleft()[1]
        return max(0, self.total() - self._knobs.credits_used - self._in_day)

    def header(self) -> str | None:
        """`X-API-CREDITS-REMAINING`, which Zoho sends once half of the credits are used."""
        remaining = self.remaining()
        is_shown = self._knobs.credits_header and remaining * 2 <= self.total()
        return str(remaining) if is_shown else None

    def reset(self) -> None:
        self.spent = self.max_concurrency = self._in_day = 0
        self._spent_by_second.clear()


def _too_many(message: str) -> ZohoError:
    return ZohoError("TOO_MANY_REQUESTS", message, status=429)
