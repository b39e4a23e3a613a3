"""The rows that records have in a subform."""

import logging
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from airbyte_cdk.models import FailureType

from destination_zoho_crm.client import Client
from destination_zoho_crm.external_values import add_external_values
from destination_zoho_crm.lookup_values import MOST_VALUES
from destination_zoho_crm.row_shapes import PARENT, RowShape
from destination_zoho_crm.row_values import NO_VALUES, is_queryable
from destination_zoho_crm.wanted_rows import Row
from zoho_crm.answers import Body, UndocumentedError, build_page_parser
from zoho_crm.coql import build_and, build_in, build_select
from zoho_crm.domains import quote_path_part
from zoho_crm.errors import INVALID_DATA, TOKEN_REFUSED
from zoho_crm.json_text import as_object
from zoho_crm.manifest import load_coql_rows
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: "COQL: Limitations": columns of a query, of the strictest version.
_MOST_COLUMNS = 50
#: A query of so many rows costs one credit, of more two or three ("API Limits").
_STEPS = (200, 1_000, 2_000)
#: Rows that a query leaves room for, beyond those that records had so far.
_ROOM = 1.2

#: By the id of their record; a record without rows may be absent. None: Zoho does not show all.
RowsByRecord = Mapping[str, Sequence[Row] | None]

_PAGE = build_page_parser()


