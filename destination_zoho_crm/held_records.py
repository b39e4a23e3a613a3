"""Records whose rows are read and then changed: one writer at a time."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class HeldRecords:
    """Of all streams of a run. Streams may find one record by different values, so their order does
    not keep two of them from adding the same row."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, ids: Iterable[str]) -> Iterator[None]:
        """Waits until no other holds any of them. Who holds some asks for no more."""
        wanted = set(ids)
        with self._changed:
            self._changed.wait_for(lambda: self._ids.isdisjoint(wanted))
            self._ids |= wanted
        try:
            yield
        finally:
            with self._changed:
                self._ids -= wanted
                self._changed.notify_all()
