"""What is measured: named experiments, each with sides that run in turn."""

import math
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.builds import AIRBYTE, BEFORE, BUILDS, HERE
from benchmarks.commands import RunError
from benchmarks.lab import Sample, opened
from benchmarks.orgs import ACCOUNTS, EMPTY, LARGE, MEDIUM, MODULES, SMALL, WIDE, leads
from benchmarks.runs import METHODS, Ceiling, Discover, Kind, Read, Start
from benchmarks.writing import Write

ROUNDS = 3
#: Milliseconds a call of the plot that shows rows per second against latency.
LATENCIES = (25, 50, 100, 200, 400)
#: Rows of the plots that show time and memory against rows; the last two are marks.
SIZES = (20_000, 200_000, 2_000_000)
#: Version, method and module of each shape in `unit_tests/source/test_costs.py`, in one column
#: group of 30,000 rows. Vehicles have 190 rows in each second.
SHAPES = (
    ("v4", "COQL", "Accounts"),
    ("v8", "COQL", "Accounts"),
    ("v2", "COQL", "Accounts"),
    ("v2.1", "COQL", "Accounts"),
    ("v4", "COQL", "Vehicles"),
    ("v4", "REST", "Accounts"),
    ("v2", "REST", "Accounts"),
    ("v2", "REST", "Vehicles"),
    ("v4", "Bulk", "Accounts"),
)


@dataclass(frozen=True)
class Experiment:
    """Sides by their label; one round runs each of them once."""

    name: str
    says: str
    sides: Mapping[str, Kind]
    rounds: int = ROUNDS


