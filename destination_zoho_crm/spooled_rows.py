"""Rows of a chunk as records that are written together. They are read from disk when they are asked
for, so that a chunk weighs little however long it takes."""

from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import groupby
from typing import Any, overload

from destination_zoho_crm.protocol import Row
from destination_zoho_crm.row_counts import Segment
from destination_zoho_crm.row_order import MatchValue, RowOrder
from destination_zoho_crm.rows import Together
from destination_zoho_crm.spool import Chunk
from destination_zoho_crm.wanted_rows import merge_records


class SpooledRow:
    __slots__ = ("_chunk", "_number")

    def __init__(self, chunk: Chunk, number: int) -> None:
        self._chunk = chunk
        self._number = number

    @property
    def segment(self) -> Segment:
        return self._chunk.find_segment(self._number)

    @property
    def row(self) -> Row:
        return self._chunk.read_row(self._number)


class SpooledRows:
    """As `MergedRows`, of rows on disk."""

    __slots__ = ("_chunk", "_numbers")

    def __init__(self, chunk: Chunk, numbers: Sequence[int]) -> None:
        self._chunk = chunk
        self._numbers = numbers

    @property
    def record(self) -> Mapping[str, Any]:
        return reduce(merge_records, (self._chunk.read(number)[0] for number in self._numbers))

    @property
    def rows(self) -> list[SpooledRow]:
        return [SpooledRow(self._chunk, number) for number in self._numbers]

    def split(self) -> "tuple[SpooledRows, SpooledRows]":
        middle = len(self._numbers) // 2
        first, second = self._numbers[:middle], self._numbers[middle:]
        return SpooledRows(self._chunk, first), SpooledRows(self._chunk, second)


class Part(Sequence[SpooledRows]):
    """Records of a chunk that one job may write: no two of them share a value that Zoho may match
    by."""

    def __init__(self, chunk: Chunk, rows: Sequence[Sequence[int]]) -> None:
        """`rows`: of each record, the numbers of its rows in the chunk."""
        self._chunk = chunk
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> SpooledRows: ...

    @overload
    def __getitem__(self, place: slice) -> "Part": ...

    def __getitem__(self, place: int | slice) -> "SpooledRows | Part":
        if isinstance(place, slice):
            return Part(self._chunk, self._rows[place])
        return SpooledRows(self._chunk, self._rows[place])


class SpooledRecords(Sequence[Mapping[str, Any]]):
    """The records of a part; none is in memory for longer than it is looked at."""

    def __init__(self, part: Sequence[Together]) -> None:
        self._part = part

    def __len__(self) -> int:
        return len(self._part)

    @overload
    def __getitem__(self, place: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Mapping[str, Any]]: ...

    def __getitem__(self, place: int | slice) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        if isinstance(place, slice):
            return SpooledRecords(self._part[place])
        return self._part[place].record


class _Links:
    """Rows that are linked by the values that they share, directly or by other rows."""

    def __init__(self) -> None:
        self._into: list[int] = []
        self._of_value: dict[MatchValue, int] = {}

    def find(self, values: Sequence[MatchValue]) -> set[int]:
        """The groups of the rows so far that share a value."""
        known = self._of_value
        return {self._find_root(known[value]) for value in values if value in known}

    def join(self, values: Sequence[MatchValue], groups: set[int]) -> int:
        """The one group that a row with these values makes of these groups."""
        if groups:
            root, *others = groups
        else:
            root, others = len(self._into), []
            self._into.append(root)
        for other in others:
            self._into[other] = root
        self._of_value.update(dict.fromkeys(values, root))
        return root

    def _find_root(self, group: int) -> int:
        while (into := self._into[group]) != group:
            group = self._into[group] = self._into[into]
        return group


def build_parts(chunk: Chunk, order: RowOrder) -> list[Part]:
    """The records of a chunk. Rows of one key make one record, as in a batch; what is linked
    otherwise is in several parts, which are written one after the other."""
    links = _Links()
    records: list[list[int]] = []
    #: Of each record, its part and what Zoho may match it by.
    parts: list[int] = []
    matched: list[Mapping[str, Any]] = []
    keys: list[str | None] = []
    latest: dict[int, int] = {}
    for number, (record, key) in enumerate(chunk.read_all()):
        mine, values = order.pick(record), order.find_match_values(record)
        groups = links.find(values)
        before = [latest[group] for group in groups]
        place = before[0] if len(before) == 1 else None
        if (
            place is not None
            and key is not None
            and keys[place] == key
            and order.have_equal_values(matched[place], mine)
        ):
            records[place].append(number)
            matched[place] = {**matched[place], **mine}
        else:
            place = len(records)
            parts.append(1 + max((parts[one] for one in before), default=-1))
            records.append([number])
            matched.append(mine)
            keys.append(key)
        latest[links.join(values, groups)] = place
    places = sorted(range(len(records)), key=parts.__getitem__)
    return [
        Part(chunk, [records[place] for place in of_part])
        for _, of_part in groupby(places, key=parts.__getitem__)
    ]
