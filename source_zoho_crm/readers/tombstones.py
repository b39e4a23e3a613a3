"""Tombstones: the records that say that a row was deleted.

UNVERIFIED: that a restored record gets a new Modified_Time, by which it comes back; Zoho's pages do
not say. Otherwise a refresh of the stream would bring it.
"""

from collections.abc import Mapping
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
    list of several pages is read twice at least, and until a reading shows all that the one before
    it has shown, and nothing new of before `end`. What is deleted later hides nothing, and a list
    that keeps growing is not read again for it.
    """
    seen, first, last = EmittedIds(), format_timestamp(since), format_timestamp(end)
    reading = None
    for _ in range(_REREADS):
        reading = _Reading(last, before=reading)
        more, number, fresh, repeats = True, 0, 0, RepeatedPages(module)
        while more:
            number += 1
            page: Page = yield ListDeletions(since, number)
            repeats.check(page)
            more = page.more and bool(page.rows)
            shown = {row["id"]: to_utc(row["deleted_time"]) for row in page.rows}
            reading.add(shown)
            new = {key: timestamp for key, timestamp in shown.items() if seen.add(key)}
            fresh += sum(timestamp <= last for timestamp in new.values())
            tombstones = [
                _build_tombstone(key, timestamp)
                for key, timestamp in new.items()
                if first <= timestamp <= last
            ]
            if tombstones:
                yield tombstones
        if number == 1 or (reading.proves_the_one_before() and not fresh):
            return
    raise transient_error(
        f"{module}: records were deleted or restored each of the {_REREADS} times that the list of "
        "deleted records was read. The next sync continues from the saved state."
    )


class _Reading:
    """One reading of the list of deletions, beside the one before it.

    That one has missed none if no record left the list since its beginning. A record that did is
    not shown any more, or with another time. UNVERIFIED: that none is deleted and restored again
    within one reading, behind the page that is read.
    """

    def __init__(self, last: str, *, before: "_Reading | None") -> None:
        self._last = last
        self._before = before
        #: What was deleted up to the end of the span, in eight bytes each; how many of these the
        #: reading before has shown, too.
        self._ids = EmittedIds()
        self._kept = 0
        #: When what was deleted since the run began was deleted first.
        self._later: dict[str, str] = {}

    def add(self, shown: Mapping[str, str]) -> None:
        """A page: when each of its records was deleted, by id."""
        for key, timestamp in shown.items():
            if timestamp > self._last:
                self._later.setdefault(key, timestamp)
            elif self._ids.add(key) and self._before:
                self._kept += key in self._before._ids

    def proves_the_one_before(self) -> bool:
        """Whether there is one, and nothing that it has shown has left the list."""
        before = self._before
        return (
            before is not None
            and self._kept == len(before._ids)
            and before._later.items() <= self._later.items()
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
