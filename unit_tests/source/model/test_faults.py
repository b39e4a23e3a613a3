"""Faults that were found by hand before are found by the model."""

from collections.abc import Callable
from itertools import chain

import pytest

from unit_tests.source.model.faults import FAULTS
from unit_tests.source.model.mass import model, play_seeds

#: A seed that showed a fault may not show it any more when schedules are drawn in another way.
WITHIN = 10_000
#: Each showed a fault once, of the readers or of the model.
MENDED = (
    71_078,
    79_902,
    87_923,
    111_607,
    172_322,
    218_411,
    219_300,
    222_769,
    226_245,
    230_321,
    238_891,
    273_576,
    275_869,
    283_687,
    294_713,
    304_470,
    323_027,
)
#: The same of Automatic.
MENDED_OF_AUTOMATIC = (78_085,)


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


def test_what_showed_a_fault_once_shows_none() -> None:
    with model():
        assert not play_seeds(MENDED).faults
        assert not play_seeds(MENDED_OF_AUTOMATIC, automatic=True).faults
