"""Exports that Zoho begins and does not complete."""

from typing import Any

import pytest

from unit_tests.source.conftest import Org, rows_of

BULK = {"use_coql": "disabled", "api_type": "Bulk"}


def failing(org: Org, code: str, **more: object) -> None:
    """The jobs of Vehicles fail for this reason."""
    reason = {"status": "error", "code": code, "message": "not by bulk read", "details": {}}
    job = {"id": "1", "operation": "read", "state": "FAILURE", "result": {"error_message": reason}}
    fault = {"match": "bulk.status:Vehicles", "do": "body", "args": {"body": {"data": [job]}}}
    org.control("POST", "faults", [fault | more])


@pytest.fixture
def vehicles(org: Org, mocker) -> dict[str, Any]:
    mocker.patch("source_zoho_crm.roads.exports._FIRST_WAIT_S", 0.03)
    org.settings = {"retrieval": BULK}
    return org.streams()["Vehicles"]


@pytest.mark.parametrize("code", ["MODULE_NOT_SUPPORTED", "FIELD_NOT_SUPPORTED"])
def test_a_module_whose_export_fails_as_unsupported_costs_one_job_and_is_read_by_rest(
    org: Org, vehicles: dict[str, Any], code: str
) -> None:
    failing(org, code)

    output = org.read(vehicles)

    assert {row["id"]: row for row in rows_of(output, "Vehicles")} == org.truth(vehicles)
    assert org.calls("bulk.create:Vehicles") == 1
    (line,) = [entry.log.message for entry in output.logs if "is read by REST" in entry.log.message]
    assert f"{code}: not by bulk read" in line


def test_an_export_that_fails_for_another_reason_is_made_anew(
    org: Org, vehicles: dict[str, Any]
) -> None:
    failing(org, "INTERNAL_ERROR", times=1)

    output = org.read(vehicles)

    assert {row["id"]: row for row in rows_of(output, "Vehicles")} == org.truth(vehicles)
    assert org.calls("bulk.create:Vehicles") == 2


def test_a_job_that_zoho_does_not_name_is_told(org: Org, vehicles: dict[str, Any]) -> None:
    fault = {"match": "bulk.create", "do": "body", "args": {"body": {"data": [], "info": {}}}}
    org.control("POST", "faults", [fault])

    output = org.read(vehicles, expecting_exception=True)

    error = output.errors[0].trace.error
    assert error.failure_type.value == "transient_error"
    assert "Vehicles: Zoho did not say which export it began" in error.message
