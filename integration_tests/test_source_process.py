"""The source as a process: what it prints, how it ends, and what it goes on from."""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from integration_tests.connector import (
    Connector,
    Emulator,
    Json,
    Output,
    assert_no_secrets,
    only,
)
from source_zoho_crm.run import run as run_source
from zoho_crm.auth import ZohoAuthenticator

HERE = Path(__file__).parent
CATALOG = json.loads((HERE / "configured_catalog.json").read_text())

Write = Callable[[str, object], Path]
Run = Callable[..., Output]

#: Traces of machinery that no user should have to read.
MACHINERY = re.compile(
    r"Traceback|\[Errno|File \"|Exception\(|Error\(|Request \(|Response \(|\{'|b'\{"
)


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command of `source-zoho-crm` within this process.

    For tests beside one that starts a process: that takes two seconds before its first line.
    """
    # The command hangs its own in for good.
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def run(*arguments: object) -> Output:
        ZohoAuthenticator._tokens.clear()
        monkeypatch.setattr(sys, "argv", ["source-zoho-crm", *map(str, arguments)])
        begin, exit_code = time.monotonic(), 0
        try:
            try:
                run_source()
            except Exception:
                # As the interpreter does at the end of a process.
                sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]  # there is one
                exit_code = 1
        except SystemExit as end:
            exit_code = int(end.code or 0)
        said = capsys.readouterr()
        return Output(
            said.out.rstrip("\n").split("\n"),
            exit_code,
            seconds=time.monotonic() - begin,
            stderr=said.err,
        )

    return run


def assert_one_sentence(message: str, *words: str) -> None:
    """It says all of `words` in a sentence or three, and shows nothing of the machinery."""
    assert not MACHINERY.search(message)
    assert "\n" not in message
    assert len(message) < 450
    assert message.rstrip().endswith(".")
    for word in words:
        assert word in message


# --- The four commands ---------------------------------------------------------------------------


def test_spec_needs_nothing(source: Connector) -> None:
    output = source.run("spec")

    (spec,) = output.of_type("SPEC")
    assert output.exit_code == 0
    assert spec["connectionSpecification"]["properties"]["client_secret"]["airbyte_secret"] is True


def test_the_emulator_of_these_tests_is_the_one_that_the_config_names(
    emulator: Emulator, emulator_config: Json
) -> None:
    credentials = ("base_url", "client_id", "client_secret", "refresh_token")

    named = {key: emulator_config[key] for key in credentials}

    assert named == {key: getattr(emulator, key) for key in credentials}


def test_check_succeeds_with_one_token(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    config = write("config.json", emulator_config)

    output = source.run("check", "--config", config)

    assert output.exit_code == 0
    assert output.status == {"status": "SUCCEEDED"}
    assert emulator.usage()["tokens_issued"] == 1
    assert_no_secrets(output, emulator_config)


def test_discover_names_every_stream_with_one_token(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    config = write("config.json", emulator_config)

    output = source.run("discover", "--config", config)

    names = [stream["name"] for stream in output.catalog["streams"]]
    assert output.exit_code == 0
    suggested = yaml.safe_load((HERE.parent / "metadata.yaml").read_text())["data"]
    assert {"org", "users", "modules", "Leads", "Products", "Vehicles"} <= set(names)
    assert set(suggested["suggestedStreams"]["streams"]) <= set(names)
    assert len(names) == len(set(names))
    assert emulator.usage()["tokens_issued"] == 1
    assert_no_secrets(output, emulator_config)


def test_a_read_reads_no_row_before_its_state(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    state = json.loads((HERE / "sample_state.json").read_text())
    (since,) = {part["stream"]["stream_state"]["Modified_Time"] for part in state}

    output = source.run(
        *("read", "--config", write("config.json", emulator_config)),
        *("--catalog", write("catalog.json", only(CATALOG, ["Products"]))),
        *("--state", write("state.json", state)),
    )

    assert_no_secrets(output, emulator_config)
    assert 0 < len(output.records) < len(emulator.ids("Products"))
    assert all(record["data"]["Modified_Time"] > since for record in output.records)


@pytest.mark.parametrize("match", ["coql:Products", "settings.fields:Products", "token"])
def test_secrets_that_zoho_quotes_are_not_printed(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write, match: str
) -> None:
    said = " ".join(str(emulator_config[key]) for key in ("client_secret", "refresh_token"))
    body = {"code": "INVALID_DATA", "message": said, "details": {"of": said}, "error": said}
    fault = {"match": match, "do": "status", "args": {"status": 400, "body": body}}
    emulator.control("POST", "faults", [fault])

    output = source.run(
        *("read", "--debug", "--config", write("config.json", emulator_config)),
        *("--catalog", write("catalog.json", only(CATALOG, ["Products"]))),
    )

    assert output.exit_code == 1
    assert_no_secrets(output, emulator_config)


def test_a_secret_that_stands_in_another_setting_is_not_printed(
    source: Connector, emulator_config: Json, write: Write
) -> None:
    config = emulator_config | {"dc_region": emulator_config["client_secret"]}

    output = source.run(
        *("read", "--config", write("config.json", config)),
        *("--catalog", write("catalog.json", only(CATALOG, ["Products"]))),
    )

    assert output.exit_code == 1
    assert_no_secrets(output, emulator_config)


# --- Refusals ------------------------------------------------------------------------------------

#: What is wrong with the config, and words of the sentence that says so.
BAD_CONFIGS: dict[str, tuple[Json, tuple[str, ...]]] = {
    "client": ({"client_id": "1000.NOBODYKNOWSTHISCLIENT00000000"}, ("client ID", "client_id")),
    "secret": ({"client_secret": "not-the-secret-of-this-client"}, ("client secret",)),
    "refresh token": ({"refresh_token": "1000.never-made"}, ("refresh token", "region")),
    "region": ({"dc_region": "MARS"}, ("MARS", "dc_region", "EU")),
    "date": ({"start_datetime": "soon"}, ("soon", "start_datetime", "2021-01-01T00:00:00Z")),
    "future date": ({"start_datetime": "2999-01-01T00:00:00Z"}, ("start_datetime", "future")),
    "http": ({"base_url": "http://zoho.example"}, ("base_url", "https")),
    "address": ({"base_url": "http://127.0.0.1:9"}, ("http://127.0.0.1:9", "does not answer")),
}
#: The one that is checked by a process of its own.
BY_PROCESS = "client"


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("what", BAD_CONFIGS)
def test_check_says_in_one_sentence_what_is_wrong(
    source: Connector, inside: Run, emulator_config: Json, write: Write, what: str
) -> None:
    change, words = BAD_CONFIGS[what]
    config = {**emulator_config, **change}
    run = source.run if what == BY_PROCESS else inside

    output = run("check", "--config", write("config.json", config))

    assert output.exit_code == 0
    assert output.status["status"] == "FAILED"
    assert_one_sentence(output.status["message"], *words)
    assert output.errors == []
    assert "Traceback" not in output.text
    assert output.seconds < 15
    assert_no_secrets(output, config)


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("what", [BY_PROCESS, "secret", "region"])
def test_read_fails_in_one_sentence_on_a_bad_config(
    source: Connector, inside: Run, emulator_config: Json, write: Write, what: str
) -> None:
    change, words = BAD_CONFIGS[what]
    config = {**emulator_config, **change}
    run = source.run if what == BY_PROCESS else inside

    output = run(
        *("read", "--config", write("config.json", config)),
        *("--catalog", write("catalog.json", CATALOG)),
    )

    (error,) = output.errors
    assert output.exit_code == 1
    assert output.records == []
    assert not MACHINERY.search(output.text)
    assert error["failure_type"] == "config_error"
    assert_one_sentence(error["message"], *words)
    assert_no_secrets(output, config)


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("what", ["client"])
def test_discover_fails_in_one_sentence_on_a_bad_config(
    inside: Run, emulator_config: Json, write: Write, what: str
) -> None:
    change, words = BAD_CONFIGS[what]
    config = {**emulator_config, **change}

    output = inside("discover", "--config", write("config.json", config))

    (error,) = output.errors
    assert output.exit_code == 1
    assert output.of_type("CATALOG") == []
    assert_one_sentence(error["message"], *words)
    assert_no_secrets(output, config)


def test_a_config_file_that_is_not_there_is_named(inside: Run, tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.json"

    output = inside("check", "--config", missing)

    assert output.status["status"] == "FAILED"
    assert str(missing) in output.status["message"]
    assert_one_sentence(output.status["message"])


def test_a_config_file_that_is_no_json_is_named_without_its_content(
    inside: Run, emulator_config: Json, write: Write
) -> None:
    half = write("half.json", json.dumps(emulator_config)[:-20])

    output = inside("check", "--config", half)

    assert output.status["status"] == "FAILED"
    assert_one_sentence(output.status["message"], "half.json", "JSON")
    assert_no_secrets(output, emulator_config)


def test_check_names_the_scopes_when_one_is_missing(
    inside: Run, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    emulator.knobs(scopes="ZohoCRM.modules.ALL,ZohoCRM.settings.ALL")

    output = inside("check", "--config", write("config.json", emulator_config))

    assert output.status["status"] == "FAILED"
    message = output.status["message"]
    assert_one_sentence(
        message, "lacks scopes: ZohoCRM.org.READ, ZohoCRM.users.READ, ZohoCRM.coql.READ."
    )
    assert message.endswith(
        "ZohoCRM.modules.READ,ZohoCRM.settings.READ,ZohoCRM.users.READ,ZohoCRM.org.READ,"
        "ZohoCRM.coql.READ."
    )
    assert_no_secrets(output, emulator_config)


def test_read_names_the_scopes_when_one_is_missing_and_nothing_but_sentences(
    source: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    emulator.knobs(scopes="ZohoCRM.modules.ALL,ZohoCRM.settings.ALL")

    output = source.run(
        *("read", "--config", write("config.json", emulator_config)),
        *("--catalog", write("catalog.json", only(CATALOG, ["Products"]))),
    )

    assert output.exit_code == 1
    assert output.stream_statuses() == {"Products": "INCOMPLETE"}
    assert {error["failure_type"] for error in output.errors} == {"config_error"}
    assert any("ZohoCRM.coql.READ" in error["message"] for error in output.errors)
    for error in output.errors:
        assert_one_sentence(error["message"])
    assert not MACHINERY.search(output.text)
    (said,) = [log for log in output.of_type("LOG") if log["level"] in ("ERROR", "FATAL")]
    assert said["message"] == output.errors[-1]["message"]
    assert_no_secrets(output, emulator_config)


def test_check_fails_at_once_when_zoho_makes_no_more_tokens(
    inside: Run, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    emulator.knobs(tokens_per_10_min=10)
    answers = [emulator.new_token() for _ in range(10)]

    output = inside("check", "--config", write("config.json", emulator_config))

    assert all("access_token" in answer for answer in answers)
    assert output.status["status"] == "FAILED"
    assert_one_sentence(output.status["message"], "ten in ten minutes")
    assert output.seconds < 10
    assert emulator.usage()["tokens_issued"] == 10
