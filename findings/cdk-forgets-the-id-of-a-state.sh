#!/usr/bin/env bash
# airbyte-cdk 7.39.1 on PyPI.
#
# Airbyte's platform puts an `id` into each state that it hands to a destination, and knows by it which
# state comes back. The CDK's models have no such key: a destination that parses a state and prints it,
# as the CDK's own Destination class does, loses it.
#
# Seen:
#   in: id, stream, type
#   out: stream, type
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet airbyte-cdk==7.39.1
cd "$folder"
timeout 120 env/bin/python - <<'PY'
import io
import json
import sys

from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    ConnectorSpecification,
    Status,
    Type,
)


class Echo(Destination):
    """Gives back each state, as destinations do once its rows are written."""

    def write(self, config, configured_catalog, input_messages):
        for message in input_messages:
            if message.type == Type.STATE:
                yield message

    def check(self, logger, config):
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def spec(self, *_):
        return ConnectorSpecification(connectionSpecification={"type": "object"})


stream = {"stream_descriptor": {"name": "contacts"}, "stream_state": {"updated": "2026-01-01"}}
given = {"type": "STATE", "state": {"type": "STREAM", "stream": stream, "id": 7}}
with open("config.json", "w") as config, open("catalog.json", "w") as catalog:
    config.write("{}")
    catalog.write('{"streams": []}')
sys.stdin = io.TextIOWrapper(io.BytesIO(json.dumps(given).encode() + b"\n"))
kept, sys.stdout = sys.stdout, io.StringIO()
Echo().run(["write", "--config", "config.json", "--catalog", "catalog.json"])
lines, sys.stdout = sys.stdout.getvalue().splitlines(), kept
[back] = [json.loads(line)["state"] for line in lines if '"STATE"' in line]
print("in:", ", ".join(sorted(given["state"])))
print("out:", ", ".join(sorted(back)))
assert back["stream"]["stream_descriptor"]["name"] == "contacts"
assert "id" not in back
PY
