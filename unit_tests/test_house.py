"""The rules of the house: who imports whom, and what is said in one place only."""

import ast
import re
import tomllib
import uuid
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from airbyte_cdk.models.connector_metadata import MetadataFile

CHECKOUT = Path(__file__).parents[1]
MANIFEST = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())
REGIONS = MANIFEST["definitions"]["regions"]
METADATA = {
    "source": CHECKOUT / "metadata.yaml",
    "destination": CHECKOUT / "destination_zoho_crm" / "metadata.yaml",
}

CONNECTORS = ("source_zoho_crm", "destination_zoho_crm")
PRODUCT = (*CONNECTORS, "zoho_crm")
#: Which packages of ours each may import, beside itself.
ALLOWED: dict[str, set[str]] = {
    "zoho_crm": set(),
    "source_zoho_crm": {"zoho_crm"},
    "destination_zoho_crm": {"zoho_crm"},
    "zoho_emulator": set(),
}
OURS = {*ALLOWED, "integration_tests", "unit_tests", "demo", "benchmarks"}


def files(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (CHECKOUT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top packages that a file imports; its own by a leading dot are none."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def texts(path: Path) -> Iterator[str]:
    """Every string literal of a file, docstrings included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def metadata(connector: str) -> dict[str, Any]:
    return yaml.safe_load(METADATA[connector].read_text())["data"]


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_run_one_way(package: str) -> None:
    forbidden = OURS - ALLOWED[package] - {package}

    strangers = {str(path): imported(path) & forbidden for path in files(package)}

    assert {path: names for path, names in strangers.items() if names} == {}


def test_the_emulator_shares_no_machinery_with_the_connectors() -> None:
    users = [str(path) for path in files("zoho_emulator") if "airbyte_cdk" in imported(path)]

    assert users == []


def test_no_code_names_a_host_of_zoho_or_a_region() -> None:
    hosts = {urlsplit(region["accounts"]).hostname for region in REGIONS.values()}
    domains = {str(host).removeprefix("accounts.") for host in hosts}
    host = re.compile("zohoapis|" + "|".join(map(re.escape, domains)))

    found = {
        f"{path}: {text!r}"
        for path in files(*PRODUCT)
        for text in texts(path)
        if host.search(text) or text in REGIONS
    }

    assert found == set()


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "base"])
def test_no_file_has_a_name_that_says_nothing(name: str) -> None:
    nameless = [path for path in files(*ALLOWED) if name in path.stem.split("_")]

    assert nameless == []


def test_one_version_is_said_everywhere() -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    (label,) = re.findall(r"^ARG VERSION=(.+)$", dockerfile(), re.MULTILINE)

    said = {label, *(metadata(connector)["dockerImageTag"] for connector in METADATA)}

    assert said == {version}


def test_the_manifest_is_of_the_cdk_that_is_pinned() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

    pins = [name for name in project["dependencies"] if name.startswith("airbyte-cdk")]

    assert pins == [f"airbyte-cdk=={MANIFEST['version']}"]


@pytest.mark.parametrize("connector", METADATA)
def test_metadata_is_what_the_cdk_reads_and_names_its_connector(connector: str) -> None:
    read = MetadataFile.from_file(METADATA[connector])

    assert read.data.dockerRepository.endswith(f"/{connector}-zoho-crm")
    assert read.data.language.value == "python"
    assert metadata(connector)["connectorType"] == connector


def test_the_connectors_have_ids_of_their_own() -> None:
    ids = [uuid.UUID(metadata(connector)["definitionId"]) for connector in METADATA]

    assert len(set(ids)) == len(ids)
    assert {identity.version for identity in ids} == {4}


@pytest.mark.parametrize("connector", METADATA)
def test_metadata_allows_every_host_of_every_region(connector: str) -> None:
    allowed = metadata(connector)["allowedHosts"]["hosts"]
    addresses = {
        address
        for region in REGIONS.values()
        for address in (region["accounts"], *region["api"].values(), region["upload"])
    }

    hosts = {str(urlsplit(address).hostname) for address in addresses}

    assert {host for host in hosts if not any(fnmatch(host, one) for one in allowed)} == set()


# --- The image -----------------------------------------------------------------------------------


def dockerfile() -> str:
    return (CHECKOUT / "Dockerfile").read_text()


@pytest.mark.parametrize("connector", METADATA)
def test_the_image_stands_on_the_base_that_metadata_names(connector: str) -> None:
    (base,) = re.findall(r"^ARG BASE=(.+)$", dockerfile(), re.MULTILINE)

    assert base == metadata(connector)["connectorBuildOptions"]["baseImage"]
    assert re.search(r"@sha256:[0-9a-f]{64}$", base)


def test_the_image_runs_as_a_plain_user() -> None:
    users = re.findall(r"^USER (.+)$", dockerfile(), re.MULTILINE)

    assert users[-1] == "1000:1000"


def test_the_image_gets_the_product_and_nothing_else() -> None:
    copies = re.findall(r"^COPY (.+) \S+$", dockerfile(), re.MULTILINE)
    copied = {name for line in copies for name in line.split()}
    sent = {
        line.removeprefix("!").rstrip("/")
        for line in (CHECKOUT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }

    assert copied == {*PRODUCT, "manifest.yaml", "requirements.lock", "LICENSE"}
    assert sent == copied
    assert all((CHECKOUT / name).exists() for name in copied)
