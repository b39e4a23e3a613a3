"""What a read has brought and used: a line at the end of each stream, and the sums at its end."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.models import AirbyteMessage, AirbyteStreamStatus, Type

from source_zoho_crm.methods import get_method
from source_zoho_crm.modules import get_modules
from source_zoho_crm.packed_records import get_packed
from source_zoho_crm.progress import StreamProgress
from source_zoho_crm.verdicts import format_verdicts
from zoho_crm.counts import count
from zoho_crm.org import Org, get_org
from zoho_crm.usage import METADATA, StreamUsage

LOGGER = logging.getLogger("airbyte")

#: What a stream costs at most of which nothing has changed.
_CHEAP = 2
_ENDS = (AirbyteStreamStatus.COMPLETE, AirbyteStreamStatus.INCOMPLETE)


def report_usage(
    messages: Iterable[AirbyteMessage], config: Mapping[str, Any]
) -> Iterator[AirbyteMessage]:
    """The messages of a read, whose progress and cost go to the log, also at a bad end."""
    org = get_org(config)
    rows: dict[str, int] = {}
    quiet: set[str] = set()
    with get_modules(org).progress.reported(org):
        try:
            for message in messages:
                if message.type == Type.RECORD and message.record is not None:
                    packed = get_packed(message)
                    stream = message.record.stream
                    rows[stream] = rows.get(stream, 0) + (packed.rows if packed else 1)
                elif ended := _find_ended_stream(message):
                    _report_stream(*ended, rows, org, quiet)
                yield message
        finally:
            for sentence in format_sums(sum(rows.values()), org.usage.by_stream, quiet):
                LOGGER.info(sentence)
            for sentence in format_verdicts(get_modules(org).verdicts):
                LOGGER.info(sentence)
            # Reads of Automatic are not counted, so that it gets none.
            if advice := get_modules(org).advice.build_sentence(get_method(config)):
                LOGGER.info(advice)


def _find_ended_stream(message: AirbyteMessage) -> tuple[str, bool] | None:
    """The stream of which this is the last status, and whether it has failed."""
    status = message.trace.stream_status if message.trace else None
    if status is None or status.status not in _ENDS:
        return None
    return status.stream_descriptor.name, status.status == AirbyteStreamStatus.INCOMPLETE


def _report_stream(
    stream: str, failed: bool, rows: Mapping[str, int], org: Org, quiet: set[str]
) -> None:
    """`quiet` gets it if it has brought nothing and used next to nothing."""
    used = org.usage.by_stream.get(stream, StreamUsage())
    if not rows.get(stream) and used.credits <= _CHEAP:
        quiet.add(stream)
        return
    read = get_modules(org).progress.reads.get(stream)
    LOGGER.info(format_stream(stream, rows.get(stream, 0), used, read, failed=failed))


def format_stream(
    stream: str, rows: int, used: StreamUsage, read: StreamProgress | None, *, failed: bool
) -> str:
    """The line at the end of a stream. `rows` as they were emitted, tombstones included."""
    deletions = min(read.deletions, rows) if read else 0
    also = f" and {count(deletions, 'deletion')}" if deletions else ""
    by = f" by {read.method}" if read else ""
    return (
        f"{stream}: {'failed after ' if failed else ''}{count(rows - deletions, 'record')}{also} "
        f"read{by} in {used.seconds:,.1f} s, {_format_cost(used.calls, used.credits)}."
    )


def format_sums(rows: int, usage: Mapping[str, StreamUsage], quiet: Iterable[str]) -> Iterator[str]:
    """A line for what no single stream needs, one for the `quiet` streams, and one for all."""
    silent = [usage.get(stream, StreamUsage()) for stream in quiet]
    if silent:
        number = count(len(silent), "stream")
        yield f"Cost: {number} without records, {_sum_up(silent)}."
    if METADATA in usage:
        yield f"Cost: metadata, {_sum_up([usage[METADATA]])}."
    yield f"Cost: {count(rows, 'record')}, {_sum_up(list(usage.values()))} in all."


def _sum_up(usages: Iterable[StreamUsage]) -> str:
    listed = list(usages)
    return _format_cost(sum(used.calls for used in listed), sum(used.credits for used in listed))


def _format_cost(calls: int, credits_: int) -> str:
    return f"{count(calls, 'call')}, {count(credits_, 'credit')}"
