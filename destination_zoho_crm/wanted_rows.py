"""Rows of a subform as the input brings them, before it is known which of them are there. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from destination_zoho_crm.row_shapes import RowShape

#: A row in Zoho's form, with its `id` if the input names one.
Row = Mapping[str, Any]


class WantedRows:
    """What a record is to have in one subform, in the order of the input."""

    __slots__ = ("appends", "rows")

    def __init__(self, rows: Iterable[Row], *, appends: bool) -> None:
        """`appends`: the record keeps the rows that it has besides."""
        self.rows: Sequence[Row] = tuple(rows)
        self.appends = appends

    def add(self, later: "WantedRows") -> "WantedRows":
        """These and later rows of the same record. What replaces goes alone."""
        if not later.appends:
            return later
        return WantedRows((*self.rows, *later.rows), appends=self.appends)


def merge_records(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> Mapping[str, Any]:
    """What two rows of one record make: of each column the later value, but all appended rows."""
    merged = {**earlier, **later}
    for name, rows in later.items():
        if type(rows) is WantedRows and type(before := earlier.get(name)) is WantedRows:
            merged[name] = before.add(rows)
    return merged


def find_external_paths(
    shapes: Mapping[str, RowShape], record: Mapping[str, Any]
) -> frozenset[tuple[str, str, str]]:
    """The lookups of the record's rows whose values are of External ID fields: subform, lookup and
    External ID field."""
    return frozenset(path for path, _ in iterate_external_values(shapes, record))


def iterate_external_values(
    shapes: Mapping[str, RowShape], record: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, str, str], Any]]:
    """Each value with its path, as above."""
    for name, shape in shapes.items():
        value = record.get(name)
        rows = value.rows if type(value) is WantedRows else value or ()
        for row in rows:
            for key, held in row.items():
                if type(held) is dict and "id" not in held and shape.is_lookup(key):
                    ((external, found),) = held.items()
                    yield (name, key, external), found
