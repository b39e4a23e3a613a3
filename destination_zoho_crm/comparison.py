"""Finds the records that rows have become, by their values. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain, repeat
from typing import Any

from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.target_fields import TargetField
from zoho_crm.casts import Odd
from zoho_crm.multi_select import MultiSelectTexts

#: Forms whose values do not come back as they were sent, or not at all.
_NOT_COMPARED = (None, "tags", "links", "rows", "given")
#: "COQL: Limitations": columns of a query in the strictest version, the id not counted.
_MOST_COLUMNS = 49

Record = Mapping[str, Any]
#: Columns with their values, in a form in which equal ones are equal.
Items = frozenset[tuple[str, Any]]


class NotFound(Enum):
    """Why a row has no record."""

    #: It is not there.
    MISSING = "missing"
    #: Several rows are equal, and there are fewer such records than rows.
    AMBIGUOUS = "ambiguous"
    #: A record that equals no sent row may be this one: automations change new records.
    ALTERED = "altered"


class ComparedColumns:
    """What the rows of one stream are compared by.

    A row with a value that Zoho keeps unique is compared by that alone: no other row has it. Text
    is compared without case and blanks.
    """

    def __init__(self, plan: StreamPlan) -> None:
        fields = {
            column.name: column.field
            for column in plan.columns
            if column.field is not None and column.via != "external" and _is_compared(column.field)
        }
        self.unique = [name for name, of in fields.items() if of.unique or of.external]
        lists = MultiSelectTexts(plan.module.api_name)
        #: By column, those first by which a row is known best.
        self.readers = {
            name: _build_reader(fields[name], lists)
            for name in dict.fromkeys((*self.unique, *fields))
        }


@dataclass(eq=False, slots=True)
class SentRow:
    """A row that may be a record. Two rows are never the same, whatever they hold."""

    compared: ComparedColumns
    row: Record


@dataclass
class _Group:
    """Equal rows, and the records that match them."""

    rows: list[SentRow] = field(default_factory=list)
    unresolved: int = 0
    records: list[Record] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Records that there are too few, or below zero, too many."""
        return len(self.rows) + self.unresolved - len(self.records)

    def match_rows(self, *, missing: NotFound) -> dict[SentRow, str | NotFound]:
        """`missing`: of a row that has no record."""
        if self.records and self.missing > 0 and self.unresolved:
            return dict.fromkeys(self.rows, NotFound.AMBIGUOUS)
        ids: list[str | NotFound] = [str(record["id"]) for record in self.records]
        return dict(zip(self.rows, chain(ids, repeat(missing)), strict=False))


class Comparison:
    """Rows of several streams of a module against its new records."""

    def __init__(self, rows: Sequence[SentRow], unresolved: Sequence[SentRow]) -> None:
        """`unresolved`: rows that may be records, too, and are not asked for any more."""
        self._readers: dict[str, Callable[[Any], Any]] = {}
        self._unique: set[str] = set()
        for compared in dict.fromkeys(sent.compared for sent in (*rows, *unresolved)):
            self._unique.update(compared.unique)
            for name, read in compared.readers.items():
                if len(self._readers) < _MOST_COLUMNS:
                    self._readers.setdefault(name, read)
        self._groups: dict[Items, _Group] = defaultdict(_Group)
        for sent in rows:
            self._groups[self._read_wanted(sent)].rows.append(sent)
        for sent in unresolved:
            self._groups[self._read_wanted(sent)].unresolved += 1
        self._by_item = self._build_index()

    @property
    def columns(self) -> list[str]:
        """Those that a query must bring, beside the id."""
        return list(self._readers)

    def match_records(self, records: Iterable[Record]) -> dict[SentRow, str | NotFound]:
        """The id of each row's record, or why there is none. Each record is assigned to the rows
        that match it in most columns."""
        has_unmatched = False
        partial: list[Items] = []
        for group in self._groups.values():
            group.records.clear()
        for record in records:
            items = self._read_items(record, self._readers)
            wanted = max(self._find_alike(items), key=self._rank, default=None)
            if wanted is None:
                has_unmatched = True
                continue
            self._groups[wanted].records.append(record)
            if not self._rank(wanted)[0] and any(value for _, value in items - wanted):
                partial.append(items)
        has_unmatched |= any(group.missing < 0 for group in self._groups.values())
        matches: dict[SentRow, str | NotFound] = {}
        for wanted, group in self._groups.items():
            # Zoho would not take a unique value twice, so such a row can be sent again.
            is_altered = not self._rank(wanted)[0] and (
                has_unmatched or any(2 * len(wanted & items) >= len(wanted) for items in partial)
            )
            missing = NotFound.ALTERED if is_altered else NotFound.MISSING
            matches |= group.match_rows(missing=missing)
        return matches

    def _read_wanted(self, sent: SentRow) -> Items:
        """What the row's record must have; nothing: it is like no record."""
        items = self._read_items(sent.row, sent.compared.readers)
        values = dict(items)
        unique = next((name for name in sent.compared.unique if name in values), None)
        return items if unique is None else frozenset({(unique, values[unique])})

    def _read_items(self, record: Record, columns: Iterable[str]) -> Items:
        return frozenset(
            (name, value)
            for name in columns
            if name in self._readers
            and record.get(name) is not None
            and (value := self._readers[name](record[name])) not in (None, "", frozenset())
        )

    def _build_index(self) -> dict[object, list[Items]]:
        """Each group by its rarest item."""
        times = Counter(item for wanted in self._groups for item in wanted)
        index: dict[object, list[Items]] = defaultdict(list)
        for wanted in self._groups:
            if wanted:
                index[min(wanted, key=times.__getitem__)].append(wanted)
        return dict(index)

    def _find_alike(self, items: Items) -> Iterator[Items]:
        for item in items:
            for wanted in self._by_item.get(item, ()):
                if wanted <= items:
                    yield wanted

    def _rank(self, wanted: Items) -> tuple[bool, int]:
        unique = len(wanted) == 1 and any(name in self._unique for name, _ in wanted)
        return unique, len(wanted)


def _is_compared(field: TargetField) -> bool:
    return not (field.form in _NOT_COMPARED or field.read.is_rich_text or field.read.left_out)


def _build_reader(field: TargetField, lists: MultiSelectTexts) -> Callable[[Any], Any]:
    """Reads a value that is not null into what equal values have in common."""
    read = field.read.build_reader(lists)

    def fold_text(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # An option is written by one of its texts, and may be read by the other.
        return " ".join((field.options.find_exact(value) or value).lower().split())

    def read_comparable(value: Any) -> Any:
        try:
            value = read(value)
        except Odd as odd:
            value = odd.instead
        return frozenset(map(fold_text, value)) if isinstance(value, list) else fold_text(value)

    return read_comparable
