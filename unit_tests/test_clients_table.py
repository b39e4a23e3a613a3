"""What `make clients` says of an SDK: no step is lost, and no excuse outlives its reason."""

import pytest

from clients.environments import SDKS
from clients.known import Fault
from clients.org import READS, WRITES, Module
from clients.table import BULK, BULK_WRITE, SETTINGS, Outcome, Report

FAULT = Fault("a", ("python-8.0",), "KeyError", "It knows no such key.", without=("quantum",))
FIELDS = {"Last_Name": "text", "Phone": "phone"}
LEADS = Module("Leads", (*READS, *WRITES), 3, FIELDS)
TASKS = Module("Tasks", (*READS, *WRITES), 3, FIELDS)
REFUSAL = "RefusedError: INVALID_MODULE The given module is not supported in API {}"


def outcomes(*others: Outcome) -> list[Outcome]:
    """Of an SDK that does all it should, but for some."""
    of_settings = [Outcome("", step, 1) for step in SETTINGS]
    rows = {"read": 3, "read_one": 3, "coql": 3, "fields": 2}
    done = [
        Outcome(module.name, step, rows.get(step, 1))
        for module in (LEADS, TASKS)
        for step in module.steps
    ]
    bulk = [Outcome(*BULK, 3), Outcome(*BULK_WRITE, 3)]
    found = {(one.module, one.step): one for one in (*of_settings, *done, *bulk)}
    found["Tasks", "upsert"] = Outcome("Tasks", "upsert", error=REFUSAL)
    found |= {(one.module, one.step): one for one in others}
    return list(found.values())


def report(*others: Outcome, faults: tuple[Fault, ...] = ()) -> Report:
    return Report(SDKS[2], {"Leads": LEADS, "Tasks": TASKS}, outcomes(*others), faults)


def test_an_sdk_that_does_all_it_should_has_no_failures() -> None:
    assert report().failures == []


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Outcome("Leads", "read", 2), "2 of 3 rows"),
        (Outcome("Leads", "coql", 2), "2 of 3 rows"),
        (Outcome("Leads", "insert", error="TypeError: no"), "TypeError: no"),
        (Outcome("Leads", "insert"), "there was nothing to do it with"),
        (Outcome("Leads", "coql", error=REFUSAL), REFUSAL),
        (Outcome("Tasks", "upsert", 1), "is not refused with INVALID_MODULE any more"),
        (Outcome("Tasks", "upsert", error="KeyError: data"), "KeyError: data"),
    ],
)
def test_what_it_does_otherwise_fails(outcome: Outcome, why: str) -> None:
    assert report(outcome).failures == [f"{outcome.module}, {outcome.step}: {why}"]


def test_a_step_that_was_not_done_fails() -> None:
    found = [one for one in outcomes() if (one.module, one.step) != ("Leads", "delete")]

    lacking = Report(SDKS[2], {"Leads": LEADS, "Tasks": TASKS}, found, ())

    assert lacking.failures == ["Leads, delete: was not done"]


def test_a_fault_excuses_what_it_hides_and_is_named_below_the_table() -> None:
    hidden = [Outcome("Leads", step) for step in WRITES[1:]]
    met = report(Outcome("Leads", "insert", error="KeyError: q"), *hidden, faults=(FAULT,))

    assert met.failures == []
    assert "a: It knows no such key." in met.text()


def test_a_fault_that_does_not_show_any_more_fails() -> None:
    assert report(faults=(FAULT,)).failures == [
        "the fault a does not show any more: take it out of known.py"
    ]


def test_a_fault_that_shows_without_its_cause_fails() -> None:
    broken = Outcome("Leads", "insert", error="KeyError: q")
    met = report(broken, faults=(FAULT,))

    met.again(outcomes(broken), met.curable())

    assert met.failures == ["Leads, insert: shows a without its cause"]


def test_a_module_that_met_a_fault_shows_what_it_does_without_the_cause() -> None:
    met = report(Outcome("Leads", "insert", error="KeyError: q"), faults=(FAULT,))

    met.again(outcomes(Outcome("Leads", "insert", 7)), met.curable())

    [row] = [line for line in met.text().splitlines() if line.startswith("Leads ")]
    assert " 7 " in row
    assert row.endswith(" a")
    assert met.failures == []
