"""Wide and odd orgs: each oddity costs at most itself, and nothing is dropped in silence."""

from datetime import UTC, datetime, timedelta

import pytest

from unit_tests.source.conftest import METHODS, Org, Row, log_of, rows_of, states_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running


@pytest.fixture(scope="module")
def _odd_server():
    with running(Settings(rows=3), {"tokens_per_10_min": 0}) as server:
        yield server


@pytest.fixture
def odd_org(_odd_server) -> Org:
    ZohoAuthenticator._tokens.clear()
    return Org(_odd_server)


def plant(org: Org, name: str, *fields: Row, rows: int = 3, **module: object) -> None:
    org.control("POST", "modules", {"api_name": name, "fields": list(fields), **module})
    names = [field["api_name"] for field in fields]
    for number in range(rows):
        values = {field: f"{field} {number}" for field in names}
        org.control("POST", f"records/{name}", {"Name": f"Row {number}", **values})
    org.control("POST", "clock", {"advance_s": 120})


def names(output, module: str) -> list[str]:
    return sorted(row["Name"] for row in rows_of(output, module))


@pytest.mark.parametrize("retrieval", METHODS)
def test_odd_fields_cost_at_most_themselves(odd_org: Org, retrieval) -> None:
    odd_org.settings = {"retrieval": retrieval, "schema_version": "v8"}
    module = f"Odd_{METHODS.index(next(r for r in METHODS if r.values[0] == retrieval))}"
    plant(
        odd_org,
        module,
        {"api_name": "State", "data_type": "quantum", "like": "text"},
        {"api_name": "Bare", "hidden_keys": ["data_type", "json_type", "length"]},
        {"api_name": "Order", "label": "Same"},
        {"api_name": "from", "label": "Same"},
        {"api_name": "limit"},
        {"api_name": "External"},
    )
    stream = odd_org.stream(module)

    output = odd_org.read(stream)

    rows = sorted(rows_of(output, module), key=lambda row: row["Name"])
    odd = ("State", "Bare", "Order", "from", "limit", "External")
    assert [{name: row[name] for name in odd} for row in rows] == [
        {name: f"{name} {number}" for name in odd} for number in range(3)
    ]
    assert "data type 'quantum' is unknown; it is read as a string" in log_of(output)


@pytest.mark.parametrize("retrieval", METHODS)
@pytest.mark.parametrize("returned", ["null", "absent"])
def test_a_module_that_does_not_fill_modified_time_is_read_whole_and_says_so(
    odd_org: Org, retrieval, returned: str
) -> None:
    odd_org.settings = {"retrieval": retrieval}
    module = f"Unstamped_{abs(hash((str(retrieval), returned)))}"
    plant(odd_org, module)
    odd_org.control("PATCH", f"fields/{module}/Modified_Time", {"returned": returned})
    stream = odd_org.stream(module)

    first = odd_org.read(stream)
    odd_org.control("POST", f"records/{module}", {"Name": "Row 9"})
    odd_org.control("POST", "clock", {"advance_s": 120})
    second = odd_org.read(stream, state=states_of(first, module)[-1:])

    assert names(first, module) == ["Row 0", "Row 1", "Row 2"]
    assert names(second, module) == ["Row 0", "Row 1", "Row 2", "Row 9"]
    assert "is read whole each time" in log_of(first)


