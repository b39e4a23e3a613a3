"""Connections that are reset, answers that break off or trickle: no row is lost, none doubled."""

import time

import pytest

from unit_tests.source.conftest import BULK, COQL, REST, Org, narrow, rows_of
from zoho_crm.auth import ZohoAuthenticator


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short: an export takes its time."""
    sleep = time.sleep
    monkeypatch.setattr("time.sleep", lambda seconds: sleep(min(seconds, 0.03)))


@pytest.mark.parametrize(
    ("method", "call"),
    [(COQL, "coql"), (REST, "records.list"), (BULK, "bulk.result"), (BULK, "bulk.status")],
)
def test_no_row_is_lost_or_doubled_when_connections_break(org: Org, method, call: str) -> None:
    org.settings = {"retrieval": method}
    stream = narrow(org.streams()["Leads"], "Last_Name")
    ZohoAuthenticator._tokens.clear()
    org.control("POST", "reset", {})
    rules = [
        {"do": "reset", "after": 0},
        {"do": "cut", "after": 1, "args": {"after_bytes": 0}},
        {"do": "cut", "after": 2, "args": {"after_bytes": 1_000}},
        {"do": "slow", "after": 3, "args": {"seconds": 0.1}},
    ]
    faults = [{"match": f"{call}:Leads", "times": 1, **rule} for rule in rules]
    org.control("POST", "faults", faults)

    rows = rows_of(org.read(stream), "Leads", deleted=False)

    truth = org.truth(stream)
    assert len(rows) == len(truth)
    assert {row["id"]: row for row in rows} == truth
    assert [fault["hits"] for fault in org.control("GET", "faults")] == [1, 1, 1, 1]
