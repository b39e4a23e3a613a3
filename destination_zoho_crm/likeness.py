"""Which records are which rows, by their values. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from destination_zoho_crm.modules import TargetField
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.casts import Odd
from zoho_crm.lists import ListTexts

#: Forms whose values do not come back as they were sent, or not at all.
_NOT_COMPARED = (None, "tags", "links", "given")
#: "COQL: Limitations": columns of a query in the strictest version, the id not counted.
_MOST_COLUMNS = 49

Values = Mapping[str, Any]
#: Columns with their values, in a form in which equal ones are equal.
Items = frozenset[tuple[str, Any]]


@dataclass
class Match:
    #: For each row, the id of its record; None: there is none.
    ids: list[str | None]
    #: Whether there are rows of others that cannot be told from it, and too few records for all.
    clouded: list[bool]
    #: Whether there are records that are nobody's row.
    strangers: bool


@dataclass
class _Group:
    """Rows that are alike, and the records that are like them."""

    places: list[int] = field(default_factory=list)
    others: int = 0
    ids: list[str] = field(default_factory=list)


class Likeness:
    """Compares rows of one stream with records of its module.

    A row with a value that Zoho keeps unique is compared by that alone: automations may change the
    others in a new record. Text is compared without case and blanks.
    """

    def __init__(self, plan: StreamPlan) -> None:
        fields = {
            column.name: column.field
            for column in plan.columns
            if column.field is not None and column.via != "external" and _is_compared(column.field)
        }
        self._unique = [name for name, of in fields.items() if of.unique or of.external]
        # The unique ones first, so that none of them is too many.
        chosen = list(dict.fromkeys((*self._unique, *fields)))[:_MOST_COLUMNS]
        lists = ListTexts(plan.module.api_name)
        self._readers = {name: _reader(fields[name], lists) for name in chosen}

    @property
    def columns(self) -> list[str]:
        """Those that a query must bring, beside the id."""
        return list(self._readers)

    def is_unique(self, row: Values) -> bool:
        """Whether Zoho would take the row once only."""
        return any(row.get(name) is not None for name in self._unique)

    def of_row(self, row: Values) -> Items:
        """What its record must have; nothing: it is like no record."""
        items = self.of_record(row)
        values = dict(items)
        unique = next((name for name in self._unique if name in values), None)
        return items if unique is None else frozenset({(unique, values[unique])})

    def of_record(self, record: Values) -> Items:
        return frozenset(
            (name, value)
            for name, read in self._readers.items()
            if record.get(name) is not None
            and (value := read(record[name])) not in (None, "", frozenset())
        )

    def matched(
        self, rows: Sequence[Values], others: Iterable[Values], records: Iterable[Values]
    ) -> Match:
        """Each record goes to the rows that are like it in most columns. `others`: rows whose
        records may be among these, too."""
        groups: dict[Items, _Group] = {}
        for place, row in enumerate(rows):
            groups.setdefault(self.of_row(row), _Group()).places.append(place)
        for row in others:
            groups.setdefault(self.of_row(row), _Group()).others += 1
        groups.pop(frozenset(), None)
        strangers = False
        for record in records:
            items = self.of_record(record)
            alike = [wanted for wanted in groups if wanted <= items]
            if alike:
                groups[max(alike, key=self._tells)].ids.append(str(record["id"]))
            else:
                strangers = True
        match = Match([None] * len(rows), [False] * len(rows), strangers)
        for group in groups.values():
            self._settle(group, match)
        return match

    def _settle(self, group: _Group, match: Match) -> None:
        missing = len(group.places) + group.others - len(group.ids)
        match.strangers |= missing < 0
        clouded = bool(missing > 0 and group.ids and group.others)
        for number, place in enumerate(group.places):
            match.clouded[place] = clouded
            if not clouded and number < len(group.ids):
                match.ids[place] = group.ids[number]

    def _tells(self, items: Items) -> tuple[bool, int]:
        return any(name in self._unique for name, _ in items), len(items)


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
