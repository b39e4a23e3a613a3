"""`make demo`, typed twice: what a newcomer sees, and what DuckDB holds then."""

import json
import signal
import subprocess
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from demo.equality import differences

CHECKOUT = Path(__file__).parents[1]
NEEDS_PYAIRBYTE = pytest.mark.skipif(
    find_spec("airbyte") is None, reason="PyAirbyte runs on Python 3.11 and 3.12 only"
)


def demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "demo", *map(str, arguments)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def tables(output: str) -> list[dict[str, list[str]]]:
    """The cells of each table by stream."""
    found: list[dict[str, list[str]]] = []
    for line in output.splitlines():
        cells = [cell for cell in line.split("  ") if cell.strip()]
        if cells[:1] == ["stream"]:
            found.append({})
        elif found and len(cells) == 5:
            found[-1][cells[0].strip()] = [cell.strip() for cell in cells[1:]]
    return found


@NEEDS_PYAIRBYTE
def test_the_second_run_carries_on_where_the_first_stopped(tmp_path: Path) -> None:
    import duckdb

    first = demo("--data", tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    everything, moved = tables(first.stdout)
    rows, read, calls, _ = everything["Leads"]
    assert rows == read
    assert int(read.replace(",", "")) > 2_000
    assert int(calls) > 0
    assert int(everything["all"][3]) > 0
    assert [moved[name][1] for name in ("Leads", "Contacts", "Products")] == ["7", "6", "0"]
    assert "Stage " in first.stdout
    assert " -> " in first.stdout
    assert "\nEqual: zoho.duckdb holds all " in first.stdout
    assert first.stderr == ""

    second = demo("--data", tmp_path)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "from an earlier run" in second.stdout
    nothing, moved_again = tables(second.stdout)
    assert [nothing[name][1] for name in ("Leads", "Contacts", "Deals")] == ["0", "0", "0"]
    assert moved_again["Leads"][1] == "7"
    assert "\nEqual: zoho.duckdb holds all " in second.stdout

    with duckdb.connect(str(tmp_path / "zoho.duckdb"), read_only=True) as database:
        counts: Any = database.execute("select count(*), count(distinct id) from leads").fetchone()
    assert counts[0] == counts[1] == int(read.replace(",", "")) + 2 * 3


@NEEDS_PYAIRBYTE
def test_a_run_that_is_stopped_ends_in_a_sentence(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "demo", "--data", str(tmp_path)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert errors == "Stopped. The next `make demo` goes on from here.\n"
    assert not (tmp_path / ".state" / "scratch").exists()


@NEEDS_PYAIRBYTE
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        (json.dumps({"dc_region": "XX"}), "'XX' is no region of Zoho CRM."),
    ],
)
def test_a_bad_config_ends_in_a_sentence(tmp_path: Path, text: str | None, said: str) -> None:
    config = tmp_path / "config.json"
    if text is not None:
        config.write_text(text)
    result = demo("--data", tmp_path, "--config", config)
    assert result.returncode == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


NOON = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - as DuckDB has it: UTC, unsaid
ZOHO = [
    {"id": "1", "Modified_Time": "2026-01-01T04:00:00-08:00"},
    {"id": "2", "Modified_Time": "2026-01-01T12:00:00Z"},
]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("1", NOON), ("2", NOON)], []),
        ([("1", NOON)], ["1 missing (2)"]),
        ([("1", NOON), ("2", NOON), ("3", NOON)], ["1 not in Zoho (3)"]),
        ([("1", NOON), ("2", NOON), ("2", NOON)], ["1 there more than once (2)"]),
        ([("1", NOON), ("2", NOON.replace(hour=13))], ["1 of another Modified_Time (2)"]),
    ],
)
def test_each_difference_is_told(rows: list[tuple[str, datetime | None]], said: list[str]) -> None:
    assert differences(ZOHO, rows) == said
