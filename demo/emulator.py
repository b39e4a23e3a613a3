"""The small Zoho CRM that the demo reads: a process of its own, spoken to by HTTP only."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import requests

from demo import DemoError

#: Every start of a connector asks for a token, more often than Zoho grants them.
_COMMAND = ("-m", "zoho_emulator", "--port", "0", "--seed", "1", "--knob", "tokens_per_10_min=0")
_END_S = 5


@dataclass(frozen=True, slots=True)
class Usage:
    """What has been asked of the emulator since its start."""

    calls: Mapping[str, int]
    #: Credits by the same names as the calls; None: the emulator does not say.
    credits_by: Mapping[str, int] | None
    credits: int


class Emulator:
    def __init__(self, announced: Mapping[str, str]) -> None:
        self.base_url = announced["base_url"]
        self.credentials = dict(announced)
        self._session = requests.Session()
        # Proxies of the surroundings are not meant for this machine's own addresses.
        self._session.trust_env = False

    def control(self, method: str, path: str, body: object = None) -> Any:
        """A call behind Zoho's back."""
        return self._call(method, path, body).json()

    def modules(self) -> list[str]:
        return list(self.control("GET", "counts"))

    def records(self, module: str) -> list[dict[str, Any]]:
        """Every live row of the module, by id."""
        lines = self._call("GET", f"records/{module}").content.splitlines()
        return [orjson.loads(line) for line in lines]

    def fingerprint(self) -> str:
        """The same for the same rows of all modules."""
        digest = hashlib.sha256()
        for module in self.modules():
            digest.update(module.encode())
            digest.update(self._call("GET", f"records/{module}").content)
        return digest.hexdigest()

    def now(self) -> int:
        return int(self.control("POST", "clock", {"advance_s": 0})["now"])

    def usage(self) -> Usage:
        usage = self.control("GET", "usage")
        return Usage(usage["calls"], usage.get("credits_by"), usage["credits"])

    def _call(self, method: str, path: str, body: object = None) -> requests.Response:
        response = self._session.request(
            method, f"{self.base_url}/_emulator/{path}", json=body, timeout=60
        )
        if not response.ok:
            raise DemoError(f"The emulator refuses {method} {path}: {response.text}")
        return response


@contextmanager
def emulator(log: Path) -> Iterator[Emulator]:
    """A running emulator, whose process ends with the block."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, *_COMMAND],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Ctrl-C in the terminal is for us; the emulator must outlive what reads from it.
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise DemoError(f"The emulator did not start; {log} says why.")
        yield Emulator(json.loads(line))
    finally:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
