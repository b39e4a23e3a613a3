"""Finds the records that have values of a field: by COQL, fifty values a query."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from destination_zoho_crm.client import Client
from destination_zoho_crm.lookup_values import MOST_ROWS, MOST_VALUES, NUMBERS, fold_value
from destination_zoho_crm.target_fields import TargetField
from zoho_crm.answers import Page, build_page_parser
from zoho_crm.coql import build_and, build_in, build_select, quote_column
from zoho_crm.errors import INVALID_DATA
from zoho_crm.problems import Refused

_PAGE = build_page_parser()

#: Codes of refusals that a value can be the reason of ("COQL: errors").
_OF_VALUES = ("INVALID_QUERY", "SYNTAX_ERROR", INVALID_DATA)


class Found(NamedTuple):
    """The records that have a value."""

    ids: frozenset[str] = frozenset()
    #: Not all of them were counted.
    more: bool = False
    #: Zoho's code, where it takes no query with the value.
    refused_with: str = ""

    @property
    def record_id(self) -> str | None:
        """Of the one record."""
        return next(iter(self.ids)) if len(self.ids) == 1 else None

    @property
    def number(self) -> str:
        """How many there are, in words."""
        return f"{len(self.ids):,}{' or more' if self.more else ''}"


_NONE = Found()


class RecordsByValue:
    """Asks for one stream's calls by one field of a module. Safe to use from several threads.

    Why not the call "Search Records": its index lags behind, so it does not show what the run has
    written before ("Search Records": the page sends readers to COQL for that).
    """

    def __init__(self, client: Client, module: str, field: TargetField, usage_of: str) -> None:
        self._client = client
        self._module = module
        self._field = field
        self._usage_of = usage_of

    def probe(self) -> None:
        """Raises `Refused` where Zoho does not answer such queries."""
        self._ask(f"{quote_column(self._field.api_name)} is not null", limit=1)

    def find(self, values: Sequence[str]) -> dict[str, Found]:
        """What each value finds. Values that Zoho holds for the same find the same."""
        folded = {value: self._fold(value) for value in values}
        one_of_each = list({fold: value for value, fold in folded.items()}.values())
        found: dict[str, Found] = {}
        for first in range(0, len(one_of_each), MOST_VALUES):
            found |= self._query_or_split(one_of_each[first : first + MOST_VALUES])
        return {value: found.get(fold, _NONE) for value, fold in folded.items()}

    def _query_or_split(self, values: Sequence[str]) -> dict[str, Found]:
        """Zoho has taken such queries before, so a value may be why it takes one no more, such as
        a text that is no address. Halves find it, and save the others."""
        try:
            return dict(self._query(values))
        except Refused as refusal:
            if refusal.code not in _OF_VALUES:
                raise
            if len(values) == 1:
                return {self._fold(values[0]): Found(refused_with=refusal.code)}
        middle = len(values) // 2
        return self._query_or_split(values[:middle]) | self._query_or_split(values[middle:])

    def _query(self, values: Sequence[str]) -> Iterator[tuple[str, Found]]:
        """A value of many records must not hide the others: where the answer has more rows than a
        page, the next query leaves out what has been found twice."""
        name, bare = self._field.api_name, self._field.form in NUMBERS
        ids: defaultdict[str, set[str]] = defaultdict(set)
        uncounted: set[str] = set()
        open_, after, more = list(values), "", True
        while open_ and more:
            where = build_in(name, open_, bare=bare)
            page = self._ask(build_and(where, f"id > {after}") if after else where)
            for row in page.rows:
                after = str(row["id"])
                ids[self._fold(row.get(name))].add(after)
            more = page.more
            if more:
                uncounted |= {fold for fold in map(self._fold, open_) if len(ids[fold]) > 1}
                open_ = [value for value in open_ if self._fold(value) not in uncounted]
        for fold, of_it in ids.items():
            yield fold, Found(frozenset(of_it), fold in uncounted)

    def _fold(self, value: Any) -> str:
        """Equal for values that Zoho holds for the same, however they are written."""
        if self._field.form == "number":
            try:
                return str(Decimal(str(value)).normalize())
            except InvalidOperation:
                pass
        return fold_value(str(value))

    def _ask(self, where: str, *, limit: int = MOST_ROWS) -> Page:
        query = build_select(("id", self._field.api_name), self._module, where, limit=limit)
        return self._client.queries.ask(
            read=_PAGE, body={"select_query": query}, usage_of=self._usage_of
        )
