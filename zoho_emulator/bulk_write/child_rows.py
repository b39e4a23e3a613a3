"""Rows of subforms and line items, which bulk write brings in a file of their own."""

from collections.abc import Mapping

from zoho_emulator.bulk_write.request import MOST_CHILD_ROWS, Resource
from zoho_emulator.bulk_write.rows import RowWriter, SkipError
from zoho_emulator.call import Call
from zoho_emulator.store.model import Field, Module
from zoho_emulator.writing import rows, totals
from zoho_emulator.writing.answers import ProblemsError
from zoho_emulator.writing.changes import Change, Child


class ChildWriter(RowWriter):
    """Writes rows of a subform, each to the record that its lookup names."""

    def __init__(
        self,
        call: Call,
        resource: Resource,
        operation: str,
        parents: Mapping[int, Mapping[str, int]] | None = None,
    ) -> None:
        super().__init__(call, resource, operation, parents)
        name = resource.parent_field
        self.lookup: Field = resource.module.fields[name]
        self.parent: Module = call.store.org.modules[self.lookup.targets[0]]
        self.child = Child(resource.module, name)
        # The lookup is set here, and no value of the row.
        self.writer.checker.parent_field = name

    def add(self, record: dict[str, object]) -> int:
        parent_id = self._find_parent(record)
        by_record = self.call.knobs.bulk_write_child_rows == "record"
        if by_record and self._count_rows(parent_id) >= MOST_CHILD_ROWS:
            raise SkipError([("LIMIT_EXCEEDED", self.lookup.api_name)])
        change = Change(self.child)
        self._write_change(change, record, parent_id)
        return change.row_id or 0

    def change(self, record_id: int, record: dict[str, object]) -> None:
        """UNVERIFIED: that a row which is found stays with its record."""
        (parent_id,) = self.call.store.connection.execute(
            f"select {self.lookup.column} from {self.resource.module.table} where id = ?",
            (record_id,),
        ).fetchone()
        self._write_change(Change(self.child, record_id), record, parent_id)

    def _write_change(self, change: Change, record: dict[str, object], parent_id: int) -> None:
        change.checked = self.writer.checker.check(record, "$", old=change.row_id)
        if change.checked.problems:
            raise ProblemsError(change.checked.problems)
        stamps = {"now": self.writer.now, "by": self.writer.by}
        rows.write(self.call, [change], parent_id, **stamps)
        if totals.has_totals(self.parent):
            totals.recompute(self.call, self.parent, parent_id, [change], **stamps)

    def _find_parent(self, record: dict[str, object]) -> int:
        named = record.get(self.lookup.api_name)
        if not isinstance(named, dict):
            raise SkipError([("MANDATORY_NOT_FOUND", self.lookup.api_name)])
        return int(named["id"])

    def _count_rows(self, parent_id: int) -> int:
        sql = f"where {self.lookup.column} = ? and state = 0"
        (number,) = self.call.store.connection.execute(
            f"select count(*) from {self.resource.module.table} {sql}", (parent_id,)
        ).fetchone()
        return int(number)
