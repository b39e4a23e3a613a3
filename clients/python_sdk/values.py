"""Values as an SDK gives them: made plain, compared, and copied to be written."""

from datetime import UTC, datetime
from typing import Any

NOTHING: tuple[Any, ...] = (None, [], "")
#: Classes of rows that are more than a reference.
ROWS = ("Participants", "PricingDetails", "InventoryLineItems")
#: The amount of a line item's tax, which Zoho computes from its rate.
COMPUTED = ("_LineTax__value",)


def is_record(value: Any) -> bool:
    return hasattr(value, "get_key_values")


def is_reference(value: Any) -> bool:
    return is_record(value) or type(value).__name__.endswith("User")


def reference(value: Any) -> Any:
    copy = type(value)()
    copy.set_id(int(value.get_id()))
    return copy


def holds(read: Any, written: Any) -> bool:
    """Whether all that was written was read again; Zoho adds to rows inside a record."""
    if isinstance(written, list) and isinstance(read, list):
        return len(read) == len(written) and all(map(holds, read, written))
    if is_record(written) and is_record(read) and written.get_id() is None:
        cells = written.get_key_values()
        return all(holds(read.get_key_value(name), cell) for name, cell in cells.items())
    if isinstance(unwrap(written), dict) and isinstance(unwrap(read), dict):
        parts = {n: part for n, part in unwrap(written).items() if part and n not in COMPUTED}
        return all(unwrap(read).get(name) == part for name, part in parts.items())
    return bool(unwrap(read) == unwrap(written))


def copied(value: Any) -> Any:
    if isinstance(value, list):
        return [copied(item) for item in value]
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if not hasattr(value, "is_key_modified"):
        return value
    copy = type(value)()
    for name in dir(value):
        if name.startswith("set_") and hasattr(value, "get_" + name[4:]):
            part = getattr(value, "get_" + name[4:])()
            if part is not None:
                getattr(copy, name)(copied(part))
    return copy


def unwrap(value: Any) -> Any:
    """A value without the SDK's objects, to be compared and printed."""
    if isinstance(value, list):
        return [unwrap(item) for item in value]
    if isinstance(value, dict):
        return {key: unwrap(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if type(value).__name__ == "Choice":
        return value.get_value()
    if is_reference(value):
        return value.get_id() or {n: unwrap(part) for n, part in value.get_key_values().items()}
    if hasattr(value, "is_key_modified"):
        return {name: unwrap(part) for name, part in vars(value).items() if "modified" not in name}
    return value
