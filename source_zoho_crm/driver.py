"""Answers a reader's questions by calls, several at a time: the only place with threads."""

import heapq
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.machine import Machine, Ticket
from source_zoho_crm.readers.steps import (
    GetRecords,
    Later,
    Now,
    Output,
    Query,
    Question,
    Sleep,
)
from zoho_crm.answers import Page
from zoho_crm.waits import Waits

#: Bytes of answers that the reads of a run hold at a time, under way and until their rows go on. In
#: memory, rows take about four times as many.
_MOST_BYTES = 24 * 2**20
#: An answer of fewer rows counts as one of so many, and what it showed is forgotten at this pace.
_ENOUGH_ROWS = 20
_FADES = 0.9

_Answered = tuple[Ticket, Any, BaseException | None]


class Room:
    """What the answers of a run may take in memory, shared by its reads."""

    def __init__(self) -> None:
        self._reads = 0
        self._lock = threading.Lock()

    @contextmanager
    def share(self) -> Iterator[None]:
        """One more read takes its share, to the end of the block."""
        with self._lock:
            self._reads += 1
        try:
            yield
        finally:
            with self._lock:
                self._reads -= 1

    @property
    def bytes(self) -> int:
        """Of a read's share."""
        return _MOST_BYTES // max(self._reads, 1)


def drive(
    machine: Machine,
    ask: Callable[[Question], Any],
    *,
    most_calls: int,
    room: Room | None = None,
    waits: Waits | None = None,
) -> Iterator[Output]:
    """What a reader's tasks yield. Raises what they raise. `waits` tells what they sleep for.

    `ask` makes the call of a question and returns the answer, or raises what the task is to be
    told. It is called from several threads, `most_calls` of them at a time; fewer, where that many
    answers, with rows like those so far, would not fit into the `room`. While nobody pulls what was
    read, no further call is begun.
    """
    room = room or Room()
    calls = _Calls(ask, most_calls, room, waits or Waits())
    try:
        with room.share():
            while True:
                calls.pass_on_answers(machine)
                part = machine.next_output()
                # Before it is passed on: calls run while its reader works with it.
                has_answered = calls.begin_calls(machine)
                if part is not None:
                    yield part
                elif machine.ended:
                    return
                elif not has_answered and not calls.go_on(machine):
                    calls.wait_for_answer(machine)
    finally:
        calls.end()
        machine.close()


