"""Answers without what Zoho documents: asked for again, reported at the end, never "no rows"."""

from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.components.records import RecordsRetriever
from unit_tests.source.conftest import BULK, COQL, REST, Org, Row, narrow, rows_of, states_of

#: The calls of each retrieval method that a list is made of.
CALLS = [
    pytest.param(COQL, "v2", "coql:Leads", id="COQL"),
    pytest.param(REST, "v4", "records.list:Leads", id="REST with tokens"),
    pytest.param(REST, "v2.1", "records.list:Leads", id="REST with pages"),
    pytest.param(BULK, "v4", "bulk.create:Leads", id="making an export"),
    pytest.param(BULK, "v8", "bulk.status:Leads", id="looking at an export"),
    pytest.param(COQL, "v8", "deleted:Leads", id="deletions"),
]
#: An empty body, objects without their content, and a page of somebody else.
BODIES = ["", {}, {"data": None}, "<html><body>busy</body></html>"]
PAGES = CALLS[:3]


def fault(org: Org, match: str, do: str, *, after: int = 0, times: int | None = None, **args: Any):
    rule = {"match": match, "do": do, "after": after, "times": times, "args": args}
    org.control("POST", "faults", [rule])


def hits(org: Org) -> list[int]:
    return [rule["hits"] for rule in org.control("GET", "faults")]


def stream_of(org: Org, retrieval: dict[str, str], version: str, name: str = "Leads") -> Row:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    columns = {"Leads": ("Email", "_ab_cdc_deleted_at"), "Deals": ("Stage",)}
    return narrow(org.streams()[name], *columns[name])


def by_id(output: EntrypointOutput, stream: str = "Leads") -> dict[str, Row]:
    return {row["id"]: row for row in rows_of(output, stream, deleted=False)}


def failure(output: EntrypointOutput) -> tuple[FailureType, str]:
    error = output.errors[0].trace.error
    return error.failure_type, error.message


def reached(output: EntrypointOutput) -> list[str]:
    return [
        state["stream"]["stream_state"]["Modified_Time"] for state in states_of(output, "Leads")
    ]


OLD = [
    {
        "type": "STREAM",
        "stream": {
            "stream_descriptor": {"name": "Leads"},
            "stream_state": {"Modified_Time": "2000-01-01T00:00:00Z"},
        },
    }
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("retrieval", "version", "call"), CALLS)
def test_an_answer_without_its_content_costs_a_call_and_no_row(
    org: Org, retrieval: dict[str, str], version: str, call: str, body: object
) -> None:
    leads = stream_of(org, retrieval, version)
    fault(
        org,
        call,
        "body",
        after=1 if call in ("coql:Leads", "records.list:Leads") else 0,
        times=2,
        body=body,
    )

    output = org.read(leads, state=OLD)

    assert not output.errors
    assert hits(org) == [2]
    assert by_id(output) == org.truth(leads)


@pytest.mark.parametrize(("retrieval", "version", "call"), CALLS)
def test_an_answer_that_never_has_its_content_fails_and_moves_no_state(
    org: Org, retrieval: dict[str, str], version: str, call: str
) -> None:
    leads = stream_of(org, retrieval, version)
    fault(org, call, "body", body={"data": None})

    output = org.read(leads, state=OLD, expecting_exception=True)

    kind, sentence = failure(output)
    assert kind == FailureType.transient_error
    assert sentence.startswith("Leads: Zoho answers ") or sentence.startswith("Zoho answers ")
    assert sentence.endswith("Try again later.")
    assert "cannot be read: it " in sentence
    assert set(reached(output)) <= {"2000-01-01T00:00:00Z"}


@pytest.mark.parametrize(("retrieval", "version", "call"), PAGES)
def test_no_rows_where_some_were_promised_is_believed_the_second_time(
    org: Org,
    retrieval: dict[str, str],
    version: str,
    call: str,
    pauses: list[float],
) -> None:
    leads = stream_of(org, retrieval, version)
    fault(org, call, "status", after=7, times=1, status=204, body="")

    output = org.read(leads)

    assert hits(org) == [1]
    assert by_id(output) == org.truth(leads)
    assert pauses == [3]


