"""Files that connector commands want, and what a command costs."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple


@contextmanager
def written(content: object) -> Iterator[str]:
    """A temporary JSON file."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        yield file.name


def catalog_of(streams: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A configured catalog of these streams, in the last of their sync modes."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": stream["supported_sync_modes"][-1],
                "destination_sync_mode": "append",
            }
            for stream in streams
        ]
    }


class Cost(NamedTuple):
    cpu_s: float
    peak_mb: float


def cost(command: Sequence[str], output: Path) -> Cost:
    """CPU time and peak memory of a command, with its standard output going to a file."""
    # Files: a pipe that nobody reads meanwhile would stop a command that says much.
    with output.open("wb") as file, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=file, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        stderr = said.read().decode()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{output.read_text()[-2000:]}\n{stderr[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@contextmanager
def emulator(*options: str) -> Iterator[dict[str, str]]:
    """A running emulator; yields the config that reaches it."""
    command = [sys.executable, "-m", "zoho_emulator", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
