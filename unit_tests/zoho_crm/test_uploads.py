"""Files are uploaded to one of two addresses, and again where an answer is lost."""

import io
import socket
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.bulk_jobs import BulkJobs
from destination_zoho_crm.client import Client
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.uploads import MultipartFile
from zoho_emulator.server import Running, Settings, running

Json = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    knobs = {"tokens_per_10_min": 0, "more_scopes": ["ZohoFiles.files.ALL"]}
    with running(Settings(rows=1), knobs) as server:
        yield server


@pytest.fixture(autouse=True)
def _no_pauses(server: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ZohoAuthenticator._tokens.clear()
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    yield
    server.control("POST", "reset", {})


@pytest.fixture
def closed() -> str:
    """An address that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def upload(server: Running, *addresses: str) -> BulkJobs:
    """What has uploaded one file."""
    client = Client(server.account)
    client.config["_zoho"]["uploads"][server.base_url] = [
        f"{address}/crm/v4/upload" for address in addresses
    ]
    jobs = BulkJobs(client, "Leads")
    send(jobs)
    return jobs


def send(jobs: BulkJobs) -> str:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", b"0" * 700_000)
    return jobs.upload(file, "a.zip")


def uploads(server: Running) -> int:
    return int(server.control("GET", "usage")["calls"].get("upload", 0))


def test_the_second_address_takes_what_the_first_does_not(server: Running, closed: str) -> None:
    jobs = upload(server, closed, server.base_url)

    assert uploads(server) == 1
    # The address that has taken a file is not looked for again.
    assert jobs._client.bulk.uploads._proven == f"{server.base_url}/crm/v4/upload"
    assert send(jobs)
    assert uploads(server) == 2


def test_an_address_that_serves_no_uploads_is_left(server: Running) -> None:
    body = {"code": "INVALID_URL_PATTERN", "message": "no", "details": {}, "status": "error"}
    fault = {"match": "upload", "do": "status", "times": 1, "args": {"status": 404, "body": body}}
    server.control("POST", "faults", [fault])

    upload(server, server.base_url, server.base_url.replace("127.0.0.1", "localhost"))

    assert uploads(server) == 2


def test_a_refusal_of_the_file_is_not_taken_elsewhere(server: Running) -> None:
    body = {"code": "INVALID_FILE_FORMAT", "message": "no", "details": {}, "status": "error"}
    fault = {"match": "upload", "do": "status", "times": 1, "args": {"status": 400, "body": body}}
    server.control("POST", "faults", [fault])

    with pytest.raises(AirbyteTracedException, match="INVALID_FILE_FORMAT"):
        upload(server, server.base_url, server.base_url)
    assert uploads(server) == 1


def test_a_file_is_sent_again_from_its_start() -> None:
    form = MultipartFile(io.BytesIO(b"content" * 100_000), "a.zip")

    first, second = b"".join(form), b"".join(form)

    assert first == second
    assert len(first) == len(form)
    assert first.count(b"content") == 100_000
    sent = requests.Request("POST", "http://127.0.0.1", data=form).prepare()
    assert sent.headers["Content-Length"] == str(len(first))
    assert "Transfer-Encoding" not in sent.headers
