"""The REST reader: records by lists, in the order of their modification."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

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
from source_zoho_crm.readers.emitted_ids import EmittedIds
from source_zoho_crm.readers.list_walk import ListWalk
from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.moved_rows import MoveDetector
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.rich_text import WholeTexts
from source_zoho_crm.readers.steps import (
    Moment,
    Now,
    Start,
    Started,
    Task,
    Wait,
)
from source_zoho_crm.readers.whole_rows import WholeRows
from source_zoho_crm.readers.windows import Window, format_timestamp
from zoho_crm.problems import config_error, transient_error

#: After so many rows at most, two lists show whether one of them has moved, and some are read again
#: if so: few enough for that, enough that the two credits do not count.
_ROWS_OF_A_BLOCK = 12_000
#: A window ends after so many rows and a block, or after so many seconds.
_ROWS_OF_A_WINDOW = 20_000
_SECONDS_OF_A_WINDOW = 300
#: How often the rows of one second, or a list by id, are read until all have come.
_READINGS = 5
#: Pages whose other columns and texts are fetched while the next ones are read; they are in memory.
_PARTS_AT_ONCE = 8
#: Rank of their questions: the next page comes first, for it takes the longest way.
_BESIDE = 1
#: Rows of a page that may be read again so that its list need not be proven.
_FEW = PER_PAGE // 100
_SECOND = timedelta(seconds=1)


def close_window(window: Window) -> Task[None]:
    yield window


class Look(NamedTuple):
    """What the first page of a list shows."""

    rows: int
    more: bool
    #: Rows with a text that lists cut.
    cut: int


class Handover(NamedTuple):
    """What a reading has left to another one."""

    start: datetime
    #: Rows that have come, from then on: Modified_Time by id.
    emitted: dict[str, str]


class RestReader:
    """Walks `sort_by=Modified_Time` under `If-Modified-Since`, in blocks.

    A block is a page, and the next one begins at its last second; rows that come twice are dropped
    by id and Modified_Time. One page shows one point in time and misses nothing. Where many rows
    share a page's last second, a block is a chain of pages, and ends at the latest where Zoho's
    paging does (`rest_chain_rows`) or its page token expires. Two lists then show whether one of
    its rows has moved; if so, the next block begins where the first of them was, and is shorter. So
    each block takes the reader at least a page further, unless all its rows are of one second,
    which is read until it is complete (`Rereading`). The first column group leads; a page's other
    columns, and the texts that lists have cut, are fetched beside the next pages ("Get Records",
    each version).
    """

    name = "REST"

    def __init__(
        self,
        plan: ReadPlan,
        detector: MoveDetector,
        texts: WholeTexts,
        *,
        converted: str = "both",
    ) -> None:
        self._detector = detector
        self._rows = WholeRows(plan, texts, converted)
        self._module = plan.name
        self._settled = plan.settled
        self._tokens = bool(plan.version["rest_tokens"])
        self._chain_rows = plan.version["rest_chain_rows"]
        #: A list whose first page has been read, and when that was begun.
        self._looked: tuple[Moment, ListWalk] | None = None

    @property
    def groups(self) -> int:
        """Calls that a page with all columns takes."""
        return len(self._rows.params)

    def look(self, since: datetime | None) -> Task[Look]:
        """Reads the first page of what was modified since then (None: of all); the next reading
        begins with it."""
        begun: Moment = yield Now()
        walk = self._walk(since, by_id=since is None)
        page = yield from walk.look()
        self._looked = (begun, walk)
        return Look(len(page), walk.more, self._rows.count_cut(page))

    def forget(self) -> None:
        """The next reading begins with a page of its own."""
        self._looked = None

    def read_changes(
        self,
        since: datetime,
        end: datetime,
        *,
        promised: bool = False,
        close: Callable[[Window], Task[None]] = close_window,
    ) -> Task[None]:
        """As `Reader`. `close`: what a window closes with, after the last of its rows."""
        yield from self.read_some(since, end, promised=promised, close=close)

    def read_some(
        self,
        since: datetime,
        end: datetime,
        *,
        promised: bool = False,
        close: Callable[[Window], Task[None]] = close_window,
        most_rows: int | None = None,
        emitted: dict[str, str] | None = None,
    ) -> Task[Handover | None]:
        """As `read_changes`. `most_rows`: after so many rows it closes a window and ends; what is
        left is returned. `emitted`: rows that have come before."""
        stop, start, anchor = format_timestamp(end), since, format_timestamp(since)
        emitted = {} if emitted is None else emitted
        # A longer chain than a page is for those of which it can be proven that no row moved.
        most = min(self._chain_rows, _ROWS_OF_A_BLOCK) // PER_PAGE
        size = BlockSize(most if self._detector.can_detect else 1)
        total = rows = 0
        due = (yield Now()) + _SECONDS_OF_A_WINDOW
        second = Second(anchor, self._detector)
        left: set[str] = set()
        parts: deque[Started] = deque()
        while True:
            begun: Moment = self._looked[0] if self._looked else (yield Now())
            block = Block(anchor, second.upto, stop, emitted)
            block.promised = block.promised or promised
            most = size.pages if most_rows is None else 1 + (most_rows - total) // PER_PAGE
            yield from self._read_block(block, min(most, size.pages), due, left, parts)
            rows, total = rows + block.taken, total + block.taken
            enough = most_rows is not None and total >= most_rows
            # In place: parts that are under way add to it.
            left -= block.seen
            left.update(key for key in block.seen if key not in emitted)
            pages = yield from second.count_proven_pages(block, begun, final=size.pages == 1)
            if second.is_complete:
                # What they showed after it may lack rows.
                reached = add_seconds(second.upto, 1)
            else:
                reached = block.ends[pages - 1] if pages else anchor
            ended = pages == block.pages and not (block.is_cut or second.is_complete)
            if ended or reached > stop:
                yield Wait(parts)
                left.difference_update(emitted)
                if left and end > self._settled:
                    yield from self._rows.emit_edited(left, stop)
                yield from close(Window(start, end))
                return None
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
            if full >= start and (enough or rows >= _ROWS_OF_A_WINDOW or (yield Now()) >= due):
                yield Wait(parts)
                # What is forgotten below has come.
                left.difference_update(emitted)
                yield from close(Window(start, full))
                start = full + _SECOND
                for key in [k for k, timestamp in emitted.items() if "" < timestamp < anchor]:
                    del emitted[key]
                if enough:
                    return Handover(start, emitted)
                rows, due = 0, (yield Now()) + _SECONDS_OF_A_WINDOW

    def read_everything(self) -> Task[None]:
        emitted = EmittedIds()
        rereading = Rereading(lists_deletions=self._detector.lists_deletions)
        listing = ListById(None)
        parts: deque[Started] = deque()
        for _ in range(_READINGS):
            begun: Moment = self._looked[0] if self._looked else (yield Now())
            walk, joined, fresh = self._walk(None, by_id=True), None, 0
            while (page := (yield from walk.read_next())) is not None:
                listing.observe(page)
                new = [row for row in page if listing.holds(row) and emitted.add(row["id"])]
                fresh += len(new)
                if new:
                    joined = yield from self._begin_join(walk, page, joined)
                    yield from self._begin_part(parts, self._rows.emit_whole(new, joined))
                if listing.ended:
                    break
                if walk.more and self._tokens and listing.pages * PER_PAGE >= self._chain_rows:
                    raise self._too_many_error("a module without Modified_Time", listing.pages)
            yield Wait(parts)
            if not walk.complete:
                rereading.mark_broken()
                listing = ListById(listing.upto)
                continue
            if listing.pages <= 1:
                return
            moved = yield from self._detector.find_moved(begun, emitted.__contains__, edits=False)
            if moved.refused:
                self._detector.warn_of_gaps()
                return
            if rereading.is_complete(moved, fresh):
                return
            listing = listing.build_next()
        raise self._moving_error()

    def _read_block(
        self, block: Block, most: int, due: Moment, left: set[str], parts: deque[Started]
    ) -> Task[None]:
        """The rows of a block of so many pages, of more where they all share one second."""
        since = datetime.fromisoformat(block.anchor)
        walk, joined = self._walk(since, by_id=False, promised=block.promised), None
        while (page := (yield from walk.read_next())) is not None:
            block.observe(page)
            if new := block.take(page):
                joined = yield from self._begin_join(walk, page, joined)
                yield from self._begin_part(
                    parts, self._rows.emit_unchanged(new, block, left, joined)
                )
            if block.finished or not walk.more:
                block.end()
                return
            few = block.pages == 1 and block.tail <= _FEW
            passed = block.upto_page or (block.pages == 1 and block.last > block.anchor)
            if passed and (few or block.pages >= most or (yield Now()) >= due):
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

    def _begin_join(
        self, walk: ListWalk, page: list[Row], before: Started | None
    ) -> Task[Started | None]:
        """Begins to add a page's other columns; None: it has all."""
        if not walk.is_wide:
            return None
        joined: Started = yield Start(walk.join(page, before), _BESIDE)
        return joined

    def _begin_part(self, parts: deque[Started], part: Task[None]) -> Task[None]:
        """Begins to complete and emit rows, when few enough others wait for it."""
        if len(parts) == _PARTS_AT_ONCE:
            yield Wait((parts.popleft(),))
        parts.append((yield Start(part, _BESIDE)))

    def _walk(self, since: datetime | None, *, by_id: bool, promised: bool = False) -> ListWalk:
        if self._looked:
            (_, walk), self._looked = self._looked, None
            return walk
        return ListWalk(self._module, self._rows.params, since, by_id=by_id, promised=promised)

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
