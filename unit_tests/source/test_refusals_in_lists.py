"""Refusals that stand in a list, as some of Zoho's samples have them, mean what they mean alone."""

from typing import Any

import pytest
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput

from unit_tests.source.conftest import BULK, COQL, REST, Org, narrow, rows_of
from zoho_emulator.knobs import SCOPES

#: Accounts and Tasks are read, the latter by REST where another retrieval method is refused.
REFUSALS = {
    "refused_modules": ["Vehicles", "Deals:INVALID_MODULE", "Contracts:INVALID_QUERY"],
    "coql_refused_modules": ["Tasks"],
    "bulk_refused_modules": ["Tasks"],
    "scopes": [
        *(scope for scope in SCOPES if scope != "ZohoCRM.modules.ALL"),
        *(f"ZohoCRM.modules.{word}.READ" for word in ("custom", "deals", "accounts", "tasks")),
    ],
}
AS_NEW = {
    "refused_modules": [],
    "coql_refused_modules": ["Activities"],
    "bulk_refused_modules": [],
    "scopes": SCOPES,
    "refusals_in_data": False,
}
READ = ("Accounts", "Tasks")
#: The token has no scope of Leads.
REFUSED = ("Vehicles", "Deals", "Contracts", "Leads")


def reported(output: EntrypointOutput) -> dict[str, tuple[Any, str]]:
    """What failed, by stream; the last error has none and names them in no certain order."""
    errors = [message.trace.error for message in output.errors]
    return {
        error.stream_descriptor.name: (error.failure_type, error.message)
        for error in errors
        if error.stream_descriptor
    }


@pytest.mark.parametrize(
    ("retrieval", "version"),
    [
        pytest.param(COQL, "v8", id="COQL"),
        pytest.param(REST, "v2", id="REST"),
        pytest.param(BULK, "v4", id="Bulk"),
    ],
)
def test_modules_are_read_or_fail_the_same_way_whichever_form_refusals_have(
    org: Org, retrieval: dict[str, str], version: str
) -> None:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    streams = org.streams()
    chosen = [narrow(streams[name]) for name in (*READ, *REFUSED)]
    seen = []
    for listed in (False, True):
        org.control("POST", "knobs", REFUSALS | {"refusals_in_data": listed})
        output = org.read(*chosen, expecting_exception=True)
        seen.append((reported(output), [len(rows_of(output, s["name"])) for s in chosen]))
    org.control("POST", "knobs", AS_NEW)

    assert seen[0] == seen[1]
    assert [bool(rows) for rows in seen[1][1]] == [True] * len(READ) + [False] * len(REFUSED)
