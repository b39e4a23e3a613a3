"""`make demo`, typed twice: what a newcomer sees, and what DuckDB holds then."""

import json
import re
import signal
import subprocess
import sys
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from demo.account import Account
from demo.equality import differences
from demo.models import Model
from demo.page import Bars, write_page

CHECKOUT = Path(__file__).parents[1]
NEEDS_PYAIRBYTE = pytest.mark.skipif(
    find_spec("airbyte") is None, reason="PyAirbyte runs on Python 3.11 and 3.12 only"
)


def demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            said, errors = process.communicate(timeout=300)
        except subprocess.TimeoutExpired:
            # It ends its emulator, where a kill would leave it behind.
            process.terminate()
            raise
    return subprocess.CompletedProcess(command, process.returncode, said, errors)


def tables(output: str) -> list[dict[str, list[str]]]:
    """The cells of each table by the first of their line."""
    found: list[dict[str, list[str]]] = []
    width = 0
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.split("  ") if cell.strip()]
        if cells[:1] in (["stream"], ["table in DuckDB"]):
            found.append({})
            width = len(cells)
        elif found and len(cells) == width:
            found[-1][cells[0]] = cells[1:]
    return found


BACK = {
    "contacts_worth -> Contacts, upsert by Email": ["124", "2", "120", "2"],
    "accounts_worth -> Accounts, upsert by ERP_ID": ["62", "1", "60", "1"],
    "deals_next -> Deals, update by id": ["42", "0", "40", "2"],
    "invoices_due -> Invoices, upsert by Subject": ["2", "1", "0", "1"],
    "quote_lines -> Quoted_Items, update by id": ["1", "0", "1", "0"],
    "leads_wishes -> Leads, update by id": ["1", "0", "1", "0"],
}


def rejects(folder: Path) -> list[tuple[str, str]]:
    """Code and field of each rejected row, sorted."""
    lines = [line for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]
    rejections = [json.loads(line)["rejected"] for line in lines]
    return sorted((one["code"], one["field"]) for one in rejections)


def plotted(page: Path) -> list[str]:
    """The titles of the page's plots; it is one that a browser opens without another file."""
    root = ElementTree.fromstring(re.sub(r"<!doctype.*?>|<meta.*?>", "", page.read_text()))
    assert not [one for one in root.iter() if one.attrib.keys() & {"src", "href"}]
    return [str(title.text) for title in root.iter("h2")]


