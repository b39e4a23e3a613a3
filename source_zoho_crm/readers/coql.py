"""The COQL reader: records by Zoho's query language."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from source_zoho_crm.prices import fit_limit
from source_zoho_crm.readers import Page, Row
from source_zoho_crm.readers.column_groups import (
    group_columns,
    join_columns,
    read_until_unchanged,
)
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.steps import (
    All,
    Columns,
    Later,
    Moment,
    Now,
    Query,
    Start,
    Started,
    Task,
    Wait,
)
from source_zoho_crm.readers.wide_queries import SURE_COLUMNS, are_wide_queries_served
from source_zoho_crm.readers.windows import (
    CURSOR_FIELD,
    Window,
    WindowSize,
    cut_window,
    parse_timestamp,
)
from zoho_crm.fields import build_caster
from zoho_crm.multi_select import MultiSelectTexts
from zoho_crm.problems import repeated_page_error

#: COQL: at most 50 values in a list.
_IDS_AT_ONCE = 50
#: The first page of a window that may be small: 200 rows cost the least, if Zoho charges by what is
#: asked for (UNVERIFIED).
_FEW = 200
_SECOND = timedelta(seconds=1)
#: How many rows are tried for a Modified_Time at which the window can end.
_TRIES = 3
#: Windows that are read at a time.
_WINDOWS_AT_ONCE = 4
#: Ranks of questions. A page's other column groups come first: what waits for them is in memory.
#: Windows come in their order, after them.
_FIRST, _OF_WINDOWS = 0, 1


class CoqlReader:
    """Pages follow the id (`id > last`) inside windows of Modified_Time.

    So neither the ceiling of offsets nor rows that come and go move a page. Windows are read side
    by side, and so are the column groups of a page; windows close in their order. A row that
    changes while its column groups are read is read again ("COQL: Overview", "COQL: Limitations").
    """

    name = "COQL"

    def __init__(self, plan: ReadPlan) -> None:
        self._plan = plan
        self._module = plan.name
        self._groups = self._group_columns(min(SURE_COLUMNS, plan.version["coql_columns"]))
        self._most_rows = plan.version["coql_rows"]
        #: Columns of the page that `look` has shown.
        self._looked_for: Columns = ()
        self._texts = MultiSelectTexts(plan.name)
        self._size = WindowSize()
        self._cast = build_caster(plan.fields, self._texts)

    def read_changes(self, since: datetime, end: datetime, *, promised: bool = False) -> Task[None]:
        span = Window(since, end)
        if (yield from self._has_more(span, promised=promised)):
            yield from self.read_many(span)
        else:
            yield span

    def read_many(self, span: Window) -> Task[None]:
        """As `read_changes`, of a span with more than a few rows."""
        since, end = span
        settled = min(end, self._plan.settled)
        if since <= settled:
            yield from self.widen()
            yield from self._read_windows(Window(since, settled))
        if settled < end:
            yield from self.read_moving(max(since, settled + _SECOND), end)

    def read_moving(self, since: datetime, end: datetime) -> Task[None]:
        """As `read_changes`, of a span into which rows move that are edited meanwhile.

        Beside each other, two of its windows might both be without such a row. In one it stays
        where it was, for pages follow the id.
        """
        span = Window(since, end)
        if (yield from self._has_more(span, promised=False)):
            yield from self.widen()
            yield Wait((yield from self._read_pages(span, promised=True)))
        yield span

    def look(self, window: Window | None, *, promised: bool = False) -> Task[Page]:
        """The first few rows of a window (None: of all), in one column group, for one credit."""
        after = "0" if window is None else None
        self._looked_for = self._groups[0]
        page: Page = yield Query(self._groups[0], _FEW, window, after=after, promised=promised)
        return page

    def read_counted(self, first: Page | None, window: Window | None, rows: int) -> Task[None]:
        """So many rows, about, without windows in between; `first`: what `look` has shown."""
        yield from self.widen()
        if self._groups[0] != self._looked_for:
            # Its other columns are not those of the other groups any more.
            first = None
        pages = self._read_pages(window, promised=True, first=first, rows=rows)
        yield Wait((yield from pages))
        if window is not None:
            yield window

    def shows(self, key: str) -> Task[bool]:
        """Whether a query finds the record of this id."""
        found: Page = yield Query(("id",), 1, ids=(key,), promised=True)
        return bool(found.rows)

    def read_everything(self) -> Task[None]:
        yield from self.widen()
        yield Wait((yield from self._read_pages(None, promised=False)))

    def _has_more(self, span: Window, *, promised: bool) -> Task[bool]:
        """Reads the span if it has few rows; returns whether it has more."""
        few = yield from self.look(span, promised=promised)
        if few.more:
            return True
        # Most modules, most of the time: one call, and one for each further column group.
        if few.rows:
            yield from self.complete(few.rows, span)
        return False

    def _group_columns(self, most: int) -> list[Columns]:
        formulas = self._plan.version["coql_formulas"]
        return group_columns(self._plan.fields, most=most, with_id=True, most_formulas=formulas)

    @property
    def groups(self) -> int:
        """Calls that a page with all columns takes."""
        return len(self._groups)

    def widen(self) -> Task[None]:
        """From now on queries select as many columns as Zoho serves, where that saves queries."""
        groups = self._group_columns(self._plan.version["coql_columns"])
        if len(groups) == len(self._groups):
            return
        widest = max(groups, key=len)
        if (yield from are_wide_queries_served(self._module, self._plan.wide, widest)):
            self._groups = groups

    def _read_windows(self, span: Window) -> Task[None]:
        before: Started | None = None
        open_windows: deque[Started] = deque()
        rest, rank = span, _OF_WINDOWS
        while rest.start <= rest.end:
            rows = self._size.rows
            # Where a window ends is known when its turn comes: the calls do not run dry meanwhile.
            search = yield Start(self._find_timestamp(rest, rows), rank)
            if len(open_windows) == _WINDOWS_AT_ONCE:
                yield Wait((open_windows.popleft(),))
            (timestamp,) = yield Wait((search,))
            window = cut_window(rest.start, rest.end, timestamp)
            before = yield Start(self._read_window(window, rows, before), rank)
            open_windows.append(before)
            rest, rank = Window(window.end + _SECOND, rest.end), rank + 1
        yield Wait(open_windows)

    def _read_window(self, window: Window, rows: int, before: Started | None) -> Task[None]:
        """The window's rows; it closes after the one before it."""
        begun: Moment = yield Now()
        parts = yield from self._read_pages(window, promised=True)
        yield Wait(parts)
        ended: Moment = yield Now()
        self._size.adapt(rows, ended - begun)
        if before:
            yield Wait((before,))
        yield window

    def _find_timestamp(self, window: Window, place: int) -> Task[datetime | None]:
        """Modified_Time of the window's row at this place, counted from 1; None: it has fewer.

        Where that row's Modified_Time does not lie in the window, the rows before it are tried. If
        none has one that does, the window is read in one piece. UNVERIFIED: how long Zoho takes to
        skip thousands of rows; it costs a credit.
        """
        columns = ("id", CURSOR_FIELD)
        for _ in range(_TRIES):
            page: Page = yield Query(columns, 1, window, offset=place - 1, order_by=CURSOR_FIELD)
            if not page.rows:
                return None
            timestamp = parse_timestamp(page.rows[0].get(CURSOR_FIELD))
            if timestamp is not None and window.start <= timestamp <= window.end:
                return timestamp
            place = max(1, place // 2)
        return None

    def _read_pages(
        self,
        window: Window | None,
        *,
        promised: bool,
        first: Page | None = None,
        rows: int | None = None,
    ) -> Task[list[Started]]:
        """Reads the pages of the first column group, and begins to complete them.

        `promised`: it has shown rows. If they are gone meanwhile, one call more is made. `first`:
        the first page; `rows`: of all pages, about, so that none is larger than it has to be.
        """
        parts = []
        left = rows
        limit = self._fit_limit(left)
        query: Query | None = Query(self._groups[0], limit, window, after="0", promised=promised)
        while query:
            page: Page = first or (yield query)
            first = None
            query = self._follow(query, page)
            if query and left is not None:
                left -= len(page.rows)
                query = replace(query, limit=self._fit_limit(left))
            part = self.complete(page.rows, window)
            # Else it stays in memory until the next one comes.
            del page
            parts.append((yield Start(part, _FIRST)))
        return parts

    def _fit_limit(self, rows: int | None) -> int:
        """For so many rows. None, or none where there are more: it is not known how many."""
        return fit_limit(rows, self._most_rows) if rows and rows > 0 else self._most_rows

    def _follow(self, query: Query, page: Page) -> Query | None:
        """The query for the rows after a page; None: there are none."""
        if not page.more or not page.rows:
            return None
        last = page.rows[-1]["id"]
        if int(last) <= int(query.after or 0):
            raise repeated_page_error(self._module)
        return replace(query, after=last, promised=True)

    def complete(self, page: list[Row], window: Window | None) -> Task[None]:
        """The page's rows with the columns of all column groups.

        A row that left the window meanwhile is left out: it is in a later one.
        """
        rows = page
        if page and len(self._groups) > 1:
            rows = yield from self._join_groups(page, window)
        yield Later(len(rows))
        self._texts.look_ahead_in(rows)
        for row in rows:
            self._cast(row)
        yield rows

    def _join_groups(self, page: list[Row], window: Window | None) -> Task[list[Row]]:
        before, last = str(int(page[0]["id"]) - 1), page[-1]["id"]
        # The rows whose further columns are asked for have been shown. More come between them only
        # where they are edited meanwhile.
        limit = self._fit_limit(len(page))
        queries = [
            Query(columns, limit, window, after=before, upto=last, promised=True)
            for columns in self._groups[1:]
        ]
        found: list[dict[str, Row]] = [{} for _ in queries]
        wanted = list(enumerate(queries))
        while wanted:
            pages: list[Page] = yield All([query for _, query in wanted])
            for (number, _), answer in zip(wanted, pages, strict=True):
                found[number] |= {row["id"]: row for row in answer.rows}
            wanted = [
                (number, following)
                for (number, query), answer in zip(wanted, pages, strict=True)
                if (following := self._follow(query, answer))
            ]
        torn: set[str] = set()
        for others in found:
            torn |= join_columns(page, others)
        if not torn:
            return page
        again = yield from read_until_unchanged(
            sorted(torn),
            self._groups,
            self._query_by_id,
            lambda row: window is None or window.holds(row.get(CURSOR_FIELD)),
            at_once=_IDS_AT_ONCE,
        )
        whole = (again.get(row["id"]) if row["id"] in torn else row for row in page)
        return [row for row in whole if row is not None]

    def _query_by_id(self, columns: Columns, ids: Sequence[str]) -> Query:
        return Query(columns, _IDS_AT_ONCE, ids=tuple(ids), promised=True)
