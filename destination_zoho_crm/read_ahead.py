"""Reads the input ahead, so that the run never waits for it too long."""

import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

_Item = TypeVar("_Item")

#: Items that wait, and as many that were taken at once: enough to keep the writers busy, few enough
#: to weigh little.
_AHEAD = 100


class _Waiting(Generic[_Item]):
    """Items between the thread that reads and the one that takes them: all at once, for each
    change of threads costs as much as a row."""

    def __init__(self) -> None:
        self._items: list[_Item] = []
        self._is_closed = False
        self._has_ended = False
        self._problem: BaseException | None = None
        #: Only one of the two threads waits at a time.
        self._changed = threading.Condition(threading.Lock())

    def put(self, item: _Item) -> bool:
        """Waits for room; False when nobody takes items any more."""
        with self._changed:
            while len(self._items) >= _AHEAD and not self._is_closed:
                self._changed.wait()
            self._items.append(item)
            if len(self._items) == 1:
                self._changed.notify()
            return not self._is_closed

    def end(self, problem: BaseException | None) -> None:
        with self._changed:
            self._has_ended, self._problem = True, problem
            self._changed.notify()

    def take(self, seconds: float) -> list[_Item] | None:
        """What has come; empty after so many seconds without an item, None at the end."""
        with self._changed:
            if not self._items and not self._has_ended:
                self._changed.wait(seconds)
            items, self._items = self._items, []
            self._changed.notify()
            if items or not self._has_ended:
                return items
            if self._problem is not None:
                raise self._problem
            return None

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify()


def read_ahead(items: Iterable[_Item], seconds: float) -> Iterator[_Item | None]:
    """The items as they come; None each time that many seconds pass without one.

    A source may be silent for minutes; states that become due meanwhile must not wait for it.
    """
    waiting = _Waiting[_Item]()

    def read() -> None:
        problem = None
        try:
            for item in items:
                if not waiting.put(item):
                    return
        except BaseException as error:  # noqa: BLE001, RUF100 - raised where the items are taken
            problem = error
        waiting.end(problem)

    threading.Thread(target=read, name="input", daemon=True).start()
    try:
        while (taken := waiting.take(seconds)) is not None:
            yield from taken or (None,)
    finally:
        waiting.close()
