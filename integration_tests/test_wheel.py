"""Both connectors from an installed wheel: what it holds, and that it works by itself."""

import json
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from integration_tests.connector import Connector, Emulator, Json, only

CHECKOUT = Path(__file__).parents[1]
CATALOG = json.loads((Path(__file__).parent / "configured_catalog.json").read_text())

pytestmark = pytest.mark.long

Write = Callable[[str, object], Path]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the checkout by the locked hatchling, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def bin_folder(wheel: Path, locked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The commands of a fresh environment that holds the wheel and sees only its dependencies."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=False, symlinks=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (dependencies,) = locked.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(f"{dependencies}\n")
    python = environment / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install"]
    options = ["--no-deps", "--no-index", "--ignore-installed", "--disable-pip-version-check"]
    installed = subprocess.run(
        [*map(str, install), *options, str(wheel)], capture_output=True, text=True, check=False
    )
    assert installed.returncode == 0, installed.stderr
    return environment / "bin"


@pytest.fixture(autouse=True)
def _no_path_to_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)


@pytest.fixture
def installed_source(bin_folder: Path, tmp_path: Path) -> Connector:
    return Connector([str(bin_folder / "source-zoho-crm")], cwd=tmp_path)


def test_the_wheel_holds_both_connectors_and_the_manifest_and_nothing_of_the_workshop(
    wheel: Path,
) -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]

    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names}
    info = f"zoho_crm_connectors-{version}.dist-info"
    assert tops == {"zoho_crm", "source_zoho_crm", "destination_zoho_crm", info}
    data = {name for name in names if not name.endswith((".py", "/")) and info not in name}
    assert data == {"zoho_crm/manifest.yaml", "destination_zoho_crm/spec.json"}
    assert {name for name in names if "test" in name.lower()} == set()


def test_the_installed_code_is_the_wheel_s(bin_folder: Path, tmp_path: Path) -> None:
    packages = ("zoho_crm", "source_zoho_crm", "destination_zoho_crm")
    script = f"from importlib.util import find_spec\nfor name in {packages}:"
    script += " print(find_spec(name).origin)"

    found = subprocess.run(
        [bin_folder / "python", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    origins = [Path(line) for line in found.stdout.splitlines()]
    assert [origin.parent.name for origin in origins] == list(packages)
    assert all(origin.is_relative_to(bin_folder.parent) for origin in origins)


def test_the_installed_source_answers_spec(installed_source: Connector) -> None:
    output = installed_source.run("spec")

    (spec,) = output.of_type("SPEC")
    assert output.exit_code == 0
    assert "retrieval" in spec["connectionSpecification"]["properties"]


def test_the_installed_source_reads(
    installed_source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    config = write("config.json", emulator_config)
    catalog = write("catalog.json", only(CATALOG, ["Products"]))

    output = installed_source.run("read", "--config", config, "--catalog", catalog)

    assert output.exit_code == 0
    assert sorted(output.ids("Products")) == sorted(emulator.ids("Products"))


def test_the_installed_destination_answers_spec(bin_folder: Path, tmp_path: Path) -> None:
    destination = Connector([str(bin_folder / "destination-zoho-crm")], cwd=tmp_path)

    output = destination.run("spec")

    (spec,) = output.of_type("SPEC")
    assert output.exit_code == 0
    assert "client_id" in spec["connectionSpecification"]["properties"]
    assert "overwrite" not in spec["supported_destination_sync_modes"]
