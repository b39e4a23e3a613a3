"""Refusals of whole calls, which come alone or as the one entry of `data`, and errors of rows that
look like them."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.destination.conftest import Org, Result, stream
from zoho_emulator.knobs import SCOPES

ALONE, LISTED = "alone", "listed"
USED_UP = "Many requests fired than the allowed limit for the past 24 hours."
CONFIG, SYSTEM = FailureType.config_error, FailureType.system_error

STREAMS = {
    "insert": stream("Contacts", "Last_Name", "Email"),
    "upsert": stream("Contacts", "Last_Name", "Email", mode="append_dedup", key="Email"),
    "update": stream("Contacts", "id", "Last_Name", mode="update", key="id"),
    "delete": stream("Contacts", "id", mode="soft_delete", key="id"),
}


def refuse(
    org: Org, operation: str, form: str, code: str, status: int, *, times: int = 99, **error: Any
) -> None:
    entry = {"code": code, "details": {}, "message": "no", "status": "error"} | error
    body = {"data": [entry]} if form == LISTED else entry
    org.fail(operation, times=times, status=status, body=body)


def write(org: Org, operation: str, rows: int, version: str = "v8") -> Result:
    data = [
        {"Last_Name": f"L{n}", "Email": f"{n}@example.com"}
        if operation in ("insert", "upsert")
        else {"id": record["id"], "Last_Name": f"L{n}"}
        for n, record in enumerate(org.records("Contacts")[:rows])
    ]
    return org.write(STREAMS[operation], data, schema_version=version)


@pytest.mark.parametrize(("form", "rows"), [(ALONE, 3), (LISTED, 3), (LISTED, 1)])
@pytest.mark.parametrize(
    ("code", "status", "error", "kind", "sentence"),
    [
        ("AUTHORIZATION_FAILED", 400, {}, CONFIG, "needs a profile with permission"),
        (
            *("AUTHORIZATION_FAILED", 400, {"details": {"resource_path_index": 0}}),
            *(CONFIG, "needs a profile with permission"),
        ),
        (
            *("NO_PERMISSION", 403, {"details": {"permissions": ["Crm_Implied_View_Contacts"]}}),
            *(CONFIG, "permission for it: Crm_Implied_View_Contacts"),
        ),
        (
            *("OAUTH_SCOPE_MISMATCH", 401, {}, CONFIG),
            "though the refresh token has all that can be asked for: ZohoCRM.modules.ALL",
        ),
        ("INVALID_HOST", 400, {}, CONFIG, "Choose the region"),
        (
            *("INVALID_MODULE", 400, {"details": {"resource_path_index": 0}}),
            *(SYSTEM, "with INVALID_MODULE: no"),
        ),
        (
            *("LIMIT_EXCEEDED", 400, {"details": {"maximum_length": 100, "api_name": "data"}}),
            *(SYSTEM, "with LIMIT_EXCEEDED: no"),
        ),
        (
            *("INVALID_DATA", 400, {"details": {"minimum_length": 1, "api_name": "data"}}),
            *(SYSTEM, "with INVALID_DATA: no"),
        ),
        (
            *("INVALID_DATA", 400),
            {"details": {"api_name": "name", "json_path": "$.skip_feature_execution[0].name"}},
            *(CONFIG, "INVALID_DATA at $.skip_feature_execution[0].name"),
        ),
        ("SOMETHING_NEW", 404, {}, SYSTEM, "with SOMETHING_NEW: no"),
        (
            *("TOO_MANY_REQUESTS", 429, {"message": USED_UP}),
            *(FailureType.transient_error, "used up its API credits"),
        ),
    ],
)
def test_a_refusal_of_the_call_ends_the_run_whatever_its_form_and_however_many_rows_it_has(
    org: Org,
    code: str,
    status: int,
    error: dict[str, Any],
    kind: FailureType,
    sentence: str,
    form: str,
    rows: int,
) -> None:
    refuse(org, "upsert", form, code, status, **error)

    result = write(org, "upsert", rows)

    assert sentence in result.sentence
    assert result.failure
    assert result.failure.failure_type == kind
    assert (org.calls("upsert"), result.states) == (1, [])


OF_THE_CALL = (
    "NOT_SUPPORTED",
    "FEATURE_NOT_SUPPORTED",
    "FEATURE_NOT_ENABLED",
    "CURRENCIES_NOT_ENABLED",
    "NOT_SUPPORTED_FEATURE",
    "MODULE_NOT_SUPPORTED",
    "MODULE_NOT_AVAILABLE",
    "LICENSE_LIMIT_EXCEEDED",
    "STORAGE_SPACE_EXCEEDED",
)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("code", OF_THE_CALL)
def test_what_the_org_lacks_for_all_rows_ends_the_run_of_one_row_too(
    org: Org, code: str, rows: int
) -> None:
    refuse(org, "insert", LISTED, code, 400)

    result = write(org, "insert", rows)

    assert result.failure
    assert code in result.sentence
    assert (org.calls("insert"), result.states) == (1, [])


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("details", "kind", "told"),
    [
        ({"json_path": "$.duplicate_check_fields[0]"}, CONFIG, "Choose another key"),
        ({"api_name": "duplicate_check_fields"}, CONFIG, "Choose another key"),
        ({"json_path": "$.trigger[1]"}, CONFIG, "Choose All in Automations"),
        ({"json_path": "$.skip_feature_execution[0].name"}, CONFIG, "Choose All in Automations"),
        ({"json_path": "trigger"}, CONFIG, "Choose All in Automations"),
        ({"json_path": "$"}, SYSTEM, "No setting governs that"),
        ({"json_path": "$.apply_feature_execution"}, SYSTEM, "No setting governs that"),
        ({"json_path": "$.lar_id", "api_name": "lar_id"}, CONFIG, "Choose another assignment"),
        ({"api_name": "lar_id"}, CONFIG, "Choose another assignment rule (lar_id)"),
    ],
)
def test_a_refused_part_of_the_call_is_told_with_the_setting_that_governs_it(
    org: Org, details: dict[str, Any], kind: FailureType, told: str, rows: int
) -> None:
    refuse(org, "upsert", LISTED, "INVALID_DATA", 400, details=details)

    result = write(org, "upsert", rows)

    part = details.get("json_path", f"$.{details.get('api_name')}")
    assert f"INVALID_DATA at {part}, which is of the call and not of a row. {told}" in (
        result.sentence
    )
    assert result.failure
    assert result.failure.failure_type == kind


@pytest.mark.parametrize("operation", STREAMS)
@pytest.mark.parametrize(("version", "rows"), [("v2", 1), ("v8", 3)])
def test_every_operation_tells_a_refusal_in_a_list_as_one_that_stands_alone(
    org: Org, operation: str, version: str, rows: int
) -> None:
    said = []
    for listed in (False, True):
        org.knobs(read_only_modules=["Contacts"], refusals_in_data=listed)
        said += [write(org, operation, rows, version)]
    org.knobs(read_only_modules=[], refusals_in_data=False)

    alone, in_list = said
    assert alone.sentence == in_list.sentence
    assert "needs a profile with permission" in alone.sentence
    assert [len(result.states) for result in said] == [0, 0]


READING = ("ZohoCRM.modules.READ", "ZohoCRM.settings.READ", "ZohoCRM.users.READ")
READING += ("ZohoCRM.org.READ", "ZohoCRM.coql.READ")
LACKS = "The refresh token lacks a scope that {} needs: ZohoCRM.modules.ALL. Make a new one"
HOLDS = "Zoho refuses {} because of a missing scope (OAUTH_SCOPE_MISMATCH), though the refresh "
HOLDS += "token has"


@pytest.mark.parametrize(
    ("operation", "granted", "told"),
    [
        ("insert", "", LACKS),
        ("insert", "CREATE", HOLDS),
        ("insert", "contacts.WRITE", HOLDS),
        ("insert", "leads.ALL", LACKS),
        ("insert", "UPDATE", LACKS),
        ("upsert", "CREATE", LACKS),
        ("upsert", "CREATE contacts.UPDATE", HOLDS),
        ("update", "UPDATE", HOLDS),
        ("update", "CREATE", LACKS),
        ("delete", "contacts.DELETE", HOLDS),
        ("delete", "WRITE", LACKS),
    ],
)
def test_a_write_that_lacks_a_scope_says_so_only_if_the_token_does(
    org: Org, operation: str, granted: str, told: str
) -> None:
    org.knobs(scopes=[*READING, *(f"ZohoCRM.modules.{scope}" for scope in granted.split())])
    refuse(org, operation, ALONE, "OAUTH_SCOPE_MISMATCH", 401)

    result = write(org, operation, 2)
    org.knobs(scopes=SCOPES)

    path = "Contacts/upsert" if operation == "upsert" else "Contacts"
    assert result.sentence.startswith(told.format(f"{org.server.base_url}/crm/v8/{path}"))


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize(
    ("code", "status", "operation", "rows"),
    [
        ("INVALID_TOKEN", 401, "insert", 1),
        ("INVALID_TOKEN", 401, "upsert", 3),
        ("INVALID_TOKEN", 400, "upsert", 1),
        ("TOO_MANY_REQUESTS", 429, "insert", 1),
        ("TOO_MANY_REQUESTS", 429, "upsert", 3),
    ],
)
def test_a_refusal_that_passes_is_waited_out_in_either_form(
    org: Org, operation: str, code: str, status: int, rows: int
) -> None:
    refuse(org, operation, LISTED, code, status, times=1)

    result = write(org, operation, rows)

    assert result.counts() == {"created": rows}
    assert org.calls(operation) == 2


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
    assert f"by {code}" in line
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
def test_a_refusal_of_the_call_that_each_row_is_told_is_of_the_call(
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
def test_an_error_of_a_row_that_each_row_is_told_is_of_the_rows(
    org: Org, code: str, details: dict[str, Any]
) -> None:
    entry = {"code": code, "details": details, "message": "no", "status": "error"}
    org.fail("update", status=400, body={"data": [entry] * 3})

    result = write(org, "update", 3)

    assert result.counts() == {"rejected": 3}
    assert result.said(f"3 rows by {code}")


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
