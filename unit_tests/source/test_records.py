"""What comes out of a read, against the emulator's own account of the org."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from source_zoho_crm.readers.windows import format_timestamp
from unit_tests.source.conftest import (
    AUTOMATIC,
    BULK,
    COQL,
    MODULES,
    REST,
    SETTINGS,
    Org,
    by_id,
    modules_of,
    narrow,
    rows_of,
    states_of,
)
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

#: One module of each kind: many columns, many rows, line items, links, history, custom, no cursor.
KINDS = {
    "Leads",
    "Contacts",
    "Quotes",
    "Quoted_Items",
    "LeadsXProducts",
    "DealHistory",
    "Vehicles",
    "Entity_Scores__s",
    "Activities",
}


RETRIEVALS = [COQL, REST, BULK, AUTOMATIC]
NAMES = ["COQL", "REST", "Bulk", "Automatic"]
#: Of every module with every version.
ALL = bool(os.environ.get("EQUALITY"))


@pytest.fixture(scope="module")
def smaller_org() -> Iterator[Org]:
    """All that the shared org has, in few pages."""
    ZohoAuthenticator._tokens.clear()
    few = {"Leads": 450, "Contacts": 250}
    with running(replace(SETTINGS, rows_by_module=few), {"tokens_per_10_min": 0}) as server:
        yield Org(server, shared=True)


@pytest.mark.parametrize("retrieval", RETRIEVALS, ids=NAMES)
def test_keys_that_no_field_describes_are_in_no_record(smaller_org: Org, retrieval) -> None:
    """Lists of v2 carry some; queries and exports cannot."""
    smaller_org.settings = {"schema_version": "v2", "retrieval": retrieval}
    streams = smaller_org.streams()
    names = ("Accounts", "Tasks")

    output = smaller_org.read(*(streams[name] for name in names))

    for name in names:
        columns = set(streams[name]["json_schema"]["properties"])
        reported = [m.record.data.keys() for m in output.records if m.record.stream == name]
        assert reported
        assert set().union(*reported) <= columns
        assert not columns & {"Billing_Address", "nearby_distance__s", "BEST_TIME"}


#: Lists of v2 do not show their layout.
WITHOUT_LAYOUT = {"Tasks", "Events", "Calls"}


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize("retrieval", RETRIEVALS, ids=NAMES)
def test_every_record_comes_once_and_whole(
    request: pytest.FixtureRequest, version: str, retrieval
) -> None:
    """Of every module with v4, of each kind with the others; `make equality` reads all of all."""
    org = request.getfixturevalue("org" if ALL else "smaller_org")
    org.settings = {"schema_version": version, "retrieval": retrieval}
    streams = org.streams()
    names = modules_of(streams)
    if version != "v4" and not ALL:
        names &= KINDS

    output = org.read(*(streams[name] for name in names))

    for name in names:
        rows, truth = rows_of(output, name), org.truth(streams[name])
        if retrieval == REST and version == "v2" and name in WITHOUT_LAYOUT:
            truth = {key: {**row, "Layout": None} for key, row in truth.items()}
        assert first_difference(by_id(rows), truth) is None, name
        assert len(rows) == len(truth), name


def first_difference(rows, truth) -> str | None:
    """The first row and field that differ, with both values."""
    for key in sorted(rows.keys() | truth.keys()):
        ours, zohos = rows.get(key), truth.get(key)
        if ours is None or zohos is None:
            return f"{key}: {'missing' if ours is None else 'not in Zoho'}"
        for field in sorted(ours.keys() | zohos.keys()):
            if ours.get(field) != zohos.get(field):
                return f"{key}.{field}: {ours.get(field)!r}, in Zoho {zohos.get(field)!r}"
    return None


@pytest.mark.parametrize("retrieval", RETRIEVALS, ids=NAMES)
def test_attachments_of_all_records_are_one_stream(org: Org, retrieval) -> None:
    org.settings = {"retrieval": retrieval}
    attachments = org.streams()["Attachments"]

    output = org.read(attachments, sync_mode="incremental")

    assert by_id(rows_of(output, "Attachments")) == org.truth(attachments)
    assert org.calls("records.related") == 0
    assert states_of(output, "Attachments")


def test_every_supported_module_is_a_stream_and_the_rest_say_why(org: Org) -> None:
    streams = org.streams()
    assert set(MODULES) < set(streams)

    modules = rows_of(org.read(streams["modules"]), "modules")

    assert {m["api_name"] for m in modules if m["offered"]} == modules_of(streams)
    refused = [m for m in modules if not m["offered"]]
    assert refused
    assert all(m["not_offered_because"] for m in refused)


@pytest.mark.parametrize("retrieval", [REST, BULK], ids=["REST", "Bulk"])
def test_streams_are_the_same_whatever_the_method(org: Org, retrieval) -> None:
    streams = org.streams()
    org.settings = {"retrieval": retrieval}
    assert org.discover() == streams


def test_modules_without_modified_time_are_full_refresh(org: Org) -> None:
    whole = {
        name: stream
        for name, stream in org.streams().items()
        if "Modified_Time" not in stream["json_schema"]["properties"]
        and name not in ("org", "modules")
    }
    assert whole
    assert all(stream["supported_sync_modes"] == ["full_refresh"] for stream in whole.values())


def test_a_start_date_leaves_older_records_out(org: Org) -> None:
    leads = org.streams()["Leads"]
    truth = org.truth(leads)
    middle = sorted(row["Modified_Time"] for row in truth.values())[len(truth) // 2]
    org.settings = {"start_datetime": middle}

    rows = rows_of(org.read(leads), "Leads")

    assert {row["id"] for row in rows} == {
        key for key, row in truth.items() if row["Modified_Time"] >= middle
    }


def test_only_columns_of_the_configured_catalog_are_read(org: Org) -> None:
    leads = org.streams()["Leads"]
    whole = org.read(leads)
    calls = org.calls("coql:Leads")
    org.control("POST", "reset", {})

    rows = rows_of(org.read(narrow(leads, "Email")), "Leads")

    assert set().union(*rows) == {"id", "Email", "Modified_Time"}
    assert len(rows) == len(rows_of(whole, "Leads"))
    assert org.calls("coql:Leads") < calls, "fewer column groups, fewer calls"


def calls_for_records(org: Org) -> int:
    return sum(map(org.calls, ("coql", "records.list", "deleted", "bulk.create")))


METHODS = pytest.mark.parametrize("retrieval", RETRIEVALS, ids=NAMES)
#: Leads can be converted, so queries may not show all of them.
PLAIN_AND_CONVERTIBLE = pytest.mark.parametrize("module", ["Vehicles", "Leads"])


@PLAIN_AND_CONVERTIBLE
@METHODS
def test_a_quiet_module_costs_two_calls(org: Org, retrieval, module: str) -> None:
    org.settings = {"retrieval": retrieval}
    stream = org.streams()[module]
    timestamp = format_timestamp(datetime.now(UTC) - timedelta(minutes=10))
    state = {"stream_descriptor": {"name": module}, "stream_state": {"Modified_Time": timestamp}}
    org.control("POST", "reset", {})

    output = org.read(stream, state=[{"type": "STREAM", "stream": state}])

    assert rows_of(output, module) == []
    assert calls_for_records(org) == 2


@pytest.fixture(scope="module")
def empty_org() -> Iterator[Org]:
    with running(Settings(rows=0), {"tokens_per_10_min": 0}) as server:
        yield Org(server)


@PLAIN_AND_CONVERTIBLE
@METHODS
def test_an_empty_module_costs_at_most_two_calls(empty_org: Org, retrieval, module: str) -> None:
    empty_org.settings = {"retrieval": retrieval}
    stream = empty_org.stream(module)
    empty_org.control("POST", "reset", {})

    output = empty_org.read(stream)

    assert rows_of(output, module) == []
    assert calls_for_records(empty_org) <= 2
    assert states_of(output, module)[-1]["stream"]["stream_state"]["Modified_Time"] > "2026"
