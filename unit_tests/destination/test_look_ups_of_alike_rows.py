"""Lost inserts of rows that are alike: each record is taken for one row only."""

import time
from collections.abc import Callable, Iterator
from threading import Event
from types import SimpleNamespace

import pytest

from unit_tests.destination.conftest import Org, mapping, row, state, stream
from unit_tests.destination.lost_answers import FAILED, LOST, UNREADABLE, one_by_one

pytestmark = pytest.mark.usefixtures("no_pauses")


@LOST
def test_rows_without_a_value_of_their_own_are_found_by_all_of_their_values(
    org: Org, fault: dict[str, object]
) -> None:
    before = len(org.records("Leads"))
    org.fail("insert", **fault)
    rows = [{"Last_Name": f"L{n % 40}", "Company": "C"} for n in range(100)]

    result = org.write(stream("Leads", "Last_Name", "Company"), rows)

    assert result.counts() == {"created": 100}
    assert len(org.records("Leads")) == before + 100
    assert org.calls("insert") == (1 if fault is UNREADABLE else 2)


@LOST
def test_rows_that_share_a_value_that_need_not_be_unique_are_kept_apart(
    org: Org, fault: dict[str, object]
) -> None:
    org.fail("insert", **fault)
    rows = [{"Last_Name": name, "Email": "l@x.test"} for name in ("A", "B", "B")]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.counts() == {"created": 3}
    names = [lead["Last_Name"] for lead in org.records("Leads") if lead["Email"] == "l@x.test"]
    assert sorted(names) == ["A", "B", "B"]


