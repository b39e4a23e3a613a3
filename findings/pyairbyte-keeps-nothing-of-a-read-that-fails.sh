#!/usr/bin/env bash
# airbyte (PyAirbyte) 0.71.3 on PyPI, with its DuckDB cache.
#
# A source finishes one stream, whose rows, last state and status COMPLETE it has sent, and fails in the
# next one. PyAirbyte keeps neither the rows nor the state of the finished stream: the next read starts
# from nothing. It means to write a finished stream at once, but waits for a status SUCCEEDED, which the
# protocol does not have (it is COMPLETE). So rows reach the tables at the end of the whole read only,
# and one that fails or is killed before leaves none.
#
# Seen:
#   tables after the read that failed: []
#   states that the source was given: [[], []]
#   rows after the read that did not fail: [1, 2]
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

def stream(name):
    return {
        "name": name,
        "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": True,
        "source_defined_primary_key": [["id"]],
        "default_cursor_field": ["id"],
    }

def status(name, word):
    told = {"stream_descriptor": {"name": name}, "status": word}
    return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "emitted_at": 1, "stream_status": told}}

def read(name):
    state = {"stream_descriptor": {"name": name}, "stream_state": {"id": 2}}
    return [
        status(name, "STARTED"),
        *({"type": "RECORD", "record": {"stream": name, "data": {"id": n}, "emitted_at": 1}} for n in (1, 2)),
        {"type": "STATE", "state": {"type": "STREAM", "stream": state}},
        status(name, "COMPLETE"),
    ]

output = {
    "spec": [{"type": "SPEC", "spec": {"connectionSpecification": {"type": "object"}}}],
    "check": [{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}],
    "discover": [{"type": "CATALOG", "catalog": {"streams": [stream("visits"), stream("salaries")]}}],
}
fails = False
if sys.argv[1] == "read":
    given = json.loads(pathlib.Path(sys.argv[sys.argv.index("--state") + 1]).read_text())
    fails = not pathlib.Path("states.txt").exists()
    with open("states.txt", "a") as file:
        print(json.dumps(given), file=file)
    output["read"] = read("visits") + ([status("salaries", "STARTED")] if fails else read("salaries"))
print(*map(json.dumps, output[sys.argv[1]]), sep="\n", flush=True)
sys.exit(1 if fails else 0)
PY
chmod +x source-stub
AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 timeout 300 env/bin/python - > out.txt 2>&1 <<'PY' || { cat out.txt; exit 1; }
import json

import airbyte as ab
from airbyte.exceptions import PyAirbyteError

streams = ["visits", "salaries"]
source = ab.get_source("source-stub", local_executable="./source-stub", config={}, streams=streams)
cache = ab.DuckDBCache(db_path="company.duckdb")
try:
    source.read(cache=cache)
    raise SystemExit("the read did not fail")
except PyAirbyteError:
    pass
found = cache.run_sql_query("select table_name from information_schema.tables")
tables = sorted(row["table_name"] for row in found if not row["table_name"].startswith("_airbyte"))
rows = sorted(row["id"] for row in source.read(cache=cache)["visits"])
states = [json.loads(line) for line in open("states.txt")]
print("SEEN tables after the read that failed:", tables)
print("SEEN states that the source was given:", states)
print("SEEN rows after the read that did not fail:", rows)
assert (tables, states, rows) == ([], [[], []], [1, 2])
PY
sed -n 's/^SEEN //p' out.txt
