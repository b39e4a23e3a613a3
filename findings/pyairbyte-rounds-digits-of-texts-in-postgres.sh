#!/usr/bin/env bash
# airbyte (PyAirbyte) 0.71.3 on PyPI, with its Postgres cache, and PostgreSQL 16.2 from pgserver 0.1.4.
#
# A column is declared as a string, and the source sends strings of digits: ids of 19 digits, zip codes.
# The cache loads its files by pandas.read_json, which guesses types: the texts become doubles on their
# way into the text columns of the table. Ids round, so that different records get the same one, leading
# zeros go, and the read succeeds. DuckDB's cache keeps the texts.
#
# Of 1,000 rows with the ids from 8009622000000003588 on and the zip code 01067:
#
# Seen:
#   Postgres: 1000 rows, 1 ids, from 8009622000000004096 on, zip codes ['1067']
#   DuckDB: 1000 rows, 1000 ids, from 8009622000000003588 on, zip codes ['01067']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# PyAirbyte 0.71 does not run on 3.13.
python=python3.12
"$python" -c "" 2> /dev/null || python=python3
"$python" -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet airbyte==0.71.3
"$folder/env/bin/pip" install --quiet pgserver==0.1.4
cd "$folder"
cat > source-stub <<PY
#!$folder/env/bin/python
import json
import sys

text = {"type": ["null", "string"]}
stream = {
    "name": "people",
    "json_schema": {"type": "object", "properties": {"id": text, "zip": text}},
    "supported_sync_modes": ["full_refresh"],
    "source_defined_primary_key": [["id"]],
}
rows = [{"id": str(8009622000000003588 + number), "zip": "01067"} for number in range(1000)]
messages = {
    "spec": [{"type": "SPEC", "spec": {"connectionSpecification": {"type": "object"}}}],
    "check": [{"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}],
    "discover": [{"type": "CATALOG", "catalog": {"streams": [stream]}}],
    "read": [
        {"type": "RECORD", "record": {"stream": "people", "data": row, "emitted_at": 1}} for row in rows
    ],
}
print(*map(json.dumps, messages[sys.argv[1]]), sep="\n")
PY
chmod +x source-stub
AIRBYTE_OFFLINE_MODE=1 DO_NOT_TRACK=1 timeout 300 env/bin/python - > out.txt 2>&1 <<'PY' || { cat out.txt; exit 1; }
import os
from pathlib import Path

import airbyte as ab
import pgserver
from airbyte.caches import PostgresCache

server = pgserver.get_server(Path("pgdata").absolute(), cleanup_mode="stop")
# The server listens on a socket of this folder; the cache names no host, so the client takes this one.
os.environ["PGHOST"] = str(Path("pgdata").absolute())
source = ab.get_source("source-stub", local_executable="./source-stub", config={}, streams=["people"])
places = {"host": "", "port": 5432, "username": "postgres", "password": "x", "database": "postgres"}
seen = {}
for name, cache in (
    ("Postgres", PostgresCache(**places)),
    ("DuckDB", ab.DuckDBCache(db_path="people.duckdb")),
):
    rows = list(source.read(cache=cache)["people"])
    ids, zips = {row["id"] for row in rows}, sorted({row["zip"] for row in rows})
    seen[name] = (len(rows), len(ids), min(ids), zips)
    print(f"SEEN {name}: {len(rows)} rows, {len(ids)} ids, from {min(ids)} on, zip codes {zips}")
assert seen == {
    "Postgres": (1000, 1, "8009622000000004096", ["1067"]),
    "DuckDB": (1000, 1000, "8009622000000003588", ["01067"]),
}
PY
sed -n 's/^SEEN //p' out.txt
