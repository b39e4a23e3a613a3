"""The page about late records: what the start date does, and what comes again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from source_zoho_crm.readers import bulk, coql, rest
from source_zoho_crm.readers.windows import MOST_ROWS
from unit_tests.source.conftest import SETTINGS, Org, Row, rows_of, settle, unstamped_stream
from zoho_emulator.server import running

CHECKOUT = Path(__file__).parents[1]
PAGE = (CHECKOUT / "docs" / "integrations" / "zoho-crm" / "late-records.md").read_text()
MODULE = "Deals"


@pytest.fixture(scope="module")
def _own() -> Iterator[Org]:
    with running(SETTINGS, {"tokens_per_10_min": 0}) as server:
        yield Org(server)


@pytest.fixture
def org(_own: Org) -> Org:
    settle(_own, SETTINGS)
    return _own


def state(timestamp: str) -> Row:
    descriptor = {"name": MODULE}
    stream_state = {"Modified_Time": timestamp}
    return {
        "type": "STREAM",
        "stream": {"stream_descriptor": descriptor, "stream_state": stream_state},
    }


def choose_times(org: Org) -> tuple[Row, list[str]]:
    """The stream, and three times that cut its records into four."""
    deals = org.stream(MODULE)
    times = sorted(row["Modified_Time"] for row in org.truth(deals).values())
    return deals, [times[len(times) * n // 4] for n in (1, 2, 3)]


def read(org: Org, stream: Row, *states: Row, sync_mode: str | None = None) -> set[str]:
    output = org.read(stream, state=states, sync_mode=sync_mode)
    return {row["id"] for row in rows_of(output, stream["name"], deleted=False)}


def test_a_start_date_counts_where_there_is_no_later_state(org: Org) -> None:
    deals, (early, middle, late) = choose_times(org)
    truth = org.truth(deals)

    def since(time: str, *, after: bool = False) -> set[str]:
        return {
            key
            for key, row in truth.items()
            if row["Modified_Time"] > time or (row["Modified_Time"] == time and not after)
        }

    org.settings = {"start_datetime": middle}
    assert read(org, deals) == since(middle)
    assert read(org, deals, sync_mode="full_refresh") == since(middle)
    assert read(org, deals, state(late), sync_mode="full_refresh") == since(middle)
    assert read(org, deals, state(late)) == since(late, after=True)
    assert read(org, deals, state(early)) == since(middle), "a start date after the state"


def test_a_start_date_leaves_out_no_deletion_and_no_row_without_modified_time(org: Org) -> None:
    deals, (early, _, late) = choose_times(org)
    gone = min(org.truth(deals).values(), key=lambda row: row["Modified_Time"])["id"]
    org.control("DELETE", f"records/{MODULE}?ids={gone}&type=recycle")
    org.control("POST", "clock", {"advance_s": 3_600})
    whole = unstamped_stream(org)
    org.settings = {"start_datetime": late}

    deletions = rows_of(org.read(deals, state=[state(early)]), MODULE)

    assert gone in {row["id"] for row in deletions if row.get("_ab_cdc_deleted_at")}
    assert read(org, whole) == org.truth(whole).keys()


def test_the_page_names_the_bounds_of_the_code() -> None:
    text = PAGE.split("## Rows that come again")[1].split("\n## ")[0]
    parts = bulk._AIM * 200_000

    assert coql._WINDOWS_AT_ONCE == 4
    assert f"four windows of fewer than {MOST_ROWS:,} rows" in text
    assert f"about {rest._ROWS_OF_A_WINDOW + rest._ROWS_OF_A_BLOCK:,} rows" in text
    assert rest._SECONDS_OF_A_WINDOW == 300
    assert "those of five minutes" in text
    assert bulk._LONGEST_CHAIN * 200_000 == 1_000_000
    about = re.search(r"windows of about ([\d,]+) rows", text)
    assert about
    assert 0.9 < parts / int(about[1].replace(",", "")) < 1.1
