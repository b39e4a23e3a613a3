"""Which plots `make bench` draws."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.builds import BUILDS
from benchmarks.chart import Points, chart
from benchmarks.experiments import LATENCIES, SIZES, Figures
from benchmarks.runs import METHODS

_PLOTS = (
    # file, experiment, title, names of the axes, property, sides by their name, points, logarithmic
    (
        "rows-per-second",
        "latency",
        "A module of 73 columns: rows per second against latency",
        ("milliseconds a call", "rows per second"),
        "rows_per_s",
        {build.says: build.name for build in BUILDS},
        LATENCIES,
        True,
    ),
    (
        "memory",
        "memory",
        "Most memory against rows of 30 columns",
        ("rows", "MB"),
        "peak_mb",
        {method: method for method in METHODS},
        SIZES,
        False,
    ),
    (
        "time",
        "memory",
        "Time against rows of 30 columns, without latency",
        ("rows", "seconds"),
        "wall_s",
        {method: method for method in METHODS},
        SIZES,
        True,
    ),
)


def draw(folder: Path, figures: Mapping[str, Figures]) -> None:
    """Writes the plots whose experiments were conducted; a side that failed is left out."""
    for file, experiment, title, axes, of, sides, xs, log_y in _PLOTS:
        if experiment not in figures:
            continue
        found = {says: _points(figures[experiment], side, xs, of) for says, side in sides.items()}
        lines = {says: points for says, points in found.items() if points}
        if lines:
            chart(folder / f"{file}.svg", title, *axes, lines, log_y=log_y)


def _points(figures: Figures, side: str, xs: Sequence[int], of: str) -> Points:
    found = {x: figures.find_median(f"{side} {x}", of) for x in xs}
    return [(x, y) for x, y in found.items() if y is not None]
