"""A list of wide rows: one chain of pages per column group, joined row by row."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache

from source_zoho_crm.readers import Row
from source_zoho_crm.readers.column_groups import join_columns
from source_zoho_crm.readers.moved_rows import OUT_OF_REACH, TOKEN_EXPIRED, Lister
from source_zoho_crm.readers.repeated_pages import RepeatedPages
from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.casts import to_utc
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Rows of a column group that wait for the others; those that are further away are read by id.
_MOST_AHEAD = 2_000


class ListWalk:
    """The pages of a list in order, each row with the columns of all column groups.

    A row that changed between its column groups is read again; the list is sorted by Modified_Time
    (`by_id`: by the id), and a row that has moved on in it comes later. `observe` gets each
    page as Zoho gave it, with the rows that have moved on since; of an empty one, too, if the page
    before promised more. `promised`: rows have been seen that the list should show.
    """

    def __init__(
        self,
        module: str,
        lister: Lister,
        groups: Sequence[Mapping[str, str]],
        since: datetime | None,
        by_ids: Callable[[set[str], Callable[[Row], bool]], dict[str, Row]],
        observe: Callable[[list[Row]], None],
        *,
        by_id: bool,
        promised: bool,
    ) -> None:
        order = {"sort_by": "id" if by_id else CURSOR_FIELD, "sort_order": "asc"}
        # The others are asked for when the first has shown rows.
        self._first, *self._others = (
            _Chain(
                module,
                lister,
                {**columns, **order},
                since,
                by_id=by_id,
                promised=promised or number > 0,
            )
            for number, columns in enumerate(groups)
        )
        self._by_ids = by_ids
        self._by_id = by_id
        self._observe = observe
        #: Its reader has had all that it wants; False where a page token has expired, or a page is
        #: out of reach.
        self.complete = True
        #: Its next page is one of those.
        self.out_of_reach = False

    def __iter__(self) -> Iterator[list[Row]]:
        try:
            yield from self._read_pages()
        except Refused as refusal:
            # A list by id cannot go on elsewhere.
            self.out_of_reach = refusal.code in OUT_OF_REACH and not self._by_id
            if refusal.code != TOKEN_EXPIRED and not self.out_of_reach:
                raise
            self.complete = False

    def _read_pages(self) -> Iterator[list[Row]]:
        promised = False
        while page := self._first.read_next():
            promised = self._first.more
            torn: set[str] = set()
            for chain in self._others:
                torn |= join_columns(page, chain.read_rows_of(page))
            whole = self._reread(page, torn) if torn else page
            # A refusal of another column group's page keeps this one from its reader.
            self._observe(page)
            yield whole
        if promised:
            # Its rows have moved forward past a border of pages, or are gone.
            self._observe([])

    @property
    def more(self) -> bool:
        """Whether more pages follow."""
        return self._first.more

    def _reread(self, page: list[Row], torn: set[str]) -> list[Row]:
        """The page with its torn rows read again, without those that are elsewhere now."""
        timestamps = {row["id"]: row.get(CURSOR_FIELD) for row in page}
        again = self._by_ids(
            torn, lambda row: self._by_id or row.get(CURSOR_FIELD) == timestamps[row["id"]]
        )
        whole = (again.get(row["id"]) if row["id"] in torn else row for row in page)
        return [row for row in whole if row is not None]


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
        lister: Lister,
        params: Mapping[str, str],
        since: datetime | None,
        *,
        by_id: bool,
        promised: bool,
    ) -> None:
        self._lister = lister
        self._repeats = RepeatedPages(module)
        self._params = dict(params)
        self._since = since
        self._by_id = by_id
        self._promised = promised
        self._page = 1
        self.more = True
        self._ahead: dict[str, Row] = {}

    def read_next(self) -> list[Row]:
        """The next page; empty after the last."""
        if not self.more:
            return []
        page = self._lister(self._params, self._since, promised=self._promised)
        self._repeats.check(page)
        self._page += 1
        self.more = page.more and bool(page.rows)
        self._params.pop("page", None)
        if page.next_token:
            self._params["page_token"] = page.next_token
        else:
            self._params["page"] = str(self._page)
        return convert_timestamps(page.rows)

    def read_rows_of(self, page: list[Row]) -> dict[str, Row]:
        """This list's rows of the page by id, read as far as its last one; rows after it wait.

        Where lists have the rows of a second in different orders, not all may be among them.
        """
        last = page[-1]
        place = self._find_place(last)
        while last["id"] not in self._ahead and self.more and len(self._ahead) < _MOST_AHEAD:
            read = self.read_next()
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
