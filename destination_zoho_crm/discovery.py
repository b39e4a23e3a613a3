"""What can be written, as data activation asks for it: an operation per module and sync mode."""

from collections.abc import Iterator, Mapping
from typing import Any

from destination_zoho_crm.catalog import DELETED_AT
from destination_zoho_crm.columns import SE_MODULE, find_parts
from destination_zoho_crm.matching import find_keys, list_allowed
from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.settings import SYNC_MODES, Operation
from destination_zoho_crm.target_fields import TargetField
from zoho_crm.data_types import Form

#: What an activity is about: a record of several modules, so its module must be named, too.
_ABOUT = "What_Id"

_ID = {"type": "string"}
_TEXT = {"type": ["null", "string"]}
_LIST = {"type": ["null", "array"], "items": {"type": "string"}}
_ROWS = {"type": ["null", "array"], "items": {"type": "object"}}


#: Of forms that are not read as they are written.
_SCHEMAS: Mapping[Form, Mapping[str, Any]] = {"links": _LIST, "rows": _ROWS}


def describe_operations(modules: Mapping[str, TargetModule]) -> Iterator[dict[str, Any]]:
    """Those of all modules, sorted, so that two catalogs of one org are the same."""
    for name in sorted(modules):
        module = modules[name]
        for operation in list_allowed(module):
            yield {
                "object_name": name,
                "sync_mode": SYNC_MODES[operation],
                "matching_keys": [[key] for key in find_keys(module, operation)],
                "json_schema": _build_schema(module, operation, modules),
            }


def _build_schema(
    module: TargetModule, operation: Operation, modules: Mapping[str, TargetModule]
) -> dict[str, Any]:
    by = find_keys(module, operation)
    properties: dict[str, Any] = {"id": _ID} if "id" in by else {}
    if operation == "delete":
        # A change data capture source marks deleted rows; if the mark is not mapped, every row
        # deletes.
        properties[DELETED_AT] = {**_TEXT, "format": "date-time"}
    required = []
    for field in module.fields.values():
        if operation == "delete":
            if field.api_name in by:
                properties.setdefault(field.api_name, _build_property(field))
        elif field.is_settable(operation) and not field.explain_unsupported(operation):
            properties |= _build_columns(field, modules)
            if field.mandatory and operation in ("insert", "upsert"):
                required.append(field.api_name)
    if _ABOUT in properties:
        properties[SE_MODULE] = _TEXT
    schema: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return schema | ({"required": required} if required else {})


def _build_columns(field: TargetField, modules: Mapping[str, TargetModule]) -> dict[str, Any]:
    """The field, and the other ways to name what it points at."""
    columns = {field.api_name: _build_property(field)}
    kind = _LIST if field.form == "links" else _TEXT
    if field.is_user:
        columns[f"{field.api_name}.email"] = kind if kind is _LIST else {**kind, "format": "email"}
    target = modules.get(field.points_at or "")
    external, keys = find_parts(field, target) if target else ({}, {})
    return columns | {f"{field.api_name}.{name}": kind for name in {**external, **keys}}


def _build_property(field: TargetField) -> dict[str, Any]:
    schema = dict(_SCHEMAS.get(field.form or "given") or field.read.type.schema)
    if field.data_type == "email":
        schema["format"] = "email"
    if field.form == "text" and field.length:
        schema["maxLength"] = field.length
    if field.mandatory and isinstance(schema["type"], list):
        schema["type"] = schema["type"][-1]
    return schema
