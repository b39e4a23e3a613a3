"""The ids of the records that rows of a stream will write to, by the values that find them."""

from collections.abc import Mapping, Sequence
from typing import Any

from destination_zoho_crm.client import Client
from destination_zoho_crm.lookup_values import can_query
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.records_by_value import Found, RecordsByValue


class RecordIds:
    """Finds records as Zoho does: by the stream's key, and an upsert then by other unique fields
    ("Upsert Records"). Safe to use from several threads."""

    def __init__(self, client: Client, plan: StreamPlan) -> None:
        #: Those that find records, in Zoho's order.
        self.fields = _list_fields(plan)
        module = plan.module
        self._by_value = {
            name: RecordsByValue(client, module.api_name, module.fields[name], plan.label)
            for name in self.fields
            if self.asks
        }

    @property
    def asks(self) -> bool:
        """Whether Zoho must be asked, because rows do not bring ids."""
        return self.fields != ("id",)

    def probe(self) -> None:
        """Raises `Refused` where Zoho does not answer such queries."""
        for by_value in self._by_value.values():
            by_value.probe()

    def find(self, records: Sequence[Mapping[str, Any]]) -> list[Found]:
        """For each record, what its values find; several: it is not known which one Zoho would
        choose. Fields after one that finds a record, or that Zoho takes no query with, are not
        asked for."""
        if not self.asks:
            return [Found(frozenset({str(record["id"])})) for record in records]
        found = [Found()] * len(records)
        for name, by_value in self._by_value.items():
            open_ = {
                place: str(record[name]).strip()
                for place, record in enumerate(records)
                if not (found[place].ids or found[place].refused_with)
                and record.get(name) is not None
            }
            of_values = by_value.find([value for value in open_.values() if can_query(value)])
            for place, value in open_.items():
                found[place] = of_values.get(value, found[place])
        return found

    def list_unknowable(self, record: Mapping[str, Any]) -> list[str]:
        """The fields that find the record and whose values no query can hold."""
        return [
            name
            for name in self.fields
            if record.get(name) is not None and not can_query(str(record[name]).strip())
        ]


def _list_fields(plan: StreamPlan) -> tuple[str, ...]:
    """The key, and of an upsert the other unique fields that rows bring."""
    if plan.key is None:
        return ()
    unique = [
        column.name
        for column in plan.columns
        if column.field and (column.field.unique or column.field.external)
    ]
    others = unique if plan.operation == "upsert" else []
    return tuple(dict.fromkeys((plan.key.name, *others)))
