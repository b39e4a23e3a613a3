"""Readers against a Zoho in memory whose records move: a mass of schedules by seeds.

Half of them; `test_more_schedules` plays the others, in another process if there is one.
"""

import pytest

from unit_tests.source.model.mass import model, play_seeds, tell

#: Seeds of a test: few enough that it ends in seconds.
AT_ONCE = 500
OF_A_FILE = 5_000


def play_and_judge(first: int) -> None:
    with model():
        played = play_seeds(range(first, first + AT_ONCE))

    assert not played.faults, tell(min(played.faults))
    assert played.schedules == AT_ONCE


@pytest.mark.parametrize("first", range(0, OF_A_FILE, AT_ONCE))
def test_no_row_is_lost_or_torn_and_every_read_ends(first: int) -> None:
    play_and_judge(first)
