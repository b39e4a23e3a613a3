"""Tasks that run side by side: what is asked, answered, raised, and in which order."""

from collections.abc import Callable
from typing import Any

import pytest

from source_zoho_crm.readers.machine import Machine, Ticket
from source_zoho_crm.readers.steps import (
    All,
    GiveUp,
    Now,
    Sleep,
    Start,
    Started,
    Task,
    Wait,
    run_together,
)


def q(number: float) -> Sleep:
    """A question that a number tells from others."""
    return Sleep(number)


def row(name: object) -> list[dict[str, Any]]:
    return [{"id": name}]


def number_of(ticket: Ticket) -> float:
    assert isinstance(ticket.question, Sleep)
    return ticket.question.seconds


def outputs(machine: Machine) -> list[Any]:
    """What it has read until it needs answers."""
    found = []
    while (part := machine.next_output()) is not None:
        found.append(part)
    return found


def asked(machine: Machine) -> list[Ticket]:
    outputs(machine)
    tickets = []
    while ticket := machine.take():
        tickets.append(ticket)
    return tickets


def test_a_task_is_resumed_with_the_answer_and_its_rows_come_in_order() -> None:
    def task() -> Task[None]:
        first = yield q(1)
        yield row(first)
        second = yield q(2)
        yield row(second)

    machine = Machine(task())
    (one,) = asked(machine)
    machine.answer(one, "a")
    assert outputs(machine) == [row("a")]
    (two,) = asked(machine)
    machine.answer(two, "b")
    assert outputs(machine) == [row("b")]
    assert machine.ended


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_answers_to_several_questions_come_together_whatever_their_order(order) -> None:
    def task() -> Task[None]:
        yield row((yield All([q(1), q(2), q(3)])))

    machine = Machine(task())
    tickets = asked(machine)
    for place in order:
        assert outputs(machine) == []
        machine.answer(tickets[place], number_of(tickets[place]))
    assert outputs(machine) == [row([1, 2, 3])]


def test_no_question_is_an_answer_at_once() -> None:
    def task() -> Task[None]:
        yield row((yield All([])))
        yield row((yield Wait([])))

    assert outputs(Machine(task())) == [row([]), row([])]


def test_questions_of_a_lower_rank_are_asked_first_and_then_the_older_ones() -> None:
    def ask(number: float) -> Task[None]:
        yield q(number)

    def task() -> Task[None]:
        yield Start(ask(3), 5)
        yield Start(ask(1), 2)
        yield Start(ask(4), 5)
        yield q(0)

    assert [number_of(ticket) for ticket in asked(Machine(task()))] == [0, 1, 3, 4]


def test_a_task_waits_for_others_and_has_their_results() -> None:
    def answered(number: float) -> Task[str]:
        return f"{(yield q(number))}!"

    def task() -> Task[None]:
        yield row((yield from run_together([answered(1), answered(2)])))

    machine = Machine(task())
    one, two = asked(machine)
    machine.answer(two, "b")
    assert outputs(machine) == []
    machine.answer(one, "a")
    assert outputs(machine) == [row(["a!", "b!"])]


def test_a_task_has_ended_when_those_that_it_has_started_have() -> None:
    def child() -> Task[None]:
        yield q(1)
        yield row("child")

    def parent() -> Task[str]:
        yield Start(child())
        return "parent"

    def task() -> Task[None]:
        started: Started = yield Start(parent())
        yield row((yield Wait([started])))

    machine = Machine(task())
    (ticket,) = asked(machine)
    assert not machine.ended
    machine.answer(ticket, None)
    assert outputs(machine) == [row("child"), row(["parent"])]


class BrokenError(Exception):
    pass


def failing(number: float) -> Task[None]:
    yield q(number)
    raise BrokenError(str(number))


def waiting(number: float, closed: list[float]) -> Task[None]:
    try:
        yield q(number)
    finally:
        closed.append(number)


def test_a_failed_question_is_told_to_the_task_that_asked_it() -> None:
    def task() -> Task[None]:
        try:
            yield All([q(1), q(2)])
        except BrokenError:
            yield row((yield q(3)))

    machine = Machine(task())
    one, two = asked(machine)
    machine.fail(two, BrokenError())
    (three,) = asked(machine)
    assert not one.is_wanted
    machine.answer(one, "late")
    machine.answer(three, "c")
    assert outputs(machine) == [row("c")]


@pytest.mark.parametrize("step", [lambda: Wait([]), lambda: Start(waiting(9, []))])
def test_a_failure_is_raised_at_the_next_step_about_tasks_and_the_others_are_given_up(
    step: Callable[[], Any],
) -> None:
    """Not at a question: there it might be taken for the question's own."""
    closed: list[float] = []

    def task() -> Task[None]:
        yield Start(failing(1))
        yield Start(waiting(2, closed))
        try:
            yield q(3)
        except BrokenError:
            yield row("at a question")
        try:
            yield step()
        except BrokenError as failure:
            yield row(str(failure))

    machine = Machine(task())
    one, two, three = sorted(asked(machine), key=number_of)
    machine.answer(one, None)
    assert outputs(machine) == []
    assert closed == []
    machine.answer(three, None)
    assert outputs(machine) == [row("1")]
    assert closed == [2]
    assert not two.is_wanted


