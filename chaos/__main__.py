"""`make chaos`: faults of every kind against connectors as processes.

`python -m chaos source [--method M] [--fault F] [--seed N | --seeds N] [--jobs N]` by every
retrieval method, `python -m chaos destination [--operation O] ...` by every operation; --method,
--operation and --fault may be given several times.
"""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos import scenario as reading
from chaos.destination import scenario as writing
from chaos.outcome import Outcome, table
from chaos.process import forward_signals

#: Side by side: much of a scenario is pauses between tries.
_JOBS = 4

#: Fault, way and seed.
Case = tuple[str, str, int]


@dataclass(frozen=True)
class Half:
    """What the source and the destination differ in, for the command."""

    option: str
    ways: Sequence[str]
    faults: Sequence[str]
    #: The ways that a fault is tried with, for a seed; all of them where the user names ways.
    list_ways: Callable[[str, int, bool], Sequence[str]]
    #: What all scenarios need and is found out once.
    found: Callable[[Path, Iterable[Case]], object]
    play: Callable[..., Outcome[Any]]


HALVES = {
    "source": Half(
        "method", reading.WAYS, reading.NAMES, reading.list_ways, reading.found, reading.play
    ),
    "destination": Half(
        "operation", writing.WAYS, writing.NAMES, writing.list_ways, writing.found, writing.play
    ),
}


def main(arguments: Sequence[str]) -> int:
    asked = _parse(arguments)
    half = HALVES[asked.half]
    forward_signals()
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="zoho_chaos_"))
    cases = _cases(half, asked)
    if not cases:
        sys.exit(f"None of these faults is for these {half.option}s. Choose another.")
    outcomes = []
    for outcome in _played(half, cases, folder, jobs=asked.jobs):
        outcomes.append(outcome)
        if outcome.failed:
            print(outcome.story(), flush=True)
        else:
            shutil.rmtree(outcome.folder)
    outcomes.sort(key=lambda one: (half.faults.index(one.fault), one.way, one.seed))
    print(table(outcomes))
    bad = sum(outcome.failed for outcome in outcomes)
    print(f"{len(outcomes)} scenarios in {time.monotonic() - begun:.0f} s; {bad} fail.")
    if bad:
        print(f"What the processes of those printed is in {folder}.")
        return 1
    shutil.rmtree(folder)
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    halves = parser.add_subparsers(dest="half", required=True)
    for name, half in HALVES.items():
        one = halves.add_parser(name)
        one.add_argument(f"--{half.option}", dest="ways", choices=half.ways, action="append")
        one.add_argument("--fault", choices=half.faults, action="append", metavar="FAULT")
        seeds = one.add_mutually_exclusive_group()
        seeds.add_argument("--seed", type=int, help="this one alone")
        seeds.add_argument("--seeds", type=int, default=1, help="how many, from 1 on")
        one.add_argument("--jobs", type=int, default=_JOBS, help="scenarios side by side")
    return parser.parse_args(arguments)


def _cases(half: Half, asked: argparse.Namespace) -> list[Case]:
    seeds = range(1, asked.seeds + 1) if asked.seed is None else [asked.seed]
    # The last are the longest: they come first, so that the end does not wait for them.
    return [
        (name, way, seed)
        for seed in seeds
        for name in reversed(half.faults)
        if asked.fault is None or name in asked.fault
        for way in half.list_ways(name, seed, asked.ways is not None)
        if asked.ways is None or way in asked.ways
    ]


def _played(
    half: Half, cases: Sequence[Case], folder: Path, *, jobs: int
) -> Iterator[Outcome[Any]]:
    """The outcomes, in the order in which scenarios end."""
    found = half.found(folder, cases)
    # Threads of the harness and a fork do not go together.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=forward_signals) as pool:
        futures = []
        for name, way, seed in cases:
            own = folder / f"{name}-{way}-{seed}"
            own.mkdir()
            futures.append(pool.submit(half.play, name, way, seed, found, own))
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
