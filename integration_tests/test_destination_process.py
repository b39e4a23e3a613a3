"""The destination as a process: what it prints, how it ends, and what it weighs."""

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest

from integration_tests.connector import Connector, Emulator, Json, Output

Write = Callable[[str, object], Path]

LEADS = {
    "stream": {
        "name": "crm_leads",
        "json_schema": {"type": "object", "properties": {"Last_Name": {}, "Email": {}}},
        "supported_sync_modes": ["full_refresh"],
    },
    "sync_mode": "full_refresh",
    "destination_sync_mode": "append_dedup",
    "destination_object_name": "Leads",
    "primary_key": [["Email"]],
    "generation_id": 3,
    "minimum_generation_id": 3,
    "sync_id": 7,
}
CATALOG = {"streams": [LEADS]}


@pytest.fixture
def destination(tmp_path: Path) -> Connector:
    return Connector([str(Path(sys.executable).with_name("destination-zoho-crm"))], cwd=tmp_path)


def record(number: int, stream: str = "crm_leads", **changes: Any) -> Json:
    data = {"Last_Name": f"L{number}", "Email": f"l{number}@x.test"} | changes
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 1}}


def state(number: int, stream: str = "crm_leads") -> Json:
    return {
        "type": "STATE",
        "state": {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": stream}, "stream_state": {"n": number}},
            "sourceStats": {"recordCount": 1.0},
            "id": number,
        },
    }


