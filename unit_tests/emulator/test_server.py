import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from unit_tests.emulator.conftest import Zoho
from zoho_emulator.__main__ import main
from zoho_emulator.auth.tokens import Credentials
from zoho_emulator.server import Settings, listen, running

SMALL = ["--port", "0", "--rows", "5"]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "zoho_emulator", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_listens_and_ends_quietly(number) -> None:
    with start(*SMALL, "--seed", "7", "--rows", "Leads=9", "--knob", "latency_ms=1") as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        known = Credentials.from_seed(7)
        assert said == {
            "base_url": said["base_url"],
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "refresh_token": known.refresh_token,
        }
        counts = requests.get(f"{said['base_url']}/_emulator/counts", timeout=5).json()
        assert sum(counts["Leads"][kind] for kind in ("live", "converted")) == 9
        process.send_signal(number)
        out, err = process.communicate(timeout=5)
    assert (process.returncode, out, err) == (0, "", "")


WRONG = [
    (["--knob", "colour=red"], "no such knob"),
    (["--knob", "time_zone=America"], "not an IANA time zone"),
    (["--rows", "Leads=many"], "'many' is not a whole number from 0 up"),
    (["--rows", "Leads=-5"], "'-5' is not a whole number from 0 up"),
    (["--rows", "-5"], "'-5' is not a whole number from 0 up"),
    (["--fields", "Leads"], "'Leads' is not Module=N"),
    (["--edition", "Tiny"], "Tiny"),
    (["--port", "99999"], "99999 is not a port: the highest is 65535"),
    (["--port", "x"], "'x' is not a whole number from 0 up"),
    (["--latency-ms", "-1"], "latency_ms: -1.0 is not a number from 0 to"),
    (["--latency-ms", "nan"], "latency_ms: nan is not a number from 0 to"),
    (["--modules", "-1"], "'-1' is not a whole number from 0 up"),
]


def says(err: str, message: str) -> bool:
    """Whether it is the usage, and one sentence that holds the message."""
    usage, _, sentence = err.partition("python -m zoho_emulator: error: ")
    return usage.startswith("usage: ") and message in sentence and sentence.count("\n") == 1


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_wrong_command_line_is_refused_in_one_sentence(arguments, message, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        main([*SMALL, *arguments])
    out, err = capsys.readouterr()
    assert (left.value.code, out) == (2, "")
    assert says(err, message), err


@pytest.mark.parametrize("option", ["--rows", "--fields"])
def test_a_module_that_is_not_there_has_no_size(option) -> None:
    with start(*SMALL, option, "Nope=5") as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert says(err, "there is no module Nope"), err


def test_calls_at_a_time_are_counted_and_limited() -> None:
    with running(Settings(rows=5, edition="Free"), {"latency_ms": 300}) as server:
        with requests.Session() as session:
            Zoho(server, session).log_in()
            authorization = session.headers["Authorization"]

        def call(_: int) -> int:
            return requests.get(
                f"{server.base_url}/crm/v8/org",
                headers={"Authorization": authorization},
                timeout=5,
            ).status_code

        with ThreadPoolExecutor(7) as pool:
            assert sorted(pool.map(call, range(5))) == [200] * 5
            usage = server.control("GET", "usage")
            assert isinstance(usage, dict)
            assert 2 <= usage["max_concurrency"] <= 5
            assert sorted(pool.map(call, range(7)))[-1] == 429
        assert server.control("GET", "usage")["max_concurrency"] == 6


def test_answers_do_not_wait_for_an_acknowledgement() -> None:
    with listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP  # else asyncio leaves Nagle's algorithm on


def test_a_reset_of_the_org_brings_the_data_back() -> None:
    with running(Settings(rows=5)) as server:
        before = server.control("GET", "records/Accounts")
        server.control("POST", "records/Accounts", {"Account_Name": "New"})
        assert server.control("GET", "records/Accounts") != before
        server.control("POST", "reset", {"org": True})
        assert server.control("GET", "records/Accounts") == before


def test_the_same_seed_gives_the_same_org() -> None:
    def leads(seed: int) -> object:
        with running(Settings(seed=seed, rows=5)) as server:
            return server.control("GET", "records/Leads")

    assert leads(1) == leads(1) != leads(2)


def test_a_client_that_goes_away_amid_its_request_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with running(Settings(rows=5)) as server:
        host, _, port = server.base_url.removeprefix("http://").partition(":")
        for path in ("/crm/v8/coql", "/oauth/v2/token"):
            with socket.create_connection((host, int(port)), timeout=5) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{"
                connection.sendall(head.encode())
        assert server.control("GET", "counts")
    assert caplog.records == []
