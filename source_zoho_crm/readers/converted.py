"""Converted leads, whether or not COQL shows them."""

from collections.abc import Callable, Iterator
from datetime import datetime

from source_zoho_crm.readers import Reader, Row
from source_zoho_crm.readers.calls import Calls
from source_zoho_crm.readers.rest import RestReader
from source_zoho_crm.readers.windows import Window

#: So many converted leads are tried, if each is deleted meanwhile.
_SAMPLES = 5


class CoqlAndConvertedReader:
    """The COQL reader for a module whose records can be converted.

    UNVERIFIED: whether COQL shows converted leads. So one of them, found by a list, is looked for
    by a query; if the query does not show it and a list still does, the lists bring the converted
    ones.
    """

    def __init__(
        self,
        coql: Reader,
        converted: RestReader,
        shows: Callable[[str], bool],
        calls: Calls,
    ) -> None:
        self.name = coql.name
        self.cast = coql.cast
        self._coql = coql
        self._converted = converted
        self._shows = shows
        self._calls = calls

    def read_changes(
        self, since: datetime, end: datetime, *, resumed: bool, promised: bool = False
    ) -> Iterator[list[Row] | Window]:
        if not self._calls.find_some_id(since):
            yield Window(since, end)
            return
        if not self._are_hidden(since):
            yield from self._coql.read_changes(since, end, resumed=resumed, promised=True)
            return
        # Before a window closes: a state must not pass rows that are still to come.
        for part in self._converted.read_changes(since, end, resumed=resumed, promised=True):
            if isinstance(part, Window):
                yield from self._coql.read_changes(part.start, part.end, resumed=resumed)
            else:
                yield [self._converted.cast(row) for row in part]

    def read_everything(self) -> Iterator[list[Row]]:
        if not self._calls.find_some_id(None):
            return
        if self._are_hidden(None):
            for page in self._converted.read_everything():
                yield [self._converted.cast(row) for row in page]
        yield from self._coql.read_everything()

    def _are_hidden(self, since: datetime | None) -> bool:
        for _ in range(_SAMPLES):
            some = self._calls.find_some_id(since, converted="true")
            if some is None or self._shows(some):
                return False
            # It may have been deleted between the list and the query.
            if self._calls.has_record(some):
                return True
        # Rows that come twice do less harm than rows that never come.
        return True
