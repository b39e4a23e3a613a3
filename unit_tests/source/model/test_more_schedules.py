"""The other half of the schedules that `test_schedules` begins."""

import pytest

from unit_tests.source.model.test_schedules import AT_ONCE, OF_A_FILE, play_and_judge


@pytest.mark.parametrize("first", range(OF_A_FILE, 2 * OF_A_FILE, AT_ONCE))
def test_no_row_is_lost_or_torn_and_every_read_ends(first: int) -> None:
    play_and_judge(first)
