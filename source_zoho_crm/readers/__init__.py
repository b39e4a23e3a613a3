"""Retrieval methods: the ways to read a module's records. One shape comes out of all of them."""

from datetime import datetime
from typing import Protocol

from source_zoho_crm.readers.steps import Task
from zoho_crm.answers import Page, Row

__all__ = ["Page", "Reader", "Row"]


class Reader(Protocol):
    """Reads one module. Its tasks yield rows in canonical form, in pages, and windows."""

    @property
    def name(self) -> str:
        """What the log calls it."""
        ...

    def read_changes(self, since: datetime, end: datetime, *, promised: bool = False) -> Task[None]:
        """The records modified from `since` to `end`, both included.

        A window comes after the last of its rows; windows follow each other without a gap and
        end at `end`. `promised`: a record modified since then has been seen.
        """
        ...

    def read_everything(self) -> Task[None]:
        """All records of the module, whatever their Modified_Time."""
        ...
