"""A store for rejected rows that fails, and who may look into it."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.destination.conftest import Json, Org, row, state, stream

LEADS = stream("Leads", "Last_Name", "Lead_Score")
BAD = row("Leads", {"Last_Name": "Bad", "Lead_Score": "x"})


def storage(folder: Path) -> Json:
    return {"storage_type": "Local", "folder": str(folder)}


@pytest.mark.parametrize("kept", [0, 1], ids=["before a file was made", "after a kept row"])
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_run_ends_where_the_folder_is_gone(org: Org, tmp_path: Path, kept: int, how: str) -> None:
    folder = tmp_path / "rejected"

    def lines() -> Iterator[bytes]:
        yield row("Leads", {"Last_Name": "Written"})
        yield from [BAD] * kept
        yield state("Leads", 1)
        # Read ahead, these let the rows before them be taken.
        yield from (row("Leads", {"Last_Name": f"{n}"}) for n in range(250))
        shutil.move(folder, tmp_path / "elsewhere")
        if how == "replaced" and kept:
            shutil.copytree(tmp_path / "elsewhere", folder)
        yield BAD
        yield state("Leads", 2)
        yield row("Leads", {"Last_Name": "Behind"})
        yield state("Leads", 3)

    result = org.write_lines([LEADS], lines(), object_storage_config=storage(folder))

    assert result.sentence.startswith(f"A rejected row cannot be kept in {folder}: ")
    assert result.failure
    assert result.failure.failure_type == FailureType.config_error
    assert [message["state"]["id"] for message in result.states] == [1]


def test_a_full_disk_ends_the_run_with_whole_lines_only(org: Org, tmp_path: Path) -> None:
    """In a process that may make no larger files, as on a disk without room."""
    folder, most = tmp_path / "rejected", 2_000
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps(org.config | {"object_storage_config": storage(folder)}))
    catalog.write_text(json.dumps({"streams": [LEADS]}))
    lines = [line for n in range(20) for line in (BAD, state("Leads", n))]

    process = subprocess.run(
        [
            str(Path(sys.executable).with_name("destination-zoho-crm")),
            *("write", "--config", str(config), "--catalog", str(catalog)),
        ],
        input=b"\n".join(lines),
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )

    messages = [json.loads(line) for line in process.stdout.splitlines()]
    states = [message["state"] for message in messages if message["type"] == "STATE"]
    (path,) = folder.glob("*.jsonl")
    text = path.read_bytes()
    assert process.returncode == 1
    assert messages[-1]["trace"]["error"]["message"].startswith("A rejected row cannot be kept in")
    assert "Traceback" not in process.stderr.decode()
    assert text.endswith(b"\n")
    assert all(json.loads(line)["rejected"] for line in text.splitlines())
    assert 0 < len(text.splitlines()) == len(states) < 20
    assert sum(one["destinationStats"]["rejectedRecordCount"] for one in states) == len(states)


def test_only_the_owner_may_look_into_what_is_made(org: Org, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"

    org.write_lines([LEADS], [BAD, state("Leads")], object_storage_config=storage(folder))

    (path,) = folder.glob("*.jsonl")
    modes = [one.stat().st_mode & 0o777 for one in (path, folder, folder.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_a_folder_that_is_there_keeps_its_mode(org: Org, tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    org.write_lines([LEADS], [BAD, state("Leads")], object_storage_config=storage(tmp_path))

    assert tmp_path.stat().st_mode & 0o777 == 0o750
