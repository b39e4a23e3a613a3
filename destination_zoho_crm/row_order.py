"""Which rows must be written in their order: those that share a value by which Zoho may match."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Any, Protocol

from destination_zoho_crm.plan import StreamPlan

#: A field, and its value in a form in which values that Zoho may match are equal.
MatchValue = tuple[str, str]

#: A batch in the hands of the writers; False when it is left to the next sync.
WriteFuture = Future[bool]

#: Values that are remembered. All rows in hand bring fewer; those that are written are remembered
#: as well, for two later rows may find one record, each by another of its values.
_MOST_VALUES = 50_000


class Flushable(Protocol):
    """Where a row waits to be handed to the writers."""

    def flush(self) -> None: ...


class Group:
    """Rows that are linked by the values that they share, directly or by other rows."""

    __slots__ = ("_into", "gathered_by", "writes")

    def __init__(self) -> None:
        self._into: Group | None = None
        #: What writes the rows that were handed over last.
        self.writes: tuple[WriteFuture, ...] = ()
        #: Where its latest row waits. At most one row, or rows of one record, wait at a time.
        self.gathered_by: Flushable | None = None

    @property
    def root(self) -> "Group":
        """The group that this one has become part of."""
        root = self
        while root._into is not None:
            root = root._into
        if root is not self:
            self._into = root
        return root

    @property
    def unwritten(self) -> list[WriteFuture]:
        return [future for future in self.writes if not future.done()]

    @property
    def is_idle(self) -> bool:
        return self.gathered_by is None and not self.unwritten

    def absorb(self, other: "Group") -> None:
        """The rows of both groups have been handed over."""
        self.writes = (*self.unwritten, *other.unwritten)
        other._into, other.writes = self, ()


class RowOrder:
    """The order of one module's rows, of all streams. Not for several threads."""

    def __init__(self, fields: Iterable[str]) -> None:
        self._fields = tuple(fields)
        #: The value that was used last is the last one. A plain dict is slow to lose its first key.
        self._groups: OrderedDict[MatchValue, Group] = OrderedDict()

    def __len__(self) -> int:
        """Values that are remembered."""
        return len(self._groups)

    def find_match_values(self, record: Mapping[str, Any]) -> list[MatchValue]:
        """UNVERIFIED: whether Zoho trims values, and which letters it takes for the same. Values
        that may be the same count as the same: at worst a row waits without need."""
        return [
            (name, value)
            for name in self._fields
            if name in record and (value := _fold_case(record[name]))
        ]

    def pick(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """What Zoho may match the record by."""
        return {name: record[name] for name in self._fields if name in record}

    def have_equal_values(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        """Whether no field that may match has different values in these records."""
        return all(
            _fold_case(one[name]) == _fold_case(other[name])
            for name in self._fields
            if name in one and name in other
        )

    def find_groups(self, values: Iterable[MatchValue]) -> set[Group]:
        """The groups of the rows so far that share a value."""
        known = self._groups
        return {known[value].root for value in values if value in known}

    def join(self, values: Sequence[MatchValue], groups: Collection[Group]) -> Group:
        """The one group that a row with these values makes of these groups."""
        root, *others = groups or (Group(),)
        for other in others:
            root.absorb(other)
        known = self._groups
        for value in values:
            known[value] = root
            if groups:
                known.move_to_end(value)
        if len(known) > _MOST_VALUES:
            self._drop_oldest()
        return root

    def _drop_oldest(self) -> None:
        """Drops values of written rows, those first that were used longest ago."""
        for value in list(islice(self._groups, len(self._groups) - _MOST_VALUES)):
            group = self._groups.pop(value).root
            if not group.is_idle:
                self._groups[value] = group


def build_orders(plans: Iterable[StreamPlan]) -> dict[str, RowOrder]:
    """The order of each module that these streams are written to, by the module's API name."""
    by_module: dict[str, list[StreamPlan]] = {}
    for plan in plans:
        by_module.setdefault(plan.module.api_name, []).append(plan)
    return {name: RowOrder(_find_match_fields(of_module)) for name, of_module in by_module.items()}


def _find_match_fields(plans: Iterable[StreamPlan]) -> frozenset[str]:
    """The fields by which Zoho may match or reject the rows of these streams of one module.

    "Upsert Records": unique fields cannot be switched off, whatever the key. "Upsert Records Using
    External ID": External ID fields count as unique. A later duplicate is rejected, so inserts and
    updates have an order, too.
    UNVERIFIED: that metadata of v2, which do not report External ID fields, report them as unique;
    any text could be one, and rows that are alike by chance would be written one by one.
    """
    names = {"id"}
    for plan in plans:
        fields = plan.module.fields.values()
        unique = {field.api_name for field in fields if field.unique or field.external}
        names |= unique & {column.name for column in plan.columns}
        names |= {plan.key.name} if plan.key else set()
    return frozenset(names)


def _fold_case(value: Any) -> str:
    return "" if value is None else str(value).strip().casefold()
