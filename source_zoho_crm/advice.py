"""Whether another retrieval method would have cost less."""

import threading
from collections import Counter
from collections.abc import Mapping
from math import ceil

from source_zoho_crm.prices import Prices

#: A module with so few rows is one query, or one page of a list.
_FEW = 200
#: Credits that must be saved in all.
_ENOUGH = 100
_METHODS = {
    "COQL": "set Use COQL to Enabled",
    "REST": "set Use COQL to Disabled and API type to REST",
    "Bulk": "set Use COQL to Disabled and API type to Bulk",
}


class Advice:
    """What the reads of a run have cost, and would have cost by each retrieval method.

    For the source as a whole, which has one retrieval method. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._credits = 0
        self._costs: Counter[str] = Counter()

    def count_read(
        self,
        *,
        rows: int,
        columns: int,
        credits_: int,
        version: Mapping[str, int],
        rich_text: bool,
    ) -> None:
        """A module was read for so many credits.

        `rich_text`: lists may cut texts of the module, and what fetching them costs is not known.
        """
        costs = _compute_costs(rows, columns, version)
        if rich_text:
            costs["REST"] = max(costs["REST"], credits_)
        with self._lock:
            self._credits += credits_
            self._costs.update(costs)

    def build_sentence(self, method: str) -> str | None:
        """Where another than this method saves half of the credits, and a hundred."""
        others = {name: cost for name, cost in self._costs.items() if name != method}
        best = min(others, key=lambda name: others[name], default=None)
        if best is None:
            return None
        saved = self._credits - others[best]
        if saved * 2 < self._credits or saved < _ENOUGH:
            return None
        return (
            f"The records that changed cost {self._credits:,} credits by {method}; by {best} they "
            f"would have cost about {others[best]:,} ({_METHODS[best]})."
        )


def _compute_costs(rows: int, columns: int, version: Mapping[str, int]) -> dict[str, int]:
    """Credits of each retrieval method, id and cursor being in every column group.

    The id alone is a call, too, and so is finding out that there are no rows.
    """
    columns = max(columns, 1)
    prices = Prices(
        version,
        query_groups=ceil(columns / version["coql_columns"]),
        list_groups=ceil(columns / (version["rest_columns"] or columns)),
    )
    lists = prices.of_lists(rows)
    if rows <= _FEW:
        # Bulk lists them.
        return {"COQL": prices.query_groups if rows else 1, "REST": lists, "Bulk": lists}
    return {"COQL": prices.of_windows(rows), "REST": lists, "Bulk": prices.of_exports(rows)}
