"""What became of a scenario, and the table of all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

_SHOWN = 3


class Bad(Protocol):
    """Rows of a half that are not as they must be."""

    @property
    def kinds(self) -> Mapping[str, list[str]]:
        """Each as "stream key: how", by what is wrong with them; each kind is a column."""


BadT = TypeVar("BadT", bound=Bad)


@dataclass
class Outcome(Generic[BadT]):
    """Counts of one scenario. `wrong` is what else is not as it must be, in sentences."""

    half: str
    fault: str
    #: What the half tries its faults on, and the one of them that this is about.
    option: str
    way: str
    version: str
    seed: int
    folder: Path
    losses: BadT
    runs: int = 0
    repeated: int = 0
    leaked: int = 0
    hung: int = 0
    wrong: list[str] = field(default_factory=list)
    #: Why it was not run.
    skipped: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return bool(any(self.losses.kinds.values()) or self.leaked or self.hung or self.wrong)

    @property
    def command(self) -> str:
        return (
            f"python -m chaos {self.half} --{self.option} {self.way} --fault {self.fault}"
            f" --seed {self.seed}"
        )

    @property
    def counts(self) -> dict[str, int]:
        """The columns of the table."""
        return {
            "runs": self.runs,
            **{kind: len(rows) for kind, rows in self.losses.kinds.items()},
            "repeated": self.repeated,
            "leaked": self.leaked,
            "hung": self.hung,
            "wrong": len(self.wrong),
        }

    def story(self) -> str:
        """A failure: what was wrong, how to see it again, where its files are."""
        lines = [f"FAILED {self.fault} {self.way} {self.version} seed {self.seed}"]
        for name, rows in self.losses.kinds.items():
            if rows:
                lines.append(f"  {name}: {len(rows)}, as {'; '.join(rows[:_SHOWN])}")
        if self.leaked:
            lines.append(
                f"  leaked: {self.leaked} secrets or values in the output, or calls to a foreign "
                "host"
            )
        if self.hung:
            lines.append(f"  hung: {self.hung} processes")
        lines += [f"  wrong: {sentence}" for sentence in self.wrong]
        lines += [f"  again: {self.command}", f"  files: {self.folder}"]
        return "\n".join(lines)


def table(outcomes: Iterable[Outcome[Any]]) -> str:
    """A line per fault and way, and their sums. All outcomes are of one half."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    skipped: dict[str, str] = {}
    option, total = "", dict[str, int]()
    for outcome in outcomes:
        option = outcome.option
        if outcome.skipped:
            skipped[outcome.fault] = outcome.skipped
            continue
        line = sums.setdefault((outcome.fault, outcome.way), {})
        for name, count in outcome.counts.items():
            line[name] = line.get(name, 0) + count
            total[name] = total.get(name, 0) + count
    head = "".join(f"{name:>12}" for name in total)
    lines = [f"{'fault':<28}{option:<16}{head}"]
    lines += [_line(fault, way, counts) for (fault, way), counts in sums.items()]
    lines += [_line("sum", "", total)]
    lines += [f"not run: {fault}: {why}" for fault, why in skipped.items()]
    return "\n".join(lines)


def _line(fault: str, way: str, counts: Mapping[str, int]) -> str:
    return f"{fault:<28}{way:<16}" + "".join(f"{count:>12,}" for count in counts.values())
