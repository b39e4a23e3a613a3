"""What must be sent so that a record has the rows that it is to have. Pure.

"Subforms": a row with an id is changed, one without is added, one with `_delete` goes, and rows
that a call does not name stay.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from destination_zoho_crm.lookup_values import fold_value
from destination_zoho_crm.outcomes import InvalidRowError, InvalidValueError, Outcome
from destination_zoho_crm.row_shapes import RowShape
from destination_zoho_crm.row_values import RowValues
from destination_zoho_crm.wanted_rows import Row, WantedRows

#: What has become of a row of the input; one that goes is among those removed.
_WORDS = {"created": "added", "updated": "changed", "unchanged": "left"}
_NO_SUCH_ROW = (
    "the record has no row with this id; without ids in the rows, a rows_key in the mapping finds "
    "those that are there"
)


@dataclass
class RowChanges:
    """The value of a subform's field in a call."""

    #: Empty: nothing changes.
    rows: list[Row] = field(default_factory=list)
    #: Of each, the number of the row that it is in the input, from 1 on; None: it is removed.
    numbers: list[int | None] = field(default_factory=list)
    #: Ids of the rows that go.
    removed: list[str] = field(default_factory=list)
    #: What becomes of each row of the input.
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """Rows that are added, changed, removed and left."""
        counts = Counter(_WORDS[one.result] for one in self.outcomes if one.result in _WORDS)
        return counts + Counter(removed=len(self.removed))

    def add(self, row: Row, number: int) -> None:
        self.rows.append(row)
        self.numbers.append(number)

    def remove(self, row_id: str) -> None:
        self.rows.append({"id": row_id, "_delete": None})
        self.numbers.append(None)
        self.removed.append(row_id)


class RowMatching:
    """Matches the rows of one subform, by id, else by a key, else by equal values."""

    def __init__(self, shape: RowShape, key: str | None, *, adds: bool = True) -> None:
        """`key`: the field of the rows that tells them apart inside their record; `adds`: a row
        that is not there is added, else rejected."""
        self._adds = adds
        self._shape = shape
        self._key = key
        self._values = RowValues(shape)

    def needs_present(self, wanted: WantedRows) -> bool:
        """Whether the changes depend on the rows that are there: all do but those of rows that are
        added and match none."""
        return not wanted.appends or any(
            "id" in row or (self._key and row.get(self._key) is not None) for row in wanted.rows
        )

    def compute(self, wanted: WantedRows, present: Sequence[Row]) -> RowChanges:
        """Raises InvalidRowError where a row cannot be matched."""
        left = {str(row["id"]): row for row in present}
        matched = self._match_by_id(wanted, left)
        self._match_by_key(wanted, left, matched)
        if not wanted.appends:
            self._match_equal(wanted, left, matched)
        changes = RowChanges()
        for number, row in enumerate(wanted.rows, 1):
            changes.outcomes.append(self._change(changes, row, matched.get(number), number))
        if not wanted.appends:
            for row_id in left:
                changes.remove(row_id)
        if len(changes.rows) > self._shape.most:
            raise InvalidValueError(
                f"{len(changes.rows)} rows change, and Zoho takes {self._shape.most} in a call; "
                "with an id or a rows_key, rows that are there are found and stay"
            )
        return changes

    def _change(self, changes: RowChanges, row: Row, there: Row | None, number: int) -> Outcome:
        if "_delete" in row:
            if there is not None:
                changes.remove(str(there["id"]))
            return Outcome("deleted", found_no_record=there is None)
        if there is None and not self._adds:
            reason = "the record has no row with this value"
            raise InvalidRowError(reason, number, self._key)
        if there is None:
            changes.add(row, number)
            return Outcome("created")
        if self._values.have_equal(row, there):
            return Outcome("unchanged")
        changes.add({**row, "id": str(there["id"])}, number)
        return Outcome("updated")

    def _match_by_id(self, wanted: WantedRows, left: dict[str, Row]) -> dict[int, Row]:
        """Present rows by the number of the row that finds them; they are taken out of those
        left."""
        matched: dict[int, Row] = {}
        for number, row in enumerate(wanted.rows, 1):
            if (row_id := row.get("id")) is None:
                continue
            there = left.pop(str(row_id), None)
            if there is None and "_delete" in row:
                continue
            if there is None:
                twice = any(str(row_id) == str(one["id"]) for one in matched.values())
                reason = "a row before has the same id" if twice else _NO_SUCH_ROW
                raise InvalidRowError(reason, number, "id")
            matched[number] = there
        return matched

    def _match_by_key(
        self, wanted: WantedRows, left: dict[str, Row], matched: dict[int, Row]
    ) -> None:
        seen: dict[Any, int] = {}
        external = self._find_external(wanted)
        by_key: dict[Any, list[Row]] = {}
        for there in left.values():
            by_key.setdefault(self._read_key(there, external), []).append(there)
        for number, row in enumerate(wanted.rows, 1):
            value = None if number in matched else self._read_key(row, None)
            if value is None:
                continue
            if value in seen:
                reason = f"row {seen[value]} has the same value, and rows are found by it"
                raise InvalidRowError(reason, number, self._key)
            seen[value] = number
            chosen = self._choose(row, by_key.get(value, ()), number, appends=wanted.appends)
            if chosen is not None:
                matched[number] = left.pop(str(chosen["id"]))

    def _match_equal(
        self, wanted: WantedRows, left: dict[str, Row], matched: dict[int, Row]
    ) -> None:
        """Rows with many values first: those with few of them equal more rows."""
        numbered = [one for one in enumerate(wanted.rows, 1) if one[0] not in matched]
        for number, row in sorted(numbered, key=lambda one: -len(one[1])):
            if self._key is not None and row.get(self._key) is not None:
                continue
            for row_id, there in left.items():
                if self._values.have_equal(row, there):
                    matched[number] = left.pop(row_id)
                    break

    def _choose(self, row: Row, alike: Sequence[Row], number: int, *, appends: bool) -> Row | None:
        """Of the rows with the key, the one to be changed; replaced rows lose the others."""
        if len(alike) > 1 and appends:
            reason = f"{len(alike)} rows of the record have this value, so it finds none"
            raise InvalidRowError(reason, number, self._key)
        equal = (there for there in alike if self._values.have_equal(row, there))
        return next(equal, next(iter(alike), None))

    def _find_external(self, wanted: WantedRows) -> str | None:
        """The External ID field by which the rows name the lookup that is their key; within a
        record, they all go by it or none does."""
        for row in wanted.rows:
            value = row.get(self._key or "")
            if type(value) is dict and "id" not in value:
                return str(next(iter(value)))
        return None

    def _read_key(self, row: Row, external: str | None) -> Any:
        """In a form in which values that Zoho may hold for the same are equal; None: it has none.

        `external`: of a present row, the External ID field that is read instead of an id."""
        if self._key is None:
            return None
        value = row.get(f"{self._key}.{external}" if external else self._key)
        if type(value) is dict and "id" not in value:
            value = next(iter(value.values()))
        elif external is None and value is not None:
            value = self._values.read(self._key, row)
        return fold_value(value) if isinstance(value, str) else value
