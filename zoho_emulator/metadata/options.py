"""Options of picklists as Zoho's settings calls print them.

An option has a text that people see and one that it was made with; renaming changes the first.
UNVERIFIED: that records, queries, exports and criteria carry the text that people see. Zoho's posts
have clients write it, and its recorded records were never compared with renamed options.
"""

from zoho_emulator.store.model import Field
from zoho_emulator.versions import Version

Json = dict[str, object]


def describe_options(field: Field, version: Version) -> list[Json]:
    return [
        describe_option(field, text, number, version)
        for number, text in enumerate(field.pick_list, 1)
    ]


def describe_option(field: Field, text: str, number: int, version: Version) -> Json:
    """The `number`-th option, counted from 1; recorded of v2, a sample of v8."""
    oldest, stage = version.number < 2.1, field.api_name == "Stage"
    option: Json = {"display_value": text, "actual_value": field.actual_value(text)}
    if oldest or version.number >= 4:
        option["reference_value"] = text
    if not oldest:
        option["type"] = "unused" if text in field.unused_options else "used"
    if not oldest and not version.v6_metadata:
        option |= {"maps": [], "expected_data_type": None, "sys_ref_name": None}
    if stage or not oldest:
        option |= {"sequence_number": number, "id": str(field.id + number)}
    if version.number >= 4:
        option["colour_code"] = None
    if stage and oldest:
        option["colour_code"] = "#ffffff"
    if stage:
        option |= _describe_forecast(field, text, number, version)
    return option


def _describe_forecast(field: Field, text: str, number: int, version: Version) -> Json:
    lost, won = "Lost" in text, "Won" in text
    category, name = (3, "Closed") if won else (4, "Omitted") if lost else (1, "Pipeline")
    category_id = str(field.id + 1_000 + category)
    shown: object = {"name": name, "id": category_id}
    if version.number < 4:
        # UNVERIFIED: the number of v2.1, which only the model of Zoho's SDK shows.
        shown = category_id if version.number < 2.1 else category
    return {
        "probability": 100 if won else 0 if lost else min(90, 10 * number),
        "forecast_type": "Closed Won" if won else "Closed Lost" if lost else "Open",
        "forecast_category": shown,
    }
