"""Numbers of things in sentences."""

import pytest

from zoho_crm.counts import count


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (2_000, ("row",), "2,000 rows"),
        (1, ("is", "are"), "1 is"),
        (2, ("is", "are"), "2 are"),
    ],
)
def test_a_number_goes_with_its_noun(number: int, words: tuple[str, ...], said: str) -> None:
    assert count(number, *words) == said
