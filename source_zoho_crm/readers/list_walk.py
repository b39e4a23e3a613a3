"""A list of wide rows: one chain of pages per column group, joined row by row."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from source_zoho_crm.readers import Page, Row
from source_zoho_crm.readers.column_groups import join_columns
from source_zoho_crm.readers.moved_rows import OUT_OF_REACH, TOKEN_EXPIRED
from source_zoho_crm.readers.repeated_pages import RepeatedPages
from source_zoho_crm.readers.steps import ListRecords, Started, Task, Wait, run_together
from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.casts import to_utc
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Rows of a column group that wait for the others; those that are further away are read by id.
_MOST_AHEAD = 2_000


class ListWalk:
    """The pages of a list in order, as its first column group has them.

    The list is sorted by Modified_Time (`by_id`: by the id). `join` adds the other columns to a
    page, beside the reading of the next ones. `promised`: rows have been seen that the list should
    show.
    """

    def __init__(
        self,
        module: str,
        groups: Sequence[Mapping[str, str]],
        since: datetime | None,
        *,
        by_id: bool,
        promised: bool,
    ) -> None:
        order = {"sort_by": "id" if by_id else CURSOR_FIELD, "sort_order": "asc"}
        # The others are asked for when the first has shown rows.
        self._first, *self._others = (
            _Chain(
                module,
                {**columns, **order},
                since,
                by_id=by_id,
                promised=promised or number > 0,
            )
            for number, columns in enumerate(groups)
        )
        #: The last page has been read; False where a page token has expired, or a page is out of
        #: reach.
        self.complete = True
        #: Its next page is one of those.
        self.out_of_reach = False
        #: The first page, if it was read ahead.
        self._ahead: list[Row] | None = None

    @property
    def more(self) -> bool:
        """Whether more pages follow."""
        return self._first.more

    @property
    def is_wide(self) -> bool:
        """Whether there are columns to join."""
        return bool(self._others)

    def look(self) -> Task[list[Row]]:
        """The first page, which `read_next` gives again."""
        self._ahead = yield from self.read_next()
        return self._ahead or []

    def read_next(self) -> Task[list[Row] | None]:
        """The next page; None: there is none, or Zoho refuses it. An empty page had been promised:
        its rows have moved forward past a border of pages, or are gone."""
        if self._ahead is not None:
            page, self._ahead = self._ahead, None
            return page
        if not self._first.more:
            return None
        begun = self._first.pages > 0
        try:
            page = yield from self._first.read_next()
        except Refused as refusal:
            if not self._first.ends_with(refusal):
                raise
            self.complete = False
            self.out_of_reach = refusal.code != TOKEN_EXPIRED
            return None
        return page if page or begun else None

    def join(self, page: list[Row], before: Started | None) -> Task[set[str]]:
        """Adds the other columns to the rows; returns the ids of those that are torn, which have
        not got them. `before`: the join of the page before."""
        if before:
            yield Wait((before,))
        torn: set[str] = set()
        for others in (yield from run_together(c.read_rows_of(page) for c in self._others)):
            torn |= join_columns(page, others)
        return torn


def convert_timestamps(rows: list[Row]) -> list[Row]:
    for row in rows:
        if timestamp := row.get(CURSOR_FIELD):
            try:
                row[CURSOR_FIELD] = to_utc(timestamp)
            except ValueError:
                row[CURSOR_FIELD] = None
                _warn_of_timestamps()
    return rows


@cache
def _warn_of_timestamps() -> None:
    LOGGER.warning("Zoho lists records whose Modified_Time is not a datetime; it is read as null.")


class _Chain:
    """The pages of one list."""

    def __init__(
        self,
        module: str,
        params: Mapping[str, str],
        since: datetime | None,
        *,
        by_id: bool,
        promised: bool,
    ) -> None:
        self._repeats = RepeatedPages(module)
        self._params = dict(params)
        self._since = since
        self._by_id = by_id
        self._promised = promised
        #: How many of its pages were read.
        self.pages = 0
        self.more = True
        self._ahead: dict[str, Row] = {}

    def read_next(self) -> Task[list[Row]]:
        """The next page; empty after the last."""
        if not self.more:
            return []
        page: Page = yield ListRecords({**self._params}, self._since, self._promised)
        self._repeats.check(page)
        self.pages += 1
        self.more = page.more and bool(page.rows)
        self._params.pop("page", None)
        if page.next_token:
            self._params["page_token"] = page.next_token
        else:
            self._params["page"] = str(self.pages + 1)
        return convert_timestamps(page.rows)

    def ends_with(self, refusal: Refused) -> bool:
        """Whether it ends before its rows do, and others may bring them. A list by id cannot go on
        elsewhere."""
        out_of_reach = refusal.code in OUT_OF_REACH and not self._by_id
        return out_of_reach or refusal.code == TOKEN_EXPIRED

    def read_rows_of(self, page: list[Row]) -> Task[dict[str, Row]]:
        """This list's rows of the page by id, read as far as its last one; rows after it wait.

        Where lists have the rows of a second in different orders, not all may be among them.
        """
        last = page[-1]
        place = self._find_place(last)
        while last["id"] not in self._ahead and self.more and len(self._ahead) < _MOST_AHEAD:
            try:
                read = yield from self.read_next()
            except Refused as refusal:
                if not self.ends_with(refusal):
                    raise
                self.more = False
                break
            self._ahead |= {row["id"]: row for row in read}
            if read and self._find_place(read[-1]) > place:
                break
        keys = [row["id"] for row in page if row["id"] in self._ahead]
        found = {key: self._ahead.pop(key) for key in keys}
        self._ahead = {
            key: row for key, row in self._ahead.items() if self._find_place(row) >= place
        }
        return found

    def _find_place(self, row: Row) -> tuple[int, str]:
        """What the list is sorted by."""
        return (int(row["id"]), "") if self._by_id else (0, row.get(CURSOR_FIELD) or "")
