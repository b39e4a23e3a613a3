"""Windows over rows at known times."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from source_zoho_crm.readers.windows import MOST_ROWS, Window, WindowSize, cut_window

SECOND = timedelta(seconds=1)
START = datetime(2015, 1, 1, tzinfo=UTC)
END = datetime(2025, 1, 1, tzinfo=UTC)


def planned(
    timestamps: Sequence[datetime],
    start: datetime = START,
    end: datetime = END,
    seconds: Callable[[int], float] = lambda _: 1.0,
) -> list[tuple[Window, int]]:
    """The windows of rows at these sorted times, with what each holds.

    `seconds`: how long so many rows take.
    """

    def timestamp_of(since: datetime, place: int) -> datetime | None:
        found = timestamps[bisect_left(timestamps, since) : bisect_right(timestamps, end)]
        return found[place - 1] if place <= len(found) else None

    size, found = WindowSize(), []
    while start <= end:
        asked = size.rows
        window = cut_window(start, end, timestamp_of(start, asked))
        rows = bisect_right(timestamps, window.end) - bisect_left(timestamps, window.start)
        found.append((window, rows))
        size.adapt(asked, seconds(rows))
        start = window.end + SECOND
    return found


def evenly(rows: int, start: datetime, end: datetime) -> list[datetime]:
    step = (end - start) / max(rows, 1)
    return [(start + step * n).replace(microsecond=0) for n in range(rows)]


@given(
    st.lists(
        st.tuples(st.integers(0, 5_000), st.integers(1, 6_000)),
        max_size=12,
    ),
    st.integers(0, 6_000),
    st.floats(0, 1_000, allow_nan=False),
)
def test_windows_are_whole_seconds_without_gap_and_hold_no_more_than_a_window_may(
    crowds: list[tuple[int, int]], length: int, each_takes: float
) -> None:
    """Crowds of rows, each within one second."""
    timestamps = sorted(START + second * SECOND for second, rows in crowds for _ in range(rows))
    end = START + length * SECOND

    found = planned(timestamps, START, end, lambda _: each_takes)

    assert found[0][0].start == START
    assert found[-1][0].end == end
    assert all(later.start == earlier.end + SECOND for (earlier, _), (later, _) in pairwise(found))
    for window, rows in found:
        assert window.start <= window.end
        assert (window.start.microsecond, window.end.microsecond) == (0, 0)
        assert rows < MOST_ROWS or window.start == window.end


def test_a_fraction_of_a_second_that_zoho_might_show_is_no_part_of_a_window() -> None:
    timestamps = [START + timedelta(seconds=n, microseconds=700_000) for n in range(2 * MOST_ROWS)]

    assert {window.end.microsecond for window, _ in planned(timestamps)} == {0}


def test_ten_quiet_years_are_one_window() -> None:
    assert planned(evenly(900, START, END)) == [(Window(START, END), 900)]


def test_rows_that_came_in_an_hour_after_ten_quiet_years_are_many_windows() -> None:
    hour = evenly(200_000, END - timedelta(hours=1), END)

    found = planned([START, *hour])

    assert max(rows for _, rows in found) <= MOST_ROWS
    assert len(found) <= 200_000 / MOST_ROWS * 1.1


def test_windows_of_a_busy_module_are_full() -> None:
    found = planned(evenly(300_000, START, END))

    assert all(rows >= 0.99 * (MOST_ROWS - 1) for _, rows in found[:-1])


def test_one_second_is_the_smallest_window() -> None:
    crowd = [START + SECOND] * 3 * MOST_ROWS

    found = planned(crowd, START, START + 5 * SECOND)

    assert [rows for _, rows in found] == [0, 3 * MOST_ROWS, 0]
    assert found[1][0] == Window(START + SECOND, START + SECOND)


def test_windows_shrink_to_what_five_minutes_can_read_and_grow_again() -> None:
    timestamps = evenly(100_000, START, END)
    slow = planned(timestamps, seconds=lambda rows: rows * 0.1)
    settled = [rows for _, rows in slow[1:-1]]
    assert slow[0][1] == MOST_ROWS - 1
    assert all(2_500 <= rows <= 3_000 for rows in settled)

    pace = iter([1_000.0])
    once = planned(timestamps, seconds=lambda _: next(pace, 1.0))
    assert [rows for _, rows in once][1:4] == [2_999, MOST_ROWS - 1, MOST_ROWS - 1]


def test_windows_shrink_no_further_than_a_page() -> None:
    timestamps = evenly(30_000, START, END)

    found = planned(timestamps, seconds=lambda _: 100_000.0)

    assert min(rows for _, rows in found[1:-1]) >= 198


def test_no_window_when_the_end_is_before_the_start() -> None:
    assert planned([], END, START) == []
