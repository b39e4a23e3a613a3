"""Inserts whose answer was lost: which of their rows are records by now."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.matching import KeyKind, keys
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome, rejected
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.answers import page
from zoho_crm.client import Client
from zoho_crm.coql import both, column, listed, moment, select
from zoho_crm.errors import SCOPE_LACKING, TOKEN_REFUSED
from zoho_crm.problems import Refused, transient_error

#: A call that lost its answer may still be at work.
SETTLE_S = 5.0
#: Zoho tells times in whole seconds, and so its clock is known no better.
_BLUR_S = 3.0
#: "COQL: Limitations": values of an `in`, columns and rows of a query, of the strictest version.
_MOST_VALUES = 50
_MOST_COLUMNS = 50
_MOST_ROWS = 200
#: Forms whose values stand in a query without quotes.
_NUMBERS = ("integer", "long", "number")
#: Forms whose values come back as they were sent.
_PLAIN = ("text", "integer", "long", "boolean", "date")

_UNTRACEABLE = (
    "no answer came to the insert, and the row has no value of its own by which to look it up; "
    "it was not sent again, for it may be there"
)
_NOT_LOOKED_UP = "no answer came to the insert, and looking the row up failed"
_ALIKE = (
    "no answer came to the insert, and what has its value by now may be the row or somebody else's "
    "record; it was not sent again"
)
_GIVEN_UP = "no answer came to the insert, however often it was made"

_PAGE = page()

#: The field that traces a row, and its value there; Zoho takes no account of case.
Trace = tuple[str, str]


@dataclass(eq=False)
class Batch:
    """Records on their way."""

    records: Sequence[Mapping[str, Any]]
    #: By our clock, in seconds.
    begun: float
    ended: float | None = None


@dataclass
class Found:
    """What a look-up tells."""

    #: For each record: created, rejected as unknown, or None: not there, so send it again.
    outcomes: Sequence[Outcome | None]
    #: Zoho takes no rows or no questions, so nothing more should be written.
    failure: AirbyteTracedException | None

    @property
    def unknown(self) -> bool:
        """Whether it stays unknown of some rows whether they are there."""
        return any(outcome and outcome.result == "rejected" for outcome in self.outcomes)


@dataclass
class _Answers:
    records: dict[Trace, list[Mapping[str, Any]]] = field(default_factory=dict)
    #: Why a trace could not be followed.
    refused: dict[Trace, str] = field(default_factory=dict)
    failure: AirbyteTracedException | None = None


class LostInserts:
    """Looks for records by their external, unique or duplicate check value."""

    def __init__(self, client: Client, plan: StreamPlan) -> None:
        self._client = client
        self._plan = plan
        self._lock = threading.Lock()
        self._batches: list[Batch] = []
        kinds = keys(plan.module, "upsert") if plan.operation == "insert" else {}
        written = {column.name: column.field for column in plan.columns if column.via == "value"}
        self._kinds: dict[str, KeyKind] = {
            name: is_kind
            for kind in ("external", "unique", "system")
            for name, is_kind in kinds.items()
            if is_kind == kind and name in written
        }
        self._plain = [
            name
            for name, of in written.items()
            if of and of.form in _PLAIN and not of.read.is_rich_text and not of.read.left_out
        ]

    @contextmanager
    def under_way(self, records: Sequence[Mapping[str, Any]]) -> Iterator[Batch]:
        """Remembers the records for as long as a look-up could take them for those of another."""
        batch = Batch(records if self._kinds else (), time.time())
        with self._lock:
            since = min((b.begun for b in self._batches if b.ended is None), default=batch.begun)
            self._batches = [
                b for b in self._batches if b.ended is None or b.ended >= since - _BLUR_S
            ]
            self._batches.append(batch)
        try:
            yield batch
        finally:
            batch.ended = time.time()

    def look_up(self, records: Sequence[Mapping[str, Any]], since: float, *, last: bool) -> Found:
        """`since`: when the first call with these records began, by our clock; only a record made
        since can be a row's. `last`: what is not there is given up.

        A system field is not unique, so its record must have the row's other values, too; another
        row of the run with this value makes it no trace at all. UNVERIFIED: that a query sees a
        record as soon as it is there; Zoho sends readers to COQL for that ("Search Records").
        """
        time.sleep(SETTLE_S)
        answers = self._ask(records, since)
        # Counted afterwards: what began during the queries may have been seen by them.
        rows = Counter(self._values_under_way())
        outcomes: list[Outcome | None] = []
        for record in records:
            trace = self._trace(record)
            if trace is None or rows[trace] > 1:
                outcomes.append(rejected(OUTCOME_UNKNOWN, _UNTRACEABLE))
            elif trace in answers.refused:
                told = f"{_NOT_LOOKED_UP} ({answers.refused[trace]})"
                outcomes.append(rejected(OUTCOME_UNKNOWN, told))
            elif found := answers.records.get(trace):
                outcomes.append(self._taken(record, trace[0], found))
            elif last:
                outcomes.append(rejected(OUTCOME_UNKNOWN, _GIVEN_UP))
                answers.failure = answers.failure or outage(self._plan)
            else:
                outcomes.append(None)
        return Found(outcomes, answers.failure)

    def _values_under_way(self) -> Iterator[Trace]:
        """Also those by which a row is not traced: another one may be."""
        with self._lock:
            batches = list(self._batches)
        for batch in batches:
            for record in batch.records:
                for name in self._kinds:
                    if record.get(name) is not None:
                        yield name, str(record[name]).strip().lower()

    def _trace(self, record: Mapping[str, Any]) -> Trace | None:
        for name in self._kinds:
            value = str(record.get(name) or "")
            # UNVERIFIED: what a backslash means in a query, and whether Zoho trims values. A row
            # that is there and not found would be added again.
            if value and value == value.strip() and value.isprintable() and "\\" not in value:
                return name, value.lower()
        return None

    def _taken(
        self, record: Mapping[str, Any], name: str, found: Sequence[Mapping[str, Any]]
    ) -> Outcome:
        """Automations may have changed a new record, so one that differs may still be the row's."""
        if len(found) == 1 and all(
            _same(record[other], found[0].get(other))
            for other in self._compared(name)
            if record.get(other) is not None
        ):
            return Outcome("created", str(found[0]["id"]))
        return rejected(OUTCOME_UNKNOWN, _ALIKE, name)

    def _compared(self, name: str) -> Sequence[str]:
        others = [other for other in self._plain if other != name]
        return others[: _MOST_COLUMNS - 2] if self._kinds[name] == "system" else ()

    def _ask(self, records: Sequence[Mapping[str, Any]], since: float) -> _Answers:
        answers = _Answers()
        for name in self._kinds:
            values = {
                trace: str(record[name])
                for record in records
                if (trace := self._trace(record)) and trace[0] == name
            }
            traces = list(values)
            for first in range(0, len(traces), _MOST_VALUES):
                part = traces[first : first + _MOST_VALUES]
                if answers.failure is None:
                    self._ask_for(name, [values[trace] for trace in part], since, part, answers)
                else:
                    answers.refused |= dict.fromkeys(part, "Zoho could not be asked")
        return answers

    def _ask_for(
        self,
        name: str,
        values: Sequence[str],
        since: float,
        traces: Sequence[Trace],
        answers: _Answers,
    ) -> None:
        """A refusal costs the rows that the query asks for, and no others."""
        bare = self._plan.module.fields[name].form in _NUMBERS
        begun = moment(self._client.org.at(since).strftime("%Y-%m-%dT%H:%M:%SZ"))
        query = select(
            ("id", name, *self._compared(name)),
            self._plan.module.api_name,
            both(listed(name, values, bare=bare), f"{column('Created_Time')} >= {begun}"),
            limit=_MOST_ROWS,
        )
        try:
            found = self._client.queries.ask(
                read=_PAGE, body={"select_query": query}, line=self._plan.label
            ).rows
        except Refused as refusal:
            # Zoho's text may quote the query, and with it the rows.
            answers.refused |= dict.fromkeys(traces, refusal.code)
            if refusal.code in TOKEN_REFUSED or refusal.code == SCOPE_LACKING:
                answers.failure = refusal
            return
        except AirbyteTracedException:
            answers.refused |= dict.fromkeys(traces, "Zoho could not be asked")
            answers.failure = outage(self._plan)
            return
        if len(found) == _MOST_ROWS:
            answers.refused |= dict.fromkeys(traces, "too many records have these values")
            return
        for row in found:
            answers.records.setdefault((name, str(row[name]).lower()), []).append(row)


def outage(plan: StreamPlan) -> AirbyteTracedException:
    return transient_error(
        f"Zoho gives no answer to inserts into {plan.module.api_name}, and nothing tells which "
        "of the last rows are there. These are rejected as OUTCOME_UNKNOWN, for a record would be "
        "doubled if they were sent again, and no others are written. Try again later."
    )


def _same(sent: Any, found: Any) -> bool:
    return " ".join(str(sent).lower().split()) == " ".join(str(found).lower().split())
