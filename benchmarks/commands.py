"""What a command costs: time, CPU, memory, and the records that it prints."""

import math
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

CHECKOUT = Path(__file__).parents[1]
#: Lines of records begin so; the CDK of Airbyte's old source prints blanks.
_RECORDS = (b'\n{"type":"RECORD"', b'\n{"type": "RECORD"')
_CHUNK = 1 << 20
#: Bytes that a slow reader takes before it waits.
_BEFORE_PAUSE = 2_000_000
#: Seconds after which a command is ended; none should take a quarter of it.
MOST_S = 1_200.0


class RunError(Exception):
    """A command failed, hung, or did other work than it was to do."""


class Used(NamedTuple):
    """What one process used.

    `peak_mb`: the most memory at any moment, in units of 2**20 bytes; not a number where the
    benchmark itself takes more, for then it cannot be told.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    records: int


class RecordCounter:
    """Counts lines that hold a record, in output that comes in pieces."""

    def __init__(self) -> None:
        self.records = 0
        self._tails = dict.fromkeys(_RECORDS, b"\n")

    def feed(self, piece: bytes) -> None:
        for begin, tail in self._tails.items():
            text = tail + piece
            self.records += text.count(begin)
            # One byte less than what is looked for: nothing is counted twice.
            self._tails[begin] = text[1 - len(begin) :]


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a measured command: no proxy, compiled modules kept, and `more`."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {**kept, "TZ": "UTC", **more}


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    fed: Path | None = None,
    keep: Path | None = None,
    pause_s: float = 0.0,
) -> Used:
    """Runs a command, with its output going through a pipe, as a platform reads it.

    `fed` is its input, `keep` receives its output. With `pause_s`, the pipe's reader waits so long
    once some output has come. Raises `RunError` where the command fails or takes over `MOST_S`.
    """
    if not Path(command[0]).exists():
        raise RunError(f"{Path(command[0]).name} is not installed.")
    begun = time.monotonic()
    counter = RecordCounter()
    with (
        (fed or Path(os.devnull)).open("rb") as stdin,
        (keep or Path(os.devnull)).open("wb") as kept,
        tempfile.TemporaryFile() as said,
    ):
        process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
            cwd=CHECKOUT,
            bufsize=0,
        )
        assert process.stdout is not None
        # Killing by number is safe until wait4 has returned; the timer is stopped right then.
        timer = threading.Timer(MOST_S, process.kill)
        timer.start()
        try:
            tail = _drain(process.stdout, counter, kept, pause_s)
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C: nothing that was started goes on
            process.kill()
            process.wait()
            raise
        finally:
            timer.cancel()
            process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - begun
        if process.returncode:
            said.seek(0)
            why = (tail + said.read())[-2_000:].decode(errors="replace")
            hint = f" (ended after {MOST_S:.0f} s)" if wall_s > MOST_S else ""
            raise RunError(f"{Path(command[0]).name} ended with {process.returncode}{hint}: {why}")
    peak_mb = usage.ru_maxrss / 1_024 if usage.ru_maxrss > _own_peak_kb() else math.nan
    return Used(wall_s, usage.ru_utime + usage.ru_stime, peak_mb, counter.records)


def _own_peak_kb() -> int:
    """The most memory of this process so far: Linux hands it down to those that it starts."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def _drain(output: IO[bytes], counter: RecordCounter, kept: IO[bytes], pause_s: float) -> bytes:
    """Reads to the end; returns the last of it."""
    tail, taken = b"", 0
    while piece := output.read(_CHUNK):
        counter.feed(piece)
        kept.write(piece)
        tail = (tail + piece)[-1_000:]
        taken += len(piece)
        if pause_s and taken > _BEFORE_PAUSE:
            time.sleep(pause_s)
            pause_s = 0.0
    return tail
