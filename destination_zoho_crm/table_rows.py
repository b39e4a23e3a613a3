"""Encodes the rows of a table of line items or other rows: each becomes a record with one row."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from destination_zoho_crm.child_tables import ChildTable
from destination_zoho_crm.encoding import EMPTY
from destination_zoho_crm.org_values import OrgValues
from destination_zoho_crm.outcomes import (
    ALIVE_AT_SOURCE,
    EMPTY_KEY,
    InvalidValueError,
    Outcome,
    reject,
    reject_value,
)
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.row_shapes import PARENT
from destination_zoho_crm.rows import RowEncoder
from destination_zoho_crm.wanted_rows import WantedRows


class TableEncoder(RowEncoder):
    """Turns rows of a table into records, each with the row that it is to have."""

    def __init__(
        self, plan: StreamPlan, table: ChildTable, *, clears_nulls: bool, org_values: OrgValues
    ) -> None:
        super().__init__(plan, clears_nulls=clears_nulls, org_values=org_values)
        self._table = table
        rows = replace(
            plan,
            module=table.shape.module,
            operation="insert",
            key=None,
            columns=table.columns,
            row_shapes={},
            table=None,
        )
        self._rows = RowEncoder(rows, clears_nulls=clears_nulls, org_values=org_values)
        parent = plan.module.api_name
        self._encode_parent = org_values.build_encoder(plan.label, parent, table.key)

    def encode(self, data: Mapping[str, Any]) -> dict[str, Any] | Outcome:
        table, gone = self._table, bool(data.get(self._mark))
        if table.operation == "delete" and not gone and self._mark in data:
            reason = f"the row exists at its source: {self._mark} is empty, so nothing is deleted"
            return reject(ALIVE_AT_SOURCE, reason)
        row = self._rows.encode({name: data[name] for name in data if name != self._mark})
        if isinstance(row, Outcome):
            return row
        try:
            parent = self._encode_parent(data.get(table.key.source))
        except InvalidValueError as error:
            return reject_value(error, PARENT)
        if parent is EMPTY:
            reason = "it is empty, so it is not known of which record the row is"
            return reject(EMPTY_KEY, reason, PARENT)
        known = {
            name: row[name] for name in ("id", table.rows_key) if name and row.get(name) is not None
        }
        if not known and (gone or table.operation in ("update", "delete")):
            return reject(EMPTY_KEY, "the row has nothing that finds it", table.rows_key or "id")
        if not known and table.operation == "upsert" and not table.appends:
            return self._reject_unknown()
        if gone or table.operation == "delete":
            row = {**known, "_delete": None}
        elif not row.keys() - {"id"}:
            return reject(EMPTY_KEY, "nothing of the row can be written")
        return {table.key.name: parent, table.shape.field: WantedRows((row,), appends=True)}

    def _reject_unknown(self) -> Outcome:
        """Of a row that each sync would add again."""
        key = self._table.rows_key
        if key is None:
            return reject(EMPTY_KEY, "the row has no id, and no rows_key finds it", "id")
        others = " and no id" if self._table.has_ids else ""
        reason = f"the row has no {key}{others}, so each sync would add it again"
        return reject(EMPTY_KEY, reason, key)


def build_encoder(plan: StreamPlan, *, clears_nulls: bool, org_values: OrgValues) -> RowEncoder:
    if plan.table is not None:
        return TableEncoder(plan, plan.table, clears_nulls=clears_nulls, org_values=org_values)
    return RowEncoder(plan, clears_nulls=clears_nulls, org_values=org_values)
