"""What a chain of pages has certainly shown, although rows left it while it was read."""

from datetime import datetime, timedelta

from source_zoho_crm.readers import Row
from source_zoho_crm.readers.emitted_ids import parse_id
from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.moved_rows import MoveDetector, MovedRows
from source_zoho_crm.readers.steps import Moment, Task
from source_zoho_crm.readers.windows import CURSOR_FIELD, format_timestamp


def add_seconds(timestamp: str, seconds: int) -> str:
    """The time so many seconds later, as a text in UTC."""
    return format_timestamp(datetime.fromisoformat(timestamp) + timedelta(seconds=seconds))


class Block:
    """One chain of pages of a list by Modified_Time, from the second `anchor` up to `stop`.

    A row that leaves its place, because it is edited or deleted, moves those after it forward, and
    one of them past the border of the two pages between which it happens. So all rows are read up
    to the end of the page on which the first of those that left was seen; one page alone misses
    none.
    """

    def __init__(self, anchor: str, upto: str, stop: str, emitted: dict[str, str]) -> None:
        self.anchor = anchor
        self._upto = upto
        #: Rows from the anchor on have been emitted, so there are some.
        self.promised = bool(emitted)
        self.last = anchor
        #: The last second of each page.
        self.ends: list[str] = []
        #: Rows of the last page in its last second.
        self.tail = 0
        #: Rows that were not emitted before, and those of them up to and including `upto`.
        self.taken = 0
        self.fresh = 0
        #: No rows of the span follow the last page.
        self.finished = False
        #: The chain ended before its rows.
        self.is_cut = False
        #: On which page each row was first seen. Rows after `stop` hide none before it.
        self.places: dict[str, int] = {}
        #: Rows of the block.
        self.seen: set[str] = set()
        #: Rows up to and including the second `upto`.
        self.before: set[str] = set()
        #: The page on which they end; None: they have not ended.
        self.upto_page: int | None = None
        self._stop = stop
        self._emitted = emitted

    @property
    def pages(self) -> int:
        return len(self.ends)

    def observe(self, page: list[Row]) -> None:
        """Records a page as Zoho gave it."""
        timestamps = [row.get(CURSOR_FIELD) for row in page]
        number = self.pages + 1
        for row, timestamp in zip(page, timestamps, strict=True):
            if timestamp and timestamp <= self._stop:
                self.places.setdefault(row["id"], number)
                self.last = max(self.last, timestamp)
                if timestamp >= self.anchor:
                    self.seen.add(row["id"])
                if timestamp <= self._upto:
                    self.before.add(row["id"])
            elif timestamp:
                self.finished = True
        self.tail = timestamps.count(self.last)
        self.ends.append(self.last)
        if self.upto_page is None and (self.last > self._upto or self.finished):
            self.upto_page = number

    def end(self) -> None:
        """The list has no rows after the last page."""
        if self.upto_page is None:
            self.upto_page = self.pages

    def take(self, page: list[Row]) -> list[Row]:
        """The page's rows that belong to the block and were not emitted before.

        UNVERIFIED: whether rows without Modified_Time are in a list of modified ones. Where they
        are, they belong to each block. A module that fills it for none is read whole elsewhere.
        """
        new = []
        for row in page:
            key, timestamp = row["id"], row.get(CURSOR_FIELD) or ""
            inside = not timestamp or self.anchor <= timestamp <= self._stop
            if inside and self._emitted.get(key) != timestamp:
                self._emitted[key] = timestamp
                new.append(row)
                self.taken += 1
                self.fresh += self.anchor <= timestamp <= self._upto
        return new

    def drop(self, key: str, timestamp: str | None) -> None:
        """The row was taken, and is not emitted with this Modified_Time."""
        if self._emitted.get(key) == (timestamp or ""):
            del self._emitted[key]

    def count_proven_pages(self, moved: MovedRows) -> int:
        """The pages up to whose end all rows have come."""
        if self.pages <= 1:
            return self.pages
        if not moved.whole:
            return 0
        left = (self.places[key] for key in moved.ids if key in self.places)
        return min(left, default=self.pages)


