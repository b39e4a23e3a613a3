"""The emulator's account of its data in the form that the source promises.

It shares no code with the connector: it must not share its mistakes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]


def canonical(row: Mapping[str, Any], columns: Mapping[str, Any]) -> Row:
    """A row of the emulator's account, in the form that the source's page promises."""
    return {name: _value(row.get(name), columns[name]) for name in columns}


def _value(value: Any, schema: Mapping[str, Any]) -> Any:
    if value == "":
        return None
    if isinstance(value, dict):
        return value["id"]
    if isinstance(value, list):
        return [item["name"] if isinstance(item, dict) else item for item in value] or None
    if value is not None and schema.get("format") == "date-time":
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
