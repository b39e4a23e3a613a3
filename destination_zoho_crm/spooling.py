"""Gathers rows of one stream on disk, until they are worth a job of Bulk Write."""

from collections.abc import Callable, Iterator

from destination_zoho_crm.batches import BatchBuilder
from destination_zoho_crm.protocol import Row
from destination_zoho_crm.row_order import RowOrder, WriteFuture
from destination_zoho_crm.rows import EncodedRow
from destination_zoho_crm.spool import Chunk
from destination_zoho_crm.writers import Writers


class Spool:
    """Rows wait here over any number of STATEs. Those that are too few for a job go out in batches;
    rows that share a value are written in their order on either way."""

    def __init__(
        self,
        writers: Writers,
        work: Callable[[Chunk], None],
        batches: BatchBuilder,
        order: RowOrder,
        *,
        takes: Callable[[Chunk], bool],
        rename: Callable[[Row], Row],
    ) -> None:
        """`takes`: whether rows are worth a job. `rename`: gives a row's columns their names in the
        catalog."""
        self._writers = writers
        self._work = work
        self._batches = batches
        self._order = order
        self._takes = takes
        self._rename = rename
        self._waiting: Chunk | None = None
        #: Chunks in the hands of the writers.
        self._chunks: dict[WriteFuture, Chunk] = {}

    def add(self, row: EncodedRow) -> None:
        self._waiting = self._waiting or Chunk()
        self._waiting.append(row, self._order.find_match_values(row.record))
        if self._waiting.is_full:
            self.flush()

    def flush(self) -> None:
        """What waits is handed to the writers."""
        chunk, self._waiting = self._waiting, None
        if chunk is None:
            return
        try:
            chunk.seal()
            if not self._takes(chunk):
                self._batches.add_spooled(self._read(chunk), self._find_linked(chunk))
                chunk.close()
                return
        except BaseException:
            chunk.close()
            raise
        # First, for it may hand over rows that these must follow.
        earlier = self._batches.flush_parents() | self._batches.unwritten
        earlier |= self._find_linked(chunk)
        future = self._writers.submit_chunk(
            lambda: self._work(chunk), chunk.segments, earlier, chunk.close
        )
        self._chunks[future] = chunk

    def close(self) -> None:
        """What waits is left to the next sync."""
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None

    def _find_linked(self, chunk: Chunk) -> set[WriteFuture]:
        """What writes rows that share a value with one of these."""
        self._chunks = {future: one for future, one in self._chunks.items() if not future.done()}
        values = set(chunk.values)
        return {future for future, one in self._chunks.items() if not values.isdisjoint(one.values)}

    def _read(self, chunk: Chunk) -> Iterator[EncodedRow]:
        for number, (record, key) in enumerate(chunk.read_all()):
            row = self._rename(chunk.read_row(number))
            yield EncodedRow(chunk.find_segment(number), row, record, key)
