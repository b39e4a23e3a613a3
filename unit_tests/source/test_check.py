"""What `check` proves, and what it says."""

import logging
from collections.abc import Iterator

import pytest
from airbyte_cdk.models import Status

from source_zoho_crm import SourceZohoCrm
from unit_tests.source.conftest import BULK, COQL, REST, Org, rows_of
from zoho_emulator.knobs import SCOPES

READ = "ZohoCRM.modules.READ,ZohoCRM.settings.READ,ZohoCRM.users.READ,ZohoCRM.org.READ"
#: Calls of a check, apart from those of the retrieval method.
CALLS = {"token": 1, "org": 1, "users": 1, "settings.modules": 1, "settings.fields": 1}


def check(org: Org) -> str:
    """The sentence of a check that fails; nothing of one that succeeds."""
    status = SourceZohoCrm(config=org.config).check(logging.getLogger("airbyte"), org.config)
    assert (status.status == Status.SUCCEEDED) == (status.message is None)
    return status.message or ""


def refuse(org: Org, match: str, code: str, status: int = 400) -> None:
    body = {"code": code, "details": {}, "message": "no", "status": "error"}
    fault = {"match": match, "do": "status", "args": {"status": status, "body": body}}
    org.control("POST", "faults", [fault])


@pytest.fixture
def org(org: Org) -> Iterator[Org]:
    """With the smallest scopes."""
    scopes = [*READ.split(","), "ZohoCRM.coql.READ", "ZohoCRM.bulk.READ"]
    org.control("POST", "knobs", {"scopes": scopes})
    yield org
    org.control("POST", "knobs", {"refused_modules": [], "scopes": SCOPES})


@pytest.mark.parametrize(
    ("retrieval", "method"),
    [(COQL, {"coql": 1}), (REST, {}), (BULK, {"bulk.status": 1})],
    ids=["COQL", "REST", "Bulk"],
)
def test_a_call_of_each_kind_proves_the_first_sync(
    org: Org, retrieval: dict[str, str], method: dict[str, int]
) -> None:
    org.settings = {"retrieval": retrieval}

    assert check(org) == ""

    calls = org.control("GET", "usage")["calls"]
    assert {name: n for name, n in calls.items() if ":" not in name} == {
        **CALLS,
        "records.list": 1,
        **method,
    }


@pytest.mark.parametrize(
    ("retrieval", "needed"),
    [
        (COQL, f"{READ},ZohoCRM.coql.READ"),
        (REST, READ),
        (BULK, f"{READ},ZohoCRM.bulk.READ"),
    ],
    ids=["COQL", "REST", "Bulk"],
)
def test_each_missing_scope_is_named_with_the_smallest_list(
    org: Org, retrieval: dict[str, str], needed: str
) -> None:
    org.settings = {"retrieval": retrieval}
    for scope in needed.split(","):
        org.control("POST", "knobs", {"scopes": [s for s in needed.split(",") if s != scope]})
        assert check(org) == (
            f"The refresh token lacks a scope: {scope}. "
            f"Make a new one in Zoho's API console with {needed}."
        )
    org.control("POST", "knobs", {"scopes": needed})
    assert check(org) == ""


@pytest.mark.parametrize(
    ("retrieval", "match"), [(COQL, "coql"), (BULK, "bulk.status")], ids=["COQL", "Bulk"]
)
def test_a_module_that_the_method_does_not_serve_is_no_failure(
    org: Org, retrieval: dict[str, str], match: str
) -> None:
    org.settings = {"retrieval": retrieval}
    refuse(org, match, "INVALID_QUERY" if match == "coql" else "RESOURCE_NOT_FOUND")

    assert check(org) == ""


def test_a_module_that_the_user_may_not_read_is_no_failure(org: Org) -> None:
    org.control("POST", "knobs", {"refused_modules": "Leads,Accounts"})

    assert check(org) == ""


def test_a_user_who_may_read_no_module_gets_the_reason(org: Org) -> None:
    refuse(org, "records.list", "NO_PERMISSION", 403)

    assert "needs a profile with permission for it" in check(org)


def test_an_org_that_does_not_show_itself_can_be_read(org: Org) -> None:
    refuse(org, "org", "NO_PERMISSION", 403)

    assert check(org) == ""


def test_an_org_of_another_environment_is_reported(org: Org) -> None:
    org.settings = {"environment": "Sandbox"}

    assert check(org) == (
        "The refresh token belongs to a production org, and the environment is Sandbox. "
        "Choose the environment that the token was made for."
    )


def test_a_broken_answer_is_reported_in_a_sentence(org: Org) -> None:
    fault = {"match": "settings.modules", "do": "body", "args": {"body": "<html>"}}
    org.control("POST", "faults", [fault])

    assert "cannot be read: it is not JSON. Try again later." in check(org)


def test_what_was_connected_is_in_the_log(org: Org, caplog: pytest.LogCaptureFixture) -> None:
    org.settings = {"schema_version": "v8"}
    with caplog.at_level(logging.INFO, "airbyte"):
        assert check(org) == ""
    (line,) = [text for text in caplog.messages if text.startswith("Connected to ")]
    served = [row for row in rows_of(org.read(org.stream("modules")), "modules") if row["offered"]]
    assert "enterprise edition) by API version v8: " in line
    assert int(line.split("v8: ")[1].split(" modules")[0]) >= len(served)
    assert " API credits a day" in line
