#!/usr/bin/env bash
# airbyte-cdk 7.39.1 on PyPI.
#
# A field that AddFields fills with the text of another field is not that text where it reads like a
# Python literal: a phone number and a version become numbers, "True" a boolean, and a text of digits
# between underscores loses them. The schema, which says string, changes nothing. `value_type: string`
# does; a JSON number that was meant to stay one then becomes a text.
#
# Seen:
#   '+15551234567' -> 15551234567, with value_type '+15551234567'
#   '1.10' -> 1.1, with value_type '1.10'
#   '2026_11_30' -> 20261130, with value_type '2026_11_30'
#   'True' -> True, with value_type 'True'
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

from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer, Type
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)

TEXTS = ["+15551234567", "1.10", "2026_11_30", "True"]
BODY = json.dumps([{"text": text} for text in TEXTS]).encode()


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


api = HTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=api.serve_forever, daemon=True).start()

COPY = {"type": "AddedFieldDefinition", "value": "{{ record['text'] }}"}
MANIFEST = {
    "version": "7.39.1",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["rows"]},
    "streams": [
        {
            "type": "DeclarativeStream",
            "name": "rows",
            "schema_loader": {
                "type": "InlineSchemaLoader",
                "schema": {
                    "type": "object",
                    "properties": {
                        name: {"type": "string"} for name in ("text", "copy", "typed")
                    },
                },
            },
            "transformations": [
                {
                    "type": "AddFields",
                    "fields": [
                        {**COPY, "path": ["copy"]},
                        {**COPY, "path": ["typed"], "value_type": "string"},
                    ],
                }
            ],
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
                    "supported_sync_modes": ["full_refresh"],
                },
                "sync_mode": "full_refresh",
                "destination_sync_mode": "overwrite",
            }
        ]
    }
)
source = ConcurrentDeclarativeSource(source_config=MANIFEST, catalog=CATALOG, config={}, state=[])
messages = source.read(logging.getLogger("quiet"), {}, CATALOG, [])
rows = [m.record.data for m in messages if m.type == Type.RECORD]
for row in rows:
    print(f"{row['text']!r} -> {row['copy']!r}, with value_type {row['typed']!r}")
copied, typed = ([row[name] for row in rows] for name in ("copy", "typed"))
if (copied, typed) != ([15551234567, 1.1, 20261130, True], TEXTS):
    raise SystemExit("This has changed.")
PY
