"""Tombstones: the records that say that a row was deleted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from source_zoho_crm.roads import Row
from source_zoho_crm.roads.windows import text
from zoho_crm.directory import CURSOR_FIELD
from zoho_crm.fields import utc

DELETED_AT, UPDATED_AT = "_ab_cdc_deleted_at", "_ab_cdc_updated_at"

_PER_PAGE = 200
#: "Get Deleted Records": how long Zoho lists them.
_IN_THE_BIN = timedelta(days=60)
_FOR_GOOD = timedelta(days=120)


def columns() -> dict[str, Any]:
    """What tombstones add to the JSON schema of a stream."""
    moment = {
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
    }
    return {DELETED_AT: moment, UPDATED_AT: moment}


def tombstones(
    pages: Iterable[Sequence[Mapping[str, Any]]], since: datetime, end: datetime
) -> Iterator[list[Row]]:
    """The deletions from `since` to `end`, both included.

    A tombstone carries the deletion's time as Modified_Time: warehouses keep the row with the
    latest cursor, and drop it where it says that it was deleted.
    """
    first, last = text(since), text(end)
    for page in pages:
        moments = ((entry["id"], utc(entry["deleted_time"])) for entry in page)
        yield [
            {"id": key, CURSOR_FIELD: moment, DELETED_AT: moment, UPDATED_AT: moment}
            for key, moment in moments
            if first <= moment <= last
        ]


def parameters(page: int) -> dict[str, str]:
    return {"type": "all", "page": str(page), "per_page": str(_PER_PAGE)}


def forgotten(since: datetime, now: datetime) -> str | None:
    """What Zoho no longer tells of the deletions since then; None: it tells all."""
    if now - since > _FOR_GOOD:
        return f"before {text(now - _FOR_GOOD)}"
    if now - since > _IN_THE_BIN:
        return f"before {text(now - _IN_THE_BIN)} whose rows have left the recycle bin since"
    return None
