"""What `make bench` makes of its runs: no figure without a run, no failure without a line."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import plots, report
from benchmarks.chart import chart
from benchmarks.commands import RunError
from benchmarks.experiments import EXPERIMENTS, LATENCIES, SHAPES, Experiment, Figures, conduct
from benchmarks.lab import Lab, Sample
from benchmarks.marks import MARKS, Mark, judge, median, ratio
from benchmarks.runs import Read

SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class Played:
    """A run whose figures are given: one sample, or failure, for each round."""

    samples: list[Sample | str]
    order: list[str] = field(default_factory=list)
    label: str = ""

    def sample(self, lab: Lab) -> Sample:
        self.order.append(self.label)
        found = self.samples.pop(0)
        if isinstance(found, str):
            raise RunError(found)
        return found


def sample(wall_s: float = 1.0, cpu_s: float = 0.5, peak_mb: float = 100.0) -> Sample:
    return Sample(1_000, wall_s, cpu_s, peak_mb, zoho_cpu_s=0.25, credits=10)


def mark(
    value: Callable[[Figures], float], limit: float | None = 2.0, *, at_least: bool = False
) -> Mark:
    return Mark("a_mark", "A mark", "e", value, limit, at_least=at_least)


def figures(**sides: list[Sample]) -> Figures:
    return Figures(dict(sides))


def test_the_sides_of_an_experiment_run_in_turn() -> None:
    order: list[str] = []
    a, b = (Played([sample(), sample()], order, label) for label in "ab")

    found = conduct(Experiment("e", "", {"a": a, "b": b}), 2, lambda *_: None)

    assert order == ["a", "b", "a", "b"]
    assert [len(found.samples[label]) for label in "ab"] == [2, 2]


def test_a_side_that_fails_is_left_out_and_the_others_go_on() -> None:
    sides = {"a": Played([sample(), "It broke."]), "b": Played([sample()] * 3)}

    found = conduct(Experiment("e", "", sides), 3, lambda *_: None)

    assert found.failures == {"a": "It broke."}
    assert len(found.samples["b"]) == 3
    outcome, other = judge((mark(median("a", "cpu_us")), mark(median("b", "cpu_us"))), {"e": found})
    assert (outcome.value, outcome.reached, outcome.why) == (None, False, "a: It broke.")
    assert other.value == pytest.approx(500)
    assert "not measured" in report.describe(outcome)


def test_a_ratio_is_the_median_of_what_each_round_gives() -> None:
    """The machine is slower in the second round, and its medians would say 2."""
    here = [sample(cpu_s=s) for s in (1.0, 6.0, 2.0)]
    before = [sample(cpu_s=s) for s in (1.0, 2.0, 1.0)]

    assert figures(here=here, before=before).ratio("here", "before", "cpu_us") == 2.0
    drifted = figures(here=[*here[:2], sample(cpu_s=1.2)], before=before)
    assert drifted.ratio("here", "before", "cpu_us") == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("limit", "at_least", "reached"),
    [
        (2.0, False, True),
        (1.9, False, False),
        (2.0, True, True),
        (2.1, True, False),
        (None, False, None),
    ],
)
def test_a_limit_is_the_last_value_that_reaches_it(
    limit: float | None, at_least: bool, reached: bool | None
) -> None:
    found = figures(here=[sample(cpu_s=2.0)], before=[sample(cpu_s=1.0)])

    (outcome,) = judge(
        [mark(ratio("here", "before", "cpu_us"), limit, at_least=at_least)], {"e": found}
    )

    assert outcome.result == {"mark": "a_mark", "value": 2.0, "limit": limit, "reached": reached}


def test_memory_that_cannot_be_told_is_no_figure() -> None:
    found = figures(here=[sample(peak_mb=math.nan), sample()])

    (outcome,) = judge([mark(median("here", "peak_mb"))], {"e": found})

    assert outcome.value is None
    assert "takes more memory" in outcome.why


def test_cpu_counts_though_the_clock_says_nothing() -> None:
    found = figures(here=[sample(wall_s=-0.1)])

    cpu, speed = judge(
        (mark(median("here", "cpu_us")), mark(median("here", "rows_per_s"))), {"e": found}
    )

    assert (cpu.value, cpu.zoho_share) == (pytest.approx(500), None)
    assert "too busy" in speed.why


@pytest.mark.parametrize(
    ("cpu_s", "zoho_cpu_s", "bound"),
    [
        (0.5, 0.5, ""),
        (0.9, 0.5, "the connector's CPU"),
        (0.5, 0.9, "the emulator"),
        (0.9, 0.9, "the connector's CPU and the emulator"),
    ],
)
def test_what_is_always_at_work_may_be_what_binds(
    cpu_s: float, zoho_cpu_s: float, bound: str
) -> None:
    found = figures(here=[Sample(1_000, 1.0, cpu_s, 100.0, zoho_cpu_s)])

    (outcome,) = judge([mark(median("here", "rows_per_s"))], {"e": found})

    assert outcome.bound == bound
    assert (f"({bound} may bind)" in report.describe(outcome)) is bool(bound)


def test_every_mark_is_of_an_experiment_that_has_its_sides() -> None:
    by_name = {experiment.name: experiment for experiment in EXPERIMENTS}
    alike = {
        name: figures(**{label: [sample()] for label in experiment.sides})
        for name, experiment in by_name.items()
    }

    outcomes = judge(MARKS, alike)

    assert [outcome.mark for outcome in outcomes] == list(MARKS)
    assert [outcome.why for outcome in outcomes if outcome.value is None] == []
    assert all(outcome.zoho_share is not None for outcome in outcomes)
    assert len({one.name for one in MARKS}) == len(MARKS)


def test_the_dearest_shape_decides_about_credits() -> None:
    sides = {f"{build}: {' '.join(s)}": [sample()] for s in SHAPES for build in ("here", "before")}
    dearer = Sample(1_000, 1.0, 0.5, 100.0, credits=11)
    sides[f"here: {' '.join(SHAPES[-1])}"] = [dearer]

    found = {one.mark.name: one for one in judge(MARKS, {"credits": figures(**sides)})}

    assert found["credits_vs_before"].value == pytest.approx(1.1)
    assert found["credits_vs_before"].reached is False


def test_both_sides_of_a_ratio_to_the_ceiling_have_the_same_collector() -> None:
    sides = [
        side
        for experiment in EXPERIMENTS
        if experiment.name.startswith("cpu-")
        for side in experiment.sides.values()
        if isinstance(side, Read)
    ]

    assert len(sides) > 5
    assert all(side.alike for side in sides)


def test_the_results_have_a_line_for_each_mark_and_each_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    spec = next(experiment for experiment in EXPERIMENTS if experiment.name == "spec")
    no_rows = Sample(0, 1.0, 0.5, 100.0)
    found = figures(**{"import": [no_rows], "here": [replace(no_rows, cpu_s=0.54)]})
    found.failures["before"] = "It broke."

    report.write(judge(MARKS, {"spec": found}), {"spec": found}, 125.0)

    assert json.loads((tmp_path / "results.json").read_text()) == [
        {"mark": "spec_vs_import", "value": 1.08, "limit": 1.1, "reached": True}
    ]
    text = (tmp_path / "RESULTS.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines] == [
        *("| mark", "| `spec`: CPU, times that of `import airbyte_cdk`"),
        *("| side", *(f"| {side}" for side in spec.sides)),
    ]
    assert "| here | 1 | 0 | 1.00 | 0.54 |  |  | 100 |" in text
    assert "| before | 0 | failed: It broke. |" in text
    assert {line.count("|") for line in lines[2:]} == {14}
    assert str(Path.home()) not in text


def test_a_plot_leaves_out_what_was_not_measured(tmp_path: Path) -> None:
    here = {f"here {latency}": [sample(wall_s=latency / 100)] for latency in LATENCIES}

    plots.draw(tmp_path, {"latency": figures(**here)})

    assert [path.name for path in tmp_path.iterdir()] == ["rows-per-second.svg"]
    (line,) = ElementTree.parse(tmp_path / "rows-per-second.svg").iter(f"{SVG}polyline")
    assert len(line.attrib["points"].split()) == len(LATENCIES)


@pytest.mark.parametrize("log_y", [True, False])
def test_names_of_lines_that_end_together_do_not_cover_each_other(
    tmp_path: Path, log_y: bool
) -> None:
    lines = {name: [(10.0, 150.0), (1_000.0, 150.0 + n / 10)] for n, name in enumerate("abc")}

    chart(tmp_path / "a.svg", "A & B", "x", "y", lines, log_y=log_y)

    texts = list(ElementTree.parse(tmp_path / "a.svg").iter(f"{SVG}text"))
    heights = sorted(float(text.attrib["y"]) for text in texts if text.text in lines)
    assert all(lower - upper >= 16 for upper, lower in pairwise(heights))
    assert "A & B" in [text.text for text in texts]
