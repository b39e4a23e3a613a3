"""Records of modules: state, tombstones, packed records."""

import logging
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.streams.concurrent.cursor import ConcurrentCursor
from airbyte_cdk.sources.types import Record, StreamSlice

from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.calls import Calls
from source_zoho_crm.count_check import CountCheck
from source_zoho_crm.driver import drive
from source_zoho_crm.formula_refresh import FormulaRefresh
from source_zoho_crm.letter_case import build_field_warnings
from source_zoho_crm.methods import AUTOMATIC, find_usable, get_method
from source_zoho_crm.modules import Module, get_modules
from source_zoho_crm.odd_values import OddValues
from source_zoho_crm.packed_records import PACKED, pack
from source_zoho_crm.progress import StreamProgress
from source_zoho_crm.readers import Row
from source_zoho_crm.readers.machine import Machine
from source_zoho_crm.readers.module_read import ModuleRead
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window, format_timestamp
from source_zoho_crm.selection import (
    add_start,
    build_missing_column_warnings,
    get_saved_timestamp,
    get_selected_columns,
    has_state,
    is_incremental,
)
from source_zoho_crm.span import compute_deletions_start, compute_span
from source_zoho_crm.verdicts import format_verdicts
from source_zoho_crm.window_partition import WindowPartition
from zoho_crm.errors import PERMISSION_LACKING, is_not_served
from zoho_crm.fields import Field
from zoho_crm.org import get_org
from zoho_crm.problems import Refused, config_error
from zoho_crm.requester import ZohoRequester, build_requester

LOGGER = logging.getLogger("airbyte")

_SECOND = timedelta(seconds=1)


