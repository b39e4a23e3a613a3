"""The ids of records that were emitted, in little memory."""

from array import array
from bisect import bisect_left, bisect_right

from zoho_crm.problems import system_error

#: Ids of a run. Longer ones take longer to be added to, more of them longer to be looked through.
_MOST = 1_000


class EmittedIds:
    """Ids of records, some eight bytes each, in runs of ascending ids that do not overlap.

    A look-up takes a few microseconds for any number of ids. An id that is not a number below
    2^64 is an error: all of Zoho's are.
    """

    def __init__(self) -> None:
        self._firsts = array("Q")
        self._runs: list[array[int]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: str) -> bool:
        number = parse_id(key)
        place = bisect_right(self._firsts, number) - 1
        if place < 0:
            return False
        run = self._runs[place]
        at = bisect_left(run, number)
        return at < len(run) and run[at] == number

    def add(self, key: str) -> bool:
        """Whether the id is new."""
        number = parse_id(key)
        place = max(bisect_right(self._firsts, number) - 1, 0)
        if not self._runs:
            self._start(0, array("Q"), number)
        run = self._runs[place]
        at = bisect_left(run, number)
        if at < len(run) and run[at] == number:
            return False
        self._count += 1
        if at == len(run) >= _MOST:
            # Ids that come in ascending order fill each run.
            self._start(place + 1, array("Q", [number]), number)
            return True
        run.insert(at, number)
        self._firsts[place] = run[0]
        if len(run) > _MOST:
            half = len(run) // 2
            self._runs[place] = run[:half]
            self._start(place + 1, run[half:], run[half])
        return True

    def _start(self, place: int, run: "array[int]", first: int) -> None:
        self._runs.insert(place, run)
        self._firsts.insert(place, first)


def parse_id(key: str) -> int:
    """The number that an id is."""
    if key.isascii() and key.isdigit() and len(key) < 20:
        return int(key)
    raise system_error(
        f"Zoho gave a record with the id {key!r}, and its ids are numbers of at most 19 digits. "
        "Report it to the maintainers of this connector."
    )
