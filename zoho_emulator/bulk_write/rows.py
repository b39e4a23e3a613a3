"""Writes rows of a file, as records that came one by one would be written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from zoho_emulator.bulk_write.cells import CellReader
from zoho_emulator.bulk_write.columns import Column
from zoho_emulator.bulk_write.request import Resource
from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.writing.answers import ProblemsError
from zoho_emulator.writing.automations import KINDS, Automations
from zoho_emulator.writing.writer import Writer

Status = Literal["added", "updated", "skipped", "unprocessed"]

#: "Bulk Write: Download Result". UNVERIFIED: which of them stand for what else REST refuses with.
_CODES = {
    **{code: code for code in ("MANDATORY_NOT_FOUND", "INVALID_DATA", "DUPLICATE_DATA")},
    **{code: code for code in ("NOT_APPROVED", "BLOCKED_RECORD", "CANNOT_PROCESS")},
    **{code: code for code in ("LIMIT_EXCEEDED", "RESOURCE_NOT_FOUND")},
    "RECORD_LOCKED": "BLOCKED_RECORD",
    "DUPLICATE_LINKING_DATA": "DUPLICATE_DATA",
    "NOT_REVIEWED": "CANNOT_PROCESS",
    "RECORD_IN_BLUEPRINT": "CANNOT_PROCESS",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    status: Status
    record_id: int | None = None
    errors: str = ""


class SkipError(Exception):
    """A row that is not written, and what is wrong with it: codes with the names of fields."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(str(problems))
        self.problems = problems


class RowWriter:
    """Writes the rows of one resource, one after the other: each sees those before it."""

    def __init__(
        self,
        call: Call,
        resource: Resource,
        operation: str,
        parents: Mapping[int, Mapping[str, int]] | None = None,
    ) -> None:
        """`parents` are the records that a parent's rows became, by column and value."""
        self.call = call
        self.resource = resource
        self.parents = parents or {}
        self.operation = operation
        self.cells = CellReader(call)
        self.writer = Writer(call, resource.module)
        # UNVERIFIED: that a document needs no line items here, which come after it, and a price
        # book no prices, which no CSV has.
        self.writer.checker.more_mandatory = ()
        if call.knobs.bulk_write_automations:
            self.writer.automations = Automations(frozenset(KINDS))
        self._names_layout = call.knobs.bulk_write_layout_fields
        self._labels = {column.api_name: column.label for column in resource.columns}

    def write(self, cells: Sequence[str]) -> Outcome:
        try:
            return self._write(cells)
        except SkipError as skipped:
            return Outcome("skipped", errors=self._describe(skipped.problems))
        except ProblemsError as refused:
            return Outcome("skipped", errors=self._describe(map(_read_problem, refused.problems)))
        except ZohoError as refused:
            if refused.status == 501:
                raise
            return Outcome("skipped", errors=self._describe([_read_problem(refused)]))

    def _write(self, cells: Sequence[str]) -> Outcome:
        found = self._find_record(cells)
        record = self._read_record(cells, found)
        if found is not None:
            self.change(found, record)
            return Outcome("updated", found)
        return Outcome("added", self.add(record))

    def add(self, record: dict[str, object]) -> int:
        return self.writer.add(record, "$")

    def change(self, record_id: int, record: dict[str, object]) -> None:
        self.writer.change(record_id, record, "$")

    def _find_record(self, cells: Sequence[str]) -> int | None:
        """The record to be updated; None inserts one.

        UNVERIFIED: the codes of rows that find none, and that a record without its key is added.
        """
        key = self.resource.key
        if key is None:
            return None
        text = _read_cell(key, cells).strip()
        module = self.resource.module
        found = self.cells.find_record(module, key.api_name, text) if text else None
        if self.operation == "insert":
            if found is not None:
                raise SkipError([("DUPLICATE_DATA", key.api_name)])
            return None
        if found is None and not text and self.operation == "update":
            raise SkipError([("MANDATORY_NOT_FOUND", key.api_name)])
        if found is None and (self.operation == "update" or (text and key.api_name == "id")):
            raise SkipError([("RESOURCE_NOT_FOUND", key.api_name)])
        return found

    def _read_record(self, cells: Sequence[str], found: int | None) -> dict[str, object]:
        record: dict[str, object] = {}
        problems: list[tuple[str, str]] = []
        for column in self.resource.columns:
            name = column.api_name
            # A layout that is wrong or missing is the default one, and there is no other.
            if name in ("id", "Layout"):
                continue
            text = _read_cell(column, cells)
            if not text.strip():
                if found is not None and not self.resource.ignore_empty:
                    record[name] = None
                continue
            try:
                record[name] = self._read_value(column, text)
            except ZohoError as refused:
                problems.append((_read_problem(refused)[0], name))
        if self._names_layout and "Layout" in self.resource.module.fields:
            record["Layout"] = {"id": str(self.resource.module.layout_id)}
        self._name_module(record)
        if problems:
            self._add_problems(record, problems, found)
            raise SkipError(problems)
        return record

    def _read_value(self, column: Column, text: str) -> object:
        if column.parent_index is None:
            return self.cells.read(column, text)
        # UNVERIFIED: the code of a row whose parent is not there, or was not written.
        parent_id = self.parents.get(column.parent_index, {}).get(text)
        if parent_id is None:
            raise ZohoError("RESOURCE_NOT_FOUND", "the parent record is not found")
        return {"id": str(parent_id)}

    def _name_module(self, record: dict[str, object]) -> None:
        """REST asks for the module of what an activity is about; here the lookup says it."""
        about = record.get("What_Id")
        if isinstance(about, dict):
            owner = self.writer.store.find_module(int(about["id"]))
            record["$se_module"] = owner.api_name if owner else None

    def _add_problems(
        self, record: dict[str, object], problems: list[tuple[str, str]], found: int | None
    ) -> None:
        """What is wrong with the other values of a row that is not written."""
        refused = {name for _, name in problems}
        checked = self.writer.checker.check(record, "$", old=found)
        others = map(_read_problem, checked.problems)
        problems += [(code, name) for code, name in others if name not in refused]

    def _describe(self, problems: Iterable[tuple[str, str]]) -> str:
        """CODE-column,column:CODE-column; a problem of the whole record is one of its key."""
        columns: dict[str, list[str]] = {}
        key = self.resource.key.api_name if self.resource.key else "id"
        for code, name in problems:
            label = self._labels.get(name or key, name or key)
            columns.setdefault(code, []).append(label)
        return ":".join(
            f"{code}-{','.join(dict.fromkeys(labels))}" for code, labels in columns.items()
        )


def _read_cell(column: Column, cells: Sequence[str]) -> str:
    """UNVERIFIED: a row that is shorter than the header has empty cells."""
    text = cells[column.index] if column.index is not None and column.index < len(cells) else ""
    return text if text.strip() else column.default


def _read_problem(error: ZohoError) -> tuple[str, str]:
    """The code that a result has for it, and the field; none of a whole record."""
    name = str(error.details.get("api_name", ""))
    return _CODES.get(error.code, "INVALID_DATA"), name
