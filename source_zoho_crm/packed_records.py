"""Packed records: many records travel through the CDK as one.

A record that goes alone through the CDK's queue, counters, serializer and printer costs about 16 µs
there. So the rows of a page are packed into finished JSON lines, about 256 KB at a time, which
travel as one record and are printed as they are. Statuses and states stay the CDK's own, and so
does its queue, which counts bytes instead of places.
"""

import logging
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import Queue
from typing import Any

import orjson
from airbyte_cdk.connector import TConfig
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import (
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConnectorSpecification,
    Type,
)
from airbyte_cdk.sources import Source
from airbyte_cdk.sources.connector_state_manager import HashableStreamDescriptor
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.sources.types import Record

from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.process import relax_collector

Row = dict[str, Any]

_KEY = "_packed"
#: The key in the config's `_zoho` that asks for packs. Tools that run the manifest without
#: `SourceZohoCrm` do not ask, and get plain records.
PACKED = "packed"
#: Bytes of a pack: its share of what the CDK does for a record is then below 0.2 µs a row.
ENOUGH = 256 * 1024
#: Bytes that may wait to be printed, of all streams; the last pack to find room may exceed them.
MOST_WAITING = 16 * 2**20
#: Packs until the CDK looks at the memory of the container again.
_PACKS_TO_A_LOOK = 20
#: How lines begin in which the CDK tells how a stream goes on.
_PROGRESS = ("Read ", "Marking stream ", "Syncing stream: ", "Finished syncing ")
#: What a message that is not packed counts for.
_SMALL = 2**11


@dataclass(frozen=True, slots=True)
class PackedRecords:
    """RECORD messages of one stream: so many lines, each with its newline."""

    lines: bytes
    rows: int


def pack(stream: str, rows: Iterable[Row], cursor: str | None) -> Iterator[Row]:
    """The rows as the data of few records. `cursor`: what the CDK's cursor sees of them.

    Nulls stay in the lines, where the CDK's printer would drop them: a destination must
    distinguish a cleared field from one that was not read.
    """
    dumps, newline = orjson.dumps, orjson.OPT_APPEND_NEWLINE
    now = time.time_ns() // 1_000_000
    lines, size = [], 0
    for row in rows:
        line = dumps(
            {"type": "RECORD", "record": {"stream": stream, "data": row, "emitted_at": now}},
            option=newline,
        )
        lines.append(line)
        size += len(line)
        if size >= ENOUGH:
            yield {_KEY: PackedRecords(b"".join(lines), len(lines)), CURSOR_FIELD: cursor}
            lines, size = [], 0
    if lines:
        yield {_KEY: PackedRecords(b"".join(lines), len(lines)), CURSOR_FIELD: cursor}


class ByteQueue(Queue[Any]):
    """A queue whose size is the bytes in it; full, it takes nothing more.

    What finds room goes in, whatever its size, so no pack is too large for it. For the rest it is
    the standard library's: nothing waits that has not waited with the CDK's own.
    """

    _bytes = 0

    def _qsize(self) -> int:
        return self._bytes

    def _put(self, item: Any) -> None:
        self._bytes += _count_bytes(item)
        super()._put(item)

    def _get(self) -> Any:
        item = super()._get()
        self._bytes -= _count_bytes(item)
        return item


def _count_bytes(item: object) -> int:
    packed = item.data.get(_KEY) if isinstance(item, Record) else None
    return len(packed.lines) if isinstance(packed, PackedRecords) else _SMALL


def limit_waiting_bytes(source: ConcurrentDeclarativeSource) -> None:
    """Lets the source's CDK queue between reading and printing count bytes.

    A reader of the output that waits then stops the reading of all streams. The CDK has no setting
    for it, the queue is private, and its message repository holds it, too: so it changes in place.
    """
    queue = source._concurrent_source._queue
    queue.__class__ = ByteQueue
    queue.maxsize = MOST_WAITING


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
            for line in packed.lines.split(b"\n")[:-1]:
                yield AirbyteMessageSerializer.load(orjson.loads(line))


class PackedEntrypoint(AirbyteEntrypoint):
    """Prints the packed records of a source."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        # It looks at the container's memory each 5,000 messages, and a pack is hundreds of them.
        self._memory_monitor._check_interval = _PACKS_TO_A_LOOK

    def read(
        self,
        source_spec: ConnectorSpecification,
        config: TConfig,
        catalog: Any,
        state: list[Any],
    ) -> Iterable[AirbyteMessage]:
        reading = False
        for message in super().read(source_spec, config, catalog, state):
            packed = get_packed(message)
            if packed is None:
                yield message
                continue
            if not reading:
                reading = True
                relax_collector()
            _print_lines(packed.lines)

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


def _print_lines(lines: bytes) -> None:
    """As bytes: to decode them, buffer them and encode them again costs a tenth of a read."""
    if sys.stdout is not PRINT_BUFFER or sys.__stdout__ is None:
        sys.stdout.write(lines.decode())
        return
    output, left = sys.__stdout__.fileno(), memoryview(lines)
    # Behind what was printed before, and not inside of what other threads print.
    with PRINT_BUFFER.lock:
        PRINT_BUFFER.flush()
        while left:
            # A signal may cut a write short.
            left = left[os.write(output, left) :]


def hide_stream_progress(entry: logging.LogRecord) -> bool:
    """A log filter for what the CDK says of each stream, four lines or more.

    Statuses come as messages of their own. The CDK counts messages: its "Read N records" would
    count packs.
    """
    return not entry.msg.startswith(_PROGRESS)
