"""How many rows there are: about, before a read, and exactly, as Zoho counts them."""

from typing import NamedTuple

from source_zoho_crm.readers import Page
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.steps import Count, CountRecords, Query, Task
from source_zoho_crm.readers.windows import MOST_ROWS, Window
from zoho_crm.errors import SCOPE_LACKING
from zoho_crm.problems import Refused

#: Rows that a query returns for a credit.
_FEW = 200


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


def can_be_counted(plan: ReadPlan) -> bool:
    """Whether a call of the retrieval method and API version counts rows."""
    return plan.queries or bool(plan.version["counts_records"])


def count_exactly(plan: ReadPlan, window: Window | None) -> Task[int | None]:
    """Rows of a window, None: of the module, as Zoho counts them; the answer is None where it does
    not say.

    By queries, where the retrieval method asks any: one, which costs a credit; up to v2.1, which
    cannot count, one for each 10,000 rows, and 14 more for a module of more than 200. Else by
    "Record Count", which v2 lacks.
    """
    rows: int | None
    if not plan.queries:
        rows = (yield CountRecords(window)) if plan.version["counts_records"] else None
    elif plan.version["coql_aggregates"]:
        rows = yield Count(window)
    else:
        rows = yield from _find_number(window)
    return rows


def _find_number(window: Window | None) -> Task[int]:
    """By looking which places hold a row."""
    page: Page = yield Query(("id",), _FEW, window, after="0")
    if not page.more:
        return len(page.rows)
    before, after = 0, "0"
    while rows := (yield _at(MOST_ROWS, window, after)).rows:
        before, after = before + MOST_ROWS, rows[0]["id"]
    least, most = 0, MOST_ROWS - 1
    while least < most:
        place = (least + most + 1) // 2
        if (yield _at(place, window, after)).rows:
            least = place
        else:
            most = place - 1
    return before + least


def _at(place: int, window: Window | None, after: str) -> Query:
    """The row at this place, the first being 1."""
    return Query(("id",), 1, window, after=after, offset=place - 1)
