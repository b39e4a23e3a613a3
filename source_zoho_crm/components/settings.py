"""Streams of an org's settings."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import StreamSlice

from source_zoho_crm.modules import get_modules
from source_zoho_crm.odd_values import OddValues
from zoho_crm.answers import Row, build_entries_parser
from zoho_crm.directory import is_of_one_module
from zoho_crm.errors import lacks_feature
from zoho_crm.fields import Field, build_caster
from zoho_crm.org import get_org
from zoho_crm.problems import Refused
from zoho_crm.requester import ZohoRequester

LOGGER = logging.getLogger("airbyte")

#: Zoho's only module with pipelines ("Pipeline Metadata").
_WITH_PIPELINES = "Deals"
_NAMELESS = "Zoho gives it no api_name."
#: Streams that show the fields of modules.
STREAMS_OF_FIELDS = frozenset({"fields", "picklist_values"})


@dataclass
class SettingsRetriever(Retriever):
    """Reads the entries at `path`, under `key` of the answer, in pages where there are several.

    `each` repeats the call: for each `module` of the org, or each `layout` of its deals; the
    entries then name it. Columns that the schema calls date-times are RFC 3339 in UTC.

    A feature that the org or some of its modules lack is one line in the log. A permission that
    the user lacks is an error; for some modules or layouts among others, a warning.

    Why not in YAML: a missing feature must be one line in the log and not end the sync, and the
    modules come out of the directory that makes the streams.
    """

    name: str
    requester: ZohoRequester
    config: Mapping[str, Any]
    path: str
    key: str
    each: str = "org"

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Row]:
        odd_values = OddValues(self.name)
        cast = build_caster(
            odd_values.watch(
                Field(name, "datetime")
                for name, column in records_schema["properties"].items()
                if column.get("format") == "date-time"
            )
        )
        try:
            yield from map(cast, self._read_entries())
        finally:
            odd_values.report()

    def _read_entries(self) -> Iterator[Row]:
        try:
            if self.each == "org":
                yield from self._read_pages({})
            elif self.each == "layout":
                yield from self._read_each(self._fetch_layouts(), "layout_id")
            else:
                yield from self._read_each(self._find_modules(), "module")
        except Refused as refusal:
            if not lacks_feature(refusal.code):
                raise
            LOGGER.info(f"{self.name}: not available in this org ({refusal.code}).")

    def _read_each(self, names: Iterable[str], what: str) -> Iterator[Row]:
        asked, lacking, refusals = 0, [], {}
        for name in names:
            asked += 1
            try:
                for row in self._read_pages({what: name}):
                    # A related list names the module that it shows under the same key.
                    own = {f"related_{what}": row[what]} if what in row else {}
                    yield {**row, **own, what: name}
            except Refused as refusal:
                if lacks_feature(refusal.code):
                    lacking.append(f"{name} ({refusal.code})")
                elif is_of_one_module(refusal):
                    # UNVERIFIED: that Zoho has INVALID_DATA for a module without such settings;
                    # the docs show it for ids only.
                    refusals[name] = refusal
                else:
                    raise
        if lacking:
            LOGGER.info(f"{self.name}: not available for {', '.join(lacking)}.")
        if not refusals:
            return
        last = next(reversed(refusals.values()))
        if len(refusals) + len(lacking) == asked:
            raise last
        LOGGER.warning(f"{self.name}: nothing for {', '.join(refusals)}. {last.message}")

    def _read_pages(self, params: Mapping[str, str]) -> Iterator[Row]:
        return self.requester.ask_for_entries(
            self.path, self.key, params=params, usage_of=self.name
        )

    def _find_modules(self) -> Iterator[str]:
        modules = get_modules(get_org(self.config))
        for module in modules.read_modules(modules.list_names(self.requester), self.requester):
            if module.not_offered_because is None:
                yield module.api_name

    def _fetch_layouts(self) -> Iterator[str]:
        params = {"module": _WITH_PIPELINES}
        read = build_entries_parser("layouts")
        layouts = self.requester.ask(
            "settings/layouts", read=read, params=params, usage_of=self.name
        )
        yield from (layout["id"] for layout in layouts)


@dataclass
class FieldsRetriever(SettingsRetriever):
    """The `fields` stream: Zoho's metadata of each field, and why records do not carry it.

    Why not in YAML: the reason comes out of the table that makes the columns, and the entries out
    of the answers from which the streams were made, so they cost no call more.
    """

    def _read_pages(self, params: Mapping[str, str]) -> Iterator[Row]:
        directory = get_org(self.config).directory
        entries = directory.ask_for_fields(params["module"], self.requester)
        if isinstance(entries, Refused):
            raise entries
        yield from entries

    def _read_entries(self) -> Iterator[Row]:
        for row in super()._read_entries():
            reason = Field.from_metadata(row).left_out if row.get("api_name") else _NAMELESS
            yield {**row, "offered": reason is None, "not_offered_because": reason}


@dataclass
class PicklistValuesRetriever(FieldsRetriever):
    """The `picklist_values` stream: a row for each value of each picklist that has a name.

    Why not in YAML: the values are nested in the fields of modules, which cost no call more.
    """

    def _read_entries(self) -> Iterator[Row]:
        for field in SettingsRetriever._read_entries(self):
            # The `fields` stream has an entry for one without.
            if name := field.get("api_name"):
                for value in field.get("pick_list_values") or []:
                    yield {**value, "module": field["module"], "field": name}
