"""States of streams that are written side by side."""

import pytest

from destination_zoho_crm.client import Client
from destination_zoho_crm.protocol import read_messages
from destination_zoho_crm.writing import write
from unit_tests.destination.conftest import Org, row, state, stream
from zoho_crm.auth import ZohoAuthenticator

LEADS = stream("Leads", "Last_Name", "Email")


def leads(*names: str) -> list[bytes]:
    return [row("Leads", {"Last_Name": name}) for name in names]


def test_a_global_state_speaks_of_all_streams(org: Org) -> None:
    accounts = stream("Accounts", "Account_Name")
    lines = [
        *leads("A"),
        row("Accounts", {"Account_Name": "One"}),
        state(None, 1),
        row("Accounts", {"Account_Name": "Two"}),
        state(None, 2),
    ]

    result = org.write_lines([LEADS, accounts], lines)

    assert [result.counts(state=n) for n in range(2)] == [{"created": 2}, {"created": 1}]


ACCOUNTS = stream("Accounts", "Account_Name")


def accounts(*names: str) -> list[bytes]:
    return [row("Accounts", {"Account_Name": name}) for name in names]


def test_states_of_a_stream_keep_their_order_and_their_counts(org: Org) -> None:
    org.fail("insert:Leads", "delay", seconds=0.3)
    lines = []
    for n in range(6):
        rows = leads("L") if n % 2 == 0 else accounts("A", "B")
        lines += [*rows, state(("Leads", "Accounts")[n % 2], n)]

    result = org.write_lines([LEADS, ACCOUNTS], lines)

    ids = [s["state"]["id"] for s in result.states]
    assert [n for n in ids if n % 2 == 0] == [0, 2, 4]
    assert [n for n in ids if n % 2 == 1] == [1, 3, 5]
    assert all(
        result.counts(state=place) == {"created": 1 if number % 2 == 0 else 2}
        for place, number in enumerate(ids)
    )


def test_a_stream_that_fails_holds_back_no_state_of_another(org: Org) -> None:
    """Else the other's inserts come again, and are added again."""
    refusal = {"code": "NO_PERMISSION", "message": "no", "details": {}}
    org.fail("insert:Accounts", "delay", seconds=0.3)
    org.fail("insert:Accounts", times=9, status=403, body=refusal)
    names = [f"{n}" for n in range(100)]
    lines = [*accounts("A"), state("Accounts", 1), *leads(*names), state("Leads", 2)]

    result = org.write_lines([LEADS, ACCOUNTS], lines)

    assert "NO_PERMISSION" in result.sentence
    assert [s["state"]["id"] for s in result.states] == [2]
    assert result.counts() == {"created": 100}


@pytest.mark.parametrize(
    "barrier",
    [state(None, 3), state("unheard", 3), b'{"type": "STATE", "state": {"id": 3, "data": {}}}'],
    ids=["global", "of no stream", "legacy"],
)
def test_a_state_of_all_streams_waits_for_all_and_all_wait_for_it(org: Org, barrier: bytes) -> None:
    org.fail("insert:Leads", "delay", seconds=0.3)
    lines = [
        *leads("Slow"),
        state("Leads", 1),
        *accounts("A"),
        state("Accounts", 2),
        *accounts("B"),
        barrier,
        *accounts("C", "D"),
        state("Accounts", 4),
    ]

    result = org.write_lines([LEADS, ACCOUNTS], lines)

    assert [s["state"]["id"] for s in result.states] == [2, 1, 3, 4]
    assert [result.counts(state=n)["created"] for n in range(4)] == [1, 1, 1, 2]


def test_where_a_stream_fails_no_state_behind_one_of_all_streams_goes_out(org: Org) -> None:
    refusal = {"code": "NO_PERMISSION", "message": "no", "details": {}}
    org.fail("insert:Leads", "delay", seconds=0.3)
    org.fail("insert:Leads", times=9, status=403, body=refusal)
    lines = [*leads("A"), state(None, 1), *accounts("A"), state("Accounts", 2)]

    result = org.write_lines([LEADS, ACCOUNTS], lines)

    assert "NO_PERMISSION" in result.sentence
    assert result.states == []


def test_namespaces_keep_streams_of_one_name_apart(org: Org) -> None:
    streams = [
        stream("t", "Last_Name", into="Leads", namespace="a"),
        stream("t", "Last_Name", into="Contacts", namespace="b"),
    ]
    lines = [
        row("t", {"Last_Name": "In A"}, "a"),
        row("t", {"Last_Name": "In B"}, "b"),
        state(None),
    ]

    result = org.write_lines(streams, lines)

    assert result.counts() == {"created": 2}
    assert org.record("Leads", Last_Name="In A")
    assert org.record("Contacts", Last_Name="In B")


def test_a_state_does_not_wait_for_the_writers_of_other_streams(org: Org) -> None:
    """At the end of a run, too: a killed run must not lose what is written."""
    org.fail("insert:Leads", "delay", seconds=1)
    accounts = stream("Accounts", "Account_Name")
    lines = [
        *leads("Slow"),
        row("Accounts", {"Account_Name": "Quick"}),
        state("Accounts", 1),
        state("Leads", 2),
    ]
    ZohoAuthenticator._tokens.clear()

    results = write(Client(org.config), org.config, [LEADS, accounts], read_messages(lines))
    next(results)
    there = {record["Last_Name"] for record in org.records("Leads")}
    list(results)

    assert "Slow" not in there
    assert org.record("Leads", Last_Name="Slow")


@pytest.mark.parametrize("named", ["t", "unheard"], ids=["without its namespace", "of no stream"])
def test_a_state_of_a_stream_that_is_not_in_the_catalog_waits_for_all_rows(
    org: Org, named: str
) -> None:
    """It may well speak of them: some platforms leave the namespace out."""
    org.fail("insert", "delay", seconds=0.5)
    streams = [stream("t", "Last_Name", into="Leads", namespace="a")]

    result = org.write_lines(streams, [row("t", {"Last_Name": "A"}, "a"), state(named)])

    assert result.counts() == {"created": 1}
