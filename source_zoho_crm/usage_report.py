"""What a read has used, logged at its end."""

import logging
from collections.abc import Iterable, Iterator, Mapping

from airbyte_cdk.models import AirbyteMessage, Type

from source_zoho_crm.packed_records import get_packed
from zoho_crm.org import Org
from zoho_crm.usage import StreamUsage

LOGGER = logging.getLogger("airbyte")

_SUMMED = ("calls", "credits")


def report_usage(messages: Iterable[AirbyteMessage], org: Org) -> Iterator[AirbyteMessage]:
    """The messages of a read; at its end, also at a bad one, the log has its cost."""
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


def format_usage(rows: Mapping[str, int], usage: Mapping[str, StreamUsage]) -> Iterator[str]:
    """A line for each stream, the most expensive first, and the sum."""
    streams = {name: usage.get(name, StreamUsage()) for name in rows.keys() | usage.keys()}
    width = max(map(len, streams), default=0)
    for name, used in sorted(streams.items(), key=lambda item: (-item[1].credits, item[0])):
        yield (
            f"Cost: {name:{width}} {rows.get(name, 0):>10,} records {used.calls:>6,} calls "
            f"{used.credits:>7,} credits {used.seconds:>7.1f} s"
        )
    calls, credits_ = (sum(getattr(used, what) for used in streams.values()) for what in _SUMMED)
    yield f"Cost: {sum(rows.values()):,} records, {calls:,} calls, {credits_:,} credits in all."
