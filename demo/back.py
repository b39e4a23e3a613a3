"""The second half: what was worked out in DuckDB goes back to Zoho, and Zoho is asked about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo.account import Account, truth
from demo.destination import Written, write
from demo.emulator import Emulator
from demo.journal import Journal
from demo.models import MODELS, WHY
from demo.page import Bars
from demo.report import Prices
from demo.screen import Screen
from demo.workplace import Workplace

if TYPE_CHECKING:
    from demo.warehouse import Warehouse

_HEAD = ("table in DuckDB", "rows", "added", "changed", "rejected", "API calls", "credits")
_MINUTES = 10
_SHOWN = 3

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]


def write_back(
    account: Mapping[str, Any],
    zoho: Emulator,
    journal: Journal,
    warehouse: Warehouse,
    place: Workplace,
    screen: Screen,
    parts: list[Bars],
) -> int:
    """Writes the models' rows with the destination; 0 if Zoho holds what they say and no more.

    What that took is added to the parts of the page.
    """
    screen.say()
    screen.say(
        "Now the way back. In DuckDB, SQL makes a table of rows for each of "
        f"{len(MODELS)} modules, with line items and links; some rows are wrong on purpose."
    )
    rows, reasons = _worked_out(warehouse, journal.runs)
    before, usage = truth(zoho), zoho.usage()
    with screen.working(lambda: "destination-zoho-crm writes them"):
        written = write(account, MODELS, rows, place)
    parts.append(_show(written, rows, Prices(zoho.usage(), usage), screen))
    changes = Account(before, truth(zoho))
    journal.note(zoho, changes.calls())
    # So that the next run reads them back with its first sync.
    journal.do(zoho, "POST", "clock", {"advance_s": 60 * _MINUTES})
    return _judge(changes, written, rows, reasons, screen)


def _worked_out(
    warehouse: Warehouse, run: int
) -> tuple[dict[str, list[Row]], dict[str, list[str | None]]]:
    """The rows of each table, and for each row what is wrong with it."""
    rows, reasons = {}, {}
    for model in MODELS:
        made = warehouse.make_table(model.table, model.select.format(run=run))
        reasons[model.table] = [row.pop(WHY) for row in made]
        rows[model.table] = [_as_json(row) for row in made]
    return rows, reasons


def _as_json(row: Row) -> Row:
    return {
        column: float(value) if isinstance(value, Decimal) else value
        for column, value in row.items()
    }


def _show(written: Written, rows: Rows, prices: Prices, screen: Screen) -> Bars:
    lines: list[tuple[object, ...]] = []
    for model in MODELS:
        counts = written.outcomes[model.table]
        numbers = (counts["created"], counts["updated"], counts["rejected"])
        lines.append((model.title, len(rows[model.table]), *numbers, *prices.of(*model.modules)))
    rest = prices.rest([module for model in MODELS for module in model.modules])
    lines.append(("(access, modules, fields)", None, None, None, None, *rest))
    screen.table(_HEAD, lines)
    taken = [(model, *prices.of(*model.modules)) for model in MODELS]
    return Bars(
        "The way back",
        [(one.title, (len(rows[one.table]), calls, spent or 0)) for one, calls, spent in taken],
    )


def _judge(
    changes: Account,
    written: Written,
    rows: Rows,
    reasons: Mapping[str, Sequence[str | None]],
    screen: Screen,
) -> int:
    problems = []
    right: dict[str, list[Row]] = {}
    screen.say("Rejected, as it should be:")
    screen.say()
    for model in MODELS:
        rejected = list(written.rejected.get(model.table, ()))
        right[model.table] = []
        for row, reason in zip(rows[model.table], reasons[model.table], strict=True):
            if reason is None:
                right[model.table].append(row)
                continue
            said = next((said for data, said in rejected if data == row), None)
            if said is None:
                problems.append(f"{model.table}: a row was not rejected though {reason}")
                continue
            rejected.remove((row, said))
            answer = f"{said['code']} in {said['field']}: {said['message']}"
            screen.say(f"  {model.table}: {reason} -> {answer}")
        problems += [f"{model.table}: a row was rejected: {said}" for _, said in rejected]
    screen.say()
    problems += changes.problems(MODELS, right, written.outcomes)
    if problems:
        more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        screen.say(f"NOT as it should be: {'; '.join(problems[:_SHOWN])}{more}.")
        return 1
    screen.say(
        f"Checked in Zoho: {len(changes.new)} records are new and {len(changes.changed)} have "
        f"changed, each as its row says, line items and links among them; the other "
        f"{changes.untouched:,} are as they were."
    )
    screen.say()
    screen.say("What became of line items and links:")
    screen.say()
    for line in changes.describe(MODELS, right):
        screen.say(f"  {line}")
    screen.say()
    folder = written.files[0].parent
    screen.say(
        f"The rejected rows are kept in {folder}; corrected, they are input for "
        "`destination-zoho-crm write` with the same mappings and catalog."
    )
    return 0
