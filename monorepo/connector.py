"""The folder of one connector: its packages, its tests, and what Airbyte reads about it.

Airbyte's image build sends a few files of the folder and what is named `source_*` or
`destination_*`. So what both connectors share lies in `source_shared/` or `destination_shared/`.
A `manifest.yaml` at the root would make Airbyte take the folder for a manifest-only connector; it
lies inside the package, as in the wheel.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monorepo.project import write_project
from monorepo.tests_that_move import copy_tests

CHECKOUT = Path(__file__).parents[1]
PAGES = "https://docs.airbyte.com/integrations"
#: Pages that both connectors' pages link, beside these.
TOPICS = "docs/integrations/zoho-crm"

_LEFT_BEHIND = shutil.ignore_patterns(
    "__pycache__", "metadata.yaml", "icon.svg", "acceptance-test-config.yml"
)


class OccupiedError(Exception):
    """Something is where the folders would go; nothing was written."""


@dataclass(frozen=True)
class Connector:
    #: `source` or `destination`.
    kind: str
    #: Where metadata.yaml, icon.svg and acceptance-test-config.yml lie here.
    about: Path

    @property
    def name(self) -> str:
        return f"{self.kind}-zoho-crm"

    @property
    def package(self) -> str:
        return f"{self.kind}_zoho_crm"

    @property
    def page(self) -> str:
        return f"docs/integrations/{self.kind}s/zoho-crm.md"

    def folder(self, root: Path) -> Path:
        return root / "airbyte-integrations" / "connectors" / self.name


CONNECTORS = (
    Connector("source", CHECKOUT),
    Connector("destination", CHECKOUT / "destination_zoho_crm"),
)


def write_all(root: Path) -> Mapping[str, Sequence[str]]:
    """Writes both folders and all pages below the root; returns the tests that each leaves out.

    Raises OccupiedError, before anything is written, where something is there already.
    """
    pages = [*(connector.page for connector in CONNECTORS), TOPICS]
    targets = [*(c.folder(root) for c in CONNECTORS), *(root / page for page in pages)]
    if there := [str(target) for target in targets if target.exists()]:
        raise OccupiedError(f"Remove this first, or name another folder: {', '.join(there)}")
    shutil.copytree(CHECKOUT / TOPICS, root / TOPICS)
    return {connector.name: _write(connector, root) for connector in CONNECTORS}


def _write(connector: Connector, root: Path) -> Sequence[str]:
    folder = connector.folder(root)
    folder.mkdir(parents=True)
    _copy_packages(connector, folder)
    for name in ("LICENSE", connector.about / "icon.svg"):
        shutil.copy(CHECKOUT / name, folder)
    _write_metadata(connector, folder)
    _write_acceptance(connector, folder)
    (folder / "README.md").write_text(_describe(connector))
    write_project(connector.kind, CHECKOUT / "pyproject.toml", folder / "pyproject.toml")
    (root / connector.page).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CHECKOUT / connector.page, root / connector.page)
    return copy_tests(connector.kind, CHECKOUT, folder)


def _copy_packages(connector: Connector, folder: Path) -> None:
    shutil.copytree(CHECKOUT / connector.package, folder / connector.package, ignore=_LEFT_BEHIND)
    shared = folder / f"{connector.kind}_shared" / "zoho_crm"
    shutil.copytree(CHECKOUT / "zoho_crm", shared, ignore=_LEFT_BEHIND)
    shutil.copy(CHECKOUT / "manifest.yaml", shared)
    shutil.copytree(CHECKOUT / "zoho_emulator", folder / "zoho_emulator", ignore=_LEFT_BEHIND)
    for path in (folder / "zoho_emulator").rglob("*.py"):
        path.write_text(_allow_plain_http(path.read_text()))
    spec = folder / connector.package / "spec.json"
    if spec.exists():
        link = f'"documentationUrl": "{PAGES}/{connector.kind}s/zoho-crm"'
        spec.write_text(_replace(r'"documentationUrl": "[^"]+"', link, spec.read_text()))


def _allow_plain_http(code: str) -> str:
    """The emulator speaks plain http on loopback; Airbyte's check wants such lines marked."""
    return re.sub(r"^(?=.*http://).*", r"\g<0>  # ignore-https-check", code, flags=re.MULTILINE)


def _write_metadata(connector: Connector, folder: Path) -> None:
    text = (connector.about / "metadata.yaml").read_text()
    text = re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)
    text = _replace(r"dockerRepository: \S+", f"dockerRepository: airbyte/{connector.name}", text)
    link = f"documentationUrl: {PAGES}/{connector.kind}s/zoho-crm"
    (folder / "metadata.yaml").write_text(_replace(r"documentationUrl: \S+", link, text))


def _write_acceptance(connector: Connector, folder: Path) -> None:
    text = (connector.about / "acceptance-test-config.yml").read_text()
    image = f"connector_image: airbyte/{connector.name}:dev"
    text = _replace(r"connector_image: \S+", image, text)
    (folder / "acceptance-test-config.yml").write_text(text.replace(" ../", " "))


def _replace(pattern: str, replacement: str, text: str) -> str:
    changed, times = re.subn(pattern, lambda _: replacement, text)
    if times != 1:
        raise ValueError(f"{pattern} is there {times} times")
    return changed


def _describe(connector: Connector) -> str:
    return f"""# Zoho CRM {connector.kind}

What it does and how it is set up is on [its page]({PAGES}/{connector.kind}s/zoho-crm).

    poetry install
    poetry run {connector.name} spec
    poetry run pytest unit_tests
    poetry run pytest integration_tests

Tests run on loopback, against `zoho_emulator/`, a small Zoho CRM that speaks HTTP; those of
`integration_tests/` start one on port 8765 of the machine. `{connector.kind}_shared/zoho_crm/` is
what the source and the destination for Zoho CRM have in common; both folders hold the same.
"""
