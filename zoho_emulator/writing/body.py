"""The body of an insert, an update or an upsert."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from zoho_emulator.call import Call
from zoho_emulator.errors import InDataError, ZohoError
from zoho_emulator.writing import automations
from zoho_emulator.writing.automations import Automations, not_a

MOST_RECORDS = 100
#: "API Limits": records that one credit pays.
RECORDS_PER_CREDIT = 10


@dataclass(frozen=True, slots=True)
class Body:
    records: Sequence[object]
    duplicate_check_fields: Sequence[str] | None
    automations: Automations


def count_records(body: bytes) -> int:
    """How many records a body brings, even if it is wrong in other ways."""
    try:
        data = orjson.loads(body)["data"]
    except (ValueError, TypeError, KeyError, IndexError):
        return 0
    return len(data) if isinstance(data, list) else 0


def read_body(call: Call, *, most: int = MOST_RECORDS) -> Body:
    """What the call asks for; raises what Zoho refuses as a whole."""
    body = call.read_object()
    records = body.get("data")
    if records is None:
        raise ZohoError(
            "MANDATORY_NOT_FOUND",
            "required field not found",
            {"api_name": "data", "json_path": "$.data"},
        )
    if not isinstance(records, list):
        raise not_a("jsonarray", "data", "$.data")
    if not records:
        # UNVERIFIED: the pages give 1 as the least, and no error.
        raise ZohoError("INVALID_DATA", "invalid data", {"minimum_length": 1, "api_name": "data"})
    if len(records) > most:
        raise InDataError(
            "LIMIT_EXCEEDED",
            "count of records in your request exceeds the limit",
            {"maximum_length": most, "api_name": "data"},
        )
    keys = body.get("duplicate_check_fields")
    if keys is not None and not (isinstance(keys, list) and all(isinstance(k, str) for k in keys)):
        raise not_a("jsonarray", "duplicate_check_fields", "$.duplicate_check_fields")
    wanted = automations.read_automations(call, body)
    call.spend_more((len(records) - 1) // RECORDS_PER_CREDIT)
    # UNVERIFIED: an empty list counts as none.
    return Body(records, keys or None, wanted)
