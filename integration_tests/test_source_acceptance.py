"""What the classic acceptance tests do and the CDK's do not, as acceptance-test-config.yml says."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from integration_tests.connector import Connector, Emulator, Json, Output, only, source_in

CHECKOUT = Path(__file__).parents[1]

Write = Callable[[str, object], Path]


SETTINGS: Json = yaml.safe_load((CHECKOUT / "acceptance-test-config.yml").read_text())


def named(section: str, key: str) -> Path:
    """The file that the section's only entry names."""
    (entry,) = SETTINGS["acceptance_tests"][section]["tests"]
    return CHECKOUT / (entry.get(key) or entry["future_state"][key])


def rows(output: Output, stream: str) -> list[Json]:
    """The stream's records, in the order of their ids; the tombstones are left out."""
    live = [r["data"] for r in output.records if r["stream"] == stream]
    return sorted((r for r in live if not r.get("_ab_cdc_deleted_at")), key=lambda row: row["id"])


def test_the_abnormal_state_covers_every_incremental_stream() -> None:
    """Else the classic suite would not know what to expect of the one that is missing."""
    catalog = json.loads(named("incremental", "configured_catalog_path").read_text())
    state = json.loads(named("incremental", "future_state_path").read_text())

    incremental = {s["stream"]["name"] for s in catalog["streams"] if _is_incremental(s)}

    assert {part["stream"]["stream_descriptor"]["name"] for part in state} == incremental
    assert len(incremental) > 1


def _is_incremental(stream: Json) -> bool:
    return "incremental" in stream["stream"]["supported_sync_modes"]


# --- Reading -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def first_read(fresh_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Output:
    """All of the configured catalog, from the beginning."""
    return source_in(tmp_path_factory.mktemp("first_read")).run(
        *("read", "--config", named("basic_read", "config_path")),
        *("--catalog", named("basic_read", "configured_catalog_path")),
    )


def test_a_read_gives_every_row_once(first_read: Output, emulator: Emulator) -> None:
    everything = {module: sorted(emulator.ids(module)) for module in ("Leads", "Products")}

    found = {module: sorted(first_read.ids(module)) for module in everything}

    assert found == everything
    assert first_read.exit_code == 0
    assert set(first_read.stream_statuses().values()) == {"COMPLETE"}


