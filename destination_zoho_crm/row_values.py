"""Whether a row of a record has the values that the input brings. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from destination_zoho_crm.lookup_values import fold_value
from destination_zoho_crm.row_shapes import RowShape
from destination_zoho_crm.target_fields import TargetField
from destination_zoho_crm.wanted_rows import Row
from zoho_crm.casts import Odd
from zoho_crm.multi_select import MultiSelectTexts

#: Line items have it as a text, though it is an amount or a percentage: "5" is "5.00".
_DISCOUNT = "Discount"

#: Keys of a row that are no values of it.
NO_VALUES = ("id", "_delete")

Read = Callable[[Any], Any]


class RowValues:
    """Compares rows of one subform."""

    def __init__(self, shape: RowShape) -> None:
        self._shape = shape
        lists = MultiSelectTexts(shape.module.api_name)
        self._readers = {
            name: _build_reader(field, lists) for name, field in shape.module.fields.items()
        }

    def have_equal(self, wanted: Row, present: Row) -> bool:
        """Whether the present row has all values of the wanted one."""
        return all(self.is_equal(name, wanted, present) for name in wanted if name not in NO_VALUES)

    def is_equal(self, name: str, wanted: Row, present: Row) -> bool:
        value = wanted[name]
        if type(value) is dict and "id" not in value and self._shape.is_lookup(name):
            (external,) = value
            # UNVERIFIED: whether external values that differ in case are the same; unique ones are.
            there = present.get(f"{name}.{external}")
            return fold_value(str(value[external])) == fold_value(
                "" if there is None else str(there)
            )
        field = self._shape.module.fields[name]
        if field.form == "given":
            return _covers(value, present.get(name))
        return bool(self.read(name, wanted) == self.read(name, present))

    def read(self, name: str, row: Row) -> Any:
        """The value in a form in which equal ones are equal; None of an empty one."""
        value = row.get(name)
        if value is None or value in ("", []):
            return None
        return self._readers[name](value)


def is_queryable(field: TargetField) -> bool:
    """Whether COQL gives the values of a row's field as they are."""
    return field.read.left_out is None and not field.read.is_rich_text


def _build_reader(field: TargetField, lists: MultiSelectTexts) -> Read:
    read = field.read.build_reader(lists)

    def read_value(value: Any) -> Any:
        if field.form == "reference" and isinstance(value, int):
            # v2 shows a price book by its bare id.
            value = str(value)
        try:
            value = read(value)
        except Odd as odd:
            value = odd.instead
        if isinstance(value, list):
            return frozenset(map(read_text, value))
        return read_text(value)

    def read_text(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if field.api_name == _DISCOUNT:
            return _read_discount(value)
        # UNVERIFIED: that Zoho trims texts. An option is written by one of its texts, and may be
        # read by the other.
        return field.options.find_exact(value) or value.strip() or None

    return read_value


def _read_discount(text: str) -> Any:
    try:
        return float(text.rstrip("%")), text.endswith("%")
    except ValueError:
        return text


def _covers(wanted: Any, present: Any) -> bool:
    """Whether what was sent is there; Zoho adds keys to objects, such as the id of a tax."""
    if isinstance(wanted, Mapping):
        return isinstance(present, Mapping) and all(
            _covers(value, present.get(key)) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(present, list)
            and len(wanted) == len(present)
            and all(map(_covers, wanted, present))
        )
    return bool(wanted == present)
