"""A round trip through PyAirbyte: Zoho -> DuckDB -> Zoho, both connectors as local executables."""

import logging
import sys
from collections.abc import Iterator
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
def _loggers() -> Iterator[None]:
    """PyAirbyte takes the CDK's loggers over: they write into its file and pass nothing on."""
    before = {name: _state(logging.getLogger(name)) for name in _names_of_loggers()}
    yield
    for name in _names_of_loggers():
        logger = logging.getLogger(name)
        logger.propagate, logger.handlers = before.get(name, (True, []))


def _names_of_loggers() -> list[str]:
    known = logging.root.manager.loggerDict
    return [name for name in known if name == "airbyte" or name.startswith("airbyte.")]


def _state(logger: logging.Logger) -> tuple[bool, list[logging.Handler]]:
    return logger.propagate, list(logger.handlers)


@pytest.fixture
def pyairbyte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _loggers: None) -> Any:
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
@pytest.mark.long
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
    destination = airbyte.get_destination(
        "destination-zoho-crm",
        local_executable=BIN / "destination-zoho-crm",
        config={**emulator_config, "mappings": [MAPPING]},
    )
    destination.check()
    destination.write(warehouse, cache=False, state_cache=False)

    first_three = sorted(before)[:3]
    assert rows == before
    assert codes(emulator) == before | {key: f"{before[key]}-B" for key in first_three}


#: Columns of each kind that the connectors write.
COLUMNS = {
    "Contacts": (
        *("Last_Name", "Title", "Lead_Source", "Phone", "Email_Opt_Out", "Date_of_Birth"),
        *("Owner", "Account_Name", "Reporting_To", "Loyalty_Points", "Languages_Known", "Tag"),
    ),
    "Products": (
        *("Unit_Price", "Commission_Rate", "Weight", "Qty_in_Stock", "Qty_in_Demand"),
        *("Qty_Ordered", "Reorder_Level", "Taxable", "EAN", "Data_Sheet", "Sales_Start_Date"),
    ),
    "Events": ("Event_Title", "Start_DateTime", "End_DateTime"),
}
MAPPINGS = [
    {
        "stream": "Contacts",
        "module": "Contacts",
        "operation": {"operation": "upsert", "matching_key": "Email"},
    },
    {
        "stream": "Products",
        "module": "Products",
        "operation": {"operation": "update", "matching_key": "id"},
    },
    {
        "stream": "Events",
        "module": "Events",
        "operation": {"operation": "update", "matching_key": "id"},
        "fields": [{"column": name, "field": name} for name in ("id", *COLUMNS["Events"])],
    },
]
#: DuckDB makes 99999999999.990005760 of a double of 99999999999.99 when it casts it to the
#: DECIMAL(38, 9) that the cache has for numbers, so such a one has other digits than Zoho's.
MOST = 10**9


def values(emulator: Emulator, module: str) -> dict[str, Json]:
    """The columns' values in Zoho by record; a lookup is an id."""
    return {
        row["id"]: {name: _normalize(row[name]) for name in COLUMNS[module]}
        for row in emulator.rows(module)
    }


def _normalize(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def kept_by_a_cache(value: Any) -> Any:
    """The value, or another that a cache keeps and a write does not leave alone."""
    if isinstance(value, int | float) and abs(value) > MOST:
        return 1.5
    return None if value == "" else value


def patch(emulator: Emulator, module: str, rows: dict[str, Json]) -> None:
    emulator.control("PATCH", f"records/{module}", [{"id": key} | row for key, row in rows.items()])


def disturb(emulator: Emulator) -> None:
    """Each record gets the values of another."""
    for module, columns in COLUMNS.items():
        rows = emulator.rows(module)
        given = [{name: row[name] for name in columns} for row in rows]
        keys = [row["id"] for row in rows]
        patch(emulator, module, dict(zip([*keys[1:], keys[0]], given, strict=True)))


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_a_cache_that_is_written_back_gives_each_record_its_values(
    pyairbyte: Any, emulator: Emulator, emulator_config: Json, tmp_path: Path
) -> None:
    """A cache has its own names for columns (`last_name`), the catalog that is sent with its rows
    has the source's; numbers come as text with nine decimals, times without an offset, and columns
    of Airbyte's own beside them."""
    airbyte, DuckDBCache = pyairbyte  # noqa: N806  # a class
    for module, columns in COLUMNS.items():
        kept = {
            row["id"]: {n: kept_by_a_cache(row[n]) for n in columns}
            for row in emulator.rows(module)
        }
        patch(emulator, module, kept)
    patch(
        emulator, "Contacts", {k: {"Email": f"{k}@example.com"} for k in emulator.ids("Contacts")}
    )
    emulator.control("POST", "clock", {"advance_s": 300})
    before = {module: values(emulator, module) for module in COLUMNS}
    source = airbyte.get_source(
        "source-zoho-crm", local_executable=BIN / "source-zoho-crm", config=emulator_config
    )
    source.select_streams(list(COLUMNS))
    cache = DuckDBCache(db_path=tmp_path / "warehouse.duckdb", cache_dir=tmp_path)
    read = source.read(cache)

    disturb(emulator)
    assert all(values(emulator, module) != before[module] for module in COLUMNS)
    destination = airbyte.get_destination(
        "destination-zoho-crm",
        local_executable=BIN / "destination-zoho-crm",
        config={**emulator_config, "mappings": MAPPINGS, "null_values": "clear"},
    )
    destination.write(read)

    assert {module: values(emulator, module) for module in COLUMNS} == before


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


@pytest.mark.filterwarnings("ignore")
def test_the_demo_sees_a_column_that_a_table_gains(pyairbyte: Any, tmp_path: Path) -> None:
    """By which PyAirbyte decides whether a table lacks a column of its stream."""
    from demo.tables import Cache

    cache = Cache(db_path=tmp_path / "demo.duckdb", cache_dir=tmp_path)
    try:
        cache.execute_sql("create table main.t (id varchar, last_name varchar)")
        look = cache.processor._get_table_by_name
        assert look("t").columns.keys() == ["id", "last_name"]
        cache.execute_sql("alter table main.t add column email varchar")
        assert look("t").columns.keys() == ["id", "last_name"]
        assert look("t", force_refresh=True).columns.keys() == ["id", "last_name", "email"]
    finally:
        cache.close()
