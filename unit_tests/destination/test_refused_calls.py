"""Refusals of whole calls, which come alone or as the one entry of `data`, and errors of rows that
look like them."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.destination.conftest import Org
from unit_tests.destination.refusals import ALONE, CONFIG, LISTED, STREAMS, SYSTEM, refuse, write
from zoho_emulator.knobs import SCOPES

USED_UP = "Many requests fired than the allowed limit for the past 24 hours."


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
    ("details", "kind", "said"),
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
def test_a_refused_part_of_the_call_is_reported_with_the_setting_that_governs_it(
    org: Org, details: dict[str, Any], kind: FailureType, said: str, rows: int
) -> None:
    refuse(org, "upsert", LISTED, "INVALID_DATA", 400, details=details)

    result = write(org, "upsert", rows)

    part = details.get("json_path", f"$.{details.get('api_name')}")
    assert f"INVALID_DATA at {part}, which is of the call and not of a row. {said}" in (
        result.sentence
    )
    assert result.failure
    assert result.failure.failure_type == kind


@pytest.mark.parametrize("operation", STREAMS)
@pytest.mark.parametrize(("version", "rows"), [("v2", 1), ("v8", 3)])
def test_every_operation_reports_a_refusal_in_a_list_as_one_that_stands_alone(
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
LACKS = "The refresh token lacks a scope that {} needs: ZohoCRM.modules.ALL. Make a new one"
HOLDS = "Zoho refuses {} because of a missing scope (OAUTH_SCOPE_MISMATCH), though the refresh "
HOLDS += "token has"


@pytest.mark.parametrize(
    ("operation", "granted", "said"),
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
    org: Org, operation: str, granted: str, said: str
) -> None:
    org.knobs(scopes=[*READING, *(f"ZohoCRM.modules.{scope}" for scope in granted.split())])
    refuse(org, operation, ALONE, "OAUTH_SCOPE_MISMATCH", 401)

    result = write(org, operation, 2)
    org.knobs(scopes=SCOPES)

    path = "Contacts/upsert" if operation == "upsert" else "Contacts"
    assert result.sentence.startswith(said.format(f"{org.server.base_url}/crm/v8/{path}"))


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
