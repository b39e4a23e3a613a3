"""The REST reader: records by lists, in the order of their modification."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic, time

from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.readers import Row
from source_zoho_crm.readers.blocks import (
    Block,
    BlockSize,
    ListById,
    Rereading,
    Second,
    add_seconds,
)
from source_zoho_crm.readers.calls import PER_PAGE
from source_zoho_crm.readers.column_groups import Columns, group_columns, read_until_unchanged
from source_zoho_crm.readers.emitted_ids import EmittedIds
from source_zoho_crm.readers.list_walk import ListWalk, convert_timestamps
from source_zoho_crm.readers.moved_rows import Lister, MoveDetector
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window, format_timestamp
from zoho_crm.fields import Field, build_caster
from zoho_crm.multi_select import MultiSelectTexts
from zoho_crm.problems import config_error, transient_error

#: UNVERIFIED: the docs name no limit of `ids`; a hundred is what Zoho allows elsewhere.
_IDS_AT_ONCE = 100
#: After so many rows at most, two lists show whether one of them has moved, and some are read again
#: if so: few enough for that, enough that the two credits do not count.
_ROWS_OF_A_BLOCK = 12_000
#: A window ends after so many rows and a block, or after so many seconds.
_ROWS_OF_A_WINDOW = 20_000
_SECONDS_OF_A_WINDOW = 300
#: How often the rows of one second, or a list by id, are read until all have come.
_READINGS = 5
#: How often a row of a list by id is read until it has not changed meanwhile.
_REREADS = 5
#: Rows of a page that may be read again so that its list need not be proven.
_FEW = PER_PAGE // 100
_SECOND = timedelta(seconds=1)
#: v2 lists a field Layout, and its records have this key instead. UNVERIFIED: that a record without
#: the key has no layout; most of the recorded ones have it.
_LAYOUT, _LAYOUT_ID = "Layout", "$layout_id"


class RestReader:
    """Walks `sort_by=Modified_Time` under `If-Modified-Since`, in blocks.

    A block is a page for each column group, and the next one begins at its last second; rows that
    come twice are dropped by id and Modified_Time. One page shows one point in time and misses
    nothing. Where many rows share a page's last second, a block is a chain of pages, and ends at
    the latest where Zoho's paging does (`rest_chain_rows`) or its page token expires. Two lists
    then show whether one of its rows has moved; if so, the next block begins where the first of
    them was, and is shorter. So each block takes the reader at least a page further, unless all its
    rows are of one second, which is read until it is complete (`Rereading`). `restore` fetches
    whole what a list has cut, and leaves out what was edited meanwhile ("Get Records", each
    version).
    """

    name = "REST"

    def __init__(
        self,
        lister: Lister,
        detector: MoveDetector,
        module: str,
        fields: Sequence[Field],
        version: Mapping[str, int],
        restore: Callable[[list[Row]], list[Row]],
        *,
        converted: str = "both",
    ) -> None:
        self._lister = lister
        self._detector = detector
        self._restore = restore
        self._module = module
        self._tokens = bool(version["rest_tokens"])
        self._chain_rows = version["rest_chain_rows"]
        # Where Zoho does not limit `fields`, all columns come in one list.
        most = version["rest_columns"]
        self._groups = group_columns(fields, most=most or len(fields) + 1)
        # Leads: without it converted leads stay hidden; other modules ignore it.
        plain = {"per_page": str(PER_PAGE), "converted": converted}
        self._params = [
            {"fields": ",".join(columns) or "id", **plain} if most else plain
            for columns in self._groups
        ]
        # Zoho's metadata list the id from v7 on only.
        self._wanted = {"id", *(field.api_name for field in fields)}
        self._cast = build_caster(fields, MultiSelectTexts(module))

    def cast(self, row: Row) -> Row:
        if _LAYOUT in self._wanted and _LAYOUT not in row:
            row[_LAYOUT] = row.get(_LAYOUT_ID)
        for extra in row.keys() - self._wanted:
            del row[extra]
        return self._cast(row)

    def read_changes(
        self, since: datetime, end: datetime, *, resumed: bool, promised: bool = False
    ) -> Iterator[list[Row] | Window]:
        stop, start, anchor = format_timestamp(end), since, format_timestamp(since)
        emitted: dict[str, str] = {}
        # A longer chain than a page is for those of which it can be proven that no row moved.
        most = min(self._chain_rows, _ROWS_OF_A_BLOCK) // PER_PAGE
        size = BlockSize(most if self._detector.can_detect else 1)
        rows, due = 0, monotonic() + _SECONDS_OF_A_WINDOW
        second = Second(anchor, self._detector)
        left: set[str] = set()
        while True:
            begun = time()
            block = Block(anchor, second.upto, stop, emitted)
            block.promised = block.promised or promised
            for page in self._read(block, size.pages, due):
                rows += len(page)
                yield page
            left = (left | block.seen) - emitted.keys()
            pages = second.count_proven_pages(block, begun, final=size.pages == 1)
            if second.is_complete:
                # What they showed after it may lack rows.
                reached = add_seconds(second.upto, 1)
            else:
                reached = block.ends[pages - 1] if pages else anchor
            ended = pages == block.pages and not (block.is_cut or second.is_complete)
            if ended or reached > stop:
                if left and end.timestamp() > time():
                    yield self._read_edited(left, stop)
                yield Window(start, end)
                return
            if reached == anchor:
                if second.readings == _READINGS:
                    raise self._moving_error()
                size.shrink(1)
                continue
            if not self._detector.can_detect:
                size = BlockSize(1)
            elif pages < block.pages:
                size.shrink(block.pages)
            else:
                size.grow(block.pages)
            anchor, second = reached, Second(reached, self._detector)
            # The rows of the anchor's second may not all have come.
            full = datetime.fromisoformat(anchor).astimezone(UTC) - _SECOND
            if full >= start and (rows >= _ROWS_OF_A_WINDOW or monotonic() >= due):
                yield Window(start, full)
                start = full + _SECOND
                emitted = {
                    k: timestamp
                    for k, timestamp in emitted.items()
                    if not timestamp or timestamp >= anchor
                }
                rows, due = 0, monotonic() + _SECONDS_OF_A_WINDOW

    def read_everything(self) -> Iterator[list[Row]]:
        emitted = EmittedIds()
        rereading = Rereading(lists_deletions=self._detector.lists_deletions)
        listing = ListById(None)
        for _ in range(_READINGS):
            begun, fresh = time(), 0
            walk = self._walk(None, listing.observe, by_id=True)
            for page in walk:
                new = [row for row in page if listing.holds(row) and emitted.add(row["id"])]
                fresh += len(new)
                if new:
                    yield self._complete(new)
                if listing.ended:
                    break
                if walk.more and self._tokens and listing.pages * PER_PAGE >= self._chain_rows:
                    raise self._too_many_error("a module without Modified_Time", listing.pages)
            if not walk.complete:
                rereading.mark_broken()
                listing = ListById(listing.upto)
                continue
            if listing.pages <= 1:
                return
            moved = self._detector.find_moved(begun, emitted.__contains__, edits=False)
            if moved.refused:
                self._detector.warn_of_gaps()
                return
            if rereading.is_complete(moved, fresh):
                return
            listing = listing.build_next()
        raise self._moving_error()

    def _read_edited(self, ids: set[str], stop: str) -> list[Row]:
        """The rows that were edited while they were read, and not past the end of the span."""
        again = self._read_by_ids(
            ids, lambda row: (row.get(CURSOR_FIELD) or "") <= stop, at_last=True
        )
        return self._complete(list(again.values()))

    def _read(self, block: Block, most: int, due: float) -> Iterator[list[Row]]:
        """The rows of a block of so many pages, of more where they all share one second."""
        since = datetime.fromisoformat(block.anchor)
        walk = self._walk(since, block.observe, by_id=False, promised=block.promised)
        for page in walk:
            if new := block.take(page):
                whole = self._restore(new)
                block.drop_unkept(new, whole)
                if whole:
                    yield whole
            if block.finished or not walk.more:
                block.end()
                return
            few = block.pages == 1 and block.tail <= _FEW
            passed = block.upto_page or (block.pages == 1 and block.last > block.anchor)
            if passed and (few or block.pages >= most or monotonic() >= due):
                block.is_cut = True
                return
            if self._tokens and block.pages * PER_PAGE >= self._chain_rows:
                if block.last > block.anchor:
                    block.is_cut = True
                    return
                raise self._too_many_error(f"the second {block.anchor}", block.pages)
        if walk.out_of_reach and block.last == block.anchor:
            raise self._too_many_error(f"the second {block.anchor}", block.pages)
        if walk.complete:
            block.end()
        else:
            # It ends where the page token has.
            block.is_cut = True

    def _walk(
        self,
        since: datetime | None,
        observe: Callable[[list[Row]], None],
        *,
        by_id: bool,
        promised: bool = False,
    ) -> ListWalk:
        return ListWalk(
            self._module,
            self._lister,
            self._params,
            since,
            self._read_by_ids,
            observe,
            by_id=by_id,
            promised=promised,
        )

    def _too_many_error(self, where: str, pages: int) -> AirbyteTracedException:
        rows = pages * PER_PAGE
        return config_error(
            f"{self._module} has more than {rows:,} records in {where}, which Zoho's REST lists "
            "cannot reach. Enable COQL, or choose the API type Bulk."
        )

    def _moving_error(self) -> AirbyteTracedException:
        return transient_error(
            f"{self._module}: records were edited or deleted each of the {_READINGS} times that "
            "their list was read, or reading it took longer than its page token lasts. The next "
            "sync continues from the saved state."
        )

    def _complete(self, page: list[Row]) -> list[Row]:
        """The page with whole texts; what was edited since it was read is read again."""
        whole = self._restore(page)
        left = {row["id"] for row in page} - {row["id"] for row in whole}
        for _ in range(_REREADS):
            if not left:
                break
            again = self._read_by_ids(left)
            restored = self._restore(list(again.values()))
            whole += restored
            left &= again.keys() - {row["id"] for row in restored}
        if left:
            raise transient_error(
                f"{self._module}: {len(left)} records changed each of the {_REREADS} times that "
                "they were read. Try again later."
            )
        return whole

    def _read_by_ids(
        self,
        ids: Iterable[str],
        wanted: Callable[[Row], bool] = lambda row: True,
        *,
        at_last: bool = False,
    ) -> dict[str, Row]:
        """The records of these ids, whole; without those that are gone or not wanted.

        `at_last`: no later list has them.
        """
        return read_until_unchanged(
            sorted(ids),
            self._groups,
            self._fetch,
            wanted,
            at_once=_IDS_AT_ONCE,
            at_last=at_last,
        )

    def _fetch(self, columns: Columns, ids: Sequence[str]) -> list[Row]:
        params = self._params[self._groups.index(columns)]
        return convert_timestamps(
            self._lister({**params, "ids": ",".join(ids)}, None, promised=True).rows
        )
