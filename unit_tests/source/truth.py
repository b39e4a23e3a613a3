"""What the source should say of a record, made from the emulator's own account of it.

Written apart from the connector, on purpose: it must not share its mistakes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

Row = dict[str, Any]

#: Zoho's lists and queries do not carry these.
_ABSENT = ("subform", "multiselectlookup", "multiuserlookup", "fileupload", "imageupload")


def truth(base_url: str, module: str, columns: Mapping[str, Any]) -> dict[str, Row]:
    """The module's records by id, in the canonical form of the given columns, without nulls."""
    answer = requests.get(f"{base_url}/_emulator/records/{module}", timeout=60)
    answer.raise_for_status()
    # Not splitlines: texts hold separators that JSON does not escape.
    rows = (json.loads(line) for line in answer.text.split("\n") if line)
    return {row["id"]: _canonical(row, columns) for row in rows}


def without_nulls(row: Row) -> Row:
    return {key: value for key, value in row.items() if value is not None}


def _canonical(row: Row, columns: Mapping[str, Any]) -> Row:
    return without_nulls({name: _value(row.get(name), columns[name]) for name in columns})


def _value(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return value["id"]
    if isinstance(value, list):
        return [item["name"] if isinstance(item, dict) else item for item in value] or None
    if value is not None and schema.get("format") == "date-time":
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
