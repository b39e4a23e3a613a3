"""What a read has used, logged at its end."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airbyte_cdk.models import AirbyteMessage, Type

from source_zoho_crm.methods import get_method
from source_zoho_crm.modules import get_modules
from source_zoho_crm.packed_records import get_packed
from source_zoho_crm.verdicts import format_verdicts
from zoho_crm.org import get_org
from zoho_crm.usage import StreamUsage

LOGGER = logging.getLogger("airbyte")

#: What a stream costs at most of which nothing has changed.
_CHEAP = 2


def report_usage(
    messages: Iterable[AirbyteMessage], config: Mapping[str, Any]
) -> Iterator[AirbyteMessage]:
    """The messages of a read; at its end, also at a bad one, the log has its cost."""
    org = get_org(config)
    rows: dict[str, int] = {}
    try:
        for message in messages:
            if message.type == Type.RECORD and message.record is not None:
                packed = get_packed(message)
                stream = message.record.stream
                rows[stream] = rows.get(stream, 0) + (packed.rows if packed else 1)
            yield message
    finally:
        for sentence in format_usage(rows, org.usage.by_stream):
            LOGGER.info(sentence)
        for sentence in format_verdicts(get_modules(org).verdicts):
            LOGGER.info(sentence)
        # Reads of Automatic are not counted, so that it gets none.
        if advice := get_modules(org).advice.build_sentence(get_method(config)):
            LOGGER.info(advice)


def format_usage(rows: Mapping[str, int], usage: Mapping[str, StreamUsage]) -> Iterator[str]:
    """A line for each stream, the most expensive first, one for those that were cheap and brought
    nothing, and the sum."""
    streams = {name: usage.get(name, StreamUsage()) for name in rows.keys() | usage.keys()}
    quiet = [
        name for name, used in streams.items() if not rows.get(name) and used.credits <= _CHEAP
    ]
    if len(quiet) == 1:
        quiet = []
    told = {name: used for name, used in streams.items() if name not in quiet}
    width = max(map(len, told), default=0)
    for name, used in sorted(told.items(), key=lambda item: (-item[1].credits, item[0])):
        yield (
            f"Cost: {name:{width}} {rows.get(name, 0):>10,} records {used.calls:>6,} calls "
            f"{used.credits:>7,} credits {used.seconds:>7.1f} s"
        )
    if quiet:
        calls, credits_ = _sum_up(streams[name] for name in quiet)
        sum_ = f"{calls:,} calls, {credits_:,} credits"
        yield f"Cost: {len(quiet):,} streams without records, {sum_}."
    calls, credits_ = _sum_up(streams.values())
    yield f"Cost: {sum(rows.values()):,} records, {calls:,} calls, {credits_:,} credits in all."


def _sum_up(usages: Iterable[StreamUsage]) -> tuple[int, int]:
    """Calls and credits."""
    listed = list(usages)
    return sum(used.calls for used in listed), sum(used.credits for used in listed)
