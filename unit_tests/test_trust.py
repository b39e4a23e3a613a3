"""The page about what is proven: it names every file of the connectors that has something open."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
MARK = "UNVERIFIED:"
#: What runs at users'.
SHIPPED = ("zoho_crm", "source_zoho_crm", "destination_zoho_crm")


def _find_marked() -> set[str]:
    files = [path for folder in SHIPPED for path in (ROOT / folder).rglob("*.py")]
    files.append(ROOT / "manifest.yaml")
    return {str(path.relative_to(ROOT)) for path in files if MARK in path.read_text("utf-8")}


def test_the_page_names_every_file_with_something_unverified_and_no_other() -> None:
    table = PAGE.split("## What is not verified")[1]
    assert set(re.findall(r"`([\w./]+\.(?:py|yaml))`", table)) == _find_marked()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([\w-]+)`", PAGE))))
def test_every_command_of_the_page_is_one(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}\b.*:", makefile, re.MULTILINE)
