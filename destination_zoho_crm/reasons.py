"""What the log may say of a refusal of Zoho's: its own text can hold a value of the row. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from destination_zoho_crm.options import shown
from zoho_crm.errors import DUPLICATE_DATA, INVALID_DATA

#: "Insert Records", "Update Records": codes of a record's errors.
_WORDS: Mapping[str, str] = {
    DUPLICATE_DATA: "another record has this value",
    "DUPLICATE_LINKING_DATA": "the records are linked already",
    "DEPENDENT_FIELD_MISSING": "a field it depends on has no value",
    "DEPENDENT_MISMATCH": "the value does not go with that of a field it depends on",
    "RECORD_LOCKED": "the record is locked",
    "NOT_APPROVED": "the record waits for approval",
    "NOT_REVIEWED": "the record waits for review",
    "RECORD_IN_BLUEPRINT": "the record is in a blueprint",
    "CONVERTED_RECORD": "the record was converted, so it cannot be changed",
    "ID_ALREADY_CONVERTED": "the record was converted, so it cannot be changed",
}
#: Of the record itself, and not of one that it points at.
_OWN_ID = re.compile(r"\$\.data\[\d+\]\.id", re.ASCII)


def reason(code: object, details: Mapping[str, Any], *, known: bool) -> str:
    """In fixed words, and by what Zoho would have taken, which is the org's; may be empty.

    `known`: the row is to change a record that is there.
    """
    limits = ", ".join(_limits(details))
    taken = f"Zoho takes {limits}" if limits else ""
    return "; ".join(filter(None, [_words(code, details, known), taken]))


def _words(code: object, details: Mapping[str, Any], known: bool) -> str:
    if code == "MANDATORY_NOT_FOUND":
        there = known or "id" in details
        return f"{'the' if there else 'a new'} record needs a value"
    if code == INVALID_DATA and known and _is_of_own_id(details):
        return "no record has this id; it may have been deleted or converted"
    return _WORDS.get(str(code), "")


def _is_of_own_id(details: Mapping[str, Any]) -> bool:
    """UNVERIFIED: whether Zoho names the field of an id that is not there, or the id alone, or its
    place in the path; the page has the message only ("Update Records": errors)."""
    if "api_name" in details:
        path = details.get("json_path")
        return details["api_name"] == "id" and (not path or bool(_OWN_ID.fullmatch(str(path))))
    return "id" in details or "resource_path_index" in details


def _limits(details: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(kind := details.get("expected_data_type"), str):
        yield f"the type {kind}"
    if isinstance(length := details.get("maximum_length"), int):
        yield f"a length of at most {length}"
    if isinstance(values := details.get("supported_values"), list) and values:
        yield f"one of {shown([str(value) for value in values])}"
