"""What a run uses of an org's API credits: calls and credits per stream, what is left of the day,
and the reserve that is kept for people."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from zoho_crm.problems import transient_error

LOGGER = logging.getLogger("airbyte")

#: Zoho says how many credits are left from here on ("API Limits": X-API-CREDITS-REMAINING).
_SAID_FROM_PERCENT = 50
#: Calls that serve no single stream are booked on this name.
METADATA = "metadata"


@dataclass(slots=True)
class StreamUsage:
    """What the calls of one stream used."""

    calls: int = 0
    credits: int = 0
    first: float = 0.0
    last: float = 0.0

    @property
    def seconds(self) -> float:
        """From its first call to the end of its last."""
        return self.last - self.first


class Usage:
    """Books the calls of a run. Safe to use from several threads.

    A call is under way from `book_request` until `book_answer`, or until the block of `booked_on`
    in the same thread ends.
    """

    def __init__(self, *, reserve_percent: float = 0) -> None:
        self.by_stream: dict[str, StreamUsage] = {}
        #: The org's credits of a day, and what is left of them; None: not known.
        self.total: int | None = None
        self.remaining: int | None = None
        #: The most that Zoho has said are left: so many there are, whatever the edition has.
        self._most_said = 0
        self._is_more_said = False
        self._reserve_percent = reserve_percent
        self._lock = threading.Lock()
        self._thread = threading.local()
        #: Credits of the calls that are under way, and of those that were answered.
        self._under_way = 0
        self._spent = 0
        #: What is planned and can wait.
        self._set_aside = 0
        #: Whether Zoho has said how many credits are left, or the log that it does not.
        self._is_counted = False
        self._is_said = False
        #: Why no further call is made.
        self._stopped_because: str | None = None

    def set_total(self, total: int | None) -> None:
        """The org's credits of a day are these; None: Zoho does not say."""
        with self._lock:
            self._take_total(total)
            if self.remaining is None:
                self.remaining = total
        self._warn_of_reserve()

    @contextmanager
    def booked_on(self, stream: str) -> Iterator[None]:
        """The calls of this thread are booked on the stream."""
        self._thread.stream, self._thread.cost = stream, 0
        try:
            yield
        finally:
            self._thread.stream = None
            self._end_call()

    def book_request(self, cost: int) -> None:
        """This thread is about to make a call of so many credits. Raises a transient error if it
        would use the reserve."""
        self._end_call()
        with self._lock:
            self._keep_reserve(cost)
            self._under_way += cost
            self._thread.before = self._spent
        self._thread.cost = cost

    def _end_call(self) -> None:
        """This thread's call is no longer under way."""
        with self._lock:
            self._under_way -= getattr(self._thread, "cost", 0)
        self._thread.cost = 0

    def book_answer(self, response: requests.Response, *, refused: bool) -> None:
        """Zoho has answered the call of this thread, and served or `refused` it."""
        # UNVERIFIED: that a refused call costs one credit, whatever it asked for. "API Limits" and
        # "Bulk Read" name the price of what was done only: 50 for a job that was made.
        booked, now = getattr(self._thread, "cost", 0), time.monotonic()
        cost = 1 if refused else booked
        with self._lock:
            self._under_way -= booked
            self._thread.cost = 0
            # The header may not include calls that ran beside this one.
            others = self._spent - getattr(self._thread, "before", self._spent)
            self._spent += cost
            name = getattr(self._thread, "stream", None) or METADATA
            usage = self.by_stream.setdefault(name, StreamUsage())
            usage.calls += 1
            usage.credits += cost
            usage.last = now
            usage.first = usage.first or now - response.elapsed.total_seconds()
            if self.remaining is not None:
                self.remaining -= cost
            said = response.headers.get("X-API-CREDITS-REMAINING", "")
            if said.isdigit():
                # Zoho's number counts, even if it is higher: what was used a day ago no longer
                # counts.
                known = int(said) if self.remaining is None else self.remaining
                self.remaining = max(int(said) - others, min(int(said), known))
                self._is_counted = self._is_said = True
                self._most_said = max(self._most_said, int(said))
                self._take_total(self.total)
            unsaid = self._is_unsaid()
        if unsaid:
            LOGGER.warning(
                f"{self._share}. Less than half are left by this sync's own count, and Zoho does "
                "not say how many, so only this sync's calls are counted."
            )

    @contextmanager
    def set_aside(self, cost: int) -> Iterator[int | None]:
        """None: this thread may use so many credits, until the block ends. Else how many there are
        for what can wait: neither the reserve, nor calls under way, nor set aside already."""
        with self._lock:
            left = None if self.remaining is None else self._count_unreserved() - self._set_aside
            fits = left is None or cost <= left
            granted = cost if fits else 0
            self._set_aside += granted
        try:
            yield None if fits else left
        finally:
            with self._lock:
                self._set_aside -= granted

    def _count_unreserved(self) -> int:
        reserve = (self.total or 0) * self._reserve_percent / 100
        return int((self.remaining or 0) - self._under_way - reserve)

    def describe_left(self) -> str:
        """How many of the day's credits are left, as far as Zoho says."""
        if self.total is None:
            return "the API credits of the day are not known"
        if self._is_said and self.remaining is not None:
            return f"{self.remaining:,} of the day's {self._total_text} API credits are left"
        return (
            f"{self.total:,} API credits a day; Zoho says how many are left once it is less than "
            "half"
        )

    def _take_total(self, total: int | None) -> None:
        if total is not None and total < self._most_said:
            total, self._is_more_said = self._most_said, True
        self.total = total

    @property
    def _total_text(self) -> str:
        return f"{self.total:,}{' or more' if self._is_more_said else ''}"

    @property
    def _share(self) -> str:
        return f"{self._reserve_percent:g} % of the org's API credits are reserved for people"

    def _is_unsaid(self) -> bool:
        """Once: Zoho should say what is left and does not. Recorded answers never do."""
        if self._is_counted or not self._reserve_percent:
            return False
        if self.remaining is None or self.total is None or self.remaining * 2 >= self.total:
            return False
        self._is_counted = True
        return True

    def _warn_of_reserve(self) -> None:
        """If it cannot be kept as the user may expect."""
        if self._reserve_percent and self.total is None:
            LOGGER.warning(
                f"{self._share}, but Zoho does not show an edition from which their number is "
                "known. The reserve is not kept."
            )
        elif self._reserve_percent >= _SAID_FROM_PERCENT:
            LOGGER.warning(
                f"{self._share}. Zoho says how many are left only when less than "
                f"{_SAID_FROM_PERCENT} % are. Until then this sync counts its own calls, and what "
                "others use is not known."
            )

    def _keep_reserve(self, cost: int) -> None:
        if not self._reserve_percent or self.remaining is None or self.total is None:
            return
        reserve = self.total * self._reserve_percent / 100
        left = self.remaining - self._under_way
        if self._stopped_because is None and left - cost < reserve:
            self._stopped_because = (
                f"{left:,} of the org's {self._total_text} API credits of the day are left, and "
                f"{self._reserve_percent:g} % are reserved for people. "
                "The next sync continues from the saved state."
            )
        if self._stopped_because:
            # The same for all streams: a user reads one sentence.
            raise transient_error(self._stopped_because)
