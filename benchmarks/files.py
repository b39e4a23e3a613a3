"""Files that connector commands want."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def written(content: object) -> Iterator[str]:
    """A temporary JSON file."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(content, file)
        file.flush()
        yield file.name


def catalog_of(streams: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A configured catalog of these streams, in the last of their sync modes."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": stream["supported_sync_modes"][-1],
                "destination_sync_mode": "append",
            }
            for stream in streams
        ]
    }