class BlockSize:
    """How many pages a block may have: fewer after rows have moved, and then slowly more again."""

    def __init__(self, most: int) -> None:
        self.pages = most
        self._most = most
        self._wait = self._patience = 0

    def shrink(self, pages: int) -> None:
        """A block of so many pages has not been proven, or not all of it."""
        self.pages = max(1, min(self.pages, pages) // 2)
        self._wait = self._patience = min(2 * self._patience + 1, 31)

    def grow(self, pages: int) -> None:
        """A block of so many pages has been proven."""
        if self._wait:
            self._wait -= 1
        elif pages >= self.pages:
            if pages > 1:
                self._patience //= 2
            self.pages = min(self._most, self.pages + self.pages // 4 + 1)


class Rereading:
    """Whether repeated readings of a whole list have shown all its rows.

    Three things are read this way: the rows of one second, lists by id, and exports of a whole
    module. A reading is complete if no record left the list since it began. Two consecutive
    readings are complete together if fewer than a page of records left during both. Reason: a row
    that the first reading missed has moved across a page border and stands right before it. The
    second reading shows it, unless a page of rows leaves and moves it across another border; three
    readings miss it if two pages leave, and so on. UNVERIFIED: that no row enters the list before
    it; in a list by id, a record that is restored does. If it is not known how many left, reading
    continues until readings bring nothing new.
    """

    def __init__(self, *, lists_deletions: bool, page: int = PER_PAGE) -> None:
        self._page = page
        #: Readings in a row that must bring nothing new then.
        self._wanted = 2 if lists_deletions else 1
        self._quiet = -1
        #: What left during the last readings, as far back as it is known; the latest comes first.
        self._left: list[frozenset[str]] = []

    def mark_broken(self) -> None:
        """A reading has not reached its end."""
        self._left.clear()

    def is_complete(self, moved: MovedRows, fresh: int) -> bool:
        """Whether all rows were shown, after another reading has ended.

        `moved`: what left since the reading began; `fresh`: rows that it brought.
        """
        self._quiet = 0 if fresh or self._quiet < 0 else self._quiet + 1
        if not moved.whole:
            self._left.clear()
            return self._quiet >= self._wanted
        self._left.insert(0, moved.all)
        left: set[str] = set()
        for borders, others in enumerate(self._left):
            left |= others
            if len(left) < borders * self._page:
                return True
        return moved.none


class Second:
    """What is known of the rows of one second, at which blocks begin until one gets past it.

    The first of several readings shows more than that second. The next ones go to the same point:
    `upto`, the last second that it has shown completely.
    """

    def __init__(self, anchor: str, detector: MoveDetector) -> None:
        #: Blocks that did not get past it.
        self.readings = 0
        self.upto = anchor
        #: Readings have shown all rows up to and including `upto`, and not all after it.
        self.is_complete = False
        self._anchor = anchor
        self._detector = detector
        self._held: set[str] = set()
        self._has_been_read = False
        self._rereading = Rereading(lists_deletions=detector.lists_deletions)

    def count_proven_pages(self, block: Block, begun: Moment, *, final: bool) -> Task[int]:
        """The pages of a block, begun then, up to whose end all rows have come.

        `final`: a shorter block is not possible.
        """
        broken = block.is_cut and block.upto_page is None
        if block.pages <= 1 and not broken:
            return block.pages
        self._held |= block.before
        moved = yield from self._detector.find_moved(
            begun, lambda key: key in block.places or key in self._held
        )
        if moved.refused and final and not broken:
            self._detector.warn_of_gaps()
            return block.pages
        pages = block.count_proven_pages(moved)
        all_proven = pages == block.pages and not block.is_cut
        if pages and (all_proven or block.ends[pages - 1] > self._anchor):
            return pages
        self.readings += 1
        of_second = moved._replace(ids=moved.ids & self._held)
        if broken:
            self._rereading.mark_broken()
        elif block.upto_page:
            self.is_complete = self._rereading.is_complete(of_second, block.fresh)
            if self.is_complete:
                return block.upto_page
            if not self._has_been_read:
                self._has_been_read = True
                self.upto = max(self._anchor, add_seconds(block.ends[block.upto_page - 1], -1))
        return 0


class ListById:
    """One reading of a list by id, up to the id `upto`; None: to its end."""

    def __init__(self, upto: int | None) -> None:
        self.upto = upto
        self.pages = 0
        self._top = 0
        #: The last page was empty, though the one before promised more.
        self._hollow = False
        #: What follows was added since the first reading.
        self.ended = False

    def observe(self, page: list[Row]) -> None:
        """Records a page as Zoho gave it."""
        ids = [parse_id(row["id"]) for row in page]
        self._hollow = not ids
        held = [key for key in ids if self.upto is None or key <= self.upto]
        self.pages += 1
        self._top = max(self._top, *held, 0)
        self.ended = len(held) < len(ids)

    def build_next(self) -> "ListById":
        """The next reading: as far as the first one that reached the end of the list."""
        end = None if self._hollow else self._top
        return ListById(end if self.upto is None else self.upto)

    def holds(self, row: Row) -> bool:
        return self.upto is None or parse_id(row["id"]) <= self.upto
