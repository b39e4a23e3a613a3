"""Converted leads, whether or not COQL shows them."""

from datetime import datetime

from source_zoho_crm.readers.coql import CoqlReader
from source_zoho_crm.readers.lists import find_converted, find_some_id, is_unchanged
from source_zoho_crm.readers.rest import RestReader
from source_zoho_crm.readers.steps import Task
from source_zoho_crm.readers.windows import Window

#: So many converted leads are tried, if each is deleted meanwhile.
_SAMPLES = 5


class CoqlAndConvertedReader:
    """The COQL reader for a module whose records can be converted.

    UNVERIFIED: whether COQL shows converted leads. So one of them, found by a list, is looked for
    by a query; if the query does not show it and a list shows it before and after with the same
    Modified_Time, the lists bring the converted ones. What is converted while a full refresh runs
    comes with the next sync then.
    """

    def __init__(self, coql: CoqlReader, converted: RestReader) -> None:
        self.name = coql.name
        self._coql = coql
        self._converted = converted
        self._hidden: bool | None = None

    def read_changes(self, since: datetime, end: datetime, *, promised: bool = False) -> Task[None]:
        if not (promised or (yield from find_some_id(since))):
            yield Window(since, end)
            return
        if not (yield from self.are_hidden(since)):
            yield from self._coql.read_changes(since, end, promised=True)
            return
        # Before a window closes: a state must not pass rows that are still to come.
        yield from self._converted.read_changes(
            since,
            end,
            promised=True,
            close=lambda window: self._coql.read_changes(*window),
        )

    def read_everything(self, *, promised: bool = False) -> Task[None]:
        if not (promised or (yield from find_some_id(None))):
            return
        if (yield from self.are_hidden(None)):
            yield from self._converted.read_everything()
        yield from self._coql.read_everything()

    def are_hidden(self, since: datetime | None) -> Task[bool]:
        """Whether there are converted leads and queries do not show them; found out once."""
        if self._hidden is None:
            self._hidden = yield from self._find_hidden(since)
        return self._hidden

    def _find_hidden(self, since: datetime | None) -> Task[bool]:
        for _ in range(_SAMPLES):
            some = yield from find_converted(since)
            if some is None or (yield from self._coql.shows(some["id"])):
                return False
            # It may have been deleted before the query, and restored after it.
            if (yield from is_unchanged(some)):
                return True
        # Rows that come twice do less harm than rows that never come.
        return True
