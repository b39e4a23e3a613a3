"""The kinds of runs: what each does, and what is taken off as start-up.

Each has `sample`, which makes one run (and one of start-up alone) and may raise `RunError`.
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from benchmarks.builds import HERE, Build
from benchmarks.commands import RunError, Used, run, surroundings
from benchmarks.files import catalog_of
from benchmarks.lab import Lab, Measured, Sample
from benchmarks.zoho import Org, Usage

METHODS = {
    "COQL": {"use_coql": "enabled"},
    "REST": {"use_coql": "disabled", "api_type": "REST"},
    "Bulk": {"use_coql": "disabled", "api_type": "Bulk"},
}
#: Of a run that was not made.
NOTHING = Measured(Used(0.0, 0.0, 0.0, 0), 0.0, Usage(0, 0, 0))


class Kind(Protocol):
    def sample(self, lab: Lab) -> Sample: ...


@dataclass(frozen=True)
class Read:
    """A source reads a module whole; start-up is a run with a state in the far future.

    `columns`: how many, 0 is all. `alike`: with the collector that all sides have. `pause_s`: the
    reader of the output waits so long. `gross`: start-up is not taken off, where credits matter.
    """

    build: Build
    org: Org
    latency_ms: int = 0
    method: str = "COQL"
    columns: int = 0
    module: str = "Leads"
    version: str = "v4"
    alike: bool = False
    pause_s: float = 0.0
    gross: bool = False

    def sample(self, lab: Lab, keep: Path | None = None) -> Sample:
        """One run; `keep` receives what it prints."""
        zoho = lab.zoho(self.org)
        config = self.build.config(zoho.account)
        config |= {"schema_version": self.version, "retrieval": METHODS[self.method]}
        stream = lab.stream(self.build, self.org, config, self.module, self.columns)
        command = [self.build.command("source-zoho-crm"), "read"]
        command += ["--config", lab.write("config.json", config)]
        command += ["--catalog", lab.write("catalog.json", catalog_of([stream]))]
        nothing = ["--state", lab.write("state.json", self.build.future(self.module))]
        environment = lab.environment(self.build, zoho.account, alike=self.alike)
        zoho.set_knobs(latency_ms=self.latency_ms)
        start = NOTHING
        if not self.gross:
            start = lab.measure(zoho, [*command, *nothing], environment)
        full = lab.measure(zoho, command, environment, keep=keep, pause_s=self.pause_s)
        rows = full.used.records - start.used.records
        if rows < 1:
            raise RunError("No rows came.")
        return full.less(start, rows, full.usage.record_credits)


@dataclass(frozen=True)
class Ceiling:
    """The CDK prints ready dicts; start-up is a run of none."""

    org: Org
    columns: int
    rows: int

    def sample(self, lab: Lab) -> Sample:
        file = lab.ready_rows(HERE, self.org, self.columns)
        command = [sys.executable, "-m", "benchmarks.ceiling", str(file)]
        environment = lab.environment(HERE, {}, alike=True)
        used = [run([*command, rows], environment) for rows in ("0", str(self.rows))]
        start, full = (replace(NOTHING, used=one) for one in used)
        return full.less(start, full.used.records)


@dataclass(frozen=True)
class Discover:
    """`discover` of an org; start-up is `spec`."""

    build: Build
    org: Org
    latency_ms: int

    def sample(self, lab: Lab) -> Sample:
        zoho = lab.zoho(self.org)
        zoho.set_knobs(latency_ms=self.latency_ms)
        source = self.build.command("source-zoho-crm")
        config = lab.write("config.json", self.build.config(zoho.account))
        environment = lab.environment(self.build, zoho.account)
        start = lab.measure(zoho, [source, "spec"], environment)
        full = lab.measure(zoho, [source, "discover", "--config", config], environment)
        return full.less(start, 0)


@dataclass(frozen=True)
class Start:
    """A command that talks to nobody; all of it counts."""

    command: tuple[str, ...]

    def sample(self, lab: Lab) -> Sample:
        return replace(NOTHING, used=run(self.command, surroundings())).less(NOTHING, 0)
