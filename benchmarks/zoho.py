"""Emulators as processes of their own, so that their CPU is told apart from that of a connector."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.commands import CHECKOUT, RunError
from zoho_emulator.server import Running

#: Calls whose credits are not for records.
_METADATA = ("org", "settings.modules", "settings.fields")


@dataclass(frozen=True)
class Org:
    """What an emulator serves: options of its command, and what is done to it once it runs."""

    name: str
    options: tuple[str, ...]
    prepare: Callable[["Zoho"], None] | None = None


@dataclass(frozen=True)
class Usage:
    """What the emulator counted since `Zoho.forget`."""

    credits: int
    record_credits: int
    at_once: int


class Zoho:
    """A running emulator."""

    def __init__(self, process: subprocess.Popen[bytes], account: Mapping[str, str]) -> None:
        self._process = process
        self._running = Running(**account)

    @property
    def account(self) -> dict[str, str]:
        return self._running.account

    def control(self, method: str, path: str, body: object = None) -> Any:
        try:
            return self._running.control(method, path, body)
        except (RuntimeError, OSError) as error:
            raise RunError(f"The emulator refuses: {error}") from error

    def set_knobs(self, **knobs: object) -> None:
        self.control("POST", "knobs", knobs)

    def forget(self) -> None:
        """Begins to count anew; else the credits of a day would run out."""
        self.control("POST", "reset", {})

    def usage(self) -> Usage:
        said = self.control("GET", "usage")
        metadata = sum(said["calls"].get(name, 0) for name in _METADATA)
        return Usage(said["credits"], said["credits"] - metadata, said["max_concurrency"])

    def ids(self, module: str) -> list[str]:
        """Ids of a module's rows, taken from a stream of lines: see `commands.run` on memory."""
        with urlopen(f"{self._running.base_url}/_emulator/records/{module}") as lines:
            return [json.loads(line)["id"] for line in lines]

    def live(self, module: str) -> int:
        """Rows of a module outside the recycle bin."""
        counts: dict[str, int] = self.control("GET", "counts")[module]
        return counts["live"]

    def cpu_s(self) -> float:
        """CPU seconds that its process has used so far; Linux tells them."""
        text = Path(f"/proc/{self._process.pid}/stat").read_text()
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def emulator(options: Sequence[str]) -> Iterator[Zoho]:
    """An emulator on a free port, until the block ends; any number of tokens, exports at once."""
    command = [sys.executable, "-m", "zoho_emulator", "--port", "0", *options]
    command += ["--knob", "tokens_per_10_min=0", "--knob", "bulk_job_seconds=0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RunError(f"The emulator did not start: {' '.join(command)}")
        yield Zoho(process, json.loads(line))
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
