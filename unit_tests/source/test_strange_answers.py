"""Answers that end a list, a read or a run too early if they are taken for what they look like."""

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.components.records import RecordsRetriever
from unit_tests.source.conftest import Org, Row, narrow, rows_of, states_of
from zoho_crm.org import Org as KnownOrg

COQL = {"use_coql": "enabled"}
REST = {"use_coql": "disabled", "api_type": "REST"}
BULK = {"use_coql": "disabled", "api_type": "Bulk"}


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


# --- Without content


@pytest.mark.parametrize("body", ["", {"info": {}}, {"data": None}, {"data": {}}])
@pytest.mark.parametrize(
    ("retrieval", "version", "call"),
    [
        pytest.param(COQL, "v8", "coql:Leads", id="COQL"),
        pytest.param(REST, "v8", "records.list:Leads", id="REST with tokens"),
        pytest.param(REST, "v2", "records.list:Leads", id="REST with pages"),
    ],
)
def test_a_page_without_content_never_ends_a_list(
    org: Org, retrieval: dict[str, str], version: str, call: str, body: object
) -> None:
    leads = leads_of(org, retrieval, version)
    fault(org, call, "body", after=1, body=body)

    output = org.read(leads, expecting_exception=True)

    kind, sentence = failure(output)
    assert kind == FailureType.transient_error
    assert "cannot be read. Try again later." in sentence
    states = [state["stream"]["stream_state"] for state in states_of(output, "Leads")]
    assert all(state["Modified_Time"] < "2015" for state in states)


@pytest.mark.parametrize("body", [{"data": None}, {"data": {}}, {"info": {}}])
def test_a_list_of_deletions_that_is_none_moves_no_state(org: Org, body: object) -> None:
    leads = narrow(org.streams()["Leads"], "_ab_cdc_deleted_at")
    state = states_of(org.read(leads), "Leads")[-1]
    fault(org, "deleted:Leads", "body", body=body)

    output = org.read(leads, state=[state], expecting_exception=True)

    kind, sentence = failure(output)
    assert kind == FailureType.transient_error
    assert "cannot be read. Try again later." in sentence
    told = [state["stream"]["stream_state"] for state in states_of(output, "Leads")]
    assert all(moved == state["stream"]["stream_state"] for moved in told)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, ""), (200, {"modules": None}), (200, {"modules": []}), (204, "")],
)
def test_an_org_without_modules_is_not_believed(org: Org, status: int, body: object) -> None:
    fault(org, "settings.modules", "status", status=status, body=body)

    with pytest.raises(AirbyteTracedException, match="Try again later"):
        org.discover()


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
def test_now_is_the_earliest_that_answers_tell_and_of_a_real_host_never_later_than_here(
    local: bool, ahead_s: list[int], now_s: int
) -> None:
    org = KnownOrg(local=local)
    request = requests.Request("GET", "https://www.zohoapis.com/crm/v8/Leads").prepare()
    for seconds in ahead_s:
        moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC)
        org.heard(request, answer(moment))

    assert (org.now() - datetime.now(UTC)).total_seconds() == pytest.approx(now_s, abs=3)


# --- Exports without a result


@pytest.mark.parametrize(("version", "looks"), [("v2", 2), ("v4", 10**9), ("v8", 10**9)])
def test_an_export_that_is_completed_without_a_result_is_read_whole(
    own_org: Org, version: str, looks: int, mocker
) -> None:
    """It may have rows behind it, which is told in the result, or by a file as full as any."""
    mocker.patch("source_zoho_crm.roads.exports._FIRST_WAIT_S", 0.03)
    most = property(lambda retriever: {**retriever.versions[version], "bulk_rows": 40})
    mocker.patch.object(RecordsRetriever, "_version", most)
    knobs = {"bulk_job_seconds": 0, "bulk_rows": 40, "bulk_bare_looks": looks}
    own_org.control("POST", "knobs", knobs)
    own_org.settings = {"retrieval": BULK, "schema_version": version}
    vehicles = narrow(own_org.stream("Vehicles"), "Plate")

    output = own_org.read(vehicles)

    assert not output.errors
    rows = rows_of(output, "Vehicles", deleted=False)
    assert {row["id"]: row for row in rows} == own_org.truth(vehicles)
    assert len(own_org.truth(vehicles)) > 40
