from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from source_zoho_crm.roads.windows import Window, windows

SECOND = timedelta(seconds=1)
START = datetime(2015, 1, 1, tzinfo=UTC)
END = datetime(2025, 1, 1, tzinfo=UTC)


def planned(start: datetime, end: datetime, rows: Callable[[Window], int]) -> list[Window]:
    plan = windows(start, end)
    found: list[Window] = []
    try:
        window = next(plan)
        while True:
            found.append(window)
            window = plan.send(rows(window))
    except StopIteration:
        return found


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made UTC below
    st.timedeltas(timedelta(0), timedelta(days=9_000)),
    st.lists(st.integers(0, 3_000_000), min_size=1, max_size=40),
)
def test_windows_leave_no_gap_and_do_not_overlap(
    start: datetime, length: timedelta, counts: list[int]
) -> None:
    start = start.replace(microsecond=0, tzinfo=UTC)
    end = start + timedelta(seconds=int(length.total_seconds()))
    answers = iter(counts)
    found = planned(start, end, lambda _: next(answers, 0))
    assert found[0].start == start
    assert found[-1].end == end
    assert all(later.start == earlier.end + SECOND for earlier, later in pairwise(found))


def test_ten_quiet_years_cost_few_windows() -> None:
    assert len(planned(START, END, lambda _: 3)) <= 5


def test_windows_of_a_busy_module_hold_about_a_hundred_thousand_rows() -> None:
    per_second = 5_000_000 / (END - START).total_seconds()
    rows = [
        int((window.end - window.start).total_seconds() * per_second)
        for window in planned(
            START, END, lambda w: int((w.end - w.start).total_seconds() * per_second)
        )
    ]
    settled = rows[1:-1]
    assert all(20_000 <= count <= 200_000 for count in settled)


def test_one_second_is_the_smallest_window() -> None:
    found = planned(START, START + 5 * SECOND, lambda _: 10_000_000)
    assert found == [Window(START, START + 5 * SECOND)]


def test_no_window_when_the_end_is_before_the_start() -> None:
    assert planned(END, START, lambda _: 0) == []
