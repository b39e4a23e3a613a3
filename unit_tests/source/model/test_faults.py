"""Faults that were found by hand before are found by the model."""

from collections.abc import Callable
from itertools import chain

import pytest

from unit_tests.source.model.faults import FAULTS
from unit_tests.source.model.mass import model, play_seeds

#: A seed that showed a fault may not show it any more when schedules are drawn in another way.
WITHIN = 10_000


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_that_is_put_back_is_found(fault: Callable[[pytest.MonkeyPatch], None]) -> None:
    says, seed = FAULTS[fault]

    # The fault goes before the model does: what it has found there is small.
    with model(), pytest.MonkeyPatch.context() as patch:
        sound = play_seeds([seed])
        fault(patch)
        played = play_seeds(chain([seed], range(WITHIN)), until=says)

    assert not sound.faults
    assert any(says in text for text in played.faults.values())
