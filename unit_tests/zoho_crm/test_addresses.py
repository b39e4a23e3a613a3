"""Names that Zoho gives, and what becomes of them in the addresses that are asked."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.calls import build_call
from destination_zoho_crm.client import Client
from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.calls import Calls
from source_zoho_crm.check import _find_first_listed
from source_zoho_crm.modules import SourceModules
from source_zoho_crm.readers.steps import GetRecords, ListDeletions, ListRecords
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.directory import Directory
from zoho_crm.domains import quote_path_part

ODD = [
    "a b",
    "a/b",
    "a?b",
    "a#b",
    "a%2Fb",
    "a:b",
    "a;b=1",
    "../users",
    "//localhost:9/x",
    "http://localhost:9/x",
    "Größe",
    "..\\x",
]

DELETED = "2024-01-01T00:00:00+00:00"


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.paths.append(self.path)  # type: ignore[attr-defined]
        token = {"access_token": "1000.odd.addresses", "expires_in": 3600}
        timestamp = {"Modified_Time": DELETED, "deleted_time": DELETED, "state": "QUEUED"}
        record: dict[str, Any] = {
            "data": [{"code": "SUCCESS", "status": "success", "id": "1"} | timestamp]
        }
        record["info"] = {"more_records": False}
        body = json.dumps(token if "/oauth/" in self.path else record).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - named by the standard library

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    """Keeps the paths of its calls as they came. The emulator knows them decoded only."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(server: ThreadingHTTPServer) -> Client:
    ZohoAuthenticator._tokens.clear()
    server.paths = []  # type: ignore[attr-defined]
    account = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}
    return Client({**account, "base_url": f"http://127.0.0.1:{server.server_port}"})


def _convert(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _no_exports() -> BulkRead:
    raise AssertionError("nothing here is read by exports")


def asked(server: ThreadingHTTPServer) -> list[str]:
    """The paths that were asked for, below the version's root."""
    paths: list[str] = server.paths  # type: ignore[attr-defined]
    _, *calls = [path.partition("?")[0] for path in paths]
    roots = ("/crm/v4/", "/crm/bulk/v4/read/")
    assert all(path.startswith(roots) for path in calls)
    return [path.removeprefix(roots[0]).removeprefix(roots[1]) for path in calls]


@pytest.mark.parametrize("name", ODD)
def test_a_module_or_record_stays_one_part_of_the_path(
    server: ThreadingHTTPServer, client: Client, name: str
) -> None:
    calls = Calls(name, client.metadata, client.queries, _convert, _no_exports)
    timestamp = datetime(2024, 1, 1, tzinfo=UTC)

    calls.answer(ListRecords({"fields": "id"}))
    calls.answer(ListDeletions(timestamp, 1))
    calls.answer(GetRecords(f"/{quote_path_part(name)}", {}))
    _find_first_listed(client.metadata, [name])

    parts = [[unquote(part) for part in path.split("/")] for path in asked(server)]
    assert parts == [[name], [name, "deleted"], [name, name], [name]]


@pytest.mark.parametrize("name", ODD)
def test_a_job_stays_one_part_of_the_path(
    server: ThreadingHTTPServer, client: Client, name: str
) -> None:
    service = BulkRead.from_manifest(client.config, "Leads")

    service.fetch_state(name)
    service.download(name, BytesIO())

    parts = [[unquote(part) for part in path.split("/")] for path in asked(server)]
    assert parts == [[name], [name, "result"]]


@pytest.mark.parametrize("name", ODD)
def test_a_module_that_is_written_to_stays_one_part_of_the_path(
    server: ThreadingHTTPServer, client: Client, name: str
) -> None:
    plan: Any = SimpleNamespace(
        module=SimpleNamespace(api_name=name),
        columns=[],
        key=SimpleNamespace(name="Email"),
        key_kind="field",
        lar_id=None,
        row_shapes={},
    )
    for operation in ("insert", "update", "delete", "upsert"):
        plan.operation = operation
        call = build_call(plan, [{"Email": "a@example.com"}], None, ())
        client.write(call.method, call.path, usage_of="x", params=call.params, body=call.body)

    parts = [[unquote(part) for part in path.split("/")] for path in asked(server)]
    assert parts == [[name], [name], [name], [name, "upsert"]]


@pytest.mark.parametrize("name", [".", ".."])
def test_a_module_whose_name_is_dots_is_no_stream(name: str) -> None:
    class Settings:
        def metadata(self, path: str, key: str, **params: str) -> list[dict[str, Any]]:
            return [{"api_name": name, "api_supported": True}]

    module = SourceModules(Directory()).read_module(name, Settings())

    assert module.not_offered_because == "Its name cannot be part of an address."


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_record_whose_id_is_dots_is_not_asked_for(name: str) -> None:
    with pytest.raises(AirbyteTracedException, match="cannot be asked for"):
        quote_path_part(name)
