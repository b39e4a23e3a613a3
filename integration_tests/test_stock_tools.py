"""Airbyte's own tools, which run the manifest without our entrypoint."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml

from integration_tests.connector import Connector, Emulator, Json, Output, only

pytestmark = pytest.mark.long

HERE = Path(__file__).parent
MANIFEST = HERE.parent / "manifest.yaml"
CATALOG = json.loads((HERE / "configured_catalog.json").read_text())
STREAMS = ("Leads", "Products", "users")
SETTINGS = ("roles", "layouts", "related_lists", "pipelines", "fields")
COLUMNS = {
    entry["stream"]["name"]: entry["stream"]["json_schema"]["properties"]
    for entry in CATALOG["streams"]
}

Write = Callable[[str, object], Path]


@pytest.fixture
def _custom_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools load components in Python only if they are told that they may."""
    monkeypatch.setenv("AIRBYTE_ENABLE_UNSAFE_CODE", "true")


def strip(records: Iterable[Json]) -> dict[str, list[Json]]:
    """The data of each stream's records in the order of ids.

    Without nulls, which the CDK does not print, and the columns that the configured catalog lacks,
    which it does not take out.
    """
    data: dict[str, list[Json]] = {}
    for record in records:
        values = {
            key: value
            for key, value in record["data"].items()
            if value is not None and key in COLUMNS[record["stream"]]
        }
        data.setdefault(record["stream"], []).append(values)
    return {name: sorted(rows, key=lambda row: row["id"]) for name, rows in data.items()}


def timestamps(output: Output) -> dict[str, str]:
    states = (state["stream"] for state in output.state)
    return {
        state["stream_descriptor"]["name"]: state["stream_state"].get("Modified_Time")
        for state in states
    }


def days(output: Output) -> dict[str, str]:
    """When the formulas of each stream were refreshed last."""
    states = (state["stream"] for state in output.state)
    return {
        state["stream_descriptor"]["name"]: state["stream_state"].get("formulas_refreshed")
        for state in states
    }


@pytest.mark.usefixtures("_custom_code")
def test_the_declarative_source_of_the_cdk_reads_what_we_read(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write, tmp_path: Path
) -> None:
    tool = Connector([str(Path(sys.executable).with_name("source-declarative-manifest"))], tmp_path)
    more = {"refresh_formulas": "daily", "verify_counts": True}
    config = write("c.json", emulator_config | more)
    files = ("--config", config, "--catalog", write("cat.json", only(CATALOG, STREAMS)))
    ours = source.run("read", *files)
    theirs = tool.run("read", *files, "--manifest-path", MANIFEST)
    assert theirs.exit_code == 0
    assert strip(theirs.records) == strip(ours.records)
    assert {row["stream"] for row in theirs.records} == set(STREAMS)
    # Up to a minute before each of the two runs.
    assert "1970" < timestamps(ours)["Leads"] <= timestamps(theirs)["Leads"]

    gone = emulator.rows("Leads")[0]["id"]
    emulator.control("POST", "clock", {"advance_s": 3_600})
    emulator.control("DELETE", f"records/Leads?ids={gone}&type=recycle")
    emulator.control("POST", "clock", {"advance_s": 86_400})
    before = days(theirs)
    files = (*files, "--state", write("s.json", theirs.state))
    ours, theirs = source.run("read", *files), tool.run("read", *files, "--manifest-path", MANIFEST)
    assert strip(theirs.records) == strip(ours.records)
    leads = strip(theirs.records)["Leads"]
    assert [row["id"] for row in leads if "_ab_cdc_deleted_at" in row] == [gone]
    # A day later all others come with their formulas, and the state has the day.
    assert {row["id"] for row in leads} == {row["id"] for row in emulator.rows("Leads")} | {gone}
    assert before["Leads"] < days(theirs)["Leads"] == days(ours)["Leads"]


@pytest.mark.usefixtures("_custom_code")
def test_the_declarative_source_of_the_cdk_reads_the_settings_that_we_read(
    source: Connector, emulator_config: Json, write: Write, tmp_path: Path
) -> None:
    """A list of the org, lists of modules and of layouts, and what comes out of the directory."""
    tool = Connector([str(Path(sys.executable).with_name("source-declarative-manifest"))], tmp_path)
    config, catalog = write("c.json", emulator_config), write("cat.json", whole(*SETTINGS))
    files = ("--config", config, "--catalog", catalog)

    ours = source.run("read", *files)
    theirs = tool.run("read", *files, "--manifest-path", MANIFEST)

    assert theirs.exit_code == 0
    assert in_order(theirs.records) == in_order(ours.records)
    assert in_order(theirs.records).keys() == set(SETTINGS)


def whole(*names: str) -> Json:
    """A catalog of full refreshes."""
    streams = [
        {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
        for name in names
    ]
    modes = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    return {"streams": [{"stream": stream, **modes} for stream in streams]}


def in_order(records: Iterable[Json]) -> dict[str, list[Json]]:
    """The data of each stream's records, as they came."""
    data: dict[str, list[Json]] = {}
    for record in records:
        data.setdefault(record["stream"], []).append(record["data"])
    return data


@pytest.mark.usefixtures("_custom_code")
@pytest.mark.parametrize("command", ["resolve_manifest", "full_resolve_manifest", "test_read"])
def test_the_connector_builder_runs_the_manifest(
    command: str, emulator_config: Json, write: Write, tmp_path: Path
) -> None:
    builder = Connector([sys.executable, "-m", "airbyte_cdk.connector_builder.main"], tmp_path)
    config = {
        **emulator_config,
        "__injected_declarative_manifest": yaml.safe_load(MANIFEST.read_text()),
        "__command": command,
        "__test_read_config": {"max_records": 50, "max_slices": 1, "max_pages_per_slice": 1},
    }
    output = builder.run(
        *("read", "--config", write("c.json", config)),
        *("--catalog", write("cat.json", only(CATALOG, ["Leads"]))),
        *("--state", write("s.json", [])),
    )
    assert output.exit_code == 0
    assert not output.errors
    (record,) = output.records
    if command == "test_read":
        assert [log for log in record["data"]["logs"] if log["level"] in ("ERROR", "FATAL")] == []
        assert "Modified_Time" in record["data"]["inferred_schema"]["properties"]
    else:
        assert record["data"]["manifest"]["streams"]
