"""Readers without the CDK: their tasks, answered by calls one after another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.calls import Calls
from source_zoho_crm.driver import drive
from source_zoho_crm.modules import Module
from source_zoho_crm.readers.column_groups import WideQueries
from source_zoho_crm.readers.machine import Machine
from source_zoho_crm.readers.moved_rows import MoveDetector
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.rest import RestReader
from source_zoho_crm.readers.rich_text import WholeTexts
from source_zoho_crm.readers.steps import Output, Question, Task
from zoho_crm.fields import Field

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def no_exports() -> BulkRead:
    raise AssertionError("nothing here is read by exports")


def calls_of(module: str, requester: Any) -> Calls:
    """Its calls, where Zoho's clock is ours."""
    return Calls(
        module, requester, requester, lambda moment: datetime.fromtimestamp(moment, UTC), no_exports
    )


def plan(
    module: str, fields: Sequence[Field], version: Mapping[str, int], method: str = "REST"
) -> ReadPlan:
    """A read of the whole module."""
    return ReadPlan(
        module=Module(module, {}, tuple(fields)),
        fields=fields,
        version={"rich_ids": 0, **version},
        method=method,
        span=None,
        start=BEGIN,
        end=datetime.now(UTC),
        settled=datetime.now(UTC) - timedelta(minutes=1),
        deleted_since=None,
        in_steps=False,
        wide=WideQueries(),
        usable={"COQL", "Bulk"},
    )


class RestReading:
    """The REST reader of a module, read to its end."""

    def __init__(
        self,
        calls: Calls,
        fields: Sequence[Field],
        version: Mapping[str, int],
        *,
        lists_deletions: bool = True,
    ) -> None:
        chosen = plan(calls.module, fields, version)
        detector = MoveDetector(calls.module, lists_deletions=lists_deletions)
        texts = WholeTexts(calls.module, fields, at_once=chosen.version["rich_ids"])
        self._reader = RestReader(chosen, detector, texts)
        self._answer = calls.answer

    def read_changes(self, since: datetime, end: datetime) -> Iterator[Output]:
        return play(self._reader.read_changes(since, end), self._answer)

    def read_everything(self) -> Iterator[Output]:
        return play(self._reader.read_everything(), self._answer)


def play(task: Task[Any], answer: Callable[[Question], Any]) -> Iterator[Output]:
    """What the task yields."""
    return drive(Machine(task), answer, most_calls=1)


def result_of(task: Task[Any], answer: Callable[[Question], Any]) -> Any:
    """What the task returns."""
    results = []

    def keep() -> Task[None]:
        results.append((yield from task))

    for _ in play(keep(), answer):
        pass
    return results[0]
