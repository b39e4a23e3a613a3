"""Exports that report no rows: fetched, and made anew where rows were promised."""

from collections.abc import Callable

import pytest

from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.components.records import RecordsRetriever
from unit_tests.source.conftest import BULK, Org, Row, each_once, narrow, rows_of


def reported(org: Org, counts: Row, **when: int) -> None:
    """What jobs of Vehicles report is replaced."""
    rule = {"match": "bulk.status:Vehicles", "do": "replace", "args": counts}
    org.control("POST", "faults", [rule | when])


def resulting(org: Org, answer: Row, **when: int) -> None:
    """Results of Vehicles are answered so."""
    rule = {"match": "bulk.result:Vehicles", "do": "status", "args": answer}
    org.control("POST", "faults", [rule | when])


def vehicles_of(org: Org, version: str, rows: int, mocker) -> Row:
    """Vehicles, whose exports hold so many rows."""
    most = property(lambda retriever: {**retriever.versions[version], "bulk_rows": rows})
    mocker.patch.object(RecordsRetriever, "_version", most)
    mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)
    org.settings = {"retrieval": BULK, "schema_version": version}
    org.control("POST", "knobs", {"bulk_job_seconds": 0, "bulk_rows": rows})
    return narrow(org.stream("Vehicles"), "Plate")


@pytest.mark.parametrize("mode", ["full_refresh", "incremental"])
@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_an_export_that_reports_no_rows_is_fetched_before_it_is_believed(
    own_org: Org, version: str, mode: str, mocker
) -> None:
    vehicles = vehicles_of(own_org, version, 200_000, mocker)
    truth = own_org.truth(vehicles)
    counts = {"old": f'"count":{len(truth)},', "new": '"count":0,'}
    reported(own_org, counts, times=1)

    output = own_org.read(vehicles, sync_mode=mode)

    assert [rule["hits"] for rule in own_org.control("GET", "faults")] == [1]
    assert each_once(rows_of(output, "Vehicles")) == truth
    assert own_org.calls("bulk.create:Vehicles") == 2


def at_job(number: int, deed: Callable[[], object], mocker) -> list[Row]:
    """Does so before this job is made; the queries of all jobs."""
    create, made = BulkRead.create, []

    def creating(service: BulkRead, query: Row) -> str:
        made.append(query)
        if len(made) == number:
            deed()
        return create(service, query)

    mocker.patch.object(BulkRead, "create", creating)
    return made


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_an_export_without_rows_that_were_promised_is_made_anew(
    own_org: Org, version: str, mocker
) -> None:
    vehicles = vehicles_of(own_org, version, 40, mocker)
    truth = own_org.truth(vehicles)
    assert 40 < len(truth) < 80
    counts = {"old": f'"count":{len(truth) - 40},', "new": '"count":0,'}
    reported(own_org, counts)
    resulting(own_org, {"status": 204}, after=1)
    made = at_job(3, lambda: own_org.control("DELETE", "faults"), mocker)

    output = own_org.read(vehicles)

    assert each_once(rows_of(output, "Vehicles")) == truth
    assert len(made) == 3


def test_promised_rows_that_a_second_export_does_not_have_either_have_gone(
    own_org: Org, mocker
) -> None:
    vehicles = vehicles_of(own_org, "v4", 30, mocker)
    first = sorted(own_org.truth(vehicles))[:30]
    rest = sorted(own_org.truth(vehicles))[30:]
    gone = f"records/Vehicles?ids={','.join(rest)}"
    made = at_job(2, lambda: own_org.control("DELETE", gone), mocker)

    output = own_org.read(vehicles, sync_mode="full_refresh")

    assert not output.errors
    assert sorted(each_once(rows_of(output, "Vehicles"))) == first
    assert len(made) == 3


GONE = {"code": "RESOURCE_NOT_FOUND", "details": {}, "message": "x", "status": "error"}


@pytest.mark.parametrize(
    ("answer", "exports"),
    [({"status": 204}, 1), ({"status": 404, "body": GONE}, 2), (None, 1)],
    ids=["no content", "not found", "a file"],
)
def test_an_export_that_holds_no_row_is_believed_with_whatever_result(
    own_org: Org, answer: Row | None, exports: int, mocker
) -> None:
    vehicles = vehicles_of(own_org, "v4", 200_000, mocker)
    keys = ",".join(own_org.truth(vehicles))
    at_job(1, lambda: own_org.control("DELETE", f"records/Vehicles?ids={keys}"), mocker)
    if answer is not None:
        resulting(own_org, answer)

    output = own_org.read(vehicles, sync_mode="full_refresh")

    assert not output.errors
    assert rows_of(output, "Vehicles") == []
    assert own_org.calls("bulk.create:Vehicles") == exports
