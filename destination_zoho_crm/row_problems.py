"""What a mapping says of rows of subforms, and what of it cannot be. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from destination_zoho_crm.columns import Column, DroppedColumn
from destination_zoho_crm.naming import Names, ask_if_meant
from destination_zoho_crm.row_shapes import RowShape
from destination_zoho_crm.settings import StreamMapping

#: Forms whose values tell no rows apart.
_NO_KEYS = (None, "given", "links", "rows", "boolean", "options")


def list_shapes(columns: Iterable[Column | DroppedColumn]) -> dict[str, RowShape]:
    """The subforms that are written, by their fields."""
    return {
        column.name: column.rows
        for column in columns
        if isinstance(column, Column) and column.rows is not None
    }


def find_rows_problems(
    mapping: StreamMapping | None, shapes: Mapping[str, RowShape]
) -> Iterator[str]:
    """`shapes`: the subforms that are written, by their fields."""
    key = mapping.rows_key if mapping else None
    if key is None:
        return
    if not shapes:
        yield f"its mapping names the rows_key {key}, and no column goes to a subform"
        return
    names = Names(name for shape in shapes.values() for name in shape.module.fields)
    if names.find(key) == ["id"]:
        yield "rows are always found by the ids that they bring: leave out the rows_key id"
    elif not any(find_key(shape, key) for shape in shapes.values()):
        meant = ask_if_meant(names.find_similar(key))
        yield f"rows of {' and '.join(shapes)} are not found by a field {key}{meant}"


def find_key(shape: RowShape, key: str | None) -> str | None:
    """The field by which a mapping's `rows_key` finds rows of this subform."""
    name = shape.find_field(key) if key else None
    field = shape.module.fields.get(name or "")
    return name if field and field.form not in _NO_KEYS and name != "id" else None