def test_deletions_that_were_promised_are_asked_for_again(own_org: Org) -> None:
    leads = narrow(own_org.stream("Leads"), "_ab_cdc_deleted_at")
    state = states_of(own_org.read(leads), "Leads")[-1]
    gone = sorted(own_org.truth(leads))[:300]
    own_org.control("DELETE", f"records/Leads?ids={','.join(gone)}&type=recycle")
    own_org.control("POST", "clock", {"advance_s": 3_600})
    fault(own_org, "deleted:Leads", "status", after=1, times=1, status=204, body="")

    output = own_org.read(leads, state=[state])

    assert hits(own_org) == [1]
    assert {row["id"] for row in rows_of(output, "Leads")} == set(gone)


# --- Exports


def exported(org: Org, times: int | None, **result: object) -> None:
    """Completed exports of Deals have this result."""
    job = {"id": "1", "operation": "read", "state": "COMPLETED", "result": result}
    fault(org, "bulk.status:Deals", "body", times=times, body={"data": [job]})


@pytest.mark.parametrize("count", [59, 61])
def test_an_export_that_holds_other_rows_than_it_reports_is_made_anew(org: Org, count: int) -> None:
    deals = stream_of(org, BULK, "v4", "Deals")
    exported(org, 1, page=1, more_records=False, count=count)

    output = org.read(deals)

    assert not output.errors
    rows = [row["id"] for row in rows_of(output, "Deals")]
    assert len(rows) == len(set(rows)) == 60
    assert org.calls("bulk.create:Deals") == 2


def test_an_export_that_always_holds_other_rows_than_it_reports_does_not_count_as_read(
    org: Org,
) -> None:
    deals = stream_of(org, BULK, "v4", "Deals")
    exported(org, None, page=1, more_records=False, count=61)

    output = org.read(deals, expecting_exception=True)

    kind, sentence = failure(output)
    assert kind == FailureType.transient_error
    assert "Zoho reported 61 rows in it and sent 60, and so 3 times." in sentence
    reported = [state["stream"]["stream_state"] for state in states_of(output, "Deals")]
    assert all(state["Modified_Time"] == "1970-01-01T00:00:00Z" for state in reported)


def test_an_export_that_does_not_count_its_rows_is_fetched(org: Org) -> None:
    deals = stream_of(org, BULK, "v4", "Deals")
    exported(org, None, page=1, more_records=False)

    assert by_id(org.read(deals), "Deals") == org.truth(deals)


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({"page": 1, "count": 60}, "does not say whether more rows follow"),
        ({"page": 1, "count": "many", "more_records": False}, "a count that is not a number"),
        ({"page": 1, "count": -5, "more_records": False}, "a count that is not a number"),
        ({"page": 1, "count": True, "more_records": False}, "a count that is not a number"),
        (
            {"page": 1, "count": 60, "more_records": True, "next_page_token": 7},
            "a page token that is not text",
        ),
        ({"page": 1, "count": 0, "more_records": True}, "has no rows and promises more"),
    ],
)
def test_a_result_that_does_not_say_what_follows_does_not_count_as_read(
    org: Org, result: Row, why: str
) -> None:
    deals = stream_of(org, BULK, "v4", "Deals")
    exported(org, None, **result)

    kind, sentence = failure(org.read(deals, expecting_exception=True))

    assert kind == FailureType.transient_error
    assert why in sentence


