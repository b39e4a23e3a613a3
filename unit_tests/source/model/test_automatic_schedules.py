"""Schedules of Automatic: the orgs of other schedules, whichever method these were of."""

import pytest

from unit_tests.source.model.mass import model, play_seeds, tell

AT_ONCE = 500
ALL = 2_500


@pytest.mark.parametrize("first", range(0, ALL, AT_ONCE))
def test_no_row_is_lost_or_torn_whichever_method_is_chosen(first: int) -> None:
    with model():
        played = play_seeds(range(first, first + AT_ONCE), automatic=True)

    assert not played.faults, tell(min(played.faults), automatic=True)
    assert played.schedules == AT_ONCE
