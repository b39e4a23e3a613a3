"""Which index serves a query in the order of ids: sqlite, without statistics, guesses wrong.

Rows of a window of Modified_Time, in the order of ids, are found in two ways. The index of
times finds a window's rows at once, but all of them, and they must be sorted. The ids are in
order already, but rows outside the window have to be passed over. The first suits a narrow
window, the second a wide one.
"""

import sqlite3

from zoho_emulator.coql.columns import Columns
from zoho_emulator.coql.criteria import Criteria, find_required
from zoho_emulator.coql.tree import Criterion, Query

#: Rows up to which a window is narrow: 10,000 that a query returns, and the deleted among them.
NARROW = 15_000

_RANGES = frozenset({"=", ">", ">=", "<", "<=", "between"})


def column_to_leave_unindexed(
    query: Query, columns: Columns, connection: sqlite3.Connection | None
) -> str | None:
    """The base table's column that no index shall serve, so that the better one does."""
    if connection is None or not _is_by_id(query):
        return None
    times = [criterion for criterion in find_required(query.where) if _is_range(criterion)]
    if not times:
        return None
    window = Criteria(columns, accept_z=True)
    column = columns.find_place(times[0].column).field.column
    where = " AND ".join(window.compile(criterion) for criterion in times)
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {columns.base_sql} WHERE {where} LIMIT ?)"
    (rows,) = connection.execute(sql, [*window.parameters, NARROW]).fetchone()
    return "id" if rows < NARROW else column


def _is_by_id(query: Query) -> bool:
    if query.group or any(item.function for item in query.items):
        return False
    return not query.order or query.order[0].column.text == "id"


def _is_range(criterion: Criterion) -> bool:
    return criterion.column.text == "Modified_Time" and criterion.operator in _RANGES
