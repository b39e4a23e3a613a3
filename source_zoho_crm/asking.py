"""What a task finds out that yields no rows, by calls one after another."""

from collections.abc import Callable
from typing import Any, TypeVar

from source_zoho_crm.driver import drive
from source_zoho_crm.readers.machine import Machine
from source_zoho_crm.readers.steps import Question, Task

T = TypeVar("T")


def ask(task: Task[T], answer: Callable[[Question], Any]) -> T:
    """What the task returns; raises what it raises. `answer` makes the call of a question."""
    results: list[T] = []

    def keep() -> Task[None]:
        results.append((yield from task))

    for part in drive(Machine(keep()), answer, most_calls=1):
        raise AssertionError(f"a task that only asks has yielded {type(part).__name__}")
    return results[0]