@pytest.mark.long
@NEEDS_PYAIRBYTE
def test_the_second_run_carries_on_where_the_first_stopped(tmp_path: Path) -> None:
    import duckdb

    first = demo("--data", tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    everything, moved, back = tables(first.stdout)
    rows, read, calls, _ = everything["Leads"]
    assert rows == read
    assert int(read.replace(",", "")) > 2_000
    assert int(calls) > 0
    assert int(everything["all"][3]) > 0
    assert [moved[name][1] for name in ("Leads", "Contacts", "Products")] == ["7", "6", "0"]
    assert "Stage " in first.stdout
    assert " -> " in first.stdout
    assert "\nEqual: zoho.duckdb holds all " in first.stdout
    assert {title: cells[:4] for title, cells in back.items() if "->" in title} == BACK
    assert "\nChecked in Zoho: 8 records are new and 223 have changed" in first.stdout
    assert first.stderr == ""
    assert max(map(len, first.stdout.splitlines())) <= 110
    codes = rejects(tmp_path / "rejected")
    assert [code for code, _ in codes] == ["EMPTY_KEY", *["INVALID_DATA"] * 5]
    of_item = "Invoiced_Items.Product_Name"
    fields = ["Email", "Contract_Value", "Email", of_item, "id", "id"]
    assert [field for _, field in codes] == fields
    assert re.search('Invoices "Invoice 1": 2 line items, ".+" and', first.stdout)
    assert re.search('Quotes ".+": 1 of .+ line items changed, Quantity', first.stdout)
    assert re.search('Leads "Newcomer 1.1": linked with ".+" and', first.stdout)

    assert "First sync: " in first.stdout
    assert re.search(r"Read whole each time: .*\bQuoted_Items\b", first.stdout, re.DOTALL)
    assert plotted(tmp_path / "zoho.html") == ["First sync", "Next sync", "The way back"]

    second = demo("--data", tmp_path)
    assert "First sync" not in second.stdout
    assert second.returncode == 0, second.stdout + second.stderr
    assert "from an earlier run" in second.stdout
    written, moved_again, _ = tables(second.stdout)
    names = ("Leads", "Contacts", "Accounts", "Deals", "Invoices")
    assert [written[name][1] for name in names] == ["1", "122", "61", "40", "1"]
    assert moved_again["Leads"][1] == "7"
    assert "\nEqual: zoho.duckdb holds all " in second.stdout
    assert "\nChecked in Zoho: 8 records are new and 223 have changed" in second.stdout

    with duckdb.connect(str(tmp_path / "zoho.duckdb"), read_only=True) as database:
        counts: Any = database.execute("select count(*), count(distinct id) from leads").fetchone()
        back_again: Any = database.execute(
            "select count(*) from deals where next_step = 'Ask again 1'"
        ).fetchone()
        inner: Any = database.execute(
            "select (select count(*) from invoiced_items join invoices on invoices.id = parent_id"
            " where subject = 'Invoice 1'), (select count(*) from leadsxproducts join leads"
            " on leads.id = leads where last_name = 'Newcomer 1.1'), (select count(*) from"
            " quoted_items join quote_lines using (id))"
        ).fetchone()
    assert inner == (2, 2, 1)
    assert counts[0] == counts[1] == int(read.replace(",", "")) + 2 * 3
    assert back_again[0] > 30


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
        (json.dumps({"dc_region": "XX"}), "'XX', which is none of US,"),
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


DEALS = Model("t", "", "Deals", "update", "id", {"id": "id", "step": "Next_Step"})
BEFORE = {("Deals", "1"): {"id": "1", "Next_Step": "a"}, ("Tasks", "2"): {"id": "2"}}


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({("Deals", "1"): {"id": "1", "Next_Step": "b"}}, []),
        ({}, ["Deals: 0 updated, 1 counted", "1 is as it was", "is 'a', not 'b'"]),
        ({("Deals", "1"): {"id": "1", "Next_Step": "c"}}, ["is 'c', not 'b'"]),
        ({("Tasks", "2"): {"id": "2", "Status": "x"}}, ["Tasks 2 has changed unasked"]),
        (
            {("Deals", "3"): {"id": "3", "Next_Step": "b"}},
            ["Deals: 1 created, 0 counted", "Deals 3 has"],
        ),
    ],
    ids=["as it should be", "nothing", "another value", "another record", "one more"],
)
def test_each_change_that_was_not_asked_for_is_told(after: Any, said: list[str]) -> None:
    rows = {"t": [{"id": "1", "step": "b"}]}
    problems = Account(BEFORE, BEFORE | after).problems([DEALS], rows, {"t": {"updated": 1}})
    assert all(any(part in problem for problem in problems) for part in said), problems
    assert bool(problems) == bool(said)


def test_bars_are_to_scale_and_quiet_streams_are_counted(tmp_path: Path) -> None:
    lines = [("Quiet", (0, 0, 0)), ("A & B", (5, 2, 0)), ("Leads", (20, 4, 8))]
    write_page(tmp_path / "page.html", [Bars("First sync", lines)])
    page = (tmp_path / "page.html").read_text()
    cells = re.findall(r'<i style="width:([\d.]+)%"></i>([\d,]+)', page)
    assert cells == [
        *[("65.0", "20"), ("65.0", "4"), ("65.0", "8")],
        *[("16.2", "5"), ("32.5", "2"), ("0.0", "0")],
    ]
    assert "<td>A &amp; B</td>" in page
    assert "1 more took neither rows nor calls." in page
