"""How many rows a read has, asked before it begins."""

from typing import NamedTuple

from source_zoho_crm.readers import Page
from source_zoho_crm.readers.steps import Count, Query, Task
from source_zoho_crm.readers.windows import MOST_ROWS, Window
from zoho_crm.errors import SCOPE_LACKING
from zoho_crm.problems import Refused


class Counted(NamedTuple):
    """A number of rows, and what the log says of it. `more`: there may be more."""

    rows: int
    text: str
    more: bool = False


def count_rows(window: Window | None, *, aggregates: bool, enough: int) -> Task[Counted]:
    """Rows of a window, None: of the module; one credit.

    Without `aggregates`, or where Zoho refuses to count, queries find out whether there is a row at
    a far place, a credit for each 10,000 rows, until there are `enough`. The answer is half way to
    the first place without one. A refusal of these queries is raised.
    """
    if aggregates:
        rows = yield from _count(window)
        if rows is not None:
            return Counted(rows, f"{rows:,} records")
    found, after = 0, "0"
    while found < enough:
        place = min(MOST_ROWS, enough - found)
        page: Page = yield Query(("id",), 1, window, after=after, offset=place - 1)
        if not page.rows:
            return Counted(found + place // 2, f"fewer than {found + place:,} records")
        found, after = found + place, page.rows[0]["id"]
    return Counted(found, f"{found:,} records and more", more=True)


def _count(window: Window | None) -> Task[int | None]:
    """None: Zoho does not say. UNVERIFIED: that it counts the ids of every module that it lets
    queries read. So a refusal to count, whatever its code, says nothing of queries for rows; only a
    scope that is missing for the one is missing for the others."""
    try:
        rows: int | None = yield Count(window)
    except Refused as refusal:
        if refusal.code == SCOPE_LACKING:
            raise
        return None
    return rows
