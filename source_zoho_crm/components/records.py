"""Records of modules: the road, the state, the lines."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record, StreamSlice

from source_zoho_crm.lines import chunks
from source_zoho_crm.roads import Road, Row
from source_zoho_crm.roads.coql import CoqlRoad, Page
from source_zoho_crm.roads.rest import ListPage, RestRoad
from source_zoho_crm.roads.windows import Window, text
from source_zoho_crm.selection import selected_columns
from zoho_crm.directory import CURSOR_FIELD
from zoho_crm.fields import Field
from zoho_crm.org import org_of
from zoho_crm.requester import ZohoRequester

LOGGER = logging.getLogger("airbyte")

#: Rows of the last minute are left to the next sync: some of them may not be visible yet.
_MARGIN = timedelta(seconds=60)
_SECOND = timedelta(seconds=1)


@dataclass
class RecordsRetriever(Retriever):
    """Reads one module by the road that the config chose.

    State moves to a window's end when the whole window is read.

    Why not in YAML: windows follow the data and end at Zoho's clock, pages follow the id, and wide
    rows are put together from slices of columns. The stock COQL set-up (cursor pagination, date
    slices, default normalisation) can do none of it and takes about eight times the CPU.
    """

    name: str
    #: Its URL is the version's root: lists and metadata.
    requester: ZohoRequester
    coql_requester: ZohoRequester
    config: Mapping[str, Any]
    versions: Mapping[str, Mapping[str, int]]
    cursor: ConcurrentCursor | None = None

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Row]:
        windowed = isinstance(self.cursor, ConcurrentCursor) and stream_slice is not None
        road = self._road(windowed=windowed)
        start = stream_slice["start_time"] if windowed and stream_slice else None
        parts = self._changes(road, start) if start else road.everything()
        rows = 0
        for part in parts:
            if isinstance(part, Window):
                self._close(part)
                continue
            for row in part:
                road.cast(row)
            rows += len(part)
            yield from chunks(self.name, part, start)
        LOGGER.info(f"{self.name}: {rows} records read by {road.name}.")

    def _road(self, *, windowed: bool) -> Road:
        retrieval = self.config["retrieval"]
        version = self.versions[self.config["schema_version"]]
        fields = self._fields()
        if retrieval["use_coql"] == "enabled":
            return CoqlRoad(self._query, self.name, fields, version, windowed=windowed)
        return RestRoad(self._list, self.name, fields, version, windowed=windowed)

    def _changes(self, road: Road, start: str) -> Iterator[list[Row] | Window]:
        since = datetime.fromisoformat(start)
        resumed = start != self.config["start_datetime"]
        if resumed:
            # All rows up to and with the state's second were read.
            since += _SECOND
        end = org_of(self.config).now().replace(microsecond=0) - _MARGIN
        if since <= end:
            yield from road.changes(since, end, resumed=resumed)

    def _close(self, window: Window) -> None:
        """Tells the state, once per window: the stock cursor's look at each row costs 11 µs."""
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
        module = org_of(self.config).directory.module(self.name, self.requester)
        chosen = selected_columns(self.config, self.name)
        return [
            field
            for field in module.fields
            if chosen is None or field.api_name in chosen or field.api_name in ("id", CURSOR_FIELD)
        ]

    def _query(self, text: str) -> Page:
        body = self.coql_requester.ask(body={"select_query": text}, line=self.name)
        if body is None:
            return Page([], more=False)
        return Page(body["data"], more=body["info"]["more_records"])

    def _list(self, params: Mapping[str, str], since: str | None) -> ListPage:
        headers = {"If-Modified-Since": since.removesuffix("Z") + "+00:00"} if since else None
        body = self.requester.ask(self.name, params=params, headers=headers, line=self.name)
        if body is None:
            return ListPage([], more=False, next_token=None)
        info = body["info"]
        return ListPage(body["data"], info["more_records"], info.get("next_page_token"))


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
