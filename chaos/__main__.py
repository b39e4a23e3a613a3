"""`make chaos`: faults of every kind, by every retrieval method, against connectors as processes.

`python -m chaos source [--method M] [--fault F] [--seed N | --seeds N] [--jobs N]`; --method and
--fault may be given several times.
"""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from chaos.discovery import Found, discovered
from chaos.outcome import Outcome, table
from chaos.process import heed
from chaos.scenario import NAMES, methods_of, play, version_of
from chaos.setting import METHODS

#: Side by side: much of a scenario is pauses between tries.
_JOBS = 4

#: Fault, method and seed.
Case = tuple[str, str, int]


def main(arguments: Sequence[str]) -> int:
    asked = _parse(arguments)
    heed()
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="zoho_chaos_"))
    cases = _cases(asked)
    if not cases:
        sys.exit("None of these faults is for these methods. Choose another method or fault.")
    found = discovered(folder, (version_of(*case) for case in cases))
    outcomes = []
    for outcome in _played(cases, found, folder, jobs=asked.jobs):
        outcomes.append(outcome)
        if outcome.failed:
            print(outcome.story(), flush=True)
        else:
            shutil.rmtree(outcome.folder)
    outcomes.sort(key=lambda one: (NAMES.index(one.fault), one.method, one.seed))
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
    parser.add_argument("half", choices=["source"])
    parser.add_argument("--method", choices=list(METHODS), action="append")
    parser.add_argument("--fault", choices=NAMES, action="append", metavar="FAULT")
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, help="this one alone")
    seeds.add_argument("--seeds", type=int, default=1, help="how many, from 1 on")
    parser.add_argument("--jobs", type=int, default=_JOBS, help="scenarios side by side")
    return parser.parse_args(arguments)


def _cases(asked: argparse.Namespace) -> list[Case]:
    seeds = range(1, asked.seeds + 1) if asked.seed is None else [asked.seed]
    # The last are the longest: they come first, so that the end does not wait for them.
    return [
        (name, method, seed)
        for seed in seeds
        for name in reversed(NAMES)
        if asked.fault is None or name in asked.fault
        for method in methods_of(name)
        if asked.method is None or method in asked.method
    ]


def _played(cases: Sequence[Case], found: Found, folder: Path, *, jobs: int) -> Iterator[Outcome]:
    """The outcomes, in the order in which scenarios end."""
    # Threads of the harness and a fork do not go together.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=heed) as pool:
        futures = []
        for name, method, seed in cases:
            own = folder / f"{name}-{method}-{seed}"
            own.mkdir()
            futures.append(pool.submit(play, name, method, seed, found, own))
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
