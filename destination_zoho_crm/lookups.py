"""Lookups of rows by what people have: the records that they mean are found before the write."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any, overload

from destination_zoho_crm.lookup_values import Sought, find_sought, put_ids
from destination_zoho_crm.outcomes import RECORD_AMBIGUOUS, RECORD_NOT_FOUND, Outcome, reject
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.record_finder import RecordFinder
from destination_zoho_crm.records_by_value import Found
from destination_zoho_crm.stream_writer import Send
from zoho_crm.errors import INVALID_DATA

Records = Sequence[Mapping[str, Any]]


def with_lookups(plan: StreamPlan, finder: RecordFinder, send: Send) -> Send:
    """`send`, which also takes records with lookups that are still to be looked up."""
    seeks = any(column.key for column in plan.columns)
    return (
        Lookups(plan, finder, send).send
        if seeks or plan.module.api_name in finder.modules
        else send
    )


class Lookups:
    """Puts ids where records are sought, and hands the records on."""

    def __init__(self, plan: StreamPlan, finder: RecordFinder, send: Send) -> None:
        """`send`: takes the records with ids."""
        self._plan = plan
        self._finder = finder
        self._send = send

    def send(self, records: Records) -> Generator[tuple[int, Outcome]]:
        """As the `send` it was given. A record whose lookup finds none or several is rejected, and
        nothing of it is written."""
        sought = [one for record in records for _, one in find_sought(record)]
        found = self._finder.find(sought, usage_of=self._plan.label) if sought else {}
        ids: dict[Sought, str] = {}
        places = []
        for place, record in enumerate(records):
            rejected = None
            for name, one in find_sought(record):
                record_id = found[one].record_id
                if record_id is None:
                    rejected = reject_unfound(name, one, found[one])
                    break
                ids[one] = record_id
            if rejected:
                yield place, rejected
                continue
            places.append(place)
        if not places:
            return
        ready = _Ready(records, places, ids)
        try:
            with closing(self._send(ready)) as outcomes:
                for place, outcome in outcomes:
                    yield places[place], outcome
        finally:
            self._finder.forget(self._plan, ready)


class _Ready(Sequence[Mapping[str, Any]]):
    """Some of the records, with ids. They are made when they are asked for: a job takes more than
    memory should hold for as long as it lasts."""

    def __init__(self, records: Records, places: Sequence[int], ids: Mapping[Sought, str]) -> None:
        self._records = records
        self._places = places
        self._ids = ids

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> "_Ready": ...

    def __getitem__(self, place: int | slice) -> "Mapping[str, Any] | _Ready":
        if isinstance(place, slice):
            return _Ready(self._records, self._places[place], self._ids)
        record = self._records[self._places[place]]
        return put_ids(record, self._ids) if self._ids else record


def reject_unfound(name: str, sought: Sought, found: Found) -> Outcome:
    """The outcome of a row whose field `name` does not find one record."""
    if found.refused_with:
        return reject(
            INVALID_DATA,
            f"Zoho takes no query with this {sought.field} of {sought.module} "
            f"({found.refused_with})",
            name,
        )
    if not found.ids:
        return reject(
            RECORD_NOT_FOUND, f"no record of {sought.module} has this {sought.field}", name
        )
    return reject(
        RECORD_AMBIGUOUS,
        f"{found.number} records of {sought.module} have this {sought.field}, so it is not known "
        "which is meant",
        name,
    )
