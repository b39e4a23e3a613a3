"""What one page of a module's list tells ("Get Records")."""

from datetime import datetime

from source_zoho_crm.readers import Page, Row
from source_zoho_crm.readers.steps import ListRecords, Task
from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.errors import INVALID_DATA
from zoho_crm.problems import Refused

#: Rows of a page of any list.
PER_PAGE = 200


def find_some_id(since: datetime | None) -> Task[str | None]:
    """The id of a record modified since then (None: of any record); None: there is none."""
    params = {"fields": "id", "per_page": "1", "converted": "both"}
    page: Page = yield ListRecords(params, since)
    return page.rows[0]["id"] if page.rows else None


def find_converted(since: datetime | None) -> Task[Row | None]:
    """Id and Modified_Time of a converted record modified since then; None: there is none."""
    params = {"fields": CURSOR_FIELD, "per_page": "1", "converted": "true"}
    page: Page = yield ListRecords(params, since)
    return page.rows[0] if page.rows else None


def is_unchanged(seen: Row) -> Task[bool]:
    """Whether there is this record, with the same Modified_Time."""
    params = {"fields": CURSOR_FIELD, "ids": seen["id"], "converted": "both"}
    try:
        page: Page = yield ListRecords(params)
    except Refused as refusal:
        if refusal.code != INVALID_DATA:
            raise
        return False
    return any(row.get(CURSOR_FIELD) == seen.get(CURSOR_FIELD) for row in page.rows)
