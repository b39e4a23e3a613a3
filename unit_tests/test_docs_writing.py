"""What the pages on writing tell a reader to type does what they say, and their figures are those
of the code."""

import json
import math
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path

import jsonschema
import pytest
import yaml

from destination_zoho_crm import bulk_plan, lost_inserts, rejects_bucket, sending, write_run
from destination_zoho_crm.batches import _ROWS_OF_ONE
from destination_zoho_crm.bulk_files import MOST_COLUMNS, MOST_ROWS
from destination_zoho_crm.bulk_jobs import build_pauses
from destination_zoho_crm.calls import MOST_DELETE_TEXT, MOST_RECORDS
from destination_zoho_crm.row_counts import RESULTS
from destination_zoho_crm.settings import MANY_ROWS, MOST_DELETES, RejectLimit
from destination_zoho_crm.spool import MOST_BYTES
from destination_zoho_crm.writers import _IN_HAND, _MOST_CHUNKS, _MOST_WRITERS
from unit_tests.destination.conftest import OFF, Json, Org, row, state, stream
from zoho_crm.limits import CREDITS_OF_A_BULK_WRITE, RECORDS_PER_CREDIT
from zoho_emulator.server import Running, Settings, running

CHECKOUT = Path(__file__).parents[1]
PAGES = CHECKOUT / "docs" / "integrations"
MAIN = (PAGES / "destinations" / "zoho-crm.md").read_text()
BULK, HOW, REJECTED = (
    (PAGES / "zoho-crm" / f"{name}.md").read_text()
    for name in ("bulk-write", "how-rows-are-written", "rejected-rows")
)
MANIFEST = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())
#: What differs from run to run: seconds, times in names of files, ids of jobs, and folders.
VARYING = re.compile(r"\d+\.\d s|after \d+ s|\d{8}T\d+|job \d+|kept in \S+")


def read_block(page: str, language: str, title: str) -> str:
    """The one block of code with this title, as a reader copies it."""
    pattern = rf'^( *)```{language} title="{re.escape(title)}"\n(.*?)^\1```'
    ((_, block),) = re.findall(pattern, page, re.S | re.M)
    return textwrap.dedent(block)


def read_table(page: str, header: str) -> list[list[str]]:
    """The cells of the one table that begins so."""
    pattern = rf"^{re.escape(header)}.*\n\|[- |]+\|\n((?:\|.*\n)+)"
    (table,) = re.findall(pattern, page, re.M)
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]


def read_lines(page: str, title: str) -> list[str]:
    """The lines of a log, without what differs from run to run."""
    return [VARYING.sub("", line) for line in read_block(page, "text", title).splitlines()]


