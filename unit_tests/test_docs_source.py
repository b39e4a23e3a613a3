"""The source's page: what people type there works, and its figures are those of other pages."""

import json
import logging
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from source_zoho_crm import SourceZohoCrm
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

CHECKOUT = Path(__file__).parents[1]
PAGES = CHECKOUT / "docs" / "integrations"
PAGE = (PAGES / "sources" / "zoho-crm.md").read_text()
CREDITS = (PAGES / "zoho-crm" / "credits.md").read_text()


def run_script(name: str, folder: Path, *arguments: str) -> str:
    """What the script that the page calls so prints there."""
    after = PAGE.split(f"with this as `{name}`")[1]
    found = re.search(r"```python\n(.*?)```", after, re.DOTALL)
    assert found
    (folder / name).write_text(textwrap.dedent(found[1]))
    command = [sys.executable, name, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_the_script_that_chooses_streams_makes_a_configured_catalog(tmp_path: Path) -> None:
    modes = {"Leads": ["full_refresh", "incremental"], "users": ["full_refresh"], "roles": []}
    streams = [
        {"name": name, "json_schema": {}, "supported_sync_modes": found}
        for name, found in modes.items()
    ]
    lines = [{"type": "LOG", "log": {}}, {"type": "CATALOG", "catalog": {"streams": streams}}]
    (tmp_path / "discovered.jsonl").write_text("\n".join(map(json.dumps, lines)))

    printed = run_script("choose.py", tmp_path, "Leads", "users")

    catalog = ConfiguredAirbyteCatalogSerializer.load(json.loads(printed))
    found = {entry.stream.name: entry.sync_mode.value for entry in catalog.streams}
    assert found == {"Leads": "incremental", "users": "full_refresh"}


def test_the_script_for_states_keeps_the_last_one_of_each_stream(tmp_path: Path) -> None:
    def state(stream: str, number: int) -> dict[str, object]:
        return {"stream": {"stream_descriptor": {"name": stream}, "stream_state": {"n": number}}}

    states = [state("Leads", 1), state("Deals", 2), state("Leads", 3)]
    lines = [{"type": "RECORD"}, *({"type": "STATE", "state": each} for each in states)]
    (tmp_path / "out.jsonl").write_text("\n".join(map(json.dumps, lines)))

    printed = run_script("last_states.py", tmp_path)

    assert json.loads(printed) == [state("Leads", 3), state("Deals", 2)]


def test_the_example_of_a_configuration_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    found = re.search(r'```json title="source configuration"\n(.+?)```', PAGE, re.DOTALL)
    assert found
    ZohoAuthenticator._tokens.clear()
    few = Settings(rows=1, modules=None)
    with running(few, {"tokens_per_10_min": 0}) as server:
        config = json.loads(found[1]) | server.account
        source = SourceZohoCrm(config=config)
        status = source.check(logging.getLogger("airbyte"), config)

    assert status.status.value == "SUCCEEDED"
    assert [entry.message for entry in caplog.records if entry.levelno >= logging.WARNING] == []


def test_the_methods_cost_what_the_page_about_credits_says() -> None:
    table = PAGE.split("| choose |")[1].split("\n\n")[0]
    shown = [int(number) for number in re.findall(r"\| (?:about )?(\d+) credits \|", table)]
    (prices,) = re.findall(r"^\| 100,000 \| (\d+) \| (\d+) \| (\d+) \|$", CREDITS, re.MULTILINE)

    assert shown == [*map(int, prices), int(prices[2])]


def test_the_log_says_what_the_page_on_it_explains() -> None:
    page = (PAGES / "zoho-crm" / "watch-a-sync.md").read_text()
    packages = ("source_zoho_crm", "zoho_crm")
    code = "".join(
        path.read_text() for each in packages for path in (CHECKOUT / each).rglob("*.py")
    )
    code = re.sub(r'"\n\s+f?"', "", code)
    lines, waits, sentences = (
        page.split("| the line begins |")[1].split("\n\n")[0],
        page.split("| waits for |")[1].split("\n\n")[0],
        page.split("Look at the sentence:\n\n")[1].split("\n\n")[0],
    )
    told = [found.strip(" …") for found in re.findall(r"^\| `(?:<stream>:)?(.+?)`", lines, re.M)]
    told += [found.removeprefix("Zoho to ") for found in re.findall(r"^\| (\w.+?) \|", waits, re.M)]
    told += re.findall(r'"(?:… )?(.+?)"', sentences)

    parts = [found.replace("5xx)", "").replace("read by", "read{by}") for found in told]
    assert [part for part in parts if part not in code] == []
    assert len(parts) == 7 + 7 + 5
