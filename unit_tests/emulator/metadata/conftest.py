"""An org without a server."""

import pytest

from zoho_emulator.metadata.fields import describe_field
from zoho_emulator.seed.org import build
from zoho_emulator.versions import VERSIONS


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    store = build(tmp_path_factory.mktemp("org") / "org.db", rows=0, now=1_700_000_000)
    yield store.org
    store.close()


@pytest.fixture
def show(org):
    def show(module: str, field: str, version: str = "v8") -> dict:
        table = org.modules[module]
        return describe_field(org, table, table.fields[field], VERSIONS[version])

    return show
