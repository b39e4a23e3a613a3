"""Reads the input ahead, so that the run never waits for it too long."""

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

_Item = TypeVar("_Item")

#: Items read ahead: enough to keep the writers busy, few enough to weigh little.
_AHEAD = 200


class _End:
    def __init__(self, problem: BaseException | None) -> None:
        self.problem = problem


def read_ahead(items: Iterable[_Item], seconds: float) -> Iterator[_Item | None]:
    """The items as they come; None each time that many seconds pass without one.

    A source may be silent for minutes; states that become due meanwhile must not wait for it.
    """
    waiting: queue.Queue[_Item | _End] = queue.Queue(_AHEAD)
    closed = threading.Event()

    def put(item: _Item | _End) -> bool:
        while not closed.is_set():
            try:
                waiting.put(item, timeout=1)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        problem = None
        try:
            for item in items:
                if not put(item):
                    return
        except BaseException as error:  # noqa: BLE001, RUF100 - raised where the items are taken
            problem = error
        put(_End(problem))

    threading.Thread(target=read, name="input", daemon=True).start()
    try:
        while True:
            try:
                item = waiting.get(timeout=seconds)
            except queue.Empty:
                yield None
                continue
            if isinstance(item, _End):
                if item.problem is not None:
                    raise item.problem
                return
            yield item
    finally:
        closed.set()
