"""Streams of an org's settings."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import StreamSlice

from zoho_crm.fields import Field, utc
from zoho_crm.org import org_of
from zoho_crm.problems import Refused
from zoho_crm.requester import ZohoRequester

LOGGER = logging.getLogger("airbyte")

Row = dict[str, Any]

_PER_PAGE = 200
#: Codes that say that the org, its edition, the version or this module lacks the feature.
_LACKING = frozenset(
    {
        "API_NOT_SUPPORTED",
        "AUTHORIZATION_FAILED",
        "FEATURE_NOT_ENABLED",
        "FEATURE_NOT_SUPPORTED",
        "INVALID_DATA",
        "INVALID_MODULE",
        "INVALID_REQUEST",
        "NOT_SUPPORTED",
        "NO_PERMISSION",
    }
)
#: Zoho's only module with pipelines ("Pipeline Metadata").
_WITH_PIPELINES = "Deals"


@dataclass
class SettingsRetriever(Retriever):
    """Reads the entries at `path`, under `key` of the answer, in pages where there are several.

    `each` repeats the call: for each `module` of the org, or each `layout` of its deals; the
    entries then name it. Columns that the schema calls date-times are RFC 3339 in UTC. A feature
    that the org lacks gives no entries and one line in the log.

    Why not in YAML: a feature that is missing must cost one line in the log, not the sync, and the
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
        moments = [
            name
            for name, column in records_schema["properties"].items()
            if column.get("format") == "date-time"
        ]
        lacking: list[str] = []
        for row in self._entries(lacking):
            for name in moments:
                if row.get(name):
                    row[name] = utc(row[name])
            yield row
        if lacking:
            LOGGER.info(f"{self.name}: not available {'; '.join(lacking)}.")

    def _entries(self, lacking: list[str]) -> Iterator[Row]:
        if self.each == "org":
            yield from self._asked({}, "in this org", lacking)
        elif self.each == "layout":
            for layout in self._layouts(lacking):
                for row in self._asked({"layout_id": layout}, f"for layout {layout}", lacking):
                    yield {"layout_id": layout, **row}
        else:
            for module in self._modules():
                for row in self._asked({"module": module}, f"for {module}", lacking):
                    yield {**row, "module": module}

    def _asked(self, params: Mapping[str, str], where: str, lacking: list[str]) -> Iterable[Row]:
        more, page = True, 1
        while more:
            asked = (
                {**params, "page": str(page), "per_page": str(_PER_PAGE)} if page > 1 else params
            )
            try:
                body = self.requester.ask(self.path, params=asked, line=self.name)
            except Refused as refusal:
                if refusal.code not in _LACKING:
                    raise
                lacking.append(f"{where} ({refusal.code})")
                return
            yield from (body or {}).get(self.key) or []
            more = bool(((body or {}).get("info") or {}).get("more_records"))
            page += 1

    def _modules(self) -> Iterator[str]:
        org = org_of(self.config).directory
        for module in org.modules(org.names(self.requester), self.requester):
            if module.refusal is None:
                yield module.api_name

    def _layouts(self, lacking: list[str]) -> Iterator[str]:
        params = {"module": _WITH_PIPELINES}
        try:
            body = self.requester.ask("settings/layouts", params=params, line=self.name)
        except Refused as refusal:
            if refusal.code not in _LACKING:
                raise
            lacking.append(f"for {_WITH_PIPELINES} ({refusal.code})")
            return
        yield from (layout["id"] for layout in (body or {}).get("layouts") or [])


@dataclass
class FieldsRetriever(SettingsRetriever):
    """The `fields` stream: Zoho's metadata of each field, and why records do not carry it.

    Why not in YAML: the reason comes out of the table that makes the columns.
    """

    def _entries(self, lacking: list[str]) -> Iterator[Row]:
        for row in super()._entries(lacking):
            reason = Field.from_metadata(row).left_out
            yield {**row, "offered": reason is None, "not_offered_because": reason}


@dataclass
class PicklistValuesRetriever(SettingsRetriever):
    """The `picklist_values` stream: a row for each value of each picklist.

    Why not in YAML: the values are nested in the fields of modules.
    """

    def _entries(self, lacking: list[str]) -> Iterator[Row]:
        for field in super()._entries(lacking):
            for value in field.get("pick_list_values") or []:
                yield {**value, "module": field["module"], "field": field["api_name"]}
