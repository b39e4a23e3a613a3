"""Inserts whose answer was lost are looked up: what is taken for a row's record, what is not."""

import time
from collections.abc import Callable, Iterator
from threading import Event
from types import SimpleNamespace

import pytest
from airbyte_cdk.models import FailureType

from destination_zoho_crm import lost
from unit_tests.destination.conftest import Org, row, state, stream

pytestmark = pytest.mark.usefixtures("no_pauses")

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


@pytest.mark.parametrize(
    ("module", "row"),
    [
        ("Leads", {"Last_Name": "L", "Email": "l@x.test"}),
        ("Accounts", {"Account_Name": "O'Brian", "ERP_ID": "e-9"}),
        ("Products", {"Product_Name": "P", "Product_Code": "c-9"}),
        ("Vehicles", {"Name": "V"}),
    ],
    ids=["system field", "external ID", "unique field", "custom module"],
)
@LOST
def test_an_insert_is_looked_up_and_never_doubled(
    org: Org, module: str, row: dict[str, str], fault: dict[str, object]
) -> None:
    before = len(org.records(module))
    org.fail("insert", **fault)

    result = org.write(stream(module, *row), [row])

    assert result.counts() == {"created": 1}
    assert len(org.records(module)) == before + 1
    assert org.calls("insert") == (1 if fault is UNREADABLE else 2)


@pytest.mark.parametrize("answer", [{"data": None}, {"data": {}}])
def test_an_answer_that_is_no_list_does_not_say_that_a_row_is_not_there(
    org: Org, answer: dict[str, object]
) -> None:
    org.fail("insert", **UNREADABLE)
    org.fail("coql", "body", times=99, body=answer)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert result.counts() == {"rejected": 1}
    assert org.calls("insert") == 1


def test_a_row_is_found_though_answers_before_it_came_with_a_clock_that_was_ahead(org: Org) -> None:
    """Only records made since the insert began are a row's, and a clock has to tell since when."""
    org.fail("*", "date", times=3, off_s=18_000)
    org.fail("insert", **UNREADABLE)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert result.counts() == {"created": 1}
    assert len([r for r in org.records("Leads") if r["Email"] == "l@x.test"]) == 1
    assert org.calls("insert") == 1


def test_a_unique_number_traces_its_row(org: Org) -> None:
    field = {"api_name": "Serial", "data_type": "bigint", "custom": True, "unique": True}
    org.control("POST", "fields/Leads", field)
    org.fail("insert", **UNREADABLE)

    result = org.write(stream("Leads", "Last_Name", "Serial"), [{"Last_Name": "L", "Serial": 17}])

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 1


def test_only_a_record_made_since_the_call_began_is_the_rows(org: Org) -> None:
    org.control(
        "POST",
        "records/Leads",
        {"Last_Name": "Old", "Email": "l@x.test", "Created_Time": "2020-01-01T00:00:00+00:00"},
    )
    org.fail("insert", **FAILED)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "New", "Email": "l@x.test"}]
    )

    assert result.counts() == {"created": 1}
    assert org.record("Leads", Last_Name="New")


def test_a_row_without_a_value_of_its_own_is_not_sent_again(org: Org) -> None:
    org.fail("insert", **UNREADABLE)
    rows = [{"Last_Name": "Traced", "Email": "l@x.test"}, {"Last_Name": "Untraced"}]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("1 rows by OUTCOME_UNKNOWN")
    assert org.calls("insert") == 1


def test_rows_that_share_their_value_cannot_be_told_apart(org: Org) -> None:
    org.fail("insert", **FAILED)
    rows = [{"Last_Name": name, "Email": "l@x.test"} for name in ("A", "B")]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.counts() == {"rejected": 2}
    assert org.calls("insert") == 1


def test_an_insert_whose_answers_stay_lost_ends_as_unknown(org: Org) -> None:
    org.fail("insert", times=9, **FAILED)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert "Zoho gives no answer to inserts into Leads" in result.sentence
    assert result.counts() == {"rejected": 1}
    assert org.calls("insert") == 3


