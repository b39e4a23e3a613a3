"""Which rows moved in a module's lists while a chain was read; finding out costs two credits."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from source_zoho_crm.readers import Page
from source_zoho_crm.readers.repeated_pages import RepeatedPages
from zoho_crm.errors import NOT_SERVED, PERMISSION_LACKING
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")


class Lister(Protocol):
    """Sends Get Records with these parameters, for rows modified since then, and returns its page.
    `promised`: rows have been seen that should be in it."""

    def __call__(
        self, params: Mapping[str, str], since: datetime | None, /, *, promised: bool = False
    ) -> Page: ...


#: Sends Get Deleted Records for what was deleted since then, this page.
DeletionLister = Callable[[datetime, int], Page]

#: Refuses the page token of a chain that has been read for more than a day.
TOKEN_EXPIRED = "EXPIRED_VALUE"
#: Refuse pages that are further away than Zoho's lists reach.
OUT_OF_REACH = frozenset({"DISCRETE_PAGINATION_LIMIT_EXCEEDED", "PAGINATION_LIMIT_EXCEEDED"})
#: Zoho's clock shows whole seconds, and was read some time ago.
_CLOCK = timedelta(seconds=5)


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

    `at(t)`: Zoho's time at our time t (seconds), corrected by all answers so far. Times are kept as
    ours, because a later answer may show that Zoho's was earlier. `lists_deletions`: Zoho lists
    what is deleted of this module. Where it has never shown any, as for line items and links, an
    empty list of deletions proves nothing.
    """

    def __init__(
        self,
        module: str,
        rows: Lister,
        deletions: DeletionLister,
        at: Callable[[float], datetime],
        *,
        lists_deletions: bool = True,
    ) -> None:
        self._module = module
        self._rows = rows
        self._deletions = deletions
        self._at = at
        self.lists_deletions = lists_deletions
        self._refused = False
        self._has_warned = False

    @property
    def can_detect(self) -> bool:
        """Whether Zoho shows which records have moved."""
        return self.lists_deletions and not self._refused

    def find_moved(
        self, since_s: float, held: Callable[[str], bool], *, edits: bool = True
    ) -> MovedRows:
        """Which records whose ids `held` knows were deleted since then, or (`edits`) edited.

        The list of deletions grows meanwhile, and pages that grow hide nothing. In that of edits a
        row moves once more when it is edited again, so that more than a page of them shows nothing.
        """
        if not self.can_detect:
            return MovedRows(frozenset(), frozenset(), whole=False, refused=self._refused)
        since = self._at(since_s) - _CLOCK
        try:
            rows, more, number, repeats = [], True, 0, RepeatedPages(self._module)
            while more:
                number += 1
                page = self._deletions(since, number)
                repeats.check(page)
                rows += page.rows
                more = page.more and bool(page.rows)
            if edits:
                page = self._rows({"fields": "id", "converted": "both"}, since)
                rows += page.rows
                more = page.more
        except Refused as refusal:
            if refusal.code not in NOT_SERVED | PERMISSION_LACKING and not refusal.scopes_held:
                raise
            self._refused = True
            return MovedRows(frozenset(), frozenset(), whole=False, refused=True)
        ids = frozenset(row["id"] for row in rows)
        return MovedRows(frozenset(filter(held, ids)), ids, whole=not more)

    def has_moved(
        self, since_s: float, held: Callable[[str], bool], *, edits: bool = True
    ) -> bool | None:
        """Whether one has; yes where not all is shown. None: Zoho refuses to show it."""
        moved = self.find_moved(since_s, held, edits=edits)
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
