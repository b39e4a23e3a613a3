"""What a read has cost, told at its end."""

import logging
from collections.abc import Iterable, Iterator

from airbyte_cdk.models import AirbyteMessage, Type

from source_zoho_crm.packed_records import chunk_of
from zoho_crm.org import Line, Org

LOGGER = logging.getLogger("airbyte")

_SUMMED = ("calls", "credits")


def accounted(messages: Iterable[AirbyteMessage], org: Org) -> Iterator[AirbyteMessage]:
    """The messages of a read; at its end, also at a bad one, the log has its cost."""
    rows: dict[str, int] = {}
    try:
        for message in messages:
            if message.type == Type.RECORD and message.record is not None:
                chunk = chunk_of(message)
                stream = message.record.stream
                rows[stream] = rows.get(stream, 0) + (chunk.rows if chunk else 1)
            yield message
    finally:
        for line in told(rows, org.ledger):
            LOGGER.info(line)


def told(rows: dict[str, int], ledger: dict[str, Line]) -> Iterator[str]:
    """A line for each stream, the dearest first, and the sum."""
    lines = {name: ledger.get(name, Line()) for name in rows.keys() | ledger.keys()}
    width = max(map(len, lines), default=0)
    for name, line in sorted(lines.items(), key=lambda item: (-item[1].credits, item[0])):
        yield (
            f"Cost: {name:{width}} {rows.get(name, 0):>10,} records {line.calls:>6,} calls "
            f"{line.credits:>7,} credits {line.seconds:>7.1f} s"
        )
    calls, credits_ = (sum(getattr(line, what) for line in lines.values()) for what in _SUMMED)
    yield f"Cost: {sum(rows.values()):,} records, {calls:,} calls, {credits_:,} credits in all."
