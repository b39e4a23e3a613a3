"""Rows of one stream gathered into batches."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import quote_plus

from destination_zoho_crm.lookup_values import Sought, fold_value
from destination_zoho_crm.row_order import Group, RowOrder, WriteFuture
from destination_zoho_crm.rows import EncodedRow, MergedRows
from destination_zoho_crm.writers import Writers

#: Rows of one key fill no batch of records, however many come; so many rows a record fill it.
_ROWS_OF_ONE = 5
#: Of rows of a table, all of which are written.
_TABLE_ROWS_OF_ONE = 20

#: The comma between keys, encoded for an address.
_COMMA = "%2C"

Batch = Sequence[MergedRows]
Work = Callable[[Batch], None]


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
        #: What all batches must follow, besides.
        self._after: set[WriteFuture] = set()
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
        groups, self._waiting, self._text, self._rows = self._waiting, {}, 0, 0
        batch = list(groups.values())
        # First, for it may hand over rows that these must follow.
        earlier = self._flush_named(batch) if self._parents else set()
        earlier |= {future for group in groups if group.writes for future in group.unwritten}
        # A STATE hands over what waits, so a batch lies between two of them, unless it was spooled.
        segments = {row.segment for rows in batch for row in rows.rows}
        future = self._writers.submit(partial(self._work, batch), segments, earlier | self._after)
        self._writes = self.unwritten | {future}
        for group in groups:
            group.writes, group.gathered_by = (future,), None

    def add_spooled(self, rows: Iterable[EncodedRow], after: set[WriteFuture]) -> None:
        """Rows that waited elsewhere, and what they must follow; they are handed over at once."""
        self._after = after
        for row in rows:
            self.add(row)
        self.flush()
        self._after = set()

    def flush_parents(self) -> set[WriteFuture]:
        """Hands over the rows that any row of this stream may name; what writes them."""
        return self._flush_modules(self._parents)

    @property
    def unwritten(self) -> set[WriteFuture]:
        return {future for future in self._writes if not future.done()}

    def _flush_named(self, batch: Iterable[MergedRows]) -> set[WriteFuture]:
        """Hands over the rows that these may name; what writes them."""
        return self._flush_modules(
            {one.module for rows in batch for one in self._find_named(rows.record)}
        )

    def _flush_modules(self, modules: Iterable[str]) -> set[WriteFuture]:
        earlier: set[WriteFuture] = set()
        for module in modules:
            for parent in self._parents.get(module, ()):
                parent.flush()
                earlier |= parent.unwritten
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
