#!/usr/bin/env bash
# airbyte-cdk 7.39.1 on PyPI.
#
# A declarative stream with a DatetimeBasedCursor that the configured catalog reads as a full refresh
# begins at the state that it is given, and leaves out all that is older. `discover` offers every such
# stream as resumable, which tells the platform that it may hand a state to a full refresh.
#
# Seen:
#   is_resumable: True
#   full refresh: [1, 2, 3] with a state of 2024-06-01: [2, 3]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet airbyte-cdk==7.39.1
cd "$folder"
timeout 120 env/bin/python - <<'PY'
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

from airbyte_cdk.models import (
    AirbyteStateMessageSerializer,
    ConfiguredAirbyteCatalogSerializer,
    Type,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)

ROWS = [{"id": n, "at": f"2024-0{3 * n}-01T00:00:00Z"} for n in (1, 2, 3)]


class Api(BaseHTTPRequestHandler):
    """Lists rows from a moment on."""

    def do_GET(self):
        since = parse_qs(urlsplit(self.path).query)["since"][0]
        body = json.dumps([row for row in ROWS if row["at"] >= since]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


api = HTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=api.serve_forever, daemon=True).start()

MANIFEST = {
    "version": "7.39.1",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["rows"]},
    "streams": [
        {
            "type": "DeclarativeStream",
            "name": "rows",
            "primary_key": ["id"],
            "schema_loader": {
                "type": "InlineSchemaLoader",
                "schema": {
                    "type": "object",
                    "properties": {"id": {"type": "integer"}, "at": {"type": "string"}},
                },
            },
            "incremental_sync": {
                "type": "DatetimeBasedCursor",
                "cursor_field": "at",
                "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
                "start_datetime": "2024-01-01T00:00:00Z",
                "start_time_option": {
                    "type": "RequestOption",
                    "inject_into": "request_parameter",
                    "field_name": "since",
                },
            },
            "retriever": {
                "type": "SimpleRetriever",
                "requester": {
                    "type": "HttpRequester",
                    "url": f"http://127.0.0.1:{api.server_port}/rows",
                    "http_method": "GET",
                },
                "record_selector": {
                    "type": "RecordSelector",
                    "extractor": {"type": "DpathExtractor", "field_path": []},
                },
            },
        }
    ],
}
CATALOG = ConfiguredAirbyteCatalogSerializer.load(
    {
        "streams": [
            {
                "stream": {
                    "name": "rows",
                    "json_schema": {},
                    "supported_sync_modes": ["full_refresh", "incremental"],
                },
                "sync_mode": "full_refresh",
                "destination_sync_mode": "overwrite",
            }
        ]
    }
)
STATE = {
    "type": "STREAM",
    "stream": {
        "stream_descriptor": {"name": "rows"},
        "stream_state": {"at": "2024-06-01T00:00:00Z"},
    },
}


def source(state):
    return ConcurrentDeclarativeSource(
        source_config=MANIFEST, catalog=CATALOG, config={}, state=state
    )


def rows(state):
    messages = source(state).read(logging.getLogger("quiet"), {}, CATALOG, state)
    return sorted(m.record.data["id"] for m in messages if m.type == Type.RECORD)


(stream,) = source([]).discover(logging.getLogger("quiet"), {}).streams
whole = rows([])
resumed = rows([AirbyteStateMessageSerializer.load(STATE)])
print("is_resumable:", stream.is_resumable)
print("full refresh:", whole, "with a state of 2024-06-01:", resumed)
assert stream.is_resumable is True
assert (whole, resumed) == ([1, 2, 3], [2, 3])
PY