def test_a_lost_insert_that_cannot_be_looked_up_ends_as_unknown(org: Org) -> None:
    org.fail("insert", **UNREADABLE)
    org.fail("coql", status=401, body={"code": "OAUTH_SCOPE_MISMATCH", "message": "x"})

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert result.counts() == {"rejected": 1}
    assert result.said("OUTCOME_UNKNOWN")
    assert result.failure
    assert result.failure.failure_type == FailureType.config_error


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Does something once, while the first look-up waits for its call to settle."""

    def arrange(what: Callable[[], object]) -> None:
        left = [what]

        def sleep(seconds: float) -> None:
            if seconds == lost.SETTLE_S and left:
                left.pop()()

        monkeypatch.setattr("time.sleep", sleep)

    return arrange


def test_a_value_that_another_row_of_the_run_has_traces_none(org: Org) -> None:
    """The second batch meets a Zoho that fails, while the first one's record has its address."""
    org.fail("insert", after=1, **FAILED)
    rows = [{"Last_Name": f"N{n}", "Email": f"{n % 100}@x.test"} for n in range(101)]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    ours = [lead for lead in org.records("Leads") if (lead["Email"] or "").endswith("@x.test")]
    counts = result.counts()
    assert counts["created"] == len(ours)
    assert counts["created"] + counts["rejected"] == 101


def test_a_record_of_a_row_like_it_that_was_written_before_is_not_taken_for_a_rows(
    org: Org,
) -> None:
    """Its batch has ended, and its record was made in the second in which the other's began."""
    org.fail("insert", after=1, **FAILED)

    result = org.write_lines(
        [stream("Leads", "Last_Name", "Email")], one_by_one(org, 2, alike=True)
    )

    assert [result.counts(state=n) for n in (0, 1)] == [{"created": 1}, {"rejected": 1}]
    assert len([lead for lead in org.records("Leads") if lead["Email"] == "l@x.test"]) == 1
    assert org.calls("insert") == 2


def test_the_third_insert_in_a_row_that_is_lost_is_the_last(org: Org) -> None:
    """None of them can be looked up."""
    org.fail("insert", times=99, **FAILED)

    result = org.write_lines([stream("Leads", "Last_Name")], one_by_one(org, 6))

    assert "Zoho gives no answer to inserts into Leads" in result.sentence
    assert org.calls("insert") == 3
    assert sum(stats["rejectedRecordCount"] for stats in result.stats) == 3


def test_inserts_that_are_lost_now_and_then_end_no_run(org: Org) -> None:
    for lost_one in range(4):
        org.fail("insert", after=2 * lost_one, **FAILED)

    leads = stream("Leads", "Last_Name")
    result = org.write_lines([leads], one_by_one(org, 8), max_rejected="100%")

    assert result.failure is None
    assert sum(stats["rejectedRecordCount"] for stats in result.stats) == 4
    assert sum(stats["recordCount"] for stats in result.stats) == 4


