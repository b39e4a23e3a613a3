#!/usr/bin/env bash
# airbyte (PyAirbyte) 0.71.3 on PyPI, with its DuckDB cache.
#
# By default PyAirbyte reads each stream incrementally, from the state that its cache holds, and chooses
# how the rows are written by another rule: without a primary key and a default cursor field (a stream
# with source_defined_cursor needs none) it replaces the table. So a second read asks for what is new and
# puts that in the place of all that the first one had read. The read succeeds; its log says that the
# sync is incremental, and nothing of the rows that went.
#
# Seen:
#   rows after the first read: [1, 2]
#   rows after the second read: [3]
#   states that the source was given: [0, 2]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# PyAirbyte 0.71 does not run on 3.13.
python=python3.12
"$python" -c "" 2> /dev/null || python=python3
"$python" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet airbyte==0.71.3
cd "$folder"
cat > source-stub <<PY
#!$folder/env/bin/python
import json
import pathlib
import sys

stream = {
    "name": "visits",
    "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
    "supported_sync_modes": ["full_refresh", "incremental"],
    "source_defined_cursor": True,
}
messages = {
    "spec": [{"type": "SPEC", "spec": {"connectionSpecification": {"type": "object"}}}],
    "check": [{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}],
    "discover": [{"type": "CATALOG", "catalog": {"streams": [stream]}}],
}
if sys.argv[1] == "read":
    states = json.loads(pathlib.Path(sys.argv[sys.argv.index("--state") + 1]).read_text())
    last = states[0]["stream"]["stream_state"]["id"] if states else 0
    with open("states.txt", "a") as file:
        print(last, file=file)
    # Two rows are there at first; one more has come by the second read.
    new = [3] if last else [1, 2]
    state = {"stream_descriptor": {"name": "visits"}, "stream_state": {"id": new[-1]}}
    messages["read"] = [
        {"type": "RECORD", "record": {"stream": "visits", "data": {"id": number}, "emitted_at": 1}}
        for number in new
    ] + [{"type": "STATE", "state": {"type": "STREAM", "stream": state}}]
print(*map(json.dumps, messages[sys.argv[1]]), sep="\n")
PY
chmod +x source-stub
AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 timeout 300 env/bin/python - > out.txt 2>&1 <<'PY' || { cat out.txt; exit 1; }
import airbyte as ab

source = ab.get_source("source-stub", local_executable="./source-stub", config={}, streams=["visits"])
cache = ab.DuckDBCache(db_path="visits.duckdb")
first = sorted(row["id"] for row in source.read(cache=cache)["visits"])
second = sorted(row["id"] for row in source.read(cache=cache)["visits"])
states = [int(line) for line in open("states.txt")]
print("SEEN rows after the first read:", first)
print("SEEN rows after the second read:", second)
print("SEEN states that the source was given:", states)
assert (first, second, states) == ([1, 2], [3], [0, 2])
PY
sed -n 's/^SEEN //p' out.txt
