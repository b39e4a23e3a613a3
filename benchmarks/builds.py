"""The builds that are measured: this checkout, an earlier commit, and Airbyte's old source."""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.commands import CHECKOUT, RunError

COMMIT = "869e041"
#: The CDK is what pip gave for the wheel's own `>=1,<2`.
AIRBYTE_PINS = ("airbyte-source-zoho-crm==0.3.6", "airbyte-cdk==1.8.0")
_FUTURE = "9998-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class Build:
    """Connectors in an environment; their commands speak the Airbyte protocol."""

    name: str
    says: str
    folder: Path

    def command(self, connector: str) -> str:
        """The path of `source-zoho-crm` or `destination-zoho-crm`."""
        return str(self.folder / "bin" / connector)

    def install(self) -> None:
        """Makes the environment if it is not there. Raises `RunError` where that fails."""

    def config(self, account: Mapping[str, str]) -> dict[str, Any]:
        return dict(account)

    def variables(self, account: Mapping[str, str]) -> dict[str, str]:
        """Environment variables that the commands want."""
        return {}

    def stream_name(self, module: str) -> str:
        return module

    def future(self, module: str) -> list[dict[str, Any]]:
        """A state after which nothing is left to read: what such a run costs is start-up."""
        descriptor = {"name": self.stream_name(module)}
        stream = {"stream_descriptor": descriptor, "stream_state": {"Modified_Time": _FUTURE}}
        return [{"type": "STREAM", "stream": stream}]


class EarlierBuild(Build):
    """A commit of this repository, with what its own lock names."""

    def install(self) -> None:
        if _is_installed(self.folder, COMMIT):
            return
        with tempfile.TemporaryDirectory() as folder:
            archive, sources = Path(folder) / "sources.tar", Path(folder) / "sources"
            _do("git", "archive", "--output", str(archive), COMMIT)
            with tarfile.open(archive) as packed:
                packed.extractall(sources, filter="data")
            _do(sys.executable, "-m", "venv", "--clear", str(self.folder))
            pip = str(self.folder / "bin" / "pip")
            lock = str(sources / "requirements.lock")
            _do(pip, "install", "--quiet", "--no-deps", "--require-hashes", "--requirement", lock)
            # Built by the checkout's hatchling: the commit's lock names no build tools.
            wheel = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
            _do(sys.executable, "-m", "pip", *wheel, str(sources))
            wheels = [str(path) for path in Path(folder).glob("*.whl")]
            _do(pip, "install", "--quiet", "--no-deps", *wheels)
        _stamp(self.folder, COMMIT)


class AirbyteBuild(Build):
    """Airbyte's published source, which reads by v2 of the API and knows hosts by region only."""

    def install(self) -> None:
        pins = " ".join(AIRBYTE_PINS)
        if _is_installed(self.folder, pins):
            return
        python = sys.executable if sys.version_info < (3, 12) else shutil.which("python3.11")
        if python is None:
            raise RunError("Airbyte's old source needs Python 3.11; put python3.11 on the PATH.")
        _do(python, "-m", "venv", "--clear", str(self.folder))
        _do(str(self.folder / "bin" / "pip"), "install", "--quiet", *AIRBYTE_PINS)
        _stamp(self.folder, pins)

    def config(self, account: Mapping[str, str]) -> dict[str, Any]:
        return {**account, "dc_region": "US", "environment": "Production"}

    def variables(self, account: Mapping[str, str]) -> dict[str, str]:
        return {"BENCH_ZOHO": account["base_url"]}

    def stream_name(self, module: str) -> str:
        return f"incremental_{module.lower()}_zoho_crm_stream"


def _do(*command: str) -> None:
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RunError(f"{' '.join(command)} failed: {done.stderr[-1_000:]}")


def _is_installed(folder: Path, pin: str) -> bool:
    stamp = folder / ".pin"
    return stamp.exists() and stamp.read_text() == pin


def _stamp(folder: Path, pin: str) -> None:
    (folder / ".pin").write_text(pin)


_ENVIRONMENTS = Path(__file__).parent
HERE = Build("here", "this build", Path(sys.executable).parents[1])
BEFORE = EarlierBuild("before", COMMIT, _ENVIRONMENTS / f".env-{COMMIT}")
AIRBYTE = AirbyteBuild("airbyte", "Airbyte's 0.3.6", _ENVIRONMENTS / ".env-airbyte")
BUILDS = (HERE, BEFORE, AIRBYTE)
