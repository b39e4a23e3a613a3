"""Rejected rows in a bucket of S3."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from destination_zoho_crm import rejects_bucket
from destination_zoho_crm.client import Client
from destination_zoho_crm.protocol import read_messages
from destination_zoho_crm.writing import write
from unit_tests.destination.conftest import Org, row, state, stream
from unit_tests.destination.s3_server import Bucket, S3Server, may_put
from zoho_crm.auth import ZohoAuthenticator

LEADS = stream("Leads", "Last_Name", "Lead_Score")
BAD = row("Leads", {"Last_Name": "Bad", "Lead_Score": "x"})


pytestmark = pytest.mark.usefixtures("plain_environment")


def test_rejected_rows_are_lines_of_an_object_under_path_and_job(
    org: Org, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKER_JOB_ID", "48213")

    result = org.write_lines(
        [LEADS],
        [row("Leads", {"Last_Name": "Good"}), BAD, state("Leads")],
        object_storage_config=bucket.storage(bucket_path="/zoho/rejected/"),
    )

    ((key, text),) = bucket.objects.items()
    line = json.loads(text)
    assert result.failure is None
    assert result.counts() == {"created": 1, "rejected": 1}
    assert re.fullmatch(r"zoho/rejected/48213/Leads/\d{8}T\d{6}-[0-9a-f]{6}-0001\.jsonl", key)
    assert text.endswith(b"\n")
    assert line["record"] == json.loads(BAD)["record"]
    assert line["rejected"]["code"] == "INVALID_DATA"
    assert line["rejected"]["field"] == "Lead_Score"
    place = f"s3://{bucket.name}/{key}".replace("-0001", "-*")
    assert result.said(f"Rejected rows are kept in {place}, which can be written again.")


def test_the_path_names_the_connection_if_the_platform_does(
    org: Org, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKER_JOB_ID", "7")
    monkeypatch.setenv("CONNECTION_ID", "b2e0833a-1d76-49c9-96c3-fed7e5573ce1")

    org.write_lines([LEADS], [BAD], object_storage_config=bucket.storage())

    (key,) = bucket.objects
    assert key.startswith("7/b2e0833a-1d76-49c9-96c3-fed7e5573ce1/Leads/")


def test_without_a_job_each_run_has_a_path_of_its_own(org: Org, bucket: Bucket) -> None:
    for _ in range(2):
        org.write_lines([LEADS], [BAD, state("Leads")], object_storage_config=bucket.storage())

    first, second = (key.split("/") for key in bucket.objects)
    assert first[0] != second[0]
    assert first[1] == second[1] == "Leads"
    assert first[2] == f"{first[0]}-0001.jsonl"


def test_a_run_without_rejected_rows_leaves_nothing(org: Org, bucket: Bucket) -> None:
    result = org.write(
        LEADS, [{"Last_Name": "Good"}], object_storage_config=bucket.storage(bucket_path="p")
    )

    assert result.failure is None
    assert bucket.objects == {}


def test_streams_of_odd_names_do_not_overwrite_each_other(org: Org, bucket: Bucket) -> None:
    names = ["a/b", "a_b", "..", "Ünï côde", "x" * 300, "a?b#c%d&e"]
    streams = [stream(name, "Last_Name", "Lead_Score", into="Leads") for name in names]
    lines = [row(name, {"Last_Name": name, "Lead_Score": "x"}) for name in names]

    result = org.write_lines(streams, [*lines, state(None)], object_storage_config=bucket.storage())

    kept = {line["record"]["data"]["Last_Name"] for line in bucket.lines}
    assert result.failure is None
    assert kept == set(names)
    assert len(bucket.objects) == len(names)
    assert all(".." not in key and len(key.encode()) < 400 for key in bucket.objects)


def test_an_object_of_rejected_rows_can_be_written_again(org: Org, bucket: Bucket) -> None:
    leads = stream("Leads", "Last_Name", "Rating")
    org.write(
        leads,
        [{"Last_Name": "Second chance", "Rating": "New"}],
        object_storage_config=bucket.storage(),
    )
    (text,) = bucket.objects.values()

    again = org.write_lines(
        [leads], [*text.splitlines(), state("Leads")], unknown_picklist_values="add"
    )

    assert again.counts() == {"created": 1}
    assert org.record("Leads", Last_Name="Second chance")["Rating"] == "New"


def test_many_rejected_rows_and_states_make_few_objects(org: Org, bucket: Bucket) -> None:
    lines = [line for n in range(100) for line in (BAD, BAD, BAD, state("Leads", n))]

    result = org.write_lines([LEADS], lines, object_storage_config=bucket.storage())

    assert [one["state"]["id"] for one in result.states] == [*range(100)]
    assert all(one["rejectedRecordCount"] == 3 for one in result.stats)
    assert len(bucket.lines) == 300
    assert len(bucket.objects) == 1


def test_parts_are_there_before_their_states_and_while_the_run_goes_on(
    org: Org, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects_bucket, "PAUSE_S", 0.2)
    streams = [LEADS, stream("Contacts", "Last_Name", "Loyalty_Points")]
    bad = row("Contacts", {"Last_Name": "Bad", "Loyalty_Points": "x"})
    lines = [line for n in range(6) for line in (BAD, bad, state("Leads", n), state("Contacts", n))]
    config = org.config | {"object_storage_config": bucket.storage()}
    ZohoAuthenticator._tokens.clear()
    reported, seen, end = 0, False, time.monotonic() + 20

    def feed() -> Iterator[bytes]:
        nonlocal seen
        yield from lines
        # Read ahead, these let the rows before them be taken.
        yield from (row("Leads", {"Last_Name": f"{n}"}) for n in range(250))
        while not seen and time.monotonic() < end:
            seen = len(bucket.keys) >= 2
        yield row("Leads", {"Last_Name": "Last"})

    for line in write(Client(config), config, streams, read_messages(feed())):
        reported += json.loads(line)["state"]["destinationStats"]["rejectedRecordCount"]
        assert len(bucket.lines) >= reported

    assert reported == 12
    assert seen
    assert all(text.endswith(b"\n") for text in bucket.objects.values())


def test_rows_become_a_part_when_they_are_many_bytes(
    org: Org, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects_bucket, "MOST_BYTES", 2_000)

    result = org.write_lines(
        [LEADS], [*[BAD] * 40, state("Leads")], object_storage_config=bucket.storage()
    )

    sizes = [len(text) for _, text in sorted(bucket.objects.items())]
    assert result.counts() == {"rejected": 40}
    assert len(bucket.lines) == 40
    assert len(sizes) > 3
    assert all(2_000 <= size < 4_000 for size in sizes[:-1])


def test_a_role_is_assumed(
    org: Org, bucket: Bucket, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3.url)
    role = s3.make_role("workspace", may_put(bucket))
    bucket.access_key = s3.make_user(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    )
    lines = [BAD, state("Leads")]
    storage = bucket.storage(role_arn=role)

    with s3.guarded():
        alone = org.write_lines([LEADS], lines, object_storage_config=bucket.storage())
        monkeypatch.setenv("AWS_ASSUME_ROLE_EXTERNAL_ID", "another workspace")
        distrusted = org.write_lines([LEADS], lines, object_storage_config=storage)
        monkeypatch.setenv("AWS_ASSUME_ROLE_EXTERNAL_ID", "workspace")
        result = org.write_lines([LEADS], lines, object_storage_config=storage)

    assert "the credentials may not write there" in alone.sentence
    assert "the credentials may not assume the role" in distrusted.sentence
    assert result.failure is None
    assert len(bucket.lines) == 1


def test_keys_of_the_environment_serve_where_none_are_entered(
    org: Org, bucket: Bucket, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = s3.make_user(may_put(bucket))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    storage = bucket.storage(access_key_id="", secret_access_key="")

    with s3.guarded():
        result = org.write_lines([LEADS], [BAD, state("Leads")], object_storage_config=storage)

    assert result.failure is None
    assert len(bucket.lines) == 1


def test_the_client_is_loaded_where_a_bucket_is_chosen_only() -> None:
    code = (
        "import sys, destination_zoho_crm.run, destination_zoho_crm.writing; "
        "sys.exit('botocore' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