def test_an_emulator_as_the_config_names_it_gives_the_expected_records(
    emulator_config: Json, write: Write, tmp_path: Path
) -> None:
    """It is larger than that of the other tests, which begin anew many times."""
    lines = (CHECKOUT / "integration_tests/expected_records.jsonl").read_text().split("\n")
    expected = [json.loads(line) for line in lines if line]
    catalog = json.loads(named("basic_read", "configured_catalog_path").read_text())
    streams = {record["stream"] for record in expected}
    command = [sys.executable, "-m", "zoho_emulator", "--port", "0", "--seed", "1"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as emulator:
        try:
            assert emulator.stdout
            address = json.loads(emulator.stdout.readline())
            config = emulator_config | {"base_url": address["base_url"]}
            output = source_in(tmp_path).run(
                *("read", "--config", write("config.json", config)),
                *("--catalog", write("catalog.json", only(catalog, streams))),
            )
        finally:
            emulator.terminate()

    found = {(r["stream"], r["data"]["id"]): r["data"] for r in output.records}
    differing = [
        record
        for record in expected
        if _without_nulls(found[record["stream"], record["data"]["id"]])
        != _without_nulls(record["data"])
    ]

    assert streams == {"users", "Products"}
    assert differing == []


def _without_nulls(row: Json) -> Json:
    return {key: value for key, value in row.items() if value is not None}


def test_no_row_is_newer_than_the_state_that_follows_it(first_read: Output) -> None:
    for part in first_read.state:
        name = part["stream"]["stream_descriptor"]["name"]
        if name != "users":
            newest = max(row["Modified_Time"] for row in rows(first_read, name))
            assert newest <= part["stream"]["stream_state"]["Modified_Time"]


@pytest.mark.usefixtures("emulator")
def test_every_record_of_every_stream_fits_its_discovered_schema(
    source: Connector, write: Write
) -> None:
    # Arrange
    config = ("--config", named("discovery", "config_path"))
    streams = source.run("discover", *config).catalog["streams"]
    catalog = {
        "streams": [
            {"stream": s, "sync_mode": "full_refresh", "destination_sync_mode": "append"}
            for s in streams
        ]
    }

    # Act
    output = source.run("read", *config, "--catalog", write("catalog.json", catalog))

    # Assert
    validators = {s["name"]: Draft7Validator(s["json_schema"]) for s in streams}
    assert output.exit_code == 0
    assert len(validators) > 30
    assert set(output.stream_statuses()) == set(validators)
    assert list(_problems(output.records, validators)) == []


def _problems(records: Iterable[Json], validators: Mapping[str, Draft7Validator]) -> Iterator[str]:
    for record in records:
        name, validator = record["stream"], validators[record["stream"]]
        unknown = set(record["data"]) - set(validator.schema["properties"])
        # Streams of settings hand on whatever Zoho says, beyond the columns they promise.
        if unknown and not name.islower():
            yield f"{name}: {unknown} are not in its schema"
        for error in validator.iter_errors(record["data"]):
            yield f"{name}: {error.json_path}: {error.message}"


@pytest.mark.usefixtures("emulator")
def test_two_full_refreshes_are_equal(source: Connector, write: Write) -> None:
    catalog = json.loads(named("full_refresh", "configured_catalog_path").read_text())
    for stream in catalog["streams"]:
        stream |= {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    arguments = ("read", "--config", named("full_refresh", "config_path"))
    arguments = (*arguments, "--catalog", write("catalog.json", catalog))

    first, second = (source.run(*arguments) for _ in range(2))

    assert [first.exit_code, second.exit_code] == [0, 0]
    for name in ("users", "Products", "Leads"):
        assert rows(first, name) == rows(second, name)
        assert rows(first, name)


def test_a_read_goes_on_from_the_state_of_the_one_before(
    first_read: Output, source: Connector, emulator: Emulator, write: Write
) -> None:
    # Arrange
    arguments = ("read", "--config", named("incremental", "config_path"))
    arguments = (*arguments, "--catalog", named("incremental", "configured_catalog_path"))
    changed = min(emulator.ids("Leads"))

    # Act: one read with nothing new; then one new row, one changed, and the margin of a minute
    idle = source.run(*arguments, "--state", write("state.json", first_read.state))
    tokens = emulator.usage()["tokens_issued"]
    row = {"Last_Name": "New", "Company": "New"}
    new = emulator.control("POST", "records/Leads", row).json()["ids"]
    emulator.control("PATCH", "records/Leads", {"id": changed, "Company": "Changed"})
    emulator.control("POST", "clock", {"advance_s": 120})
    later = source.run(*arguments, "--state", write("state.json", idle.state))

    # Assert
    assert [idle.exit_code, later.exit_code] == [0, 0]
    assert tokens == 1
    assert {record["stream"] for record in idle.records} == {"users"}
    assert sorted(later.ids("Leads")) == sorted([*new, changed])
    assert later.ids("Products") == []
    (company,) = [r["data"]["Company"] for r in later.records if r["data"]["id"] == changed]
    assert company == "Changed"


@pytest.mark.usefixtures("emulator")
def test_a_state_from_the_future_reads_no_rows_and_stays(source: Connector, write: Write) -> None:
    catalog = json.loads(named("incremental", "configured_catalog_path").read_text())
    state_path = named("incremental", "future_state_path")
    state = json.loads(state_path.read_text())

    output = source.run(
        *("read", "--config", named("incremental", "config_path")),
        *("--catalog", write("catalog.json", only(catalog, ["Leads", "Products"]))),
        *("--state", state_path),
    )

    assert output.exit_code == 0
    assert output.records == []
    states = {
        part["stream"]["stream_descriptor"]["name"]: part["stream"]["stream_state"]
        for part in output.state
    }
    assert {name: state["Modified_Time"] for name, state in states.items()} == {
        part["stream"]["stream_descriptor"]["name"]: part["stream"]["stream_state"]["Modified_Time"]
        for part in state
    }
