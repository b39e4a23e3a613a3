"""The ids of the records that rows of a stream will write to, by the values that find them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from destination_zoho_crm.client import Client
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.answers import Page, build_page_parser
from zoho_crm.coql import build_and, build_in, build_select, quote_column

#: "COQL: Limitations": values of an `in`, and rows of a query, of the strictest version.
MOST_VALUES = 50
_MOST_ROWS = 200
#: Forms whose values are not quoted in a query.
_NUMBERS = ("integer", "long", "number")

_PAGE = build_page_parser()


class RecordIds:
    """Finds records as Zoho does: by the stream's key, and an upsert then by other unique fields
    ("Upsert Records"). Safe to use from several threads."""

    def __init__(self, client: Client, plan: StreamPlan) -> None:
        self._client = client
        self._plan = plan
        #: Those that find records, in Zoho's order.
        self.fields = _list_fields(plan)

    @property
    def asks(self) -> bool:
        """Whether Zoho must be asked, because rows do not bring ids."""
        return self.fields != ("id",)

    def probe(self) -> None:
        """Raises `Refused` where Zoho does not answer such queries."""
        for name in self.fields:
            self._ask(name, f"{quote_column(name)} is not null", limit=1)

    def find(self, records: Sequence[Mapping[str, Any]]) -> list[set[str]]:
        """For each record, the ids that its values find; several: it is not known which one Zoho
        would choose."""
        if not self.asks:
            return [{str(record["id"])} for record in records]
        found: list[set[str]] = [set() for _ in records]
        for name in self.fields:
            open_ = [
                (place, str(record[name]))
                for place, record in enumerate(records)
                if not found[place] and record.get(name) is not None
            ]
            values = list(dict.fromkeys(value.strip() for _, value in open_))
            ids = self._query(name, [value for value in values if can_query(value)])
            for place, value in open_:
                found[place] |= ids.get(_fold(value), set())
        return found

    def list_unknowable(self, record: Mapping[str, Any]) -> list[str]:
        """The fields that find the record and whose values no query can hold."""
        return [
            name
            for name in self.fields
            if record.get(name) is not None and not can_query(str(record[name]).strip())
        ]

    def _query(self, name: str, values: Sequence[str]) -> Mapping[str, set[str]]:
        ids: defaultdict[str, set[str]] = defaultdict(set)
        bare = self._plan.module.fields[name].form in _NUMBERS
        for first in range(0, len(values), MOST_VALUES):
            of_values = build_in(name, values[first : first + MOST_VALUES], bare=bare)
            last, more = "", True
            while more:
                page = self._ask(name, build_and(of_values, f"id > {last}") if last else of_values)
                for row in page.rows:
                    last = str(row["id"])
                    ids[_fold(row.get(name))].add(last)
                more = page.more
        return ids

    def _ask(self, name: str, where: str, *, limit: int = _MOST_ROWS) -> Page:
        query = build_select(("id", name), self._plan.module.api_name, where, limit=limit)
        return self._client.queries.ask(
            read=_PAGE, body={"select_query": query}, usage_of=self._plan.label
        )


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


def can_query(value: str) -> bool:
    """UNVERIFIED: what a backslash means in a query."""
    return value.isprintable() and "\\" not in value


def _fold(value: Any) -> str:
    """Zoho's duplicate check takes no account of case ("Custom Fields": unique)."""
    return "" if value is None else str(value).strip().lower()
