"""Streams of an org's settings that are made of many lists."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from airbyte_cdk.sources.declarative.partition_routers import SubstreamPartitionRouter
from airbyte_cdk.sources.declarative.retrievers import Retriever, SimpleRetriever
from airbyte_cdk.sources.types import StreamSlice

from source_zoho_crm.odd_values import OddValues
from zoho_crm.answers import Row
from zoho_crm.directory import is_of_one_module
from zoho_crm.errors import lacks_feature
from zoho_crm.fields import Field, build_caster
from zoho_crm.org import get_org
from zoho_crm.problems import Refused
from zoho_crm.requester import ZohoRequester, build_requester

LOGGER = logging.getLogger("airbyte")

_NAMELESS = "Zoho gives it no api_name."
#: Streams that show the fields of modules.
STREAMS_OF_FIELDS = frozenset({"fields", "picklist_values"})


@dataclass
class EachPartition(Retriever):
    """Reads a list for each partition, one after another; the entries then name their partition.

    Columns that the schema calls date-times are RFC 3339 in UTC. A feature that some partitions
    lack is one line in the log. A permission that the user lacks is an error; for some partitions
    among others, a warning.

    Why not in YAML: a stock retriever knows no end of all partitions: a feature that 300 modules
    lack is 300 lines, and the first module that the user may not see ends the stream.
    """

    name: str
    config: Mapping[str, Any]
    retriever: Retriever
    partitions: SubstreamPartitionRouter

    def __post_init__(self) -> None:
        (parent,) = self.partitions.parent_stream_configs
        self._what: str = parent.partition_field.eval(self.config)  # type: ignore[union-attr]
        if isinstance(self.retriever, SimpleRetriever):
            # The CDK does so for a partition router of the retriever's own.
            self.retriever.request_option_provider = self.partitions

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Row]:
        odd_values = OddValues(self.name)
        columns = records_schema["properties"].items()
        cast = build_caster(
            odd_values.watch(
                Field(name, "datetime")
                for name, column in columns
                if column.get("format") == "date-time"
            )
        )
        try:
            yield from map(cast, self._read_partitions(records_schema))
        finally:
            odd_values.report()

    def _read_partitions(self, records_schema: Mapping[str, Any]) -> Iterator[Row]:
        asked, lacking, refusals = 0, [], {}
        for partition in self.partitions.stream_slices():
            asked += 1
            name = partition[self._what]
            entries: Iterable[Any] = self.retriever.read_records(records_schema, partition)
            try:
                for row in entries:
                    # A related list names the module that it shows under the same key.
                    own = {f"related_{self._what}": row[self._what]} if self._what in row else {}
                    yield {**row, **own, self._what: name}
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


@dataclass
class FieldsRetriever(Retriever):
    """Zoho's metadata of each field of a module, and why records do not carry it.

    Why not in YAML: the reason comes out of the table that makes the columns, and the entries out
    of the answers from which the streams were made; by a stock retriever, an org of 300 modules
    would pay 300 credits more a sync.
    """

    config: Mapping[str, Any]

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Row]:
        for row in self._read_entries(stream_slice):
            reason = Field.from_metadata(row).left_out if row.get("api_name") else _NAMELESS
            yield {**row, "offered": reason is None, "not_offered_because": reason}

    def _read_entries(self, stream_slice: StreamSlice | None) -> Iterator[Row]:
        assert stream_slice is not None
        directory = get_org(self.config).directory
        module = stream_slice["module"]
        entries = directory.ask_for_fields(module, self._requester)
        if isinstance(entries, Refused):
            raise entries
        yield from _keep_objects(entries, f"the fields of {module}")

    @cached_property
    def _requester(self) -> ZohoRequester:
        return build_requester("requester", self.config)


@dataclass
class PicklistValuesRetriever(FieldsRetriever):
    """A row for each value of each picklist of a module that has a name.

    Why not in YAML: the values are nested in the module's fields, which cost no call more; by a
    stock retriever, 300 credits more for 300 modules.
    """

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterator[Row]:
        for field in self._read_entries(stream_slice):
            # The `fields` stream has an entry for one without.
            if name := field.get("api_name"):
                values = _keep_objects(field.get("pick_list_values"), f"the values of {name}")
                yield from ({**value, "field": name} for value in values)


def _keep_objects(entries: object, what: str) -> list[Row]:
    """The objects of a list; a warning says that something else is left out."""
    kept = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    if entries and kept != entries:
        LOGGER.warning(f"Among {what}, an entry that is not an object is left out.")
    return kept
