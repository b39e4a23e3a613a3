"""Values that are small documents: taxes, price ranges, reminders, repeats, participants.

They are made into the one form that `shapes.py` shows per version; what a shape needs and a client
has left out is filled in.
"""

import re
from collections.abc import Callable, Mapping

from zoho_emulator.call import Call
from zoho_emulator.localtime import parse_epoch
from zoho_emulator.store.data_types import is_json, value_type
from zoho_emulator.store.ids import derive_id
from zoho_emulator.store.model import Field
from zoho_emulator.store.values import invalid

Shape = Callable[[Call, Field, object], object]
Item = dict[str, object]

MOST_RANGES = 4
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


def find_shape(known: Field) -> Shape | None:
    """What makes the field's values, if it is one of these."""
    if is_json(known):
        return _BY_NAME.get(known.api_name) or _BY_TYPE.get(value_type(known))
    return None


def _check_items(known: Field, value: object) -> list[Item]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid(known, expected_data_type="jsonarray")
    return value


def _check_number(known: Field, value: object) -> int | float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise invalid(known)
    return value


def _shape_product_taxes(call: Call, known: Field, value: object) -> object:
    """Texts in v2, objects with a `value` since ("Insert Records": Products)."""
    if not isinstance(value, list):
        raise invalid(known, expected_data_type="jsonarray")
    taxes = []
    for item in value:
        name = item.get("value") if isinstance(item, dict) else item
        if name not in known.pick_list:
            raise invalid(known, supported_values=list(known.pick_list))
        number = known.pick_list.index(str(name))
        taxes.append({"id": str(derive_id(known.id, "tax", number)), "value": name})
    return taxes


def _shape_line_taxes(call: Call, known: Field, value: object) -> object:
    """By name and percentage; `store/amounts.py` computes the value."""
    taxes = []
    for number, item in enumerate(_check_items(known, value)):
        if not isinstance(item.get("name"), str):
            raise invalid(known)
        _check_number(known, item.get("percentage"))
        _check_number(known, item.get("value", 0))
        taxes.append({"id": str(derive_id(known.id, "tax", number)), "value": 0.0, **item})
    return taxes


def _shape_reminders(call: Call, known: Field, value: object) -> object:
    """A time in v2, and since then how long before ("Events")."""
    if isinstance(value, str) and call.version.number < 2.1:
        try:
            at = int(parse_epoch(value))
        except ValueError:
            raise invalid(known, expected_data_type="datetime") from None
        return [{"unit": 0, "period": "minutes", "time": None, "at": at}]
    reminders = []
    for item in _check_items(known, value):
        unit, period = str(item.get("unit")), item.get("period")
        if not (unit.isascii() and unit.isdigit() and isinstance(period, str)):
            raise invalid(known)
        reminders.append({"unit": int(unit), "period": period, "time": item.get("time")})
    return reminders


def _shape_participants(call: Call, known: Field, value: object) -> object:
    filled = {"name": None, "Email": None, "invited": False, "status": "not_known"}
    people = []
    for item in _check_items(known, value):
        if not isinstance(item.get("type"), str) or not isinstance(item.get("participant"), str):
            raise invalid(known)
        people.append({**filled, "id": str(call.store.ids.take()), **item})
    return people


def _shape_time_ranges(call: Call, known: Field, value: object) -> object:
    """ "Services": at most four spans of hours and minutes."""
    ranges = _check_items(known, value)
    if len(ranges) > MOST_RANGES:
        raise invalid(known, maximum_length=MOST_RANGES)
    for item in ranges:
        if not all(_CLOCK.fullmatch(str(item.get(name))) for name in ("From", "To")):
            raise invalid(known)
    return [{"From": item["From"], "To": item["To"]} for item in ranges] or None


def _build_texts(*names: str) -> Shape:
    """An object with these texts."""

    def shape(call: Call, known: Field, value: object) -> object:
        if not isinstance(value, dict) or not all(isinstance(value.get(n), str) for n in names):
            raise invalid(known, expected_data_type="jsonobject")
        return value

    return shape


_BY_TYPE: Mapping[str, Shape] = {
    "linetax": _shape_line_taxes,
    "multireminder": _shape_reminders,
    "ALARM": _build_texts("ALARM"),
    "RRULE": _build_texts("RRULE"),
    "time_range": _shape_time_ranges,
}
_BY_NAME: Mapping[str, Shape] = {
    "Tax": _shape_product_taxes,
    "Participants": _shape_participants,
}
