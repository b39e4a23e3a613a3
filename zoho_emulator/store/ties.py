"""The order of rows whose sort keys are equal: rows of one second, above all.

Zoho names none, so a reader must not rely on any: here it is by chance, though always the same
with the same seed. In the order of ids, every mistake of a reader between two pages would pass.
"""

from collections.abc import Callable

_64_BITS = 2**64 - 1
#: Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators" (SplitMix64).
_STEP, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def build_ties(seed: int) -> Callable[[int], int]:
    """A number of 31 bits for an id, that reveals nothing of the id; kept with the row."""
    start = (seed + 1) * _STEP & _64_BITS

    def tie(record_id: int) -> int:
        mixed = (record_id ^ start) & _64_BITS
        mixed = (mixed ^ mixed >> 30) * _FIRST & _64_BITS
        mixed = (mixed ^ mixed >> 27) * _SECOND & _64_BITS
        return mixed >> 33

    return tie
