"""Rows of a subform as a table of their own: what its columns mean, and what cannot be. Pure.

A table of line items is written through the records that they belong to. A sync brings the rows
that have changed, so rows are added, changed and removed one by one, and none is replaced.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from destination_zoho_crm.columns import Column, DroppedColumn, Fields
from destination_zoho_crm.matching import find_system_field
from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.naming import Names, ask_if_meant, fold_spelling
from destination_zoho_crm.row_problems import find_key
from destination_zoho_crm.row_shapes import PARENT, RowShape, find_shape
from destination_zoho_crm.settings import Operation, StreamMapping


@dataclass(frozen=True, slots=True)
class ChildTable:
    """The rows of a table, and the records that they belong to."""

    #: The module of the records.
    parent: TargetModule
    shape: RowShape
    #: What is done with each row.
    operation: Operation
    #: The column that finds a row's record, by its id or another field of the record.
    key: Column
    #: Of the rows, `id` among them.
    columns: tuple[Column, ...]
    dropped: tuple[DroppedColumn, ...]
    rows_key: str | None
    #: Rows that nothing finds are added; else they are rejected.
    appends: bool

    @property
    def key_path(self) -> str:
        """The column that finds a row's record, and what a mapping would name, if that differs."""
        path = PARENT if self.key.name == "id" else f"{PARENT}.{self.key.name}"
        source = self.key.source
        same = fold_spelling(source) in (fold_spelling(path), fold_spelling(f"{PARENT}.id"))
        return source if same else f"{source} -> {path}"

    @property
    def has_ids(self) -> bool:
        return any(column.name == "id" for column in self.columns)


@dataclass
class TableReader:
    """Reads what a stream for a module of rows is; gathers all problems."""

    module: TargetModule
    modules: Mapping[str, TargetModule]
    operation: Operation
    mapping: StreamMapping | None
    #: A field that the connection or the mapping names as the key of the rows.
    named_key: str | None
    #: Columns, and what each is written to.
    pairs: Sequence[tuple[str, str]]
    mark: str | None
    problems: list[str] = field(default_factory=list)

    def read(self) -> ChildTable | None:
        """None: there are problems."""
        name = self.module.api_name
        parent = self.modules.get(self.module.parent or "")
        fields = tuple(parent.fields.values()) if parent else ()
        subform = next((one for one in fields if one.rows_module == name), None)
        shape = find_shape(subform, name, self.modules) if parent and subform else None
        if parent is None or shape is None:
            self.problems.append(
                f"{name} holds rows of {self.module.parent}, and Zoho does not report in which "
                "field its records have them"
            )
            return None
        key = self._find_parent_key(parent)
        columns, dropped = self._resolve_columns()
        rows_key = self._find_rows_key(shape)
        has_id = any(column.name == "id" for column in columns)
        self.problems += self._find_problems(has_id=has_id, rows_key=rows_key)
        if key is None or self.problems:
            return None
        appends = self.mapping is not None and self.mapping.rows == "append"
        return ChildTable(parent, shape, self.operation, key, columns, dropped, rows_key, appends)

    def _find_parent_key(self, parent: TargetModule) -> Column | None:
        keys = _list_parent_keys(parent)
        found: list[Column] = []
        for source, path in self.pairs:
            part = path.partition(".")[2]
            if not _names_parent(path):
                continue
            known = Names(keys).find_only(part or "id")
            if known is None:
                meant = ask_if_meant(Names(keys).find_similar(part))
                self.problems.append(
                    f"the column {source} cannot find records of {parent.api_name} by {part}{meant}"
                )
                return None
            found.append(Column(source, parent.fields.get(known) if known != "id" else None, known))
        if len(found) == 1:
            return found[0]
        ways = ", ".join((PARENT, *(f"{PARENT}.{one}" for one in keys if one != "id")))
        self.problems.append(
            f"rows of {self.module.api_name} need one column that says of which record of "
            f"{parent.api_name} they are, named or mapped to one of {ways}"
        )
        return None

    def _resolve_columns(self) -> tuple[tuple[Column, ...], tuple[DroppedColumn, ...]]:
        fields = Fields(self.module, "upsert", self.modules, of_rows=True)
        mapped = self.mapping is not None and self.mapping.fields is not None
        columns: list[Column] = []
        dropped: list[DroppedColumn] = []
        for source, path in self.pairs:
            if source == self.mark or _names_parent(path):
                continue
            found = fields.resolve(source, path, mapped=mapped, chosen=mapped)
            if isinstance(found, DroppedColumn):
                dropped.append(found)
            elif found.name == "id" and self.operation == "insert":
                dropped.append(DroppedColumn(source, "each row is added, whatever its id"))
            elif found.field is None and found.name != "id":
                dropped.append(DroppedColumn(source, "rows have no such key"))
            elif any(found.name == one.name for one in columns):
                self.problems.append(f"two columns go to {found.name}, {source} among them")
            else:
                columns.append(found)
        if mapped:
            self.problems += (
                f"the column {one.source} cannot be written: {one.reason}" for one in dropped
            )
        return tuple(columns), tuple(dropped)

    def _find_rows_key(self, shape: RowShape) -> str | None:
        """The mapping's, else the key of the rows, if it is not their id."""
        if self.operation == "insert":
            return None
        return find_key(shape, self.mapping.rows_key if self.mapping else None) or find_key(
            shape, self.named_key
        )

    def _find_problems(self, *, has_id: bool, rows_key: str | None) -> Iterator[str]:
        name = self.module.api_name
        mode = self.mapping.rows if self.mapping else None
        asked = self.mapping.rows_key if self.mapping else None
        if asked and self.operation == "insert":
            yield f"an insert looks for no rows of {name}: leave rows_key out, or choose upsert"
        elif asked and rows_key is None:
            yield f"rows of {name} are not found by a field {asked}"
        if mode == "replace":
            yield (
                f"rows of {name} that come as a table cannot replace others, because a sync brings "
                "only those that have changed; leave rows empty, or append"
            )
        elif self.operation == "delete" and not (has_id or rows_key):
            yield f"rows of {name} are deleted by id or by the mapping's rows_key: bring one"
        elif self.operation == "update" and not (has_id or rows_key):
            yield f"rows of {name} are found by id or by the mapping's rows_key: bring one"
        elif self.operation == "insert" and mode != "append":
            yield (
                f"an insert adds each row of {name} again whenever it comes again: say append in "
                "rows if that is meant, or choose upsert and name a rows_key in the mapping"
            )
        elif not (has_id or rows_key or mode == "append"):
            yield (
                f"nothing tells the rows of {name} apart, so a repeated row would be added again: "
                "bring their id, name a rows_key in the mapping, or say append in rows to have "
                "each row added"
            )


def _names_parent(path: str) -> bool:
    return fold_spelling(path.partition(".")[0]) == fold_spelling(PARENT)


def _list_parent_keys(parent: TargetModule) -> list[str]:
    """The fields that find a record: unlike an update's key, they are looked up."""
    fields = parent.fields.values()
    names = [one.api_name for one in fields if (one.unique or one.external) and one.form]
    system = find_system_field(parent)
    return list(dict.fromkeys(("id", *((system,) if system else ()), *names)))
