"""Answers that end a list, a read or a run too early if they are taken for what they look like."""

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput

from unit_tests.source.conftest import BULK, COQL, REST, Org, Row, narrow, rows_of, states_of
from zoho_crm.org import Org as KnownOrg


def fault(org: Org, match: str, do: str, *, after: int = 0, times: int | None = None, **args: Any):
    rule = {"match": match, "do": do, "after": after, "times": times, "args": args}
    org.control("POST", "faults", [rule])


def failure(output: EntrypointOutput) -> tuple[FailureType, str]:
    error = output.errors[0].trace.error
    return error.failure_type, error.message


def leads_of(org: Org, retrieval: dict[str, str], version: str = "v8") -> Row:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    return narrow(org.streams()["Leads"], "Email")


def by_id(output: EntrypointOutput) -> dict[str, Row]:
    return {row["id"]: row for row in rows_of(output, "Leads", deleted=False)}


# --- Redirects


@pytest.mark.parametrize(
    ("retrieval", "call", "status"),
    [
        pytest.param(COQL, "coql:Leads", 307, id="COQL"),
        pytest.param(REST, "records.list:Leads", 302, id="REST"),
        pytest.param(BULK, "bulk.create:Leads", 308, id="making an export"),
        pytest.param(BULK, "bulk.result:Leads", 301, id="fetching an export"),
    ],
)
def test_no_redirect_is_followed(
    org: Org, retrieval: dict[str, str], call: str, status: int
) -> None:
    leads = leads_of(org, retrieval)
    elsewhere = f"{org.server.base_url}/crm/v8/elsewhere/somewhere/else"
    fault(org, call, "status", status=status, headers={"Location": elsewhere})

    output = org.read(leads, expecting_exception=True)

    kind, sentence = failure(output)
    assert kind == FailureType.config_error
    assert f"sends the call on to {org.server.base_url}" in sentence
    assert org.calls("not_emulated") == 0


# --- Dates


@pytest.mark.parametrize(("match", "retrieval"), [("settings.*", COQL), ("*", REST)])
def test_a_date_that_is_once_ahead_ends_no_window_in_the_future(
    org: Org, retrieval: dict[str, str], match: str
) -> None:
    leads = leads_of(org, retrieval)
    fault(org, match, "date", after=2 if match == "*" else 0, times=4, off_s=86_400)

    output = org.read(leads)

    last = states_of(output, "Leads")[-1]["stream"]["stream_state"]["Modified_Time"]
    assert last <= datetime.now(UTC).isoformat()
    assert by_id(output) == org.truth(leads)


@pytest.mark.parametrize("date", ["never", "Mon, 32 Foo 2026 00:00:00 GMT"])
def test_a_date_that_is_none_is_passed_over(org: Org, date: str) -> None:
    accounts = narrow(org.streams()["Accounts"])
    fault(org, "org", "body", body={"org": [{"id": "1"}]}, headers={"Date": date})

    output = org.read(accounts)

    assert not output.errors
    assert {row["id"] for row in rows_of(output, "Accounts")} == org.truth(accounts).keys()


def answer(date: datetime) -> requests.Response:
    response = requests.Response()
    response.status_code = 204
    response.headers["Date"] = date.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return response


@pytest.mark.parametrize(
    ("local", "ahead_s", "now_s"),
    [
        (False, [3_600], 0),
        (False, [3_600, -30, 0], -30),
        (False, [-30, 3_600], -30),
        (True, [3_600], 3_600),
        (True, [3_600, 60], 60),
    ],
)
def test_now_is_the_earliest_that_answers_show_and_of_a_real_host_never_later_than_here(
    local: bool, ahead_s: list[int], now_s: int
) -> None:
    org = KnownOrg(local=local)
    for seconds in ahead_s:
        timestamp = datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC)
        org.book_answer(answer(timestamp))

    assert (org.clock.now() - datetime.now(UTC)).total_seconds() == pytest.approx(now_s, abs=3)
