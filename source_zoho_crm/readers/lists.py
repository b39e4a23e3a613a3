"""What one page of a module's list tells ("Get Records")."""

from datetime import datetime

from source_zoho_crm.readers import Page
from source_zoho_crm.readers.steps import ListRecords, Task
from zoho_crm.errors import INVALID_DATA
from zoho_crm.problems import Refused

#: Rows of a page of any list.
PER_PAGE = 200


def find_some_id(since: datetime | None, *, converted: str = "both") -> Task[str | None]:
    """The id of a record modified since then (None: of any record); None: there is none."""
    params = {"fields": "id", "per_page": "1", "converted": converted}
    page: Page = yield ListRecords(params, since)
    return page.rows[0]["id"] if page.rows else None


def has_record(key: str) -> Task[bool]:
    """Whether there is a record of this id."""
    try:
        page: Page = yield ListRecords({"fields": "id", "ids": key, "converted": "both"})
    except Refused as refusal:
        if refusal.code != INVALID_DATA:
            raise
        return False
    return bool(page.rows)
