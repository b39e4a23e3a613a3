#!/usr/bin/env bash
# airbyte (PyAirbyte) 0.71.3 on PyPI, with its DuckDB cache.
#
# A stream may have two columns whose names differ by letter case only; to JSON they are two names.
# PyAirbyte folds names to lower case, keeps one of the two values, and says nothing: the read
# succeeds, and no warning names the column that is gone.
#
# Seen:
#   columns: ['id', 'zone_code']
#   row: {'id': 1, 'zone_code': 'lower'}    of {"id": 1, "Zone_Code": "UPPER", "zone_code": "lower"}
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

columns = {"id": {"type": "integer"}, "Zone_Code": {"type": "string"}, "zone_code": {"type": "string"}}
stream = {
    "name": "zones",
    "json_schema": {"type": "object", "properties": columns},
    "supported_sync_modes": ["full_refresh"],
}
row = {"id": 1, "Zone_Code": "UPPER", "zone_code": "lower"}
messages = {
    "spec": {"type": "SPEC", "spec": {"connectionSpecification": {"type": "object"}}},
    "check": {"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}},
    "discover": {"type": "CATALOG", "catalog": {"streams": [stream]}},
    "read": {"type": "RECORD", "record": {"stream": "zones", "data": row, "emitted_at": 1}},
}
print(json.dumps(messages[sys.argv[1]]))
PY
chmod +x source-stub
AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 timeout 300 env/bin/python - > out.txt 2>&1 <<'PY' || { cat out.txt; exit 1; }
import airbyte as ab

source = ab.get_source("source-stub", local_executable="./source-stub", config={}, streams=["zones"])
result = source.read(cache=ab.DuckDBCache(db_path="zones.duckdb"))
table = result["zones"].to_pandas()
columns = [name for name in table.columns if not name.startswith("_airbyte")]
row = table[columns].iloc[0].to_dict()
print("SEEN columns:", columns)
print("SEEN row:", row)
assert columns == ["id", "zone_code"]
assert len({"UPPER", "lower"} & {*row.values()}) == 1
PY
sed -n 's/^SEEN //p' out.txt
if grep -i warn out.txt | grep -qi zone_code; then
  echo "PyAirbyte warns of the column now"
  exit 1
fi