def test_a_task_that_waits_for_one_that_fails_elsewhere_does_not_go_on() -> None:
    """A window that follows one that failed must not close."""

    def after(before: Started) -> Task[None]:
        yield q(2)
        yield Wait([before])
        yield row("closed")

    def task() -> Task[None]:
        first: Started = yield Start(failing(1))
        yield Start(after(first))
        yield q(3)

    machine = Machine(task())
    one, two, three = sorted(asked(machine), key=number_of)
    machine.answer(one, None)
    machine.answer(two, None)
    assert outputs(machine) == []
    machine.answer(three, None)
    with pytest.raises(BrokenError):
        outputs(machine)


@pytest.mark.parametrize("last", [True, False], ids=["after its parent returned", "before"])
def test_a_failure_that_nobody_takes_ends_everything(last: bool) -> None:
    closed: list[float] = []

    def parent() -> Task[None]:
        yield Start(failing(1))
        yield Start(waiting(2, closed))
        yield q(3)

    def task() -> Task[None]:
        yield Start(waiting(4, closed))
        yield Wait([(yield Start(parent()))])

    machine = Machine(task())
    one, _, three, _ = sorted(asked(machine), key=number_of)
    for ticket in (three, one) if last else (one, three):
        machine.answer(ticket, None)
    with pytest.raises(BrokenError):
        outputs(machine)
    assert sorted(closed) == [2, 4]


def test_given_up_tasks_are_closed_and_answers_that_come_later_are_dropped() -> None:
    closed: list[float] = []

    def task() -> Task[None]:
        yield Start(waiting(1, closed))
        yield from waiting(2, closed)

    machine = Machine(task())
    tickets = asked(machine)
    machine.close()
    assert sorted(closed) == [1, 2]
    for ticket in tickets:
        machine.answer(ticket, None)
    assert outputs(machine) == []


def test_parts_pass_through_what_emits_them_before_their_task_goes_on() -> None:
    seen: list[Any] = []

    def emit(part: Any) -> list[Any]:
        seen.append(part)
        return [part, part] if part != row(0) else []

    def task() -> Task[None]:
        yield row(0)
        yield row(len(seen))

    assert outputs(Machine(task(), emit)) == [row(1), row(1)]


def test_an_answer_is_not_kept_by_a_task_that_has_ended() -> None:
    """What waits for it, a window for its parts, would keep every page in memory."""

    class Heavy:
        living = 0

        def __init__(self) -> None:
            Heavy.living += 1

        def __del__(self) -> None:
            Heavy.living -= 1

    def part() -> Task[None]:
        yield All([Now(), Now()])

    def task() -> Task[None]:
        started = yield Start(part())
        yield q(1)
        yield Wait([started])

    machine = Machine(task())
    one, *others = asked(machine)
    for ticket in others:
        machine.answer(ticket, Heavy())
    del ticket, others
    assert outputs(machine) == []
    assert Heavy.living == 0
    machine.answer(one, None)
    assert outputs(machine) == []
    assert machine.ended


def test_a_task_that_is_given_up_asks_nothing_and_its_failure_is_nobodys() -> None:
    closed: list[float] = []

    def task() -> Task[None]:
        first: Started = yield Start(waiting(1, closed))
        yield Start(waiting(2, closed))
        yield GiveUp(first)
        yield q(3)
        yield GiveUp()
        yield row(sorted(closed))

    machine = Machine(task())
    tickets = {number_of(ticket): ticket for ticket in asked(machine)}
    assert sorted(tickets) == [2, 3]
    machine.answer(tickets[3], None)
    assert outputs(machine) == [row([2])]
    assert machine.ended


def test_an_answer_that_comes_after_another_has_failed_wakes_nobody() -> None:
    def task() -> Task[None]:
        other: Started = yield Start(waiting(9, []))
        try:
            yield All([q(1), q(2)])
        except BrokenError:
            yield Wait([other])
            yield row("other ended")

    machine = Machine(task())
    tickets = {number_of(ticket): ticket for ticket in asked(machine)}
    machine.fail(tickets[1], BrokenError())
    assert outputs(machine) == []
    machine.answer(tickets[2], "late")
    assert outputs(machine) == []
    machine.answer(tickets[9], None)
    assert outputs(machine) == [row("other ended")]


def test_a_task_that_has_much_to_yield_lets_others_go_on() -> None:
    """The next export is polled while the rows of one are passed on."""

    def reading() -> Task[None]:
        for number in range(3):
            yield row(number)

    def polling() -> Task[None]:
        yield q(1)
        yield row("polled")

    def task() -> Task[None]:
        yield from run_together([polling(), reading()])

    machine = Machine(task())
    assert machine.next_output() == row(0)
    ticket = machine.take()
    assert ticket
    machine.answer(ticket, None)
    assert outputs(machine) == [row(1), row("polled"), row(2)]
