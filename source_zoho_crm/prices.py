"""What it costs to read a module by each retrieval method, in API credits ("API Limits")."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.windows import MOST_ROWS
from zoho_crm.limits import CREDITS_OF_AN_EXPORT, compute_query_credits

#: Calls that poll an export and fetch it: rarely more than this.
_POLLS = 10
#: Queries for finding the windows of a module, besides one per window.
_SEARCH = 5
#: Row counts at which the price of a query rises.
_STEPS = (200, 1_000)
#: A chain of more exports is cut in steps: so many are made twice, and a step of three is not full.
_LONGEST_CHAIN = 5
_STEP, _AIM = 3, 2.8


def fit_limit(rows: int, most: int) -> int:
    """The cheapest LIMIT that brings so many rows, or the most that the version allows."""
    return next((step for step in _STEPS if rows <= step <= most), most)


@dataclass(frozen=True, slots=True)
class Prices:
    """Of one module. A page takes a call for each column group."""

    #: The manifest's values of the API version.
    version: Mapping[str, int]
    #: Column groups of a query and of a list.
    query_groups: int
    list_groups: int
    #: The state counts, so that it has to move while exports are read.
    in_steps: bool = False

    def of_windows(self, rows: int) -> int:
        """Queries of a module whose number of rows is not known."""
        most = self.version["coql_rows"]
        pages = ceil(rows / most) * self.query_groups
        return pages * compute_query_credits(most) + rows // MOST_ROWS + _SEARCH

    def of_queries(self, rows: int) -> int:
        """Queries of a module with so many rows, the first of which asks for few."""
        if rows >= MOST_ROWS:
            return self.of_windows(rows)
        first, most = _STEPS[0], self.version["coql_rows"]
        full, left = divmod(max(rows - first, 0), most)
        credits_ = full * compute_query_credits(most)
        if left:
            credits_ += compute_query_credits(fit_limit(left, most))
        return (1 + credits_) * self.query_groups

    def of_lists(self, rows: int) -> int:
        return max(ceil(rows / PER_PAGE), 1) * self.list_groups

    def of_exports(self, rows: int) -> int:
        exports = max(ceil(rows / self.version["bulk_rows"]), 1)
        if self.in_steps and exports > _LONGEST_CHAIN:
            steps = ceil(rows / self.version["bulk_rows"] / _AIM)
            exports = _LONGEST_CHAIN + steps * _STEP
        return exports * (CREDITS_OF_AN_EXPORT + _POLLS)

    def count_listed_for_an_export(self) -> int:
        """Rows whose lists cost as much as an export."""
        return self.of_exports(1) // self.list_groups * PER_PAGE
