"""The page on PyAirbyte: what people type there, in its order, does what it says."""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from zoho_emulator.server import Running, Settings, running

CHECKOUT = Path(__file__).parents[1]
PAGE = (CHECKOUT / "docs" / "integrations" / "zoho-crm" / "pyairbyte.md").read_text()
FEW = Settings(rows=600, modules=None)


@pytest.fixture
def org() -> Iterator[Running]:
    with running(FEW, {"tokens_per_10_min": 0}) as server:
        yield server


def read_block(title: str) -> str:
    found = re.search(rf'^ *```\w+ title="{re.escape(title)}"\n(.*?)^ *```', PAGE, re.M | re.S)
    assert found, title
    return textwrap.dedent(found[1])


def make_folder(folder: Path, org: Running) -> None:
    """The files that the page has people save; the emulator's address is another."""
    (folder / ".venv").symlink_to(sys.prefix)
    for name in ("source.json", "read.py", "change.py", "deals.json", "deals_catalog.json"):
        text = read_block(name).replace("http://localhost:8765", org.base_url)
        (folder / name).write_text(text)


def type_commands(folder: Path, after: str, **environment: str) -> str:
    """What the first commands of the page behind this sentence print."""
    found = re.search(r"^ *```bash\n(.*?)^ *```", PAGE.split(after)[1], re.M | re.S)
    assert found
    result = subprocess.run(
        ["/bin/bash", "-e", "-c", textwrap.dedent(found[1])],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def fetch_deals(org: Running) -> dict[str, dict[str, Any]]:
    lines = requests.get(f"{org.base_url}/_emulator/records/Deals", timeout=30).text.split("\n")
    return {row["id"]: row for line in lines if line for row in [json.loads(line)]}


def changed_fields(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_changed_rows_alone_are_written_back(org: Running, tmp_path: Path) -> None:
    make_folder(tmp_path, org)
    before = fetch_deals(org)
    rows = [(key, row["Next_Step"], row["Stage"], None) for key, row in before.items()]
    gone = ("1", None, "Negotiation/Review", "2026-01-31T12:00:00Z")
    with duckdb.connect(tmp_path / "zoho.duckdb") as db:
        db.execute(
            "create table deals (id text, next_step text, stage text, _ab_cdc_deleted_at text)"
        )
        db.executemany("insert into deals values (?, ?, ?, ?)", [*rows, gone])

    log = type_commands(tmp_path, "Change the rows, and send them:")

    after = fetch_deals(org)
    reviewed = {key for key, row in before.items() if row["Stage"] == "Negotiation/Review"}
    changed = {key for key in before if changed_fields(before[key], after[key])}
    assert reviewed == changed
    assert reviewed
    assert {after[key]["Next_Step"] for key in changed} == {"Call again"}
    assert f"{len(changed)} rows = 0 created, {len(changed)} updated" in log
    assert "WARN" not in log
    assert requests.get(f"{org.base_url}/_emulator/fired", timeout=30).json() == []


@pytest.mark.long
def test_the_steps_of_the_page_lead_from_zoho_to_duckdb_and_back(
    org: Running, tmp_path: Path
) -> None:
    make_folder(tmp_path, org)
    own = dict.fromkeys(
        ("AIRBYTE_LOGGING_ROOT", "AIRBYTE_TEMP_DIR", "AIRBYTE_CACHE_ROOT"), str(tmp_path / "own")
    )

    printed = type_commands(tmp_path, "Run it:", DO_NOT_TRACK="1", **own)
    type_commands(tmp_path, "Change the rows, and send them:")
    logs = "".join(path.read_text() for path in (tmp_path / "own").rglob("source-zoho-crm-log-*"))

    assert f"[{len(fetch_deals(org))} rows x 3 columns]" in printed
    assert "Cost: " in logs
    assert "Call again" in {row["Next_Step"] for row in fetch_deals(org).values()}
