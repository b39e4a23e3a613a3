"""Whether another retrieval method would have cost less."""

from collections.abc import Mapping
from math import ceil

from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.windows import MOST_ROWS
from zoho_crm.limits import CREDITS_OF_AN_EXPORT, compute_query_credits

#: Calls that poll an export and fetch it: rarely more than this.
_POLLS = 10
#: Credits for finding the windows of a module by queries, besides one query per window.
_SEARCH = 5
_METHODS = {
    "COQL": "set Use COQL to Enabled",
    "REST": "set Use COQL to Disabled and API type to REST",
    "Bulk": "set Use COQL to Disabled and API type to Bulk",
}


def advise_method(
    method: str,
    *,
    rows: int,
    columns: int,
    credits_: int,
    version: Mapping[str, int],
    rich_text: bool,
) -> str | None:
    """A sentence where another retrieval method reads these rows for less than half the credits.

    `rich_text`: lists may cut texts of the module, and what fetching them costs is not known.
    """
    costs = {
        name: cost
        for name, cost in _compute_costs(rows, columns, version).items()
        if name != method
    }
    if rich_text:
        costs.pop("REST", None)
    best = min(costs, key=lambda name: costs[name])
    if costs[best] * 2 >= credits_:
        return None
    return (
        f"{rows:,} records of {columns} columns cost {credits_:,} credits by {method}; "
        f"by {best} they would cost about {costs[best]:,} ({_METHODS[best]})."
    )


def _compute_costs(rows: int, columns: int, version: Mapping[str, int]) -> dict[str, int]:
    """Credits of each retrieval method, id and cursor being in every column group ("API Limits").

    The id alone is a call, too.
    """
    columns = max(columns, 1)
    queries = ceil(rows / version["coql_rows"]) * ceil(columns / version["coql_columns"])
    lists = ceil(rows / PER_PAGE) * ceil(columns / (version["rest_columns"] or columns))
    exports = ceil(rows / version["bulk_rows"])
    return {
        "COQL": queries * compute_query_credits(version["coql_rows"]) + rows // MOST_ROWS + _SEARCH,
        "REST": lists,
        "Bulk": exports * (CREDITS_OF_AN_EXPORT + _POLLS),
    }
