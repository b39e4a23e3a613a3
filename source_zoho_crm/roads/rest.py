"""The REST road: records by lists, in the order of their modification."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from source_zoho_crm.roads import Row
from source_zoho_crm.roads.slices import Columns, join, settled, slices
from source_zoho_crm.roads.windows import Window, text
from zoho_crm.directory import CURSOR_FIELD
from zoho_crm.fields import Field, caster, utc
from zoho_crm.problems import config_error

#: Get Records: rows of a page.
_PER_PAGE = 200
#: UNVERIFIED: the docs name no limit of `ids`; a hundred is what Zoho allows elsewhere.
_IDS_AT_ONCE = 100
#: State is told about as often as the COQL road tells it.
_ROWS_OF_A_WINDOW = 50_000
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ListPage:
    rows: list[Row]
    more: bool
    next_token: str | None


#: Sends Get Records with these parameters and this If-Modified-Since.
Lister = Callable[[Mapping[str, str], str | None], ListPage]


class RestRoad:
    """Walks `sort_by=Modified_Time` under `If-Modified-Since`, a chain of pages for each slice.

    The slices are joined as they come; a row that changed between them is read again. A chain ends
    where Zoho's paging does (`rest_chain_rows`), and a new one begins at the last full second
    before; rows that come twice are dropped by id. `mend` fetches whole what a list has cut ("Get
    Records", each version).
    """

    name = "REST"

    def __init__(
        self,
        lister: Lister,
        module: str,
        fields: Sequence[Field],
        version: Mapping[str, int],
        mend: Callable[[list[Row]], None],
        *,
        windowed: bool,
        converted: str = "both",
    ) -> None:
        self._lister = lister
        self._mend = mend
        self._converted = converted
        self._module = module
        self._most_columns = version["rest_columns"]
        self._tokens = bool(version["rest_tokens"])
        self._chain_rows = version["rest_chain_rows"]
        always = (CURSOR_FIELD,) if windowed else ()
        # Where Zoho does not limit `fields`, all columns come in one list.
        most = self._most_columns or len(fields) + len(always)
        self._slices = slices(fields, most=most, always=always)
        self._wanted = {field.api_name for field in fields}
        self._cast = caster(fields)

    def cast(self, row: Row) -> Row:
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
        rows = 0
        for page in self._joined({"sort_by": "id", "sort_order": "asc"}, None):
            rows += len(page)
            if self._tokens and rows > self._chain_rows - _PER_PAGE:
                self._too_many("a module without Modified_Time")
            self._mend(page)
            yield page

    def some_id(self, since: datetime | None) -> str | None:
        """A record modified since then; None: there is none."""
        params = {"fields": "id", "per_page": "1", "converted": self._converted}
        rows = self._lister(params, None if since is None else text(since - _SECOND)).rows
        return rows[0]["id"] if rows else None

    def ids(self, since: datetime) -> list[str] | None:
        """The records modified since then; None: they are more than a page."""
        params = {"fields": "id", "per_page": str(_PER_PAGE), "converted": self._converted}
        page = self._lister(params, text(since - _SECOND))
        return None if page.more else [row["id"] for row in page.rows]

    def _read(self, block: "_Block") -> Iterator[list[Row]]:
        """The rows of a block. Where pages shift when rows leave, it is read until none is new."""
        params = {"sort_by": CURSOR_FIELD, "sort_order": "asc"}
        while True:
            fresh, pages = 0, 0
            # A second earlier: whether the header includes its own second is not documented.
            before = datetime.fromisoformat(block.anchor) - _SECOND
            for page in self._joined(params, text(before)):
                pages += 1
                new = block.take(page)
                fresh += len(new)
                if new:
                    self._mend(new)
                    yield new
                if block.finished:
                    break
                if pages * _PER_PAGE >= self._chain_rows and block.last > block.anchor:
                    block.cut = True
                    break
                if self._tokens and (pages + 1) * _PER_PAGE > self._chain_rows:
                    self._too_many(f"the second {block.anchor}")
            if self._tokens or pages <= 1 or not fresh:
                return
            block.cut = block.finished = False

    def _too_many(self, where: str) -> None:
        raise config_error(
            f"{self._module} has more than {self._chain_rows:,} records in {where}, which Zoho's "
            "REST lists cannot reach. Enable COQL, or choose the API type Bulk."
        )

    def _joined(self, params: Mapping[str, str], since: str | None) -> Iterator[list[Row]]:
        """Pages in order, each row with the columns of all slices."""
        first, *rest = (_Chain(self._lister, self._params(c, params), since) for c in self._slices)
        while page := first.next():
            torn: set[str] = set()
            for chain in rest:
                torn |= join(page, chain.rows_upto(page[-1]))
            yield self._mended(page, torn) if torn else page

    def _mended(self, page: list[Row], torn: set[str]) -> list[Row]:
        """The page with its torn rows read again. One that has moved on comes later in the list."""
        again = settled(sorted(torn), self._slices, self._by_id, at_once=_IDS_AT_ONCE)
        mended = []
        for row in page:
            whole = again.get(row["id"]) if row["id"] in torn else row
            if whole is not None and whole.get(CURSOR_FIELD) == row.get(CURSOR_FIELD):
                mended.append(whole)
        return mended

    def _by_id(self, columns: Columns, ids: Sequence[str]) -> list[Row]:
        params = self._params(columns, {"ids": ",".join(ids)})
        return _in_utc(self._lister(params, None).rows)

    def _params(self, columns: Columns, params: Mapping[str, str]) -> dict[str, str]:
        # Leads: without it converted leads stay hidden; other modules pay no heed.
        chosen = {"per_page": str(_PER_PAGE), "converted": self._converted, **params}
        return {"fields": ",".join(columns), **chosen} if self._most_columns else chosen


def _in_utc(rows: list[Row]) -> list[Row]:
    for row in rows:
        if moment := row.get(CURSOR_FIELD):
            row[CURSOR_FIELD] = utc(moment)
    return rows


class _Chain:
    """The pages of one list."""

    def __init__(self, lister: Lister, params: Mapping[str, str], since: str | None) -> None:
        self._lister = lister
        self._params = dict(params)
        self._since = since
        self._page = 1
        self._more = True
        self._ahead: dict[str, Row] = {}

    def next(self) -> list[Row]:
        """The next page; empty behind the last."""
        if not self._more:
            return []
        page = self._lister(self._params, self._since)
        self._page += 1
        self._more = page.more and bool(page.rows)
        self._params.pop("page", None)
        if page.next_token:
            self._params["page_token"] = page.next_token
        else:
            self._params["page"] = str(self._page)
        return _in_utc(page.rows)

    def rows_upto(self, row: Row) -> dict[str, Row]:
        """The rows by id, read as far as this row; rows behind it wait."""
        place = row.get(CURSOR_FIELD)
        while row["id"] not in self._ahead and self._more:
            page = self.next()
            self._ahead |= {other["id"]: other for other in page}
            if page and place is not None and page[-1][CURSOR_FIELD] > place:
                break
        found = self._ahead
        self._ahead = {
            key: other
            for key, other in found.items()
            if place is not None and other[CURSOR_FIELD] >= place
        }
        return found


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
            moment = row[CURSOR_FIELD]
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
