"""The CDK's ceiling: a source that yields ready dicts through the CDK's own queue and printer.

`python -m benchmarks.ceiling FILE ROWS` prints ROWS records, taken in turn from FILE (JSON lines).
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import orjson
from airbyte_cdk.entrypoint import launch
from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
    ConcurrentDeclarativeSource,
)
from airbyte_cdk.sources.declarative.retrievers import Retriever
from airbyte_cdk.sources.types import StreamSlice

from benchmarks.files import catalog_of, written


@dataclass
class ReadyDicts(Retriever):
    """Yields what is already there; nothing is fetched, parsed or cast."""

    config: Mapping[str, Any]

    def read_records(
        self, records_schema: Mapping[str, Any], stream_slice: StreamSlice | None = None
    ) -> Iterable[dict[str, Any]]:
        lines = Path(self.config["file"]).read_bytes().splitlines()
        yield from islice(cycle([orjson.loads(line) for line in lines]), self.config["rows"])


MANIFEST = {
    "version": "7.39.1",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["ready"]},
    "streams": [
        {
            "type": "DeclarativeStream",
            "name": "ready",
            "retriever": {
                "type": "CustomRetriever",
                "class_name": "benchmarks.ceiling.ReadyDicts",
            },
            "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object"}},
        }
    ],
    "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
}


def main(file: str, rows: str) -> None:
    config = {"file": file, "rows": int(rows)}
    stream = {"name": "ready", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    with written(config) as config_path, written(catalog_of([stream])) as catalog_path:
        source = ConcurrentDeclarativeSource(config=config, source_config=MANIFEST)
        launch(source, ["read", "--config", config_path, "--catalog", catalog_path])


if __name__ == "__main__":
    main(*sys.argv[1:])
