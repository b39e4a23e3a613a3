"""Rows that share a value by which Zoho may match are written in their order, as if one by one."""

import random
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

import pytest

from destination_zoho_crm.client import Client
from destination_zoho_crm.row_order import RowOrder
from unit_tests.destination.conftest import Json, Org, row, state, stream

DELETES = stream(
    "gone",
    "External_Contact_ID",
    mode="soft_delete",
    key="External_Contact_ID",
    into="Contacts",
)
UPSERTS = stream(
    "Contacts", "Email", "External_Contact_ID", "Last_Name", mode="append_dedup", key="Email"
)


def contact(mail: str, name: str, external: str | None = None) -> Json:
    more = {} if external is None else {"External_Contact_ID": external}
    return {"Email": f"{mail}@example.com", "Last_Name": name, **more}


def slow(org: Org, match: str, where: str) -> None:
    """Calls that hold the text take their time, so that others overtake them if they may."""
    args = {"seconds": 0.4}
    org.control("POST", "faults", [{"match": match, "do": "delay", "where": where, "args": args}])


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize("again", ["ext-1", "EXT-1", " ext-1 "], ids=["same", "case", "blanks"])
def test_the_later_of_two_rows_wins_that_share_a_unique_value_and_not_the_key(
    org: Org, version: str, again: str
) -> None:
    org.knobs(trim_text=True)
    slow(org, "upsert", "old@")
    lines = [
        row("Contacts", contact("old", "Old", "ext-1")),
        state("Contacts", 1),
        row("Contacts", contact("new", "New", again)),
        state("Contacts", 2),
    ]

    result = org.write_lines([UPSERTS], lines, schema_version=version)
    org.knobs(trim_text=False)

    assert [result.counts(state=n) for n in range(2)] == [{"created": 1}, {"updated": 1}]
    assert org.record("Contacts", Email="new@example.com")["Last_Name"] == "New"


@pytest.mark.parametrize("sees_itself", [True, False])
def test_rows_that_share_a_unique_value_and_not_the_key_do_not_stand_in_one_call(
    org: Org, sees_itself: bool
) -> None:
    """What happens within one call is not documented."""
    org.knobs(batch_sees_itself=sees_itself)

    result = org.write(UPSERTS, [contact("old", "Old", "ext-1"), contact("new", "New", "ext-1")])
    org.knobs(batch_sees_itself=True)

    assert result.counts() == {"created": 1, "updated": 1}
    assert org.calls("upsert") == 2


def test_a_row_is_not_merged_past_a_row_that_is_linked_with_it(org: Org) -> None:
    """The third begins a record of its own, as the second has taken the address from the first."""
    slow(org, "upsert", "a@")
    rows = [contact("a", "1", "x"), contact("b", "2", "x"), contact("a", "3")]

    result = org.write(UPSERTS, rows)

    assert result.counts() == {"created": 2, "updated": 1}
    assert org.record("Contacts", Email="b@example.com")["Last_Name"] == "2"
    assert org.record("Contacts", Email="a@example.com")["Last_Name"] == "3"


def test_rows_of_one_key_are_not_merged_where_each_may_find_a_record_of_its_own(org: Org) -> None:
    for external in ("x", "y"):
        org.add("Contacts", Last_Name="Old", External_Contact_ID=external)

    result = org.write(UPSERTS, [contact("a", "1", "x"), contact("a", "2", "y")])

    # The second finds the first's record by the key, and the other has its unique value.
    assert result.counts() == {"updated": 1, "rejected": 1}
    assert org.record("Contacts", External_Contact_ID="x")["Last_Name"] == "1"


def test_of_two_inserts_with_one_unique_value_the_earlier_wins(org: Org) -> None:
    slow(org, "insert", "First")
    inserts = stream("Contacts", "Last_Name", "Email", "External_Contact_ID")
    others = (contact(f"other-{n}", "Other") for n in range(99))
    rows = [contact("a", "First", "x"), *others, contact("b", "Second", "X")]

    result = org.write(inserts, rows)

    assert result.counts() == {"created": 100, "rejected": 1}
    assert org.record("Contacts", External_Contact_ID="x")["Last_Name"] == "First"


