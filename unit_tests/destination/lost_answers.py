"""Faults that lose the answer of a call, and what happens during a look-up."""

from collections.abc import Iterator
from threading import Event

import pytest

from unit_tests.destination.conftest import Org, row, state

UNREADABLE = {"do": "body", "body": "<html>no JSON</html>"}
FAILED = {"do": "status", "status": 500, "body": {"code": "INTERNAL_ERROR", "message": "x"}}
LOST = pytest.mark.parametrize("fault", [UNREADABLE, FAILED], ids=["done", "not done"])


def one_by_one(org: Org, rows: int, *, alike: bool = False) -> Iterator[bytes]:
    """Rows, each in a batch of its own that ends before the next one begins."""
    for number in range(rows):
        values = {"Email": "l@x.test"} if alike else {}
        yield row("Leads", {"Last_Name": "L" if alike else f"L{number}", **values})
        yield state("Leads", number)
        while org.calls("insert") <= number:
            Event().wait(0.01)
        Event().wait(0.1)
