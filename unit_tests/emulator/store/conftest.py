"""A small org without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zoho_emulator.seed.org import build
from zoho_emulator.store.store import Store

NOW = 1_700_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = build(tmp_path / "org.db", rows=10, now=NOW)
    yield made
    made.close()
