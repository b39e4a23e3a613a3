"""Ids of rows that were told cost eight bytes each and are found quickly."""

import tracemalloc

import pytest
from airbyte_cdk.utils import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_zoho_crm.readers.emitted_ids import EmittedIds

FIRST = 5_725_767_000_000_000_000


@given(st.lists(st.integers(0, 10**19 - 1) | st.integers(FIRST, FIRST + 50), max_size=200))
def test_an_id_is_new_once(numbers: list[int]) -> None:
    told, known = EmittedIds(), set()

    for number in numbers:
        assert (str(number) in told) == (number in known)
        assert told.add(str(number)) == (number not in known)
        known.add(number)

    assert len(told) == len(known)
    assert all(str(number) in told for number in known)
    assert str(FIRST + 51) not in told


@pytest.mark.parametrize("step", [1, 48_271], ids=["ascending", "in any order"])
def test_many_ids_cost_eight_bytes_each(step: int) -> None:
    count = 30_011
    keys = [str(FIRST + number * step % count) for number in range(count)]
    tracemalloc.start()
    told = EmittedIds()

    assert sum(map(told.add, keys)) == count

    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < peak < 9.5 * count
    assert sum(map(told.add, keys)) == 0


@pytest.mark.parametrize("key", ["abc", "", "-1", "1.5", "9" * 20, "١٢"])
def test_an_id_that_is_no_number_is_a_sentence(key: str) -> None:
    told = EmittedIds()
    told.add(str(FIRST))

    with pytest.raises(AirbyteTracedException) as caught:
        told.add(key)

    assert f"Zoho gave a record with the id {key!r}" in str(caught.value.message)