def test_a_value_of_a_row_of_long_ago_traces_another(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [0]
    clock = SimpleNamespace(time=lambda: time.time() + ahead[0], sleep=lambda seconds: None)
    monkeypatch.setattr("destination_zoho_crm.lost.time", clock)
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


def test_a_value_of_a_row_that_is_traced_otherwise_traces_no_other_row(org: Org) -> None:
    org.fail("insert", **UNREADABLE)
    rows = [{"Account_Name": "Acme", "ERP_ID": "e-9"}, {"Account_Name": "Acme"}]

    result = org.write(stream("Accounts", "Account_Name", "ERP_ID"), rows)

    assert result.counts() == {"created": 1, "rejected": 1}


@pytest.mark.parametrize(
    ("theirs", "becomes"),
    [({"Case_Origin": "Email"}, "rejected"), ({"Case_Origin": "Web"}, "created")],
    ids=["differs", "is like ours"],
)
def test_a_record_with_a_value_that_is_not_unique_must_be_like_the_row(
    org: Org,
    meanwhile: Callable[[Callable[[], object]], None],
    theirs: dict[str, str],
    becomes: str,
) -> None:
    row = {"Subject": "Login problem", "Case_Origin": "Web", "Status": "New"}
    org.fail("insert", **FAILED)
    meanwhile(lambda: org.add("Cases", **{**row, **theirs}))

    result = org.write(stream("Cases", *row), [row])

    assert result.counts() == {becomes: 1}
    assert org.calls("insert") == 1


def test_two_records_that_are_like_a_row_are_not_told_apart(
    org: Org, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    org.fail("insert", **UNREADABLE)
    meanwhile(lambda: org.add("Leads", Last_Name="L", Email="l@x.test"))

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert result.counts() == {"rejected": 1}


def test_every_value_that_is_compared_comes_back_as_it_was_sent(org: Org) -> None:
    row = {
        "Last_Name": "L",
        "Email": "l@x.test",
        "Phone": "+1 555 0100",
        "Lead_Source": "Chat",
        "No_of_Employees": 12,
        "Annual_Revenue": 12.34,
        "Email_Opt_Out": True,
        "Legacy_Number": "123456789012345678",
        "Birth_Date": "1990-02-28",
        "Next_Call": "2026-03-04T05:06:07Z",
        "Interests": ["Cloud"],
        "Description": "Two\nlines",
    }
    org.fail("insert", **UNREADABLE)

    result = org.write(stream("Leads", *row), [row])

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 1


@pytest.mark.parametrize("name", ["Acme\\", "O\\'Brian", "tab\there", " Acme", "Acme "])
@LOST
def test_a_value_that_may_not_be_found_traces_none(
    org: Org, name: str, fault: dict[str, object]
) -> None:
    org.knobs(trim_text=True)
    org.fail("insert", **fault)
    before = len(org.records("Accounts"))

    result = org.write(
        stream("Accounts", "Account_Name"), [{"Account_Name": name}, {"Account_Name": "a' or 'x"}]
    )
    org.knobs(trim_text=False)

    assert result.counts() == {"created": 1, "rejected": 1}
    assert org.record("Accounts", Account_Name="a' or 'x")
    assert len(org.records("Accounts")) == before + (2 if fault is UNREADABLE else 1)


def test_the_next_field_traces_a_row_where_one_cannot(org: Org) -> None:
    row = {"Account_Name": "Acme", "ERP_ID": "e\\9"}
    org.fail("insert", **UNREADABLE)

    result = org.write(stream("Accounts", *row), [row])

    assert result.counts() == {"created": 1}


def test_a_call_that_is_carried_out_late_is_found_by_the_next_look_up(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call comes through after its look-up; the second one is lost, too."""
    org.fail("insert", times=2, **FAILED)
    look_up, looks = lost.LostInserts.look_up, []

    def late(self: lost.LostInserts, *args: object, **more: object) -> lost.Found:
        looks.append(look_up(self, *args, **more))  # type: ignore[arg-type]
        if len(looks) == 1:
            org.add("Leads", Last_Name="L", Email="late@x.test")
            org.control("POST", "clock", {"advance_s": 30})
            self._client.metadata.metadata("org", "org")  # tells the time
        return looks[-1]

    monkeypatch.setattr(lost.LostInserts, "look_up", late)
    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "late@x.test"}]
    )

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 2
    assert org.record("Leads", Email="late@x.test")


def test_a_look_up_that_zoho_refuses_costs_its_own_rows_and_shows_none(org: Org) -> None:
    said = {"near": "'confidential@x.test'"}
    body = {"code": "SYNTAX_ERROR", "message": "near 'confidential'", "details": said}
    org.fail("insert", **UNREADABLE)
    org.fail("coql", status=400, body=body)
    rows = [{"Last_Name": "L", "Email": f"confidential{n}@x.test"} for n in range(60)]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows, max_rejected="100%")

    assert result.failure is None
    assert result.counts() == {"created": 10, "rejected": 50}
    assert result.said("looking the row up failed (SYNTAX_ERROR)")
    assert not result.said("confidential")
