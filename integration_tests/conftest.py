"""An emulator of Zoho CRM on the port that `emulator_config.json` names, and the connector."""

import json
import socket
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from integration_tests.connector import Connector, Emulator, Json, source_in

HERE = Path(__file__).parent
CHECKOUT = HERE.parent

#: Small, for it begins anew with many tests; seed 1 makes the rows the same each time.
SIZES = ("--seed", "1", "--rows", "30", "--rows", "Leads=450")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The CDK's suites bring tests of images, which need a container engine."""
    image_tests = [item for item in items if item.get_closest_marker("image_tests")]
    config.hook.pytest_deselected(items=image_tests)
    items[:] = [item for item in items if item not in image_tests]


@pytest.fixture(scope="session")
def emulator_config() -> Json:
    return json.loads((HERE / "emulator_config.json").read_text())


@pytest.fixture(scope="session")
def _emulator(emulator_config: Json) -> Iterator[Emulator]:
    address = urlsplit(emulator_config["base_url"])
    assert address.hostname
    assert address.port
    _assert_free(address.hostname, address.port)
    command = [sys.executable, "-m", "zoho_emulator", "--port", str(address.port), *SIZES]
    with subprocess.Popen(
        [*command, "--knob", "tokens_per_10_min=0"], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, f"the emulator ended with exit code {process.wait(10)}"
            yield Emulator(**json.loads(line))
        finally:
            process.terminate()


def _assert_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.settimeout(2)
        if probe.connect_ex((host, port)) == 0:
            pytest.fail(
                f"Port {port} is taken. These tests start their emulator there, for that is the"
                " address in emulator_config.json; end the program that listens on it and run them"
                " again.",
                pytrace=False,
            )


@pytest.fixture(scope="session")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that holds what requirements.lock names, and nothing else.

    The registry is asked only for what uv's cache lacks; later runs need no network.
    """
    folder = tmp_path_factory.mktemp("locked")
    venv.create(folder, symlinks=True)
    install = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet"]
    options = ["--python", str(folder / "bin" / "python"), "--no-deps", "--require-hashes"]
    lock = ["--requirement", str(CHECKOUT / "requirements.lock")]
    for network in (["--offline"], []):
        installed = subprocess.run(
            [*install, *options, *network, *lock], capture_output=True, text=True, check=False
        )
        if installed.returncode == 0:
            return folder
    pytest.fail(f"requirements.lock cannot be installed: {installed.stderr}", pytrace=False)


@pytest.fixture(scope="module")
def fresh_emulator(_emulator: Emulator) -> Emulator:
    """As new for what a module reads once and several of its tests look at."""
    _renew(_emulator)
    return _emulator


@pytest.fixture
def emulator(_emulator: Emulator) -> Emulator:
    """Its data, knobs, faults and counters are as new; only its clock goes on."""
    _renew(_emulator)
    return _emulator


def _renew(emulator: Emulator) -> None:
    emulator.knobs(tokens_per_10_min=0, latency_ms=0, scopes=Emulator.ALL_SCOPES)
    emulator.control("POST", "reset", {"org": True})


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, object], Path]:
    """Writes a file that the connector is to read; text as it is, anything else as JSON."""

    def write(name: str, content: object) -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


@pytest.fixture
def source(tmp_path: Path) -> Connector:
    return source_in(tmp_path)
