"""Both images without a builder: what the Dockerfile copies, run as it says, by another user."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from integration_tests.connector import Connector, Emulator, Json, only

CHECKOUT = Path(__file__).parents[1]
CATALOG = json.loads((Path(__file__).parent / "configured_catalog.json").read_text())
CONNECTORS = ("source-zoho-crm", "destination-zoho-crm")
PACKAGES = ("zoho_crm", "source_zoho_crm", "destination_zoho_crm")

Write = Callable[[str, object], Path]
Image = Callable[[str], Connector]

each_connector = pytest.mark.parametrize("connector", CONNECTORS)


def said(instruction: str) -> list[str]:
    """What follows each instruction of this name in the Dockerfile, in order."""
    one_line_each = re.sub(r"\\\n\s*", "", (CHECKOUT / "Dockerfile").read_text())
    return re.findall(rf"^{instruction} (.+)$", one_line_each, re.MULTILINE)


def setting(instruction: str, name: str) -> str:
    """The value that ARG, ENV or LABEL gives this name."""
    (value,) = (s.partition("=")[2] for s in said(instruction) if s.startswith(f"{name}="))
    return value.strip('"')


def sent() -> tuple[set[str], list[str]]:
    """What .dockerignore lets through, and the names that it leaves out below that."""
    lines = (CHECKOUT / ".dockerignore").read_text().splitlines()
    rules = [line.rstrip("/") for line in lines if line not in ("", "*") and line[0] != "#"]
    through = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    return through, [Path(rule).name for rule in rules if not rule.startswith("!")]


@pytest.fixture(scope="module")
def image(locked: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The connector of a folder that the Dockerfile filled; it starts as the platform starts it.

    Of the instructions, only the installation is not taken literally: `locked` has done it.
    """
    bin_folders = f"{locked / 'bin'}:/usr/bin:/bin"

    def build(connector: str) -> Connector:
        folder = tmp_path_factory.mktemp(connector)
        for line in said("COPY"):
            *sources, target = line.split()
            for source in sources:
                _copy(CHECKOUT / source, folder / target)
        for command in said("RUN"):
            if not command.startswith("pip install "):
                environment = {"PATH": bin_folders, "CONNECTOR": connector}
                subprocess.run(command, shell=True, cwd=folder, env=environment, check=True)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222)
        entrypoint = setting("ENV", "AIRBYTE_ENTRYPOINT").replace(said("WORKDIR")[0], str(folder))
        start = ["env", "-i", f"PATH={bin_folders}", "sh", "-c", f'{entrypoint} "$@"', "--"]
        return Connector([*_as_its_user(), *start], cwd=Path("/"))

    built = {connector: build(connector) for connector in CONNECTORS}
    return built.__getitem__


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*sent()[1]))
    else:
        shutil.copy(source, target)


def _as_its_user() -> list[str]:
    """What runs a command as the image's user, where we are somebody who may do so.

    It may read everything, as the Python of these tests may lie in a home; it may write nothing.
    """
    if os.geteuid() != 0:
        return []
    user, group = said("USER")[-1].split(":")
    rights = "-all,+dac_read_search"
    become = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    return [*become, f"--inh-caps={rights}", f"--ambient-caps={rights}"]


# --- What the Dockerfile says --------------------------------------------------------------------


@each_connector
def test_it_stands_on_the_base_and_has_the_name_that_metadata_says(connector: str) -> None:
    folder = CHECKOUT / "destination_zoho_crm" if "destination" in connector else CHECKOUT
    metadata = yaml.safe_load((folder / "metadata.yaml").read_text())["data"]

    name = setting("LABEL", "io.airbyte.name").replace("${CONNECTOR}", connector)

    assert setting("ARG", "BASE") == metadata["connectorBuildOptions"]["baseImage"]
    assert re.search(r"@sha256:[0-9a-f]{64}$", setting("ARG", "BASE"))
    assert name == metadata["dockerRepository"]


def test_it_runs_as_a_plain_user_by_both_ways_to_start_it() -> None:
    (entrypoint,) = said("ENTRYPOINT")

    assert said("USER")[-1] == "1000:1000"
    assert " ".join(json.loads(entrypoint)) == setting("ENV", "AIRBYTE_ENTRYPOINT")


