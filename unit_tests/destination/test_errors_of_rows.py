"""Errors of rows that look like refusals of a whole call, and the other way round."""

from typing import Any

import pytest

from unit_tests.destination.conftest import Org
from unit_tests.destination.refusals import ALONE, CONFIG, LISTED, STREAMS, refuse, write

PLACES = [
    pytest.param("LIMIT_EXCEEDED", {"api_name": "Participants"}, id="a field"),
    pytest.param("LIMIT_EXCEEDED", {"json_path": "$.data[0].Participants"}, id="a place"),
    pytest.param("LIMIT_EXCEEDED", {"api_name": "data", "json_path": "$.data[0]"}, id="a row"),
    pytest.param("AUTHORIZATION_FAILED", {"id": "123"}, id="a record"),
    pytest.param("NOT_SUPPORTED", {"api_name": "Layout"}, id="a field that is not supported"),
    pytest.param(
        "AUTHORIZATION_FAILED", {"api_name": "Owner", "json_path": "$.data[0].Owner"}, id="an owner"
    ),
    pytest.param("NOT_APPROVED", {"resource_path_index": 1}, id="what stands below the module"),
    pytest.param("NOT_REVIEWED", {}, id="nothing, by a code of records"),
]


@pytest.mark.parametrize("form", [ALONE, LISTED])
@pytest.mark.parametrize(("code", "details"), PLACES)
def test_an_error_of_the_only_row_rejects_it(
    org: Org, code: str, details: dict[str, Any], form: str
) -> None:
    refuse(org, "insert", form, code, 400, details=details)

    result = write(org, "insert", 1)

    assert result.counts() == {"rejected": 1}
    (line,) = result.said("Rejected: ")
    field = str(details.get("json_path", "")).removeprefix("$.data[0].")
    assert f"with {code}" in line
    assert details.get("api_name", "") in line or field in line


@pytest.mark.parametrize(("code", "details"), PLACES)
def test_an_error_that_one_of_several_rows_makes_costs_that_row_alone(
    org: Org, code: str, details: dict[str, Any]
) -> None:
    refuse(org, "insert", LISTED, code, 400, times=3, details=details)  # all, two, one

    result = write(org, "insert", 4)

    assert result.counts() == {"created": 3, "rejected": 1}


@pytest.mark.parametrize("status", [207, 400])
def test_as_many_entries_as_rows_are_theirs_whatever_they_say(org: Org, status: int) -> None:
    entry = {"code": "AUTHORIZATION_FAILED", "details": {}, "message": "no", "status": "error"}
    done = {"code": "SUCCESS", "details": {"id": "1"}, "message": "ok", "status": "success"}
    org.fail("insert", status=status, body={"data": [entry, done, entry]})

    result = write(org, "insert", 3)

    assert result.counts() == {"created": 1, "rejected": 2}


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("form", [ALONE, LISTED])
@pytest.mark.parametrize("status", [200, 202, 207])
def test_one_error_for_several_rows_repeats_nothing_of_a_call_that_may_be_carried_out(
    org: Org, status: int, form: str
) -> None:
    """Only a status of 4xx says that none of the rows was written."""
    before = len(org.records("Contacts"))
    details = {"api_name": "Email", "json_path": "$.data[1].Email"}
    entry = {"code": "INVALID_DATA", "details": details, "message": "m", "status": "error"}
    body = {"data": [entry]} if form == LISTED else entry
    org.fail("insert", status=status, body=body, done=True)

    result = write(org, "insert", 3)

    assert result.counts() == {"created": 3}
    assert org.calls("insert") == 1
    assert len(org.records("Contacts")) == before + 3


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("INVALID_MODULE", {"resource_path_index": 0}),
        ("OAUTH_SCOPE_MISMATCH", {}),
        ("LIMIT_EXCEEDED", {}),
        ("AUTHORIZATION_FAILED", {}),
    ],
)
@pytest.mark.parametrize("operation", STREAMS)
def test_a_refusal_of_the_call_that_each_row_gets_is_of_the_call(
    org: Org, operation: str, code: str, details: dict[str, Any], rows: int
) -> None:
    entry = {"code": code, "details": details, "message": "no", "status": "error"}
    org.fail(operation, times=99, status=400, body={"data": [entry] * rows})

    result = write(org, operation, rows)

    assert result.failure
    assert (org.calls(operation), result.states) == (1, [])


@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("NOT_APPROVED", {}),
        ("RECORD_LOCKED", {"api_name": "id", "action": "record_locking"}),
        ("AUTHORIZATION_FAILED", {"api_name": "Owner"}),
        ("LIMIT_EXCEEDED", {"json_path": "$.data[0].Participants"}),
    ],
)
def test_an_error_of_a_row_that_each_row_gets_is_of_the_rows(
    org: Org, code: str, details: dict[str, Any]
) -> None:
    entry = {"code": code, "details": details, "message": "no", "status": "error"}
    org.fail("update", status=400, body={"data": [entry] * 3})

    result = write(org, "update", 3)

    assert result.counts() == {"rejected": 3}
    assert result.said(f"3 rows with {code}")


@pytest.mark.parametrize(
    ("operation", "status"), [("insert", 307), ("upsert", 308), ("delete", 302)]
)
def test_no_redirect_of_a_write_is_followed(org: Org, operation: str, status: int) -> None:
    elsewhere = f"{org.server.base_url}/crm/v8/elsewhere/somewhere/else"
    org.fail(operation, times=9, status=status, headers={"Location": elsewhere})

    result = write(org, operation, 2)

    assert result.failure
    assert result.failure.failure_type == CONFIG
    assert result.sentence.startswith(f"Zoho sends the call on to {org.server.base_url}, and ")
    assert (org.calls(operation), org.calls("not_emulated"), result.states) == (1, 0, [])


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("body", ["", {"info": {}}])
def test_a_look_up_without_content_doubles_no_lost_insert(org: Org, body: object) -> None:
    org.fail("insert", "reset")
    org.fail("coql", "body", times=9, body=body)

    result = write(org, "insert", 2)

    assert result.failure
    assert org.calls("insert") == 1
