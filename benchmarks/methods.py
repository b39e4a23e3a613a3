"""`make bench-methods`: a large module by each retrieval method: rows, seconds, credits, memory.

Fails where a retrieval method gives other rows than there are, or takes more memory than it may.

`python -m benchmarks.methods [ROWS] [VERSION]`; 450,000 leads of 48 columns with v4 by default.
"""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.builds import HERE
from benchmarks.commands import RunError
from benchmarks.lab import messages, opened
from benchmarks.orgs import leads
from benchmarks.runs import METHODS, Read

COLUMNS = 48
MOST_MB = 250


def main(rows: str = "450000", version: str = "v4") -> None:
    org = leads(int(rows))
    with opened() as lab:
        for method in METHODS:
            read = Read(HERE, org, method=method, columns=COLUMNS, version=version, gross=True)
            out = lab.path("out.jsonl")
            try:
                sample = read.sample(lab, keep=out)
            except RunError as error:
                sys.exit(f"{method}: {error}")
            ids = count_ids_elsewhere(out)
            print(
                f"{method}: {sample.rows:,} records, {ids:,} ids, {sample.wall_s:.1f} s, "
                f"{sample.cpu_s:.1f} s CPU, {sample.peak_mb:.0f} MB, {sample.credits:,} credits"
            )
            if not sample.rows == ids == int(rows):
                sys.exit(f"{method} gave other rows than the {int(rows):,} that there are.")
            if not sample.peak_mb < MOST_MB:
                sys.exit(f"{method} took {sample.peak_mb:.0f} MB, and {MOST_MB} are the limit.")


def count_ids_elsewhere(out: Path) -> int:
    """In a process of its own: what this one takes hides what the next read takes, see
    `commands.run`."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(count_ids, out).result()


def count_ids(out: Path) -> int:
    return len({message["record"]["data"]["id"] for message in messages(out, "RECORD")})


if __name__ == "__main__":
    main(*sys.argv[1:])