def test_it_holds_the_product_and_nothing_else() -> None:
    copied = {name for line in said("COPY") for name in line.split()[:-1]}

    assert copied == sent()[0] == {*PACKAGES, "manifest.yaml", "requirements.lock", "LICENSE"}


def test_it_installs_what_the_lock_names_and_no_tool_of_the_workshop() -> None:
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    tools = {re.split("[>=;]", line)[0] for lines in extras.values() for line in lines}
    lock = (CHECKOUT / "requirements.lock").read_text()

    (install,) = (command for command in said("RUN") if "pip" in command)
    named = set(re.findall("^([a-z0-9-]+)==", lock, re.MULTILINE))

    assert "--require-hashes --no-deps --compile -r requirements.lock" in install
    assert "airbyte-cdk" in named
    assert named & tools == {"packaging"}, "which libraries of the product need, too"


# --- What it does --------------------------------------------------------------------------------


@each_connector
@pytest.mark.long
def test_it_holds_bytecode_of_all_our_code(image: Image, connector: str) -> None:
    folder = Path(re.findall(r"python (\S+)/main\.py", image(connector).command[-2])[0])

    ours = {path for package in PACKAGES for path in (folder / package).rglob("*.py")}
    compiled = {path.parents[1] / f"{path.name.split('.')[0]}.py" for path in folder.rglob("*.pyc")}

    assert len(ours) > 50
    assert compiled == ours


@each_connector
@pytest.mark.long
def test_it_answers_spec(image: Image, connector: str) -> None:
    output = image(connector).run("spec")

    (spec,) = output.of_type("SPEC")
    assert (output.exit_code, output.stderr) == (0, "")
    assert "client_id" in spec["connectionSpecification"]["properties"]


@each_connector
@pytest.mark.usefixtures("emulator")
@pytest.mark.long
def test_it_checks(image: Image, connector: str, emulator_config: Json, write: Write) -> None:
    output = image(connector).run("check", "--config", write("config.json", emulator_config))

    assert output.exit_code == 0
    assert output.status == {"status": "SUCCEEDED"}


@pytest.mark.usefixtures("emulator")
@pytest.mark.long
def test_the_source_discovers(image: Image, emulator_config: Json, write: Write) -> None:
    config = write("config.json", emulator_config)

    output = image("source-zoho-crm").run("discover", "--config", config)

    assert output.exit_code == 0
    assert "Leads" in {stream["name"] for stream in output.catalog["streams"]}


@pytest.mark.usefixtures("emulator")
@pytest.mark.long
def test_the_destination_discovers(image: Image, emulator_config: Json, write: Write) -> None:
    config = write("config.json", emulator_config)

    output = image("destination-zoho-crm").run("discover", "--config", config)

    (catalog,) = output.of_type("DESTINATION_CATALOG")
    assert output.exit_code == 0
    assert "Leads" in {operation["object_name"] for operation in catalog["operations"]}


@pytest.mark.long
def test_the_source_reads(
    image: Image, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    output = image("source-zoho-crm").run(
        *("read", "--config", write("config.json", emulator_config)),
        *("--catalog", write("catalog.json", only(CATALOG, ["Products"]))),
    )

    assert output.exit_code == 0
    assert sorted(output.ids("Products")) == sorted(emulator.ids("Products"))


@pytest.mark.long
def test_the_destination_writes(
    image: Image, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    stream = {
        "stream": {
            "name": "Products",
            "json_schema": {"type": "object", "properties": {"Product_Name": {}}},
            "supported_sync_modes": ["full_refresh"],
        },
        "sync_mode": "full_refresh",
        "destination_sync_mode": "append",
    }
    row = {"stream": "Products", "data": {"Product_Name": "From an image"}, "emitted_at": 1}
    before = emulator.ids("Products")

    output = image("destination-zoho-crm").run(
        *("write", "--config", write("config.json", emulator_config)),
        *("--catalog", write("catalog.json", {"streams": [stream]})),
        stdin=json.dumps({"type": "RECORD", "record": row}) + "\n",
    )

    assert output.exit_code == 0
    assert len(emulator.ids("Products") - before) == 1
