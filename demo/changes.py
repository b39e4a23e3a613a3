"""What happens in the sample org between two syncs: rows change, are new, and are deleted."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from demo.emulator import Emulator

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """Values that a row has from that moment on; without an id, a new row; or its end."""

    module: str
    moment: datetime
    values: Mapping[str, Any]
    row_id: str | None = None
    is_end: bool = False

    def call(self) -> tuple[str, str, Row | None]:
        """Method, path and body of the call, to be repeated: its times are in it.

        But a deletion's; it is emitted again when it is repeated, which does no harm.
        """
        stamp = self.moment.isoformat()
        path = f"records/{self.module}"
        if self.is_end:
            return "DELETE", f"{path}?ids={self.row_id}&type=recycle", None
        if self.row_id is not None:
            return "PATCH", path, {"id": self.row_id, **self.values, "Modified_Time": stamp}
        return "POST", path, {**self.values, "Created_Time": stamp, "Modified_Time": stamp}


def plan(emulator: Emulator, number: int, moment: datetime) -> list[Change]:
    """Changes that differ from those of other numbers."""
    rng = random.Random(number)
    closing = (moment + timedelta(days=30)).date().isoformat()
    changed: dict[str, Callable[[Row], Row]] = {
        "Deals": lambda row: {"Stage": _other(row["Stage"], _STAGES), "Amount": _dearer(row, rng)},
        "Contacts": lambda row: {"Phone": f"+1 (555) 01{rng.randrange(100):02d}-{number:02d}"},
        "Leads": lambda row: {"Lead_Status": _other(row["Lead_Status"], _STATUSES)},
    }
    new: list[tuple[str, Row]] = [
        *(
            ("Leads", {"Last_Name": f"Newcomer {number}.{n}", "Company": "Example"})
            for n in (1, 2, 3)
        ),
        ("Accounts", {"Account_Name": f"New Account {number}"}),
    ]
    new_deal = {"Deal_Name": f"New Deal {number}", "Stage": _STAGES[1], "Closing_Date": closing}
    new.append(("Deals", {**new_deal, "Amount": 12_500}))
    some = {module: _some(emulator, module, rng) for module in changed}
    return [
        *(
            Change(module, moment, values(row), row["id"])
            for module, values in changed.items()
            for row in some[module][:_CHANGED]
        ),
        *(Change(module, moment, values) for module, values in new),
        *(
            Change(module, moment, {}, row["id"], is_end=True)
            for module in ("Contacts", "Deals")
            for row in some[module][_CHANGED:]
        ),
    ]


#: Of a module; two more are deleted.
_CHANGED = 4
_STAGES = ("Closed Won", "Negotiation/Review")
_STATUSES = ("Contacted", "Contact in Future")


def _dearer(row: Row, rng: random.Random) -> int:
    return round((row["Amount"] or 10_000) * rng.choice((0.9, 1.1, 1.25)))


def _other(value: str | None, choices: tuple[str, ...]) -> str:
    return next(choice for choice in choices if choice != value)


def _some(emulator: Emulator, module: str, rng: random.Random) -> list[Row]:
    """A few rows that people still work on."""
    rows = [row for row in emulator.records(module) if not row.get("Converted__s")]
    return rng.sample(rows, min(_CHANGED + 2, len(rows)))


def moment_of(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
