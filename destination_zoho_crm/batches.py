"""Rows of one stream gathered into batches, and the writers that carry several at a time."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from urllib.parse import quote_plus

from destination_zoho_crm.rows import Pending, Waiting

#: Calls under way at a time. Calls of more than ten records have a limit of ten per org,
#: whatever its edition ("API Limits: Sub-concurrency"), and people and other programs share it.
WRITERS = 5
#: Batches that wait for a writer, besides those in work; reading stops meanwhile.
_IN_HAND = 5

#: A key may come for ever without filling a batch of keys; so many rows for each record fill it.
_ROWS_OF_ONE = 5

#: Between keys, as an address has it.
_COMMA = "%2C"

Batch = Sequence[Waiting]
Work = Callable[[Batch], None]


class Writers:
    """A few threads that write batches. The first failure stops all further writing.

    When `stop` is set, batches that are under way are finished, and those whose STATE has come; of
    others nobody would hear that they are written, so they are left to the next sync.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._room = threading.Semaphore(WRITERS + _IN_HAND)
        self._futures: set[Future[None]] = set()
        self.failure: BaseException | None = None

    def submit(self, work: Work, batch: Batch, after: Iterable[Future[None]]) -> Future[None]:
        """Writes the batch when those in `after` are written. Waits while much is in hand."""
        self._room.acquire()
        earlier = list(after)
        future = self._pool.submit(self._write, work, batch, earlier)
        self._futures = {one for one in self._futures if not one.done()} | {future}
        return future

    def want(self, batch: Batch) -> bool:
        """Whether the batch is still to be written; one that is not is left to the next sync."""
        # A STATE hands over what waits, so a batch lies between two of them.
        segment = batch[0].rows[0].segment
        if self._stop.is_set() and not segment.awaited:
            # Nor is what follows it, should its STATE come now.
            segment.left = True
        return self.failure is None and not segment.left

    def drained(self, seconds: float) -> bool:
        """Whether nothing is in hand; waits that long for it at most."""
        return not wait(self._futures, seconds).not_done

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _write(self, work: Work, batch: Batch, earlier: Sequence[Future[None]]) -> None:
        try:
            # Earlier batches began earlier, so this cannot wait for ever.
            wait(earlier)
            if self.want(batch):
                work(batch)
        except BaseException as failure:  # noqa: BLE001, RUF100 - the run raises it
            self.failure = self.failure or failure
        finally:
            self._room.release()


class Gathering:
    """Gathers rows of one stream. Rows with one key that wait together become one record; rows of
    one key in several batches are written in their order."""

    def __init__(self, writers: Writers, work: Work, *, most: int, most_text: int | None) -> None:
        """`most_text`: of all keys of a batch, in the characters that an address needs for them;
        None where they stand in none."""
        self._writers = writers
        self._work = work
        self._most = most
        self._most_text = most_text
        self._waiting: dict[str | int, Waiting] = {}
        self._text = 0
        self._rows = 0
        self._number = 0
        #: Keys that wait, by what they are without blanks.
        self._spellings: dict[str, str] = {}
        self._flying: dict[str, Future[None]] = {}

    def add(self, row: Pending) -> None:
        self._number += 1
        key: str | int = self._number if row.key is None else row.key
        if row.key is not None and self._spellings.setdefault(row.key.strip(), row.key) != row.key:
            self.flush()
            self._spellings[row.key.strip()] = row.key
        if key in self._waiting:
            self._waiting[key].add(row)
        else:
            self._make_room(str(key))
            self._waiting[key] = Waiting(row)
        self._rows += 1
        if len(self._waiting) >= self._most or self._rows >= self._most * _ROWS_OF_ONE:
            self.flush()

    def _make_room(self, key: str) -> None:
        """A key that would make the address too long begins another batch."""
        if self._most_text is None:
            return
        length = len(quote_plus(key)) + len(_COMMA)
        if self._text + length > self._most_text:
            self.flush()
        self._text += length

    def flush(self) -> None:
        """What waits is handed to the writers."""
        if not self._waiting:
            return
        batch, self._waiting, self._text, self._rows = self._waiting, {}, 0, 0
        self._flying = {key: one for key, one in self._flying.items() if not one.done()}
        # UNVERIFIED: whether Zoho trims keys. Rows whose keys differ by blanks around them are not
        # merged, for they may be of two records, and keep their order, for they may be of one; so
        # they do not stand in one batch either.
        keys, self._spellings = set(self._spellings), {}
        after = {self._flying[key] for key in keys if key in self._flying}
        future = self._writers.submit(self._work, list(batch.values()), after)
        self._flying |= dict.fromkeys(keys, future)
