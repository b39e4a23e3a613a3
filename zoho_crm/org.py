"""What a run knows of one org: its modules, its clock, its credits, and what the run has cost."""

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from zoho_crm.directory import Directory, Metadata
from zoho_crm.errors import code_of
from zoho_crm.limits import LEAST_CALLS_AT_ONCE, calls_at_once, credits_a_day, credits_of
from zoho_crm.problems import Refused, Unreadable, transient_error

LOGGER = logging.getLogger("airbyte")

#: Zoho tells the credits that are left from here on ("API Limits": X-API-CREDITS-REMAINING).
_TOLD_FROM_PERCENT = 50
#: Clocks that differ by more are worth a warning.
_CLOCKS_APART_S = 300
#: The ledger's line for calls that serve no single stream.
METADATA = "metadata"


@dataclass(slots=True)
class Line:
    """A stream in the ledger."""

    calls: int = 0
    credits: int = 0
    first: float = 0.0
    last: float = 0.0

    @property
    def seconds(self) -> float:
        """From its first call to the end of its last."""
        return self.last - self.first


class Gate:
    """Lets so many threads in at a time; the number may change while they run."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._inside = 0
        self._changed = threading.Condition()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._inside < self.limit)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()


class Org:
    """Shared by all components and threads of a run."""

    def __init__(
        self,
        *,
        most_calls: int | None = None,
        reserve_percent: float = 0,
        local: bool = False,
    ) -> None:
        """`local`: it is an emulator's, whose clock may be moved."""
        self._local = local
        self.directory = Directory()
        self.ledger: dict[str, Line] = {}
        self._most_calls = most_calls
        self._reserve_percent = reserve_percent
        self._gate = Gate(min(LEAST_CALLS_AT_ONCE, most_calls or LEAST_CALLS_AT_ONCE))
        self._lock = threading.Lock()
        self._introduction = threading.Lock()
        self._details: Mapping[str, Any] | None = None
        self._here = threading.local()
        #: The least and the most that Zoho's clock is ahead of ours, by its answers.
        self._ahead_s: float | None = None
        self._most_ahead_s = 0.0
        self._clock_told = False
        self._total: int | None = None
        self._remaining: int | None = None
        #: Credits of the calls that are under way, and of those that were answered.
        self._under_way = 0
        self._spent = 0
        #: Whether Zoho has said how many credits are left, or the log that it does not.
        self._counted = False
        #: Why no further call is made.
        self._spared: str | None = None

    def now(self) -> datetime:
        """Zoho's clock by the answer that shows the earliest time, and of a real org never later
        than ours: an end that is too early costs nothing, one that is too late loses rows."""
        return self.at(time.time())

    def at(self, local_s: float) -> datetime:
        """Zoho's clock, as `now` has it, when ours was at so many seconds. Answers that come later
        may show an earlier time, so moments that are kept are kept as ours."""
        ahead = self._ahead_s or 0.0
        return datetime.fromtimestamp(local_s + (ahead if self._local else min(ahead, 0)), UTC)

    def latest(self) -> datetime:
        """A moment that no clock has passed: Zoho's latest, and of a real org ours, too."""
        ahead = self._most_ahead_s
        return datetime.fromtimestamp(time.time() + (ahead if self._local else max(ahead, 0)), UTC)

    def introduce(self, requester: Metadata) -> Mapping[str, Any]:
        """Asks "Get Organization" once: edition and licences decide what is allowed."""
        with self._introduction:
            if self._details is None:
                try:
                    self._details = requester.metadata("org", "org")[0]
                except (Refused, Unreadable) as error:
                    LOGGER.warning(
                        f"Zoho does not tell the org's edition, so {LEAST_CALLS_AT_ONCE} calls are "
                        f"made at a time and the credits of the day are not known. {error.message}"
                    )
                    self._details = {}
                allowed = calls_at_once(self._details, self.now())
                self._gate.limit = min(allowed, self._most_calls or allowed)
                with self._lock:
                    self._total = credits_a_day(self._details, self.now())
                    if self._remaining is None:
                        self._remaining = self._total
                self._tell_of_the_reserve()
            return self._details

    @contextmanager
    def call(self, line: str) -> Iterator[None]:
        """A call in progress: waits for its turn, and is booked on this line of the ledger."""
        with self._gate():
            self._here.line, self._here.code, self._here.cost = line, None, 0
            try:
                yield
            finally:
                self._here.line = None
                self._settle()

    @property
    def code(self) -> str | None:
        """Zoho's code for refusing this thread's latest call, if it did."""
        return getattr(self._here, "code", None)

    def sends(self, request: requests.PreparedRequest) -> None:
        """A call is about to be made. Raises a transient error if it would touch the reserve."""
        self._settle()
        cost = credits_of(request)
        with self._lock:
            self._spare_the_reserve(cost)
            self._under_way += cost
            self._here.before = self._spent
        self._here.cost = cost

    def _settle(self) -> None:
        """This thread's call is no longer under way."""
        with self._lock:
            self._under_way -= getattr(self._here, "cost", 0)
        self._here.cost = 0

    def heard(self, request: requests.PreparedRequest, response: requests.Response) -> None:
        """Books an answer of Zoho's API, whatever it says."""
        self._here.code = code_of(response)
        # UNVERIFIED: that a refused call costs one credit, whatever it asked for. "API Limits" and
        # "Bulk Read" name the price of what was done only: 50 for a job that was made.
        refused = self._here.code is not None or not response.ok
        cost, now = 1 if refused else credits_of(request), time.monotonic()
        with self._lock:
            self._under_way -= getattr(self._here, "cost", 0)
            self._here.cost = 0
            # Calls beside this one: what it says may be of before they were charged, or after.
            others = self._spent - getattr(self._here, "before", self._spent)
            self._spent += cost
            line = self.ledger.setdefault(getattr(self._here, "line", None) or METADATA, Line())
            line.calls += 1
            line.credits += cost
            line.last = now
            line.first = line.first or now - response.elapsed.total_seconds()
            if self._remaining is not None:
                self._remaining -= cost
            said = response.headers.get("X-API-CREDITS-REMAINING", "")
            if said.isdigit():
                # Zoho is right, also where it says more: what was used a day ago no longer counts.
                known = int(said) if self._remaining is None else self._remaining
                self._remaining = max(int(said) - others, min(int(said), known))
                self._counted = True
            unsaid = self._goes_unsaid()
            self._hear_time(response.headers.get("Date"))
        if unsaid:
            LOGGER.warning(
                f"{self._share}. Less than half are left by this sync's own count, and Zoho does "
                "not say how many, so only this sync's calls are counted."
            )

    @property
    def _share(self) -> str:
        return f"{self._reserve_percent:g} % of the org's API credits are reserved for people"

    def _goes_unsaid(self) -> bool:
        """Once: Zoho should tell what is left and does not. Recorded answers never have."""
        if self._counted or not self._reserve_percent:
            return False
        if self._remaining is None or self._total is None or self._remaining * 2 >= self._total:
            return False
        self._counted = True
        return True

    def _hear_time(self, date: str | None) -> None:
        """A single answer may come late, or from a machine whose clock is wrong."""
        try:
            ahead = parsedate_to_datetime(date or "").timestamp() - time.time()
        except (ValueError, OverflowError):
            return
        first = self._ahead_s is None
        self._ahead_s = ahead if self._ahead_s is None else min(self._ahead_s, ahead)
        self._most_ahead_s = ahead if first else max(self._most_ahead_s, ahead)
        if abs(ahead) > _CLOCKS_APART_S and not (self._local or self._clock_told):
            self._clock_told = True
            LOGGER.warning(
                f"Zoho's clock and this machine's differ by {abs(ahead) / 60:,.0f} minutes: an "
                f"answer is dated {date}. The earlier of the two counts. If this machine's is "
                "wrong, set it right."
            )

    def _tell_of_the_reserve(self) -> None:
        """Where it cannot be kept as the user may think."""
        if self._reserve_percent and self._total is None:
            LOGGER.warning(
                f"{self._share}, but Zoho does not tell an edition from which their number is "
                "known. The reserve is not kept."
            )
        elif self._reserve_percent >= _TOLD_FROM_PERCENT:
            LOGGER.warning(
                f"{self._share}. Zoho says how many are left only when less than "
                f"{_TOLD_FROM_PERCENT} % are. Until then this sync counts its own calls, and what "
                "others use is not known."
            )

    def _spare_the_reserve(self, cost: int) -> None:
        if not self._reserve_percent or self._remaining is None or self._total is None:
            return
        reserve = self._total * self._reserve_percent / 100
        left = self._remaining - self._under_way
        if self._spared is None and left - cost < reserve:
            self._spared = (
                f"{left:,} of the org's {self._total:,} API credits of the day are left, and "
                f"{self._reserve_percent:g} % are reserved for people. "
                "The next sync goes on from the saved state."
            )
        if self._spared:
            # The same for all streams: a user reads one sentence.
            raise transient_error(self._spared)


_orgs: dict[tuple[str, str, str], Org] = {}
_orgs_lock = threading.Lock()


def org_of(config: Mapping[str, Any]) -> Org:
    """The org of this account in this run."""
    with _orgs_lock:
        key = _account(config)
        if key not in _orgs:
            _orgs[key] = Org(
                most_calls=config.get("max_concurrent_requests"),
                reserve_percent=config.get("credits_reserve_percent") or 0,
                local=bool(config.get("base_url")),
            )
        return _orgs[key]


def forget(config: Mapping[str, Any]) -> None:
    """A new run of this account begins: what it knows of the org, it fetches anew."""
    with _orgs_lock:
        _orgs.pop(_account(config), None)


def _account(config: Mapping[str, Any]) -> tuple[str, str, str]:
    return (config["_zoho"]["crm"], config["client_id"], config["refresh_token"])