@dataclass
class RecordsRetriever(Retriever):
    """Reads one module by the retrieval method that the config chose.

    State moves to a window's end when the whole window is read.

    Why not in YAML: windows follow the data and end at Zoho's clock, pages follow the id, and wide
    rows are put together from column groups. The stock COQL set-up (cursor pagination, date
    slices, default normalisation) can do none of it and takes about eight times the CPU.
    """

    name: str
    config: Mapping[str, Any]
    versions: Mapping[str, Mapping[str, int]]
    #: Seconds before now in which a row may not be visible yet.
    margin_s: int
    cursor: ConcurrentCursor | None = None

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Row]:
        try:
            yield from self._read(stream_slice)
        finally:
            self._odd_values.report()

    def _read(self, stream_slice: StreamSlice | None) -> Iterator[Row]:
        windowed = stream_slice is not None and isinstance(self.cursor, ConcurrentCursor)
        start = stream_slice["start_time"] if stream_slice and windowed else None
        self.config = add_start(self.config, self.name, start)
        for warning in build_missing_column_warnings(self.config, self._module):
            LOGGER.warning(warning)
        for warning in build_field_warnings(self.name, (field.api_name for field in self._fields)):
            LOGGER.warning(warning)
        plan = self._plan(start)
        read = ModuleRead(plan)
        check = CountCheck(plan, self._calls.answer) if self.config.get("verify_counts") else None
        try:
            yield from self._emit(read, start, check)
        except Refused as refusal:
            if read.emission.rows or read.emission.of_deletions:
                raise
            self._end_without_rows(refusal)
            return
        self._count_for_advice(read)
        refreshed = yield from self._refresh_formulas(plan, read, start, check)
        if check is not None:
            self._judge(check, refreshed)

    def _emit(self, read: ModuleRead, start: str | None, check: CountCheck | None) -> Iterator[Row]:
        packs = self.config["_zoho"].get(PACKED)
        org = get_org(self.config)
        parts = drive(
            Machine(read.read(), read.emission),
            self._calls.answer,
            most_calls=org.calls_at_once,
            room=get_modules(org).room,
            waits=org.waits,
        )
        progress = StreamProgress(
            self.name, read.span, read.emission, org, get_method=lambda: read.reader.name
        )
        with get_modules(org).progress.watch(progress):
            for part in progress.follow(parts):
                if isinstance(part, Window):
                    self._close_window(part)
                    continue
                if check is not None:
                    check.add(part)
                yield from pack(self.name, part, start) if packs else part

    def _judge(self, check: CountCheck, refreshed: Window | None) -> None:
        org = get_org(self.config)
        verdict = check.judge(org.clock.now(), refreshed)
        if PACKED in self.config["_zoho"]:
            get_modules(org).verdicts[self.name] = verdict
            return
        # Tools that run the manifest alone end without our report.
        for sentence in format_verdicts({self.name: verdict}):
            LOGGER.info(sentence)

    def _refresh_formulas(
        self, plan: ReadPlan, read: ModuleRead, start: str | None, check: CountCheck | None
    ) -> Generator[Row, None, Window | None]:
        """The answer is what was read besides the plan."""
        if start is None or not isinstance(self.cursor, ConcurrentCursor):
            return None
        # The stock cursor carries further keys of a state on.
        state, org = self.cursor.state, get_org(self.config)
        refresh = FormulaRefresh(self.config, org, plan, read.reader, state, self._calls.answer)
        return (yield from refresh.run(lambda rest: self._emit(rest, start, check)))

    def _plan(self, start: str | None) -> ReadPlan:
        """`start`: where the CDK's cursor begins; None: the module is read whole."""
        end = self._end
        span = None if start is None else compute_span(self.config, self.name, start, end)
        incremental = is_incremental(self.config, self.name)
        return ReadPlan(
            module=self._module,
            fields=self._fields,
            version=self._version,
            method=get_method(self.config),
            span=span,
            start=datetime.fromisoformat(self.config["start_datetime"]),
            end=end,
            settled=self._settled,
            deleted_since=span.deleted_since if span else self._find_deletions_start(),
            # A child that is read whole emits no state, and a full refresh resumes from none.
            in_steps=self._module.windowed and incremental,
            wide=get_modules(get_org(self.config)).wide_queries,
            usable=self._usable,
        )

    def _count_for_advice(self, read: ModuleRead) -> None:
        org = get_org(self.config)
        spent = org.usage.by_stream.get(self.name)
        if get_method(self.config) == AUTOMATIC:
            return
        # After a first read the next ones are not like it.
        first = is_incremental(self.config, self.name) and not has_state(self.config, self.name)
        if spent and not (first or read.reader.replaced_by_rest):
            get_modules(org).advice.count_read(
                rows=read.emission.rows,
                columns=len(self._fields),
                # Deletions are listed whatever the retrieval method.
                credits_=spent.credits - self._calls.deletion_calls,
                version=self._version,
                rich_text=any(field.is_rich_text for field in self._fields),
            )

    def _end_without_rows(self, refusal: Refused) -> None:
        """Returns where a module that Zoho refuses altogether may end empty; raises if it may not.

        An empty full refresh would drop the rows of earlier syncs, and after a state they would go
        stale unnoticed. So only a stream that has never emitted one ends empty, and does so each
        time.
        """
        begins = not has_state(self.config, self.name)
        if begins:
            get_modules(get_org(self.config)).records_refused.add(self.name)
        unserved = is_not_served(refusal.code)
        hidden = refusal.code in PERMISSION_LACKING and self._module.is_internal
        if hidden or (unserved and begins and is_incremental(self.config, self.name)):
            LOGGER.warning(f"{self.name}: no records. {refusal.message}")
        elif unserved:
            raise config_error(
                f"{self.name}: Zoho lists this module and refuses its records. {refusal.message} "
                "Deselect the stream.",
                internal=refusal.internal_message,
            ) from refusal
        else:
            raise refusal

    @property
    def _end(self) -> datetime:
        """The end of what is read.

        A full refresh leaves no row to a next sync, so no clock may end it too early.
        """
        org = get_org(self.config)
        if not is_incremental(self.config, self.name):
            return org.clock.latest().replace(microsecond=0)
        return self._settled

    @property
    def _settled(self) -> datetime:
        """What is edited from now on gets a later Modified_Time."""
        now = get_org(self.config).clock.now().replace(microsecond=0)
        return now - timedelta(seconds=self.margin_s)

    def _find_deletions_start(self) -> datetime | None:
        """From when on deletions of a module that is read whole are emitted; None: never.

        A child's stream that is set to incremental was so when Zoho listed removed rows, and only
        tombstones take rows out of its table.
        """
        if not (self._module.is_child and is_incremental(self.config, self.name)):
            return None
        LOGGER.warning(
            f"{self.name}: Zoho has shown no removed row of this kind of module lately, so it is "
            "read whole each time. Rows that were removed and that Zoho does not list stay in the "
            "warehouse. Full refresh with Overwrite drops them."
        )
        return compute_deletions_start(self.config, self.name, self._end)

    def _close_window(self, window: Window) -> None:
        """Moves the state, once per window: the stock cursor's look at each row costs 11 µs.

        A state never goes back: what is read again before it is not part of the window.
        """
        assert isinstance(self.cursor, ConcurrentCursor)
        saved = get_saved_timestamp(self.config, self.name)
        if saved and window.end <= saved:
            return
        start = window.start if saved is None else max(window.start, saved + _SECOND)
        part = WindowPartition(self.name, Window(start, window.end))
        self.cursor.observe(
            Record(
                data={CURSOR_FIELD: format_timestamp(window.end)},
                stream_name=self.name,
                associated_slice=part.to_slice(),
            )
        )
        self.cursor.close_partition(part)

    @property
    def _usable(self) -> set[str]:
        """The retrieval methods that the token's scopes open, one set for all reads of a run."""
        modules = get_modules(get_org(self.config))
        if modules.usable_methods is None and get_method(self.config) == AUTOMATIC:
            modules.usable_methods = set(find_usable(self._requester.granted))
        return modules.usable_methods or set()

    @cached_property
    def _calls(self) -> Calls:
        coql_requester = build_requester("coql_requester", self.config, usage_of=self.name)
        convert = get_org(self.config).clock.at
        return Calls(self.name, self._requester, coql_requester, convert, lambda: self._exports)

    @cached_property
    def _exports(self) -> BulkRead:
        return BulkRead.from_manifest(self.config, self.name)

    @cached_property
    def _requester(self) -> ZohoRequester:
        return build_requester("requester", self.config, usage_of=self.name)

    @cached_property
    def _module(self) -> Module:
        return get_modules(get_org(self.config)).read_module(self.name, self._requester)

    @cached_property
    def _fields(self) -> list[Field]:
        """The fields to read: those of the configured catalog that the module has."""
        chosen = get_selected_columns(self.config, self.name)
        always = ("id", CURSOR_FIELD)
        return self._odd_values.watch(
            field
            for field in self._module.fields
            if chosen is None or field.api_name in chosen or field.api_name in always
        )

    @cached_property
    def _odd_values(self) -> OddValues:
        return OddValues(self.name)

    @property
    def _version(self) -> Mapping[str, int]:
        return self.versions[self.config["schema_version"]]
