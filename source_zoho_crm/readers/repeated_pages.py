"""Lists that do not lead on."""

from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.readers import Page
from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.problems import transient_error


class RepeatedPages:
    """Ends the read of a list whose pages repeat: it would never end.

    Rows that move in a list get another Modified_Time, so that a page with the rows of the one
    before is the same page.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._before: list[tuple[Any, ...]] = []

    def check(self, page: Page) -> None:
        """Raises a transient error if the page is the one before, and promises more."""
        shown: list[tuple[Any, ...]] = [
            (row["id"], row.get(CURSOR_FIELD), row.get("deleted_time"))
            for row in (page.rows if page.more else ())
        ]
        if shown and shown == self._before:
            raise repeated_page_error(self._module)
        self._before = shown


def repeated_page_error(module: str) -> AirbyteTracedException:
    return transient_error(
        f"{module}: Zoho gave the same page twice and promised more, so the read would not end. "
        "Try again later."
    )
