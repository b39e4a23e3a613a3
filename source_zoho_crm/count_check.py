"""Whether Zoho counts as many records as a run has read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.asking import ask
from source_zoho_crm.readers import Row
from source_zoho_crm.readers.emitted_ids import EmittedIds
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.row_count import can_be_counted, count_exactly
from source_zoho_crm.readers.steps import Question
from source_zoho_crm.readers.tombstones import DELETED_AT, describe_unlisted
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window, format_timestamp
from source_zoho_crm.verdicts import Verdict
from zoho_crm.counts import count
from zoho_crm.settings import BEGINNING

#: After all that is edited while a module is read and counted.
_FAR = timedelta(days=365)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class CountCheck:
    """Counts the records that a read passes on, each once, and then those in Zoho.

    All records on a first or full read; later those whose Modified_Time lies in what the run read.
    It never fails a read: what cannot be counted is said.
    """

    plan: ReadPlan
    answer: Callable[[Question], Any]
    _ids: EmittedIds = field(default_factory=EmittedIds)

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if not row.get(DELETED_AT):
                self._ids.add(row["id"])

    def judge(self, now: datetime, refreshed: Window | None) -> Verdict:
        """`refreshed`: what the run has read before its span."""
        span = self.plan.span
        if span and span.since > span.end and not refreshed:
            # Nothing was to be read.
            return Verdict(0, None)
        read, window = len(self._ids), self._choose_window(refreshed)
        sentence = None
        try:
            number = self._count(window)
            if number is None:
                sentence = f"{read:,} read, and not counted: no call of this API version counts."
            elif number != read:
                later = self._count_later() if number > read or window else 0
                sentence = self._compare(read, number, window, later)
        except AirbyteTracedException as error:
            sentence = f"{read:,} read, and not counted. {error.message}"
        parts = (sentence, self._name_unlisted(now))
        return Verdict(read, " ".join(part for part in parts if part) or None)

    def _count(self, window: Window | None) -> int | None:
        if not can_be_counted(self.plan):
            return None
        return ask(count_exactly(self.plan, window), self.answer)

    def _choose_window(self, refreshed: Window | None) -> Window | None:
        """None: all records."""
        plan = self.plan
        if plan.span and plan.span.since > plan.start and not refreshed:
            return Window(plan.span.since, plan.span.end)
        # No start date cuts a module without Modified_Time.
        cut = self._is_stamped and (plan.span is not None or plan.module.is_child)
        if not cut or plan.start == datetime.fromisoformat(BEGINNING):
            return None
        return Window(plan.start, plan.end + _FAR)

    @property
    def _is_stamped(self) -> bool:
        return any(column.api_name == CURSOR_FIELD for column in self.plan.fields)

    def _count_later(self) -> int:
        """Records that were modified after the end of what was read, and so left to a next sync."""
        if self.plan.span is None:
            return 0
        end = self.plan.span.end
        return self._count(Window(end + _SECOND, end + _FAR)) or 0

    def _compare(self, read: int, number: int, window: Window | None, later: int) -> str | None:
        apart = f"{abs(number - read):,} {'more' if number > read else 'fewer'} than read"
        of = (
            f" with a Modified_Time from {format_timestamp(window.start)} on"
            if window and self.plan.span and window.start > self.plan.start
            else ""
        )
        sentence = f"{read:,} read, {number:,} in Zoho{of}: {apart}."
        if later:
            one = "was modified since the end of what was read; the next sync reads it."
            many = "were modified since the end of what was read; the next sync reads them."
            sentence += f" {count(later, one, many)}"
        if not later or number - later != read:
            sentence += " Edits, new records and deletions meanwhile are a possible cause."
            if self.plan.module.is_convertible:
                sentence += " So are converted records, which are read and may not be counted."
            if not self.plan.queries:
                sentence += " Zoho's record count may be some minutes late."
        return sentence

    def _name_unlisted(self, now: datetime) -> str | None:
        since = self.plan.deleted_since
        unlisted = describe_unlisted(since, now) if since else None
        if unlisted is None:
            return None
        return (
            f"Zoho no longer lists what was deleted {unlisted}: such rows stay in the warehouse "
            "until the stream is refreshed."
        )
