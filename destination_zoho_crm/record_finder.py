"""Finds records by unique values: the records that lookups of rows are to point at."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from airbyte_cdk.models import FailureType

from destination_zoho_crm.client import Client
from destination_zoho_crm.lookup_values import Sought
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.records_by_value import Found, RecordsByValue
from destination_zoho_crm.remembered_ids import Place, RememberedIds
from destination_zoho_crm.target_fields import TargetField
from zoho_crm.problems import Refused, config_error


class RecordFinder:
    """Looks records up. Safe to use from several threads.

    A record that was found is remembered until the run writes what may change what the value finds.
    A value that finds none is looked up again: its record may be written later in the run.
    """

    def __init__(self, client: Client, plans: Iterable[StreamPlan]) -> None:
        self._client = client
        self._fields: dict[Place, TargetField] = {}
        #: The columns that need each.
        self._columns: defaultdict[Place, list[str]] = defaultdict(list)
        self._usage_of: dict[Place, str] = {}
        for plan in plans:
            for field, place, column in _list_places(plan):
                self._fields[place] = field
                self._columns[place].append(f"{plan.label}: {column}")
                self._usage_of.setdefault(place, plan.label)
        self._remembered = RememberedIds()

    @property
    def modules(self) -> set[str]:
        """Those whose records are looked up."""
        return {module for module, _ in self._fields}

    def check(self) -> None:
        """Raises a config error where Zoho refuses such queries, before the first row."""
        for (module, name), columns in self._columns.items():
            try:
                self._by_value((module, name), self._usage_of[module, name]).probe()
            except Refused as refusal:
                if refusal.failure_type == FailureType.transient_error:
                    raise
                raise config_error(
                    f"{' and '.join(dict.fromkeys(columns))} looks up records of {module} by "
                    f"{name}, and Zoho refuses queries for them ({refusal.code}): {refusal.message}"
                    " Give the token what it lacks, or write the records' ids or External IDs "
                    "instead."
                ) from None

    def find(self, sought: Collection[Sought], *, usage_of: str) -> Mapping[Sought, Found]:
        """What is there, for each of those sought; the queries are the stream's `usage_of`."""
        with self._remembered.ask() as changes:
            known = self._remembered.find(sought)
            found = {one: Found(frozenset({record_id})) for one, record_id in known.items()}
            missing: defaultdict[Place, list[Sought]] = defaultdict(list)
            for one in dict.fromkeys(sought):
                if one not in found:
                    missing[one.module, one.field].append(one)
            for place, of_place in missing.items():
                by_value = self._by_value(place, usage_of).find([one.value for one in of_place])
                found |= {one: by_value[one.value] for one in of_place}
            self._remembered.add(
                {
                    one: hit.record_id
                    for one, hit in found.items()
                    if hit.record_id is not None and one not in known
                },
                changes,
            )
        return found

    def forget(self, plan: StreamPlan, records: Sequence[Mapping[str, Any]]) -> None:
        """The stream has written these records, or may have."""
        for place in self._fields:
            if place[0] != plan.module.api_name:
                continue
            name = place[1]
            values = [str(record[name]) for record in records if name in record]
            if _keeps_values(plan, name):
                self._remembered.forget(place, values)
            elif values or plan.operation == "delete":
                self._remembered.forget_all(place)

    def _by_value(self, place: Place, usage_of: str) -> RecordsByValue:
        return RecordsByValue(self._client, place[0], self._fields[place], usage_of)


def _keeps_values(plan: StreamPlan, name: str) -> bool:
    """Whether no record loses its value of the field by what the stream writes: records are new, or
    found by this field alone."""
    if plan.operation == "insert":
        return True
    others = (one.field for one in plan.columns if one.field and one.name != name)
    return (
        plan.operation == "upsert"
        and plan.key is not None
        and plan.key.name == name
        and not any(other.unique or other.external for other in others)
    )


def _list_places(plan: StreamPlan) -> Iterator[tuple[TargetField, Place, str]]:
    for column in plan.columns:
        if column.key is not None and column.field is not None:
            module = str(column.field.points_at)
            yield column.key, (module, column.key.api_name), column.target
