"""Line items and links: Zoho may list their removed rows, or not, and that may change."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.readers.read_plan import ReadPlan
from source_zoho_crm.readers.rest import RestReader
from unit_tests.source.conftest import BULK, COQL, REST, Org, Row, log_of, rows_of, states_of
from unit_tests.source.test_deletes import latest
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.requester import ZohoRequester
from zoho_emulator.server import Running, Settings, running

ITEMS, LINKS = "Quoted_Items", "LeadsXProducts"
QUIET = {"child_deletes": False, "page_tokens": "stand", "bulk_rows": 200_000}
QUIET |= {"bulk_job_seconds": 0}
SETTINGS = Settings(rows=5, rows_by_module={"Quotes": 150, "Leads": 400}, modules=62)
CHILDREN = pytest.mark.parametrize("name", [ITEMS, LINKS])


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running(SETTINGS, {"tokens_per_10_min": 0}) as server:
        yield server


@pytest.fixture
def org(_server: Running) -> Iterator[Org]:
    """An org that the test may change; the next one has it as it was."""
    ZohoAuthenticator._tokens.clear()
    org = Org(_server, {"retrieval": COQL})
    org.control("POST", "knobs", QUIET)
    org.control("POST", "reset", {"org": True})
    yield org
    org.control("POST", "knobs", QUIET)


def remove(org: Org, name: str, count: int = 3) -> set[str]:
    gone = sorted(row["id"] for row in org.control("GET", f"records/{name}"))[:count]
    org.control("DELETE", f"records/{name}?ids={','.join(gone)}&type=permanent")
    org.control("POST", "clock", {"advance_s": 300})
    return set(gone)


def modes(stream: Row) -> list[str]:
    return stream["supported_sync_modes"]


# --- Whole or incremental ------------------------------------------------------------------------


@CHILDREN
def test_a_child_is_read_whole_each_time_where_zoho_lists_no_removed_row(
    org: Org, name: str
) -> None:
    child = org.stream(name)
    assert modes(child) == ["full_refresh"]
    first = org.read(child)
    gone = remove(org, name)

    second = org.read(org.stream(name), state=states_of(first, name)[-1:])

    assert {row["id"] for row in rows_of(first, name)} >= gone
    assert {row["id"]: row for row in rows_of(second, name)} == org.truth(child)
    assert "stay in the warehouse" not in log_of(second), "it is overwritten"


@CHILDREN
def test_a_child_is_incremental_once_zoho_has_listed_a_removed_row(org: Org, name: str) -> None:
    org.control("POST", "knobs", {"child_deletes": True})
    remove(org, name)
    child = org.stream(name)
    assert modes(child) == ["full_refresh", "incremental"]
    first = org.read(child)
    gone = remove(org, name)

    second = org.read(child, state=states_of(first, name)[-1:])

    assert {row["id"] for row in rows_of(second, name) if "_ab_cdc_deleted_at" in row} == gone
    assert latest(rows_of(first, name), rows_of(second, name)) == org.truth(child)


@CHILDREN
@pytest.mark.parametrize("state", ["of the read before", "of a window, half a year old"])
def test_an_incremental_child_that_becomes_whole_and_incremental_again_loses_nothing(
    org: Org, name: str, state: str
) -> None:
    org.control("POST", "knobs", {"child_deletes": True})
    remove(org, name)
    incremental = org.stream(name)
    runs = [org.read(incremental)]
    windowed = states_of(runs[0], name)[-1:]

    # Half a year later Zoho lists none of these deletions any more.
    org.control("POST", "clock", {"advance_s": 180 * 86_400})
    assert modes(org.stream(name)) == ["full_refresh"]
    runs.append(org.read(incremental, state=windowed))

    whole = rows_of(runs[1], name)
    assert {row["id"]: row for row in whole} == rows_but_marks(org, incremental)
    assert len(whole) == len({row["id"] for row in whole})
    assert "read whole each time" in log_of(runs[1])
    unstamped = states_of(runs[1], name)[-1:]
    assert "Modified_Time" not in unstamped[0]["stream"]["stream_state"]

    gone = remove(org, name)
    runs.append(org.read(incremental, state=unstamped if "before" in state else windowed))

    reported = {row["id"] for row in rows_of(runs[2], name) if "_ab_cdc_deleted_at" in row}
    assert reported >= gone
    assert latest(*(rows_of(run, name) for run in runs)) == org.truth(incremental)
    assert "Modified_Time" in states_of(runs[2], name)[-1]["stream"]["stream_state"]


def test_an_incremental_child_that_is_read_whole_emits_what_zoho_lists(org: Org) -> None:
    """Zoho lists a removed row of a module that is not asked whether any are listed."""
    name = "Invoiced_Items"
    org.control("POST", "knobs", {"child_deletes": True})
    items = org.stream(name)
    first = org.read(items)
    assert "Modified_Time" in states_of(first, name)[-1]["stream"]["stream_state"]
    org.control("POST", "clock", {"advance_s": 180 * 86_400})
    gone = remove(org, name)
    assert modes(org.stream(name)) == ["full_refresh"]

    second = org.read(items, state=states_of(first, name)[-1:])
    third = org.read(items, state=states_of(second, name)[-1:])

    for run in (second, third):
        assert {row["id"] for row in rows_of(run, name) if "_ab_cdc_deleted_at" in row} == gone
        assert latest(rows_of(first, name), rows_of(run, name)) == org.truth(items)


@pytest.mark.parametrize(("code", "status"), [("NO_PERMISSION", 403), ("INVALID_MODULE", 400)])
def test_an_incremental_child_whose_deletions_are_refused_is_read_whole(
    org: Org, code: str, status: int
) -> None:
    org.control("POST", "knobs", {"child_deletes": True})
    remove(org, ITEMS)
    items = org.stream(ITEMS)
    state = states_of(org.read(items), ITEMS)[-1:]
    body = {"code": code, "details": {}, "message": "no", "status": "error"}
    fault = {"match": "deleted", "do": "status", "args": {"status": status, "body": body}}
    org.control("POST", "faults", [fault])

    output = org.read(items, state=state)

    assert not output.errors
    assert {row["id"]: row for row in rows_of(output, ITEMS)} == rows_but_marks(org, items)


@pytest.mark.parametrize(
    ("retrieval", "call"),
    [(COQL, "coql"), (REST, "records.list"), (BULK, "records.list")],
    ids=["COQL", "REST", "Bulk"],
)
def test_rows_edited_in_the_last_minute_contradict_that_an_incremental_child_has_none(
    org: Org, retrieval: Row, call: str
) -> None:
    """Read whole, it is asked for rows of any later time."""
    org.settings = {"retrieval": retrieval}
    items = org.stream(ITEMS)
    edited = [{"id": key, "Description": "later"} for key in org.truth(items)]
    org.control("PATCH", f"records/{ITEMS}", edited)
    args = {"status": 204, "body": ""}
    rule = {"match": f"{call}:{ITEMS}", "do": "status", "times": 1, "args": args}
    org.control("POST", "faults", [rule])

    output = org.read(items, sync_mode="incremental", expecting_exception=True)

    (error, *_) = output.errors
    assert "listed some right after" in error.trace.error.message
    org.control("DELETE", "faults")


def rows_but_marks(org: Org, stream: Row) -> dict[str, Row]:
    return {
        key: {name: value for name, value in row.items() if not name.startswith("_ab_")}
        for key, row in org.truth(stream).items()
    }


@CHILDREN
def test_a_whole_child_that_becomes_incremental_is_read_whole_as_long_as_the_catalog_says_so(
    org: Org, name: str
) -> None:
    whole = org.stream(name)
    first = org.read(whole)
    org.control("POST", "knobs", {"child_deletes": True})
    remove(org, name)

    for state in ([], states_of(first, name)[-1:]):
        output = org.read(whole, state=state)
        assert {row["id"]: row for row in rows_of(output, name)} == org.truth(whole)


# --- Several pages or exports --------------------------------------------------------------------


@pytest.fixture
def removing_behind_the_first(mocker):
    """Plans that rows are removed once, before a second page of a module is asked for.

    It is the next of a list or, by a later If-Modified-Since, the first of the next one.
    """

    def plan(org: Org, name: str, count: int) -> list[set[str]]:
        ask, create, gone, begun = ZohoRequester.ask, BulkRead.create, [], []

        def second(asked) -> bool:
            return not gone and ("page_token" in asked or str(asked.get("page")) == "2")

        def asking(requester, path=None, *, params=None, headers=None, **request):
            if path == name:
                begun.append(headers)
                later = not gone and begun[0] != headers
                if later or second(params or {}):
                    gone.append(remove(org, name, count))
            return ask(requester, path, params=params, headers=headers, **request)

        def creating(service, query):
            if second(query):
                gone.append(remove(org, name, count))
            return create(service, query)

        mocker.patch.object(ZohoRequester, "ask", asking)
        mocker.patch.object(BulkRead, "create", creating)
        mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)
        return gone

    return plan


@pytest.mark.parametrize(
    ("name", "retrieval", "version", "exports"),
    [
        pytest.param(ITEMS, REST, "v2.1", None, id="REST by pages"),
        pytest.param(ITEMS, REST, "v8", None, id="REST by tokens"),
        pytest.param(ITEMS, BULK, "v4", range(7, 11), id="Bulk by pages"),
        pytest.param(ITEMS, BULK, "v8", range(7, 11), id="Bulk by tokens"),
        pytest.param(LINKS, BULK, "v4", range(7, 11), id="links"),
    ],
)
@pytest.mark.parametrize("stamped", [True, False], ids=["Modified_Time", "without"])
def test_no_row_of_a_child_is_lost_when_others_are_removed_meanwhile(
    org: Org, removing_behind_the_first, name, retrieval, version, exports, stamped: bool
) -> None:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    child = org.stream(name)
    if not stamped:
        org.control("DELETE", f"fields/{name}/Modified_Time")
        child = org.stream(name)
    before = org.truth(child)
    org.control("POST", "knobs", {"page_tokens": "count", "bulk_rows": len(before) // 4 + 1})
    gone = removing_behind_the_first(org, name, len(before) // 10)
    org.control("POST", "reset", {})

    rows = rows_of(org.read(child), name)

    assert gone
    assert before.keys() - gone[0] <= {row["id"] for row in rows} <= before.keys()
    assert len(rows) == len({row["id"] for row in rows})
    if exports:
        # A chain of four, and its windows; or the chain once more, which has nothing new.
        most = exports if stamped else range(8, 13)
        assert org.calls("bulk.create") in most


@pytest.mark.parametrize("stamped", [True, False], ids=["Modified_Time", "without"])
def test_a_child_whose_second_export_is_refused_at_once_comes_whole(
    org: Org, mocker, stamped: bool
) -> None:
    """The page token has expired before a row of the first export was read."""
    mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)
    org.settings = {"retrieval": BULK, "schema_version": "v8"}
    if not stamped:
        org.control("DELETE", f"fields/{ITEMS}/Modified_Time")
    items = org.stream(ITEMS)
    assert ("Modified_Time" in items["json_schema"]["properties"]) == stamped
    org.control("POST", "knobs", {"bulk_rows": len(org.truth(items)) // 2 + 1})
    body = {"code": "EXPIRED_VALUE", "details": {}, "message": "old", "status": "error"}
    fault = {"match": "bulk.create", "after": 1, "times": 1, "do": "status"}
    org.control("POST", "faults", [fault | {"args": {"status": 400, "body": body}}])

    output = org.read(items)

    rows = rows_of(output, ITEMS)
    assert not output.errors
    assert {row["id"]: row for row in rows} == org.truth(items)
    assert len(rows) == len(org.truth(items))


@pytest.mark.parametrize("retrieval", [COQL, REST, BULK], ids=["COQL", "REST", "Bulk"])
def test_a_child_of_one_page_is_read_once(org: Org, retrieval) -> None:
    org.settings = {"retrieval": retrieval}
    links = org.stream(LINKS)
    org.control("POST", "reset", {})

    rows = rows_of(org.read(links), LINKS)

    assert {row["id"]: row for row in rows} == org.truth(links)
    calls = [org.calls(f"{call}:{LINKS}") for call in ("coql", "records.list", "bulk.create")]
    # The Bulk reader looks first whether there is anything to export.
    assert calls in ([1, 0, 0], [0, 1, 0], [0, 1, 1])


@pytest.mark.parametrize("retrieval", [COQL, REST, BULK], ids=["COQL", "REST", "Bulk"])
@CHILDREN
def test_a_child_that_is_read_whole_is_read_from_the_start_date_on(
    org: Org, name: str, retrieval: Row
) -> None:
    child = org.stream(name)
    truth = org.truth(child)
    timestamps = sorted(row["Modified_Time"] for row in truth.values())
    start = timestamps[len(timestamps) // 2]
    org.settings = {"retrieval": retrieval, "start_datetime": start}

    rows = rows_of(org.read(child), name)

    later = {key: row for key, row in truth.items() if row["Modified_Time"] >= start}
    assert {row["id"]: row for row in rows} == later
    assert len(rows) == len(later) < len(truth)


def test_a_child_of_more_rows_than_a_token_reaches_is_read_by_rest(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = RestReader.__init__

    def with_short_chains(self: RestReader, plan: ReadPlan, *given: Any, **more: Any) -> None:
        short = replace(plan, version={**plan.version, "rest_chain_rows": 200})
        real(self, short, *given, **more)

    monkeypatch.setattr(RestReader, "__init__", with_short_chains)
    org.settings = {"retrieval": REST}
    items = org.stream(ITEMS)

    output = org.read(items)

    rows = rows_of(output, ITEMS)
    assert {row["id"]: row for row in rows} == org.truth(items)
    assert len(rows) == len(org.truth(items)) > 200


# --- Subforms that stand still -------------------------------------------------------------------


@pytest.mark.parametrize("retrieval", [COQL, REST, BULK], ids=["COQL", "REST", "Bulk"])
def test_a_static_subform_is_a_child_like_others(org: Org, retrieval: Row) -> None:
    name, link = "Equipment", {"api_name": "Parent_Id", "data_type": "lookup"}
    fields = [{**link, "targets": ["Vehicles"], "mandatory": True}, {"api_name": "Item"}]
    stamps = [{"api_name": "Modified_Time", "data_type": "datetime", "read_only": True}]
    kind = {"generated_type": "static_subform", "parent": "Vehicles", "visibility": 2}
    key = {"api_name": "id", "data_type": "bigint", "read_only": True}
    body = {"api_name": name, **kind, "bare": True, "fields": [*fields, *stamps, key]}
    org.control("POST", "modules", body)
    vehicle = org.control("GET", "records/Vehicles")[0]["id"]
    items = [{"Parent_Id": {"id": vehicle}, "Item": item} for item in ("Jack", "Lamp")]
    org.control("POST", f"records/{name}", items)
    org.control("POST", "clock", {"advance_s": 300})
    org.settings = {"schema_version": "v8", "retrieval": retrieval}

    child = org.stream(name)
    rows = rows_of(org.read(child), name)

    org.control("DELETE", f"modules/{name}")
    assert modes(child) == ["full_refresh"], "Zoho may not list its removed rows"
    assert {(row["Parent_Id"], row["Item"]) for row in rows} == {
        (vehicle, "Jack"),
        (vehicle, "Lamp"),
    }
