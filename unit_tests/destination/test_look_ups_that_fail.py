"""Look-ups that find nothing, come late or fail: no row is doubled."""

from collections.abc import Iterator
from threading import Event

import pytest
from airbyte_cdk.models import FailureType

from destination_zoho_crm import lost_inserts
from unit_tests.destination.conftest import Org, row, state, stream
from unit_tests.destination.lost_answers import FAILED, UNREADABLE, one_by_one

pytestmark = pytest.mark.usefixtures("no_pauses")


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
def test_a_look_up_that_gets_no_answer_sends_no_row_again(org: Org, answer: object) -> None:
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


def test_inserts_that_are_lost_now_and_then_end_no_run(org: Org) -> None:
    for lost_one in range(4):
        org.fail("insert", after=7 * lost_one, **FAILED)

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": f"N{n}"} for n in range(2_000)])

    assert result.failure is None
    assert result.counts() == {"created": 2_000}


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
            self._client.metadata.metadata("org", "org")  # reports the time
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


@pytest.mark.parametrize("users", [{"users": [{"name": "x"}]}, {"users": []}, {}, None])
def test_a_look_up_that_does_not_learn_who_writes_ends_as_unknown(org: Org, users: object) -> None:
    org.fail("insert", **UNREADABLE)
    org.fail("users", "body", times=99, body=users)

    result = org.write(stream("Leads", "Last_Name"), [{"Last_Name": "L"}])

    assert result.counts() == {"rejected": 1}
    assert result.said("OUTCOME_UNKNOWN")


def test_a_write_that_is_stopped_makes_no_lost_insert_again(
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
