"""Retrieval methods: the ways to read a module's records. One shape comes out of all of them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from source_zoho_crm.readers.windows import Window
from zoho_crm.answers import Page, Row

__all__ = ["Page", "Reader", "Row"]


class Reader(Protocol):
    """Reads one module."""

    #: What the log calls it.
    name: str

    def cast(self, row: Row, /) -> Row:
        """Turns a row of this retrieval method, in place, into its canonical form."""
        ...

    def read_changes(
        self, since: datetime, end: datetime, *, resumed: bool, promised: bool = False
    ) -> Iterator[list[Row] | Window]:
        """The records modified from `since` to `end`, both included, in pages.

        A window comes after the last of its rows; windows follow each other without a gap and
        end at `end`. `resumed`: an earlier sync has read all that is older.
        `promised`: a record modified since then has been seen.
        """
        ...

    def read_everything(self) -> Iterator[list[Row]]:
        """All records of the module, whatever their Modified_Time, in pages."""
        ...
