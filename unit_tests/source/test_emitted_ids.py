"""Ids of rows that were emitted cost eight bytes each and are found quickly."""

import tracemalloc

import pytest
from airbyte_cdk.utils import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_zoho_crm.readers.emitted_ids import EmittedIds

FIRST = 5_725_767_000_000_000_000


@given(st.lists(st.integers(0, 10**19 - 1) | st.integers(FIRST, FIRST + 50), max_size=200))
def test_an_id_is_new_once(numbers: list[int]) -> None:
    emitted, known = EmittedIds(), set()

    for number in numbers:
        assert (str(number) in emitted) == (number in known)
        assert emitted.add(str(number)) == (number not in known)
        known.add(number)

    assert len(emitted) == len(known)
    assert all(str(number) in emitted for number in known)
    assert str(FIRST + 51) not in emitted


@pytest.mark.parametrize("step", [1, 48_271], ids=["ascending", "in any order"])
def test_many_ids_cost_eight_bytes_each(step: int) -> None:
    count = 30_011
    keys = [str(FIRST + number * step % count) for number in range(count)]
    tracemalloc.start()
    emitted = EmittedIds()

    assert sum(map(emitted.add, keys)) == count

    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < peak < 9.5 * count
    assert sum(map(emitted.add, keys)) == 0


@pytest.mark.parametrize("key", ["abc", "", "-1", "1.5", "9" * 20, "١٢"])
def test_an_id_that_is_no_number_is_a_sentence(key: str) -> None:
    emitted = EmittedIds()
    emitted.add(str(FIRST))

    with pytest.raises(AirbyteTracedException) as caught:
        emitted.add(key)

    assert f"Zoho gave a record with the id {key!r}" in str(caught.value.message)
