"""Whether zoho.duckdb holds what Zoho holds."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

_SHOWN = 3


def differences(
    truth: Iterable[Mapping[str, Any]], rows: Sequence[tuple[str, datetime | None]]
) -> list[str]:
    """What is not equal, in words; nothing if each row is there once with its Modified_Time.

    `truth` is Zoho's JSON of every row; `rows` are id and Modified_Time in UTC of those in the
    table.
    """
    expected = {row["id"]: _instant(row.get("Modified_Time")) for row in truth}
    found = dict(rows)
    times = Counter(row_id for row_id, _ in rows)
    groups = {
        "missing": expected.keys() - found.keys(),
        "not in Zoho": found.keys() - expected.keys(),
        "there more than once": {row_id for row_id, count in times.items() if count > 1},
        "of another Modified_Time": {
            row_id for row_id in expected.keys() & found.keys() if found[row_id] != expected[row_id]
        },
    }
    return [f"{len(ids)} {what} ({_some(ids)})" for what, ids in groups.items() if ids]


def _instant(text: str | None) -> datetime | None:
    """In UTC, without saying so, as the table has it."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None) if text else None


def _some(ids: set[str]) -> str:
    shown = sorted(ids)[:_SHOWN]
    return ", ".join(shown) + (", ..." if len(ids) > _SHOWN else "")
