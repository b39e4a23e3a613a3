"""The source's page: what people type there works, and its figures are those of other pages."""

import json
import logging
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from source_zoho_crm import SourceZohoCrm
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

CHECKOUT = Path(__file__).parents[1]
PAGES = CHECKOUT / "docs" / "integrations"
PAGE = (PAGES / "sources" / "zoho-crm.md").read_text()
CREDITS = (PAGES / "zoho-crm" / "credits.md").read_text()


def run_script(
    name: str, folder: Path, *arguments: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """The script that the page calls so, run there."""
    after = PAGE.split(f"with this as `{name}`")[1]
    found = re.search(r"( *)```python\n(.*?)```", after, re.DOTALL)
    assert found
    (folder / name).write_text(textwrap.dedent(found[2]))
    command = [sys.executable, name, *arguments]
    return subprocess.run(command, cwd=folder, check=check, capture_output=True, text=True)


@pytest.fixture
def discovered(tmp_path: Path) -> Path:
    modes = {"Leads": ["full_refresh", "incremental"], "users": ["full_refresh"]}
    streams = [
        {"name": name, "json_schema": {}, "supported_sync_modes": found}
        for name, found in modes.items()
    ]
    lines = [{"type": "LOG", "log": {}}, {"type": "CATALOG", "catalog": {"streams": streams}}]
    (tmp_path / "discovered.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path


def test_the_script_that_chooses_streams_makes_a_configured_catalog(discovered: Path) -> None:
    printed = run_script("choose.py", discovered, "Leads", "users").stdout

    catalog = ConfiguredAirbyteCatalogSerializer.load(json.loads(printed))
    found = [
        (entry.stream.name, entry.sync_mode.value, entry.destination_sync_mode.value)
        for entry in catalog.streams
    ]
    assert found == [
        ("Leads", "incremental", "append_dedup"),
        ("users", "full_refresh", "overwrite"),
    ]


def test_the_script_that_chooses_streams_refuses_a_misspelled_one(discovered: Path) -> None:
    ended = run_script("choose.py", discovered, "Leads", "leads", "Usres", check=False)

    assert ended.returncode == 1
    assert (ended.stdout, ended.stderr) == ("", "No such stream: leads, Usres\n")


def test_the_script_for_states_keeps_the_last_one_of_each_stream(tmp_path: Path) -> None:
    def state(stream: str, number: int) -> dict[str, object]:
        return {"stream": {"stream_descriptor": {"name": stream}, "stream_state": {"n": number}}}

    def keep(*states: object, end: str = "") -> list[object]:
        lines = [{"type": "RECORD"}, *({"type": "STATE", "state": each} for each in states)]
        text = "\n".join(map(json.dumps, lines))
        (tmp_path / "source.jsonl").write_text(f"{text}\n{end}")
        run_script("keep_states.py", tmp_path)
        return json.loads((tmp_path / "source_state.json").read_text())  # type: ignore[no-any-return]

    first = [state("Leads", 3), state("Deals", 2)]
    assert keep(state("Leads", 1), state("Deals", 2), state("Leads", 3)) == first
    # A read that failed at once, one that ended before deals, one that was killed.
    assert keep() == first
    assert keep(state("Leads", 4)) == [state("Leads", 4), state("Deals", 2)]
    assert keep(state("Deals", 5), end='{"type": "STATE", "sta') == [
        state("Leads", 4),
        state("Deals", 5),
    ]


def test_the_configuration_of_the_emulator_is_that_of_the_checkout() -> None:
    found = re.search(r'```json title="emulator configuration"\n(.+?)```', PAGE, re.DOTALL)
    kept = CHECKOUT / "integration_tests" / "emulator_config.json"

    assert found
    assert json.loads(found[1]) == json.loads(kept.read_text().replace("127.0.0.1", "localhost"))


def test_the_streams_that_show_an_org_have_the_columns_that_the_page_names() -> None:
    streams = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())["definitions"]["streams"]
    rows = PAGE.split("| to find | stream | columns |")[1].split("\n\n")[0].splitlines()[2:]
    for row in rows:
        _, name, columns = row.strip("|").split("|")
        schema = streams[name.strip(" `")]["schema_loader"]["schema"]["properties"]
        named = re.findall(r"`(\w+)`", columns.split("is `")[0])
        assert named
        assert set(named) <= schema.keys()
    assert len(rows) == 5


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
    shown = [int(number) for number in re.findall(r"\| (\d+) credits", table)]
    prices = re.findall(r"^\| 100,000 \| (\d+) \| (\d+) \| (\d+) \|$", CREDITS, re.MULTILINE)[0]

    assert shown == [*map(int, prices), int(prices[2]) + 2]


def test_the_log_says_what_the_page_on_it_explains() -> None:
    page = (PAGES / "zoho-crm" / "watch-a-sync.md").read_text()
    packages = ("source_zoho_crm", "zoho_crm")
    code = "".join(
        path.read_text() for each in packages for path in (CHECKOUT / each).rglob("*.py")
    )
    code = re.sub(r'"\n\s+f?"', "", code)
    code = re.sub(r"\{count\(.+?, '(.+?)'\)\}", r"\1s", code)
    lines, waits, sentences = (
        page.split("| the line begins |")[1].split("\n\n")[0],
        page.split("| waits for |")[1].split("\n\n")[0],
        page.split("Look at the sentence:\n\n")[1].split("\n\n")[0],
    )
    told = [found.strip(" …") for found in re.findall(r"^\| `(?:<stream>:)?(.+?)`", lines, re.M)]
    told += [found.removeprefix("Zoho to ") for found in re.findall(r"^\| (\w.+?) \|", waits, re.M)]
    told += re.findall(r'"(?:… )?(.+?)"', sentences)

    parts = [found.replace("5xx)", "") for found in told]
    parts = ["read{by}" if part == "read by" else part for part in parts]
    assert [part for part in parts if part not in code] == []
    assert len(parts) == 9 + 7 + 5
