"""Which rows moved in a module's lists while a chain was read; finding out costs two credits."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from source_zoho_crm.readers import Page, Row
from source_zoho_crm.readers.repeated_pages import RepeatedPages
from source_zoho_crm.readers.steps import ListDeletions, ListRecords, Moment, Task
from zoho_crm.errors import NOT_SERVED, PERMISSION_LACKING
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")


#: Refuses the page token of a chain that has been read for more than a day.
TOKEN_EXPIRED = "EXPIRED_VALUE"
#: Refuse pages that are further away than Zoho's lists reach.
OUT_OF_REACH = frozenset({"DISCRETE_PAGINATION_LIMIT_EXCEEDED", "PAGINATION_LIMIT_EXCEEDED"})


class MovedRows(NamedTuple):
    """Records that have left their places in a list since a given time."""

    #: Those of the records that the caller has read.
    ids: frozenset[str]
    all: frozenset[str]
    #: No more than these.
    whole: bool
    #: Zoho refuses the lists that show it.
    refused: bool = False

    @property
    def none(self) -> bool:
        """No record has moved, for certain."""
        return self.whole and not self.ids


class MoveDetector:
    """Finds which records of a module moved since a given time.

    UNVERIFIED: whether the pages of a list or an export, and their page tokens, show one point in
    time or several; Zoho's pages do not say. So the worst is assumed, that they count rows as they
    are now: a row that leaves the list between two pages then moves all after it forward, and one
    of them is in no page.

    `lists_deletions`: Zoho lists what is deleted of this module. Where it has never shown any, as
    for line items and links, an empty list of deletions proves nothing.
    """

    def __init__(self, module: str, *, lists_deletions: bool = True) -> None:
        self._module = module
        self.lists_deletions = lists_deletions
        self._refused = False
        self._has_warned = False

    @property
    def can_detect(self) -> bool:
        """Whether Zoho shows which records have moved."""
        return self.lists_deletions and not self._refused

    def find_moved(
        self, since: Moment, held: Callable[[str], bool], *, edits: bool = True
    ) -> Task[MovedRows]:
        """Which records whose ids `held` knows were deleted since then, or (`edits`) edited.

        The list of deletions grows meanwhile, and pages that grow hide nothing. In that of edits a
        row moves once more when it is edited again, so that more than a page of them shows nothing.
        """
        if not self.can_detect:
            return MovedRows(frozenset(), frozenset(), whole=False, refused=self._refused)
        try:
            rows: list[Row] = []
            unshown = False
            if edits:
                # Before the deletions: a record that was edited and is deleted between the two
                # would be in neither.
                page: Page = yield ListRecords({"fields": "id", "converted": "both"}, since)
                rows += page.rows
                unshown = page.more
            more, number, repeats = True, 0, RepeatedPages(self._module)
            while more:
                number += 1
                page = yield ListDeletions(since, number)
                repeats.check(page)
                rows += page.rows
                more = page.more and bool(page.rows)
        except Refused as refusal:
            if refusal.code not in NOT_SERVED | PERMISSION_LACKING and not refusal.scopes_held:
                raise
            self._refused = True
            return MovedRows(frozenset(), frozenset(), whole=False, refused=True)
        ids = frozenset(row["id"] for row in rows)
        return MovedRows(frozenset(filter(held, ids)), ids, whole=not unshown)

    def has_moved(
        self, since: Moment, held: Callable[[str], bool], *, edits: bool = True
    ) -> Task[bool | None]:
        """Whether one has; yes where not all is shown. None: Zoho refuses to show it."""
        moved = yield from self.find_moved(since, held, edits=edits)
        return None if moved.refused else not moved.none

    def warn_of_gaps(self) -> None:
        """Warns, once, that rows may have moved unseen."""
        if not self._has_warned:
            self._has_warned = True
            LOGGER.warning(
                f"{self._module}: its records came in several pages, and Zoho refuses to show "
                "which of them were edited or deleted meanwhile. If some were, others may be "
                "missing; a refresh of this stream at a quiet hour brings them."
            )
