"""A source of a warehouse in forty lines: `python warehouse_source.py read --config ...`.

It offers each table of the DuckDB file that `database` names, as Airbyte's sources of warehouses
do for theirs; rows keep the names that their columns have there.
"""

import json
import sys
from pathlib import Path
from typing import Any

import duckdb

_COLUMNS = """select table_name, column_name from information_schema.columns
    where column_name not like '_airbyte%' order by all"""


def main(command: str, *arguments: str) -> None:
    options = dict(zip(arguments[::2], arguments[1::2], strict=True))
    if command == "spec":
        form = {"type": "object", "properties": {"database": {"type": "string"}}}
        say("SPEC", spec={"connectionSpecification": form})
        return
    config = json.loads(Path(options["--config"]).read_text())
    with duckdb.connect(config["database"], read_only=True) as warehouse:
        tables: dict[str, list[str]] = {}
        for table, column in warehouse.execute(_COLUMNS).fetchall():
            tables.setdefault(table, []).append(column)
        if command == "check":
            say("CONNECTION_STATUS", connectionStatus={"status": "SUCCEEDED"})
        elif command == "discover":
            say("CATALOG", catalog={"streams": [stream(t, c) for t, c in tables.items()]})
        else:
            catalog = json.loads(Path(options["--catalog"]).read_text())
            for name in (chosen["stream"]["name"] for chosen in catalog["streams"]):
                rows = warehouse.execute(f'select {", ".join(tables[name])} from "{name}"')
                for row in rows.fetchall():
                    data = dict(zip(tables[name], row, strict=True))
                    say("RECORD", record={"stream": name, "data": data, "emitted_at": 1})


def stream(table: str, columns: list[str]) -> dict[str, Any]:
    return {
        "name": table,
        "json_schema": {"type": "object", "properties": {column: {} for column in columns}},
        "supported_sync_modes": ["full_refresh"],
    }


def say(kind: str, **body: Any) -> None:
    print(json.dumps({"type": kind, **body}, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
