"""Packed records: many records travel through the CDK as one.

A record that goes alone through the CDK's queue, counters, serializer and printer costs about 16 µs
there. So the rows of a page are packed, fifty at a time, into finished JSON lines, which travel as
one record and are printed as they are. Queue, statuses and states stay the CDK's own.
"""

import logging
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from airbyte_cdk.connector import TConfig
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConnectorSpecification,
    Type,
)
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)

from source_zoho_crm.readers.windows import CURSOR_FIELD

Row = dict[str, Any]

_KEY = "_packed"
_ROWS = 50
#: Packs that wait to be printed.
PACKS_IN_FLIGHT = 200


@dataclass(frozen=True, slots=True)
class PackedRecords:
    """RECORD messages of one stream: so many lines, each with its newline."""

    text: str
    rows: int


def pack(stream: str, rows: Sequence[Row], cursor: str | None) -> Iterator[Row]:
    """The rows as the data of few records. `cursor`: what the CDK's cursor sees of them.

    Nulls stay in the lines, where the CDK's printer would drop them: a destination must
    distinguish a cleared field from one that was not read.
    """
    dumps, newline = orjson.dumps, orjson.OPT_APPEND_NEWLINE
    now = time.time_ns() // 1_000_000
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        text = b"".join(
            [
                dumps(
                    {
                        "type": "RECORD",
                        "record": {"stream": stream, "data": row, "emitted_at": now},
                    },
                    option=newline,
                )
                for row in part
            ]
        ).decode()
        yield {_KEY: PackedRecords(text, len(part)), CURSOR_FIELD: cursor}


def limit_packs_in_flight(source: ConcurrentDeclarativeSource) -> None:
    """Limits the CDK's queue between reading and printing.

    A place holds fifty records, and the CDK's 10,000 places are gigabytes when the reader is slow.
    The CDK has no setting for it: the queue is private."""
    source._concurrent_source._queue.maxsize = PACKS_IN_FLIGHT


def get_packed(message: AirbyteMessage) -> PackedRecords | None:
    """The packed records that a message carries, if it does."""
    if message.type != Type.RECORD or message.record is None:
        return None
    packed = message.record.data.get(_KEY)
    return packed if isinstance(packed, PackedRecords) else None


def unpack(messages: Iterable[AirbyteMessage]) -> Iterator[AirbyteMessage]:
    """The messages with packed records turned into records, for callers without our entrypoint."""
    for message in messages:
        packed = get_packed(message)
        if packed is None:
            yield message
        else:
            for line in packed.text.split("\n")[:-1]:
                yield AirbyteMessageSerializer.load(orjson.loads(line))


class PackedEntrypoint(AirbyteEntrypoint):
    """Prints the packed records of a source."""

    def read(
        self,
        source_spec: ConnectorSpecification,
        config: TConfig,
        catalog: Any,
        state: list[Any],
    ) -> Iterable[AirbyteMessage]:
        for message in super().read(source_spec, config, catalog, state):
            packed = get_packed(message)
            if packed is None:
                yield message
            else:
                sys.stdout.write(packed.text)

    @staticmethod
    def handle_record_counts(
        message: AirbyteMessage,
        stream_message_count: defaultdict[HashableStreamDescriptor, float],
    ) -> AirbyteMessage:
        packed = get_packed(message)
        if packed is not None and message.record is not None:
            stream = HashableStreamDescriptor(message.record.stream, message.record.namespace)
            stream_message_count[stream] += packed.rows - 1
        return AirbyteEntrypoint.handle_record_counts(message, stream_message_count)


def hide_record_counts(entry: logging.LogRecord) -> bool:
    """A log filter. The CDK counts messages: its own "Read N records" would count packs."""
    return not (entry.msg.startswith("Read ") and " records from " in entry.msg)
