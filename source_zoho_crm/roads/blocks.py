"""What a chain of pages has shown for certain, though rows left it while it was read."""

from datetime import datetime

from source_zoho_crm.roads import Row
from source_zoho_crm.roads.calls import PER_PAGE
from source_zoho_crm.roads.lists import Lists, Moved
from source_zoho_crm.roads.told import number_of
from zoho_crm.directory import CURSOR_FIELD


class Block:
    """One chain of pages of a list by Modified_Time, from the second `anchor` up to `stop`.

    A row that leaves its place, because somebody edits or deletes it, moves those behind it
    forward, and one of them past the border of the two pages between which it happens. So all rows
    have come up to the end of the page on which the first of those that left was seen; one page
    alone misses none.
    """

    def __init__(self, anchor: str, stop: str, told: dict[str, str]) -> None:
        self.anchor = anchor
        self.last = anchor
        #: The last second of each page.
        self.ends: list[str] = []
        #: Rows of the last page that share its last second.
        self.tail = 0
        #: Rows that were not told before.
        self.fresh = 0
        #: Behind the last page there are no rows of the span.
        self.finished = False
        #: The chain was ended before its rows did.
        self.cut = False
        #: On which page each row was first seen. Rows behind `stop` hide none before it.
        self.places: dict[str, int] = {}
        #: The rows that are counted.
        self.of_anchor: set[str] = set()
        #: Rows of the list up to and with the anchor's second, and the page on which they end;
        #: None: they have not ended.
        self.counted: int | None = None
        self.counted_at = 0
        self._rows = 0
        self._stop = stop
        self._told = told

    @property
    def pages(self) -> int:
        return len(self.ends)

    def passed(self, page: list[Row]) -> None:
        """Takes note of a page as Zoho gave it."""
        moments = [row.get(CURSOR_FIELD) for row in page]
        number = self.pages + 1
        for row, moment in zip(page, moments, strict=True):
            if moment and moment <= self._stop:
                self.places.setdefault(row["id"], number)
                self.last = max(self.last, moment)
                if moment <= self.anchor:
                    self.of_anchor.add(row["id"])
            elif moment:
                self.finished = True
        self.tail = moments.count(self.last)
        self.ends.append(self.last)
        self._rows = self.pages * PER_PAGE - PER_PAGE + len(page)
        if self.counted is None and (self.last > self.anchor or self.finished):
            before = sum(moment is None or moment <= self.anchor for moment in moments)
            self.counted, self.counted_at = (number - 1) * PER_PAGE + before, number

    def end(self) -> None:
        """The list has no rows behind the last page."""
        if self.counted is None:
            self.counted, self.counted_at = self._rows, self.pages

    def take(self, page: list[Row]) -> list[Row]:
        """The page's rows that belong to the block and were not told before.

        UNVERIFIED: whether rows without Modified_Time are in a list of modified ones. A module that
        fills it for none of its records is read whole elsewhere.
        """
        new = []
        for row in page:
            key, moment = row["id"], row.get(CURSOR_FIELD) or ""
            if self.anchor <= moment <= self._stop and self._told.get(key) != moment:
                self._told[key] = moment
                new.append(row)
        self.fresh += len(new)
        return new

    def proven(self, moved: Moved) -> int:
        """The pages up to whose end all rows have come."""
        if self.pages <= 1:
            return self.pages
        if not moved.whole:
            return 0
        left = (self.places[key] for key in moved.ids if key in self.places)
        return min(left, default=self.pages)


class Recount:
    """Whether a list that is read again and again as a whole has shown all its rows.

    So it is with the rows of one second, which no list tells apart, and with lists by id. All have
    come when none left since a reading began; or when as many came, in all readings together and
    without those that have left, as the last reading had before its end: pages count the rows that
    are there. Where page tokens count none, and stand behind a row, they miss none either; but
    nothing tells which kind they are. So two readings in a row that bring nothing new end it, too:
    if tokens counted, a row would have had to cross a border of pages in each of three readings.
    """

    def __init__(self, *, tells_deletions: bool) -> None:
        #: Readings that have come to their end.
        self.readings = 0
        #: Readings in a row that must bring nothing new.
        self._wanted = 2 if tells_deletions else 1
        self._quiet = 0
        self._gone: set[str] = set()
        self._whole = True

    def is_complete(self, moved: Moved, *, known: int, counted: int | None, fresh: int) -> bool:
        """Whether it is so after a further reading.

        `moved`: those of all known rows that left since the reading began. `known`: rows that came
        in all readings; `counted`: rows that the last one had, None where it broke off. `fresh`:
        rows that it brought.
        """
        left = moved.ids - self._gone
        self._gone |= moved.ids
        self._whole = self._whole and moved.whole
        if counted is None:
            return False
        self._quiet = 0 if fresh or not self.readings else self._quiet + 1
        self.readings += 1
        return (
            (moved.whole and not left)
            or (self._whole and known - len(self._gone) >= counted)
            or self._quiet >= self._wanted
        )


class Second:
    """What is known of the rows of one second, at which blocks begin until one gets past it."""

    def __init__(self, anchor: str, lists: Lists) -> None:
        #: Blocks that did not get past it.
        self.readings = 0
        self._anchor = anchor
        self._lists = lists
        self._held: set[str] = set()
        self._recount = Recount(tells_deletions=lists.tells_deletions)

    def proven(self, block: Block, begun: datetime, *, final: bool) -> int:
        """The pages of a block, begun then, up to whose end all rows have come.

        `final`: a shorter block is not possible.
        """
        broken = block.cut and block.last == self._anchor
        if block.pages <= 1 and not broken:
            return block.pages
        self._held |= block.of_anchor
        moved = self._lists.moved(begun, lambda key: key in block.places or key in self._held)
        if moved.refused and final and not broken:
            self._lists.warn_of_gaps()
            return block.pages
        pages = block.proven(moved)
        all_proven = pages == block.pages and not block.cut
        if pages and (all_proven or block.ends[pages - 1] > self._anchor):
            return pages
        self.readings += 1
        of_second = moved._replace(ids=moved.ids & self._held)
        if self._recount.is_complete(
            of_second, known=len(self._held), counted=block.counted, fresh=block.fresh
        ):
            return block.counted_at
        return 0


class ById:
    """One reading of a list by id, up to the id `upto`; None: to its end."""

    def __init__(self, upto: int | None) -> None:
        self.upto = upto
        self.top = 0
        self.pages = 0
        #: Rows of the list up to there.
        self.counted = 0
        #: What follows was added since the first reading.
        self.ended = False

    def passed(self, page: list[Row]) -> None:
        """Takes note of a page as Zoho gave it."""
        ids = [number_of(row["id"]) for row in page]
        held = [key for key in ids if self.upto is None or key <= self.upto]
        self.counted = self.pages * PER_PAGE + len(held)
        self.pages += 1
        self.top = max(self.top, *held, 0)
        self.ended = len(held) < len(ids)

    def holds(self, row: Row) -> bool:
        return self.upto is None or number_of(row["id"]) <= self.upto
