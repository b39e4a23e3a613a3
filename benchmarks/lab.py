"""What the runs of one experiment share: emulators, and files for the commands."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from benchmarks.builds import Build
from benchmarks.commands import RunError, Used, run, surroundings
from benchmarks.files import catalog_of
from benchmarks.zoho import Org, Usage, Zoho, emulator

_SHIM = str(Path(__file__).parent / "shim")
#: Thresholds of the garbage collector where both sides of a ratio have the same ones. With these a
#: full collection is rare, so that what is compared is the work and not how it is cleaned up.
COLLECTOR = "50000,20,100"
#: Records that the CDK's ceiling prints in turn.
_READY = 2_000


@dataclass(frozen=True)
class Sample:
    """One run, less start-up. `at_once`: the most calls that the emulator saw at one time.

    `rows` is 0 where a command has none. Properties raise `RunError` where they have no sense.
    """

    rows: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    zoho_cpu_s: float = 0.0
    credits: int = 0
    at_once: int = 0

    @property
    def rows_per_s(self) -> float:
        return self._counted_rows / self._passed_s

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU per row."""
        if self.cpu_s <= 0:
            raise RunError("start-up alone took more CPU: the machine is too busy")
        return self.cpu_s / self._counted_rows * 1e6

    @property
    def cpu_share(self) -> float:
        """How much of the time the connector was at work. One interpreter uses one core, mostly."""
        return self.cpu_s / self._passed_s

    @property
    def zoho_us(self) -> float:
        return self.zoho_cpu_s / self._counted_rows * 1e6

    @property
    def zoho_share(self) -> float:
        """How much of the time the emulator was at work. It serves on one core: 1 is its limit."""
        return self.zoho_cpu_s / self._passed_s

    @property
    def _counted_rows(self) -> int:
        if not self.rows:
            raise RunError("it has no rows")
        return self.rows

    @property
    def _passed_s(self) -> float:
        if self.wall_s <= 0:
            raise RunError("start-up alone took longer: the machine is too busy")
        return self.wall_s


@dataclass(frozen=True)
class Measured:
    """What a command used, and what the emulator did for it."""

    used: Used
    zoho_cpu_s: float
    usage: Usage

    def less(self, start: "Measured", rows: int, credits_: int = 0) -> Sample:
        """This run without what `start` used."""
        wall_s, cpu_s = self.used.wall_s - start.used.wall_s, self.used.cpu_s - start.used.cpu_s
        zoho_cpu_s = self.zoho_cpu_s - start.zoho_cpu_s
        peak_mb, at_once = self.used.peak_mb, self.usage.at_once
        return Sample(rows, wall_s, cpu_s, peak_mb, zoho_cpu_s, credits_, at_once)


class Lab:
    """Starts each emulator once and keeps it until the experiment ends."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._running: dict[Org, Zoho] = {}
        self._streams: dict[tuple[str, str, Org, str], dict[str, Any]] = {}
        self._ready: dict[tuple[Org, int], Path] = {}

    def zoho(self, org: Org) -> Zoho:
        if org not in self._running:
            zoho = self._stack.enter_context(emulator(org.options))
            if org.prepare:
                org.prepare(zoho)
            self._running[org] = zoho
        return self._running[org]

    def path(self, name: str) -> Path:
        return self._folder / name

    def write(self, name: str, content: object) -> str:
        path = self.path(name)
        path.write_bytes(orjson.dumps(content))
        return str(path)

    def measure(
        self, zoho: Zoho, command: Sequence[str], environment: Mapping[str, str], **how: Any
    ) -> Measured:
        """Runs a command that talks to `zoho`; `how` is for `commands.run`."""
        zoho.forget()
        before = zoho.cpu_s()
        used = run(command, environment, **how)
        return Measured(used, zoho.cpu_s() - before, zoho.usage())

    def environment(
        self, build: Build, account: Mapping[str, str], *, alike: bool = False
    ) -> dict[str, str]:
        """Variables of a command of `build`; `alike`: with the collector that all have."""
        variables = build.variables(account) | ({"BENCH_COLLECTOR": COLLECTOR} if alike else {})
        return surroundings(**variables, PYTHONPATH=_SHIM) if variables else surroundings()

    def stream(
        self, build: Build, org: Org, config: Mapping[str, Any], module: str, columns: int
    ) -> dict[str, Any]:
        """A module's stream as `discover` prints it, with its first columns; 0 is all."""
        zoho = self.zoho(org)
        key = (build.name, module, org, str(config.get("schema_version")))
        if key not in self._streams:
            zoho.set_knobs(latency_ms=0)
            out = self.path("discovered.jsonl")
            command = [build.command("source-zoho-crm"), "discover"]
            command += ["--config", self.write("discover.json", config)]
            run(command, self.environment(build, zoho.account), keep=out)
            name = build.stream_name(module)
            streams = next(messages(out, "CATALOG"))["catalog"]["streams"]
            found = next((stream for stream in streams if stream["name"] == name), None)
            if found is None:
                raise RunError(f"{build.says} does not offer {module}.")
            self._streams[key] = found
        return _narrowed(self._streams[key], columns)

    def ready_rows(self, build: Build, org: Org, columns: int) -> Path:
        """Records as `build` prints them: what the CDK's ceiling prints in turn."""
        if (org, columns) not in self._ready:
            zoho = self.zoho(org)
            config = build.config(zoho.account)
            catalog = catalog_of([self.stream(build, org, config, "Leads", columns)])
            out = self.path("read.jsonl")
            command = [build.command("source-zoho-crm"), "read"]
            command += ["--config", self.write("ready.config.json", config)]
            command += ["--catalog", self.write("ready.catalog.json", catalog)]
            run(command, self.environment(build, zoho.account), keep=out)
            path = self.path(f"ready.{columns}.jsonl")
            with path.open("wb") as file:
                for _, message in zip(range(_READY), messages(out, "RECORD"), strict=False):
                    file.write(orjson.dumps(message["record"]["data"]) + b"\n")
            out.unlink()
            self._ready[org, columns] = path
        return self._ready[org, columns]


@contextmanager
def opened() -> Iterator[Lab]:
    with tempfile.TemporaryDirectory(prefix="zoho_bench_") as folder, ExitStack() as stack:
        yield Lab(Path(folder), stack)


def messages(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    """The messages of one type in a command's output. Raises `RunError` where it has none."""
    found = False
    with path.open("rb") as lines:
        for line in lines:
            message = orjson.loads(line)
            if message["type"] == kind:
                found = True
                yield message
    if not found:
        raise RunError(f"A command printed no {kind}.")


def _narrowed(stream: dict[str, Any], columns: int) -> dict[str, Any]:
    if not columns:
        return stream
    properties = stream["json_schema"]["properties"]
    chosen = list(dict.fromkeys(["id", "Modified_Time", *properties]))[:columns]
    schema = {**stream["json_schema"], "properties": {name: properties[name] for name in chosen}}
    return {**stream, "json_schema": schema}
