"""Answers of "no rows" that another answer contradicts: they are not believed at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.source.conftest import (
    AUTOMATIC,
    BULK,
    COQL,
    REST,
    Org,
    Row,
    narrow,
    rows_of,
    settle,
    states_of,
)
from zoho_emulator.server import Settings, running

METHODS = [
    pytest.param(COQL, "coql:Deals", id="COQL"),
    pytest.param(REST, "records.list:Deals", id="REST"),
    pytest.param(BULK, "records.list:Deals", id="Bulk"),
    pytest.param(AUTOMATIC, "coql:Deals", id="Automatic"),
]
VERSIONS = ["v2", "v2.1", "v4", "v8"]
#: Deals, of which the first and the last page of a list hold less than half each.
MANY = Settings(rows=0, rows_by_module={"Deals": 450})
MESSAGE = (
    "Deals: Zoho answered that there are no records, and listed some right after. The next sync "
    "reads them."
)


def nothing(org: Org, match: str, times: int = 1, **more: Any) -> None:
    """The next calls that match are answered without rows."""
    args = {"status": 204, "body": ""}
    rule = {"match": match, "do": "status", "times": times, "args": args}
    org.control("POST", "faults", [rule | more])


def hits(org: Org) -> list[int]:
    return [rule["hits"] for rule in org.control("GET", "faults")]


def deals_of(org: Org, retrieval: dict[str, str], version: str = "v4") -> Row:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    return narrow(org.streams()["Deals"], "Stage")


@pytest.mark.parametrize(("retrieval", "call"), METHODS)
def test_a_first_sync_without_rows_whose_records_are_listed_a_call_later_is_not_done(
    org: Org, retrieval: dict[str, str], call: str
) -> None:
    deals = deals_of(org, retrieval)
    nothing(org, call)

    output = org.read(deals, expecting_exception=True)

    assert hits(org) == [1]
    error = output.errors[0].trace.error
    assert error.failure_type == FailureType.transient_error
    assert error.message == MESSAGE
    reported = [state["stream"]["stream_state"] for state in states_of(output, "Deals")]
    assert all(state["Modified_Time"] == "1970-01-01T00:00:00Z" for state in reported)


@pytest.fixture(scope="module")
def _busy_org() -> Iterator[Org]:
    with running(MANY, {"tokens_per_10_min": 0, "bulk_job_seconds": 0}) as server:
        yield Org(server, made_of=MANY)


@pytest.fixture
def busy_org(_busy_org: Org) -> Iterator[Org]:
    settle(_busy_org, MANY)
    yield _busy_org
    _busy_org.control("DELETE", "faults")


def touch(org: Org, keys: list[str]) -> None:
    """These deals are edited in the last minute, which an incremental sync does not read."""
    org.control("PATCH", "records/Deals", [{"id": key, "Description": "later"} for key in keys])


def make_old(org: Org, keys: list[str], when: str = "2024-03-01T00:00:00+00:00") -> None:
    """These deals were last edited then."""
    old = [{"id": key, "Modified_Time": when} for key in keys]
    org.control("PATCH", "records/Deals", old)


def begin_to_read(org: Org, retrieval: Row, version: str = "v4", **settings: str) -> Row:
    org.settings = {"retrieval": retrieval, "schema_version": version, **settings}
    deals = narrow(org.stream("Deals"), "Stage")
    org.control("POST", "reset", {})
    return deals


def calls_for_deals(org: Org) -> int:
    return sum(org.calls(f"{call}:Deals") for call in ("coql", "records.list", "bulk.create"))


def check_that_they_come_with_the_next_sync(org: Org, deals: Row, keys: list[str]) -> None:
    """A first answer without rows is contradicted by the third call, and passes nothing."""
    failed = org.read(deals, expecting_exception=True)

    assert hits(org) == [1]
    assert failed.errors[0].trace.error.message == MESSAGE
    assert calls_for_deals(org) == 3

    output = org.read(deals, state=states_of(failed, "Deals")[-1:])

    assert {row["id"] for row in rows_of(output, "Deals")} == set(keys)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("retrieval", "call"), METHODS)
def test_rows_behind_a_page_of_later_ones_are_not_lost(
    busy_org: Org, retrieval: Row, call: str, version: str
) -> None:
    """Neither the lowest nor the highest ids are of a row of the span."""
    keys = sorted(busy_org.truth(busy_org.stream("Deals")))
    touch(busy_org, keys[:220] + keys[230:])
    deals = begin_to_read(busy_org, retrieval, version)
    nothing(busy_org, call)

    check_that_they_come_with_the_next_sync(busy_org, deals, keys[220:230])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("retrieval", "calls"), [(COQL, 3), (REST, 3), (BULK, 4), (AUTOMATIC, 3)])
def test_that_all_rows_are_later_ones_is_believed(
    busy_org: Org, retrieval: Row, calls: int, version: str
) -> None:
    """Bulk exports them first, to find those of the span."""
    touch(busy_org, list(busy_org.truth(busy_org.stream("Deals"))))
    deals = begin_to_read(busy_org, retrieval, version)

    output = busy_org.read(deals)

    assert rows_of(output, "Deals") == []
    assert not output.errors
    assert calls_for_deals(busy_org) == calls


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("retrieval", "call"), METHODS)
def test_rows_behind_a_page_of_those_before_the_start_date_are_not_lost(
    busy_org: Org, retrieval: Row, call: str, version: str
) -> None:
    keys = sorted(busy_org.truth(busy_org.stream("Deals")))
    touch(busy_org, keys)
    busy_org.control("POST", "clock", {"advance_s": 3_600})
    make_old(busy_org, keys[:220] + keys[230:])
    deals = begin_to_read(busy_org, retrieval, version, start_datetime="2025-01-01T00:00:00Z")
    nothing(busy_org, call)

    check_that_they_come_with_the_next_sync(busy_org, deals, keys[220:230])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("retrieval", "call"), METHODS)
def test_that_all_rows_are_of_before_the_start_date_is_believed_at_once(
    busy_org: Org, retrieval: Row, call: str, version: str, pauses: list[float]
) -> None:
    make_old(busy_org, list(busy_org.truth(busy_org.stream("Deals"))))
    deals = begin_to_read(busy_org, retrieval, version, start_datetime="2025-01-01T00:00:00Z")

    output = busy_org.read(deals)

    assert rows_of(output, "Deals") == []
    assert (calls_for_deals(busy_org), pauses) == (3, [])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("retrieval", "call"), METHODS)
def test_rows_behind_a_page_of_the_second_before_the_start_date_are_not_lost(
    busy_org: Org, retrieval: Row, call: str, version: str
) -> None:
    """Lists begin a second early."""
    keys = sorted(busy_org.truth(busy_org.stream("Deals")))
    make_old(busy_org, keys[:220] + keys[230:], "2024-12-31T23:59:59+00:00")
    make_old(busy_org, keys[220:230], "2025-03-01T00:00:00+00:00")
    deals = begin_to_read(busy_org, retrieval, version, start_datetime="2025-01-01T00:00:00Z")
    nothing(busy_org, call)

    failed = busy_org.read(deals, expecting_exception=True)

    assert failed.errors[0].trace.error.message == MESSAGE


@pytest.mark.parametrize("retrieval", [REST, BULK])
def test_a_second_look_that_zoho_refuses_fails_no_stream(busy_org: Org, retrieval: Row) -> None:
    make_old(busy_org, list(busy_org.truth(busy_org.stream("Deals"))))
    deals = begin_to_read(busy_org, retrieval, start_datetime="2025-01-01T00:00:00Z")
    body = {"code": "INVALID_DATA", "details": {}, "message": "m", "status": "error"}
    args = {"status": 400, "body": body}
    rule = {"match": "records.list:Deals", "do": "status", "times": 9, "after": 2, "args": args}
    busy_org.control("POST", "faults", [rule])

    output = busy_org.read(deals)

    assert hits(busy_org) == [1]
    assert not output.errors
    assert rows_of(output, "Deals") == []


def test_leads_that_a_list_has_shown_are_asked_for_again_by_query(
    org: Org, pauses: list[float]
) -> None:
    """A list shows whether converted leads are hidden, and so that there are leads."""
    org.settings = {"retrieval": COQL}
    leads = narrow(org.streams()["Leads"], "Email")
    # The first query looks for a converted lead.
    nothing(org, "coql:Leads", after=1)

    output = org.read(leads)

    assert hits(org) == [1]
    assert {row["id"]: row for row in rows_of(output, "Leads")} == org.truth(leads)
    assert pauses == [3]


@pytest.mark.parametrize(
    ("version", "call"),
    [("v4", "records.get"), ("v8", "records.fetch_full_data"), ("v8", "records.list")],
)
def test_texts_of_records_that_were_just_listed_are_asked_for_again(
    own_org: Org, version: str, call: str
) -> None:
    org = own_org
    org.settings = {"retrieval": REST, "schema_version": version}
    contracts = narrow(org.stream("Contracts"), "Clauses")
    key = org.control("GET", "records/Contracts")[0]["id"]
    text = "long " * 500
    org.control("PATCH", "records/Contracts", {"id": key, "Clauses": text})
    org.control("POST", "clock", {"advance_s": 300})
    # Of lists, the second is of the times of texts.
    nothing(org, f"{call}:Contracts", after=int(call == "records.list"))

    output = org.read(contracts)

    assert hits(org) == [1]
    (row,) = [row for row in rows_of(output, "Contracts") if row["id"] == key]
    assert row["Clauses"] == text


@pytest.mark.parametrize("retrieval", [COQL, REST, BULK], ids=["COQL", "REST", "Bulk"])
def test_a_full_refresh_ends_at_no_clock_that_is_too_early(
    org: Org, retrieval: dict[str, str]
) -> None:
    """Its table is replaced: rows that are left to the next sync are gone until then."""
    deals = deals_of(org, retrieval)
    fault = {"match": "*", "do": "date", "args": {"off_s": -300_000_000}}
    org.control("POST", "faults", [fault | {"times": 1, "after": 1}])

    output = org.read(deals, sync_mode="full_refresh")

    assert hits(org) == [1]
    assert {row["id"]: row for row in rows_of(output, "Deals")} == org.truth(deals)


def test_users_of_a_page_that_was_promised_are_asked_for_again(org: Org) -> None:
    users = org.streams()["users"]
    first = {"users": [{"id": "1"}], "info": {"more_records": True, "count": 1, "page": 1}}
    body = {"match": "users", "do": "body", "times": 1, "args": {"body": first}}
    org.control("POST", "faults", [body])
    nothing(org, "users", after=1)

    output = org.read(users)

    assert hits(org) == [1, 1]
    assert org.calls("users") == 3
    assert not output.errors


def test_nothing_modified_is_no_answer_to_a_query(org: Org) -> None:
    """304 is documented for If-Modified-Since alone."""
    deals = deals_of(org, COQL)
    args = {"status": 304, "body": ""}
    fault = {"match": "coql:Deals", "do": "status", "times": 2, "args": args}
    org.control("POST", "faults", [fault])

    output = org.read(deals)

    assert {row["id"]: row for row in rows_of(output, "Deals")} == org.truth(deals)
