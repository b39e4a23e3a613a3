"""The Bulk reader: records by exports."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from source_zoho_crm.readers.blocks import Rereading
from source_zoho_crm.readers.export_chain import Chain, Ids, cut_window, estimate_first_part
from source_zoho_crm.readers.exports import Export, ExportFile, Result
from source_zoho_crm.readers.lists import find_some_id
from source_zoho_crm.readers.moved_rows import TOKEN_EXPIRED, MoveDetector
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.steps import Now, Task
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window, format_timestamp
from zoho_crm.counts import count
from zoho_crm.multi_select import MultiSelectTexts
from zoho_crm.problems import Refused, transient_error
from zoho_crm.settings import BEGINNING

_SECOND = timedelta(seconds=1)
#: Rows of a window that is cut to fit one export, by what an export holds: it may hold a few more
#: than were counted.
_FILLED = 0.8
#: How often a chain of exports that cannot be cut is read, until no row moves meanwhile.
_REREADS = 5
#: Exports after which a chain is cut by time, where its state counts: a million rows.
_LONGEST_CHAIN = 5
#: What a window of a chain that was cut aims at, in exports: three that are not quite full.
_AIM = 2.8
#: How much longer than the one before a window may be.
_GROWTH = 8.0


class BulkReader:
    """One export for all rows of the span, and where they are more than one holds, a chain of them.

    Each next export of a chain is made before the one before it is read. An export shows one point
    in time and misses nothing, but the exports of a chain show several: where pages are counted, a
    row that leaves the span in between, because it is edited or deleted, moves all rows after it
    forward, and one of them past the border of two pages. Zoho documents neither an order of rows
    nor what its page tokens stand for. So, when a chain has been read, two lists show whether one
    of its rows has been edited or deleted since it began. If so, or if a row came twice, its span
    is read again in windows that each fit into one export; rows that were emitted before are not
    emitted again. That costs exports only if necessary. What cannot be cut into windows is read
    again as a whole until it is complete (`Rereading`); where no list shows deletions, a chain of
    several always ("Bulk Read", each version).

    `in_steps`: the state of the stream counts, so that it has to move while the module is read. A
    chain that has more after five exports ends there. Its rows are emitted, and show how dense rows
    lie in time; then its span is read in windows of about three exports, each as long as the
    density of the one before suggests. Nothing says earlier how many rows a span has: lists count
    none, and an export counts its own rows only. So a million rows are exported twice: five exports
    (about 300 credits) more for each span of more than a million, and the last of each window is
    not full. Smaller spans cost none more. A window with more than five exports is cut in the same
    way.
    """

    name = "Bulk"

    def __init__(self, plan: ReadPlan, detector: MoveDetector) -> None:
        self._in_steps = plan.in_steps
        self._detector = detector
        self._module = plan.name
        self._fields = plan.fields
        self._texts = MultiSelectTexts(plan.name)
        self._plain_names = bool(plan.version["bulk_plain_names"])
        self._stamped = any(field.api_name == CURSOR_FIELD for field in plan.fields)
        self._most_rows = plan.version["bulk_rows"]
        self._most_pages = plan.version["bulk_pages"]

    def read_changes(
        self,
        since: datetime,
        end: datetime,
        *,
        promised: bool = False,
        before: Sequence[Ids] = (),
    ) -> Task[None]:
        """As `Reader`. `before`: rows that have come."""
        # One window, mostly. No list counts rows, so it cannot be cut before it is exported, and no
        # part of it is known to be complete before all is: exports have no documented order.
        window = Window(since, end)
        if not promised and (yield from self._is_empty(since)):
            yield window
        else:
            yield from self._read(window, before)

    def read_everything(self, *, promised: bool = False) -> Task[None]:
        if promised or not (yield from self._is_empty(None)):
            yield from self._read(None, ())

    def _is_empty(self, since: datetime | None) -> Task[bool]:
        """An export costs 50 credits, empty or not."""
        try:
            return (yield from find_some_id(since)) is None
        except Refused:
            return False

    def _read(self, window: Window | None, before: Sequence[Ids]) -> Task[int]:
        """The rows of a window (None: of the module) that did not come before, and the window.

        Returns how many rows the window has, with those that came before.
        """
        rereading = Rereading(page=self._most_rows, lists_deletions=self._detector.lists_deletions)
        shown: list[Ids] = list(before)
        for _ in range(_REREADS):
            chain = Chain(begun=(yield Now()), before=before)
            chain.divisible = window is not None and window.start < window.end
            yield from self._read_chain(window, chain)
            span = window if chain.divisible else None
            before = (*before, chain.ids)
            shown += (chain.ids, chain.around)
            if chain.long and span is not None:
                return (yield from self._read_in_steps(span, chain, before))
            if span is None:
                complete = yield from self._is_complete(chain, shown, rereading)
            else:
                complete = not (yield from self._has_moved(chain))
            if complete:
                if window is not None:
                    yield window
                return chain.rows
            if span is not None:
                most_rows = int(chain.most_rows * _FILLED)
                parts = cut_window(span, chain.hours, chain.timestamps, most_rows=most_rows)
                rows = 0
                for part in parts:
                    rows += yield from self._read(part, before)
                return rows
        raise transient_error(
            f"{self._module}: records were edited or deleted each of the {_REREADS} times that "
            f"they were exported, and {self._most_rows:,} is the most that one export can hold. "
            "The next sync continues from the saved state."
        )

    def _read_in_steps(self, span: Window, chain: Chain, before: Sequence[Ids]) -> Task[int]:
        """As `_read`, in windows that follow the data; the chain has shown a part of it."""
        total = 0
        window, length = estimate_first_part(span, chain.timestamps)
        while True:
            rows = yield from self._read(window, before)
            total += rows
            if window.end >= span.end:
                return total
            start = window.end + _SECOND
            if rows:
                length *= min(_GROWTH, _AIM * chain.most_rows / rows)
                length = max(_SECOND, timedelta(seconds=int(length.total_seconds())))
            else:
                # Each empty export costs as much as a full one.
                length = span.end - start
            window = Window(start, min(start + length, span.end))

    def _read_chain(self, window: Window | None, chain: Chain) -> Task[None]:
        """The rows of all exports of a chain; until its page token expires, if it does."""
        try:
            yield from self._read_exports(window, chain)
        except Refused as refusal:
            if refusal.code != TOKEN_EXPIRED:
                raise
            # An export is created, and created again, in several places.
            chain.broken = True

    def _read_exports(self, window: Window | None, chain: Chain) -> Task[None]:
        query = self._build_query(window)
        export: Export | None = yield from Export(self._module, query).create()
        while export is not None:
            result = yield from export.wait_for_result()
            chain.exports += 1
            # Zoho works on the next one while this one is fetched and read.
            following = yield from self._start_next(query, result, chain)
            again, promised = False, chain.exports > 1
            while True:
                file = yield from export.fetch()
                if (fetched := (yield from export.wait_for_result())) is not result:
                    # It was lost and created again, and the next one does not follow this one.
                    result = fetched
                    following = yield from self._start_another(query, result, chain, following)
                found = yield from self._emit_rows(file, window, chain, again=again)
                chain.most_rows = max(chain.most_rows, found)
                chain.close()
                if result.rows is not None and result.rows != found:
                    why = f"Zoho reported {count(result.rows, 'row')} in it and sent {found:,}"
                elif promised and not found:
                    # They may have been edited or deleted meanwhile; then a second one has none.
                    why, promised = "it has no rows, and the export before it promised some", False
                else:
                    break
                yield from export.retry(why)
                result, again = (yield from export.wait_for_result()), True
                following = yield from self._start_another(query, result, chain, following)
            export = following

    def _emit_rows(
        self, file: ExportFile | None, window: Window | None, chain: Chain, *, again: bool
    ) -> Task[int]:
        """Those of the file that did not come before; returns how many it has."""
        if file is None:
            return 0
        found = 0
        try:
            for page in file.read_rows(
                self._module, self._fields, most_rows=self._most_rows, texts=self._texts
            ):
                found += len(page)
                if new := chain.take(page, window, again=again):
                    yield new
        finally:
            file.close()
        return found

    def _start_another(
        self, query: Mapping[str, Any], result: Result, chain: Chain, following: Export | None
    ) -> Task[Export | None]:
        """As `_start_next`, in place of one that follows an export that was lost."""
        if following:
            yield from following.abandon()
        return (yield from self._start_next(query, result, chain))

    def _start_next(
        self, query: Mapping[str, Any], result: Result, chain: Chain
    ) -> Task[Export | None]:
        if not result.more:
            return None
        if self._in_steps and chain.divisible and chain.exports >= _LONGEST_CHAIN:
            # Exports are asked for a second more at both ends, which may be a crowded one.
            chain.long = chain.rows > _LONGEST_CHAIN / 2 * chain.most_rows
        if chain.long:
            return None
        if result.next_token:
            following = Export(self._module, {"page_token": result.next_token})
        elif chain.exports >= self._most_pages:
            # Where only tokens lead on, no page can be asked for by its number.
            chain.broken = True
            return None
        else:
            following = Export(self._module, {**query, "page": chain.exports + 1})
        yield from following.create()
        yield from following.begin_to_wait()
        return following

    def _has_moved(self, chain: Chain) -> Task[bool]:
        """Whether rows may have slipped through between the exports of a chain."""
        if chain.is_unreliable or chain.exports == 1:
            return chain.is_unreliable
        moved = yield from self._detector.has_moved(chain.begun, chain.holds)
        return moved is not False

    def _is_complete(self, chain: Chain, known: Sequence[Ids], rereading: Rereading) -> Task[bool]:
        """Whether all rows have come of a chain that cannot be cut into windows."""
        if chain.is_unreliable or chain.exports == 1:
            rereading.mark_broken()
            return not chain.is_unreliable
        # A module without Modified_Time cannot be asked for its edits. They take no row out of its
        # exports, which are of all rows.
        moved = yield from self._detector.find_moved(
            chain.begun,
            lambda key: any(ids.contains(int(key)) for ids in known),
            edits=self._stamped,
        )
        if moved.refused:
            self._detector.warn_of_gaps()
            return True
        return rereading.is_complete(moved, chain.fresh)

    def _build_query(self, window: Window | None) -> dict[str, Any]:
        # Without names, an export has all columns, and some that no metadata describe.
        names = [field.api_name for field in self._fields if field.api_name != "id"] or ["id"]
        module = self._module if self._plain_names else {"api_name": self._module}
        query: dict[str, Any] = {"module": module, "fields": names, "page": 1}
        if window is not None:
            # A second more at both ends: no page says whether `between` includes them.
            start = max(window.start - _SECOND, datetime.fromisoformat(BEGINNING))
            query["criteria"] = {
                **({"api_name": CURSOR_FIELD} if self._plain_names else _CURSOR_CRITERION),
                "comparator": "between",
                "value": [_format_literal(start), _format_literal(window.end + _SECOND)],
            }
        return query


_CURSOR_CRITERION = {"field": {"api_name": CURSOR_FIELD}}


def _format_literal(timestamp: datetime) -> str:
    """Samples write a numeric offset, never Z."""
    return format_timestamp(timestamp).removesuffix("Z") + "+00:00"
