"""Runs a reader's tasks: hands out their questions, takes answers, keeps what they yield.

Nothing here waits or calls. Whoever drives it may answer in any order, and at any time.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from source_zoho_crm.readers.steps import All, GiveUp, Output, Question, Start, Started, Task, Wait
from source_zoho_crm.readers.windows import Window


class Ticket:
    """A question that a task waits for."""

    __slots__ = ("_answers", "_place", "_task", "question")

    def __init__(self, question: Question, task: "_Running", place: int) -> None:
        self.question = question
        self._task = task
        self._answers = task.answers
        self._place = place

    @property
    def is_wanted(self) -> bool:
        """Whether its answer is: its task may have been given up, or told of another's failure."""
        return self._task.missing > 0 and self._answers is self._task.answers


class _Running(Started):
    """A task that is under way."""

    __slots__ = (
        "answers",
        "failure",
        "missing",
        "open",
        "parent",
        "rank",
        "returned",
        "several",
        "steps",
        "waiters",
        "waits",
    )

    def __init__(self, steps: Task[Any], parent: "_Running | None", rank: int) -> None:
        super().__init__()
        self.steps = steps
        self.parent = parent
        self.rank = rank
        #: Those that it has started and that have not ended.
        self.open: list[_Running] = []
        #: Of one of these.
        self.failure: BaseException | None = None
        #: Its generator has ended, and `open` may have not.
        self.returned = False
        #: The answers to its questions; whether it asked several.
        self.answers: list[Any] = []
        self.several = False
        #: What it waits for, and how many answers or ends are missing; -1: it is given up.
        self.waits: Wait | None = None
        self.missing = 0
        #: Tasks that wait for its end.
        self.waiters: list[_Running] = []


class Machine:
    """A task and those that it starts.

    `emit`: what becomes of a part that one of them yields, before the task goes on.
    """

    def __init__(
        self, task: Task[Any], emit: Callable[[Output], Iterable[Output]] = lambda part: (part,)
    ) -> None:
        self._emit = emit
        self._root = _Running(task, None, 0)
        self._wanted: list[tuple[int, int, Ticket]] = []
        self._asked = 0
        self._ready: deque[tuple[_Running, Any, BaseException | None]] = deque()
        self._ready.append((self._root, None, None))
        self._out: deque[Output] = deque()

    @property
    def ended(self) -> bool:
        return self._root.ended

    def peek(self) -> Question | None:
        """The question to ask next; None: there is none at present."""
        while self._wanted:
            ticket = self._wanted[0][2]
            if ticket.is_wanted:
                return ticket.question
            heapq.heappop(self._wanted)
        return None

    def take(self) -> Ticket | None:
        """As `peek`; it is going to be answered."""
        return None if self.peek() is None else heapq.heappop(self._wanted)[2]

    def answer(self, ticket: Ticket, answer: Any) -> None:
        if not ticket.is_wanted:
            return
        task = ticket._task
        task.answers[ticket._place] = answer
        task.missing -= 1
        if not task.missing:
            self._ready.append((task, task.answers if task.several else answer, None))
            # Whoever waits for the task's end must not keep a page in memory.
            task.answers = []

    def fail(self, ticket: Ticket, error: BaseException) -> None:
        """The question has no answer; the task that asked it is told."""
        if ticket.is_wanted:
            # No other answer is for what the task does next.
            ticket._task.missing, ticket._task.answers = 0, []
            self._ready.append((ticket._task, None, error))

    def next_output(self) -> Output | None:
        """What was read; None: answers are needed, or the task has ended.

        Raises what the task raised.
        """
        while not self._out and self._ready:
            task, answer, error = self._ready.popleft()
            if task.missing >= 0:
                self._resume(task, answer, error)
        return self._out.popleft() if self._out else None

    def close(self) -> None:
        """Gives up all tasks."""
        self._give_up(self._root)

    def _resume(self, task: _Running, answer: Any, error: BaseException | None) -> None:
        """Runs a task to its next questions, or to its next output."""
        try:
            if task.waits:
                answer = [other.result for other in task.waits.tasks]
                error, task.waits = self._take_failure(task), None
            step = task.steps.throw(error) if error else task.steps.send(answer)
            while isinstance(step, Start | Wait | GiveUp):
                if isinstance(step, GiveUp):
                    self._give_up_some(task, step)
                    step = task.steps.send(None)
                elif failure := self._take_failure(task):
                    step = task.steps.throw(failure)
                elif isinstance(step, Start):
                    step = task.steps.send(self._start(task, step))
                elif self._has_to_wait(task, step):
                    return
                else:
                    step = task.steps.send([other.result for other in step.tasks])
            if isinstance(step, list | Window):
                self._out.extend(self._emit(step))
                # Behind others: they do not wait until it has yielded all that it has.
                self._ready.append((task, None, None))
            else:
                self._ask(task, step)
        except StopIteration as end:
            task.result, task.returned = end.value, True
            self._end(task, task.failure)
        except BaseException as failure:
            task.returned = True
            self._end(task, failure)

    def _start(self, parent: _Running, step: Start) -> Started:
        task = _Running(step.task, parent, parent.rank if step.rank is None else step.rank)
        parent.open.append(task)
        self._ready.append((task, None, None))
        return task

    def _ask(self, task: _Running, step: Question | All) -> None:
        task.several = isinstance(step, All)
        questions = step.questions if isinstance(step, All) else (step,)
        if not questions:
            self._ready.append((task, [], None))
            return
        task.answers, task.missing = [None] * len(questions), len(questions)
        for place, question in enumerate(questions):
            self._asked += 1
            heapq.heappush(self._wanted, (task.rank, self._asked, Ticket(question, task, place)))

    def _has_to_wait(self, task: _Running, step: Wait) -> bool:
        for other in step.tasks:
            assert isinstance(other, _Running)
            if not other.ended:
                other.waiters.append(task)
                task.missing += 1
        if task.missing:
            task.waits = step
        return bool(task.missing)

    def _wake(self, task: _Running) -> None:
        task.missing = 0
        self._ready.append((task, None, None))

    def _end(self, task: _Running, failure: BaseException | None) -> None:
        """A task has returned, or failed; or one that it has started has, after it returned."""
        if failure:
            self._give_up_started(task)
        elif task.open:
            return
        task.ended, parent = failure is None, task.parent
        if parent is None:
            if failure:
                raise failure
            return
        parent.open.remove(task)
        if failure is None:
            for waiter in task.waiters:
                if waiter.waits and waiter.missing > 0 and task in waiter.waits.tasks:
                    waiter.missing -= 1
                    if not waiter.missing:
                        self._wake(waiter)
        else:
            parent.failure = parent.failure or failure
            if parent.waits and parent.missing > 0:
                self._wake(parent)
        if parent.returned:
            self._end(parent, parent.failure)

    def _take_failure(self, task: _Running) -> BaseException | None:
        """Of one of the tasks that it has started; the others are given up."""
        failure, task.failure = task.failure, None
        if failure:
            self._give_up_started(task)
        return failure

    def _give_up_some(self, task: _Running, step: GiveUp) -> None:
        if step.started is None:
            task.failure = None
            self._give_up_started(task)
        elif step.started in task.open:
            assert isinstance(step.started, _Running)
            task.open.remove(step.started)
            self._give_up(step.started)

    def _give_up_started(self, task: _Running) -> None:
        for other in task.open:
            self._give_up(other)
        task.open.clear()

    def _give_up(self, task: _Running) -> None:
        task.missing = -1
        task.steps.close()
        self._give_up_started(task)
