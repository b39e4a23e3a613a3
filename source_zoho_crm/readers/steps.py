"""What a reader yields: what it wants to know, what it has read, and tasks that run side by side.

A reader is a task: a generator that yields steps and is resumed with their answers. It makes no
call and sees no requester, clock or thread. `machine.Machine` runs it; the source's driver answers
its questions by calls to Zoho, and the model of the tests from memory.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from source_zoho_crm.readers.windows import Window
from zoho_crm.answers import Row
from zoho_crm.waits import Waiting

Columns = tuple[str, ...]

#: Seconds of the clock that answers `Now`.
Moment = float


@dataclass(frozen=True, slots=True)
class Query:
    """ "Query API": the rows of a query; the answer is a `Page`.

    The conditions that are given all hold: `window` of Modified_Time, ids after `after`, up to and
    including `upto`, one of `ids`. `promised`: rows have been seen that it should find.
    """

    columns: Columns
    limit: int
    window: Window | None = None
    after: str | None = None
    upto: str | None = None
    ids: tuple[str, ...] = ()
    offset: int = 0
    order_by: str = "id"
    promised: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """ "Query API": how many rows a query finds, in `window` or at all; the answer is None where
    Zoho does not say."""

    window: Window | None


@dataclass(frozen=True, slots=True)
class CountRecords:
    """ "Record Count": how many rows there are, in `window` or at all."""

    window: Window | None


@dataclass(frozen=True, slots=True)
class ListRecords:
    """ "Get Records": a page of the rows that were modified since then, and maybe before; the
    answer is a `Page`. `promised`: rows have been seen that it should show."""

    params: Mapping[str, str]
    since: datetime | Moment | None = None
    promised: bool = False


@dataclass(frozen=True, slots=True)
class ListDeletions:
    """ "Get Deleted Records": a page of what was deleted since then, and maybe before; the answer
    is a `Page`."""

    since: datetime | Moment
    page: int


@dataclass(frozen=True, slots=True)
class GetRecords:
    """The records at a path below the module's, which have been seen before; the answer is a list
    of rows."""

    below: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Now:
    """The answer is the `Moment` at which it is asked."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """Answered, by None, after so many seconds. `waiting`: what for, where users may wonder."""

    seconds: float
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """Answered, by None, once no other task can go on: what follows takes long, and others may have
    calls to ask for. `rows`: how many are kept in memory meanwhile."""

    rows: int


@dataclass(frozen=True, slots=True)
class CreateExport:
    """ "Bulk Read: Create Job"; `query` is that of the body. The answer is the job's id."""

    query: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PollExport:
    """ "Bulk Read: Get Job Details"; the answer is a `JobState`."""

    job: str


@dataclass(frozen=True, slots=True)
class FetchExport:
    """ "Bulk Read: Download Result"; the answer is an `ExportFile`. `empty`: the job reports no
    rows, so that a result without a file is one, too. Raises `BrokenExportError`."""

    job: str
    empty: bool


Question: TypeAlias = (
    Query
    | Count
    | CountRecords
    | ListRecords
    | ListDeletions
    | GetRecords
    | CreateExport
    | PollExport
    | FetchExport
    | Now
    | Sleep
    | Later
)


@dataclass(frozen=True, slots=True)
class All:
    """Questions that do not depend on each other; the answer is the list of their answers."""

    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class Start:
    """A task that runs beside this one; the answer is its `Started`.

    Its failure is raised in the task that started it, at that one's next Start or Wait, or when it
    ends; the others that it has started are given up then. A task has ended when those that it has
    started have. `rank`: its questions are asked before those of a higher one; None: the same as
    this task's.
    """

    task: "Task[Any]"
    rank: int | None = None


class Started:
    """A task that was started, and its result when it has ended."""

    __slots__ = ("ended", "result")

    def __init__(self) -> None:
        self.ended = False
        self.result: Any = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Until these tasks have ended; the answer is the list of their results."""

    tasks: Sequence[Started]


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Ends this task, which has been started by the one that yields it, with all that it has
    started; None: all that were. Nothing is answered."""

    started: Started | None = None


#: Rows that were read, and a window all of whose rows have been yielded; nothing is answered.
Output: TypeAlias = list[Row] | Window
Step: TypeAlias = Question | All | Start | Wait | GiveUp | Output

T = TypeVar("T", covariant=True)
Task: TypeAlias = Generator[Step, Any, T]


def run_together(tasks: Iterable[Task[T]]) -> Task[list[T]]:
    """The results of tasks that run side by side."""
    started: list[Started] = []
    for task in tasks:
        started.append((yield Start(task)))  # noqa: PERF401 - no comprehension may yield
    results: list[T] = yield Wait(started)
    return results
