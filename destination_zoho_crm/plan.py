"""What a run will do with one stream. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from destination_zoho_crm.child_tables import ChildTable
from destination_zoho_crm.columns import Column, DroppedColumn
from destination_zoho_crm.matching import KeyKind
from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.protocol import StreamKey
from destination_zoho_crm.row_shapes import RowShape
from destination_zoho_crm.settings import (
    Operation,
    RowsMode,
)


@dataclass(frozen=True, slots=True)
class StreamPlan:
    stream: StreamKey
    module: TargetModule
    operation: Operation
    #: The column that finds a row's record; None: of an insert.
    key: Column | None
    key_kind: KeyKind | None
    #: Columns that are written, but for an `id`; the key's column too, where it is a field.
    columns: tuple[Column, ...]
    dropped: tuple[DroppedColumn, ...]
    #: The columns of the stream, written or not, as the catalog or else the mapping names them.
    sources: tuple[str, ...]
    #: Columns that the mapping's list of fields leaves out.
    unlisted: tuple[str, ...] = ()
    #: The stream's column for Airbyte's mark of rows that were deleted at their source.
    deletion_mark: str | None = None
    #: The assignment rule that runs for the stream's rows.
    lar_id: str | None = None
    #: Where the mapping and the connection differ, and what new records lack.
    warnings: tuple[str, ...] = ()
    #: What becomes of the rows that a record has besides those of the input.
    rows: RowsMode = "replace"
    #: The field by which rows of subforms find those that are there.
    rows_key: str | None = None
    #: The subforms that are written, by their fields.
    row_shapes: Mapping[str, RowShape] = field(default_factory=dict)
    #: The stream is a table of a subform's rows; `module`, `operation` and `key` are then those of
    #: the records, which are updated.
    table: ChildTable | None = None

    @property
    def label(self) -> str:
        return format_stream(self.stream)

    @property
    def links(self) -> tuple[Column, ...]:
        """The columns of multi-select and multi-user lookups."""
        return tuple(one for one in self.columns if one.field and one.field.form == "links")

    @property
    def adds_tags(self) -> bool:
        """Whether tags are added to those that records have."""
        tagged = any(one.field and one.field.form == "tags" for one in self.columns)
        return tagged and self.rows == "append" and self.operation in ("update", "upsert")

    @property
    def may_add_twice(self) -> bool:
        """Whether a row that is written a second time may add something again."""
        if self.table is not None:
            return self.table.appends and not self.table.rows_key
        appends = self.rows == "append" and not self.rows_key
        return self.operation == "insert" or bool(self.row_shapes and appends)

    def __str__(self) -> str:
        if table := self.table:
            by = f" by {table.rows_key}" if table.rows_key else " by id" if table.has_ids else ""
            columns = ", ".join(map(str, (table.key_path, *table.columns)))
            return (
                f"{self.label} -> {table.shape.module.api_name} of {self.module.api_name}: "
                f"{table.operation}{by}; {columns}"
            )
        by = f" by {self.key.name}" if self.key else ""
        shown = [] if self.operation == "delete" else [*self.columns]
        if self.key and self.key not in shown and self.key.source != self.key.name:
            shown.insert(0, self.key)
        names = f"; {', '.join(map(str, shown))}" if shown else ""
        return f"{self.label} -> {self.module.api_name}: {self.operation}{by}{names}"


def format_stream(stream: StreamKey) -> str:
    return ".".join(filter(None, stream))