class Reader:
    """Who types what a page says, in a folder of files."""

    def __init__(self, server: Running, folder: Path) -> None:
        self._server = server
        self.folder = folder

    def save(self, name: str, text: str) -> None:
        """Only the address differs: the emulator has another port here."""
        (self.folder / name).write_text(
            text.replace("http://localhost:8765", self._server.account["base_url"])
        )

    def run(self, command: str, *arguments: str, rows: str | None = None) -> list[Json]:
        code = "from destination_zoho_crm.run import run; run()"
        done = subprocess.run(
            [sys.executable, "-c", code, command, *arguments],
            cwd=self.folder,
            input=rows,
            capture_output=True,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def write(self, rows: str) -> list[Json]:
        files = ("--config", "destination.json", "--catalog", "destination_catalog.json")
        return self.run("write", *files, rows=rows)

    def shell(self, script: str) -> None:
        subprocess.run(["sh", "-c", script], cwd=self.folder, check=True)


def list_said(messages: list[Json]) -> list[str]:
    logs = [one["log"]["message"] for one in messages if one["type"] == "LOG"]
    return [VARYING.sub("", line) for line in logs]


def is_shown(shown: list[str], said: list[str]) -> bool:
    """Line by line; dots end a line that is shortened."""
    return len(shown) == len(said) and all(
        line.startswith(begin.removesuffix("…")) if begin.endswith("…") else line == begin
        for begin, line in zip(shown, said, strict=True)
    )


def list_warnings(messages: list[Json]) -> list[str]:
    return [one["log"]["message"] for one in messages if one.get("log", {}).get("level") == "WARN"]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    settings = Settings(rows=1, rows_by_module={}, modules=None, fields_by_module={})
    with running(settings, OFF | {"more_scopes": ["ZohoFiles.files.ALL"]}) as running_server:
        yield running_server


@pytest.fixture
def reader(server: Running, tmp_path: Path) -> Reader:
    server.control("POST", "reset", {"org": True})
    return Reader(server, tmp_path)


@pytest.fixture
def prepared(reader: Reader) -> Reader:
    """Has the files of the first write by hand."""
    reader.save("destination.json", read_block(MAIN, "json", "destination configuration"))
    reader.save("destination_catalog.json", read_block(MAIN, "json", "destination_catalog.json"))
    return reader


def test_the_first_write_by_hand_goes_as_the_page_shows(prepared: Reader) -> None:
    rows = read_block(MAIN, "json", "rows.jsonl")

    checked = prepared.run("check", "--config", "destination.json")
    first, second = prepared.write(rows), prepared.write(rows)

    assert checked[-1]["connectionStatus"]["status"] == "SUCCEEDED"
    assert [*map(list_warnings, (checked, first, second))] == [[], [], []]
    assert is_shown(read_lines(MAIN, "the log of a first write"), list_said(first))
    assert len([one for one in first if one["type"] == "STATE"]) == 1
    assert any(", 2 updated, " in line for line in list_said(second))


def test_write_fails_where_check_succeeds_and_check_exits_with_0(prepared: Reader) -> None:
    """As the page says of a mandatory field without a column, and of a check that fails."""
    config = json.loads((prepared.folder / "destination.json").read_text())
    mapping = config["mappings"][0] | {"operation": {"operation": "insert"}}
    mapping["fields"] = mapping["fields"][:1]
    prepared.save("lacking.json", json.dumps(config | {"mappings": [mapping]}))
    mapping = mapping | {"module": "Contactz"}
    prepared.save("wrong.json", json.dumps(config | {"mappings": [mapping]}))

    checked, failed = (
        prepared.run("check", "--config", name)[-1]["connectionStatus"]["status"]
        for name in ("lacking.json", "wrong.json")
    )
    files = ("--config", "lacking.json", "--catalog", "destination_catalog.json")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        prepared.run("write", *files, rows="")

    assert (checked, failed) == ("SUCCEEDED", "FAILED")
    assert caught.value.returncode == 1
    log, last = [json.loads(line) for line in caught.value.stdout.splitlines()][-2:]
    assert (log["log"]["level"], last["type"]) == ("ERROR", "TRACE")
    assert "no column goes to Last_Name" in log["log"]["message"]


def test_a_rejected_row_is_explained_and_written_again_as_the_page_shows(prepared: Reader) -> None:
    messages = prepared.write(read_block(REJECTED, "json", "more.jsonl"))
    (kept,) = (prepared.folder / "rejected").glob("*.jsonl")
    (line,) = map(json.loads, kept.read_text().splitlines())
    prepared.shell(read_block(REJECTED, "bash", "move away"))
    moved = prepared.folder / "corrected" / kept.name
    again = prepared.write(moved.read_text().replace("17/05/1980", "1980-05-17"))

    shown = read_lines(REJECTED, "the log of a rejected row")
    assert is_shown(shown, list_said(messages)[-len(shown) :])
    assert line.pop("type") == "RECORD"
    line["record"].pop("emitted_at")
    assert line == json.loads(read_block(REJECTED, "json", "a kept row"))
    assert "`1 row = 1 created`" in REJECTED
    assert any("1 row = 1 created" in one for one in list_said(again))


def test_the_page_names_every_key_of_a_kept_row() -> None:
    kept = json.loads(read_block(REJECTED, "json", "a kept row"))["rejected"]

    named = [name for keys, _ in read_table(REJECTED, "| key | holds |") for name in keys.split()]

    assert [name.strip("`,") for name in named] == [*kept]


def test_the_key_rejected_is_taken_out_as_the_page_shows(prepared: Reader) -> None:
    prepared.write(read_block(REJECTED, "json", "more.jsonl"))
    prepared.shell("cat rejected/*.jsonl > unknown.jsonl")

    prepared.shell(read_block(REJECTED, "bash", "take out"))

    (line,) = (prepared.folder / "again.jsonl").read_text().splitlines()
    assert json.loads(line).keys() == {"type", "record"}


def test_the_job_of_bulk_write_goes_as_the_page_shows(reader: Reader) -> None:
    reader.save("destination.json", read_block(BULK, "json", "destination configuration"))
    reader.save("destination_catalog.json", read_block(BULK, "json", "destination_catalog.json"))
    reader.shell(read_block(BULK, "bash", "leads").replace("python3", sys.executable))

    messages = reader.write((reader.folder / "rows.jsonl").read_text())

    # How often the job was looked at is a matter of time.
    shown, said = (
        [re.sub(r"; \d+ calls, \d+ credits", "", line) for line in lines]
        for lines in (read_lines(BULK, "the log of a job"), list_said(messages))
    )
    assert [line for line in said if line in shown] == shown
    assert list_warnings(messages) == []


def test_the_page_shows_what_the_log_says_of_credits_that_bulk_write_would_save(
    reader: Reader,
) -> None:
    config = json.loads(read_block(BULK, "json", "destination configuration"))
    del config["automations"]
    reader.save("destination.json", json.dumps(config))
    reader.save("destination_catalog.json", read_block(BULK, "json", "destination_catalog.json"))
    reader.shell(read_block(BULK, "bash", "leads").replace("python3", sys.executable))

    messages = reader.write((reader.folder / "rows.jsonl").read_text())

    assert list_said(messages)[-1:] == read_lines(BULK, "the log of what would have been saved")


@pytest.mark.parametrize("states", [0, 1, 2])
def test_an_input_is_cut_behind_the_last_state_that_came_back(reader: Reader, states: int) -> None:
    lines = [
        row("Leads", {"Last_Name": "A"}),
        state("Leads", 1),
        row("Leads", {"Last_Name": "B"}),
        state("Leads", 2),
        row("Leads", {"Last_Name": "C"}),
    ]
    (reader.folder / "rows.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    printed = [b'{"type":"LOG"}', *[one for one in lines if b'"STATE"' in one][:states]]
    (reader.folder / "out.jsonl").write_bytes(b"\n".join(printed) + b"\n")

    reader.shell(read_block(HOW, "bash", "cut"))

    rest = (reader.folder / "rest.jsonl").read_bytes().splitlines()
    assert rest == lines[2 * states :]


def test_a_cancelled_insert_leaves_what_it_wrote_behind_the_last_state_to_be_added_again(
    server: Running,
) -> None:
    """As the page says of an input without a STATE."""
    org, stop = Org(server), threading.Event()
    server.control("POST", "reset", {"org": True})

    def feed() -> Iterator[bytes]:
        for number in range(2 * MOST_RECORDS):
            yield row("Leads", {"Last_Name": f"L{number}"})
        for _ in range(200):
            if org.calls("insert") >= 2:
                break
            stop.wait(0.05)
        stop.set()
        yield row("Leads", {"Last_Name": "more"})

    result = org.write_lines([stream("Leads", "Last_Name")], feed(), stop)

    assert "The sync was stopped" in result.sentence
    assert result.states == []
    assert len(org.records("Leads")) >= 2 * MOST_RECORDS


def test_the_log_tells_of_a_lost_answer_as_the_page_shows(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_inserts, "SETTLE_S", 0.2)
    org = Org(server)
    server.control("POST", "reset", {"org": True})
    org.fail("insert:Leads", "reset")

    result = org.write(
        stream("Leads", "Last_Name"), [{"Last_Name": f"L{number}"} for number in range(100)]
    )

    assert result.counts() == {"created": 100}
    (shown,) = read_lines(HOW, "the log after a lost answer")
    assert shown in result.log


def test_looks_for_lost_inserts_are_those_of_the_code() -> None:
    words = {4: "four", 5: "five"}

    looks, pause = words[lost_inserts._MOST_LOOKS], words[int(lost_inserts.SETTLE_S)]
    assert f"It asks up to {looks} times, {pause} seconds apart" in HOW
    assert f"sent again, {words[sending._MOST_INSERTS - 1]} times at most" in HOW


def test_the_bucket_of_the_page_fits_the_form_and_each_of_its_settings_is_explained() -> None:
    spec = json.loads((CHECKOUT / "destination_zoho_crm" / "spec.json").read_text())
    form = spec["connectionSpecification"]
    (option,) = (
        one for one in form["properties"]["object_storage_config"]["oneOf"] if one["title"] == "S3"
    )
    shown = json.loads(read_block(REJECTED, "json", "object_storage_config: S3"))
    account = dict.fromkeys(form["required"], "x")

    jsonschema.validate(account | {"object_storage_config": shown}, form)

    assert shown.keys() <= option["properties"].keys()
    explained = {
        key.strip("`"): title.strip("*")
        for title, key in (
            setting.split("<br/>")
            for setting, *_ in read_table(REJECTED, "| setting | values | what it does |")
        )
    }
    titles = {name: setting["title"] for name, setting in option["properties"].items()}
    assert explained == {name: title for name, title in titles.items() if name != "storage_type"}


def test_examples_have_the_credentials_of_the_emulator() -> None:
    account = json.loads((CHECKOUT / "integration_tests" / "emulator_config.json").read_text())

    for page in (MAIN, BULK):
        shown = json.loads(read_block(page, "json", "destination configuration"))
        for name in ("client_id", "client_secret", "refresh_token"):
            assert shown[name] == account[name]


def test_prices_of_bulk_write_follow_from_zohos() -> None:
    job = int(re.findall(r"A job costs (\d+) credits", BULK)[0])
    assert job == CREDITS_OF_A_BULK_WRITE
    # Its file, its result, and the looks at a job of two minutes, as in the estimate of minutes.
    looks = sum(1 for spent in accumulate(islice(build_pauses(), 20)) if spent < 120) + 1
    assert "two minutes a job, which make" in BULK
    assert f"which make {job + looks + 2} credits" in BULK
    assert f"They reckon with {bulk_plan.CREDITS_OF_A_JOB} credits" in BULK

    for cells in read_table(BULK, "| rows | by REST | by Bulk | by Automatic |"):
        number, rest, bulk, automatic = (int(cell.replace(",", "")) for cell in cells)
        assert rest == number / RECORDS_PER_CREDIT
        assert bulk == math.ceil(number / MOST_ROWS) * (job + looks + 2)
        assert automatic == (rest if number < bulk_plan.FEWEST_ROWS else bulk)


def test_minutes_of_bulk_write_are_those_of_the_estimate() -> None:
    for number, rest, bulk in read_table(BULK, "| rows | minutes by REST |"):
        count = int(number.replace(",", ""))
        seconds = count / MOST_RECORDS / _MOST_WRITERS
        assert rest == ("less than 1" if seconds < 30 else f"{seconds / 60:.0f}")
        assert int(bulk) == math.ceil(count / MOST_ROWS / _MOST_CHUNKS) * 2


def test_the_page_names_the_hosts_of_every_region() -> None:
    shown = {
        region: [f"https://{host}" for host in re.findall(r"`(.+?)`", hosts)]
        for region, hosts in read_table(BULK, "| Region | files go to |")
    }

    regions = MANIFEST["definitions"]["regions"]
    assert shown == {name: region["upload"] for name, region in regions.items()}


def test_the_page_names_the_modules_of_bulk_write() -> None:
    (named,) = re.findall(r"Its module is none of (.+) and custom modules\.", BULK)

    assert set(named.split(", ")) == bulk_plan._MODULES


def test_the_page_names_everything_that_can_become_of_a_row() -> None:
    named = [count for count, _ in read_table(HOW, "| count | the row |")]

    assert named == [*RESULTS, "without a known outcome", "not sent"]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (BULK, f"a file of up to {MOST_ROWS:,} rows"),
        (BULK, f"It has more than {MOST_COLUMNS} columns."),
        (BULK, f"in jobs where {bulk_plan.FEWEST_ROWS:,} rows or more wait"),
        (BULK, f"{MOST_ROWS:,} rows, or {MOST_BYTES // 1024**2} MB;"),
        (BULK, f"{write_run._SILENCE_S} seconds without input"),
        (BULK, f"or {write_run._LONGEST_WAIT_S // 60} minutes with it"),
        (HOW, f"A call carries up to {MOST_RECORDS} records"),
        (HOW, f"{_ROWS_OF_ONE * MOST_RECORDS} rows wait"),
        (HOW, f"longer than {MOST_DELETE_TEXT:,} characters"),
        (MAIN, f"number; default `{MOST_DELETES}`"),
        (REJECTED, f"a stream of {MANY_ROWS} rows or more is rejected whole"),
        (REJECTED, f"counts from {RejectLimit.FIRST_ROWS} rows on while the sync runs"),
        (REJECTED, f"At the end it counts from {MANY_ROWS} rows on"),
        (REJECTED, f"until they are {rejects_bucket.MOST_BYTES // 1_000_000} MB"),
        (REJECTED, f"names are cut at {rejects_bucket._MOST_CHARACTERS} characters"),
    ],
)
def test_a_figure_of_the_pages_is_that_of_the_code(page: str, said: str) -> None:
    assert said in page


