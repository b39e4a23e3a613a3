"""pyproject.toml as Poetry 1.8 reads it: that of the checkout, for one connector."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

#: What a connector's tests import; the checkout's other tools are for the rest of it.
_TEST_TOOLS = {"hypothesis", "pytest", "pytest-mock"}


def write_project(kind: str, ours: Path, target: Path) -> None:
    project = tomllib.loads(ours.read_text())["project"]
    target.write_text(_TEMPLATE.format(**_fill_in(kind, project)))


def _fill_in(kind: str, project: dict[str, Any]) -> dict[str, str]:
    extras = project["optional-dependencies"]
    tools = [one for one in extras["dev"] if Requirement(one).name in _TEST_TOOLS]
    return {
        "kind": kind,
        "version": project["version"],
        "python": project["requires-python"],
        "dependencies": "\n".join(_convert(project["dependencies"])),
        "tools": "\n".join(_convert([*extras["emulator"], *tools])),
    }


def _convert(requirements: Sequence[str]) -> Iterator[str]:
    for requirement in map(Requirement, requirements):
        if requirement.marker or requirement.extras:
            raise ValueError(f"{requirement} needs more than a version")
        exact = re.fullmatch(r"==([\w.]+)", str(requirement.specifier))
        yield f'{requirement.name} = "{exact[1] if exact else requirement.specifier}"'


_TEMPLATE = """\
[build-system]
requires = ["poetry-core>=1.0.0"]
build-backend = "poetry.core.masonry.api"

[tool.poetry]
name = "airbyte-{kind}-zoho-crm"
version = "{version}"
description = "Airbyte {kind} connector for Zoho CRM"
authors = ["Airbyte <contact@airbyte.io>"]
license = "MIT"
readme = "README.md"
documentation = "https://docs.airbyte.com/integrations/{kind}s/zoho-crm"
homepage = "https://airbyte.com"
repository = "https://github.com/airbytehq/airbyte"
packages = [
  {{ include = "{kind}_zoho_crm" }},
  {{ include = "zoho_crm", from = "{kind}_shared" }},
]

[tool.poetry.dependencies]
python = "{python}"
{dependencies}

[tool.poetry.scripts]
{kind}-zoho-crm = "{kind}_zoho_crm.run:run"

[tool.poetry.group.dev.dependencies]
{tools}

[tool.poe]
include = ["${{POE_GIT_DIR}}/poe-tasks/poetry-connector-tasks.toml"]

[tool.pytest.ini_options]
addopts = "--import-mode=importlib"
markers = [
  "image_tests: needs a container engine; the CDK's standard suites bring these",
  "long: a story of whole processes",
]
"""
