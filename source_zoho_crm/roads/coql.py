"""Reads a module by COQL: pages by id, slices of columns, whole rows."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from source_zoho_crm.windows import Window, text
from zoho_crm.coql import between, both, select
from zoho_crm.directory import CURSOR_FIELD
from zoho_crm.fields import Field
from zoho_crm.problems import transient_error

Row = dict[str, Any]

#: COQL: at most 50 values in a list.
_IDS_AT_ONCE = 50
_REREADS = 5


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    more: bool


#: Sends a query and returns its page.
Query = Callable[[str], Page]


def slices(
    fields: Iterable[Field], *, most: int, most_formulas: int, with_cursor: bool
) -> list[tuple[str, ...]]:
    """The columns in groups that one select can carry, each with `id` and the cursor, if any.

    `most` counts all columns of a select, `most_formulas` those that Zoho computes.
    """
    carried = ("id", CURSOR_FIELD) if with_cursor else ("id",)
    groups: list[list[Field]] = [[]]
    for field in fields:
        if field.api_name in carried:
            continue
        group = groups[-1]
        if len(group) + len(carried) == most or (
            field.computed and sum(member.computed for member in group) == most_formulas
        ):
            group = []
            groups.append(group)
        group.append(field)
    return [(*carried, *(field.api_name for field in group)) for group in groups]


class CoqlReader:
    """Reads the records of one module, each whole, as Zoho's JSON has them.

    Pages follow the id (`id > last`), so neither the ceiling of offsets nor rows that come and go
    move them. A row that changes while its slices of columns are read is read again ("COQL:
    Overview", "COQL: Limitations").
    """

    def __init__(
        self, query: Query, module: str, column_slices: Sequence[tuple[str, ...]], *, most_rows: int
    ) -> None:
        self._query = query
        self._module = module
        self._slices = column_slices
        self._cursor = CURSOR_FIELD if CURSOR_FIELD in column_slices[0] else None
        self._most_rows = most_rows

    def oldest(self, window: Window) -> datetime | None:
        """Modified_Time of the window's oldest row; None: it has none."""
        rows = self._query(
            select(
                ("id", CURSOR_FIELD),
                self._module,
                _inside(window),
                limit=1,
                order_by=CURSOR_FIELD,
            )
        ).rows
        return datetime.fromisoformat(rows[0][CURSOR_FIELD]) if rows else None

    def window(self, window: Window, *, first_limit: int) -> Iterator[list[Row]]:
        """The window's rows in pages.

        Its first page asks for `first_limit` rows: Zoho may charge by what is asked for
        (UNVERIFIED).
        """
        for page in self._pages(self._slices[0], _inside(window), "0", first_limit):
            yield self._whole(page, window)

    def everything(self) -> Iterator[list[Row]]:
        """All rows of a module without Modified_Time, in pages."""
        for page in self._pages(self._slices[0], None, "0", self._most_rows):
            yield self._whole(page, None)

    def _pages(
        self,
        columns: Sequence[str],
        condition: str | None,
        after: str,
        limit: int,
        upto: str | None = None,
    ) -> Iterator[list[Row]]:
        limit = min(limit, self._most_rows)
        while True:
            ids = f"id > {after}" if upto is None else both(f"id > {after}", f"id <= {upto}")
            where = ids if condition is None else both(condition, ids)
            page = self._query(select(columns, self._module, where, limit=limit))
            if page.rows:
                yield page.rows
            if not page.more or not page.rows:
                return
            after = page.rows[-1]["id"]
            limit = self._most_rows

    def _whole(self, page: list[Row], window: Window | None) -> list[Row]:
        if len(self._slices) == 1:
            return page
        condition = None if window is None else _inside(window)
        before, last = str(int(page[0]["id"]) - 1), page[-1]["id"]
        torn: set[str] = set()
        for columns in self._slices[1:]:
            others = {
                row["id"]: row
                for rows in self._pages(columns, condition, before, self._most_rows, last)
                for row in rows
            }
            torn |= self._join(page, others)
        if not torn:
            return page
        again = self._again(sorted(torn), window)
        return [
            again.get(row["id"], row) for row in page if row["id"] not in torn or row["id"] in again
        ]

    def _join(self, page: list[Row], others: dict[str, Row]) -> set[str]:
        """Adds the other slice's columns to the page's rows.

        Returns the ids of rows that changed between the two.
        """
        torn = set()
        for row in page:
            other = others.get(row["id"])
            if other is None or (self._cursor and other[self._cursor] != row[self._cursor]):
                torn.add(row["id"])
            else:
                row.update(other)
        return torn

    def _again(self, ids: Sequence[str], window: Window | None) -> dict[str, Row]:
        """Whole rows by id.

        A row that is gone is not among them; nor is one that left the window, for it is in a later
        one.
        """
        found: dict[str, Row] = {}
        for start in range(0, len(ids), _IDS_AT_ONCE):
            found |= self._settled(ids[start : start + _IDS_AT_ONCE])
        if window is None:
            return found
        return {key: row for key, row in found.items() if _holds(window, row[CURSOR_FIELD])}

    def _settled(self, ids: Sequence[str]) -> dict[str, Row]:
        condition = f"id in ({', '.join(ids)})"
        for _ in range(_REREADS):
            first, *rest = (
                self._query(select(columns, self._module, condition, limit=_IDS_AT_ONCE)).rows
                for columns in self._slices
            )
            torn = {row["id"] for row in first} ^ {row["id"] for row in rest[0]}
            for rows in rest:
                torn |= self._join(first, {row["id"]: row for row in rows})
            if not torn:
                return {row["id"]: row for row in first}
        raise transient_error(
            f"Records of {self._module} changed each of the {_REREADS} times they were read "
            f"({', '.join(sorted(torn)[:3])}). The next sync goes on from the saved state."
        )


def _inside(window: Window) -> str:
    return between(CURSOR_FIELD, text(window.start), text(window.end))


def _holds(window: Window, moment: str) -> bool:
    return window.start <= datetime.fromisoformat(moment) <= window.end
