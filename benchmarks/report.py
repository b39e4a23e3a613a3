"""RESULTS.md and results.json: what was measured, and whether it reaches its mark."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.builds import AIRBYTE_PINS, COMMIT
from benchmarks.commands import CHECKOUT
from benchmarks.experiments import EXPERIMENTS, Experiment, Figures
from benchmarks.lab import COLLECTOR, Sample
from benchmarks.marks import BUSY, Outcome

FOLDER = Path(__file__).parent
_WORDS = {True: "yes", False: "**no**", None: ""}
_COLUMNS = (
    *("side", "runs", "rows", "s", "s CPU", "rows/s", "µs CPU/row", "MB", "calls at a time"),
    *("connector", "emulator µs/row", "emulator", "credits"),
)

_INTRODUCTION = """\
# What the connectors cost

`make bench` wrote this in {minutes} minutes on {machine}, with this build at {build}.
One experiment alone, which writes nothing: `make bench ONLY=coql-100 ROUNDS=1`.

- *here* is this build. *before* is commit {commit} with what its own lock names.
  *airbyte* is {airbyte}, which reads lists by v2 of the API.
  *ceiling* is the CDK that prints ready dicts. Each has an environment of its own.
- Sides run in turn. A ratio is the median of each round's ratio, all else the median of the runs.
- Start-up is taken off: a source's is a run with a state in the far future, the destination's one
  without rows. Output goes through a pipe to a reader that counts.
- Where it says *collector alike*, each side runs with `gc.set_threshold({collector})` from
  start to end, whatever it sets itself.
- *connector* and *emulator* are the shares of a run for which each was at work on a core, start-up
  taken off. Each uses one core, mostly: what works for more than {busy} may be what binds."""

_FIGURES = """\
## Figures

Medians, start-up taken off. MB is the most memory at any moment, start-up included. Emulator: its
CPU during the run. Credits are without those of metadata."""


def tell(label: str, sample: Sample) -> None:
    """One line for the terminal, as soon as a run has ended."""
    print(
        f"  {label}: {sample.rows:,} rows, {sample.wall_s:.2f} s, {sample.cpu_s:.2f} s CPU,"
        f" {sample.peak_mb:.0f} MB, emulator {sample.zoho_cpu_s:.2f} s CPU",
        flush=True,
    )


def describe(outcome: Outcome) -> str:
    """One line for the terminal."""
    limit = "" if outcome.mark.limit is None else f"(limit {_limit(outcome)}) "
    reached = {True: "reached", False: "NOT REACHED", None: "no limit"}[outcome.reached]
    value = "not measured" if outcome.value is None else f"{outcome.value:.2f}"
    bound = f"({outcome.bound} may bind)" if outcome.bound else ""
    return f"{outcome.mark.says}: {value} {limit}{reached} {outcome.why}{bound}".rstrip()


def write(outcomes: Sequence[Outcome], figures: Mapping[str, Figures], seconds: float) -> None:
    """Writes both files; `seconds`: how long all of it took."""
    results = [outcome.result for outcome in outcomes]
    (FOLDER / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    conducted = [one for one in EXPERIMENTS if one.name in figures]
    parts = [
        _introduction(seconds),
        _marks(outcomes),
        _FIGURES,
        *(_table(one, figures[one.name]) for one in conducted),
    ]
    (FOLDER / "RESULTS.md").write_text("\n\n".join(parts) + "\n")


def _introduction(seconds: float) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return _INTRODUCTION.format(
        minutes=round(seconds / 60),
        machine=f"{machine}, airbyte-cdk {version('airbyte-cdk')}",
        build=_commit(),
        commit=COMMIT,
        airbyte=" with ".join(AIRBYTE_PINS),
        collector=COLLECTOR.replace(",", ", "),
        busy=f"{BUSY:.0%}",
    )


def _marks(outcomes: Sequence[Outcome]) -> str:
    names = ("mark", "value", "limit", "reached", "connector", "emulator", "may bind")
    lines = [_line(names), "|---" * len(names) + "|"]
    for outcome in outcomes:
        value = f"not measured: {outcome.why}" if outcome.value is None else f"{outcome.value:.2f}"
        judged = (outcome.mark.says, value, _limit(outcome), _WORDS[outcome.reached])
        shares = (_percent(outcome.cpu_share), _percent(outcome.zoho_share), outcome.bound)
        lines.append(_line([*judged, *shares]))
    return "## Marks\n\n" + "\n".join(lines)


def _limit(outcome: Outcome) -> str:
    if outcome.mark.limit is None:
        return ""
    return f"{'≥' if outcome.mark.at_least else '≤'} {outcome.mark.limit:g}"


def _percent(share: float | None) -> str:
    return f"{share:.0%}" if share else ""


def _table(experiment: Experiment, figures: Figures) -> str:
    lines = [f"### {experiment.name}", "", experiment.says + ".", "", _line(_COLUMNS)]
    lines.append("|---" * len(_COLUMNS) + "|")
    lines += [_line(_cells(label, figures)) for label in experiment.sides]
    return "\n".join(lines)


def _cells(label: str, figures: Figures) -> list[str]:
    if label in figures.failures:
        return [label, "0", f"failed: {figures.failures[label]}", *[""] * (len(_COLUMNS) - 3)]

    def median(of: str, form: str) -> str:
        found = figures.find_median(label, of)
        return "" if found is None else format(found, form)

    return [
        label,
        f"{len(figures.samples[label])}",
        median("rows", ",.0f"),
        median("wall_s", ".2f"),
        median("cpu_s", ".2f"),
        median("rows_per_s", ",.0f"),
        median("cpu_us", ",.1f"),
        median("peak_mb", ".0f"),
        median("at_once", ".0f"),
        median("cpu_share", ".0%"),
        median("zoho_us", ",.1f"),
        median("zoho_share", ".0%"),
        median("credits", ",.0f"),
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "an unknown commit"