def test_of_two_updates_with_one_unique_value_the_earlier_wins(org: Org) -> None:
    first, second = (org.add("Contacts", Last_Name="C") for _ in range(2))
    slow(org, "update", first)
    updates = stream("Contacts", "id", "External_Contact_ID", mode="update", key="id")
    lines = [
        line
        for n, one in enumerate((first, second))
        for line in (row("Contacts", {"id": one, "External_Contact_ID": "x"}), state("Contacts", n))
    ]

    result = org.write_lines([updates], lines)

    assert [result.counts(state=n) for n in range(2)] == [{"updated": 1}, {"rejected": 1}]
    assert org.record("Contacts", id=first)["External_Contact_ID"] == "x"


def test_a_deletion_does_not_overtake_one_of_its_key_in_another_spelling(org: Org) -> None:
    """Nor where the earlier one has begun a batch because the address was full."""
    key = "k" * 48
    org.add("Contacts", Last_Name="C", External_Contact_ID=key)
    slow(org, "delete", key)
    refusal = {"code": "NO_PERMISSION", "message": "m", "details": {}}
    fault = {"match": "delete", "do": "status", "where": key}
    org.control("POST", "faults", [{**fault, "args": {"status": 403, "body": refusal}}])
    before, behind = ([f"{letter * 40}-{n}" for n in range(10, 96)] for letter in "ab")
    keys = [*before, key, *behind, key.upper()]

    result = org.write(DELETES, [{"External_Contact_ID": one} for one in keys])

    assert "NO_PERMISSION" in result.sentence
    assert org.calls("delete") == 2
    assert org.record("Contacts", External_Contact_ID=key)


def test_streams_of_one_module_keep_the_order_of_the_input(org: Org) -> None:
    slow(org, "upsert", "Old")
    again = stream("again", "Last_Name", "Email", "External_Contact_ID", into="Contacts")
    lines = [
        row("Contacts", contact("a", "Old", "x")),
        row("gone", {"External_Contact_ID": "x"}),
        row("again", contact("b", "New", "x")),
        state(None),
    ]

    result = org.write_lines([UPSERTS, DELETES, again], lines)

    assert result.counts() == {"created": 2, "deleted": 1}
    assert org.record("Contacts", External_Contact_ID="x")["Last_Name"] == "New"


def test_what_is_written_in_parts_is_written_before_later_rows(org: Org) -> None:
    """A record of several rows that Zoho rejects."""
    leads = stream("Leads", "Email", "Last_Name", "Website", mode="append_dedup", key="Email")
    rows = [{"Email": "a@example.com", "Last_Name": f"N{n}"} for n in range(6)]
    rows[4] |= {"Website": "bad"}
    slow(org, "upsert", "N1")
    lines = [row("Leads", data) for data in rows]

    result = org.write_lines([leads], [*lines[:5], state("Leads", 1), lines[5], state("Leads", 2)])

    assert result.counts(state=0) == {"created": 1, "updated": 2, "superseded": 1, "rejected": 1}
    assert org.record("Leads", Email="a@example.com")["Last_Name"] == "N5"


def test_a_run_that_is_stopped_writes_no_row_behind_one_that_it_leaves(org: Org) -> None:
    """The earlier row comes again with the next sync, and would win."""
    org.knobs(latency_ms=400)
    stop = threading.Event()
    leads = stream("Leads", "Last_Name")
    later = stream("later", "Email", "Last_Name", mode="append_dedup", key="Email", into="Contacts")

    def lines() -> Iterator[bytes]:
        # These keep all writers busy.
        yield from (row("Leads", {"Last_Name": f"{n}"}) for n in range(800))
        yield state("Leads", 1)
        yield row("Contacts", contact("a", "Earlier"))
        yield row("later", contact("a", "Later"))
        yield state("later", 2)
        # More than is read ahead, so the rows above have been taken.
        yield from (row("Leads", {"Last_Name": "Behind"}) for _ in range(250))
        stop.set()

    result = org.write_lines([leads, UPSERTS, later], lines(), stop)
    org.knobs(latency_ms=0)

    assert "The sync was stopped" in result.sentence
    assert [message["state"]["id"] for message in result.states] == [1]
    assert not [r for r in org.records("Contacts") if r["Email"] == "a@example.com"]


