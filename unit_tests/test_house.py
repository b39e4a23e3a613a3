"""The rules of the house: who imports whom, and what is said in one place only."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

CHECKOUT = Path(__file__).parents[1]
MANIFEST = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())
REGIONS = MANIFEST["definitions"]["regions"]

CONNECTORS = ("source_zoho_crm", "destination_zoho_crm")
PRODUCT = (*CONNECTORS, "zoho_crm")
#: Which packages of ours each may import, beside itself.
ALLOWED: dict[str, set[str]] = {
    "zoho_crm": set(),
    "source_zoho_crm": {"zoho_crm"},
    "destination_zoho_crm": {"zoho_crm"},
    "zoho_emulator": set(),
}
OURS = {
    *ALLOWED,
    "integration_tests",
    "unit_tests",
    "demo",
    "benchmarks",
    "clients",
    "chaos",
    "monorepo",
}


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


def test_the_manifest_is_of_the_cdk_that_is_pinned() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

    pins = [name for name in project["dependencies"] if name.startswith("airbyte-cdk")]

    assert pins == [f"airbyte-cdk=={MANIFEST['version']}"]


@pytest.mark.parametrize("path", sorted((CHECKOUT / "findings").iterdir()), ids=lambda p: p.name)
def test_a_finding_is_about_pinned_software_of_others_and_cleans_up(path: Path) -> None:
    text = path.read_text()
    installed = re.findall(
        r"(?:pip\" install --quiet|npm install [-\w ]*) (\S+)$", text, re.MULTILINE
    )

    assert path.suffix == ".sh"
    assert "set -euo pipefail" in text
    assert "folder=$(mktemp -d)" in text
    assert "trap 'rm -rf \"$folder\"' EXIT" in text
    assert "\n# Seen:\n" in text
    assert installed
    assert all(re.search(r"[=@]\d+\.\d+", pin) for pin in installed)
    assert not any(name in text for name in OURS)
