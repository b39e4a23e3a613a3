"""Each connector's folder as `make monorepo` writes it: complete, and enough by itself.

`make monorepo-try` does the rest with Poetry, which needs the package registry and some minutes.
"""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from poetry.core.factory import Factory
from poetry.core.masonry.builders.wheel import WheelBuilder

from monorepo.connector import CONNECTORS, TOPICS, Connector, OccupiedError, write_all
from monorepo.trial import copy_sent

CHECKOUT = Path(__file__).parents[1]

each_connector = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.kind)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, Sequence[str]]]:
    root = tmp_path_factory.mktemp("airbyte")
    return root, write_all(root)


@pytest.fixture(scope="module")
def root(written: tuple[Path, Mapping[str, Sequence[str]]]) -> Path:
    return written[0]


def run(folder: Path, connector: Connector, *arguments: str) -> str:
    """With the folder's packages alone; the dependencies are those of these tests."""
    packages = [folder, folder / f"{connector.kind}_shared"]
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, packages))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_folder_whose_name_has_a_blank_is_written_to(tmp_path: Path) -> None:
    """By make, as people call it; the commands alone."""
    printed = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/.installed", "monorepo", f"DIR={tmp_path}/a b"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f'-m monorepo "{tmp_path}/a b"' in printed


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = subprocess.run(
        [sys.executable, "-m", "monorepo", str(tmp_path / "file")],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("Nothing can be written there: ")
    assert len(ended.stderr.splitlines()) == 1


@each_connector
def test_it_holds_what_airbyte_looks_for_and_nothing_that_misleads_it(
    root: Path, connector: Connector
) -> None:
    names = {path.name for path in connector.folder(root).iterdir()}

    assert names == {
        *("metadata.yaml", "icon.svg", "acceptance-test-config.yml", "pyproject.toml"),
        *("README.md", "LICENSE", "unit_tests", "integration_tests", "zoho_emulator"),
        *(connector.package, f"{connector.kind}_shared"),
    }
    assert (root / connector.page).read_text() == (CHECKOUT / connector.page).read_text()


@each_connector
def test_poetry_finds_nothing_wrong_with_the_project(root: Path, connector: Connector) -> None:
    project = tomllib.loads((connector.folder(root) / "pyproject.toml").read_text())
    ours = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    tools = project["tool"]["poetry"]

    found = Factory.validate(tools, strict=True)

    assert (found["errors"], found["warnings"]) == ([], [])
    assert tools["version"] == ours["version"]
    assert len(tools["dependencies"]) == len(ours["dependencies"]) + len(["python"])
    assert tools["dependencies"]["airbyte-cdk"] in ours["dependencies"][0]
    assert project["tool"]["poe"]["include"] == [
        "${POE_GIT_DIR}/poe-tasks/poetry-connector-tasks.toml"
    ]


@pytest.mark.long
@each_connector
def test_what_an_image_is_built_from_makes_a_wheel_that_answers_spec(
    root: Path, connector: Connector, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    copy_sent(connector.folder(root), sent)

    built = WheelBuilder(Factory().create_poetry(sent)).build(tmp_path)

    wheel = zipfile.ZipFile(built)
    packages = {name.split("/")[0] for name in wheel.namelist() if ".dist-info" not in name}
    assert packages == {"zoho_crm", connector.package}
    assert "zoho_crm/manifest.yaml" in wheel.namelist()
    wheel.extractall(tmp_path / "installed")
    start = f"from {connector.package}.run import run; run()"
    said = run(tmp_path / "installed", connector, "-c", start, "spec")
    (spec,) = (line["spec"] for line in map(json.loads, said.splitlines()) if "spec" in line)
    link = f"https://docs.airbyte.com/{connector.page.removeprefix('docs/').removesuffix('.md')}"
    assert spec["documentationUrl"] == link


@each_connector
def test_metadata_is_of_airbytes_repository(root: Path, connector: Connector) -> None:
    there = yaml.safe_load((connector.folder(root) / "metadata.yaml").read_text())["data"]
    here = yaml.safe_load((connector.about / "metadata.yaml").read_text())["data"]

    assert there.pop("dockerRepository") == f"airbyte/{connector.name}"
    assert there.pop("documentationUrl").endswith(f"/integrations/{connector.kind}s/zoho-crm")
    assert there == {key: here[key] for key in here if key in there}
    assert len(there) == len(here) - 2


@each_connector
def test_no_line_but_of_tests_has_an_address_that_airbytes_https_check_refuses(
    root: Path, connector: Connector
) -> None:
    folder = connector.folder(root)
    texts = [path for path in folder.rglob("*.*") if path.suffix in (".py", ".md", ".yaml", ".yml")]
    harmless = ("http://localhost", "http://json-schema.org", "# ignore-https-check")

    refused = [
        f"{path.relative_to(folder)}: {line}"
        for path in texts
        if not path.relative_to(folder).parts[0].endswith("_tests")
        for line in path.read_text().splitlines()
        if "http://" in line and not any(one in line for one in harmless)
    ]

    assert len(texts) > 150
    assert refused == []


@each_connector
def test_every_file_that_the_acceptance_tests_name_is_in_the_folder(
    root: Path, connector: Connector
) -> None:
    folder = connector.folder(root)
    text = (folder / "acceptance-test-config.yml").read_text()

    named = re.findall(r"\S+\.jsonl?\b", text)

    assert f"connector_image: airbyte/{connector.name}:dev" in text
    assert len(named) >= 3
    assert [name for name in named if not (folder / name).is_file()] == []


@each_connector
def test_whatever_its_files_import_of_ours_is_in_the_folder(
    root: Path, connector: Connector
) -> None:
    folder = connector.folder(root)
    places = (folder, folder / f"{connector.kind}_shared")

    files = [*folder.rglob("*.py")]
    lost = {
        f"{path.relative_to(folder)}: {name}"
        for path in files
        for name in imports_of_ours(path)
        if not any(is_module(place, name) for place in places)
    }

    assert len(files) > 250
    assert lost == set()


def imports_of_ours(path: Path) -> set[str]:
    """The modules, by their dotted names, without what is taken out of them."""
    nodes = [*ast.walk(ast.parse(path.read_text()))]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    return {name for name in names if (CHECKOUT / name.split(".")[0]).is_dir()}


def is_module(place: Path, name: str) -> bool:
    path = place / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or path.is_dir()


@pytest.mark.long
@each_connector
def test_its_tests_run_on_its_own_packages(root: Path, connector: Connector) -> None:
    folder = connector.folder(root)
    arguments = ["-q", f"unit_tests/{connector.kind}/test_check.py", "-k", "no_failure"]
    script = f"""
import sys
import pytest
ended = pytest.main({arguments})
for name in ("zoho_crm", "{connector.package}", "zoho_emulator", "unit_tests.once"):
    print(sys.modules[name].__file__)
sys.exit(ended)
"""

    said = run(folder, connector, "-c", script).splitlines()

    assert [place for place in said[-4:] if not Path(place).is_relative_to(folder)] == []
    assert any(" passed" in line or line.endswith("[100%]") for line in said)


def test_a_connectors_own_tests_go_with_it_but_for_those_of_its_page(
    written: tuple[Path, Mapping[str, Sequence[str]]],
) -> None:
    """A test that needs the other connector, too, belongs beside them in unit_tests."""
    _, left_out = written

    own = {c.kind: f"unit_tests/{c.kind}/" for c in CONNECTORS}
    stay = {
        kind: [name for name in left_out[f"{kind}-zoho-crm"] if name.startswith(folder)]
        for kind, folder in own.items()
    }

    assert stay == {
        "source": [],
        "destination": [
            "unit_tests/destination/test_examples_of_the_page.py",
            "unit_tests/destination/test_table_of_modules.py",
        ],
    }


def test_links_between_the_pages_lead_to_pages_that_were_written(root: Path) -> None:
    pages = {*(root / "docs").rglob("*.md")}
    topics = {root / TOPICS / path.name for path in (CHECKOUT / TOPICS).iterdir()}

    lost = {
        f"{page.relative_to(root)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text())
        if "://" not in link and Path(os.path.normpath(page.parent / link)) not in pages
    }

    assert pages == topics | {root / one.page for one in CONNECTORS}
    assert topics
    assert lost == set()


@pytest.mark.parametrize(
    "path", [CONNECTORS[0].page, f"{TOPICS}/errors.md"], ids=["a page", "a page of both"]
)
def test_nothing_is_written_over(tmp_path: Path, path: str) -> None:
    page = tmp_path / path
    page.parent.mkdir(parents=True)
    page.write_text("of Airbyte's connector")

    with pytest.raises(
        OccupiedError, match=re.escape(str(tmp_path / path).removesuffix("/errors.md"))
    ):
        write_all(tmp_path)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [page]
    assert page.read_text() == "of Airbyte's connector"