ACCOUNT = ("Account_Name", "ERP_ID", "Phone", "Website")
UPDATE = ACCOUNT[1:]
STREAMS = [
    stream("upserts", *ACCOUNT, mode="append_dedup", key="Account_Name", into="Accounts"),
    stream("inserts", *ACCOUNT, into="Accounts"),
    stream("updates", *UPDATE, mode="update", key="ERP_ID", into="Accounts"),
    stream("deletes", "ERP_ID", mode="soft_delete", key="ERP_ID", into="Accounts"),
]
EXTERNAL = {"X-EXTERNAL": "Accounts.ERP_ID"}


def drawn(rng: random.Random, number: int) -> Iterator[tuple[str, Json]]:
    """Rows that collide by key, by unique value, by both, in several spellings; some are bad. No
    two records come to have one name, or Zoho would choose between them."""
    for n in range(number):
        name = rng.choices(["upserts", "inserts", "updates", "deletes"], [12, 2, 4, 1])[0]
        data = {"Phone": f"{n}", "Website": "bad" if rng.random() < 0.05 else "https://a.test"}
        if name != "upserts" or rng.random() < 0.5:
            data["ERP_ID"] = f"{rng.choice('eE')}{rng.randrange(40)}"
        if name == "upserts":
            data["Account_Name"] = f"{rng.choice('nN')}{rng.randrange(60)}"
        elif name == "inserts":
            data["Account_Name"] = f"new-{n}"
        yield name, data


def marked(data: Mapping[str, Any], mark: str) -> Json:
    return {
        name: f"{value}-{mark}" if name in ("Account_Name", "ERP_ID") else value
        for name, value in data.items()
    }


def one_by_one(org: Org, rows: Iterable[tuple[str, Json]]) -> None:
    client = Client(org.config)
    for name, data in rows:
        if name == "deletes":
            params = {"ids": data["ERP_ID"]}
            client.write("DELETE", "Accounts", usage_of="x", params=params, headers=EXTERNAL)
        elif name == "updates":
            client.write("PUT", "Accounts", usage_of="x", body={"data": [data]}, headers=EXTERNAL)
        elif name == "inserts":
            client.write("POST", "Accounts", usage_of="x", body={"data": [data]})
        else:
            body = {"data": [data], "duplicate_check_fields": ["Account_Name"]}
            client.write("POST", "Accounts/upsert", usage_of="x", body=body)


def accounts(org: Org, mark: str) -> list[list[str]]:
    """What is written with the mark, without it."""
    records = [r for r in org.records("Accounts") if r["Account_Name"].endswith(f"-{mark}")]
    return sorted([str(r[name]).removesuffix(f"-{mark}") for name in ACCOUNT] for r in records)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("seed", range(3))
def test_rows_that_collide_end_as_if_they_were_written_one_by_one(org: Org, seed: int) -> None:
    rng = random.Random(seed)
    rows = list(drawn(rng, 120))
    one_by_one(org, ((name, marked(data, "one")) for name, data in rows))
    lines = [row(name, marked(data, "all")) for name, data in rows]
    for place in sorted(rng.sample(range(120), 6), reverse=True):
        lines.insert(place, state(None, place))
    slow = {"do": "delay", "prob": 0.4, "args": {"seconds": 0.03}}
    lost = {"do": "status", "prob": 0.2, "args": {"status": 500, "done": seed % 2 == 1}}
    calls = ("upsert", "update", "delete")
    org.control("POST", "faults", [{"match": "*:Accounts", **slow}])
    org.control("POST", "faults", [{"match": f"{call}:Accounts", **lost} for call in calls])

    result = org.write_lines(STREAMS, [*lines, state(None)], max_rejected="100%")

    assert result.failure is None
    assert accounts(org, "all") == accounts(org, "one")


def test_values_of_rows_that_are_written_are_dropped_some_day() -> None:
    order, written = RowOrder(["Email"]), Future[bool]()
    written.set_result(True)
    waiting = order.join([("Email", "waiting")], ())
    waiting.writes = (Future(),)

    for n in range(60_000):
        order.join([("Email", f"{n}")], ()).writes = (written,)

    assert len(order) <= 50_000
    assert order.find_groups([("Email", "waiting"), ("Email", "59999")]) >= {waiting}
    assert not order.find_groups([("Email", "0")])
