"""Paging by id inside windows of Modified_Time: each row once, whatever index serves it."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoho_emulator.coql import Compiled, compile_query, plan
from zoho_emulator.store.model import Org
from zoho_emulator.store.ties import build_ties
from zoho_emulator.versions import VERSIONS

START = 1_704_067_200
TABLE = "m2"


@pytest.fixture(scope="module")
def many(org: Org) -> Iterator[sqlite3.Connection]:
    """20,000 leads, ten of a second, ids in no order of time; every fifth not live."""
    module = org.modules["Leads"]
    modified = module.fields["Modified_Time"].column
    connection = sqlite3.connect(":memory:")
    columns = ", ".join(f"{f.column}" for f in module.fields.values() if f.column != "id")
    connection.execute(
        f"CREATE TABLE {module.table} (id INTEGER PRIMARY KEY, state, converted, tie, {columns})"
    )
    tie = build_ties(1)
    rows = ((number * 7_919 % 20_011 + 1, number) for number in range(20_000))
    connection.executemany(
        f"INSERT INTO {module.table} (id, state, converted, tie, {modified})"
        " VALUES (?, ?, 0, ?, ?)",
        ((key, number % 5 == 0, tie(key), START + number // 10) for key, number in rows),
    )
    connection.execute(f"CREATE INDEX modified ON {module.table} ({modified}, id)")
    yield connection
    connection.close()


def write_literal(second: int, hours: int) -> str:
    return datetime.fromtimestamp(second, timezone(timedelta(hours=hours))).isoformat()


def execute(
    connection: sqlite3.Connection, org: Org, query: str
) -> tuple[Compiled, list[tuple[int, ...]]]:
    compiled = compile_query(
        query, org, VERSIONS["v8"], include_converted=False, connection=connection
    )
    return compiled, connection.execute(compiled.sql, compiled.parameters).fetchall()


def read_pages(
    connection: sqlite3.Connection, org: Org, next_query: Callable[[list[int]], str]
) -> list[int]:
    """Ids of all pages; `next_query` is given those found so far."""
    found: list[int] = []
    while True:
        compiled, rows = execute(connection, org, next_query(found))
        found.extend(row[0] for row in rows[: compiled.limit])
        if len(rows) <= compiled.limit:
            return found


def find_truth(connection: sqlite3.Connection, org: Org, first: int, last: int) -> list[int]:
    modified = org.modules["Leads"].fields["Modified_Time"].column
    rows = connection.execute(
        f"SELECT id FROM {TABLE} WHERE state = 0 AND {modified} BETWEEN ? AND ? ORDER BY id",
        (first, last),
    )
    return [row[0] for row in rows]


@given(
    first=st.integers(START - 5, START + 2_005),
    seconds=st.integers(0, 2_000),
    limit=st.integers(1, 2_000),
    hours=st.integers(-12, 14),
)
@settings(max_examples=60, deadline=None)
def test_keyset_pages_of_a_window_return_each_row_once(
    many: sqlite3.Connection, org: Org, first: int, seconds: int, limit: int, hours: int
) -> None:
    limit = max(limit, seconds // 2)
    window = f"'{write_literal(first, hours)}' and '{write_literal(first + seconds, -hours)}'"
    found = read_pages(
        many,
        org,
        lambda found: (
            f"select Modified_Time from Leads where (Modified_Time between {window}"
            f" and id > {found[-1] if found else 0}) order by id asc limit {limit}"
        ),
    )
    assert found == find_truth(many, org, first, first + seconds)


@given(size=st.integers(1, 2_000), bound=st.integers(0, 1_999))
@settings(max_examples=10, deadline=None)
def test_offset_pages_in_the_order_of_time_return_each_row_once(
    many: sqlite3.Connection, org: Org, size: int, bound: int
) -> None:
    since = START + bound
    size = max(size, 500)
    found = read_pages(
        many,
        org,
        lambda found: (
            f"select id from Leads where Modified_Time >= '{write_literal(since, 0)}'"
            f" order by Modified_Time limit {len(found)}, {size}"
        ),
    )
    assert sorted(found) == find_truth(many, org, since, START + 99_999)


def test_rows_of_one_second_do_not_come_in_the_order_of_ids(
    many: sqlite3.Connection, org: Org
) -> None:
    start = datetime.fromtimestamp(START, UTC).isoformat()
    _, rows = execute(
        many,
        org,
        f"select id from Leads where Modified_Time = '{start}' order by Modified_Time",
    )
    ids = [row[0] for row in rows]
    assert len(ids) == 8
    assert ids != sorted(ids)


@pytest.fixture
def explain(many: sqlite3.Connection, org: Org) -> Callable[[str], str]:
    def explain(criteria: str) -> str:
        query = f"select Last_Name from Leads where {criteria} order by id limit 2000"
        compiled, _ = execute(many, org, query)
        steps = many.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.parameters)
        return "; ".join(str(step[3]) for step in steps)

    return explain


@pytest.mark.parametrize("beyond", ["", " and id > 100"])
@pytest.mark.parametrize(
    "window",
    [
        "(Modified_Time between '{first}' and '{first}'{beyond})",
        "(Modified_Time >= '{late}'{beyond})",
        "((Modified_Time >= '{first}' and Modified_Time < '{second}'){beyond})",
    ],
)
def test_a_narrow_window_is_read_by_its_times(
    explain: Callable[[str], str], window: str, beyond: str
) -> None:
    criteria = window.format(
        first=write_literal(START, 0),
        second=write_literal(START + 1, 0),
        late=write_literal(START + 1_990, 0),
        beyond=beyond,
    )
    steps = explain(criteria)
    assert "USING INDEX modified" in steps
    assert "USE TEMP B-TREE FOR ORDER BY" in steps


@pytest.mark.parametrize("beyond", ["", " and id > 100"])
def test_a_wide_window_is_read_by_the_ids(explain: Callable[[str], str], beyond: str) -> None:
    steps = explain(f"(Modified_Time >= '{write_literal(START, 0)}'{beyond})")
    assert "modified" not in steps
    assert "TEMP B-TREE" not in steps


def test_what_counts_as_narrow_is_small_beside_the_test_data() -> None:
    assert plan.NARROW <= 16_000
