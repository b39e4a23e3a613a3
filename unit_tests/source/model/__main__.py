"""`make model`: a million schedules, on several processes."""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from unit_tests.source.model.mass import Played, model, play_seeds, tell

#: Seeds that a process plays before it says what it has seen.
_AT_ONCE = 2_000


def _play(first: int, last: int) -> Played:
    with model():
        played = play_seeds(range(first, last))
        # A fifth of the seeds once more.
        automatic = play_seeds(range(first, last, 5), automatic=True)
    played.kinds += automatic.kinds
    played.automatic_faults |= automatic.faults
    return played


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, help="tells what happens in this schedule alone")
    parser.add_argument("--automatic", action="store_true", help="--seed is of Automatic")
    return parser.parse_args()


def _play_all(first: int, last: int, jobs: int) -> Iterator[Played]:
    starts = range(first, last, _AT_ONCE)
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_play, starts, [min(start + _AT_ONCE, last) for start in starts])


def main() -> int:
    """0 if no schedule shows a fault."""
    asked = _parse()
    if asked.seed is not None:
        print(tell(asked.seed, automatic=asked.automatic))
        return 0
    all_, begun, told = Played(), time.monotonic(), 0.0
    for played in _play_all(asked.first, asked.first + asked.schedules, asked.jobs):
        all_ += played
        for seed, fault in played.faults.items():
            print(f"seed {seed}: {fault}")
        for seed, fault in played.automatic_faults.items():
            print(f"seed {seed} --automatic: {fault}")
        seconds = time.monotonic() - begun
        if seconds - told > 10:
            told = seconds
            print(f"{all_.schedules:,} schedules, {all_.schedules / seconds:,.0f} a second")
    seconds = time.monotonic() - begun
    for kind, number in sorted(all_.kinds.items()):
        print(f"{number:>12,} {kind}")
    print(
        f"{all_.schedules:,} schedules in {seconds:,.0f} s, {all_.schedules / seconds:,.0f} a "
        f"second on {asked.jobs} processes; "
        f"{len(all_.faults) + len(all_.automatic_faults)} show a fault."
    )
    if all_.faults:
        print(f"--seed {min(all_.faults)} tells what happens in the first of them.")
    return bool(all_.faults or all_.automatic_faults)


if __name__ == "__main__":
    sys.exit(main())
