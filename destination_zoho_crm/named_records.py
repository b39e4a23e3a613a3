"""Which other records a record names by a value of theirs, to be written after them. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from destination_zoho_crm.lookup_values import Sought, find_sought
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.wanted_rows import iterate_external_values


def list_named_modules(plan: StreamPlan) -> set[str]:
    """Those whose records may be named by a row, or by a row inside it."""
    fields = [column.field for column in plan.columns if column.key or column.external]
    for shape in plan.row_shapes.values():
        fields += [field for name, field in shape.module.fields.items() if shape.is_lookup(name)]
    return {str(field.points_at) for field in fields if field is not None and field.points_at}


def find_named(plan: StreamPlan, record: Mapping[str, Any]) -> Iterator[Sought]:
    """What a query finds, and what Zoho itself finds by an External ID."""
    for _, sought in find_sought(record):
        yield sought
    for column in plan.columns:
        value = record.get(column.name)
        if column.external and column.field and isinstance(value, Mapping):
            for name in value.keys() & {column.external.api_name}:
                yield Sought(str(column.field.points_at), name, str(value[name]))
    for (subform, lookup, name), value in iterate_external_values(plan.row_shapes, record):
        field = plan.row_shapes[subform].module.fields[lookup]
        yield Sought(str(field.points_at), name, str(value))