def write_lines(
    destination: Connector, config: Path, catalog: Path, lines: Iterable[str]
) -> Output:
    process = subprocess.run(
        [*destination.command, "write", "--config", str(config), "--catalog", str(catalog)],
        cwd=destination.cwd,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = process.stdout.rstrip("\n").split("\n") if process.stdout else []
    return Output(lines=lines, exit_code=process.returncode, stderr=process.stderr)


def pour(lines: Iterable[str], stdin: IO[str]) -> None:
    """Writes the lines to a process that may end before the last; the input stays open."""
    with suppress(BrokenPipeError):
        stdin.writelines(f"{line}\n" for line in lines)
        stdin.flush()


def logged(output: Output) -> str:
    return "\n".join(entry["message"] for entry in output.of_type("LOG"))


def test_spec_needs_nothing(destination: Connector) -> None:
    output = destination.run("spec")

    (spec,) = output.of_type("SPEC")
    assert output.exit_code == 0
    assert spec["supported_destination_sync_modes"][0] == "append_dedup"
    assert "overwrite" not in spec["supported_destination_sync_modes"]
    settings = spec["connectionSpecification"]["properties"]
    storage = settings["object_storage_config"]["oneOf"]
    assert settings["write_method"]["enum"] == ["Automatic", "REST", "Bulk"]
    assert [one["properties"]["storage_type"]["const"] for one in storage] == [
        "None",
        "Local",
        "S3",
    ]


def test_check_succeeds_with_one_token(
    destination: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    output = destination.run("check", "--config", write("config.json", emulator_config))

    assert output.exit_code == 0
    assert output.status == {"status": "SUCCEEDED"}
    assert emulator.usage()["tokens_issued"] == 1


def test_discover_prints_one_destination_catalog(
    destination: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    output = destination.run("discover", "--config", write("config.json", emulator_config))

    (catalog,) = output.of_type("DESTINATION_CATALOG")
    modes = {(o["object_name"], o["sync_mode"]) for o in catalog["operations"]}
    assert output.exit_code == 0
    assert ("Leads", "append_dedup") in modes
    assert emulator.usage()["tokens_issued"] == 1


def test_rows_of_a_data_activation_are_written_and_accounted_for(
    destination: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    messages = [record(1), record(2), state(11), record(3, Email="bad"), state(12)]

    output = write_lines(
        destination,
        write("config.json", emulator_config),
        write("catalog.json", CATALOG),
        map(json.dumps, messages),
    )

    first, second = output.of_type("STATE")
    assert output.exit_code == 0
    assert (first["id"], second["id"]) == (11, 12)
    assert first["sourceStats"] == {"recordCount": 1.0}
    assert first["destinationStats"]["recordCount"] == 2.0
    assert first["destinationStats"]["additionalStats"]["created"] == 2.0
    assert second["destinationStats"]["rejectedRecordCount"] == 1.0
    assert "Written: crm_leads: 3 rows = 2 created" in logged(output)
    assert emulator.usage()["tokens_issued"] == 1
    rows = emulator.control("GET", "records/Leads").text
    assert rows.count("l1@x.test") == rows.count("l2@x.test") == 1


def test_a_state_is_printed_before_the_input_ends(
    destination: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    config, catalog = write("config.json", emulator_config), write("catalog.json", CATALOG)
    command = [*destination.command, "write", "--config", str(config), "--catalog", str(catalog)]

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=destination.cwd
    ) as process:
        assert process.stdin
        assert process.stdout
        watchdog = threading.Timer(30, process.kill)
        watchdog.start()
        process.stdin.write(f"{json.dumps(record(1))}\n{json.dumps(state(5))}\n")
        process.stdin.flush()
        kinds = (json.loads(line)["type"] for line in process.stdout)
        came = next((kind for kind in kinds if kind == "STATE"), None)
        process.stdin.close()
        process.stdout.read()
        watchdog.cancel()

    assert came == "STATE"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("changes", "catalog", "said"),
    [
        ({"client_secret": "wrong"}, CATALOG, "client secret"),
        ({"max_rejected": "a lot"}, CATALOG, "write it like 50 or 10%"),
        ({}, {"streams": []}, "nothing to write"),
        ({}, {"stream": 1}, "The configured catalog is not valid"),
        ({}, "no JSON", "is not JSON"),
        ({}, {"streams": [LEADS | {"primary_key": [["id"]]}]}, "choose Email"),
    ],
    ids=["account", "spec", "no stream", "no catalog", "no JSON", "key"],
)
def test_a_run_that_cannot_begin_ends_in_one_sentence(
    destination: Connector,
    emulator: Emulator,
    emulator_config: Json,
    write: Write,
    changes: Json,
    catalog: object,
    said: str,
) -> None:
    output = write_lines(
        destination,
        write("config.json", emulator_config | changes),
        write("catalog.json", catalog),
        [json.dumps(record(1))],
    )

    (error,) = output.errors
    assert output.exit_code == 1
    assert error["failure_type"] == "config_error"
    assert said in error["message"]
    assert logged(output).count(error["message"]) == 1
    assert not re.search(r"Traceback|Error\(", "\n".join(output.lines))
    assert emulator.calls("upsert") == 0


def test_a_file_that_is_not_there_is_named(destination: Connector, write: Write) -> None:
    output = destination.run("discover", "--config", "nowhere.json")

    assert output.exit_code == 1
    assert "nowhere.json cannot be read" in output.errors[0]["message"]
    assert "Traceback" not in "\n".join(output.lines)


def test_a_run_that_fails_ends_though_the_source_goes_on(
    destination: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    """A reader of the input that hangs must not keep the process."""
    config, catalog = write("config.json", emulator_config), write("catalog.json", CATALOG)
    command = [*destination.command, "write", "--config", str(config), "--catalog", str(catalog)]

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=destination.cwd,
    ) as process:  # fmt: skip
        assert process.stdin
        process.stdin.write(f'{json.dumps(record(1))}\n{{"type": "RECORD", broken\n')
        process.stdin.flush()
        # The input stays open.
        code = process.wait(30)
        assert process.stdout
        assert process.stderr
        text, errors = process.stdout.read(), process.stderr.read()

    assert code == 1
    assert "Line 2 of the input is a broken message" in text
    assert "Fatal Python error" not in errors


def test_a_run_that_is_told_to_stop_loses_no_row_and_adds_none_twice(
    destination: Connector,
    emulator: Emulator,
    emulator_config: Json,
    write: Write,
) -> None:
    """Inserts, which nothing but their states keeps from being made again."""
    emulator.knobs(latency_ms=50)
    added = LEADS | {"destination_sync_mode": "append", "primary_key": []}
    config = write("config.json", emulator_config)
    catalog = write("catalog.json", {"streams": [added]})
    rows, size = 1_000, 50
    lines = [json.dumps(record(n)) for n in range(rows)]
    states = {n: json.dumps(state(n)) for n in range(size, rows + 1, size)}

    def messages(begin: int) -> Iterator[str]:
        for n in range(begin, rows):
            yield lines[n]
            if n + 1 in states:
                yield states[n + 1]

    with subprocess.Popen(
        [*destination.command, "write", "--config", str(config), "--catalog", str(catalog)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=destination.cwd,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        feed = threading.Thread(target=pour, args=(messages(0), process.stdin))
        feed.start()
        printed: list[Json] = []
        written: list[int] = []
        for line in process.stdout:
            printed.append(json.loads(line))
            if printed[-1]["type"] == "STATE":
                written.append(printed[-1]["state"]["id"])
                if len(written) == 1:
                    process.terminate()
        code = process.wait(30)
        feed.join()
        # What is left in the buffer has no reader any more.
        with suppress(BrokenPipeError):
            process.stdin.close()
    second = write_lines(destination, config, catalog, messages(written[-1]))

    emails = [f"l{n}@x.test" for n in range(rows)]
    found = Counter(
        json.loads(line)["Email"]
        for line in emulator.control("GET", "records/Leads").text.split("\n")
        if line
    )
    assert code == 1
    assert written[-1] < rows
    assert "The sync was stopped" in printed[-1]["trace"]["error"]["message"]
    assert second.exit_code == 0
    assert [found[email] for email in emails] == [1] * rows


def test_nothing_of_rows_or_secrets_is_printed(
    destination: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    emulator.fail("upsert", 400, code="INVALID_MODULE", after=1)
    rows = [record(n, Last_Name="confidential", Email=f"confidential{n}") for n in range(300)]

    output = write_lines(
        destination,
        write("config.json", emulator_config),
        write("catalog.json", CATALOG),
        map(json.dumps, rows),
    )

    assert output.exit_code == 1
    assert "confidential" not in output.text
    assert str(emulator_config["client_secret"]) not in output.text
    assert not re.search(r"1000\.[0-9a-f]{32}\.[0-9a-f]{32}", output.text)


def test_secrets_that_zoho_quotes_are_not_printed(
    destination: Connector, emulator: Emulator, emulator_config: Json, write: Write
) -> None:
    said = " ".join(str(emulator_config[key]) for key in ("client_secret", "refresh_token"))
    body = {"code": "NO_PERMISSION", "message": said, "details": {}, "status": "error"}
    fault = {"match": "upsert", "do": "status", "args": {"status": 403, "body": body}}
    emulator.control("POST", "faults", [fault])

    output = write_lines(
        destination,
        write("config.json", emulator_config),
        write("catalog.json", CATALOG),
        [json.dumps(record(1, Last_Name="L", Email="l@example.com"))],
    )

    assert output.exit_code == 1
    assert str(emulator_config["client_secret"]) not in output.text
    assert str(emulator_config["refresh_token"]) not in output.text


#: Runs a command and writes the most memory that it took, in kB. A process of its own: Linux counts
#: to a new process what the one weighs that starts it, and a test runner weighs much.
WEIGH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as weight:
    weight.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


@pytest.mark.long
@pytest.mark.parametrize("states", [True, False], ids=["states", "no states"])
def test_200_000_rows_of_several_streams_weigh_less_than_200_mb(
    destination: Connector,
    emulator: Emulator,
    emulator_config: Json,
    write: Write,
    tmp_path: Path,
    states: bool,
) -> None:
    """Most are rejected here, which costs no calls: it is our own weight that counts."""
    names = [f"stream_{n}" for n in range(5)]
    streams = [LEADS | {"stream": LEADS["stream"] | {"name": name}} for name in names]
    config = write("config.json", emulator_config)
    catalog = write("catalog.json", {"streams": streams})
    padding = "x" * 800

    def lines() -> Iterator[bytes]:
        for n in range(200_000):
            name = names[n % len(names)]
            # A hundredth is written, so that from first to last batches of all are under way.
            email = f"w{n}@x.test" if n % 500 < 5 else ""
            yield json.dumps(record(n, name, Email=email, Padding=padding)).encode() + b"\n"
            if states and n % 20_000 < 5:
                yield json.dumps(state(n, name)).encode() + b"\n"

    weight = tmp_path / "weight"
    with subprocess.Popen(
        [
            *(sys.executable, "-c", WEIGH, str(weight), *destination.command),
            *("write", "--config", str(config), "--catalog", str(catalog)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=False,
        cwd=destination.cwd,
    ) as process:
        assert process.stdin
        assert process.stdout
        output: list[bytes] = []
        reader = threading.Thread(target=lambda: output.extend(process.stdout))
        reader.start()
        process.stdin.writelines(lines())
        process.stdin.close()
        reader.join(120)

    most_mb = int(weight.read_text()) / 1024
    assert process.returncode == 0
    assert sum(json.loads(line)["type"] == "STATE" for line in output) == (50 if states else 0)
    assert most_mb < 200, f"{most_mb:.0f} MB"
