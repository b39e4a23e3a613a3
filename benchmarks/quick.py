"""`make bench-quick`: CPU per row of both connectors, in three minutes, with generous bounds.

It fails where a bound is passed. What it measures is a part of `make bench`, with fewer rows.
"""

import sys

from benchmarks import report
from benchmarks.builds import HERE
from benchmarks.experiments import Experiment, conduct
from benchmarks.marks import Mark, judge, median, ratio
from benchmarks.orgs import EMPTY, leads
from benchmarks.runs import Ceiling, Read
from benchmarks.writing import Write

_ROWS = 60_000
_WRITTEN = 10_000
_ORG = leads(_ROWS)
_METHODS = ("COQL", "REST")

QUICK = Experiment(
    "quick",
    f"CPU of {_ROWS:,} leads of 30 columns, collector alike, and {_WRITTEN:,} of 7 columns written",
    {
        "ceiling": Ceiling(_ORG, 30, _ROWS),
        **{method: Read(HERE, _ORG, 0, method, 30, alike=True) for method in _METHODS},
        "destination": Write(HERE, EMPTY, _WRITTEN),
    },
)
#: Bounds that a noisy machine passes and a fault of some weight does not.
MARKS = (
    *(
        Mark(
            f"cpu_{method.lower()}_30_vs_ceiling",
            f"{method}, 30 columns: CPU per row, times the CDK's ceiling",
            "quick",
            ratio(method, "ceiling", "cpu_us"),
            3.0,
            method,
        )
        for method in _METHODS
    ),
    Mark(
        "destination_cpu_us",
        "Destination, 7 columns: µs of CPU per row",
        "quick",
        median("destination", "cpu_us"),
        200.0,
        "destination",
    ),
)


def main() -> None:
    figures = conduct(QUICK, QUICK.rounds, report.tell)
    outcomes = judge(MARKS, {"quick": figures})
    for outcome in outcomes:
        print(report.describe(outcome))
    if not all(outcome.reached for outcome in outcomes):
        sys.exit("A bound is passed.")


if __name__ == "__main__":
    main()
