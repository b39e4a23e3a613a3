"""Records of modules: the road, the state, the lines."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.types import Record, StreamSlice

from source_zoho_crm.advice import advice
from source_zoho_crm.lines import chunks
from source_zoho_crm.roads import Road, Row
from source_zoho_crm.roads.bulk import BulkRoad, Lists
from source_zoho_crm.roads.converted import WithConverted
from source_zoho_crm.roads.coql import CoqlRoad, Page
from source_zoho_crm.roads.deleted import forgotten, parameters, tombstones
from source_zoho_crm.roads.rest import ListPage, RestRoad
from source_zoho_crm.roads.rich_text import WholeTexts
from source_zoho_crm.roads.windows import Window, text
from source_zoho_crm.selection import selected_columns
from zoho_crm.bulk_read import BulkRead
from zoho_crm.directory import CURSOR_FIELD, Module
from zoho_crm.fields import Field
from zoho_crm.org import org_of
from zoho_crm.problems import Refused
from zoho_crm.requester import ZohoRequester

LOGGER = logging.getLogger("airbyte")

#: Rows of the last minute are left to the next sync: some of them may not be visible yet.
_MARGIN = timedelta(seconds=60)
_SECOND = timedelta(seconds=1)

#: Codes by which Zoho refuses a module on one road, and may serve it on another.
_NOT_SERVED = frozenset(
    {
        "INVALID_MODULE",
        "INVALID_QUERY",
        "SYNTAX_ERROR",
        "NOT_SUPPORTED",
        "MODULE_NOT_SUPPORTED",
        "MODULE_NOT_AVAILABLE",
        "FIELD_NOT_SUPPORTED",
        "FIELD_NOT_AVAILABLE",
        "FIELD_IN_CRITERIA_NOT_SUPPORTED",
        "FIELD_IN_CRITERIA_NOT_AVAILABLE",
        "JOB_NOT_SUPPORTED",
        "NOT_SUPPORTED_FEATURE",
    }
)


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
        span = self._span(stream_slice) if stream_slice and self._windowed else None
        start = stream_slice["start_time"] if stream_slice and self._windowed else None
        if span and span.resumed and self.config.get("include_deleted", True):
            # First: a state must not pass deletions that are still to be told.
            for page in self._tombstones(span):
                yield from chunks(self.name, page, start)
        rows, closed = 0, []
        road = self._road()
        for part in self._parts(road, span):
            if isinstance(part, Window):
                closed.append(part)
            else:
                rows += len(part)
                yield from self._lines(road, part, start)
            # An initial read without any row may have missed them: see below.
            if rows or (span and span.resumed):
                self._close_all(closed)
        if closed:
            for page in self._unstamped():
                rows += len(page)
                yield from self._lines(road, page, start)
            if not rows:
                self._close_all(closed)
        LOGGER.info(f"{self.name}: {rows} records read by {road.name}.")
        spent = org_of(self.config).ledger.get(self.name)
        if spent and rows and (hint := self._advice(road.name, rows, spent.credits)):
            LOGGER.info(f"{self.name}: {hint}")

    def _advice(self, road: str, rows: int, credits_: int) -> str | None:
        return advice(
            road, rows=rows, columns=len(self._fields), credits_=credits_, version=self._version
        )

    def _lines(self, road: "_Chosen", page: list[Row], start: str | None) -> Iterator[Row]:
        for row in page:
            road.cast(row)
        yield from chunks(self.name, page, start)

    def _close_all(self, windows: list[Window]) -> None:
        for window in windows:
            self._close(window)
        windows.clear()

    def _unstamped(self) -> Iterator[list[Row]]:
        """The records of a module that lists Modified_Time and has none in its records.

        No window finds them. State is not told then, so that the next sync reads them again.
        """
        if self.config["retrieval"]["use_coql"] == "enabled":
            road: Road = self._coql(windowed=False)
        else:
            road = self._rest(windowed=False)
        for number, page in enumerate(road.everything()):
            if any(row.get(CURSOR_FIELD) for row in page):
                # Nothing is missed: its records are older than the start, or of the last minute.
                return
            if number == 0:
                LOGGER.warning(
                    f"{self.name}: Zoho lists Modified_Time among its fields and does not fill it, "
                    "so this module is read whole each time."
                )
            yield page

    @property
    def _windowed(self) -> bool:
        return isinstance(self.cursor, ConcurrentCursor)

    def _span(self, stream_slice: StreamSlice) -> "_Span":
        start = stream_slice["start_time"]
        since = datetime.fromisoformat(start)
        # All rows up to and with a state's second were read.
        resumed = start != self.config["start_datetime"]
        end = org_of(self.config).now().replace(microsecond=0) - _MARGIN
        return _Span(since + _SECOND if resumed else since, end, resumed)

    def _parts(self, road: "_Chosen", span: "_Span | None") -> Iterator[list[Row] | Window]:
        """What the road gives. A module that it does not serve is read by REST."""
        begun = False
        try:
            for part in road.parts(span):
                begun = begun or not isinstance(part, Window)
                yield part
        except Refused as refusal:
            if refusal.code == "NO_PERMISSION" and self._module.internal:
                LOGGER.warning(f"{self.name}: no records. {refusal.message}")
                return
            if begun or refusal.code not in _NOT_SERVED or isinstance(road.road, RestRoad):
                raise
            LOGGER.info(
                f"{self.name}: {road.name} does not serve this module ({refusal.message}), "
                "so it is read by REST."
            )
            road.road = self._rest()
            yield from road.parts(span)

    def _road(self) -> "_Chosen":
        retrieval = self.config["retrieval"]
        if retrieval["use_coql"] != "enabled":
            return _Chosen(self._bulk() if retrieval["api_type"] == "Bulk" else self._rest())
        coql = self._coql(windowed=self._windowed)
        if not self._module.convertible:
            return _Chosen(coql)
        return _Chosen(WithConverted(coql, self._rest("true"), coql.shows, self._rest()))

    def _coql(self, *, windowed: bool) -> CoqlRoad:
        return CoqlRoad(self._query, self.name, self._fields, self._version, windowed=windowed)

    def _rest(self, converted: str = "both", *, windowed: bool | None = None) -> RestRoad:
        return RestRoad(
            self._list,
            self.name,
            self._fields,
            self._version,
            self._texts.mend,
            windowed=self._windowed if windowed is None else windowed,
            converted=converted,
        )

    def _bulk(self) -> BulkRoad:
        rest = self._rest()
        service = BulkRead.made(self.config, self.name)
        lists = Lists(rest.some_id, self._moved, org_of(self.config).now)
        return BulkRoad(service, lists, self.name, self._fields, self._version)

    def _moved(self, since: datetime) -> list[str] | None:
        """The records modified or deleted since then; None: they are more than a page."""
        modified = self._rest().ids(since)
        if modified is None:
            return None
        return [*modified, *(entry["id"] for page in self._deleted(since) for entry in page)]

    def _tombstones(self, span: "_Span") -> Iterator[list[Row]]:
        if lost := forgotten(span.since, org_of(self.config).now()):
            LOGGER.warning(
                f"{self.name}: the last sync was long ago, and Zoho no longer lists what was "
                f"deleted {lost}. A refresh of this stream drops these rows."
            )
        yield from tombstones(self._deleted(span.since), span.since, span.end)

    def _deleted(self, since: datetime) -> Iterator[list[Row]]:
        more, number = True, 1
        headers = _modified_since(text(since - _SECOND))
        while more:
            try:
                body = self.requester.ask(
                    f"{self.name}/deleted",
                    params=parameters(number),
                    headers=headers,
                    line=self.name,
                )
            except Refused as refusal:
                if refusal.code not in _NOT_SERVED:
                    raise
                LOGGER.warning(
                    f"{self.name}: Zoho does not list the deleted records of this module "
                    f"({refusal.code}); they stay in the warehouse."
                )
                return
            if body is None:
                return
            yield body["data"]
            more, number = body["info"]["more_records"], number + 1

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

    @cached_property
    def _module(self) -> Module:
        return org_of(self.config).directory.module(self.name, self.requester)

    @cached_property
    def _fields(self) -> list[Field]:
        """The fields to read: those of the configured catalog that the module has."""
        chosen = selected_columns(self.config, self.name)
        return [
            field
            for field in self._module.fields
            if chosen is None or field.api_name in chosen or field.api_name in ("id", CURSOR_FIELD)
        ]

    @cached_property
    def _texts(self) -> WholeTexts:
        at_once = self._version["rich_ids"]
        return WholeTexts(self._records, self.name, self._fields, at_once=at_once)

    @property
    def _version(self) -> Mapping[str, int]:
        return self.versions[self.config["schema_version"]]

    def _query(self, text: str) -> Page:
        body = self.coql_requester.ask(body={"select_query": text}, line=self.name)
        if body is None:
            return Page([], more=False)
        return Page(body["data"], more=body["info"]["more_records"])

    def _records(self, path: str, params: Mapping[str, str]) -> list[Row]:
        return (self.requester.ask(path, params=params, line=self.name) or {}).get("data") or []

    def _list(self, params: Mapping[str, str], since: str | None) -> ListPage:
        headers = _modified_since(since) if since else None
        body = self.requester.ask(self.name, params=params, headers=headers, line=self.name)
        if body is None:
            return ListPage([], more=False, next_token=None)
        info = body["info"]
        return ListPage(body["data"], info["more_records"], info.get("next_page_token"))


def _modified_since(moment: str) -> dict[str, str]:
    return {"If-Modified-Since": moment.removesuffix("Z") + "+00:00"}


class _Span(NamedTuple):
    """What a run reads of a module: both ends are included."""

    since: datetime
    end: datetime
    #: An earlier run has read all that is older.
    resumed: bool


@dataclass
class _Chosen:
    """The road that is taken; another one when Zoho refuses it."""

    road: Road

    @property
    def name(self) -> str:
        return self.road.name

    def cast(self, row: Row) -> Row:
        return self.road.cast(row)

    def parts(self, span: _Span | None) -> Iterator[list[Row] | Window]:
        if span is None:
            yield from self.road.everything()
        elif span.since <= span.end:
            yield from self.road.changes(span.since, span.end, resumed=span.resumed)


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
