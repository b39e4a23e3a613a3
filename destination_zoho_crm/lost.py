"""Inserts whose answer was lost: which of their rows are records by now."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.matching import keys
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome, rejected
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.client import Client
from zoho_crm.coql import both, column, moment, quoted

#: A call that lost its answer may still be at work.
SETTLE_S = 5.0
#: "COQL: Limitations": values of an `in`.
_MOST_VALUES = 50
_MOST_ROWS = 200
#: Forms whose values stand in a query without quotes.
_NUMBERS = ("integer", "long", "number")

_UNTRACEABLE = (
    "no answer came to the insert, and the row has no value of its own by which to look it up; "
    "it was not sent again, for it may be there"
)
_NOT_LOOKED_UP = "no answer came to the insert, and looking the row up failed"
_GIVEN_UP = "no answer came to the insert, however often it was made"


class LostInserts:
    """Looks for records by their duplicate check, unique or external value."""

    def __init__(self, client: Client, plan: StreamPlan) -> None:
        self._client = client
        self._plan = plan
        kinds = keys(plan.module, "upsert")
        written = {column.name for column in plan.columns if column.via == "value"}
        self._fields = [
            name
            for kind in ("external", "unique", "system")
            for name, is_kind in kinds.items()
            if is_kind == kind and name in written
        ]

    def outcomes(
        self, records: Sequence[Mapping[str, Any]], since: datetime, *, last: bool
    ) -> list[Outcome | None]:
        """For each record: created, rejected as unknown, or None: not there, so send it again.

        Only a record made since the call began can be the row's. UNVERIFIED: that a query sees a
        record as soon as it is there; Zoho sends readers to COQL for that ("Search Records").
        """
        time.sleep(SETTLE_S)
        names = [self._traced_by(record) for record in records]
        values = [
            str(record[name]).casefold() if name else ""
            for name, record in zip(names, records, strict=True)
        ]
        times = Counter(zip(names, values, strict=True))
        try:
            found = {name: dict(self._found(name, records, since)) for name in set(names) - {None}}
        except AirbyteTracedException as problem:
            return [rejected(OUTCOME_UNKNOWN, f"{_NOT_LOOKED_UP}: {problem.message}")] * len(
                records
            )
        outcomes: list[Outcome | None] = []
        for name, value in zip(names, values, strict=True):
            if name is None or times[name, value] > 1:
                outcomes.append(rejected(OUTCOME_UNKNOWN, _UNTRACEABLE))
            elif record_id := found[name].get(value):
                outcomes.append(Outcome("created", record_id))
            else:
                outcomes.append(rejected(OUTCOME_UNKNOWN, _GIVEN_UP, name) if last else None)
        return outcomes

    def _traced_by(self, record: Mapping[str, Any]) -> str | None:
        return next((name for name in self._fields if record.get(name) is not None), None)

    def _found(
        self, name: str | None, records: Sequence[Mapping[str, Any]], since: datetime
    ) -> Iterator[tuple[str, str]]:
        """Values and ids of the records that came to be."""
        assert name is not None
        values = [record[name] for record in records if record.get(name) is not None]
        begun = moment(since.strftime("%Y-%m-%dT%H:%M:%SZ"))
        for first in range(0, len(values), _MOST_VALUES):
            bare = self._plan.module.fields[name].form in _NUMBERS
            part = values[first : first + _MOST_VALUES]
            listed = ", ".join(str(value) if bare else quoted(str(value)) for value in part)
            where = both(f"{column(name)} in ({listed})", f"Created_Time >= {begun}")
            query = (
                f"select id, {column(name)} from {self._plan.module.api_name} where {where} "
                f"order by id asc limit {_MOST_ROWS}"
            )
            answer = self._client.queries.ask(body={"select_query": query}, line=self._plan.label)
            for row in (answer or {}).get("data") or ():
                yield str(row[name]).casefold(), str(row["id"])
