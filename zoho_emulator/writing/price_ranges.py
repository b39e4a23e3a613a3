"""Ranges of a price book, `Pricing_Details`, which are rows without a module of their own.

UNVERIFIED: that a call changes them as it changes rows of a subform. The pages show new price books
only; each range has an id.
"""

from collections.abc import Mapping

import orjson

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Field, Module
from zoho_emulator.store.values import invalid
from zoho_emulator.writing.answers import locate
from zoho_emulator.writing.candidate import read_stored

NAME = "Pricing_Details"
_NUMBERS = ("from_range", "to_range", "discount")

Range = dict[str, object]


def merge(
    call: Call, module: Module, known: Field, value: object, path: str, *, old: int | None
) -> list[Range]:
    """The ranges that a record is to have; `old` is the record to be updated."""
    if not value and (value is None or isinstance(value, list)):
        return []
    if not isinstance(value, list):
        raise invalid(known, expected_data_type="jsonarray")
    stored = None if old is None else read_stored(call, module, old, known.api_name)
    present: list[Range] = orjson.loads(str(stored or "[]"))
    by_id = {str(row["id"]): row for row in present}
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        if not isinstance(item, dict):
            raise locate(call, invalid(known, expected_data_type="jsonobject"), where)
        _apply(call, by_id, item, where)
    return list(by_id.values())


def _apply(call: Call, by_id: dict[str, Range], item: Mapping[str, object], path: str) -> None:
    row_id = item.get("id")
    if row_id is not None and str(row_id) not in by_id:
        error = ZohoError("INVALID_DATA", "the id given seems to be invalid", {"api_name": "id"})
        raise locate(call, error, f"{path}.id")
    if "_delete" in item:
        if row_id is None:
            raise _missing(call, "id", path)
        del by_id[str(row_id)]
        return
    new = row_id is None
    row: Range = {"id": str(call.store.ids.take())} if new else by_id[str(row_id)]
    for name in _NUMBERS:
        if name not in item and not new:
            continue
        number = item.get(name)
        if number is None:
            # UNVERIFIED: which field the error names, that of the ranges or the missing number.
            raise _missing(call, name, path)
        if not isinstance(number, int | float) or isinstance(number, bool):
            error = ZohoError("INVALID_DATA", "invalid data", {"api_name": name})
            raise locate(call, error, f"{path}.{name}")
        row[name] = number
    by_id[str(row["id"])] = row


def _missing(call: Call, name: str, path: str) -> ZohoError:
    error = ZohoError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": name})
    return locate(call, error, f"{path}.{name}")
