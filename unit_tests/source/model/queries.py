"""Answers to queries ("COQL: Overview", "COQL: Limitations")."""

from source_zoho_crm.readers.steps import Count, Query
from source_zoho_crm.readers.windows import CURSOR_FIELD
from unit_tests.source.model.refusals import AskedAmissError, refuse
from unit_tests.source.model.sizes import IDS_AT_ONCE, OFFSETS, SURE_COLUMNS
from unit_tests.source.model.traits import Traits
from unit_tests.source.model.world import Record, World, print_local
from zoho_crm.answers import Page, Row


class Queries:
    """Each query shows the rows of one moment, in the order of its `order by`."""

    def __init__(self, world: World, traits: Traits) -> None:
        self._world = world
        self._traits = traits
        self._columns = traits.columns

    def answer(self, query: Query) -> Page:
        if code := self._traits.coql_refusal:
            raise refuse(code)
        self._check(query)
        if self._traits.wide_refused and len(query.columns) > SURE_COLUMNS:
            raise refuse("LIMIT_EXCEEDED")
        found = self._find(query)
        if query.order_by == "id":
            found.sort(key=lambda record: record.number)
        else:
            # Rows of one second come in any order.
            found.sort(key=lambda record: (record.modified, record.number * 7919 % 1_009))
        page = found[query.offset : query.offset + query.limit]
        return Page(
            [self._show(record, query.columns) for record in page],
            more=len(found) > query.offset + len(page),
        )

    def count(self, question: Count) -> int:
        if code := self._traits.coql_refusal:
            raise refuse(code)
        if not self._traits.version["coql_aggregates"]:
            raise AskedAmissError("a query that counts, which this version does not take")
        if not self._traits.counts_ids:
            raise refuse("INVALID_DATA")
        return len(self._find(Query(("id",), 1, question.window, after="0")))

    def _check(self, query: Query) -> None:
        version, names = self._traits.version, query.columns
        computed = sum(name in self._columns.computed for name in names)
        limits = {
            "rows": (query.limit, version["coql_rows"]),
            "columns": (len(names), version["coql_columns"]),
            "formulas": (computed, version["coql_formulas"]),
            "ids": (len(query.ids), IDS_AT_ONCE),
            "rows by offset": (query.offset + query.limit, max(OFFSETS, version["coql_rows"])),
        }
        for what, (asked, most) in limits.items():
            if asked > most:
                raise AskedAmissError(f"a query for {asked} {what}, of which Zoho takes {most}")
        if len(set(names)) < len(names):
            raise AskedAmissError("a query that names a column twice")
        if query.window is None and query.after is None and not query.ids:
            raise AskedAmissError("a query without a condition")

    def _find(self, query: Query) -> list[Record]:
        found: list[Record] = list(self._world.records.values())
        if self._traits.convertible and not self._traits.coql_shows_converted:
            found = [record for record in found if not record.converted]
        if query.ids:
            wanted = set(query.ids)
            found = [record for record in found if record.key in wanted]
        if query.window:
            first, last = query.window.start.timestamp(), query.window.end.timestamp()
            found = [record for record in found if first <= record.modified <= last]
        if query.after is not None:
            after = int(query.after)
            found = [record for record in found if record.number > after]
        if query.upto is not None:
            upto = int(query.upto)
            found = [record for record in found if record.number <= upto]
        return found

    def _show(self, record: Record, names: tuple[str, ...]) -> Row:
        row: Row = self._columns.build(names, record.version, "query")
        # The id is in each row, asked for or not.
        row["id"] = record.key
        if CURSOR_FIELD in names:
            row[CURSOR_FIELD] = print_local(record.modified)
        return row
