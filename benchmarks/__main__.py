"""`make bench`: every mark, measured; RESULTS.md, results.json and plots beside this file.

`make bench ONLY=coql-100,spec ROUNDS=1` runs the experiments whose names hold one of these texts,
and writes nothing. It needs Linux, and 4 GB of disk for temporary files.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

from benchmarks import plots, report
from benchmarks.builds import BUILDS
from benchmarks.commands import RunError
from benchmarks.experiments import EXPERIMENTS, ROUNDS, Figures, conduct
from benchmarks.marks import MARKS, judge

FOLDER = Path(__file__).parent


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help="parts of names, with commas between")
    parser.add_argument("--rounds", type=int, default=0, help=f"runs of each side, else {ROUNDS}")
    asked = parser.parse_args(arguments)
    texts = [text for text in asked.only.split(",") if text]
    chosen = [e for e in EXPERIMENTS if not texts or any(text in e.name for text in texts)]
    if not chosen:
        parser.error(f"no such experiment; there are {', '.join(e.name for e in EXPERIMENTS)}")

    # Else an ended benchmark would leave its emulators behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    begun = time.monotonic()
    install()
    figures: dict[str, Figures] = {}
    for experiment in chosen:
        print(f"{experiment.name}: {experiment.says}", flush=True)
        figures[experiment.name] = conduct(
            experiment, asked.rounds or experiment.rounds, report.tell
        )
        for label, why in figures[experiment.name].failures.items():
            print(f"  {label}: failed: {why}")
        print(f"  after {(time.monotonic() - begun) / 60:.1f} minutes", flush=True)
    outcomes = judge(MARKS, figures)
    for outcome in outcomes:
        print(report.describe(outcome))
    if not texts:
        report.write(outcomes, figures, time.monotonic() - begun)
        plots.draw(FOLDER, figures)


def install() -> None:
    """Makes the environments. Runs of one that cannot be made fail, and say so."""
    for build in BUILDS:
        try:
            build.install()
        except RunError as error:
            print(f"{build.says} cannot be installed: {error}", flush=True)


if __name__ == "__main__":
    main()