@pytest.mark.parametrize(("version", "looks"), [("v2", 2), ("v4", 3), ("v8", 10**9)])
def test_an_export_that_is_completed_without_a_result_is_looked_at_again(
    own_org: Org, version: str, looks: int, mocker
) -> None:
    """Rows may follow it, which nothing but its result shows."""
    mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)
    most = property(lambda retriever: {**retriever.versions[version], "bulk_rows": 40})
    mocker.patch.object(RecordsRetriever, "_version", most)
    knobs = {"bulk_job_seconds": 0, "bulk_rows": 40, "bulk_bare_looks": looks}
    own_org.control("POST", "knobs", knobs)
    own_org.settings = {"retrieval": BULK, "schema_version": version}
    vehicles = narrow(own_org.stream("Vehicles"), "Plate")

    output = own_org.read(vehicles, expecting_exception=looks > 3)

    if looks > 3:
        kind, sentence = failure(output)
        assert kind == FailureType.transient_error
        assert "it is completed and has no result, and so 3 times" in sentence
        assert not rows_of(output, "Vehicles")
    else:
        assert by_id(output, "Vehicles") == own_org.truth(vehicles)
        assert len(own_org.truth(vehicles)) > 40


# --- Settings


@pytest.mark.parametrize("call", ["settings.modules", "org", "settings.fields:Deals", "users"])
def test_settings_that_come_the_second_time_cost_no_stream(org: Org, call: str) -> None:
    deals, users = stream_of(org, COQL, "v4", "Deals"), org.streams()["users"]
    fault(org, call, "body", times=1, body={})

    output = org.read(deals, users)

    assert not output.errors
    assert hits(org) == [1]
    assert by_id(output, "Deals") == org.truth(deals)
    assert rows_of(output, "users")


def test_fields_that_can_never_be_read_cost_their_stream_and_no_other(org: Org) -> None:
    streams = [stream_of(org, COQL, "v4", name) for name in ("Leads", "Deals")]
    fault(org, "settings.fields:Deals", "body", body="<html>")

    output = org.read(*streams, expecting_exception=True)

    kind, sentence = failure(output)
    assert kind == FailureType.transient_error
    assert "Deals: Zoho answers " in sentence
    assert "refresh the connection" not in sentence
    assert by_id(output) == org.truth(streams[0])


def test_fields_that_can_never_be_read_leave_no_stream_out_of_a_catalog(org: Org) -> None:
    fault(org, "settings.fields:Deals", "body", body="<html>")

    with pytest.raises(AirbyteTracedException, match="cannot be read: it is not JSON") as caught:
        org.discover()

    assert caught.value.failure_type == FailureType.transient_error


def test_users_that_can_never_be_read_cost_their_stream_and_no_other(org: Org) -> None:
    deals, users = stream_of(org, COQL, "v4", "Deals"), org.streams()["users"]
    fault(org, "users", "body", body={})

    output = org.read(deals, users, expecting_exception=True)

    kind, sentence = failure(output)
    assert kind == FailureType.transient_error
    assert "users" in sentence
    assert by_id(output, "Deals") == org.truth(deals)


@pytest.mark.parametrize("children", [["Quoted_Items"], ["Quoted_Items", "Ordered_Items"]])
def test_deletions_of_children_that_can_never_be_read_cost_children_and_no_other(
    org: Org, children: list[str]
) -> None:
    streams = org.streams()
    deals = stream_of(org, COQL, "v4", "Deals")
    fault(org, "deleted", "body", body={})

    output = org.read(*(streams[name] for name in children), deals, expecting_exception=True)

    reported = {
        message.trace.error.stream_descriptor.name: message.trace.error
        for message in output.errors
        if message.trace.error.stream_descriptor
    }
    assert sorted(reported) == sorted(children)
    assert all(error.failure_type == FailureType.transient_error for error in reported.values())
    assert all("cannot be read: " in error.message for error in reported.values())
    assert by_id(output, "Deals") == org.truth(deals)


def test_deletions_of_children_that_come_the_second_time_cost_no_stream(org: Org) -> None:
    quoted = org.streams()["Quoted_Items"]
    fault(org, "deleted", "body", times=1, body={})

    output = org.read(quoted)

    assert not output.errors
    assert hits(org) == [1]
    assert by_id(output, "Quoted_Items") == org.truth(quoted)
