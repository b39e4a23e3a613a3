"""What became of a few rows, as zoho.duckdb has them before and after a sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo.changes import Change
from demo.screen import Screen

if TYPE_CHECKING:
    from demo.warehouse import Warehouse

_NAMES = ("full_name", "deal_name", "account_name")


@dataclass(frozen=True, slots=True)
class Move:
    change: Change
    row_id: str
    #: The row in DuckDB before the sync; empty if it was not there.
    before: Mapping[str, Any]

    @classmethod
    def begun(cls, change: Change, row_id: str, warehouse: Warehouse) -> Move:
        return cls(change, row_id, warehouse.row(change.module, row_id))

    @property
    def kind(self) -> str:
        if self.change.is_end:
            return "deleted"
        return "new" if self.change.row_id is None else "changed"

    def describe(self, warehouse: Warehouse) -> str:
        """In a line, from what DuckDB held and holds."""
        module = self.change.module
        after = warehouse.row(module, self.row_id)
        row = after or self.before
        name = next((row[column] for column in _NAMES if row.get(column)), self.row_id)
        if not after:
            return f'{module} "{name}": {"gone" if self.change.is_end else "not in DuckDB"}'
        if self.change.is_end:
            return f'{module} "{name}": still in DuckDB'
        if not self.before:
            return f'{module} "{name}": new'
        values = ", ".join(
            f"{field} {_shown(self.before.get(column))} -> {_shown(after.get(column))}"
            for field, column in ((field, field.lower()) for field in self.change.values)
        )
        return f'{module} "{name}": {values}'


def show(moves: list[Move], warehouse: Warehouse, screen: Screen) -> None:
    """One changed, one new and one deleted row of each module."""
    samples = {(move.kind, move.change.module): move for move in reversed(moves)}
    screen.say("What moved in DuckDB, by an example of each kind:")
    screen.say()
    for _, move in sorted(samples.items(), key=lambda item: item[0]):
        screen.say(f"  {move.describe(warehouse)}")
    screen.say()


def _shown(value: object) -> str:
    if value is None:
        return "(empty)"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    return str(value)
