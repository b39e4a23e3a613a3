#!/usr/bin/env bash
# airbyte (PyAirbyte) 0.71.3 on PyPI, with its DuckDB cache.
#
# Destination.write takes the streams that are to be written. Given the result of a read, it pays no
# heed to them: all streams of the read go to the destination, catalog and rows, and no warning says so.
# Given a source, it goes by them.
#
# Seen:
#   streams=["visits"] of a read: catalog ['salaries', 'visits'], rows of ['salaries', 'visits']
#   streams=["visits"] of a source: catalog ['visits'], rows of ['visits']
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

def stream(name):
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    return {"name": name, "json_schema": schema, "supported_sync_modes": ["full_refresh"]}

output = {
    "spec": [{"type": "SPEC", "spec": {"connectionSpecification": {"type": "object"}}}],
    "check": [{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}],
    "discover": [{"type": "CATALOG", "catalog": {"streams": [stream("visits"), stream("salaries")]}}],
}
if "--catalog" in sys.argv:
    catalog = json.loads(pathlib.Path(sys.argv[sys.argv.index("--catalog") + 1]).read_text())
    names = sorted(one["stream"]["name"] for one in catalog["streams"])
    output["read"] = [
        {"type": "RECORD", "record": {"stream": name, "data": {"id": 1}, "emitted_at": 1}} for name in names
    ]
if sys.argv[1] == "write":
    records = [record for line in sys.stdin if (record := json.loads(line)["record"])]
    rows = sorted({record["stream"] for record in records})
    pathlib.Path("written.txt").write_text(f"catalog {names}, rows of {rows}")
    sys.exit()
print(*map(json.dumps, output[sys.argv[1]]), sep="\n")
PY
chmod +x stub
AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 timeout 300 env/bin/python - > out.txt 2>&1 <<'PY' || { cat out.txt; exit 1; }
import airbyte as ab

source = ab.get_source("source-stub", local_executable="./stub", config={}, streams="*")
destination = ab.get_destination("destination-stub", local_executable="./stub", config={})
cache = ab.DuckDBCache(db_path="company.duckdb")
destination.write(source.read(cache=cache), streams=["visits"])
of_read = open("written.txt").read()
destination.write(source, cache=cache, streams=["visits"])
of_source = open("written.txt").read()
print('SEEN streams=["visits"] of a read:', of_read)
print('SEEN streams=["visits"] of a source:', of_source)
assert of_read == "catalog ['salaries', 'visits'], rows of ['salaries', 'visits']"
assert of_source == "catalog ['visits'], rows of ['visits']"
PY
sed -n 's/^SEEN //p' out.txt
