"""The REST road: records by lists, in the order of their modification."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.roads import Row
from source_zoho_crm.roads.calls import PER_PAGE
from source_zoho_crm.roads.chains import Walk, in_utc
from source_zoho_crm.roads.lists import Lister, Lists
from source_zoho_crm.roads.slices import Columns, settled, slices
from source_zoho_crm.roads.windows import Window, text
from zoho_crm.directory import CURSOR_FIELD
from zoho_crm.fields import Field, caster
from zoho_crm.lists import ListTexts
from zoho_crm.problems import config_error, transient_error

#: UNVERIFIED: the docs name no limit of `ids`; a hundred is what Zoho allows elsewhere.
_IDS_AT_ONCE = 100
#: After so many rows, two lists tell whether one of them has moved, and they are read again if so:
#: few enough to be read twice, enough that the two credits are next to nothing.
_ROWS_OF_A_BLOCK = 50_000
#: State is told after so many rows at least.
_ROWS_OF_A_WINDOW = 20_000
#: How often a list is read, until no row moves meanwhile or none is new.
_REREADS = 5
#: Rows of a page that may be read again so that its list need not be proven.
_FEW = PER_PAGE // 100
_SECOND = timedelta(seconds=1)
#: v2 lists a field Layout, and its records have this key instead. UNVERIFIED: that a record without
#: the key has no layout; most of the recorded ones have it.
_LAYOUT, _LAYOUT_ID = "Layout", "$layout_id"


class RestRoad:
    """Walks `sort_by=Modified_Time` under `If-Modified-Since`, in blocks.

    A block is a chain of pages for each slice of columns. It ends at the latest where Zoho's paging
    does (`rest_chain_rows`), or where its page token expires, and the next one begins at its last
    full second; rows that come twice are dropped by id. Where pages are counted, a block is a page,
    unless many of its rows share its last second. A block of several pages in which a row moved is
    read again, until nothing is new. `mend` fetches whole what a list has cut, and leaves out what
    was edited meanwhile ("Get Records", each version).
    """

    name = "REST"

    def __init__(
        self,
        lister: Lister,
        lists: Lists,
        module: str,
        fields: Sequence[Field],
        version: Mapping[str, int],
        mend: Callable[[list[Row]], list[Row]],
        *,
        converted: str = "both",
    ) -> None:
        self._lister = lister
        self._lists = lists
        self._mend = mend
        self._module = module
        self._tokens = bool(version["rest_tokens"])
        self._chain_rows = version["rest_chain_rows"]
        # Where Zoho does not limit `fields`, all columns come in one list.
        most = version["rest_columns"]
        self._slices = slices(fields, most=most or len(fields) + 1)
        # Leads: without it converted leads stay hidden; other modules pay no heed.
        plain = {"per_page": str(PER_PAGE), "converted": converted}
        self._lines = [
            {"fields": ",".join(columns) or "id", **plain} if most else plain
            for columns in self._slices
        ]
        # Zoho's metadata list the id from v7 on only.
        self._wanted = {"id", *(field.api_name for field in fields)}
        self._cast = caster(fields, ListTexts(module))

    def cast(self, row: Row) -> Row:
        if _LAYOUT in self._wanted and _LAYOUT not in row:
            row[_LAYOUT] = row.get(_LAYOUT_ID)
        for extra in row.keys() - self._wanted:
            del row[extra]
        return self._cast(row)

    def changes(
        self, since: datetime, end: datetime, *, resumed: bool
    ) -> Iterator[list[Row] | Window]:
        start, anchor, stop = since, text(since), text(end)
        known: set[str] = set()
        rows_told = 0
        while True:
            block = _Block(anchor, stop, known)
            yield from self._read(block)
            rows_told += block.rows
            if not block.cut:
                yield Window(start, end)
                return
            anchor, known = block.last, block.ids_of_last
            if rows_told >= _ROWS_OF_A_WINDOW:
                # The rows of the anchor's second may not all have come.
                full = datetime.fromisoformat(anchor).astimezone(UTC) - _SECOND
                yield Window(start, full)
                start, rows_told = full + _SECOND, 0

    def everything(self) -> Iterator[list[Row]]:
        told: set[str] = set()
        for walk in self._walks(None, by_id=True):
            for page in walk:
                new = [row for row in page if row["id"] not in told]
                told.update(row["id"] for row in new)
                walk.fresh += len(new)
                if new:
                    yield self._settled(new)
                if walk.more and self._tokens and walk.pages * PER_PAGE >= self._chain_rows:
                    raise self._too_many("a module without Modified_Time", walk)

    def _read(self, block: "_Block") -> Iterator[list[Row]]:
        """The rows of a block."""
        pages = min(self._chain_rows, _ROWS_OF_A_BLOCK) // PER_PAGE
        since = datetime.fromisoformat(block.anchor)
        for number, walk in enumerate(self._walks(since, by_id=False)):
            block.cut = block.finished = False
            for page in walk:
                new = block.take(page)
                walk.fresh += len(new)
                if new and (whole := self._mend(new)):
                    yield whole
                if block.finished or not walk.more:
                    break
                few = not (self._tokens or number) and len(block.ids_of_last) <= _FEW
                ends = walk.pages >= pages or (walk.pages == 1 and few)
                if ends and block.last > block.anchor:
                    block.cut = True
                    break
                if self._tokens and walk.pages * PER_PAGE >= self._chain_rows:
                    raise self._too_many(f"the second {block.anchor}", walk)
            # A list that is read again is read as far as before.
            pages = max(pages, walk.pages)
            if walk.out_of_reach and block.last == block.anchor:
                raise self._too_many(f"the second {block.anchor}", walk)
            if not walk.complete and not number and block.last > block.anchor:
                # The block ends where the page token has.
                block.cut = walk.complete = True
                pages = walk.pages

    def _walks(self, since: datetime | None, *, by_id: bool) -> Iterator[Walk]:
        """The list, again and again until its reader can have missed no row.

        A list whose page token expires before it has been read begins again, too. In a list
        that is sorted by id, edited rows stay where they are; deleted ones leave it.
        """
        for number in range(_REREADS):
            begun = self._lists.now()
            walk = Walk(self._lister, self._lines, since, self._by_ids, by_id=by_id)
            yield walk
            if not walk.complete:
                continue
            if walk.pages <= 1 or (number and not walk.fresh):
                return
            moved = self._lists.has_moved(begun, walk.ids.__contains__, edits=not by_id)
            if moved is None:
                self._lists.warn_of_gaps()
            if not moved:
                return
        raise transient_error(
            f"{self._module}: records were edited or deleted each of the {_REREADS} times that "
            "their list was read, or reading it took longer than its page token lasts. The next "
            "sync goes on from the saved state."
        )

    def _too_many(self, where: str, walk: Walk) -> AirbyteTracedException:
        rows = walk.pages * PER_PAGE
        return config_error(
            f"{self._module} has more than {rows:,} records in {where}, which Zoho's REST lists "
            "cannot reach. Enable COQL, or choose the API type Bulk."
        )

    def _settled(self, page: list[Row]) -> list[Row]:
        """The page with whole texts; what was edited since it was read is read again."""
        whole = self._mend(page)
        left = {row["id"] for row in page} - {row["id"] for row in whole}
        for _ in range(_REREADS):
            if not left:
                break
            again = self._by_ids(left)
            mended = self._mend(list(again.values()))
            whole += mended
            left &= again.keys() - {row["id"] for row in mended}
        if left:
            raise transient_error(
                f"{self._module}: {len(left)} records changed each of the {_REREADS} times that "
                "they were read. Try again later."
            )
        return whole

    def _by_ids(self, ids: Iterable[str]) -> dict[str, Row]:
        """The records of these ids, whole; without those that are gone."""
        return settled(sorted(ids), self._slices, self._fetch, at_once=_IDS_AT_ONCE)

    def _fetch(self, columns: Columns, ids: Sequence[str]) -> list[Row]:
        line = self._lines[self._slices.index(columns)]
        return in_utc(self._lister({**line, "ids": ",".join(ids)}, None).rows)


class _Block:
    """What one chain gives: the rows from the second `anchor` on that are not known yet."""

    def __init__(self, anchor: str, stop: str, known: set[str]) -> None:
        self.anchor = anchor
        self.last = anchor
        self.rows = 0
        self.finished = False
        #: The chain was ended before its rows did.
        self.cut = False
        self.ids_of_last = set(known)
        self._stop = stop
        self._seen = set(known)

    def take(self, page: list[Row]) -> list[Row]:
        """The page's rows that belong to the block and were not taken before."""
        new = []
        for row in page:
            moment = row.get(CURSOR_FIELD)
            if moment is None:
                # UNVERIFIED: whether such rows are in a list of modified ones. A module that fills
                # it for none of its records is read whole elsewhere.
                continue
            if moment > self._stop:
                self.finished = True
            elif moment >= self.anchor and row["id"] not in self._seen:
                new.append(row)
                self._seen.add(row["id"])
                if moment > self.last:
                    self.last, self.ids_of_last = moment, set()
                if moment == self.last:
                    self.ids_of_last.add(row["id"])
        self.rows += len(new)
        return new
