"""What is sent gives a record the rows that it is to have, and nothing the second time.

Rows of few values, so that many are alike; the record is played by plain dictionaries.
"""

import random
from typing import Any

import pytest

from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.outcomes import InvalidRowError
from destination_zoho_crm.row_changes import RowChanges, RowMatching
from destination_zoho_crm.row_shapes import RowShape
from destination_zoho_crm.wanted_rows import WantedRows

Json = dict[str, Any]

FIELDS = [
    {"api_name": "Name", "data_type": "text"},
    {"api_name": "Number", "data_type": "double"},
    {"api_name": "Skills", "data_type": "multiselectpicklist", "json_type": "jsonarray"},
    {"api_name": "id", "data_type": "bigint"},
]
SHAPE = RowShape("Rows", TargetModule.from_metadata({"api_name": "Rows"}, FIELDS), True, 100, {})


def apply(changes: RowChanges, present: list[Json], ids: Any) -> list[Json]:
    """What Zoho makes of a call ("Subforms")."""
    rows = {row["id"]: dict(row) for row in present}
    for row in changes.rows:
        if "_delete" in row:
            del rows[row["id"]]
        elif "id" in row:
            rows[row["id"]] |= row
        else:
            new = str(next(ids))
            rows[new] = {**row, "id": new}
    return list(rows.values())


def draw_row(rng: random.Random) -> Json:
    row: Json = {"Name": rng.choice("ab")}
    if rng.random() < 0.6:
        row["Number"] = rng.choice((1, 2))
    if rng.random() < 0.3:
        row["Skills"] = rng.choice((["x", "y"], ["y", "x"], ["x"]))
    return row


def is_covered(wanted: list[Json], present: list[Json]) -> bool:
    """Whether each wanted row has a present row of its own with all of its values."""

    def fold(value: Any) -> Any:
        return sorted(value) if isinstance(value, list) else value

    left = list(present)
    for row in sorted(wanted, key=lambda one: -len(one)):
        there = next(
            (
                one
                for one in left
                if all(fold(one.get(name)) == fold(value) for name, value in row.items())
            ),
            None,
        )
        if there is None:
            return False
        left.remove(there)
    return not left


@pytest.mark.parametrize("key", [None, "Name"])
def test_replaced_rows_are_those_of_the_input_and_the_second_time_nothing_changes(
    key: str | None,
) -> None:
    rng, ids = random.Random(1), iter(range(10**15, 10**16))
    matching, refused = RowMatching(SHAPE, key), 0
    for _ in range(3_000):
        present: list[Json] = [
            {**draw_row(rng), "id": str(next(ids))} for _ in range(rng.randrange(5))
        ]
        wanted = [draw_row(rng) for _ in range(rng.randrange(5))]
        for row, there in zip(wanted, present, strict=False):
            if rng.random() < 0.3:
                row["id"] = there["id"]
        try:
            changes = matching.compute(WantedRows(wanted, appends=False), present)
        except InvalidRowError:
            # Two rows of the input have the key in common.
            refused += 1
            continue
        after = apply(changes, present, ids)
        assert len(after) == len(wanted)
        again = matching.compute(WantedRows(wanted, appends=False), after)
        if key is None and not any("id" in row for row in wanted):
            assert is_covered(wanted, after)
        by_id = {row["id"]: row for row in after}
        assert all(is_covered([row], [by_id[row["id"]]]) for row in wanted if "id" in row)
        assert again.rows == []
    assert (refused > 0) == (key is not None)
    assert refused < 2_000


def test_appended_rows_leave_what_is_there() -> None:
    rng, ids = random.Random(2), iter(range(10**15, 10**16))
    matching = RowMatching(SHAPE, "Name")
    for _ in range(1_000):
        names = rng.sample("abcd", rng.randrange(4))
        present: list[Json] = [{"Name": name, "Number": 1, "id": str(next(ids))} for name in names]
        wanted = [{"Name": name.upper(), "Number": 2} for name in rng.sample("abcd", 2)]
        changes = matching.compute(WantedRows(wanted, appends=True), present)
        after = {row["Name"].lower(): row for row in apply(changes, present, ids)}
        assert after.keys() == {*names, *(row["Name"].lower() for row in wanted)}
        assert all(after[row["Name"].lower()]["Number"] == 2 for row in wanted)
        kept = {row["Name"]: row["id"] for row in present}
        assert {name: after[name]["id"] for name in names} == kept
        results = [one.result for one in changes.outcomes]
        assert results == [
            "updated" if row["Name"].lower() in names else "created" for row in wanted
        ]
