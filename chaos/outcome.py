"""What became of a scenario, and the table of all of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from chaos.warehouse import Losses

_COLUMNS = ("runs", "lost", "stale", "not_deleted", "repeated", "leaked", "hung", "wrong")
_HEAD = f"{'fault':<28}{'method':<8}" + "".join(
    f"{name.replace('_', ' '):>12}" for name in _COLUMNS
)
_SHOWN = 3


@dataclass
class Outcome:
    """Counts of one scenario. `wrong` is what else is not as it must be, in sentences."""

    half: str
    fault: str
    method: str
    version: str
    seed: int
    folder: Path
    runs: int = 0
    losses: Losses = field(default_factory=Losses)
    repeated: int = 0
    leaked: int = 0
    hung: int = 0
    wrong: list[str] = field(default_factory=list)
    #: Why it was not run.
    skipped: str = ""
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        return bool(self.losses or self.leaked or self.hung or self.wrong)

    @property
    def command(self) -> str:
        return (
            f"python -m chaos {self.half} --method {self.method} --fault {self.fault}"
            f" --seed {self.seed}"
        )

    @property
    def counts(self) -> dict[str, int]:
        return {
            "runs": self.runs,
            "lost": len(self.losses.lost),
            "stale": len(self.losses.stale),
            "not_deleted": len(self.losses.not_deleted),
            "repeated": self.repeated,
            "leaked": self.leaked,
            "hung": self.hung,
            "wrong": len(self.wrong),
        }

    def story(self) -> str:
        """A failure: what was wrong, how to see it again, where its files are."""
        lines = [f"FAILED {self.fault} {self.method} {self.version} seed {self.seed}"]
        for name, rows in (
            ("lost", self.losses.lost),
            ("stale", self.losses.stale),
            ("not deleted", self.losses.not_deleted),
        ):
            if rows:
                lines.append(f"  {name}: {len(rows)}, as {'; '.join(rows[:_SHOWN])}")
        if self.leaked:
            lines.append(
                f"  leaked: {self.leaked} secrets in the output, or calls to a foreign host"
            )
        if self.hung:
            lines.append(f"  hung: {self.hung} processes")
        lines += [f"  wrong: {sentence}" for sentence in self.wrong]
        lines += [f"  again: {self.command}", f"  files: {self.folder}"]
        return "\n".join(lines)


def table(outcomes: Iterable[Outcome]) -> str:
    """A line per fault and method, and their sums."""
    sums: dict[tuple[str, str], dict[str, int]] = {}
    skipped: dict[str, str] = {}
    for outcome in outcomes:
        if outcome.skipped:
            skipped[outcome.fault] = outcome.skipped
            continue
        line = sums.setdefault((outcome.fault, outcome.method), dict.fromkeys(_COLUMNS, 0))
        for name, count in outcome.counts.items():
            line[name] += count
    total = {name: sum(line[name] for line in sums.values()) for name in _COLUMNS}
    lines = [_HEAD]
    lines += [_line(fault, method, counts) for (fault, method), counts in sums.items()]
    lines += [_line("sum", "", total)]
    lines += [f"not run: {fault}: {why}" for fault, why in skipped.items()]
    return "\n".join(lines)


def _line(fault: str, method: str, counts: dict[str, int]) -> str:
    return f"{fault:<28}{method:<8}" + "".join(f"{counts[name]:>12,}" for name in _COLUMNS)
