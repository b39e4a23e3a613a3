"""Leads that wait on disk until a job takes them."""

from collections.abc import Iterable

import pytest

from destination_zoho_crm import spool
from unit_tests.destination.conftest import Org, Result, row, stream

KEYED = stream("Leads", "Email", "Last_Name", "Company", "Owner", mode="append_dedup", key="Email")
INSERTED = stream("Leads", "Last_Name", "Company", "Secondary_Email")
WAYS = pytest.mark.parametrize("method", ["Bulk", "Automatic"])
SPOOLS = {"automations": {"run": "none"}}


def lead(number: int, name: str = "L", **more: object) -> bytes:
    return row("Leads", {"Email": f"n{number}@x.test", "Last_Name": name, "Company": "C", **more})


def leads(number: int, first: int = 0, name: str = "L") -> list[bytes]:
    return [lead(first + n, name) for n in range(number)]


def write(org: Org, lines: Iterable[bytes], method: str = "Bulk", **more: object) -> Result:
    return org.write_lines([KEYED], lines, write_method=method, **{**SPOOLS, **more})


def ids(result: Result) -> list[int]:
    return [message["state"]["id"] for message in result.states]


def fill_at(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """A chunk is full at so many rows."""
    monkeypatch.setattr(spool, "MOST_ROWS", rows)