def test_calls_and_jobs_at_a_time_are_those_of_the_code() -> None:
    words = {3: "three", 5: "five", 8: "eight"}

    assert f"{words[_MOST_WRITERS].capitalize()} calls are under way at a time" in HOW
    assert f"{words[_IN_HAND].capitalize()} more batches may wait" in HOW
    assert f"{words[_MOST_CHUNKS].capitalize()} jobs run at a time" in BULK


def test_the_page_names_lines_that_the_log_has() -> None:
    code = "\n".join(
        path.read_text() for path in sorted((CHECKOUT / "destination_zoho_crm").glob("*.py"))
    )
    begins = [begin.strip("`*") for begin, _ in read_table(HOW, "| a line begins |")]
    remarks = [one.strip("*") for one, _ in read_table(HOW, "| the line goes on |")]

    assert len(begins) > 5
    assert [begin for begin in begins if f'"{begin} ' not in code] == []
    assert len(remarks) > 3
    assert [one for one in remarks if not re.search(write_pattern(one), code)] == []


def write_pattern(remark: str) -> str:
    """Of a remark of the plan; what its stream fills in may stand for the dots or a noun."""
    parts = map(re.escape, remark.replace("the record that", "the … that").split("…"))
    return '"' + '[^"]*'.join(parts)


def test_the_scopes_to_paste_are_those_that_the_sign_in_asks_for() -> None:
    spec = json.loads((CHECKOUT / "destination_zoho_crm" / "spec.json").read_text())
    oauth = spec["advanced_auth"]["oauth_config_specification"]
    asked = oauth["oauth_connector_input_specification"]["scope"]

    (pasted,) = re.findall(r"^To paste: `(.+)`\.$", MAIN, re.M)

    assert sorted(pasted.split(",")) == sorted(asked.split(","))
