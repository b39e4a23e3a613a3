"""Which retrieval method a module is read by."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.modules import Module
from source_zoho_crm.readers import Reader, Row
from source_zoho_crm.readers.bulk import BulkReader
from source_zoho_crm.readers.calls import Calls
from source_zoho_crm.readers.converted import CoqlAndConvertedReader
from source_zoho_crm.readers.coql import CoqlReader
from source_zoho_crm.readers.emitted_ids import EmittedIds
from source_zoho_crm.readers.moved_rows import MoveDetector
from source_zoho_crm.readers.rest import RestReader
from source_zoho_crm.readers.rich_text import WholeTexts
from source_zoho_crm.readers.windows import CURSOR_FIELD, Span, Window
from source_zoho_crm.selection import is_incremental
from zoho_crm.errors import is_not_served
from zoho_crm.fields import Field
from zoho_crm.org import get_org
from zoho_crm.problems import Refused
from zoho_crm.settings import BEGINNING

LOGGER = logging.getLogger("airbyte")

Part = TypeVar("Part", list[Row] | Window, list[Row])

#: After all that is edited while a module is read.
_FAR = timedelta(days=365)


class ChosenReader:
    """The reader that the config chose; REST, where Zoho does not serve a module by it."""

    def __init__(
        self,
        config: Mapping[str, Any],
        calls: Calls,
        module: Module,
        fields: Sequence[Field],
        version: Mapping[str, int],
    ) -> None:
        self._config = config
        self._calls = calls
        self._module = module
        self._fields = fields
        self._version = version
        self._texts = WholeTexts(
            calls.get_records, module.api_name, fields, at_once=version["rich_ids"]
        )
        self._detector = MoveDetector(
            module.api_name,
            calls.list_records,
            calls.list_deletions,
            get_org(config).clock.at,
            lists_deletions=module.lists_deletions,
        )
        self._reader = self._choose()
        #: The module is read by REST: Zoho does not serve it by the chosen retrieval method.
        self.replaced_by_rest = False
        #: All rows were asked for by Modified_Time, which those that lack it do not have.
        self.by_time = False

    @property
    def name(self) -> str:
        return self._reader.name

    def cast(self, row: Row) -> Row:
        return self._reader.cast(row)

    def read(self, span: Span | None) -> Iterator[list[Row] | Window]:
        """The rows of the span and its windows; None: all rows.

        A refusal that it raises concerns more than the retrieval method: REST has refused, too, or
        no other method would succeed.
        """
        yield from self._read_or_fall_back(lambda: self._read(span))

    def read_unwindowed(self) -> Iterator[list[Row]]:
        """All rows, of a module whose windows have shown none.

        Never by exports: one page of a list shows whether any are missing.
        """
        if isinstance(self._reader, BulkReader):
            self._reader = self._build_rest()
        yield from self._read_or_fall_back(lambda: self._reader.read_everything())

    def _read_or_fall_back(self, read: Callable[[], Iterator[Part]]) -> Iterator[Part]:
        begun = False
        try:
            for part in read():
                begun = begun or not isinstance(part, Window)
                yield part
        except Refused as refusal:
            elsewhere = is_not_served(refusal.code) or refusal.scopes_held
            if begun or not elsewhere or isinstance(self._reader, RestReader):
                raise
            LOGGER.info(
                f"{self._module.api_name}: {self.name} does not serve this module "
                f"({refusal.message}), so it is read by REST."
            )
            self._reader, self.replaced_by_rest = self._build_rest(), True
            yield from read()

    def _read(self, span: Span | None) -> Iterator[list[Row] | Window]:
        if span is None:
            yield from self._read_all()
        elif span.since <= span.end:
            yield from self._reader.read_changes(span.since, span.end, resumed=span.resumed)

    def _read_all(self) -> Iterator[list[Row]]:
        """All rows of a module that is read whole; of a child, those from the start date on.

        By Modified_Time, where there is one: lists by id end where their page tokens end, and
        exports can be cut by it. Queries by id cost less and have no such end.
        """
        start = self._config["start_datetime"]
        stamped = any(field.api_name == CURSOR_FIELD for field in self._fields)
        by_id = start == BEGINNING and isinstance(self._reader, CoqlReader)
        if by_id or not (stamped and self._module.is_child):
            yield from self._reader.read_everything()
            return
        self.by_time = True
        emitted = EmittedIds()
        # What is edited meanwhile moves to the end of the span, and has come before.
        for part in self._reader.read_changes(
            datetime.fromisoformat(start), get_org(self._config).clock.now() + _FAR, resumed=False
        ):
            if not isinstance(part, Window):
                yield [row for row in part if emitted.add(row["id"])]

    def _choose(self) -> Reader:
        retrieval = self._config["retrieval"]
        if retrieval["use_coql"] != "enabled":
            return self._build_bulk() if retrieval["api_type"] == "Bulk" else self._build_rest()
        coql = CoqlReader(self._calls.query, self._module.api_name, self._fields, self._version)
        if not self._module.is_convertible:
            return coql
        return CoqlAndConvertedReader(coql, self._build_rest("true"), coql.shows, self._calls)

    def _build_rest(self, converted: str = "both") -> RestReader:
        return RestReader(
            self._calls.list_records,
            self._detector,
            self._module.api_name,
            self._fields,
            self._version,
            self._texts.restore,
            converted=converted,
        )

    def _build_bulk(self) -> BulkReader:
        name = self._module.api_name
        service = BulkRead.from_manifest(self._config, name)
        # A child that is read whole emits no state, and a full refresh resumes from none.
        steps = self._module.windowed and is_incremental(self._config, name)
        return BulkReader(
            service, self._calls, self._detector, self._fields, self._version, in_steps=steps
        )