class PresentRows:
    """Reads rows of one stream's subforms: by queries, fifty records each, and where these do not
    serve, record by record. Safe to use from several threads.

    UNVERIFIED: that queries take `Parent_Id` as a criterion for all subforms and line items ("COQL:
    Limitations" sends readers to the modules of rows), and that they show what was just written.
    """

    def __init__(self, client: Client, module: str, usage_of: str) -> None:
        self._client = client
        self._module = module
        self._usage_of = usage_of
        self._most_rows = load_coql_rows(client.config["schema_version"])
        #: By field, Zoho's code for refusing queries of its rows.
        self._refusals: dict[str, str] = {}
        self._lock = threading.Lock()

    def probe(self, shape: RowShape) -> bool:
        """Whether queries serve; asks Zoho."""
        if shape.is_listed:
            try:
                self._query(build_select(("id", PARENT), shape.module.api_name, _ANY, limit=1))
            except Refused as refusal:
                self._refuse(shape, refusal)
        return self.is_queried(shape)

    def is_queried(self, shape: RowShape) -> bool:
        return shape.is_listed and shape.field not in self._refusals

    def read(
        self, shape: RowShape, ids: Sequence[str], columns: Collection[str], *, rows: int
    ) -> RowsByRecord:
        """`columns`: the rows' fields that are compared, and paths to External ID fields; `rows`:
        those that the records are to have, about as many as there are. A record that is not there
        has no rows."""
        ids = list(dict.fromkeys(ids))
        if self.is_queried(shape) and self._are_queryable(shape, columns):
            try:
                return self._query_all(shape, ids, columns, rows / max(1, len(ids)))
            except Refused as refusal:
                self._refuse(shape, refusal)
        found = {record_id: self._read_one(shape, record_id) for record_id in ids}
        return self._add_externals(shape, found, columns)

    def _are_queryable(self, shape: RowShape, columns: Collection[str]) -> bool:
        fields = (shape.module.fields.get(name) for name in columns)
        return len(columns) <= _MOST_COLUMNS - 2 and all(
            field is None or is_queryable(field) for field in fields
        )

    def _refuse(self, shape: RowShape, refusal: Refused) -> None:
        """Raises what would keep single records from being read, too, and what passes."""
        if refusal.code in TOKEN_REFUSED or refusal.failure_type == FailureType.transient_error:
            raise refusal
        with self._lock:
            if shape.field in self._refusals:
                return
            self._refusals[shape.field] = refusal.code
        LOGGER.warning(
            f"{self._usage_of}: Zoho does not let rows of {shape.module.api_name} be queried "
            f"({refusal.code}), so those that are there are read record by record, a call and a "
            "credit each."
        )

    # --- By queries

    def _query_all(
        self, shape: RowShape, ids: Sequence[str], columns: Collection[str], each: float
    ) -> RowsByRecord:
        found: defaultdict[str, list[Row]] = defaultdict(list)
        selected = list(dict.fromkeys(("id", PARENT, *sorted(columns))))
        for first in range(0, len(ids), MOST_VALUES):
            parents = ids[first : first + MOST_VALUES]
            rows = self._query_pages(shape, parents, selected, each)
            # Records of one stream are alike in how many rows they have.
            each = len(rows) / len(parents)
            for row in rows:
                found[_read_parent(row)].append(row)
        return found

    def _query_pages(
        self, shape: RowShape, parents: Sequence[str], columns: Sequence[str], each: float
    ) -> list[Row]:
        of_parents, rows, more = build_in(PARENT, parents), list[Row](), True
        while more:
            where = build_and(of_parents, f"id > {rows[-1]['id']}") if rows else of_parents
            limit = self._choose_limit(len(parents) * each - len(rows))
            page = self._query(build_select(columns, shape.module.api_name, where, limit=limit))
            rows += page.rows
            more = page.more
        return rows

    def _choose_limit(self, expected: float) -> int:
        """Zoho may charge a query by its limit."""
        steps = [step for step in _STEPS if step <= self._most_rows]
        return next((step for step in steps if step >= _ROOM * expected), steps[-1])

    def _query(self, query: str) -> Any:
        return self._client.queries.ask(
            read=_PAGE, body={"select_query": query}, usage_of=self._usage_of
        )

    # --- Record by record

    def _read_one(self, shape: RowShape, record_id: str) -> Sequence[Row] | None:
        """ "Get a Specific Record": with its rows, and `$has_more` where they are not all."""

        def read(body: Body) -> Mapping[str, Any]:
            rows = build_page_parser(infos=False)(body).rows
            if body is not None and len(rows) != 1:
                raise UndocumentedError("it is not one record")
            return rows[0] if rows else {}

        path = f"{quote_path_part(self._module)}/{quote_path_part(record_id)}"
        try:
            record = self._client.metadata.ask(path, read=read, usage_of=self._usage_of)
        except Refused as refusal:
            if refusal.code == INVALID_DATA:
                return ()
            raise
        if as_object(record.get("$has_more")).get(shape.field):
            return None
        rows = record.get(shape.field)
        return [row for row in rows or () if isinstance(row, Mapping) and row.get("id")]

    def _add_externals(
        self, shape: RowShape, found: RowsByRecord, columns: Collection[str]
    ) -> RowsByRecord:
        """A record by itself shows ids of what its rows point at, and no more."""
        paths = [path.partition(".") for path in sorted(columns) if "." in path]
        flat = [(record_id, row) for record_id, rows in found.items() for row in rows or ()]
        rows: Sequence[Row] = [row for _, row in flat]
        for lookup, _, external in paths:
            module = str(shape.module.fields[lookup].lookup_module)
            rows = add_external_values(
                self._client, rows, lookup, module, external, usage_of=self._usage_of
            )
        if not paths:
            return found
        by_record: dict[str, list[Row] | None] = {
            record_id: None if of_record is None else [] for record_id, of_record in found.items()
        }
        for (record_id, _), row in zip(flat, rows, strict=True):
            if (of_record := by_record[record_id]) is not None:
                of_record.append(row)
        return by_record


#: A condition that holds for every row.
_ANY = f"{PARENT} is not null"


def _read_parent(row: Row) -> str:
    parent = row.get(PARENT)
    return str(parent["id"] if isinstance(parent, Mapping) else parent)


def list_columns(shape: RowShape, rows: Iterable[Row]) -> set[str]:
    """What must be known of present rows so that these can be compared with them."""
    columns = set()
    for row in rows:
        for name, value in row.items():
            if type(value) is dict and "id" not in value and shape.is_lookup(name):
                columns.add(f"{name}.{next(iter(value))}")
            elif name not in NO_VALUES:
                columns.add(name)
    return columns
