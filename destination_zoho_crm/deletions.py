"""The most records and rows that a stream may delete in one run."""

import threading
from collections.abc import Iterable

from zoho_crm.counts import count
from zoho_crm.problems import config_error


class Deletions:
    """What a stream asks to delete. A repeated one deletes nothing more. Safe to use from several
    threads."""

    def __init__(self, stream: str, place: str, most: int) -> None:
        """`place`: what it is deleted from, as people call it."""
        self._stream = stream
        self._place = place
        self._most = most
        #: Never many more than allowed.
        self._keys: set[str | None] = set()
        self._lock = threading.Lock()

    def add(self, keys: Iterable[str | None]) -> None:
        """Raises a config error where they are too many; none of them has been deleted then."""
        with self._lock:
            self._keys.update(keys)
            if len(self._keys) <= self._most:
                return
        raise config_error(
            f"{self._stream} asks for more than {count(self._most, 'deletion')} from "
            f"{self._place}. If that is meant, raise Maximum deletions per sync (max_deletes)."
        )
