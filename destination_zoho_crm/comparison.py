"""Which records are which rows, by their values. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain, repeat
from typing import Any

from destination_zoho_crm.modules import TargetField
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.casts import Odd
from zoho_crm.lists import ListTexts

#: Forms whose values do not come back as they were sent, or not at all.
_NOT_COMPARED = (None, "tags", "links", "given")
#: "COQL: Limitations": columns of a query in the strictest version, the id not counted.
_MOST_COLUMNS = 49

Record = Mapping[str, Any]
#: Columns with their values, in a form in which equal ones are equal.
Items = frozenset[tuple[str, Any]]


class Fate(Enum):
    """Of a row whose record is not found."""

    #: It is not there.
    MISSING = "missing"
    #: Rows like it may be there as well, and there are fewer records than rows.
    CLOUDED = "clouded"
    #: A record that is no row as it was sent may be it: automations change new records.
    STRANGE = "strange"


class Likeness:
    """What the rows of one stream are compared by.

    A row with a value that Zoho keeps unique is compared by that alone: it is nobody else's. Text
    is compared without case and blanks.
    """

    def __init__(self, plan: StreamPlan) -> None:
        fields = {
            column.name: column.field
            for column in plan.columns
            if column.field is not None and column.via != "external" and _is_compared(column.field)
        }
        self.unique = [name for name, of in fields.items() if of.unique or of.external]
        lists = ListTexts(plan.module.api_name)
        #: By column, those first by which a row is known best.
        self.readers = {
            name: _reader(fields[name], lists) for name in dict.fromkeys((*self.unique, *fields))
        }


@dataclass(frozen=True, eq=False)
class Sent:
    """A row that may be a record."""

    likeness: Likeness
    row: Record


@dataclass
class _Group:
    """Rows that are alike, and the records that are like them."""

    rows: list[Sent] = field(default_factory=list)
    given_up: int = 0
    records: list[Record] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Records that there are too few, or below zero, too many."""
        return len(self.rows) + self.given_up - len(self.records)

    def fates(self, *, missing: Fate) -> dict[Sent, str | Fate]:
        """`missing`: of a row that has no record."""
        if self.records and self.missing > 0 and self.given_up:
            return dict.fromkeys(self.rows, Fate.CLOUDED)
        ids: list[str | Fate] = [str(record["id"]) for record in self.records]
        return dict(zip(self.rows, chain(ids, repeat(missing)), strict=False))


class Comparison:
    """Rows of several streams of a module against its new records."""

    def __init__(self, rows: Sequence[Sent], given_up: Sequence[Sent]) -> None:
        """`given_up`: rows that may be records, too, and are not asked for any more."""
        self._readers: dict[str, Callable[[Any], Any]] = {}
        self._unique: set[str] = set()
        for likeness in dict.fromkeys(sent.likeness for sent in (*rows, *given_up)):
            self._unique.update(likeness.unique)
            for name, read in likeness.readers.items():
                if len(self._readers) < _MOST_COLUMNS:
                    self._readers.setdefault(name, read)
        self._groups: dict[Items, _Group] = defaultdict(_Group)
        for sent in rows:
            self._groups[self._wanted(sent)].rows.append(sent)
        for sent in given_up:
            self._groups[self._wanted(sent)].given_up += 1
        self._by_item = self._index()

    @property
    def columns(self) -> list[str]:
        """Those that a query must bring, beside the id."""
        return list(self._readers)

    def fates(self, records: Iterable[Record]) -> dict[Sent, str | Fate]:
        """Of each row, the id of its record, or why there is none. Each record goes to the rows
        that are like it in most columns."""
        strangers = False
        loose: list[Items] = []
        for group in self._groups.values():
            group.records.clear()
        for record in records:
            items = self._items(record, self._readers)
            wanted = max(self._alike(items), key=self._tells, default=None)
            if wanted is None:
                strangers = True
                continue
            self._groups[wanted].records.append(record)
            if not self._tells(wanted)[0] and any(value for _, value in items - wanted):
                loose.append(items)
        strangers |= any(group.missing < 0 for group in self._groups.values())
        fates: dict[Sent, str | Fate] = {}
        for wanted, group in self._groups.items():
            # Zoho would not take a unique value twice, so such a row can be sent again.
            strange = not self._tells(wanted)[0] and (
                strangers or any(2 * len(wanted & items) >= len(wanted) for items in loose)
            )
            fates |= group.fates(missing=Fate.STRANGE if strange else Fate.MISSING)
        return fates

    def _wanted(self, sent: Sent) -> Items:
        """What the row's record must have; nothing: it is like no record."""
        items = self._items(sent.row, sent.likeness.readers)
        values = dict(items)
        unique = next((name for name in sent.likeness.unique if name in values), None)
        return items if unique is None else frozenset({(unique, values[unique])})

    def _items(self, record: Record, columns: Iterable[str]) -> Items:
        return frozenset(
            (name, value)
            for name in columns
            if name in self._readers
            and record.get(name) is not None
            and (value := self._readers[name](record[name])) not in (None, "", frozenset())
        )

    def _index(self) -> dict[object, list[Items]]:
        """Each group by its rarest item."""
        times = Counter(item for wanted in self._groups for item in wanted)
        index: dict[object, list[Items]] = defaultdict(list)
        for wanted in self._groups:
            if wanted:
                index[min(wanted, key=times.__getitem__)].append(wanted)
        return dict(index)

    def _alike(self, items: Items) -> Iterator[Items]:
        for item in items:
            for wanted in self._by_item.get(item, ()):
                if wanted <= items:
                    yield wanted

    def _tells(self, wanted: Items) -> tuple[bool, int]:
        unique = len(wanted) == 1 and any(name in self._unique for name, _ in wanted)
        return unique, len(wanted)


def _is_compared(field: TargetField) -> bool:
    return not (field.form in _NOT_COMPARED or field.read.is_rich_text or field.read.left_out)


def _reader(field: TargetField, lists: ListTexts) -> Callable[[Any], Any]:
    """Reads a value that is not null into what equal values have in common."""
    read = field.read.reader(lists)

    def plain(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # An option is written by one of its texts, and may be read by the other.
        return " ".join((field.options.exact(value) or value).lower().split())

    def comparable(value: Any) -> Any:
        try:
            value = read(value)
        except Odd as odd:
            value = odd.instead
        return frozenset(map(plain, value)) if isinstance(value, list) else plain(value)

    return comparable
