#!/usr/bin/env bash
# airbyte (PyAirbyte) 0.71.3 on PyPI, with its DuckDB cache.
#
# Destination.write of a source reads the source from its last state into the cache, and then sends all
# rows that the cache has, not those of this read. With the strategy "append" the destination is told to
# add them (append, incremental): every run adds all earlier rows once more.
#
# Seen:
#   first run: incremental, append, rows [1, 2]
#   second run: incremental, append, rows [1, 2, 3]    while the source gave row 3 alone
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# PyAirbyte 0.71 does not run on 3.13.
python=python3.12
"$python" -c "" 2> /dev/null || python=python3
"$python" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet airbyte==0.71.3
cd "$folder"
cat > stub <<PY
#!$folder/env/bin/python
import json
import pathlib
import sys

stream = {
    "name": "visits",
    "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
    "supported_sync_modes": ["full_refresh", "incremental"],
    "source_defined_cursor": True,
    "default_cursor_field": ["id"],
}
argument = {key: pathlib.Path(value) for key, value in zip(sys.argv[2::2], sys.argv[3::2])}
output = {
    "spec": [{"type": "SPEC", "spec": {"connectionSpecification": {"type": "object"}}}],
    "check": [{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}],
    "discover": [{"type": "CATALOG", "catalog": {"streams": [stream]}}],
}
if sys.argv[1] == "read":
    # Two rows are there at first; behind a state there is one more.
    new = [3] if json.loads(argument["--state"].read_text()) else [1, 2]
    state = {"stream_descriptor": {"name": "visits"}, "stream_state": {"id": new[-1]}}
    output["read"] = [
        {"type": "RECORD", "record": {"stream": "visits", "data": {"id": number}, "emitted_at": 1}}
        for number in new
    ] + [{"type": "STATE", "state": {"type": "STREAM", "stream": state}}]
if sys.argv[1] == "write":
    messages = [json.loads(line) for line in sys.stdin]
    [asked] = json.loads(argument["--catalog"].read_text())["streams"]
    rows = sorted(message["record"]["data"]["id"] for message in messages if message["record"])
    with open("written.txt", "a") as file:
        print(f"{asked['sync_mode']}, {asked['destination_sync_mode']}, rows {rows}", file=file)
    output["write"] = [message for message in messages if message["state"]]
print(*map(json.dumps, output[sys.argv[1]]), sep="\n")
PY
chmod +x stub
AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 timeout 300 env/bin/python - > out.txt 2>&1 <<'PY' || { cat out.txt; exit 1; }
import airbyte as ab
from airbyte.strategies import WriteStrategy

source = ab.get_source("source-stub", local_executable="./stub", config={}, streams=["visits"])
destination = ab.get_destination("destination-stub", local_executable="./stub", config={})
cache = ab.DuckDBCache(db_path="visits.duckdb")
for _ in range(2):
    destination.write(source, cache=cache, write_strategy=WriteStrategy.APPEND)
first, second = open("written.txt").read().splitlines()
print("SEEN first run:", first)
print("SEEN second run:", second)
assert first == "incremental, append, rows [1, 2]"
assert second == "incremental, append, rows [1, 2, 3]"
PY
sed -n 's/^SEEN //p' out.txt