@dataclass
class Figures:
    """Samples by side, one for each round. A side that failed has none, and its reason."""

    samples: dict[str, list[Sample]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def each(self, side: str, of: str) -> list[float]:
        """A property of a side's samples. Raises `RunError` where there are none."""
        if side in self.failures:
            raise RunError(f"{side}: {self.failures[side]}")
        if side not in self.samples:
            raise RunError(f"{side} was not run.")
        values = [float(getattr(sample, of)) for sample in self.samples[side]]
        if any(map(math.isnan, values)):
            raise RunError(f"{side}: the benchmark itself takes more memory than what it measures.")
        return values

    def median(self, side: str, of: str) -> float:
        return statistics.median(self.each(side, of))

    def find_median(self, side: str, of: str) -> float | None:
        """None where it cannot be told."""
        try:
            return self.median(side, of)
        except RunError:
            return None

    def ratio(self, side: str, other: str, of: str) -> float:
        """The median of each round's ratio: the machine drifts, but less within a round."""
        pairs = zip(self.each(side, of), self.each(other, of), strict=False)
        return statistics.median(one / another for one, another in pairs)


def conduct(experiment: Experiment, rounds: int, report: Callable[[str, Sample], None]) -> Figures:
    """Runs all sides in turn; `report` hears of each sample. A failure costs its side alone."""
    figures = Figures()
    with opened() as lab:
        for _ in range(rounds):
            for label, kind in experiment.sides.items():
                if label in figures.failures:
                    continue
                try:
                    sample = kind.sample(lab)
                except RunError as error:
                    figures.failures[label] = " ".join(str(error).split())[:600]
                    figures.samples.pop(label, None)
                else:
                    figures.samples.setdefault(label, []).append(sample)
                    report(label, sample)
    return figures


EXPERIMENTS = (
    Experiment(
        "coql-100",
        "COQL, all 73 columns of 30,000 leads, 100 ms a call; Airbyte's: lists of 4,000",
        {
            "here": Read(HERE, MEDIUM, 100),
            "before": Read(BEFORE, MEDIUM, 100),
            "airbyte": Read(AIRBYTE, SMALL, 100),
        },
    ),
    Experiment(
        "coql-300",
        "COQL, all 73 columns of 100,000 leads, 300 ms a call",
        {"here": Read(HERE, LARGE, 300), "before": Read(BEFORE, LARGE, 300)},
    ),
    Experiment(
        "rest-100",
        "REST, all 73 columns of 4,000 leads, 721 with cut texts, 100 ms a call",
        {
            "here": Read(HERE, SMALL, 100, "REST"),
            "before": Read(BEFORE, SMALL, 100, "REST"),
            "airbyte": Read(AIRBYTE, SMALL, 100),
        },
    ),
    Experiment(
        "cpu-30",
        "CPU, 30 columns of 100,000 leads, no latency, collector alike",
        {
            "ceiling": Ceiling(LARGE, 30, 100_000),
            **{
                f"{build.name} {method}": Read(build, LARGE, 0, method, 30, alike=True)
                for method in METHODS
                for build in (HERE, BEFORE)
            },
        },
    ),
    Experiment(
        "cpu-73",
        "CPU, all 73 columns of 30,000 leads (Airbyte's: 4,000), no latency, collector alike",
        {
            "here": Read(HERE, MEDIUM, alike=True),
            "before": Read(BEFORE, MEDIUM, alike=True),
            "airbyte": Read(AIRBYTE, SMALL, alike=True),
        },
    ),
    Experiment(
        "destination-cpu",
        "The destination upserts 20,000 leads of 7 columns, no latency",
        {"here": Write(HERE, EMPTY, 20_000), "before": Write(BEFORE, EMPTY, 20_000)},
    ),
    Experiment(
        "destination-300",
        "The destination upserts leads of 7 columns, 300 ms a call",
        {"here": Write(HERE, EMPTY, 40_000, 300), "before": Write(BEFORE, EMPTY, 8_000, 300)},
    ),
    Experiment(
        "destination-100",
        "The destination upserts leads of 7 columns, 100 ms a call",
        {"here": Write(HERE, EMPTY, 40_000, 100), "before": Write(BEFORE, EMPTY, 8_000, 100)},
    ),
    Experiment(
        "memory",
        "30 columns of leads by each method, no latency",
        {
            f"{method} {rows}": Read(HERE, leads(rows), 0, method, 30)
            for rows in SIZES
            for method in METHODS
        },
        rounds=1,
    ),
    Experiment(
        "slow-reader",
        "COQL, all 73 columns of 100,000 leads; the reader of the output waits 12 s",
        {
            "here": Read(HERE, LARGE),
            "here waits": Read(HERE, LARGE, pause_s=12),
            "before": Read(BEFORE, LARGE),
            "before waits": Read(BEFORE, LARGE, pause_s=12),
        },
        rounds=1,
    ),
    Experiment(
        "discover",
        "Discover of an org of 200 modules, 100 ms a call, beyond start-up (`spec`)",
        {"here": Discover(HERE, MODULES, 100), "before": Discover(BEFORE, MODULES, 100)},
    ),
    Experiment(
        "spec",
        "`spec` beside a process that imports the CDK",
        {
            "import": Start((sys.executable, "-c", "import airbyte_cdk")),
            "here": Start((HERE.command("source-zoho-crm"), "spec")),
            "before": Start((BEFORE.command("source-zoho-crm"), "spec")),
        },
        rounds=5,
    ),
    Experiment(
        "credits",
        "Credits of 30,000 rows in one column group, without those of metadata",
        {
            f"{build.name}: {version} {method} {module}": Read(
                build, ACCOUNTS, 0, method, 2, module, version, gross=True
            )
            for version, method, module in SHAPES
            for build in (HERE, BEFORE)
        },
        rounds=1,
    ),
    Experiment(
        "credits-wide",
        "Credits of 30,000 leads of 87 columns by COQL with v8, where Zoho serves 500 at a time",
        {build.name: Read(build, WIDE, version="v8", gross=True) for build in (HERE, BEFORE)},
        rounds=1,
    ),
    Experiment(
        "latency",
        "Rows per second against latency: COQL, all columns of 30,000 leads; Airbyte's: 4,000",
        {
            f"{build.name} {latency_ms}": Read(
                build, SMALL if build is AIRBYTE else MEDIUM, latency_ms
            )
            for latency_ms in LATENCIES
            for build in BUILDS
        },
        rounds=1,
    ),
)
