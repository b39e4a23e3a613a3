"""Questions that are answered by calls: how many at a time, and when."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from source_zoho_crm import driver
from source_zoho_crm.driver import Room, drive
from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.machine import Machine
from source_zoho_crm.readers.steps import (
    Later,
    ListRecords,
    Now,
    Output,
    Question,
    Sleep,
    Task,
    run_together,
)
from zoho_crm.answers import Page

PATIENCE_S = 20.0


def question(name: object) -> ListRecords:
    return ListRecords({"name": str(name)})


class Zoho:
    """Answers with the question's name, when it is told to. Counts what runs at a time."""

    def __init__(self, *, size: int = 0) -> None:
        self.open = threading.Event()
        self.size = size
        self.most = self._now = self.begun = 0
        self._changed = threading.Condition()

    def ask(self, question: Question) -> Page:
        assert isinstance(question, ListRecords)
        with self._changed:
            self.begun += 1
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
        assert self.open.wait(PATIENCE_S)
        with self._changed:
            self._now -= 1
        return Page([{"id": question.params["name"]}], more=False, size=self.size)

    def wait_for(self, begun: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.begun >= begun, PATIENCE_S)


@pytest.fixture
def zoho() -> Iterator[Zoho]:
    zoho = Zoho()
    yield zoho
    zoho.open.set()


def reading(number: int) -> Task[None]:
    page: Page = yield question(number)
    yield page.rows


def together(count: int) -> Task[None]:
    yield from run_together(reading(number) for number in range(count))


def ids(parts: list[Output]) -> list[str]:
    return sorted(row["id"] for part in parts for row in part if isinstance(row, dict))


@pytest.mark.parametrize("most", [1, 3, 8])
def test_so_many_calls_run_at_a_time_and_no_more(zoho: Zoho, most: int) -> None:
    parts: list[Output] = []
    reader = threading.Thread(
        target=lambda: parts.extend(drive(Machine(together(8)), zoho.ask, most_calls=most))
    )
    reader.start()
    zoho.wait_for(most)
    zoho.open.set()
    reader.join(PATIENCE_S)
    assert ids(parts) == [str(number) for number in range(8)]
    assert zoho.most == most


def test_no_call_is_begun_while_nobody_pulls(zoho: Zoho) -> None:
    zoho.open.set()

    def endless() -> Task[None]:
        for number in range(1_000):
            yield from reading(number)

    parts = drive(Machine(endless()), zoho.ask, most_calls=8)
    next(parts)
    time.sleep(0.1)
    assert zoho.begun <= 2
    for _ in range(10):
        next(parts)
    time.sleep(0.1)
    assert zoho.begun <= 12
    parts.close()


def test_a_read_that_is_given_up_does_not_wait_for_its_calls(zoho: Zoho) -> None:
    closed: list[str] = []

    def task() -> Task[None]:
        try:
            yield [{"id": "first"}]
            yield from together(4)
        finally:
            closed.append("task")

    parts = drive(Machine(task()), zoho.ask, most_calls=4)
    next(parts)
    begun = time.monotonic()
    parts.close()
    assert closed == ["task"]
    assert time.monotonic() - begun < PATIENCE_S / 2


def test_what_a_call_raises_is_told_to_the_task_that_asked() -> None:
    def refuse(question: Question) -> Any:
        raise ValueError(str(question))

    def task() -> Task[None]:
        try:
            yield question("x")
        except ValueError as error:
            yield [{"id": str("x" in str(error))}]

    assert list(drive(Machine(task()), refuse, most_calls=2)) == [[{"id": "True"}]]


def test_a_failure_of_a_reader_is_raised() -> None:
    def task() -> Task[None]:
        yield Now()
        raise ValueError("of the reader")

    with pytest.raises(ValueError, match="of the reader"):
        list(drive(Machine(task()), lambda _: None, most_calls=2))


def test_a_reader_that_sleeps_goes_on_when_it_is_time_and_others_meanwhile() -> None:
    done: list[str] = []

    def sleeper(seconds: float, name: str) -> Task[None]:
        begun = yield Now()
        yield Sleep(seconds)
        done.append(name)
        assert (yield Now()) - begun >= seconds - 0.01

    def asker() -> Task[None]:
        yield question("quick")
        done.append("call")

    def task() -> Task[None]:
        yield from run_together([sleeper(0.3, "late"), sleeper(0.1, "early"), asker()])

    assert list(drive(Machine(task()), lambda _: None, most_calls=1)) == []
    assert done == ["call", "early", "late"]


def test_large_answers_come_fewer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_MOST_BYTES", 4_000 * PER_PAGE)
    zoho = Zoho(size=1_000 * driver._ENOUGH_ROWS)
    zoho.open.set()
    room = Room()

    def task() -> Task[None]:
        yield from reading(0)
        zoho.most = 0
        zoho.open.clear()
        threading.Timer(0.2, zoho.open.set).start()
        yield from together(20)

    with room.share():
        parts = list(drive(Machine(task()), zoho.ask, most_calls=10, room=room))

    assert len(parts) == 21
    assert zoho.most == 2, "two lists of rows of a thousand bytes: the room is shared by two reads"


def test_there_is_room_for_one_answer_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_MOST_BYTES", 1)
    zoho = Zoho(size=1_000)
    zoho.open.set()

    assert len(list(drive(Machine(together(20)), zoho.ask, most_calls=10))) == 20


def test_who_asks_for_calls_goes_on_before_who_takes_long(zoho: Zoho) -> None:
    zoho.open.set()
    done: list[str] = []

    def slow(name: str) -> Task[None]:
        yield Later(1)
        done.append(name)
        yield [{"id": name}]

    def asker() -> Task[None]:
        yield Now()
        yield Now()
        done.append("asks")
        yield from reading(0)

    parts = drive(
        Machine(run_together([slow("first"), slow("second"), asker()])), zoho.ask, most_calls=1
    )
    assert next(parts) == [{"id": "first"}]
    zoho.wait_for(1)
    assert done == ["asks", "first"]
    assert ids(list(parts)) == ["0", "second"]


def test_rows_that_wait_take_room_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "_MOST_BYTES", 4_000 * PER_PAGE)
    zoho = Zoho(size=1_000 * driver._ENOUGH_ROWS)
    zoho.open.set()
    begun: list[int] = []

    def slow() -> Task[None]:
        # As many bytes as three of the four lists that find room.
        yield Later(3 * PER_PAGE)
        time.sleep(0.1)
        begun.append(zoho.begun)
        yield [{"id": "slow"}]

    def task() -> Task[None]:
        yield from reading(0)
        zoho.most = zoho.begun = 0
        zoho.open.clear()
        threading.Timer(0.2, zoho.open.set).start()
        yield from run_together([slow(), *(reading(number) for number in range(1, 9))])

    parts = drive(Machine(task()), zoho.ask, most_calls=10)
    assert next(parts) == [{"id": "0"}]
    assert next(parts) == [{"id": "slow"}]
    assert begun == [1], "calls that were begun while the rows of the slow one waited"
    assert ids(list(parts)) == [str(number) for number in range(1, 9)]
    assert zoho.most == 4
