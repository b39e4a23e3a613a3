"""Lists that do not lead on."""

from typing import Any

from source_zoho_crm.readers import Page, Row
from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.problems import repeated_page_error


class RepeatedPages:
    """Ends the read of a list whose pages repeat: it would never end.

    Rows that move in a list get another Modified_Time, so that a page of as many rows as the one
    before, with the same first and last, is the same page.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._before: tuple[Any, ...] = ()

    def check(self, page: Page) -> None:
        """Raises a transient error if the page is the one before, and promises more."""
        shown: tuple[Any, ...] = ()
        if page.more and page.rows:
            shown = (len(page.rows), _name(page.rows[0]), _name(page.rows[-1]))
        if shown and shown == self._before:
            raise repeated_page_error(self._module)
        self._before = shown


def _name(row: Row) -> tuple[Any, ...]:
    return row["id"], row.get(CURSOR_FIELD), row.get("deleted_time")