class _Calls:
    """The calls of one read that are under way."""

    def __init__(self, ask: Callable[[Question], Any], most: int, room: Room, waits: Waits) -> None:
        self._ask = ask
        self._most = most
        self._room = room
        self._waits = waits
        #: Bytes of a row lately, and what the answers that are under way may take.
        self._row_bytes = 0.0
        self._bytes = 0.0
        self._expected: dict[Ticket, float] = {}
        self._threads = 0
        self._under_way = 0
        self._ended = False
        self._tickets: queue.SimpleQueue[Ticket | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[_Answered] = queue.SimpleQueue()
        #: Tickets of those that sleep, by when they wake, then by identity: they have no order.
        self._sleeping: list[tuple[float, int, Ticket]] = []
        #: Those that go on when no other can, and the rows that they keep.
        self._later: deque[tuple[Ticket, int]] = deque()
        self._kept_rows = 0

    def begin_calls(self, machine: Machine) -> bool:
        """Begins those that may run at a time; whether a question was answered without a call, so
        that others may come before those that are left."""
        while self._may_begin(machine.peek()) and (ticket := machine.take()):
            if isinstance(ticket.question, Now):
                machine.answer(ticket, time.time())
                return True
            if isinstance(ticket.question, Sleep):
                due = time.monotonic() + ticket.question.seconds
                heapq.heappush(self._sleeping, (due, id(ticket), ticket))
                if ticket.question.waiting:
                    self._waits.begin(ticket, ticket.question.waiting)
            elif isinstance(ticket.question, Later):
                self._later.append((ticket, ticket.question.rows))
                self._kept_rows += ticket.question.rows
            else:
                self._begin(ticket)
        return False

    def pass_on_answers(self, machine: Machine) -> None:
        """Passes on what there is already, also while much is read that needs no answer."""
        while not self._answers.empty():
            self._pass_on(machine, self._answers.get())
        while self._sleeping and self._sleeping[0][0] <= time.monotonic():
            self._wake(machine)

    def go_on(self, machine: Machine) -> bool:
        """Lets the first of those go on that wait until no other can; whether there is one."""
        if not self._later:
            return False
        ticket, rows = self._later.popleft()
        self._kept_rows -= rows
        machine.answer(ticket, None)
        return True

    def wait_for_answer(self, machine: Machine) -> None:
        """Passes the next answer on to the task that waits for it."""
        answered = self._wait()
        if answered is None:
            self._wake(machine)
        else:
            self._pass_on(machine, answered)

    def _wake(self, machine: Machine) -> None:
        """The first of those that sleep."""
        ticket = heapq.heappop(self._sleeping)[2]
        self._waits.end(ticket)
        machine.answer(ticket, None)

    def _pass_on(self, machine: Machine, answered: _Answered) -> None:
        ticket, answer, error = answered
        self._under_way -= 1
        self._bytes -= self._expected.pop(ticket)
        if error is not None:
            machine.fail(ticket, error)
            return
        if isinstance(answer, Page):
            # A few rows of long texts do not slow down all that follow.
            row_bytes = answer.size / max(len(answer.rows), _ENOUGH_ROWS)
            self._row_bytes = max(row_bytes, self._row_bytes * _FADES)
        machine.answer(ticket, answer)

    def _may_begin(self, question: Question | None) -> bool:
        """Whether there is room for its answer; for one answer there always is."""
        if not self._under_way or isinstance(question, Later):
            return question is not None
        kept = self._kept_rows * self._row_bytes
        return (
            question is not None
            and self._under_way < self._most
            and kept + self._bytes + self._expect_bytes(question) <= self._room.bytes
        )

    def _expect_bytes(self, question: Question) -> float:
        """Bytes of its answer, at most, if its rows are like those lately."""
        if isinstance(question, Query):
            # Beside the rows that others complete, these are kept.
            return self._row_bytes * question.limit * (2 if question.upto else 1)
        if isinstance(question, GetRecords):
            return self._row_bytes * (1 + question.params.get("ids", "").count(","))
        return self._row_bytes * PER_PAGE

    def _wait(self) -> _Answered | None:
        """The next answer of a call; None: before it, the first of those that sleep wakes."""
        pause = max(0.0, self._sleeping[0][0] - time.monotonic()) if self._sleeping else None
        if not self._under_way:
            assert pause is not None, "a reader waits, and has asked nothing"
            time.sleep(pause)
            return None
        try:
            return self._answers.get(timeout=pause)
        except queue.Empty:
            return None

    def end(self) -> None:
        """Ends the threads; one that is in a call, when it is over. What waits is not asked."""
        self._ended = True
        for _, _, ticket in self._sleeping:
            self._waits.end(ticket)
        for _ in range(self._threads):
            self._tickets.put(None)

    def _begin(self, ticket: Ticket) -> None:
        self._under_way += 1
        self._expected[ticket] = self._expect_bytes(ticket.question)
        self._bytes += self._expected[ticket]
        if self._threads < self._under_way:
            self._threads += 1
            # A daemon: a process that has to end does not wait for Zoho's answer.
            threading.Thread(target=self._work, daemon=True).start()
        self._tickets.put(ticket)

    def _work(self) -> None:
        while self._answer_one():
            # No variable holds an answer while this waits for the next question.
            pass

    def _answer_one(self) -> bool:
        ticket = self._tickets.get()
        if ticket is None or self._ended:
            return False
        try:
            answer, error = self._ask(ticket.question), None
        except BaseException as raised:
            answer, error = None, raised
        self._answers.put((ticket, answer, error))
        return True
