"""A window that was read, as the CDK's cursor takes it."""

from collections.abc import Iterable
from datetime import timedelta

from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record, StreamSlice

from source_zoho_crm.readers.windows import Window, format_timestamp


class WindowPartition(Partition):
    """A window that has been read, as a partition for the CDK's cursor."""

    def __init__(self, stream: str, window: Window) -> None:
        self._stream = stream
        # The cursor joins windows that touch; ours are a second apart.
        start = format_timestamp(window.start - timedelta(seconds=1))
        self._slice = StreamSlice(
            partition={},
            cursor_slice={"start_time": start, "end_time": format_timestamp(window.end)},
        )

    def read(self) -> Iterable[Record]:
        return ()

    def to_slice(self) -> StreamSlice:
        return self._slice

    def stream_name(self) -> str:
        return self._stream

    def __hash__(self) -> int:
        return hash((self._stream, self._slice["start_time"], self._slice["end_time"]))
