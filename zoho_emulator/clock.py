"""The emulator's time: real time plus an offset that the control API moves."""

import time
from email.utils import formatdate


class Clock:
    """Never goes back by itself; ages of tokens, page tokens, credits and deletions follow it."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = offset_s

    def now(self) -> int:
        return int(self.precise())

    def precise(self) -> float:
        return time.time() + self.offset_s

    def advance(self, seconds: float) -> None:
        self.offset_s += seconds

    def http_date(self, off_s: float = 0.0) -> str:
        """The time as an HTTP date, `off_s` seconds off."""
        return formatdate(self.now() + off_s, usegmt=True)
