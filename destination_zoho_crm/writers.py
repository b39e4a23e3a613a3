"""The threads that write: a few for batches, a few more for chunks."""

import threading
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import NamedTuple

from destination_zoho_crm.row_counts import Segment
from destination_zoho_crm.row_order import WriteFuture

#: Batches under way at a time, where the edition allows as many calls. Ten calls of more than ten
#: records are what any org has ("API Limits: Sub-concurrency"); people and other programs share
#: them.
_MOST_WRITERS = 8
#: Batches that wait for a writer, besides those in work; reading stops meanwhile.
_IN_HAND = 5
#: Chunks under way at a time. UNVERIFIED: how many jobs of Bulk Write an org may have at a time;
#: what Zoho puts off is tried again.
_MOST_CHUNKS = 3
#: And one that waits, so that none of these threads does.
CHUNKS_IN_HAND = _MOST_CHUNKS + 1


class _Task(NamedTuple):
    work: Callable[[], None]
    segments: Collection[Segment]
    #: Tasks that were submitted earlier and must be done.
    earlier: Collection[WriteFuture]
    #: It is begun although the run stops, if the STATE of all its rows has come.
    outlasts_stop: bool


class Writers:
    """Threads that write rows. The first failure stops all further writing.

    When `stop` is set, work under way is finished, and so are batches whose STATE has come; no
    STATE would report that the others are written, so they are left to the next sync. A chunk takes
    minutes, so those that are not begun are left, too.
    """

    def __init__(self, stop: threading.Event, *, calls_at_once: int) -> None:
        """`calls_at_once`: large writes that the org takes at a time."""
        writers = min(_MOST_WRITERS, calls_at_once)
        self._stop = stop
        self._pool = ThreadPoolExecutor(writers, thread_name_prefix="writer")
        self._room = threading.Semaphore(writers + _IN_HAND)
        self._chunk_pool = ThreadPoolExecutor(_MOST_CHUNKS, thread_name_prefix="chunk")
        self._futures: set[WriteFuture] = set()
        self._chunks: set[WriteFuture] = set()
        self.failure: BaseException | None = None

    def submit(
        self,
        work: Callable[[], None],
        segments: Collection[Segment],
        after: Iterable[WriteFuture],
    ) -> WriteFuture:
        """Writes a batch when those in `after` are written. Waits while much is in hand.
        `segments`: of its rows."""
        self._room.acquire()
        task = _Task(work, segments, list(after), outlasts_stop=True)
        future = self._pool.submit(self._run, task, self._room.release)
        self._futures = {one for one in self._futures if not one.done()} | {future}
        return future

    def submit_chunk(
        self,
        work: Callable[[], None],
        segments: Collection[Segment],
        after: Iterable[WriteFuture],
        close: Callable[[], None],
    ) -> WriteFuture:
        """Writes a chunk when those in `after` are written, and closes it in any case. Waits for
        nothing: see `has_room`."""
        task = _Task(work, segments, list(after), outlasts_stop=False)
        future = self._chunk_pool.submit(self._run, task, close)
        self._chunks = {one for one in self._chunks if not one.done()} | {future}
        return future

    def should_write(self, segments: Iterable[Segment], *, outlasts_stop: bool) -> bool:
        """Whether rows of these segments are still to be written; if not, they are left to the next
        sync, and so is what follows them, even if its STATE comes now."""
        segments = list(segments)
        if self._stop.is_set() and not (
            outlasts_stop and all(one.state_arrived for one in segments)
        ):
            _leave(segments)
        return self.failure is None and not any(one.left_to_next_sync for one in segments)

    def has_room(self, seconds: float) -> bool:
        """Whether another chunk may come; waits for that so many seconds at most."""
        unwritten = {one for one in self._chunks if not one.done()}
        if len(unwritten) < CHUNKS_IN_HAND:
            return True
        wait(unwritten, seconds, return_when=FIRST_COMPLETED)
        return False

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether nothing is in hand; waits for that so many seconds at most."""
        return not wait(self._futures | self._chunks, seconds).not_done

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._chunk_pool.shutdown(cancel_futures=True)

    def _run(self, task: _Task, end: Callable[[], None]) -> bool:
        """Whether its rows are not left to the next sync."""
        try:
            # Earlier tasks began earlier, so this cannot wait forever. After one that is left, the
            # next sync would bring older values later.
            if not all(one.result() for one in task.earlier):
                _leave(task.segments)
            if self.should_write(task.segments, outlasts_stop=task.outlasts_stop):
                task.work()
        except BaseException as failure:  # noqa: BLE001, RUF100 - the run raises it
            self.failure = self.failure or failure
        finally:
            end()
        return not any(one.left_to_next_sync for one in task.segments)


def _leave(segments: Iterable[Segment]) -> None:
    for segment in segments:
        segment.left_to_next_sync = True
