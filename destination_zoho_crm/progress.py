"""What a long run is doing, told while it lasts."""

import logging
from collections.abc import Mapping
from time import monotonic
from typing import NamedTuple

from destination_zoho_crm.row_counts import Accounts
from zoho_crm.org import Line

LOGGER = logging.getLogger("airbyte")

#: A line comes after so many seconds, or so many rows that came in.
_SECONDS = 30
_ROWS = 10_000


class _Moment(NamedTuple):
    at: float
    #: Rows that came in, and those that have an outcome.
    rows: int
    settled: int


class Progress:
    """A line each 30 seconds or 10,000 rows, whichever comes first; none where nothing has moved
    since the line before, so a run that is shorter has none."""

    def __init__(self, accounts: Accounts, ledger: Mapping[str, Line]) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._told = _Moment(monotonic(), 0, 0)

    def tell(self) -> None:
        now, rows, told = monotonic(), self._accounts.rows, self._told
        if now - told.at < _SECONDS and rows - told.rows < _ROWS:
            return
        counts = self._accounts.counts
        settled = counts.total()
        if (rows, settled) == (told.rows, told.settled):
            return
        self._told = _Moment(now, rows, settled)
        rate = (settled - told.settled) / max(now - told.at, 0.001)
        cost = sum(line.credits for line in list(self._ledger.values()))
        written = settled - counts["rejected"] - counts["unchanged"]
        LOGGER.info(
            f"Progress: {rows:,} rows in, {written:,} written, {counts['rejected']:,} rejected; "
            f"{rate:,.0f} rows per second; {cost:,} credits."
        )
