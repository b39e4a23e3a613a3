"""Tries both folders: Poetry 1.8 and `poe` as Airbyte runs them, and what its image build sends.

Airbyte's own task file, image templates and base image are on no package registry. Tasks of the
same names stand in for the first; of the second only the list of files that are sent is tried.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping
from pathlib import Path

from monorepo.connector import CONNECTORS, Connector

#: The version that Airbyte's builds pin.
POETRY = "poetry==1.8.5"
#: Where a mirror is all that can be reached; Poetry's own way asks for pages that mirrors lack.
_MIRROR = "poetry-plugin-pypi-mirror<0.5"
_TASKS = """\
[tool.poe.tasks]
install = "poetry install --all-extras"
lock = "poetry lock"
test-unit-tests = "poetry run pytest unit_tests"
"""
#: What Dockerfile.python-connector.dockerignore lets through.
_SENT = ("pyproject.toml", "poetry.lock", "README.md", "metadata.yaml", "source_*", "destination_*")


class FailedError(Exception):
    """A command of the trial did not end well."""


def try_all(root: Path) -> int:
    """The exit code: 1 where something failed. Each command is printed, and how long it took."""
    with tempfile.TemporaryDirectory() as work:
        try:
            surroundings = _prepare(root, Path(work))
            for connector in CONNECTORS:
                _try(connector, connector.folder(root), Path(work), surroundings)
        except FailedError as error:
            print(f"failed: {error}", file=sys.stderr)
            return 1
    return 0


def _prepare(root: Path, work: Path) -> Mapping[str, str]:
    """Poetry and poe apart from everything else, and the task file where poe looks for it."""
    mirror = [_MIRROR] if "POETRY_PYPI_MIRROR_URL" in os.environ else []
    for name, packages in (("poetry", [POETRY, *mirror]), ("poe", ["poethepoet"])):
        venv.create(work / name, with_pip=True)
        _run([str(work / name / "bin/pip"), "install", "--quiet", *packages], root, os.environ)
    if not (root / ".git").exists():
        _run(["git", "init", "--quiet"], root, os.environ)
    tasks = root / "poe-tasks" / "poetry-connector-tasks.toml"
    if not tasks.exists():
        tasks.parent.mkdir()
        tasks.write_text(_TASKS)
    path = os.pathsep.join([str(work / "poetry/bin"), str(work / "poe/bin"), os.environ["PATH"]])
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return {**kept, "PATH": path, "POETRY_VIRTUALENVS_IN_PROJECT": "true"}


def _try(connector: Connector, folder: Path, work: Path, surroundings: Mapping[str, str]) -> None:
    for command in (
        "poe lock",
        "poetry check --lock",
        "poe install",
        f"poetry run {connector.name} spec",
        "poe test-unit-tests",
        "poetry build",
    ):
        _run(command.split(), folder, surroundings)
    sent = work / connector.name
    copy_sent(folder, sent)
    venv.create(sent / "image", with_pip=True)
    _run([str(sent / "image/bin/pip"), "install", "--quiet", "."], sent, surroundings)
    _run([str(sent / "image/bin" / connector.name), "spec"], work, surroundings)


def copy_sent(folder: Path, target: Path) -> None:
    """What an image is built from."""
    target.mkdir()
    for path in (path for pattern in _SENT for path in folder.glob(pattern)):
        (shutil.copytree if path.is_dir() else shutil.copy)(path, target / path.name)


def _run(command: list[str], folder: Path, surroundings: Mapping[str, str]) -> None:
    print(f"{folder.name}: {' '.join(command)}", flush=True)
    begin = time.monotonic()
    ended = subprocess.run(
        command,
        cwd=folder,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print("\n".join(f"    {line[:200]}" for line in ended.stdout.splitlines()[-3:]))
    print(f"    exit code {ended.returncode} after {time.monotonic() - begin:.0f} s", flush=True)
    if ended.returncode:
        (folder / "failed.log").write_text(ended.stdout)
        raise FailedError(f"{' '.join(command)} in {folder}; its output is in failed.log there")
