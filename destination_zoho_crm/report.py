"""What the log says of a run: its price, its progress, what it did and has cost."""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from time import monotonic
from typing import NamedTuple

from destination_zoho_crm.calls import get_max_records
from destination_zoho_crm.links import LinkField
from destination_zoho_crm.lookup_values import MOST_VALUES
from destination_zoho_crm.plan import StreamPlan, format_stream
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.row_counts import RESULTS, RowCounts, StreamCounts
from zoho_crm.counts import count
from zoho_crm.limits import RECORDS_PER_CREDIT
from zoho_crm.usage import METADATA, StreamUsage

LOGGER = logging.getLogger("airbyte")

#: Of the plan's price.
_PRICED_ROWS = 1_000

#: A line comes after so many seconds, or so many rows that came in.
_SECONDS = 30
_ROWS = 10_000


def estimate_cost(plan: StreamPlan, link_fields: Iterable[LinkField]) -> str:
    """The cost of 1,000 rows in full batches. A STATE ends a batch, and so may linked rows, long
    keys and rows that are written again; rows of one key make it cheaper."""
    calls = math.ceil(_PRICED_ROWS / get_max_records(plan))
    inserts = math.ceil(_PRICED_ROWS / RECORDS_PER_CREDIT)
    credits_ = calls if plan.operation == "delete" else inserts
    queries = math.ceil(_PRICED_ROWS / MOST_VALUES)
    terms = [
        f"looking up {column.target} costs up to {queries:,} more credits in {queries:,} calls"
        for column in plan.columns
        if column.key
    ]
    if plan.adds_tags:
        terms.append(
            "adding tags costs one more call and 2 credits for every 100 records that get the same "
            "tags"
        )
    for field in link_fields:
        reads = _PRICED_ROWS if field.reader.reads_singly else queries
        terms.append(
            f"reading the links in {field.name} costs {reads:,} more credits in {reads:,} calls, "
            "and every hundred that are added 10 in one"
        )
    priced = "records with their rows" if plan.table else "rows"
    return (
        f"{_PRICED_ROWS:,} {priced} cost {credits_:,} credits in {calls:,} calls, if their "
        f"batches are full{''.join(f'; {term}' for term in terms)}"
    )


class _Mark(NamedTuple):
    at: float
    #: Rows that came in, and those that have an outcome.
    rows: int
    finished: int


class Progress:
    """A line each 30 seconds or 10,000 rows, whichever comes first; none where nothing has moved
    since the line before, so a run that is shorter has none."""

    def __init__(self, row_counts: RowCounts, usage: Mapping[str, StreamUsage]) -> None:
        self._row_counts = row_counts
        self._usage = usage
        self._last = _Mark(monotonic(), 0, 0)

    def log(self) -> None:
        now, rows, last = monotonic(), self._row_counts.rows, self._last
        if now - last.at < _SECONDS and rows - last.rows < _ROWS:
            return
        counts = self._row_counts.counts
        finished = counts.total()
        if (rows, finished) == (last.rows, last.finished):
            return
        self._last = _Mark(now, rows, finished)
        rate = (finished - last.finished) / max(now - last.at, 0.001)
        cost = sum(spent.credits for spent in list(self._usage.values()))
        written = finished - counts["rejected"] - counts["unchanged"]
        LOGGER.info(
            f"Progress: {count(rows, 'row')} in, {written:,} written, "
            f"{counts['rejected']:,} rejected; {rate:,.0f} rows per second; "
            f"{count(cost, 'credit')}."
        )


def report_streams(
    totals: Mapping[StreamKey, StreamCounts], usage: Mapping[str, StreamUsage]
) -> Iterator[str]:
    """A line per stream, and the cost of metadata and the sum."""
    for stream, total in totals.items():
        name = format_stream(stream)
        spent = usage.get(name, StreamUsage())
        counts = ", ".join(f"{total.counts[result]:,} {result}" for result in RESULTS)
        missing = total.rows - total.counts.total()
        unknown = min(total.unanswered, missing)
        yield (
            f"Written: {name}: {count(total.rows, 'row')} = {counts}"
            + (f", {unknown:,} without a known outcome" if unknown else "")
            + (f", {missing - unknown:,} not sent" if missing > unknown else "")
            + f"; {_format_cost(spent.calls, spent.credits)}, {spent.seconds:.1f} s."
        )
        for field, number in total.matched_by.most_common():
            yield (
                f"Matched: {name}: {count(number, 'row')} changed a record that {field} "
                "found, not the key: Zoho always matches by all unique fields."
            )
        if unchanged := total.counts["unchanged"]:
            yield (
                f"Unchanged: {name}: {count(unchanged, 'row')} brought nothing but the "
                "key, or only rows and links that are there, so nothing was written."
            )
        for field, within in total.within.items():
            yield f"Rows: {name}: {field}: {_format_within(within)}."
        if missed := total.found_no_record:
            of = count(total.counts["deleted"], "deletion")
            yield (
                f"Deleted: {name}: {missed:,} of {of} found no record: "
                f"{'it was' if missed == 1 else 'they were'} deleted before, or never there."
            )
    calls = sum(spent.calls for spent in usage.values())
    credits_ = sum(spent.credits for spent in usage.values())
    yield (
        f"Cost: {_format_cost(calls, credits_)} in all, "
        f"of which {count(usage.get(METADATA, StreamUsage()).calls, 'call')} for metadata."
    )


def report_links(link_fields: Mapping[StreamKey, Iterable[LinkField]]) -> Iterator[str]:
    """A line per field whose links are written to records that are there."""
    for stream, fields in link_fields.items():
        for field in fields:
            counts = _format_within(field.counts, ("added", "removed", "left"))
            yield f"Links: {format_stream(stream)}: {field.name}: {counts}."


def _format_within(
    counts: Mapping[str, int], words: Iterable[str] = ("added", "changed", "removed", "left")
) -> str:
    return ", ".join(f"{counts.get(word, 0):,} {word}" for word in words)


def report_missed_deletions(totals: Mapping[StreamKey, StreamCounts]) -> Iterator[str]:
    """A line per stream that has done nothing it was meant to do."""
    for stream, total in totals.items():
        missed = total.found_no_record
        if missed and missed == total.counts["deleted"]:
            none = "the only deletion" if missed == 1 else f"not one of {missed:,} deletions"
            yield (
                f"{format_stream(stream)}: {none} found {'no' if missed == 1 else 'its'} record. "
                "Check whether its keys are of this org and this module."
            )


def report_rejects(totals: Mapping[StreamKey, StreamCounts]) -> Iterator[str]:
    """A line per stream and reason."""
    for stream, total in totals.items():
        for (code, field, said), number in total.reasons.most_common():
            where = f" in {field}" if field else ""
            because = f"{code}{where}{said and f': {said}'}"
            rows = count(number, "row")
            yield f"Rejected: {format_stream(stream)}: {rows} with {because}."


def _format_cost(calls: int, credits_: int) -> str:
    return f"{count(calls, 'call')}, {count(credits_, 'credit')}"
