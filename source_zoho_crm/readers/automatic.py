"""The reader that chooses: for each read the retrieval method that costs the fewest credits."""

import logging
from collections.abc import Callable
from datetime import datetime

from source_zoho_crm.prices import Prices
from source_zoho_crm.readers import Page, Reader
from source_zoho_crm.readers.bulk import BulkReader
from source_zoho_crm.readers.converted import CoqlAndConvertedReader
from source_zoho_crm.readers.coql import CoqlReader
from source_zoho_crm.readers.emission import Emission
from source_zoho_crm.readers.export_chain import Ids
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.rest import Handover, Look, RestReader
from source_zoho_crm.readers.rich_text import WholeTexts
from source_zoho_crm.readers.row_count import Counted, count_rows
from source_zoho_crm.readers.steps import GiveUp, Task
from source_zoho_crm.readers.windows import MOST_ROWS, Window
from zoho_crm.errors import PERMISSION_LACKING, SCOPE_LACKING, is_not_served
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Steps in which a number of rows is looked for.
_HOP = 500
#: Credits for finding out that queries hide converted records: two lists, and a query whose empty
#: answer is asked for again. It takes fewer where they show them.
_CONVERTED = 4


class AutomaticReader:
    """Looks at the first rows, and if there are more, counts them and compares prices.

    The first page is a query's, or a list's where that takes fewer calls for all columns, or where
    queries may hide converted records. It is the whole answer for most modules, most of the time;
    else the reading goes on from it, if it goes on by the same method. So a small module costs one
    credit more than by the best method, at most. Of equal prices COQL's counts, for pages by id
    never have to be read again.

    Without queries nothing says how many rows there are: lists are read until they have cost as
    much as an export, and an export brings the others.
    """

    def __init__(
        self,
        plan: ReadPlan,
        emission: Emission,
        *,
        rest: RestReader,
        bulk: BulkReader,
        texts: WholeTexts,
        build_converted: Callable[[CoqlReader], CoqlAndConvertedReader],
    ) -> None:
        self._plan = plan
        self._emission = emission
        self._rest = rest
        self._bulk = bulk
        self._texts = texts
        self._coql = CoqlReader(plan)
        self._converted = build_converted(self._coql) if plan.module.is_convertible else None
        self._usable = {"REST", *plan.usable}
        #: The reader that reads.
        self.current: Reader = rest
        #: The first page of queries, or what that of a list has shown.
        self._page: Page | None = None
        self._look: Look | None = None
        #: How many rows there are; None: not known.
        self._rows: int | None = None
        self._counted: Counted | None = None
        self._hides_converted = False

    @property
    def name(self) -> str:
        return self.current.name

    def read_changes(self, since: datetime, end: datetime, *, promised: bool = False) -> Task[None]:
        yield from self._read(Window(since, end))

    def read_everything(self) -> Task[None]:
        yield from self._read(None)

    def _read(self, window: Window | None) -> Task[None]:
        if self._begins_by_query() and (yield from self._look_by_query(window)):
            assert self._page is not None
            if not self._page.more:
                self.current = self._coql
                if self._page.rows:
                    yield from self._coql.complete(self._page.rows, window)
                if window is not None:
                    yield window
                return
        else:
            self._look = yield from self._rest.look(window and window.start)
            if not (self._look.more or self._look.cut):
                yield from self._read_by_lists(window)
                return
        yield from self._count(window)
        yield from self._read_by_the_cheapest(window)

    def _begins_by_query(self) -> bool:
        fewest = self._coql.groups <= self._rest.groups
        return "COQL" in self._usable and self._converted is None and fewest

    def _look_by_query(self, window: Window | None) -> Task[bool]:
        """Whether queries serve the module."""
        try:
            self._page = yield from self._coql.look(window)
        except Refused as refusal:
            yield from self._leave("COQL", refusal)
            return False
        return True

    def _count(self, window: Window | None) -> Task[None]:
        if self._look and not self._look.more:
            self._rows = self._look.rows
            return
        if "COQL" not in self._usable:
            return
        try:
            yield from self._coql.widen()
            enough = self._find_rows_for_exports()
            aggregates = bool(self._plan.version["coql_aggregates"])
            self._counted = yield from count_rows(window, aggregates=aggregates, enough=enough)
        except Refused as refusal:
            yield from self._leave("COQL", refusal)
            return
        shown = self._look.rows if self._look else len(self._page.rows if self._page else ())
        self._rows = max(self._counted.rows, shown + 1)

    def _read_by_the_cheapest(self, window: Window | None) -> Task[None]:
        while True:
            costs = {"REST": 0} if self._rows is None else self._compute_costs(self._rows)
            method = min(costs, key=lambda name: costs[name])
            try:
                if method == "COQL" and (yield from self._learn_that_converted_are_hidden(window)):
                    continue
                self._tell(method, costs)
                yield from self._read_by(method, window)
            except Refused as refusal:
                if method == "REST":
                    raise
                yield from self._leave(method, refusal)
            else:
                return

    def _learn_that_converted_are_hidden(self, window: Window | None) -> Task[bool]:
        """Whether queries hide converted records, and it was not known: prices change with it."""
        if self._converted is None or self._hides_converted:
            return False
        since = window and window.start
        self._hides_converted = yield from self._converted.are_hidden(since)
        return self._hides_converted

    def _find_rows_for_exports(self) -> int:
        """The fewest rows of which exports cost least, about; a window of queries, where they do
        not serve."""
        if "Bulk" not in self._usable:
            return MOST_ROWS
        for rows in range(_HOP, self._plan.version["bulk_rows"], _HOP):
            costs = self._compute_costs(rows)
            if min(costs, key=lambda name: costs[name]) == "Bulk":
                return rows
        return self._plan.version["bulk_rows"]

    def _compute_costs(self, rows: int) -> dict[str, int]:
        """Credits of the methods that serve, the first page being read; the best of equal ones is
        the first."""
        prices = self._build_prices()
        # Nothing counts those that queries hide. They are taken to be as many as the others.
        hidden = rows if self._hides_converted else 0
        lists = prices.of_lists(rows + hidden) + self._price_texts(rows + hidden)
        costs = {
            "COQL": prices.of_queries(rows) - (self._page is not None),
            "REST": lists - (self._look is not None),
            "Bulk": prices.of_exports(rows + hidden),
        }
        if self._converted:
            costs["COQL"] += prices.of_lists(hidden) if hidden else _CONVERTED
        return {name: cost for name, cost in costs.items() if name in self._usable}

    def _price_texts(self, rows: int) -> int:
        """Calls for rich texts that lists cut: of all rows, unless one page shows all. The oldest
        rows, which come first, may have fewer."""
        cut = self._look.cut if self._look and not self._look.more else rows
        return self._texts.count_calls(cut)

    def _build_prices(self) -> Prices:
        return Prices(
            self._plan.version,
            query_groups=self._coql.groups,
            list_groups=self._rest.groups,
            in_steps=self._plan.in_steps,
        )

    def _read_by(self, method: str, window: Window | None) -> Task[None]:
        if method == "REST":
            yield from self._read_by_lists(window)
            return
        self._rest.forget()
        if method == "Bulk":
            self.current = self._bulk
            if window is None:
                yield from self._bulk.read_everything(promised=True)
            else:
                yield from self._bulk.read_changes(*window, promised=True)
            return
        self.current = self._coql
        rows = self._rows or 0
        if self._converted and self._hides_converted:
            if window is None:
                yield from self._converted.read_everything(promised=True)
            else:
                yield from self._converted.read_changes(*window, promised=True)
        elif window is None or self._plan.span is None or self._fits_one_window:
            yield from self._coql.read_counted(self._page, window, rows)
        else:
            yield from self._coql.read_many(window)

    @property
    def _fits_one_window(self) -> bool:
        more = self._counted is not None and self._counted.more
        return (self._rows or 0) < MOST_ROWS and not more

    def _read_by_lists(self, window: Window | None) -> Task[None]:
        """By lists; where the rows are not counted and exports serve, not by lists alone."""
        self.current = self._rest
        if window is None:
            yield from self._rest.read_everything()
            return
        counted = self._rows is not None and self._converted is None
        most_rows = None
        if "Bulk" in self._usable and not counted:
            most_rows = self._build_prices().count_listed_for_an_export()
        left = yield from self._rest.read_some(*window, promised=True, most_rows=most_rows)
        if left:
            yield from self._read_the_rest(left, window.end)

    def _read_the_rest(self, left: Handover, end: datetime) -> Task[None]:
        before, come = Ids(), self._emission.rows
        before.add({"id": key} for key in left.emitted)
        before.close()
        LOGGER.info(
            f"{self._plan.name}: so many records are left that an export costs fewer credits than "
            "further lists."
        )
        try:
            self.current = self._bulk
            yield from self._bulk.read_changes(left.start, end, promised=True, before=(before,))
        except Refused as refusal:
            if self._emission.rows > come:
                raise
            yield from self._leave("Bulk", refusal, come=come)
            self.current = self._rest
            yield from self._rest.read_some(left.start, end, emitted=left.emitted)

    def _leave(self, method: str, refusal: Refused, *, come: int = 0) -> Task[None]:
        """Goes on without a method that Zoho refuses. `come`: rows that others have brought.

        UNVERIFIED: whether a permission can lack for one method and not for others, such as that to
        export. If it lacks for all, lists are refused as well, and the read fails by them.
        """
        lacking = refusal.code == SCOPE_LACKING
        elsewhere = lacking or is_not_served(refusal.code) or refusal.code in PERMISSION_LACKING
        if self._emission.rows > come or not elsewhere:
            raise refusal
        if lacking and not refusal.scopes_held:
            self._plan.usable.discard(method)
        self._usable.discard(method)
        LOGGER.info(
            f"{self._plan.name}: {method} does not serve this module ({refusal.message}), so it is "
            "read by another retrieval method."
        )
        # Else what its reader has begun would bring its rows as well.
        yield GiveUp()

    def _tell(self, method: str, costs: dict[str, int]) -> None:
        """Says of a large module by what it is read, and why."""
        others = {name: cost for name, cost in costs.items() if name != method}
        if self._counted is None or (self._rows or 0) < MOST_ROWS or not others:
            return
        second = min(others, key=lambda name: others[name])
        LOGGER.info(
            f"{self._plan.name}: {self._counted.text}, read by {method}: about "
            f"{costs[method]:,} credits; by {second} about {others[second]:,}."
        )
