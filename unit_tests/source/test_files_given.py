"""The files that the command is given: catalogs that no read can follow, and pipes."""

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm import SourceZohoCrm
from unit_tests.source.conftest import Org, Row, configured, narrow

COMMAND = "from source_zoho_crm.run import run; run()"


def pipe(content: object) -> int:
    """The end of a pipe from which the content can be read, once."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "w") as file:
            json.dump(content, file)

    threading.Thread(target=write, daemon=True).start()
    return reading


def run_by_pipes(command: str, **files: object) -> subprocess.CompletedProcess[str]:
    ends = {name: pipe(content) for name, content in files.items()}
    options = [part for name, end in ends.items() for part in (f"--{name}", f"/dev/fd/{end}")]
    try:
        return subprocess.run(
            [sys.executable, "-c", COMMAND, command, *options],
            pass_fds=tuple(ends.values()),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        for end in ends.values():
            os.close(end)


def test_config_catalog_and_state_may_be_pipes(org: Org) -> None:
    leads = narrow(org.stream("Leads"), "Last_Name")
    entry = {"stream": leads, "sync_mode": "incremental", "destination_sync_mode": "append"}
    modified = sorted(row["Modified_Time"] for row in org.truth(leads).values())
    state = {
        "type": "STREAM",
        "stream": {
            "stream_descriptor": {"name": "Leads"},
            "stream_state": {"Modified_Time": modified[-3]},
        },
    }

    output = run_by_pipes("read", config=org.config, catalog={"streams": [entry]}, state=[state])

    messages = [json.loads(line) for line in output.stdout.splitlines()]
    kinds = [message["type"] for message in messages]
    assert output.returncode == 0, output.stdout
    assert 0 < kinds.count("RECORD") < len(modified)
    assert "STATE" in kinds


def test_the_config_of_a_check_may_be_a_pipe(org: Org) -> None:
    output = run_by_pipes("check", config=org.config)

    assert output.returncode == 0, output.stdout
    assert '"status":"SUCCEEDED"' in output.stdout


@pytest.mark.parametrize(
    ("streams", "sentence"),
    [
        ([], "The configured catalog holds no stream, so there is nothing to read."),
        (
            ["Leads", "Deals", "Leads"],
            "The configured catalog names streams more than once: Leads. Leave one entry of each.",
        ),
    ],
)
def test_a_catalog_that_cannot_be_followed_is_refused_before_a_call(
    org: Org, streams: list[str], sentence: str
) -> None:
    entries: list[Row] = [org.stream(name) for name in streams]
    org.server.control("POST", "reset", {})
    catalog: Any = configured(entries, "full_refresh")

    with pytest.raises(AirbyteTracedException) as caught:
        SourceZohoCrm(catalog, org.config, [])

    assert caught.value.message == sentence
    assert caught.value.failure_type == FailureType.config_error
    assert org.control("GET", "usage")["calls"] == {}