@pytest.mark.parametrize("retrieval", METHODS)
def test_such_a_module_is_read_whole_where_the_start_date_is_of_the_last_minute(
    odd_org: Org, retrieval
) -> None:
    """The only window of a full refresh is then past what a state may say."""
    start = datetime.now(UTC) - timedelta(seconds=30)
    odd_org.settings = {"retrieval": retrieval, "start_datetime": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
    module = f"Late_{abs(hash(str(retrieval)))}"
    plant(odd_org, module)
    odd_org.control("PATCH", f"fields/{module}/Modified_Time", {"returned": "null"})

    output = odd_org.read(odd_org.stream(module), sync_mode="full_refresh")

    assert names(output, module) == ["Row 0", "Row 1", "Row 2"]
    assert "is read whole each time" in log_of(output)


@pytest.mark.parametrize("served", [0, 1])
def test_an_unstamped_module_that_queries_refuse_on_the_way_is_read_by_rest(
    odd_org: Org, served: int
) -> None:
    """The windows may be served, and the query for all rows refused."""
    module = f"Unstamped_{served}"
    plant(odd_org, module)
    odd_org.control("PATCH", f"fields/{module}/Modified_Time", {"returned": "null"})
    stream = odd_org.stream(module)
    body = {"code": "FEATURE_NOT_SUPPORTED", "details": {}, "message": "no", "status": "error"}
    fault = {"match": f"coql:{module}", "after": served, "do": "status"}
    fault["args"] = {"status": 400, "body": body}
    odd_org.control("POST", "faults", [fault])

    output = odd_org.read(stream)

    assert names(output, module) == ["Row 0", "Row 1", "Row 2"]


def test_a_module_without_fields_is_no_stream_and_says_why(odd_org: Org) -> None:
    odd_org.control("POST", "modules", {"api_name": "Hollow", "bare": True})
    streams = odd_org.streams()
    assert "Hollow" not in streams

    modules = {row["api_name"]: row for row in rows_of(odd_org.read(streams["modules"]), "modules")}

    assert modules["Hollow"]["not_offered_because"].startswith("Zoho names no field")


@pytest.mark.parametrize("retrieval", METHODS)
def test_a_thousand_custom_fields_come_whole(retrieval) -> None:
    ZohoAuthenticator._tokens.clear()
    wide = Settings(rows=5, fields_by_module={"Deals": 1_000})
    with running(wide, {"tokens_per_10_min": 0}) as server:
        org = Org(server, {"retrieval": retrieval})
        deals = org.stream("Deals")
        assert len(deals["json_schema"]["properties"]) > 950
        rows = {row["id"]: row for row in rows_of(org.read(deals), "Deals")}
        assert rows == org.truth(deals)


@pytest.mark.parametrize("retrieval", METHODS)
def test_wide_line_items_come_whole_where_zoho_does_not_say_which_were_removed(retrieval) -> None:
    """They are read whole each time, and have Modified_Time all the same."""
    ZohoAuthenticator._tokens.clear()
    with running(
        Settings(rows=5, rows_by_module={"Quotes": 150}), {"tokens_per_10_min": 0}
    ) as server:
        org = Org(server, {"retrieval": retrieval})
        names = [f"Wide_{number}" for number in range(60)]
        for name in names:
            org.control("POST", "fields/Quoted_Items", {"api_name": name})
        rows = org.control("GET", "records/Quoted_Items")
        changed = [{"id": row["id"], names[-1]: f"{row['id']} here"} for row in rows]
        org.control("PATCH", "records/Quoted_Items", changed)
        refusal = {"code": "INVALID_MODULE", "details": {}, "message": "no", "status": "error"}
        fault = {"match": "deleted", "do": "status", "args": {"status": 400, "body": refusal}}
        org.control("POST", "faults", [fault])
        items = org.stream("Quoted_Items")
        assert items["supported_sync_modes"] == ["full_refresh"]
        assert "Modified_Time" in items["json_schema"]["properties"]

        output = org.read(items)

        rows = rows_of(output, "Quoted_Items")
        assert {row["id"]: row for row in rows} == org.truth(items)
        assert len(rows) == len(org.truth(items)) > 200
        assert all(row[names[-1]].endswith("here") for row in rows)
        if retrieval.get("api_type") == "REST":
            # A page up to the second that all rows share; then its two pages, twice, and twice from
            # the second after it, with which the list begins where its header is inclusive. Three
            # of them show new rows, whose other group is asked for; then two looks after the last
            # row.
            assert org.calls("records.list") == (1 + 2 + 2 + 2 + 2) + 3 + 2
        assert "Zoho refuses to show which of them were edited or deleted" not in log_of(output)


@pytest.mark.parametrize("retrieval", METHODS)
def test_a_start_date_after_the_newest_record_reads_nothing(odd_org: Org, retrieval) -> None:
    odd_org.settings = {"retrieval": retrieval, "start_datetime": "2026-01-01T00:00:00Z"}
    vendors = odd_org.stream("Vendors")

    output = odd_org.read(vendors)

    assert rows_of(output, "Vendors") == []
    assert "is read whole each time" not in log_of(output)
