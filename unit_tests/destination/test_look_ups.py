"""Inserts whose answer was lost are looked up: what is taken for a row's record, what is not."""

import time
from collections.abc import Callable, Iterator
from threading import Event
from types import SimpleNamespace

import pytest
from airbyte_cdk.models import FailureType

from destination_zoho_crm import lost_inserts
from unit_tests.destination.conftest import LEAD, Org, mapping, row, state, stream

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
def test_rows_that_share_a_value_that_need_not_be_unique_are_told_apart(
    org: Org, fault: dict[str, object]
) -> None:
    org.fail("insert", **fault)
    rows = [{"Last_Name": name, "Email": "l@x.test"} for name in ("A", "B", "B")]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.counts() == {"created": 3}
    names = [lead["Last_Name"] for lead in org.records("Leads") if lead["Email"] == "l@x.test"]
    assert sorted(names) == ["A", "B", "B"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"data": [{"id": "111111000000000001"}, {"id": "111111000000000002"}]}, 201),
        ({"data": [{"code": "SUCCESS", "status": "success", "details": {"id": "1"}}]}, 201),
        ({"data": [{"code": "SUCCESS", "status": "success", "details": {"id": "1"}}] * 3}, 207),
        ({"data": {"code": "SUCCESS", "status": "success", "details": {"id": "1"}}}, 201),
        ({"data": []}, 200),
        ([], 200),
        (None, 204),
        ("<html>Welcome</html>", 200),
        ("<html>Too large</html>", 413),
        ("", 499),
        ({"data": [{"code": "INVALID_DATA", "status": "error", "details": {}}] * 3}, 400),
    ],
    ids=str,
)
@pytest.mark.parametrize("version", ["v2", "v8"])
def test_an_insert_whose_answer_tells_no_outcomes_is_looked_up(
    org: Org, version: str, answer: object, status: int
) -> None:
    before = len(org.records("Leads"))
    org.fail("insert", status=status, body=answer, done=True)

    result = org.write(
        stream("Leads", "Last_Name"),
        [{"Last_Name": "L"}, {"Last_Name": "M"}],
        schema_version=version,
    )

    assert result.failure is None
    assert result.counts() == {"created": 2}
    assert len(org.records("Leads")) == before + 2
    assert org.calls("insert") == 1


def test_what_something_on_the_way_refused_and_is_not_there_ends_the_run(org: Org) -> None:
    org.fail("insert", times=9, status=403, body="<html>Forbidden</html>")

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "L"}])

    assert "Zoho refuses to write to Leads with HTTP 403 and no code" in result.sentence
    assert (org.calls("insert"), result.states) == (1, [])
    assert result.said("0 rejected, 1 not written")


def test_the_rest_of_a_call_that_was_carried_out_is_sent_again_whatever_its_answer(
    org: Org,
) -> None:
    """Zoho rejects one of its rows, which nothing but an answer tells."""
    org.fail("insert", status=403, body="<html>Forbidden</html>", done=True)
    rows = [{"Last_Name": "L", "Email": "l@x.test"}, {"Last_Name": "M", "Email": "no address"}]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows)

    assert result.failure is None
    assert result.counts() == {"created": 1, "rejected": 1}
    assert result.said("1 rows by INVALID_DATA in Email")


def test_what_of_a_call_is_there_is_written_and_the_rest_is_sent_again(
    org: Org, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    org.fail("insert", **FAILED)
    meanwhile(lambda: [org.add("Leads", Last_Name=name) for name in ("A", "B")])

    result = org.write(
        stream("Leads", "Last_Name"), [{"Last_Name": name} for name in ("A", "B", "B", "C")]
    )

    assert result.counts() == {"created": 4}
    names = [lead["Last_Name"] for lead in org.records("Leads")]
    assert [names.count(name) for name in ("A", "B", "C")] == [1, 2, 1]


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


@pytest.mark.parametrize("shown", [0, 1, 2, 3])
def test_new_records_that_queries_show_late_are_never_doubled(
    org: Org, monkeypatch: pytest.MonkeyPatch, shown: int
) -> None:
    """Each pause lasts ten seconds in Zoho, and queries lag by some of them."""
    before = len(org.records("Leads"))
    monkeypatch.setattr(
        "time.sleep", lambda seconds: org.control("POST", "clock", {"advance_s": 10})
    )
    org.knobs(visible_after_s=shown * 10)
    org.fail("insert", after=1, **UNREADABLE)

    def lines() -> Iterator[bytes]:
        yield from one_by_one(org, 2)

    result = org.write_lines([stream("Leads", "Last_Name")], lines())
    org.knobs(visible_after_s=0)

    assert len(org.records("Leads")) == before + 2
    assert org.calls("insert") == 2
    assert sum(stats["recordCount"] for stats in result.stats) == 2


@pytest.mark.parametrize("answer", [{}, None, "", {"data": [{"id": "111111000000000001"}]}])
def test_a_look_up_that_tells_nothing_sends_no_row_again(org: Org, answer: object) -> None:
    info = {"info": {"count": 1, "more_records": False}}
    body = answer | info if isinstance(answer, dict) and answer else answer
    org.fail("insert", **UNREADABLE)
    org.fail("coql", "body", times=99, body=body)
    before = len(org.records("Leads"))

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": f"L{n}"} for n in range(38)])

    assert result.counts() == {"rejected": 38}
    assert (org.calls("insert"), len(org.records("Leads"))) == (1, before + 38)


def test_one_look_that_falsely_finds_nothing_doubles_no_row(org: Org) -> None:
    org.fail("insert", **UNREADABLE)
    org.fail("coql", status=204)

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "L"}])

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 1


