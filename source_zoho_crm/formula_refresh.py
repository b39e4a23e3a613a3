"""Formulas and roll-up summaries, read again once a day.

Zoho computes them from other records, and by the clock, without a new Modified_Time. So no read of
changes brings such a value.

UNVERIFIED: that what Zoho's API shows of a formula follows its inputs; Zoho has said that it keeps
the value of the record's last edit. Roll-up summaries follow the records that they sum up.
"""

import logging
from collections.abc import Callable, Generator, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.asking import ask
from source_zoho_crm.readers import Row
from source_zoho_crm.readers.chosen_reader import ChosenReader
from source_zoho_crm.readers.module_read import ModuleRead
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.row_count import count_exactly
from source_zoho_crm.readers.steps import Question
from source_zoho_crm.readers.windows import Span, Window
from source_zoho_crm.selection import is_incremental
from source_zoho_crm.state import FORMULAS_REFRESHED
from zoho_crm.counts import count
from zoho_crm.org import Org

LOGGER = logging.getLogger("airbyte")

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class FormulaRefresh:
    """Sends the rows of a module that a run's read of changes has not sent."""

    config: Mapping[str, Any]
    org: Org
    plan: ReadPlan
    #: What has read the changes.
    read_by: ChosenReader
    #: What the stream's states are made of. Its last one comes after all rows.
    state: MutableMapping[str, Any]
    answer: Callable[[Question], Any]

    def run(
        self, emit: Callable[[ModuleRead], Iterator[Row]]
    ) -> Generator[Row, None, Window | None]:
        """What `emit` yields of a read, if one is due and the org's credits allow it; the answer is
        the rows that were read, None if none were.

        The first sync of a UTC day, by Zoho's clock, refreshes. The day comes into the state when
        all rows have been read; a run that ends before does it again.
        """
        today = self.org.clock.now().date().isoformat()
        if not self._is_due(today):
            return None
        plan = self._build_plan()
        if plan is not None:
            read = ModuleRead(plan)
            read.emission.drop_windows()
            with self._set_aside(self._estimate(plan, read.reader)) as fits:
                if not fits:
                    return None
                yield from emit(read)
            LOGGER.info(
                f"{plan.name}: {count(read.emission.rows, 'unchanged record')} sent by "
                f"{read.reader.name} for formulas and roll-up summaries."
            )
        self.state[FORMULAS_REFRESHED] = today
        return None if plan is None else Window(plan.start, plan.end)

    def _is_due(self, today: str) -> bool:
        plan = self.plan
        return (
            self.config.get("refresh_formulas") == "daily"
            and is_incremental(self.config, plan.name)
            and plan.span is not None
            # A state from the future reads nothing, until that time comes.
            and plan.span.since <= self.org.clock.latest()
            and any(field.computed for field in plan.fields)
            and self.state.get(FORMULAS_REFRESHED) != today
        )

    def _build_plan(self) -> ReadPlan | None:
        """The rows from the start date on; None: the run has read all.

        They end before the run's span, so that no row comes twice. What is edited meanwhile leaves
        them, and comes with the next sync.
        """
        plan = self.plan
        assert plan.span is not None
        end = min(plan.span.since - _SECOND, plan.span.end)
        if end < plan.start:
            return None
        return replace(
            plan,
            method="REST" if self.read_by.replaced_by_rest else plan.method,
            span=Span(plan.start, end, resumed=True, deleted_since=None),
            end=end,
            deleted_since=None,
            # No state moves.
            in_steps=False,
        )

    def _estimate(self, plan: ReadPlan, reader: ChosenReader) -> int | None:
        """About the credits that the read costs; None: these or the org's are not known."""
        if self.org.usage.remaining is None:
            return None
        try:
            rows = ask(count_exactly(plan, Window(plan.start, plan.end)), self.answer)
        except AirbyteTracedException as error:
            LOGGER.info(f"{plan.name}: what a refresh costs is not known. {error.message}")
            return None
        return None if rows is None else reader.price(rows)

    @contextmanager
    def _set_aside(self, cost: int | None) -> Iterator[bool]:
        """Whether there are so many credits; they are not there for other refreshes meanwhile."""
        with self.org.usage.set_aside(cost or 1) as left:
            if left is not None:
                LOGGER.warning(
                    f"{self.plan.name}: formulas and roll-up summaries are not refreshed in this "
                    f"sync. That would cost about {count(cost or 1, 'API credit')}, and "
                    f"{count(max(left, 0), 'is', 'are')} left for it. Changed "
                    "records were read. The next sync tries again."
                )
            yield left is None
