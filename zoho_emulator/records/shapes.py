"""Values that look different from version to version, from the one form they are stored in.

Sources: samples of "Get Records" of each version, and the models of Zoho's own SDKs.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from zoho_emulator.records.file_items import show_image_items, show_old_file_items
from zoho_emulator.store.model import Field
from zoho_emulator.versions import Version

Show = Callable[[Any], object]
#: A datetime inside a text.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)

#: What rows of a subform carry beside their fields ("Subform": samples of v7).
ROW_KEYS: Mapping[str, object] = {"$in_merge": False, "$field_states": None, "$zia_visions": None}


def _show_plain_tags(items: list[dict[str, object]]) -> object:
    return [{"name": item.get("name"), "id": item.get("id")} for item in items]


def _show_reminders(items: list[dict[str, object]], *, text: bool) -> object:
    return [
        {
            "unit": str(item["unit"]) if text else item["unit"],
            "period": item["period"],
            "time": item["time"],
        }
        for item in items
    ]


def _show_ranges(items: list[dict[str, object]]) -> object:
    return [{**item, **ROW_KEYS} for item in items]


def _show_plain_taxes(items: list[dict[str, object]]) -> object:
    return [item.get("value") for item in items]


def _show_plain_repeat(value: dict[str, object]) -> object:
    return {"RRULE": value.get("RRULE")}


def _show_local(text: object, when: Callable[[int], str]) -> object:
    """A datetime in the org's zone; other values stay as they are."""
    try:
        return when(int(datetime.fromisoformat(str(text)).timestamp()))
    except (ValueError, OverflowError):
        return text


def _show_alarm(value: dict[str, object], when: Callable[[int], str]) -> object:
    text = str(value.get("ALARM"))
    return {**value, "ALARM": _MOMENT.sub(lambda found: str(_show_local(found[0], when)), text)}


def _show_comments(items: list[dict[str, object]], when: Callable[[int], str]) -> object:
    return [
        {**item, "commented_time": _show_local(item["commented_time"], when)}
        if "commented_time" in item
        else item
        for item in items
    ]


def find_shape(field: Field, version: Version, when: Callable[[int], str]) -> Show | None:
    """The function that makes a stored value that of the version; None if they are the same."""
    kind, number = field.data_type, version.number
    if kind == "fileupload" and not version.v6_metadata:
        return show_old_file_items
    if kind == "imageupload" and not version.v6_metadata:
        return show_image_items
    if kind == "multireminder":
        if number < 2.1:
            return lambda items: when(items[0]["at"]) if items and "at" in items[0] else None
        return lambda items: _show_reminders(items, text=number < 4)
    if kind == "ALARM":
        return lambda value: _show_alarm(value, when)
    if field.api_name == "Comments":
        return lambda items: _show_comments(items, when)
    if kind == "RRULE" and number < 4:
        return _show_plain_repeat
    if field.api_name == "Tag" and number < 2.1:
        return _show_plain_tags
    if field.api_name == "Pricing_Details" and number >= 4:
        return _show_ranges
    if field.api_name == "Tax" and field.json_type == "jsonarray" and number < 2.1:
        return _show_plain_taxes
    return None