def test_an_insert_whose_answers_stay_lost_ends_as_unknown(org: Org) -> None:
    org.fail("insert", times=9, **FAILED)

    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "l@x.test"}]
    )

    assert "Zoho gives no answer to inserts into Leads" in result.sentence
    assert result.counts() == {"rejected": 1}
    assert org.calls("insert") == 5


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
            if seconds == lost_inserts.SETTLE_S and left:
                left.pop()()

        monkeypatch.setattr("time.sleep", sleep)

    return arrange


@pytest.mark.parametrize("lost", [(0, 1), (1, 0), (1, 1), (1, 2)])
def test_batches_that_lose_their_answers_together_are_told_apart(
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


def test_inserts_that_are_lost_now_and_then_end_no_run(org: Org) -> None:
    for lost_one in range(4):
        org.fail("insert", after=7 * lost_one, **FAILED)

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": f"N{n}"} for n in range(2_000)])

    assert result.failure is None
    assert result.counts() == {"created": 2_000}


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


def test_every_value_that_is_compared_comes_back_as_it_was_sent(org: Org) -> None:
    row = {
        **LEAD,
        "Preferred_Channel": "Messenger",
        "Interests": ["Cloud"],
        "Description": "Two\nlines",
    }
    org.fail("insert", **UNREADABLE)

    result = org.write(stream("Leads", *row), [row])

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 1


@pytest.mark.parametrize("name", ["Acme\\", "O\\'Brian", "tab\there", " Acme", "Acme ", "a' or 'x"])
@LOST
def test_no_value_is_too_odd_to_be_found(org: Org, name: str, fault: dict[str, object]) -> None:
    org.knobs(trim_text=True)
    org.fail("insert", **fault)
    before = len(org.records("Accounts"))

    result = org.write(stream("Accounts", "Account_Name"), [{"Account_Name": name}])
    org.knobs(trim_text=False)

    assert result.counts() == {"created": 1}
    assert len(org.records("Accounts")) == before + 1


def test_a_call_that_is_carried_out_late_is_found_by_the_next_look_up(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call comes through after its look-up; the second one is lost, too."""
    org.fail("insert", times=2, **FAILED)
    look_up, looks = lost_inserts.LostInserts.look_up, []

    def late(
        self: lost_inserts.LostInserts, *args: object, **more: object
    ) -> lost_inserts.LookUpOutcomes:
        looks.append(look_up(self, *args, **more))  # type: ignore[arg-type]
        if len(looks) == 1:
            org.add("Leads", Last_Name="L", Email="late@x.test")
            org.control("POST", "clock", {"advance_s": 30})
            self._client.metadata.metadata("org", "org")  # tells the time
        return looks[-1]

    monkeypatch.setattr(lost_inserts.LostInserts, "look_up", late)
    result = org.write(
        stream("Leads", "Last_Name", "Email"), [{"Last_Name": "L", "Email": "late@x.test"}]
    )

    assert result.counts() == {"created": 1}
    assert org.calls("insert") == 2
    assert org.record("Leads", Email="late@x.test")


def test_a_look_up_that_zoho_refuses_shows_no_row(org: Org) -> None:
    said = {"near": "'confidential@x.test'"}
    body = {"code": "SYNTAX_ERROR", "message": "near 'confidential'", "details": said}
    org.fail("insert", **UNREADABLE)
    org.fail("coql", status=400, body=body)
    rows = [{"Last_Name": "L", "Email": f"confidential{n}@x.test"} for n in range(60)]

    result = org.write(stream("Leads", "Last_Name", "Email"), rows, max_rejected="100%")

    assert result.failure is None
    assert result.counts() == {"rejected": 60}
    assert result.said("looking the row up failed (SYNTAX_ERROR)")
    assert not result.said("confidential")


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
def test_rows_of_two_streams_that_are_alike_but_for_a_column_are_told_apart(
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


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_a_row_that_its_own_record_refuses_is_written(org: Org, version: str) -> None:
    """Two looks do not show the record; Zoho itself knows its unique value."""
    org.fail("insert", **UNREADABLE)
    org.fail("coql", times=2, status=204)

    result = org.write(
        stream("Products", "Product_Name", "Product_Code"),
        [{"Product_Name": "A", "Product_Code": "c-9"}],
        schema_version=version,
    )

    assert result.counts() == {"created": 1}
    assert len([one for one in org.records("Products") if one["Product_Code"] == "c-9"]) == 1
    assert org.calls("insert") == 2


def test_a_row_that_another_record_refuses_is_rejected(org: Org) -> None:
    org.add(
        "Products", Product_Name="B", Product_Code="c-9", Created_Time="2020-01-01T00:00:00+00:00"
    )
    org.fail("insert", **FAILED)

    result = org.write(
        stream("Products", "Product_Name", "Product_Code"),
        [{"Product_Name": "A", "Product_Code": "c-9"}],
    )

    assert result.counts() == {"rejected": 1}
    assert result.said("DUPLICATE_DATA")


@pytest.mark.parametrize("users", [{"users": [{"name": "x"}]}, {"users": []}, {}, None])
def test_a_look_up_that_does_not_learn_who_writes_ends_as_unknown(org: Org, users: object) -> None:
    org.fail("insert", **UNREADABLE)
    org.fail("users", "body", times=99, body=users)

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "L"}])

    assert result.counts() == {"rejected": 1}
    assert result.said("OUTCOME_UNKNOWN")


def test_a_write_that_is_told_to_stop_makes_no_lost_insert_again(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Event()
    monkeypatch.setattr("time.sleep", lambda seconds: stop.set())
    org.fail("insert", times=99, **FAILED)

    result = org.write_lines(
        [stream("Leads", "Last_Name")], [row("Leads", {"Last_Name": "L"}), state("Leads")], stop
    )

    assert "was stopped" in result.sentence
    assert (org.calls("insert"), result.states) == (1, [])
