"""A small org without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zoho_emulator.seed.copies import copy_or_build
from zoho_emulator.seed.org import build
from zoho_emulator.store.store import Store

NOW = 1_700_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    path, zone = tmp_path / "org.db", "America/Los_Angeles"
    made = copy_or_build(
        lambda: build(path, rows=10, time_zone=zone, now=NOW),
        path,
        "ten rows",
        seed=1,
        time_zone=zone,
        now=NOW,
    )
    yield made
    made.close()
