"""A connector as a process: run to its end, killed on the way, or given up as hung."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import Any

import orjson

Json = dict[str, Any]
#: Whether a moment has come, by the seconds since the start and the bytes printed.
Moment = Callable[[float, int], bool]

#: No scenario's faults make a read wait this long; what does is hung.
PATIENCE_S = 240
_LOOK_S = 0.02
_ACCESS_TOKEN = re.compile(rb"1000\.[0-9a-f]{32}\.[0-9a-f]{32}")
_MOST_SENTENCE = 1_000
#: What shells add to the number of a signal that ended a process.
_SIGNALLED = 128
#: Processes that have not ended yet.
_started: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Run:
    """What a process printed, and how it ended."""

    out: Path
    err: Path
    exit_code: int
    #: We ended it on purpose.
    killed: bool
    #: We ended it because it did not end by itself.
    hung: bool
    #: It was sent SIGTERM.
    terminated: bool = False

    @cached_property
    def _read(self) -> tuple[list[Json], list[bytes]]:
        messages, strays = [], []
        lines = self.out.read_bytes().split(b"\n")
        # What stands behind the last line break was cut off by a kill, or is nothing.
        for line in lines[:-1]:
            try:
                message = orjson.loads(line)
            except orjson.JSONDecodeError:
                message = None
            if isinstance(message, dict) and "type" in message:
                messages.append(message)
            else:
                strays.append(line)
        return messages, strays

    @property
    def messages(self) -> list[Json]:
        return self._read[0]

    @property
    def strays(self) -> list[bytes]:
        """Lines that are no message of the protocol."""
        return self._read[1]

    @property
    def records(self) -> Iterator[tuple[str, Json]]:
        for message in self.messages:
            if message["type"] == "RECORD":
                yield message["record"]["stream"], message["record"]["data"]

    @property
    def states(self) -> dict[str, Json]:
        """Each stream's last state message, as `--state` takes it."""
        found = (message["state"] for message in self.messages if message["type"] == "STATE")
        return {state["stream"]["stream_descriptor"]["name"]: state for state in found}

    @property
    def completed(self) -> set[str]:
        """Streams that said that they are complete."""
        traces = [message["trace"] for message in self.messages if message["type"] == "TRACE"]
        said = [trace["stream_status"] for trace in traces if "stream_status" in trace]
        last = {one["stream_descriptor"]["name"]: one["status"] for one in said}
        return {name for name, status in last.items() if status == "COMPLETE"}

    @property
    def errors(self) -> list[str]:
        """The sentences that a person sees."""
        traces = [message["trace"] for message in self.messages if message["type"] == "TRACE"]
        return [str(trace["error"]["message"]) for trace in traces if "error" in trace]

    def count_leaks(self, secrets: Sequence[str]) -> int:
        """How often a secret or an access token is in what was printed."""
        text = self.out.read_bytes() + self.err.read_bytes()
        return sum(text.count(secret.encode()) for secret in secrets) + sum(
            1 for _ in _ACCESS_TOKEN.finditer(text)
        )

    def find_unclear(self) -> list[str]:
        """What is wrong with how a failure is reported."""
        found = [f"a line that is no message: {line[:200]!r}" for line in self.strays]
        if b"Traceback (most recent call last)" in self.err.read_bytes():
            found.append("a traceback on standard error")
        signalled = self.killed or (self.terminated and self.exit_code == -signal.SIGTERM)
        if self.exit_code and not signalled and not self.errors:
            found.append(f"exit code {self.exit_code} without an error")
        for sentence in self.errors:
            if re.search(r"Traceback|Something went wrong|\bNone\b|Error\(|object at 0x", sentence):
                found.append(f"no clear sentence: {sentence[:300]}")
            elif not sentence.strip() or len(sentence) > _MOST_SENTENCE:
                found.append(f"a sentence of {len(sentence)} characters: {sentence[:300]}")
        return found


@dataclass(frozen=True)
class Connector:
    """A command of the checkout, whose files lie in a folder."""

    command: str
    folder: Path

    def run(
        self,
        name: str,
        *arguments: str,
        files: Mapping[str, object],
        fed: Path | None = None,
        kill: Moment | None = None,
        stop: Moment | None = None,
        patience_s: float = PATIENCE_S,
    ) -> Run:
        """Runs it with `--key FILE` for each of `files`, and with what is in `fed` as its input.

        `kill` is asked every 20 ms, by the seconds since the start and the bytes printed, whether
        the process is to be killed (SIGKILL); `stop`, until it says so, whether it is to
        receive SIGTERM.
        """
        given = list(arguments)
        for key, content in files.items():
            path = self.folder / f"{name}.{key}.json"
            path.write_bytes(orjson.dumps(content))
            given += [f"--{key}", str(path)]
        out, err = self.folder / f"{name}.out.jsonl", self.folder / f"{name}.err.txt"
        executable = Path(sys.executable).with_name(self.command)
        begun = time.monotonic()
        killed = hung = terminated = False
        with (
            out.open("wb") as stdout,
            err.open("wb") as stderr,
            (fed or Path(os.devnull)).open("rb") as stdin,
        ):
            process = subprocess.Popen(
                [str(executable), *given],
                cwd=self.folder,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
            )
            _started.add(process)
            try:
                while process.poll() is None:
                    passed = time.monotonic() - begun
                    hung = passed > patience_s
                    killed = not hung and kill is not None and kill(passed, out.stat().st_size)
                    if hung or killed:
                        process.kill()
                        process.wait()
                        break
                    if stop is not None and not terminated and stop(passed, out.stat().st_size):
                        terminated = True
                        process.terminate()
                    time.sleep(_LOOK_S)
            finally:
                _started.discard(process)
                if process.poll() is None:
                    process.kill()
                    process.wait()
        return Run(out, err, process.returncode, killed, hung, terminated)


def _end(number: int, _: FrameType | None) -> None:
    for child in multiprocessing.active_children():
        child.terminate()
    for process in list(_started):
        process.kill()
    # At once: threads of a scenario would be waited for.
    os._exit(_SIGNALLED + number)


def forward_signals() -> None:
    """Has this process, when it receives SIGTERM, end its own processes first."""
    signal.signal(signal.SIGTERM, _end)
