"""A process that is told to end says what it finishes, and what a second signal costs."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from unit_tests.destination.conftest import Org, row, state, stream

LEADS = stream("Leads", "Last_Name", "Email")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_answered_by_one_line(
    org: Org, tmp_path: Path, number: signal.Signals
) -> None:
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps(org.config))
    catalog.write_text(json.dumps({"streams": [LEADS]}))
    code = "from destination_zoho_crm.run import run; run()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "write", "--config", config, "--catalog", catalog],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        process.stdin.write(row("Leads", {"Last_Name": "Stopped"}) + b"\n")
        process.stdin.write(state("Leads") + b"\n")
        process.stdin.flush()
        messages = []
        for line in process.stdout:
            messages.append(json.loads(line))
            if messages[-1]["type"] == "STATE":
                process.send_signal(number)
        exit_code = process.wait(30)

    (said,) = [
        one["log"]["message"]
        for one in messages
        if one["type"] == "LOG" and one["log"]["message"].startswith("Stopping. ")
    ]
    assert "Calls under way are finished first" in said
    assert "A second signal ends the process at once" in said
    assert "inserts that were written by then are added a second time" in said
    assert exit_code == 1
    assert "The sync was stopped" in messages[-1]["trace"]["error"]["message"]
