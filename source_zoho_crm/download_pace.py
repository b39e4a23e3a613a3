"""Downloads of exports, spread over time as Zoho wants them."""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

_MINUTE_S = 60.0
#: Zoho's minute and ours may begin apart.
_GRACE_S = 1.0
#: How long one download is tried.
_MOST_WAIT_S = 600.0


class DownloadPace:
    """Keeps the downloads of an org, over all streams, to Zoho's number a minute.

    Starts when Zoho refuses one: few syncs download that often, and the others need not wait.
    Other programs may download too, so Zoho may refuse a download anyway; then all wait.
    """

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._latest: deque[float] = deque(maxlen=a_minute)
        self._refused = False
        self._not_before = 0.0
        self._lock = threading.Lock()

    def download(
        self,
        attempt: Callable[[], bool],
        *,
        waiting: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> bool:
        """Tries until Zoho serves the download, each time when it is its turn; False: not within
        ten minutes. `waiting`: a block around each wait."""
        begun = time.monotonic()
        while time.monotonic() - begun < _MOST_WAIT_S:
            with waiting():
                self.wait_for_turn()
            if attempt():
                return True
            self.mark_refused()
        return False

    def wait_for_turn(self) -> None:
        """Returns when a download may begin."""
        while (pause := self._book()) > 0:
            time.sleep(pause)

    def mark_refused(self) -> None:
        """Zoho has refused a download: it was one too many."""
        with self._lock:
            self._refused = True
            self._not_before = time.monotonic() + _MINUTE_S / self._a_minute

    def _book(self) -> float:
        """Books a download that begins now; returns the seconds to wait, if it may not."""
        with self._lock:
            now = time.monotonic()
            begin = self._not_before
            if self._refused and len(self._latest) == self._a_minute:
                begin = max(begin, self._latest[0] + _MINUTE_S + _GRACE_S)
            if begin <= now:
                self._latest.append(now)
            return max(0.0, begin - now)
