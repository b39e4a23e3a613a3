"""Zoho's clock, by the dates of its answers."""

import logging
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LOGGER = logging.getLogger("airbyte")

#: Clocks that differ by more are worth a warning.
_CLOCKS_APART_S = 300


class ZohoClock:
    """Zoho's time as its answers show it. Safe to use from several threads."""

    def __init__(self, *, local: bool = False) -> None:
        """`local`: it is an emulator's, whose clock may be moved."""
        self._local = local
        self._lock = threading.Lock()
        #: The least and the most that Zoho's clock is ahead of ours, by its answers.
        self._ahead_s: float | None = None
        self._most_ahead_s = 0.0
        self._has_warned = False

    def now(self) -> datetime:
        """Zoho's time by the answer that shows the earliest one, and of a real org never later
        than ours: an end that is too early costs nothing, one that is too late loses rows."""
        return self.at(time.time())

    def at(self, local_s: float) -> datetime:
        """Zoho's time, as `now` has it, when ours was at so many seconds. Later answers may show
        an earlier time, so store our times and convert them when they are used."""
        ahead = self._ahead_s or 0.0
        return datetime.fromtimestamp(local_s + (ahead if self._local else min(ahead, 0)), UTC)

    def latest(self) -> datetime:
        """A time that no clock has passed: Zoho's latest, and of a real org ours, too."""
        ahead = self._most_ahead_s
        return datetime.fromtimestamp(time.time() + (ahead if self._local else max(ahead, 0)), UTC)

    def observe(self, date: str | None) -> None:
        """Records the date of an answer.

        A single answer may come late, or from a machine whose clock is wrong.
        """
        try:
            ahead = parsedate_to_datetime(date or "").timestamp() - time.time()
        except (ValueError, OverflowError):
            return
        with self._lock:
            first = self._ahead_s is None
            self._ahead_s = ahead if self._ahead_s is None else min(self._ahead_s, ahead)
            self._most_ahead_s = ahead if first else max(self._most_ahead_s, ahead)
            if abs(ahead) <= _CLOCKS_APART_S or self._local or self._has_warned:
                return
            self._has_warned = True
        LOGGER.warning(
            f"Zoho's clock and this machine's differ by {abs(ahead) / 60:,.0f} minutes: an "
            f"answer is dated {date}. The earlier of the two counts. If this machine's is "
            "wrong, set it right."
        )
