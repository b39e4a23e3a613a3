"""Tombstones: the records that say that a row was deleted.

UNVERIFIED: that a restored record gets a new Modified_Time, by which it comes back; Zoho's pages do
not say. Otherwise a refresh of the stream would bring it.
"""

from datetime import datetime, timedelta
from typing import Any

from source_zoho_crm.readers import Page, Row
from source_zoho_crm.readers.emitted_ids import EmittedIds
from source_zoho_crm.readers.repeated_pages import RepeatedPages
from source_zoho_crm.readers.steps import ListDeletions, Task
from source_zoho_crm.readers.windows import CURSOR_FIELD, format_timestamp
from zoho_crm.casts import to_utc
from zoho_crm.problems import transient_error

DELETED_AT, UPDATED_AT = "_ab_cdc_deleted_at", "_ab_cdc_updated_at"

#: "Get Deleted Records": how long Zoho lists them.
_IN_THE_BIN = timedelta(days=60)
LISTED_FOR = timedelta(days=120)
#: How often a list of several pages is read, until it has nothing new.
_REREADS = 5


def build_tombstone_columns() -> dict[str, Any]:
    """What tombstones add to the JSON schema of a stream."""
    timestamp = {
        "type": ["null", "string"],
        "format": "date-time",
        "airbyte_type": "timestamp_with_timezone",
    }
    return {DELETED_AT: timestamp, UPDATED_AT: timestamp}


def read_tombstones(module: str, since: datetime, end: datetime) -> Task[None]:
    """The deletions from `since` to `end`, both included, each record's once, in pages.

    Pages are counted, and where a record is restored meanwhile, those after it move forward; so a
    list of several pages is read twice at least, and until it has nothing new of before `end`. What
    is deleted later hides nothing, and a list that keeps growing is not read again for it.
    """
    seen, first, last = EmittedIds(), format_timestamp(since), format_timestamp(end)
    for reading in range(_REREADS):
        more, number, fresh, repeats = True, 0, 0, RepeatedPages(module)
        while more:
            number += 1
            page: Page = yield ListDeletions(since, number)
            repeats.check(page)
            more = page.more and bool(page.rows)
            new = {
                row["id"]: to_utc(row["deleted_time"]) for row in page.rows if seen.add(row["id"])
            }
            fresh += sum(timestamp <= last for timestamp in new.values())
            tombstones = [
                _build_tombstone(key, timestamp)
                for key, timestamp in new.items()
                if first <= timestamp <= last
            ]
            if tombstones:
                yield tombstones
        if number == 1 or (reading and not fresh):
            return
    raise transient_error(
        f"{module}: records were deleted or restored each of the {_REREADS} times that the list of "
        "deleted records was read. The next sync continues from the saved state."
    )


def _build_tombstone(key: str, timestamp: str) -> Row:
    """It carries the deletion's time as Modified_Time: warehouses keep the row with the latest
    cursor, and drop it if it is marked as deleted."""
    return {"id": key, CURSOR_FIELD: timestamp, DELETED_AT: timestamp, UPDATED_AT: timestamp}


def describe_unlisted(since: datetime, now: datetime) -> str | None:
    """Which deletions since then Zoho no longer lists; None: it lists all."""
    if now - since > LISTED_FOR:
        return f"before {format_timestamp(now - LISTED_FOR)}"
    if now - since > _IN_THE_BIN:
        left = format_timestamp(now - _IN_THE_BIN)
        return f"before {left} whose rows have left the recycle bin since"
    return None
