"""The COQL reader: records by Zoho's query language."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from source_zoho_crm.readers import Page, Row
from source_zoho_crm.readers.column_groups import (
    Columns,
    group_columns,
    join_columns,
    read_until_unchanged,
)
from source_zoho_crm.readers.repeated_pages import repeated_page_error
from source_zoho_crm.readers.windows import (
    CURSOR_FIELD,
    Window,
    format_timestamp,
    parse_timestamp,
    plan_windows,
)
from zoho_crm.coql import build_and, build_between, build_in, build_select
from zoho_crm.fields import Field, build_caster
from zoho_crm.multi_select import MultiSelectTexts

#: COQL: at most 50 values in a list.
_IDS_AT_ONCE = 50
#: The first page of a window that may be small: 200 rows cost the least, if Zoho charges by what is
#: asked for (UNVERIFIED).
_FEW = 200
#: How many rows are tried for a Modified_Time at which the window can end.
_TRIES = 3


class Query(Protocol):
    """Sends a query and returns its page. `promised`: rows have been seen that it should find."""

    def __call__(self, query: str, *, promised: bool = False) -> Page: ...


class CoqlReader:
    """Pages follow the id (`id > last`) inside windows of Modified_Time.

    So neither the ceiling of offsets nor rows that come and go move a page. A row that changes
    while its column groups are read is read again ("COQL: Overview", "COQL: Limitations").
    """

    name = "COQL"

    def __init__(
        self,
        query: Query,
        module: str,
        fields: Sequence[Field],
        version: Mapping[str, int],
    ) -> None:
        self._query = query
        self._module = module
        self._groups = group_columns(
            fields,
            most=version["coql_columns"],
            with_id=True,
            most_formulas=version["coql_formulas"],
        )
        self._most_rows = version["coql_rows"]
        self._texts = MultiSelectTexts(module)
        self.cast = build_caster(fields, self._texts)

    def read_changes(
        self, since: datetime, end: datetime, *, resumed: bool, promised: bool = False
    ) -> Iterator[list[Row] | Window]:
        span = Window(since, end)
        query = build_select(self._groups[0], self._module, _build_condition(span), limit=_FEW)
        few = self._query(query, promised=promised)
        if not few.more:
            # Most modules, most of the time: one call, and one for each further column group.
            if few.rows:
                yield self._complete(few.rows, span)
            yield span
            return
        plan = plan_windows(
            since, end, lambda start, place: self._find_timestamp(Window(start, end), place)
        )
        window = next(plan, None)
        while window is not None:
            begun = time.monotonic()
            for page in self._read_pages(self._groups[0], _build_condition(window)):
                yield self._complete(page, window)
            yield window
            try:
                window = plan.send(time.monotonic() - begun)
            except StopIteration:
                return

    def shows(self, key: str) -> bool:
        """Whether a query finds the record of this id."""
        query = build_select(("id",), self._module, f"id = {key}", limit=1)
        return bool(self._query(query, promised=True).rows)

    def read_everything(self) -> Iterator[list[Row]]:
        for page in self._read_pages(self._groups[0], None, promised=False):
            yield self._complete(page, None)

    def _find_timestamp(self, window: Window, place: int) -> datetime | None:
        """Modified_Time of the window's row at this place, counted from 1; None: it has fewer.

        Where that row's Modified_Time does not lie in the window, the rows before it are tried. If
        none has one that does, the window is read in one piece. UNVERIFIED: how long Zoho takes to
        skip thousands of rows; it costs a credit.
        """
        columns = ("id", CURSOR_FIELD)
        for _ in range(_TRIES):
            query = build_select(
                columns,
                self._module,
                _build_condition(window),
                limit=1,
                offset=place - 1,
                order_by=CURSOR_FIELD,
            )
            rows = self._query(query).rows
            if not rows:
                return None
            timestamp = parse_timestamp(rows[0].get(CURSOR_FIELD))
            if timestamp is not None and window.start <= timestamp <= window.end:
                return timestamp
            place = max(1, place // 2)
        return None

    def _read_pages(
        self,
        columns: Columns,
        condition: str | None,
        *,
        after: str = "0",
        upto: str | None = None,
        promised: bool = True,
    ) -> Iterator[list[Row]]:
        # The window has shown rows, and so have the rows whose further columns are asked for. If
        # they are gone meanwhile, one call more is made.
        while True:
            ids = f"id > {after}" if upto is None else build_and(f"id > {after}", f"id <= {upto}")
            where = ids if condition is None else build_and(condition, ids)
            query = build_select(columns, self._module, where, limit=self._most_rows)
            page = self._query(query, promised=promised)
            if page.rows:
                yield page.rows
            if not page.more or not page.rows:
                return
            last = page.rows[-1]["id"]
            if int(last) <= int(after):
                raise repeated_page_error(self._module)
            after = last
            promised = True

    def _complete(self, page: list[Row], window: Window | None) -> list[Row]:
        """The page's rows with the columns of all column groups.

        A row that left the window meanwhile is left out: it is in a later one.
        """
        rows = self._join_groups(page, window)
        self._texts.look_ahead_in(rows)
        return rows

    def _join_groups(self, page: list[Row], window: Window | None) -> list[Row]:
        condition = None if window is None else _build_condition(window)
        before, last = str(int(page[0]["id"]) - 1), page[-1]["id"]
        torn: set[str] = set()
        for columns in self._groups[1:]:
            others = {
                row["id"]: row
                for rows in self._read_pages(columns, condition, after=before, upto=last)
                for row in rows
            }
            torn |= join_columns(page, others)
        if not torn:
            return page
        again = read_until_unchanged(
            sorted(torn),
            self._groups,
            self._read_by_id,
            lambda row: window is None or window.holds(row.get(CURSOR_FIELD)),
            at_once=_IDS_AT_ONCE,
        )
        whole = (again.get(row["id"]) if row["id"] in torn else row for row in page)
        return [row for row in whole if row is not None]

    def _read_by_id(self, columns: Columns, ids: Sequence[str]) -> list[Row]:
        condition = build_in("id", ids, bare=True)
        query = build_select(columns, self._module, condition, limit=_IDS_AT_ONCE)
        return self._query(query, promised=True).rows


def _build_condition(window: Window) -> str:
    return build_between(CURSOR_FIELD, format_timestamp(window.start), format_timestamp(window.end))
