"""What a run waits for, for those who report its progress."""

import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

#: Shorter waits are part of any read.
_WORTH_SAYING_S = 5.0


class Waiting(NamedTuple):
    """A stream waits for this."""

    stream: str
    what: str
    #: How long it has waited already.
    seconds: float = 0.0


class Waits:
    """What the threads of a run wait for, by stream.

    Needs no lock: each caller writes entries of its own, and what is read may be a moment old.
    """

    def __init__(self) -> None:
        self._entries: dict[Hashable, tuple[Waiting, float]] = {}

    def begin(self, key: Hashable, waiting: Waiting) -> None:
        """From now on, until the `end` of the same key, or another begin."""
        self._entries[key] = waiting, time.monotonic() - waiting.seconds

    def end(self, key: Hashable) -> None:
        self._entries.pop(key, None)

    @contextmanager
    def during(self, waiting: Waiting) -> Iterator[None]:
        key = object()
        self.begin(key, waiting)
        try:
            yield
        finally:
            self.end(key)

    def describe(self, stream: str) -> str:
        """The waits that are worth saying, the longest first: "31 s for Zoho's answer"."""
        now, longest = time.monotonic(), dict[str, float]()
        for waiting, since in self._entries.copy().values():
            seconds = now - since
            if waiting.stream == stream and seconds >= max(
                _WORTH_SAYING_S, longest.get(waiting.what, 0.0)
            ):
                longest[waiting.what] = seconds
        ordered = sorted(longest.items(), key=lambda item: -item[1])
        return ", ".join(f"{seconds:.0f} s for {what}" for what, seconds in ordered)
