"""What the log says of a run: its price, its progress, what it did and has cost."""

import logging
import math
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import NamedTuple

from destination_zoho_crm.calls import most_records
from destination_zoho_crm.plan import StreamPlan, label
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.row_counts import RESULTS, Accounts, Total
from zoho_crm.limits import RECORDS_PER_CREDIT
from zoho_crm.org import METADATA, Line

LOGGER = logging.getLogger("airbyte")

#: Of the plan's price.
_PRICED_ROWS = 1_000

#: A line comes after so many seconds, or so many rows that came in.
_SECONDS = 30
_ROWS = 10_000


def price(plan: StreamPlan) -> str:
    """What so many rows cost in full batches. A STATE ends a batch, and so may rows that are
    linked, long keys and whatever is written again; rows of one key make it cheaper."""
    calls = math.ceil(_PRICED_ROWS / most_records(plan))
    inserts = math.ceil(_PRICED_ROWS / RECORDS_PER_CREDIT)
    credits_ = calls if plan.operation == "delete" else inserts
    return (
        f"{_PRICED_ROWS:,} rows cost {credits_:,} credits in {calls:,} calls, if their batches are "
        "full"
    )


class _Moment(NamedTuple):
    at: float
    #: Rows that came in, and those that have an outcome.
    rows: int
    settled: int


class Progress:
    """A line each 30 seconds or 10,000 rows, whichever comes first; none where nothing has moved
    since the line before, so a run that is shorter has none."""

    def __init__(self, accounts: Accounts, ledger: Mapping[str, Line]) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._told = _Moment(monotonic(), 0, 0)

    def tell(self) -> None:
        now, rows, told = monotonic(), self._accounts.rows, self._told
        if now - told.at < _SECONDS and rows - told.rows < _ROWS:
            return
        counts = self._accounts.counts
        settled = counts.total()
        if (rows, settled) == (told.rows, told.settled):
            return
        self._told = _Moment(now, rows, settled)
        rate = (settled - told.settled) / max(now - told.at, 0.001)
        cost = sum(line.credits for line in list(self._ledger.values()))
        written = settled - counts["rejected"] - counts["unchanged"]
        LOGGER.info(
            f"Progress: {rows:,} rows in, {written:,} written, {counts['rejected']:,} rejected; "
            f"{rate:,.0f} rows per second; {cost:,} credits."
        )


def told(totals: Mapping[StreamKey, Total], ledger: Mapping[str, Line]) -> Iterator[str]:
    """A line per stream, and the cost of metadata and the sum."""
    for stream, total in totals.items():
        name = label(stream)
        line = ledger.get(name, Line())
        counts = ", ".join(f"{total.counts[result]:,} {result}" for result in RESULTS)
        missing = total.rows - total.counts.total()
        yield (
            f"Written: {name}: {_count(total.rows, 'row')} = {counts}"
            + (f", {missing:,} not written as far as is known" if missing else "")
            + f"; {_cost(line.calls, line.credits)}, {line.seconds:.1f} s."
        )
        for field, number in total.matched_by.most_common():
            yield (
                f"Matched: {name}: {_count(number, 'row')} changed a record that {field} found, "
                "not the key: Zoho always matches by all unique fields."
            )
        if unchanged := total.counts["unchanged"]:
            yield (
                f"Unchanged: {name}: {_count(unchanged, 'row')} brought nothing but the key, so "
                "nothing was written."
            )
        if total.absent:
            yield (
                f"Deleted: {name}: {total.absent:,} of {total.counts['deleted']:,} deletions found "
                "no record: it was deleted before, or never there."
            )
    lines = ledger.values()
    yield (
        f"Cost: {_cost(sum(line.calls for line in lines), sum(line.credits for line in lines))} "
        "in all, "
        f"{ledger.get(METADATA, Line()).calls:,} calls of them for metadata."
    )


def doubts(totals: Mapping[StreamKey, Total]) -> Iterator[str]:
    """A line per stream that has done nothing it was meant to do."""
    for stream, total in totals.items():
        if total.absent and total.absent == total.counts["deleted"]:
            yield (
                f"{label(stream)}: not one of {total.absent:,} deletions found its record. Look "
                "whether its keys are of this org and this module."
            )


def rejections(totals: Mapping[StreamKey, Total]) -> Iterator[str]:
    """A line per stream and reason."""
    for stream, total in totals.items():
        for (code, field, said), number in total.reasons.most_common():
            where = f" in {field}" if field else ""
            because = f"{code}{where}{said and f': {said}'}"
            yield f"Rejected: {label(stream)}: {number:,} rows by {because}."


def _cost(calls: int, credits_: int) -> str:
    return f"{_count(calls, 'call')}, {_count(credits_, 'credit')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
