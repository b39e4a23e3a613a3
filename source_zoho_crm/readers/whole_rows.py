"""Rows of lists made whole: further column groups, whole texts, canonical form."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from source_zoho_crm.readers import Row
from source_zoho_crm.readers.blocks import Block
from source_zoho_crm.readers.column_groups import group_columns, read_until_unchanged
from source_zoho_crm.readers.list_walk import convert_timestamps
from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.rich_text import WholeTexts
from source_zoho_crm.readers.steps import Columns, ListRecords, Started, Task, Wait
from source_zoho_crm.readers.windows import CURSOR_FIELD
from zoho_crm.counts import count
from zoho_crm.fields import build_caster
from zoho_crm.multi_select import MultiSelectTexts
from zoho_crm.problems import transient_error

#: UNVERIFIED: the docs name no limit of `ids`; a hundred is what Zoho allows elsewhere.
_IDS_AT_ONCE = 100
#: How often a row of a list by id is read until it has not changed meanwhile.
_REREADS = 5
#: v2 lists a field Layout, and its records have this key instead. UNVERIFIED: that a record without
#: the key has no layout; most of the recorded ones have it.
_LAYOUT, _LAYOUT_ID = "Layout", "$layout_id"


class WholeRows:
    """Completes and emits the rows of pages, beside the reading of the next ones.

    `params` are those of a list, for each column group.
    """

    def __init__(self, plan: ReadPlan, texts: WholeTexts, converted: str) -> None:
        self._module = plan.name
        self._texts = texts
        # Where Zoho does not limit `fields`, all columns come in one list.
        most = plan.version["rest_columns"]
        # Rich text first: a page of the first column group shows which texts are cut.
        ordered = sorted(plan.fields, key=lambda field: not field.is_rich_text)
        self._groups = group_columns(ordered, most=most or len(ordered) + 1)
        # Leads: without it converted leads stay hidden; other modules ignore it.
        plain = {"per_page": str(PER_PAGE), "converted": converted}
        self.params: list[Mapping[str, str]] = [
            {"fields": ",".join(columns) or "id", **plain} if most else plain
            for columns in self._groups
        ]
        # Zoho's metadata list the id from v7 on only.
        self._wanted = {"id", *(field.api_name for field in plan.fields)}
        # Lists have converted Modified_Time already.
        fields = [field for field in plan.fields if field.api_name != CURSOR_FIELD]
        self._cast_fields = build_caster(fields, MultiSelectTexts(plan.name))

    def count_cut(self, page: list[Row]) -> int:
        """Rows whose texts lists do not show whole."""
        return self._texts.count_cut(page)

    def emit_unchanged(
        self, new: list[Row], block: Block, left: set[str], joined: Started | None
    ) -> Task[None]:
        """The rows, whole, without those that have moved on in the list since it was read."""
        timestamps = {row["id"]: row.get(CURSOR_FIELD) for row in new}
        rows = yield from self._add_torn(
            new, joined, lambda row: row.get(CURSOR_FIELD) == timestamps[row["id"]]
        )
        whole = yield from self._texts.restore(rows)
        for key in timestamps.keys() - {row["id"] for row in whole}:
            block.drop(key, timestamps[key])
            left.add(key)
        if whole:
            yield self._cast(whole)

    def emit_whole(self, new: list[Row], joined: Started | None) -> Task[None]:
        """The rows, whole; what was edited since it was read is read again."""
        rows = yield from self._add_torn(new, joined, lambda row: True)
        if rows:
            yield self._cast((yield from self._complete(rows)))

    def emit_edited(self, ids: set[str], stop: str) -> Task[None]:
        """The rows that were edited while they were read, and not past the end of the span."""
        again = yield from self._read_by_ids(
            ids, lambda row: (row.get(CURSOR_FIELD) or "") <= stop, at_last=True
        )
        if again:
            yield self._cast((yield from self._complete(list(again.values()))))

    def _add_torn(
        self, rows: list[Row], joined: Started | None, wanted: Callable[[Row], bool]
    ) -> Task[list[Row]]:
        """The rows with all columns; those whose columns changed meanwhile are read again, and left
        out where they are not wanted any more."""
        if joined is None:
            return rows
        (torn,) = yield Wait((joined,))
        torn &= {row["id"] for row in rows}
        if not torn:
            return rows
        again = yield from self._read_by_ids(torn, wanted)
        whole = (again.get(row["id"]) if row["id"] in torn else row for row in rows)
        return [row for row in whole if row is not None]

    def _cast(self, rows: list[Row]) -> list[Row]:
        has_layout = _LAYOUT in self._wanted
        for row in rows:
            if has_layout and _LAYOUT not in row:
                row[_LAYOUT] = row.get(_LAYOUT_ID)
            for extra in row.keys() - self._wanted:
                del row[extra]
            self._cast_fields(row)
        return rows

    def _complete(self, page: list[Row]) -> Task[list[Row]]:
        """The page with whole texts; what was edited since it was read is read again."""
        whole = yield from self._texts.restore(page)
        left = {row["id"] for row in page} - {row["id"] for row in whole}
        for _ in range(_REREADS):
            if not left:
                break
            again = yield from self._read_by_ids(left)
            restored = yield from self._texts.restore(list(again.values()))
            whole = [*whole, *restored]
            left &= again.keys() - {row["id"] for row in restored}
        if left:
            raise transient_error(
                f"{self._module}: {count(len(left), 'record')} changed each of the {_REREADS} "
                f"times that {'it was' if len(left) == 1 else 'they were'} read. Try again later."
            )
        return whole

    def _read_by_ids(
        self,
        ids: Iterable[str],
        wanted: Callable[[Row], bool] = lambda row: True,
        *,
        at_last: bool = False,
    ) -> Task[dict[str, Row]]:
        """The records of these ids, whole; without those that are gone or not wanted.

        `at_last`: no later list has them.
        """
        return read_until_unchanged(
            sorted(ids),
            self._groups,
            self._list_by_ids,
            wanted,
            at_once=_IDS_AT_ONCE,
            at_last=at_last,
            read=lambda page: convert_timestamps(page.rows),
        )

    def _list_by_ids(self, columns: Columns, ids: Sequence[str]) -> ListRecords:
        params = self.params[self._groups.index(columns)]
        return ListRecords({**params, "ids": ",".join(ids)}, promised=True)
