"""Records with rows of subforms: what becomes of their rows is found out before they are sent."""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import Any

from destination_zoho_crm.client import LostAnswerError
from destination_zoho_crm.deletions import Deletions
from destination_zoho_crm.existing_records import changes_nothing
from destination_zoho_crm.outcomes import (
    LARGE_ROW,
    RECORD_AMBIGUOUS,
    RECORD_NOT_FOUND,
    InvalidValueError,
    Outcome,
    Result,
    reject,
    reject_value,
)
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.present_rows import RowsByRecord
from destination_zoho_crm.records_by_value import Found
from destination_zoho_crm.row_changes import RowChanges
from destination_zoho_crm.row_outcomes import name_rows, reject_orphans
from destination_zoho_crm.row_reading import RowReading
from destination_zoho_crm.row_shapes import PARENT
from destination_zoho_crm.stream_writer import Send
from destination_zoho_crm.wanted_rows import WantedRows, find_external_paths
from zoho_crm.counts import count
from zoho_crm.errors import INVALID_DATA
from zoho_crm.problems import transient_error

LOGGER = logging.getLogger("airbyte")

#: Calls with the same records until their answers are given up.
_MOST_CALLS = 5

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A record as it is sent, and the numbers of its rows in the input, by subform."""

    record: Record
    numbers: Mapping[str, Sequence[int | None]]
    #: Of rows of a table.
    of_rows: Sequence[Outcome] = ()
    #: What becomes of rows in columns, by subform.
    within: Mapping[str, Counter[str]] | None = None


class RowSender:
    """Turns the rows that records are to have into what must change, and hands the records on."""

    def __init__(
        self, plan: StreamPlan, reading: RowReading, deletions: Deletions, send: Send
    ) -> None:
        """`send`: takes records as Zoho does; of those with rows, a lost answer raises
        LostAnswerError."""
        self._plan = plan
        self._deletions = deletions
        self._send_records = send
        self._ids = reading.ids
        self._reading = reading
        self._lost = reading.lost
        self._matching = reading.matching

    def send(self, records: Sequence[Record]) -> Generator[tuple[int, Outcome]]:
        """As the `send` it was given. A call with rows is made again after a lost answer, with what
        is then still to change: rows that were added must not be added twice."""
        yield from self._send_places(dict(enumerate(records)))

    def _send_places(
        self, pending: dict[int, Record], number: int = 1, since: float | None = None
    ) -> Iterator[tuple[int, Outcome]]:
        """`number`: of the call among those with these records; `since`: when the first of these
        began that lost its answer, by our clock. Places that have their outcome leave those
        pending."""
        with_rows = {place: one for place, one in pending.items() if _has_rows(one)}
        found = self._reading.find(with_rows, since)
        lost: LostAnswerError | None = None
        with self._reading.held.hold(chain.from_iterable(one.ids for one in found.values())):
            ready = yield from self._prepare(pending, with_rows, found, since)
            later = {place: one for place, one in pending.items() if place not in ready}
            began = time.time()
            for group in self._group_by_externals(ready):
                try:
                    yield from self._send_group(group, pending)
                except LostAnswerError as error:
                    lost = error
                    break
        if lost is None and later:
            yield from self._send_places(later, number, since)
        if lost is None or not pending:
            return
        since = since or began
        if lost.too_large and len(pending) == 1:
            yield pending.popitem()[0], LARGE_ROW
        elif lost.too_large:
            places = list(pending)
            for half in (places[: len(places) // 2], places[len(places) // 2 :]):
                few = {place: pending[place] for place in half}
                yield from self._send_places(few, number, since)
        elif lost.blocked:
            raise lost.blocked
        elif number == _MOST_CALLS:
            raise transient_error(
                f"Zoho gives no answer to writes of {self._plan.module.api_name} with rows, so it "
                "is not known which of the last rows are there. Try again later."
            )
        else:
            LOGGER.info(
                f"{self._plan.label}: no answer came to the write of "
                f"{count(len(pending), 'record')} with rows. What is there is read again."
            )
            yield from self._send_places(pending, number + 1, since)

    def _send_group(
        self, group: Mapping[int, _Ready], pending: dict[int, Record]
    ) -> Iterator[tuple[int, Outcome]]:
        places = list(group)
        with closing(self._send_records([group[place].record for place in places])) as outcomes:
            for index, outcome in outcomes:
                place = places[index]
                pending.pop(place)
                sent = group[place]
                if self._plan.rows == "append" and sent.numbers and outcome.record_id:
                    self._lost.remember(outcome.record_id)
                if sent.of_rows and outcome.result == "updated":
                    outcome = outcome._replace(of_rows=sent.of_rows)
                if outcome.result in ("created", "updated"):
                    outcome = outcome._replace(within=sent.within)
                yield place, self._name_places(outcome, sent)

    def _name_places(self, outcome: Outcome, sent: _Ready) -> Outcome:
        """The outcome in the words of the input: a table knows its record by `Parent_Id`, and
        columns have numbered rows."""
        if self._plan.table is None:
            return name_rows(outcome, sent.numbers)
        of_record = outcome.result == "rejected" and outcome.field == "id"
        return outcome._replace(field=PARENT) if of_record else outcome

    def _group_by_externals(self, ready: Mapping[int, _Ready]) -> Iterator[Mapping[int, _Ready]]:
        """Within a call, a lookup of rows goes by ids or by one External ID field."""
        groups: defaultdict[frozenset[tuple[str, str, str]], dict[int, _Ready]] = defaultdict(dict)
        for place, one in ready.items():
            groups[find_external_paths(self._plan.row_shapes, one.record)][place] = one
        yield from groups.values()

    # --- What must be sent

    def _prepare(
        self,
        pending: dict[int, Record],
        with_rows: Mapping[int, Record],
        found: Mapping[int, Found],
        since: float | None,
    ) -> Generator[tuple[int, Outcome], None, dict[int, _Ready]]:
        """The records that are to be sent; the others have an outcome, or are one that is to be
        sent before, which other fields than their keys have found. `since`: a call with these
        records began then, and lost its answer."""
        ready = {
            place: _Ready(record, {}) for place, record in pending.items() if place not in with_rows
        }
        seen = self._reading.look(with_rows, found, since)
        removed: list[str] = []
        sent: set[str] = set()
        for place, record in with_rows.items():
            try:
                self._raise_if_unclear(record, seen.records[place])
                record_id = seen.records[place].record_id
                if record_id is not None and record_id in sent:
                    continue
                changes = self._compute(record, record_id, seen.rows, since)
            except _RowsProblemError as problem:
                pending.pop(place)
                yield place, problem.outcome
                continue
            removed += (row_id for one in changes.values() for row_id in one.removed)
            changed = self._build_record(record, record_id, changes)
            within = self._count_within(changes)
            if record_id is not None and self._changes_nothing(changed):
                pending.pop(place)
                # After a lost answer, the call has done it.
                result: Result = "unchanged" if since is None else "updated"
                of_rows = self._list_outcomes(changes, since)
                yield place, Outcome(result, record_id, of_rows=of_rows, within=within)
                continue
            numbers = {name: one.numbers for name, one in changes.items()}
            of_rows = self._list_outcomes(changes, since)
            sent |= {record_id} if record_id else set()
            ready[place] = _Ready(changed, numbers, of_rows, within)
        self._deletions.add(removed)
        return dict(sorted(ready.items()))

    def _build_record(
        self, record: Record, record_id: str | None, changes: Mapping[str, RowChanges]
    ) -> Record:
        """What is sent; of a record that rows of a table have found by a value, its id and rows."""
        given = record if self._plan.table is None else {"id": record_id}
        others = {name: value for name, value in given.items() if name not in changes}
        return others | {name: one.rows for name, one in changes.items() if one.rows}

    def _changes_nothing(self, record: Record) -> bool:
        if self._plan.table is not None:
            return record.keys() == {"id"}
        return changes_nothing(self._plan, record)

    def _list_outcomes(
        self, changes: Mapping[str, RowChanges], since: float | None
    ) -> Sequence[Outcome]:
        """Of the rows of a table. What is there after a lost answer, its call has written."""
        if self._plan.table is None:
            return ()
        (rows,) = changes.values()
        if since is None:
            return rows.outcomes
        written = Outcome("updated")
        return [written if one.result == "unchanged" else one for one in rows.outcomes]

    def _count_within(self, changes: Mapping[str, RowChanges]) -> Mapping[str, Counter[str]] | None:
        """Rows of a table have outcomes of their own."""
        if self._plan.table is not None:
            return None
        return {name: one.counts for name, one in changes.items()}

    def _raise_if_unclear(self, record: Record, found: Found) -> None:
        """Whose rows would change is not known."""
        key = self._plan.key
        if unknowable := self._ids.asks and self._ids.list_unknowable(record):
            reason = (
                "a value with a backslash or a control character cannot be looked up, so the "
                "record's rows cannot be found; update it by id"
            )
            raise _RowsProblemError(reject(INVALID_DATA, reason, unknowable[0]))
        name = key.name if key else None
        if found.refused_with:
            reason = (
                "Zoho takes no query with one of the values that find the record "
                f"({found.refused_with}), so its rows cannot be found; update it by id"
            )
            raise _RowsProblemError(reject(INVALID_DATA, reason, name))
        if not found.ids and self._plan.table is not None:
            reason = f"no record of {self._plan.module.api_name} has this {name}"
            rejected = reject(RECORD_NOT_FOUND, reason, PARENT)
            raise _RowsProblemError(reject_orphans(record, rejected))
        if len(found.ids) > 1:
            reason = (
                f"{found.number} records of {self._plan.module.api_name} have this {name}, so it "
                "is not known whose rows would change; update the one that is meant by id"
            )
            where = PARENT if self._plan.table is not None else name
            raise _RowsProblemError(reject(RECORD_AMBIGUOUS, reason, where))

    def _compute(
        self,
        record: Record,
        record_id: str | None,
        present: Mapping[str, RowsByRecord],
        since: float | None,
    ) -> dict[str, RowChanges]:
        changes = {}
        for name, wanted in record.items():
            if type(wanted) is not WantedRows:
                continue
            rows = present[name].get(record_id or "", ())
            if rows is None:
                raise _RowsProblemError(reject(INVALID_DATA, _TOO_MANY_TO_SEE, name))
            try:
                changes[name] = self._matching[name].compute(wanted, rows)
            except InvalidValueError as error:
                raise _RowsProblemError(self._reject(error, name)) from None
            if since is not None and record_id is not None and wanted.appends:
                shape = self._plan.row_shapes[name]
                if unknown := self._lost.drop_added(shape, record_id, changes[name], rows, since):
                    raise _RowsProblemError(unknown)
        return changes

    def _reject(self, error: InvalidValueError, name: str) -> Outcome:
        """Rows of a table have no numbers."""
        outcome = reject_value(error, name)
        return outcome._replace(message=outcome.loggable) if self._plan.table else outcome


def _has_rows(record: Record) -> bool:
    return any(type(value) is WantedRows for value in record.values())


class _RowsProblemError(Exception):
    """The rows of a record cannot be written."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


_TOO_MANY_TO_SEE = (
    "the record has more rows than Zoho shows at once, so it is not known which they are"
)