def test_a_row_is_not_sent_again_while_a_new_record_is_like_no_row(
    org: Org, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    """An automation may have changed the row's record. One with a unique value is safe."""
    field = {"api_name": "Serial", "data_type": "bigint", "custom": True, "unique": True}
    org.control("POST", "fields/Leads", field)
    org.fail("insert", **FAILED)
    meanwhile(lambda: org.add("Leads", Last_Name="changed"))
    rows = [{"Last_Name": "A"}, {"Last_Name": "B", "Serial": 17}]

    result = org.write(stream("Leads", "Last_Name", "Serial"), rows)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("no new record is like the row")
    assert org.record("Leads", Serial="17")


@pytest.mark.parametrize("lost", [(0, 1), (1, 0), (1, 1), (1, 2)])
def test_batches_that_lose_their_answers_together_are_kept_apart(
    org: Org, lost: tuple[int, int]
) -> None:
    """Some were carried out, others not."""
    done, not_done = lost
    before = len(org.records("Leads"))
    if done:
        org.fail("insert", times=done, **UNREADABLE)
    if not_done:
        org.fail("insert", times=not_done, after=done, **FAILED)
    rows = [{"Last_Name": f"N{n}"} for n in range(350)]

    result = org.write(stream("Leads", "Last_Name"), rows)

    assert result.counts() == {"created": 350}
    names = [lead["Last_Name"] for lead in org.records("Leads")]
    assert len(names) == before + 350
    assert {row["Last_Name"] for row in rows} <= set(names)


def test_records_that_an_upsert_of_the_run_makes_are_no_rows_of_an_insert(org: Org) -> None:
    """Both lose their answers, and their rows are alike in what the insert writes."""
    org.fail("insert", **FAILED)
    org.fail("upsert", **UNREADABLE)
    inserts, upserts = (
        stream("new", "Last_Name"),
        stream("all", "Last_Name", "Email", mode="append_dedup", key="Email"),
    )
    lines = []
    for n in range(30):
        lines.append(row("new", {"Last_Name": f"N{n}"}))
        lines.append(row("all", {"Last_Name": f"N{n}", "Email": f"{n}@x.test"}))
    lines += [state("new"), state("all")]

    result = org.write_lines(
        [inserts, upserts],
        lines,
        mappings=[mapping("new", "Leads", "insert"), mapping("all", "Leads", "upsert", "Email")],
    )

    names = [lead["Last_Name"] for lead in org.records("Leads")]
    assert result.failure is None
    assert [names.count(f"N{n}") for n in range(30)] == [2] * 30
    assert sum(stats["recordCount"] for stats in result.stats) == 60


def test_a_record_of_a_row_like_it_that_was_written_before_is_not_taken_for_a_rows(
    org: Org,
) -> None:
    """Its batch has ended, and its record was made in the second in which the other's began."""
    org.fail("insert", after=1, **FAILED)

    result = org.write_lines(
        [stream("Leads", "Last_Name", "Email")], one_by_one(org, 2, alike=True)
    )

    assert [result.counts(state=n) for n in (0, 1)] == [{"created": 1}, {"created": 1}]
    assert len([lead for lead in org.records("Leads") if lead["Email"] == "l@x.test"]) == 2
    assert org.calls("insert") == 3


def test_a_value_of_a_row_of_long_ago_traces_another(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [0]
    clock = SimpleNamespace(time=lambda: time.time() + ahead[0], sleep=lambda seconds: None)
    monkeypatch.setattr("destination_zoho_crm.lost_inserts.time", clock)
    monkeypatch.setattr("destination_zoho_crm.inserts.time", clock)
    org.fail("insert", after=1, **FAILED)

    def lines() -> Iterator[bytes]:
        for name in ("first", "second"):
            yield row("Leads", {"Last_Name": name, "Email": "l@x.test"})
            yield state("Leads")
            while not org.calls("insert"):
                pass
            Event().wait(0.2)
            ahead[0] += 60

    result = org.write_lines([stream("Leads", "Last_Name", "Email")], lines())

    assert [result.counts(state=n) for n in (0, 1)] == [{"created": 1}, {"created": 1}]


@LOST
def test_a_row_with_fewer_columns_does_not_take_the_record_of_one_with_more(
    org: Org, fault: dict[str, object]
) -> None:
    org.fail("insert", **fault)
    rows = [{"Account_Name": "Acme"}, {"Account_Name": "Acme", "Phone": "1"}, {"Account_Name": "B"}]

    result = org.write(stream("Accounts", "Account_Name", "Phone"), rows)

    assert result.counts() == {"created": 3}
    phones = [one["Phone"] for one in org.records("Accounts") if one["Account_Name"] == "Acme"]
    assert sorted(map(str, phones)) == ["1", "None"]


def test_equal_rows_of_batches_that_are_all_there_are_all_written(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that are there, and then one that is not."""
    monkeypatch.setattr("time.sleep", lambda seconds: Event().wait(0.2))
    org.fail("insert", times=2, **UNREADABLE)
    org.fail("insert", after=2, **FAILED)

    def lines() -> Iterator[bytes]:
        for number in range(3):
            yield row("Leads", {"Last_Name": "Twin"})
            yield state("Leads", number)
            while number == 1 and org.calls("insert") < 2:
                Event().wait(0.01)
            if number == 1:
                Event().wait(1)

    result = org.write_lines([stream("Leads", "Last_Name")], lines())

    assert result.failure is None
    assert [result.counts(state=n) for n in range(3)] == [{"created": 1}] * 3
    assert [lead["Last_Name"] for lead in org.records("Leads")].count("Twin") == 3


@pytest.mark.parametrize("slow", ["Company", ""], ids=["the wide one is slow", "none is slow"])
def test_rows_of_two_streams_that_are_alike_but_for_a_column_are_kept_apart(
    org: Org, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: Event().wait(0.2))
    org.fail("insert", times=2, **UNREADABLE)
    if slow:
        org.fail("coql", "delay", times=99, where=slow, seconds=0.2)
    lines = [row("wide", {"Last_Name": "Twin", "Company": "X"}), state("wide")]
    lines += [row("narrow", {"Last_Name": "Twin"}), state("narrow")]

    result = org.write_lines(
        [stream("narrow", "Last_Name"), stream("wide", "Last_Name", "Company")],
        lines,
        mappings=[mapping("narrow", "Leads", "insert"), mapping("wide", "Leads", "insert")],
    )

    companies = [one["Company"] for one in org.records("Leads") if one["Last_Name"] == "Twin"]
    assert result.failure is None
    assert [result.counts(state=n) for n in (0, 1)] == [{"created": 1}] * 2
    assert sorted(map(str, companies)) == ["None", "X"]


def test_what_an_upsert_left_open_is_no_row_of_an_insert(org: Org) -> None:
    """It makes a record, and then never gets an answer."""
    org.fail("insert", **FAILED)
    org.fail("upsert", times=99, **UNREADABLE)
    lines = [row("all", {"Last_Name": "N", "Email": "n@x.test"}), state("all")]
    lines += [row("new", {"Last_Name": "N"}), state("new")]

    result = org.write_lines(
        [
            stream("new", "Last_Name"),
            stream("all", "Last_Name", "Email", mode="append_dedup", key="Email"),
        ],
        lines,
        mappings=[mapping("new", "Leads", "insert"), mapping("all", "Leads", "upsert", "Email")],
    )

    emails = [lead["Email"] for lead in org.records("Leads") if lead["Last_Name"] == "N"]
    assert result.failure
    assert emails.count(None) == sum(stats["recordCount"] for stats in result.stats)


def test_a_record_that_an_automation_changed_is_no_other_row(
    org: Org, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    """Zoho refuses the first row, makes the second one, and a workflow formats its phone."""

    def format_phone() -> None:
        ann = org.record("Contacts", Last_Name="Ann")
        org.control("PATCH", "records/Contacts", {"id": ann["id"], "Phone": "+1 555 1234"})

    meanwhile(format_phone)
    org.fail("insert", **UNREADABLE)
    rows = [
        {"Last_Name": "Ann", "Account_Name.ERP_ID": "nope"},
        {"Last_Name": "Ann", "Phone": "5551234"},
    ]

    result = org.write(stream("Contacts", "Last_Name", "Phone", "Account_Name.ERP_ID"), rows)

    phones = [one["Phone"] for one in org.records("Contacts") if one["Last_Name"] == "Ann"]
    assert phones == ["+1 555 1234"]
    assert org.calls("insert") == 1
    assert result.counts()["rejected"] >= 1
