"""Which retrieval method a module is read by."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from source_zoho_crm.methods import AUTOMATIC
from source_zoho_crm.prices import Prices
from source_zoho_crm.readers import Page, Reader, Row
from source_zoho_crm.readers.automatic import AutomaticReader
from source_zoho_crm.readers.bulk import BulkReader
from source_zoho_crm.readers.converted import CoqlAndConvertedReader
from source_zoho_crm.readers.coql import CoqlReader
from source_zoho_crm.readers.emission import Emission
from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.moved_rows import MoveDetector
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.rest import RestReader
from source_zoho_crm.readers.rich_text import WholeTexts
from source_zoho_crm.readers.steps import GiveUp, ListRecords, Query, Task
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window, parse_timestamp
from zoho_crm.errors import is_not_served
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

T = TypeVar("T")

#: After all that is edited while a module is read.
_FAR = timedelta(days=365)
_SECOND = timedelta(seconds=1)


class ChosenReader:
    """The reader that the plan names; REST, where Zoho does not serve a module by it."""

    def __init__(self, plan: ReadPlan, emission: Emission) -> None:
        self._plan = plan
        self._emission = emission
        self._texts = WholeTexts(plan.name, plan.fields, at_once=plan.version["rich_ids"])
        self._detector = MoveDetector(plan.name, lists_deletions=plan.module.lists_deletions)
        self._reader = self._choose()
        #: The module is read by REST: Zoho does not serve it by the chosen retrieval method.
        self.replaced_by_rest = False
        #: All rows were asked for by Modified_Time, which those that lack it do not have.
        self.by_time = False
        #: Up to when rows were asked for.
        self.end = plan.end

    @property
    def name(self) -> str:
        return self._reader.name

    def read(self) -> Task[None]:
        """The rows of the plan's span and its windows; without a span, all rows.

        A refusal that it raises concerns more than the retrieval method: REST has refused, too, or
        no other method would succeed.
        """
        yield from self._read_or_fall_back(self._read)

    def read_unwindowed(self) -> Task[None]:
        """All rows, of a module whose windows have shown none.

        Never by exports: one page of a list shows whether any are missing.
        """
        self._emission.drop_windows()
        if isinstance(self._current, BulkReader | AutomaticReader):
            self._reader = self._build_rest()
        yield from self._read_or_fall_back(lambda: self._reader.read_everything())

    def sample(self, window: Window) -> Task[list[Row]]:
        """Some rows, whatever their Modified_Time, with their id and Modified_Time.

        `window`: Zoho has answered that it has no rows. Where a page shows none of it, and not all
        rows, the oldest rows since its start come, too: they show whether it has any.
        """
        return (yield from self._read_or_fall_back(lambda: self._sample(window)))

    def _sample(self, window: Window) -> Task[list[Row]]:
        some: Page = yield self._ask_for_some()
        stamped = [row[CURSOR_FIELD] for row in some.rows if row.get(CURSOR_FIELD)]
        if not (some.more and stamped) or any(map(window.holds, stamped)):
            return some.rows
        times = map(parse_timestamp, stamped)
        later = any(time > window.end for time in times if time)
        since = window.start
        for begin in (since, since + _SECOND):
            try:
                oldest: Page = yield self._ask_for_oldest(begin, promised=later)
            except Refused:
                return some.rows  # it is asked by no reading of this method, so none must fail
            begun = (parse_timestamp(row.get(CURSOR_FIELD)) for row in oldest.rows)
            # A list begins a second early, whose rows may fill the page.
            if not oldest.more or any(time and time >= since for time in begun):
                break
        return [*oldest.rows, *some.rows]

    def _ask_for_some(self) -> Query | ListRecords:
        if isinstance(self._reader, CoqlReader):
            return Query(("id", CURSOR_FIELD), PER_PAGE, after="0")
        params = {"fields": CURSOR_FIELD, "per_page": str(PER_PAGE), "converted": "both"}
        return ListRecords(params)

    def _ask_for_oldest(self, since: datetime, *, promised: bool) -> Query | ListRecords:
        """The oldest rows since then. `promised`: some have been seen."""
        some = self._ask_for_some()
        if isinstance(some, Query):
            window = Window(since, self._plan.end + _FAR)
            return replace(some, window=window, order_by=CURSOR_FIELD, promised=promised)
        params = {**some.params, "sort_by": CURSOR_FIELD, "sort_order": "asc"}
        return ListRecords(params, since, promised=promised)

    def _read_or_fall_back(self, read: Callable[[], Task[T]]) -> Task[T]:
        try:
            return (yield from read())
        except Refused as refusal:
            elsewhere = is_not_served(refusal.code) or refusal.scopes_held
            begun = self._emission.rows
            if begun or not elsewhere or isinstance(self._current, RestReader):
                raise
            LOGGER.info(
                f"{self._plan.name}: {self.name} does not serve this module "
                f"({refusal.message}), so it is read by REST."
            )
            # Else what the other reader has begun would bring its rows as well.
            yield GiveUp()
            self._reader, self.replaced_by_rest = self._build_rest(), True
            return (yield from read())

    def _read(self) -> Task[None]:
        span = self._plan.span
        if span is None:
            yield from self._read_all()
        elif span.since <= span.end:
            yield from self._reader.read_changes(span.since, span.end)

    def _read_all(self) -> Task[None]:
        """All rows of a module that is read whole; of a child, those from the start date on.

        By Modified_Time, where there is one: lists by id end where their page tokens end, and
        exports can be cut by it.
        """
        plan = self._plan
        stamped = any(field.api_name == CURSOR_FIELD for field in plan.fields)
        if not (stamped and plan.module.is_child):
            yield from self._reader.read_everything()
            return
        self.by_time, self.end = True, plan.end + _FAR
        # What is edited meanwhile moves to the end of the span, and has come before.
        self._emission.drop_windows()
        self._emission.drop_repeats()
        if isinstance(self._reader, CoqlReader):
            yield from self._reader.read_moving(plan.start, self.end)
        else:
            yield from self._reader.read_changes(plan.start, self.end)

    def price(self, rows: int) -> int:
        """About how many credits it takes to read so many rows, without calls for rich texts."""
        plan = self._plan
        prices = Prices(
            plan.version,
            query_groups=CoqlReader(plan).groups,
            list_groups=self._build_rest().groups,
            in_steps=plan.in_steps,
        )
        costs = {
            "COQL": prices.of_queries(rows),
            "REST": prices.of_lists(rows),
            "Bulk": prices.of_exports(rows),
        }
        if plan.method != AUTOMATIC:
            return costs[plan.method]
        return min(costs[method] for method in {"REST", *plan.usable})

    @property
    def _current(self) -> Reader:
        """The reader that reads: Automatic is several."""
        reader = self._reader
        return reader.current if isinstance(reader, AutomaticReader) else reader

    def _choose(self) -> Reader:
        plan = self._plan
        if plan.method == AUTOMATIC:
            return AutomaticReader(
                plan,
                self._emission,
                rest=self._build_rest(),
                bulk=BulkReader(plan, self._detector),
                texts=self._texts,
                build_converted=self._add_converted,
            )
        if plan.method == "Bulk":
            return BulkReader(plan, self._detector)
        if plan.method == "REST":
            return self._build_rest()
        coql = CoqlReader(plan)
        return self._add_converted(coql) if plan.module.is_convertible else coql

    def _add_converted(self, coql: CoqlReader) -> CoqlAndConvertedReader:
        return CoqlAndConvertedReader(coql, self._build_rest("true"))

    def _build_rest(self, converted: str = "both") -> RestReader:
        return RestReader(self._plan, self._detector, self._texts, converted=converted)
