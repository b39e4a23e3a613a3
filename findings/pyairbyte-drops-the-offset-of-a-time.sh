#!/usr/bin/env bash
# airbyte (PyAirbyte) 0.71.3 on PyPI, with its DuckDB cache (duckdb 1.4.3, which it pins).
#
# A column is declared as a timestamp with time zone. The cache keeps the digits of the clock and drops
# the offset, without a conversion: moments that are hours apart become the same one, and nothing in a
# row of the cache tells which moment was meant. Only times that came in UTC stay what they were.
#
# Seen:
#   2024-01-02T03:04:05+05:30 -> 2024-01-02T03:04:05
#   2024-01-02T03:04:05-08:00 -> 2024-01-02T03:04:05
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
import sys

moment = {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"}
stream = {
    "name": "visits",
    "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}, "begin": moment}},
    "supported_sync_modes": ["full_refresh"],
}
rows = [{"id": 1, "begin": "2024-01-02T03:04:05+05:30"}, {"id": 2, "begin": "2024-01-02T03:04:05-08:00"}]
messages = {
    "spec": [{"type": "SPEC", "spec": {"connectionSpecification": {"type": "object"}}}],
    "check": [{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}],
    "discover": [{"type": "CATALOG", "catalog": {"streams": [stream]}}],
    "read": [
        {"type": "RECORD", "record": {"stream": "visits", "data": row, "emitted_at": 1}} for row in rows
    ],
}
print(*map(json.dumps, messages[sys.argv[1]]), sep="\n")
PY
chmod +x source-stub
AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 timeout 300 env/bin/python - > out.txt 2>&1 <<'PY' || { cat out.txt; exit 1; }
import airbyte as ab

source = ab.get_source("source-stub", local_executable="./source-stub", config={}, streams=["visits"])
result = source.read(cache=ab.DuckDBCache(db_path="visits.duckdb"))
begins = {row["id"]: row["begin"].isoformat() for row in result["visits"]}
print("SEEN 2024-01-02T03:04:05+05:30 ->", begins[1])
print("SEEN 2024-01-02T03:04:05-08:00 ->", begins[2])
assert begins == {1: "2024-01-02T03:04:05", 2: "2024-01-02T03:04:05"}
PY
sed -n 's/^SEEN //p' out.txt
