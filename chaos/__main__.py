"""`make chaos`: faults of every kind, by every retrieval method, against connectors as processes.

`python -m chaos source [--method M] [--fault F] [--seed N] [--seeds N] [--jobs N]`
"""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path

from chaos.discovery import catalogs
from chaos.faults import BY_NAME, FAULTS, METHODS
from chaos.outcome import Outcome, table
from chaos.process import Json
from chaos.scenario import VERSIONS, play

#: Side by side: most of a scenario is the start of processes and pauses between tries.
_JOBS = 4


def main(arguments: Sequence[str]) -> int:
    asked = _parse(arguments)
    folder = Path(tempfile.mkdtemp(prefix="zoho_chaos_"))
    begun = time.monotonic()
    found = catalogs(folder, VERSIONS)
    outcomes = []
    for outcome in _played(asked, folder, found):
        outcomes.append(outcome)
        if outcome.failed:
            print(outcome.story(), flush=True)
        else:
            shutil.rmtree(outcome.folder)
    outcomes.sort(key=lambda one: (list(BY_NAME).index(one.fault), one.method, one.seed))
    print(table(outcomes))
    bad = sum(outcome.failed for outcome in outcomes)
    seconds = time.monotonic() - begun
    print(f"{len(outcomes)} scenarios in {seconds:.0f} s, {bad} failed.")
    if bad:
        print(f"What they printed is in {folder}.")
        return 1
    shutil.rmtree(folder)
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("half", choices=["source"])
    parser.add_argument("--method", choices=list(METHODS), action="append")
    parser.add_argument("--fault", choices=list(BY_NAME), action="append")
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, help="this one alone")
    seeds.add_argument("--seeds", type=int, default=1, help="how many, from 1 on")
    parser.add_argument("--jobs", type=int, default=_JOBS, help="scenarios side by side")
    return parser.parse_args(arguments)


def _played(
    asked: argparse.Namespace, folder: Path, found: Mapping[str, Json]
) -> Iterator[Outcome]:
    """The outcomes, in the order in which scenarios end."""
    seeds = range(1, asked.seeds + 1) if asked.seed is None else [asked.seed]
    # Threads of the harness and a fork do not go together.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.jobs, mp_context=context) as pool:
        futures: list[Future[Outcome]] = [
            pool.submit(
                play, fault.name, method, seed, found, _made(folder, fault.name, method, seed)
            )
            for seed in seeds
            for fault in FAULTS
            if asked.fault is None or fault.name in asked.fault
            for method in fault.methods
            if asked.method is None or method in asked.method
        ]
        for future in as_completed(futures):
            yield future.result()


def _made(folder: Path, name: str, method: str, seed: int) -> Path:
    own = folder / f"{name}-{method}-{seed}"
    own.mkdir()
    return own


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
