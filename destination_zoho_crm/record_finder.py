"""Finds records by unique values: the records that lookups of rows are to point at."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from airbyte_cdk.models import FailureType

from destination_zoho_crm.client import Client
from destination_zoho_crm.lookup_values import MOST_ROWS, MOST_VALUES, NUMBERS, Sought
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.remembered_ids import Place, RememberedIds
from destination_zoho_crm.target_fields import TargetField
from zoho_crm.answers import Page, build_page_parser
from zoho_crm.coql import build_and, build_in, build_select, quote_column
from zoho_crm.errors import INVALID_DATA
from zoho_crm.problems import Refused, config_error

_PAGE = build_page_parser()


class Found(NamedTuple):
    """The records that have a value."""

    #: Of the one record.
    record_id: str | None
    #: How many there are, or at least, where `more` says that not all were counted.
    number: int
    more: bool = False
    #: Zoho's code, where it takes no query with the value.
    refused_with: str = ""


_NONE = Found(None, 0)

#: Codes of refusals that a value can be the reason of ("COQL: errors").
_OF_VALUES = ("INVALID_QUERY", "SYNTAX_ERROR", INVALID_DATA)


class RecordFinder:
    """Looks records up by COQL, fifty values a query. Safe to use from several threads.

    A record that was found is remembered until the run writes what may change what the value finds.
    A value that finds none is looked up again: its record may be written later in the run.

    Why not the call "Search Records": its index lags behind, so it does not show what the run has
    written before ("Search Records": the page sends readers to COQL for that).
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
            where = f"{quote_column(name)} is not null"
            try:
                usage_of = self._usage_of[module, name]
                self._ask(build_select(("id", name), module, where, limit=1), usage_of)
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
            found = {one: Found(record_id, 1) for one, record_id in known.items()}
            missing: defaultdict[Place, list[Sought]] = defaultdict(list)
            for one in dict.fromkeys(sought):
                if one not in found:
                    missing[one.module, one.field].append(one)
            for place, of_place in missing.items():
                for first in range(0, len(of_place), MOST_VALUES):
                    few = of_place[first : first + MOST_VALUES]
                    by_value = self._query_or_split(place, few, usage_of)
                    found |= {one: by_value.get(one.folded, _NONE) for one in few}
            self._remembered.add(
                {
                    one: hit.record_id
                    for one, hit in found.items()
                    if hit.record_id is not None and one not in known
                },
                changes,
            )
        return found

    def forget(self, plan: StreamPlan, records: Iterable[Mapping[str, Any]]) -> None:
        """The stream has written these records, or may have."""
        module, records = plan.module.api_name, list(records)
        for place in self._fields:
            if place[0] != module:
                continue
            name = place[1]
            values = [str(record[name]) for record in records if name in record]
            if _keeps_values(plan, name):
                self._remembered.forget(place, values)
            elif values or plan.operation == "delete":
                self._remembered.forget_all(place)

    def _query_or_split(
        self, place: Place, sought: Sequence[Sought], usage_of: str
    ) -> dict[Sought, Found]:
        """Zoho has taken such queries before, so a value may be why it takes one no more, such as
        a text that is no address. Halves find it, and save the others."""
        try:
            return self._query(place, sought, usage_of)
        except Refused as refusal:
            if refusal.code not in _OF_VALUES:
                raise
            if len(sought) == 1:
                return {sought[0].folded: Found(None, 0, refused_with=refusal.code)}
        middle = len(sought) // 2
        return self._query_or_split(place, sought[:middle], usage_of) | self._query_or_split(
            place, sought[middle:], usage_of
        )

    def _query(self, place: Place, sought: Sequence[Sought], usage_of: str) -> dict[Sought, Found]:
        """A value of many records must not hide the others: where the answer has more rows than a
        page, the next query leaves out what has been found twice."""
        module, name = place
        bare = self._fields[place].form in NUMBERS
        ids: defaultdict[Sought, set[str]] = defaultdict(set)
        uncounted: set[Sought] = set()
        open_, after, more = list(sought), "", True
        while open_ and more:
            where = build_in(name, [one.value for one in open_], bare=bare)
            where = build_and(where, f"id > {after}") if after else where
            page = self._ask(build_select(("id", name), module, where, limit=MOST_ROWS), usage_of)
            for row in page.rows:
                after = str(row["id"])
                ids[Sought(module, name, str(row.get(name))).folded].add(after)
            more = page.more
            if more:
                many = {one.folded for one in open_ if len(ids[one.folded]) > 1}
                uncounted |= many
                open_ = [one for one in open_ if one.folded not in many]
        return {
            one: Found(next(iter(of_it)) if len(of_it) == 1 else None, len(of_it), one in uncounted)
            for one, of_it in ids.items()
        }

    def _ask(self, query: str, usage_of: str) -> Page:
        return self._client.queries.ask(read=_PAGE, body={"select_query": query}, usage_of=usage_of)


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
