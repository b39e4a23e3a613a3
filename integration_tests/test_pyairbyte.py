"""A round trip through PyAirbyte: Zoho -> DuckDB -> Zoho, both connectors as local executables."""

import sys
from pathlib import Path
from typing import Any

import pytest

from integration_tests.connector import Emulator, Json

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent

#: What a model in the warehouse makes of what the source put there: three codes change.
MODEL = """create table new_codes as
    select id, product_code || '-B' as code from products order by id limit 3"""

MAPPING = {
    "stream": "new_codes",
    "module": "Products",
    "operation": {"operation": "update", "matching_key": "id"},
    "fields": [{"column": "id", "field": "id"}, {"column": "code", "field": "Product_Code"}],
}


@pytest.fixture
def pyairbyte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """PyAirbyte, kept off the network and in a folder of its own."""
    for name in ("AIRBYTE_OFFLINE_MODE", "DO_NOT_TRACK", "NO_LIVE_PROGRESS"):
        monkeypatch.setenv(name, "1")
    for name in ("AIRBYTE_LOGGING_ROOT", "AIRBYTE_TEMP_DIR", "AIRBYTE_CACHE_ROOT"):
        monkeypatch.setenv(name, str(tmp_path / "pyairbyte"))
    # It reads them while it is loaded.
    import airbyte
    from airbyte.caches import DuckDBCache

    return airbyte, DuckDBCache


#: What Airbyte's older Zoho CRM source saved, beside the credentials.
OLDER: Json = {
    "dc_region": "US",
    "environment": "Production",
    "edition": "Free",
    "start_datetime": None,
}


def codes(emulator: Emulator) -> dict[str, str]:
    return {row["id"]: row["Product_Code"] for row in emulator.rows("Products")}


# The warnings of PyAirbyte and of what it loads are not ours.
@pytest.mark.filterwarnings("ignore")
def test_what_changes_in_the_warehouse_arrives_in_zoho(
    pyairbyte: Any, emulator: Emulator, emulator_config: Json, tmp_path: Path
) -> None:
    airbyte, DuckDBCache = pyairbyte  # noqa: N806  # a class
    before = codes(emulator)

    # Zoho -> DuckDB
    source = airbyte.get_source(
        "source-zoho-crm", local_executable=BIN / "source-zoho-crm", config=emulator_config
    )
    source.select_streams(["Products"])
    cache = DuckDBCache(db_path=tmp_path / "warehouse.duckdb", cache_dir=tmp_path)
    rows = {row["id"]: row["product_code"] for row in source.read(cache)["Products"]}
    cache.execute_sql(MODEL)
    cache.close()

    # DuckDB -> Zoho
    script = tmp_path / "source-warehouse"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE}/warehouse_source.py" "$@"\n')
    script.chmod(0o755)
    warehouse = airbyte.get_source(
        "source-warehouse",
        local_executable=script,
        config={"database": str(tmp_path / "warehouse.duckdb")},
        streams=["new_codes"],
    )
    account = {key: value for key, value in emulator_config.items() if key != "retrieval"}
    destination = airbyte.get_destination(
        "destination-zoho-crm",
        local_executable=BIN / "destination-zoho-crm",
        config={**account, "mappings": [MAPPING]},
    )
    destination.check()
    destination.write(warehouse, cache=False, state_cache=False)

    first_three = sorted(before)[:3]
    assert rows == before
    assert codes(emulator) == before | {key: f"{before[key]}-B" for key in first_three}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("settings", [OLDER, {}], ids=["older", "credentials"])
def test_pyairbyte_takes_a_config_of_the_older_source_as_it_is(
    pyairbyte: Any, emulator: Emulator, emulator_config: Json, settings: Json
) -> None:
    airbyte, _ = pyairbyte
    account = ("client_id", "client_secret", "refresh_token", "base_url")
    config = {key: emulator_config[key] for key in account} | settings

    connectors = [
        airbyte.get_source(
            "source-zoho-crm", local_executable=BIN / "source-zoho-crm", config=config
        ),
        airbyte.get_destination(
            "destination-zoho-crm", local_executable=BIN / "destination-zoho-crm", config=config
        ),
    ]
    for connector in connectors:
        # It does so by itself at the begin of each read.
        connector.validate_config()
        connector.check()

    assert emulator.calls("records.list") == 1
