"""Rejected rows that are kept in a folder."""

import json
from pathlib import Path
from typing import Any


def kept(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(folder.glob("*.jsonl"))
    return [json.loads(line) for path in paths for line in path.read_bytes().splitlines()]


def storage(folder: Path) -> dict[str, str]:
    return {"storage_type": "Local", "folder": str(folder)}
