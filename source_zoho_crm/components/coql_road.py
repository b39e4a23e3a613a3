"""The COQL road: a module's records by Zoho's query language."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airbyte_cdk.sources.declarative.requesters.requester import Requester
from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record, StreamSlice

from source_zoho_crm.coql_reader import CoqlReader, Page, Row, slices
from source_zoho_crm.lines import chunks
from source_zoho_crm.selection import selected_columns
from source_zoho_crm.windows import Window, text, windows
from zoho_crm.calls import answer, call
from zoho_crm.directory import CURSOR_FIELD, directory
from zoho_crm.fields import Field, caster

LOGGER = logging.getLogger("airbyte")

#: Rows of the last minute are left to the next sync: some of them may not be visible yet.
_MARGIN = timedelta(seconds=60)
_SECOND = timedelta(seconds=1)
#: The first page of a window that continues an earlier sync; most hold fewer rows, and 200 cost the
#: least.
_FEW = 200


@dataclass
class CoqlRetriever(Retriever):
    """Reads one module, in windows of Modified_Time where it has one.

    State moves to a window's end when the whole window is read.

    Why not in YAML: windows follow the data and end at Zoho's clock, pages follow the id, and wide
    rows are put together from slices of columns. The stock COQL set-up (cursor pagination, date
    slices, default normalisation) can do none of it and takes about eight times the CPU.
    """

    name: str
    requester: Requester
    metadata_requester: Requester
    config: Mapping[str, Any]
    versions: Mapping[str, Mapping[str, int]]
    cursor: ConcurrentCursor | None = None

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Row]:
        fields = self._fields()
        cast = caster(fields)
        start = None if stream_slice is None else stream_slice.get("start_time")
        rows = 0
        for page in self._pages(fields, stream_slice):
            for row in page:
                cast(row)
            rows += len(page)
            yield from chunks(self.name, page, start)
        LOGGER.info(f"{self.name}: {rows} records read by COQL.")

    def _pages(
        self, fields: Iterable[Field], stream_slice: StreamSlice | None
    ) -> Iterator[list[Row]]:
        version = self.versions[self.config["schema_version"]]
        windowed = isinstance(self.cursor, ConcurrentCursor) and stream_slice is not None
        reader = CoqlReader(
            self._query,
            self.name,
            slices(
                fields,
                most=version["coql_columns"],
                most_formulas=version["coql_formulas"],
                with_cursor=windowed,
            ),
            most_rows=version["coql_rows"],
        )
        if stream_slice is None or not windowed:
            yield from reader.everything()
            return
        since = datetime.fromisoformat(stream_slice["start_time"])
        resumed = stream_slice["start_time"] != self.config["start_datetime"]
        if resumed:
            since += _SECOND
        yield from self._windows(reader, since, resumed)

    def _windows(self, reader: CoqlReader, since: datetime, resumed: bool) -> Iterator[list[Row]]:
        end = directory(self.config).now().replace(microsecond=0) - _MARGIN
        if since > end:
            return
        if not resumed:
            # The years before the oldest record would each cost a call.
            oldest = reader.oldest(Window(since, end))
            if oldest is None or oldest > since:
                self._close(Window(since, end if oldest is None else oldest - _SECOND))
            if oldest is None:
                return
            since = oldest
        plan = windows(since, end)
        window = next(plan)
        while True:
            rows = 0
            for page in reader.window(window, first_limit=_FEW if resumed else 10**9):
                rows += len(page)
                yield page
            self._close(window)
            try:
                window = plan.send(rows)
            except StopIteration:
                return

    def _close(self, window: Window) -> None:
        """State is told once per window: the stock cursor's look at each row costs 11 µs."""
        assert isinstance(self.cursor, ConcurrentCursor)
        part = _WindowRead(self.name, window)
        self.cursor.observe(
            Record(
                data={CURSOR_FIELD: text(window.end)},
                stream_name=self.name,
                associated_slice=part.to_slice(),
            )
        )
        self.cursor.close_partition(part)

    def _fields(self) -> list[Field]:
        """The fields to read: those of the configured catalog that the module has."""
        module = directory(self.config).module(self.name, self.metadata_requester)
        chosen = selected_columns(self.config, self.name)
        return [
            field
            for field in module.fields
            if chosen is None or field.api_name in chosen or field.api_name in ("id", CURSOR_FIELD)
        ]

    def _query(self, text: str) -> Page:
        body = answer(call(self.requester, body={"select_query": text}))
        if body is None:
            return Page([], more=False)
        return Page(body["data"], more=body["info"]["more_records"])


class _WindowRead(Partition):
    """A window that has been read, in the words of the CDK's cursor."""

    def __init__(self, stream: str, window: Window) -> None:
        self._stream = stream
        # The cursor joins windows that touch; ours are a second apart.
        start = text(window.start - _SECOND)
        self._slice = StreamSlice(
            partition={}, cursor_slice={"start_time": start, "end_time": text(window.end)}
        )

    def read(self) -> Iterable[Record]:
        return ()

    def to_slice(self) -> StreamSlice:
        return self._slice

    def stream_name(self) -> str:
        return self._stream

    def __hash__(self) -> int:
        return hash((self._stream, self._slice["start_time"], self._slice["end_time"]))
