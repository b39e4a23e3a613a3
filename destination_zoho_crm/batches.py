"""Rows of one stream gathered into batches, and the writers that carry several at a time."""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import chain
from typing import Any
from urllib.parse import quote_plus

from destination_zoho_crm.lookup_values import Sought, fold_value
from destination_zoho_crm.row_order import Group, RowOrder, WriteFuture
from destination_zoho_crm.rows import EncodedRow, MergedRows

#: Batches under way at a time, where the edition allows as many calls. Ten calls of more than ten
#: records are what any org has ("API Limits: Sub-concurrency"); people and other programs share
#: them.
_MOST_WRITERS = 8
#: Batches that wait for a writer, besides those in work; reading stops meanwhile.
_IN_HAND = 5

#: Rows of one key fill no batch of records, however many come; so many rows a record fill it.
_ROWS_OF_ONE = 5
#: Of rows of a table, all of which are written.
_TABLE_ROWS_OF_ONE = 20

#: The comma between keys, encoded for an address.
_COMMA = "%2C"

Batch = Sequence[MergedRows]
Work = Callable[[Batch], None]


class Writers:
    """A few threads that write batches. The first failure stops all further writing.

    When `stop` is set, batches that are under way are finished, and those whose STATE has come; no
    STATE would report that the others are written, so they are left to the next sync.
    """

    def __init__(self, stop: threading.Event, *, calls_at_once: int) -> None:
        """`calls_at_once`: large writes that the org takes at a time."""
        writers = min(_MOST_WRITERS, calls_at_once)
        self._stop = stop
        self._pool = ThreadPoolExecutor(writers, thread_name_prefix="writer")
        self._room = threading.Semaphore(writers + _IN_HAND)
        self._futures: set[WriteFuture] = set()
        self.failure: BaseException | None = None

    def submit(self, work: Work, batch: Batch, after: Iterable[WriteFuture]) -> WriteFuture:
        """Writes the batch when those in `after` are written. Waits while much is in hand."""
        self._room.acquire()
        earlier = list(after)
        future = self._pool.submit(self._write, work, batch, earlier)
        self._futures = {one for one in self._futures if not one.done()} | {future}
        return future

    def should_write(self, batch: Batch) -> bool:
        """Whether the batch is still to be written; one that is not is left to the next sync."""
        # A STATE hands over what waits, so a batch lies between two of them.
        segment = batch[0].rows[0].segment
        if self._stop.is_set() and not segment.state_arrived:
            # What follows it is left, too, even if its STATE comes now.
            segment.left_to_next_sync = True
        return self.failure is None and not segment.left_to_next_sync

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether nothing is in hand; waits for that so many seconds at most."""
        return not wait(self._futures, seconds).not_done

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _write(self, work: Work, batch: Batch, earlier: Sequence[WriteFuture]) -> bool:
        """Whether the batch is not left to the next sync."""
        segment = batch[0].rows[0].segment
        try:
            # Earlier batches began earlier, so this cannot wait forever. After one that is left,
            # the next sync would bring older values later.
            if not all(one.result() for one in earlier):
                segment.left_to_next_sync = True
            if self.should_write(batch):
                work(batch)
        except BaseException as failure:  # noqa: BLE001, RUF100 - the run raises it
            self.failure = self.failure or failure
        finally:
            self._room.release()
        return not segment.left_to_next_sync


class BatchBuilder:
    """Gathers rows of one stream. Rows with one key that wait together become one record; rows that
    are linked by a value that Zoho may match by are written in their order, the rows of other
    streams of the module among them."""

    def __init__(
        self,
        writers: Writers,
        work: Work,
        order: RowOrder,
        *,
        most: int,
        most_text: int | None,
        most_of_one: int | None = None,
    ) -> None:
        """`most_text`: of all keys of a batch, in the characters that an address needs for them;
        None if they are in no address. `most_of_one`: rows of one key that make one record; None:
        however many."""
        self._writers = writers
        self._work = work
        self._order = order
        self._most = most
        self._most_of_one = most_of_one
        self._most_text = most_text
        #: No two records of a batch are linked: what happens within one call is not documented.
        self._waiting: dict[Group, MergedRows] = {}
        self._text = 0
        self._rows = 0
        self._writes: set[WriteFuture] = set()
        #: Those that write to the modules whose records rows of this one name, by module.
        self._parents: Mapping[str, Sequence[BatchBuilder]] = {}
        self._find_named: Callable[[Mapping[str, Any]], Iterable[Sought]] = lambda record: ()
        self._leads: dict[BatchBuilder, bool] = {}

    def follow(
        self,
        parents: Mapping[str, "Sequence[BatchBuilder]"],
        find_named: Callable[[Mapping[str, Any]], Iterable[Sought]],
    ) -> None:
        """Rows that name a record of a module by a value are written after what has arrived for
        it. `find_named`: what a record names."""
        self._parents, self._find_named = parents, find_named

    def add(self, row: EncodedRow) -> None:
        if self._parents:
            self._flush_sought(row)
        values = self._order.find_match_values(row.record)
        groups = self._order.find_groups(values)
        waiting = self._find_mergeable(row, groups)
        if waiting is None:
            for group in groups:
                if group.gathered_by is not None:
                    group.gathered_by.flush()
            self._make_room(row)
            waiting = MergedRows()
        group = self._order.join(values, groups)
        group.gathered_by = self
        waiting.add(row)
        self._waiting[group] = waiting
        self._rows += 1
        rows_of_one = _TABLE_ROWS_OF_ONE if self._most_of_one else _ROWS_OF_ONE
        if len(self._waiting) >= self._most or self._rows >= self._most * rows_of_one:
            self.flush()

    def _find_mergeable(self, row: EncodedRow, groups: Collection[Group]) -> MergedRows | None:
        """The rows that wait and make one record with this one: they have its key, no row came
        between, and none has another value to match by, by which it may find another record."""
        if row.key is None or len(groups) != 1:
            return None
        (group,) = groups
        waiting = self._waiting.get(group)
        if waiting is None or waiting.rows[-1].key != row.key:
            return None
        if self._most_of_one and len(waiting.rows) >= self._most_of_one:
            return None
        return waiting if self._order.have_equal_values(waiting.record, row.record) else None

    def _make_room(self, row: EncodedRow) -> None:
        """A key that would make the address too long begins another batch."""
        if self._most_text is None:
            return
        length = len(quote_plus(str(row.key))) + len(_COMMA)
        if self._text + length > self._most_text:
            self.flush()
        self._text += length

    def flush(self) -> None:
        """What waits is handed to the writers."""
        if not self._waiting:
            return
        batch, self._waiting, self._text, self._rows = self._waiting, {}, 0, 0
        # First, for it may hand over rows that these must follow.
        earlier = self._flush_parents(batch.values()) if self._parents else set()
        earlier |= {future for group in batch if group.writes for future in group.unwritten}
        future = self._writers.submit(self._work, list(batch.values()), earlier)
        self._writes = self._unwritten | {future}
        for group in batch:
            group.writes, group.gathered_by = (future,), None

    @property
    def _unwritten(self) -> set[WriteFuture]:
        return {future for future in self._writes if not future.done()}

    def _flush_parents(self, batch: Iterable[MergedRows]) -> set[WriteFuture]:
        """Hands over the rows that these may name; what writes them."""
        modules = {one.module for rows in batch for one in self._find_named(rows.record)}
        earlier: set[WriteFuture] = set()
        for module in modules:
            for parent in self._parents.get(module, ()):
                parent.flush()
                earlier |= parent._unwritten
        return earlier

    def _flush_sought(self, row: EncodedRow) -> None:
        """Hands over waiting rows that bring what the row names, where a batch of them could not
        come first as a whole: rows of this stream, as an account names its parent account, and of
        streams that name what this one brings."""
        for one in self._find_named(row.record):
            for parent in self._parents.get(one.module, ()):
                if parent._leads_to(self) and parent._brings(one.folded):
                    parent.flush()

    def _leads_to(self, other: "BatchBuilder") -> bool:
        """Whether its rows, or those that they name, name what the other brings."""
        if other not in self._leads:
            seen: list[BatchBuilder] = []
            left = [self]
            while left:
                one = left.pop()
                if one not in seen:
                    seen.append(one)
                    left += chain.from_iterable(one._parents.values())
            self._leads[other] = other in seen
        return self._leads[other]

    def _brings(self, sought: Sought) -> bool:
        """Whether a waiting row has the value."""
        return any(
            sought.field in waiting.record
            and fold_value(str(waiting.record[sought.field])) == sought.value
            for waiting in self._waiting.values()
        )
