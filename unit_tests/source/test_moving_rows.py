"""Rows that are edited, deleted and restored while they are read: none is lost, none is mixed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import IO, Any

import pytest

from source_zoho_crm.bulk_read import BulkRead
from unit_tests.source.conftest import (
    BULK,
    COQL,
    REST,
    UNSTAMPED,
    Org,
    Row,
    each_once,
    narrow,
    rows_of,
    states_of,
    unstamped_stream,
)
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.requester import ZohoRequester
from zoho_emulator.server import Running, Settings, running

QUIET = {
    "churn": 0,
    "churn_kind": "edit",
    "coql_converted": True,
    "not_modified": 304,
    "page_tokens": "stand",
    "bulk_rows": 200_000,
    "bulk_job_seconds": 0,
    "visible_after_s": 0,
}


ROWS = {"Leads": 900, "Deals": 700, UNSTAMPED: 450}
SETTINGS = Settings(rows=5, rows_by_module=ROWS, modules=62)


@pytest.fixture(scope="module")
def _moving_server() -> Iterator[Running]:
    with running(SETTINGS, {"tokens_per_10_min": 0}) as server:
        yield server


@pytest.fixture
def org(_moving_server: Running) -> Org:
    """An org that the test may change; the next one has it as it was."""
    ZohoAuthenticator._tokens.clear()
    org = Org(_moving_server, made_of=SETTINGS)
    org.control("POST", "knobs", QUIET)
    org.control("POST", "reset", {"org": True})
    return org


@pytest.fixture
def meanwhile(mocker) -> Callable[..., list[str]]:
    """Plans a deed that is done once, before the first call of this path that `when` holds for."""

    def plan(path: str | None, when: Callable[[Row], bool], deed: Callable[[], Any]) -> list[str]:
        ask, done = ZohoRequester.ask, []

        def asking(requester, asked=None, *, params=None, body=None, **request):
            if not done and asked == path and when(params or (body or {}).get("query") or {}):
                done.append("done")
                deed()
            return ask(requester, asked, params=params, body=body, **request)

        mocker.patch.object(ZohoRequester, "ask", asking)
        return done

    return plan


def later(org: Org, seconds: int = 300) -> None:
    org.control("POST", "clock", {"advance_s": seconds})


def second_page(asked: Row) -> bool:
    return "page_token" in asked or str(asked.get("page")) == "2"


def edit(org: Org, module: str, ids: list[str], **values: object) -> None:
    org.control("PATCH", f"records/{module}", [{"id": key, **values} for key in ids])


def delete(org: Org, module: str, ids: list[str]) -> None:
    org.control("DELETE", f"records/{module}?ids={','.join(ids)}&type=recycle")


def messages(output) -> str:
    return "\n".join(log.log.message for log in output.logs)


# --- Pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retrieval", "version", "tokens"),
    [
        pytest.param(COQL, "v4", "stand", id="COQL"),
        pytest.param(REST, "v2", "stand", id="REST by pages"),
        pytest.param(REST, "v4", "stand", id="REST by tokens that stand"),
        pytest.param(REST, "v8", "count", id="REST by tokens that count"),
    ],
)
def test_rows_that_change_while_they_are_read_are_whole_and_come_again(
    org: Org, retrieval, version: str, tokens: str
) -> None:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    leads = org.stream("Leads")
    before = org.truth(leads)
    org.control("POST", "knobs", {"churn": 1, "churn_rows": 6, "page_tokens": tokens})

    first = org.read(leads)

    org.control("POST", "knobs", {"churn": 0})
    later(org)
    after = org.truth(leads)
    changed = {key for key in after if after[key] != before[key]}
    assert changed, "the knob did its work"
    for row in rows_of(first, "Leads"):
        old = before[row["id"]]
        if row["Modified_Time"] == old["Modified_Time"]:
            assert row == old, "it mixes two versions"
    second = org.read(leads, state=[states_of(first, "Leads")[-1]])
    assert each_once(rows_of(first, "Leads")) | each_once(rows_of(second, "Leads")) == after


@pytest.mark.parametrize(
    ("retrieval", "late_s", "lost"),
    [
        pytest.param(COQL, 30, False, id="COQL"),
        pytest.param(REST, 30, False, id="REST"),
        pytest.param(BULK, 30, False, id="Bulk"),
        pytest.param(COQL, 90, True, id="later than the margin"),
    ],
)
def test_rows_that_zoho_shows_late_are_not_lost_within_the_margin_of_a_minute(
    org: Org, retrieval, late_s: int, lost: bool
) -> None:
    org.settings = {"retrieval": retrieval}
    deals = narrow(org.stream("Deals"), "Stage")
    known = org.truth(deals)
    now = org.control("POST", "clock", {"advance_s": 300})["now"]
    state = state_of("Deals", datetime.fromtimestamp(now - 200, UTC).isoformat())
    org.control("POST", "knobs", {"visible_after_s": late_s})

    changed = list(known)[:2]
    edit(org, "Deals", changed, Stage="Closed Won")
    deal = {"Deal_Name": "new", "Stage": "Qualification", "Closing_Date": "2030-01-01"}
    changed += org.control("POST", "records/Deals", deal)["ids"]
    for seconds in (65, 300):
        later(org, seconds)
        output = org.read(deals, state=[state])
        known |= {row["id"]: row for row in rows_of(output, "Deals")}
        state = states_of(output, "Deals")[-1]

    truth = org.truth(deals)
    missed = {key for key in truth if known.get(key) != truth[key]}
    assert missed == (set(changed) if lost else set())


def test_a_list_in_which_no_row_moved_is_read_once(org: Org) -> None:
    org.settings = {"retrieval": REST}
    leads = narrow(org.stream("Leads"), "Email")
    org.control("POST", "reset", {})

    rows = each_once(rows_of(org.read(leads), "Leads"))

    assert len(rows) == 900
    assert (org.calls("records.list"), org.calls("deleted")) == (5 + 1, 1), "and two ask of moves"


@pytest.mark.parametrize("status", [304, 204])
def test_a_list_of_nothing_is_no_error(org: Org, status: int, caplog) -> None:
    org.settings = {"retrieval": REST}
    org.control("POST", "knobs", {"not_modified": status})
    deals = org.stream("Deals")
    now = org.control("POST", "clock", {"advance_s": 300})["now"]
    timestamp = datetime.fromtimestamp(now - 200, UTC).isoformat()
    org.control("POST", "reset", {})
    caplog.clear()

    output = org.read(deals, state=[state_of("Deals", timestamp)])

    assert (org.calls("records.list"), org.calls("deleted")) == (1, 1)

    assert rows_of(output, "Deals") == []
    assert not output.errors
    levels = {entry.log.level.value for entry in output.logs}
    assert levels <= {"INFO", "DEBUG"}
    assert not [entry for entry in caplog.records if entry.levelname in ("ERROR", "WARNING")]


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_a_list_by_id_from_which_rows_are_deleted_misses_none(
    org: Org, meanwhile, version: str
) -> None:
    org.settings = {"retrieval": REST, "schema_version": version}
    org.control("POST", "knobs", {"page_tokens": "count"})
    stream = unstamped_stream(org)
    before = org.truth(stream)
    gone = sorted(before)[:30]
    done = meanwhile(UNSTAMPED, second_page, lambda: delete(org, UNSTAMPED, gone))

    rows = each_once(rows_of(org.read(stream), UNSTAMPED))

    assert done
    assert org.truth(stream).keys() <= rows.keys() <= before.keys()


@pytest.mark.parametrize(
    ("module", "page"), [("Leads", 2), ("Leads", 4), ("Deals", 3), (UNSTAMPED, 2)]
)
def test_a_list_whose_page_token_expires_goes_on(
    org: Org, meanwhile, module: str, page: int
) -> None:
    """Leads come in several column groups; without Modified_Time the list begins again."""
    org.settings = {"retrieval": REST}
    stream, asked = org.stream(module), []

    def late(params: Row) -> bool:
        asked.extend([params["page_token"]] if "page_token" in params else [])
        return len(asked) == page - 1

    done = meanwhile(module, late, lambda: later(org, 90_000))

    output = org.read(stream)

    assert done
    assert not output.errors
    assert each_once(rows_of(output, module)) == org.truth(stream)


def test_a_list_goes_on_behind_a_page_that_is_out_of_reach(org: Org) -> None:
    """Many rows share a second, so that a list of numbered pages is long."""
    org.settings = {"retrieval": REST, "schema_version": "v2"}
    deals = org.stream("Deals")
    ids = sorted(org.truth(deals))
    for start in range(0, len(ids), 70):
        timestamp = f"2024-03-01T00:00:{start // 70:02}+00:00"
        edit(org, "Deals", ids[start : start + 70], Modified_Time=timestamp)
    body = {"code": "PAGINATION_LIMIT_EXCEEDED", "details": {}, "message": "x", "status": "error"}
    fault = {"match": "records.list:Deals", "after": 2, "times": 1, "do": "status"}
    org.control("POST", "faults", [fault | {"args": {"status": 400, "body": body}}])

    output = org.read(deals)

    assert not output.errors
    assert each_once(rows_of(output, "Deals")) == org.truth(deals)


def test_a_second_of_more_rows_than_lists_reach_is_named_with_what_reaches_them(org: Org) -> None:
    org.settings = {"retrieval": REST, "schema_version": "v2"}
    deals = org.stream("Deals")
    edit(org, "Deals", sorted(org.truth(deals)), Modified_Time="2024-03-01T00:00:00+00:00")
    body = {"code": "PAGINATION_LIMIT_EXCEEDED", "details": {}, "message": "x", "status": "error"}
    # The third page of the first list, and of the one that begins at that second.
    fault = {"match": "records.list:Deals", "times": 1, "do": "status"}
    fault |= {"args": {"status": 400, "body": body}}
    org.control("POST", "faults", [fault | {"after": 2}, fault | {"after": 6}])

    output = org.read(deals, expecting_exception=True)

    assert output.errors[-1].trace.error.failure_type.value == "config_error"
    assert (
        "records in the second 2024-03-01T00:00:00Z, which Zoho's REST lists cannot reach"
        in str(output.errors[-1].trace.error.message)
    )
    assert org.calls("records.list:Deals") == 7


@pytest.mark.parametrize("shown", [True, False], ids=["COQL shows them", "COQL hides them"])
def test_a_converted_lead_that_is_deleted_while_it_is_looked_for_doubles_no_other(
    org: Org, mocker, shown: bool
) -> None:
    org.settings = {"retrieval": COQL}
    org.control("POST", "knobs", {"coql_converted": shown})
    leads = narrow(org.stream("Leads"), "Email")
    ask, gone = ZohoRequester.ask, []

    def asking(requester, asked=None, *, params=None, body=None, **request):
        query = (body or {}).get("select_query", "")
        if "where id = " in query and not gone:
            gone.extend(query.split("where id = ")[1].split()[:1])
            delete(org, "Leads", gone)
        return ask(requester, asked, params=params, body=body, **request)

    mocker.patch.object(ZohoRequester, "ask", asking)

    output = org.read(leads)

    assert gone
    assert each_once(rows_of(output, "Leads")).keys() == org.truth(leads).keys()


def test_the_state_moves_on_while_converted_leads_are_read_by_lists(org: Org, mocker) -> None:
    mocker.patch("source_zoho_crm.readers.rest._ROWS_OF_A_WINDOW", 100)
    org.settings = {"retrieval": COQL}
    org.control("POST", "knobs", {"coql_converted": False})
    leads = narrow(org.stream("Leads"), "Email")
    ids = sorted(org.truth(leads))[:700]
    converted = [
        {
            "id": key,
            "$converted": True,
            "Modified_Time": f"2024-03-0{n % 7 + 1}T00:{n // 12:02}:00Z",
        }
        for n, key in enumerate(ids)
    ]
    org.control("PATCH", "records/Leads", converted)
    body = {"code": "INVALID_DATA", "details": {}, "message": "x", "status": "error"}
    args = {"status": 400, "body": body}
    fault = {"match": "records.list:Leads", "after": 4, "times": 5, "do": "status", "args": args}
    org.control("POST", "faults", [fault])

    first = org.read(leads, expecting_exception=True)

    org.control("DELETE", "faults")
    state = states_of(first, "Leads")[-1]
    assert state["stream"]["stream_state"]["Modified_Time"] > "2024-03-01"
    second = org.read(leads, state=[state])
    read = [*rows_of(first, "Leads"), *rows_of(second, "Leads", deleted=False)]
    assert {row["id"]: row for row in read} == org.truth(leads)
    assert len(read) < 1.5 * len(org.truth(leads)), "the second goes on where the first broke off"


# --- Exports -------------------------------------------------------------------------------------


def test_a_chain_of_exports_whose_deletions_are_not_listed_is_read_in_windows(
    org: Org, meanwhile
) -> None:
    """The next export counts from the rows that are left."""
    org.settings = {"retrieval": BULK, "schema_version": "v4"}
    deals = org.stream("Deals")
    gone = sorted(org.truth(deals))[:40]
    refusal = {"code": "INVALID_MODULE", "details": {}, "message": "no", "status": "error"}
    fault = {"match": "deleted:Deals", "do": "status", "args": {"status": 400, "body": refusal}}
    org.control("POST", "faults", [fault])
    org.control("POST", "knobs", {"bulk_rows": 300})
    done = meanwhile(None, second_page, lambda: delete(org, "Deals", gone))

    rows = each_once(rows_of(org.read(deals), "Deals"))

    assert done
    assert org.truth(deals).keys() <= rows.keys()


@pytest.mark.parametrize("module", ["Deals", UNSTAMPED])
def test_a_chain_of_exports_whose_page_token_expires_is_read_again(
    org: Org, mocker, module: str
) -> None:
    """The second export is gone when it is fetched, and so is what it was made by."""
    mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)
    org.settings = {"retrieval": BULK, "schema_version": "v8"}
    stream = org.stream(module)
    org.control("POST", "knobs", {"bulk_rows": 300})
    download, jobs = BulkRead.download, []

    def late(service: BulkRead, job: str, file: IO[bytes]) -> None:
        jobs.append(job)
        if len(jobs) == 2:
            later(org, 90_000)
        download(service, job, file)

    mocker.patch.object(BulkRead, "download", late)

    output = org.read(stream)

    assert len(jobs) > 2
    assert not output.errors
    assert each_once(rows_of(output, module)) == org.truth(stream)


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_a_chain_that_cannot_be_cut_ends_though_rows_are_deleted_all_the_time(
    org: Org, mocker, version: str
) -> None:
    """A module without Modified_Time."""
    mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)
    org.settings = {"retrieval": BULK, "schema_version": version}
    stream = org.stream(UNSTAMPED)
    before = org.truth(stream)
    org.control("POST", "knobs", {"bulk_rows": 100, "churn": 1, "churn_kind": "delete"})

    output = org.read(stream)

    org.control("POST", "knobs", {"churn": 0})
    assert not output.errors
    rows = each_once(rows_of(output, UNSTAMPED))
    assert org.truth(stream).keys() <= rows.keys() <= before.keys()
    assert org.truth(stream).keys() < before.keys()
    assert org.calls("bulk.create") <= 10, "twice"


# --- Deletions -----------------------------------------------------------------------------------


def test_tombstones_are_all_emitted_when_records_are_restored_meanwhile(
    org: Org, meanwhile
) -> None:
    deals = org.stream("Deals")
    state = states_of(org.read(deals), "Deals")[-1]
    gone = sorted(org.truth(deals))[:450]
    delete(org, "Deals", gone)
    later(org)
    back = gone[-30:]  # they head the list, which is sorted by time and id
    restored = f"restore/Deals?ids={','.join(back)}"
    done = meanwhile("Deals/deleted", second_page, lambda: org.control("POST", restored))

    output = org.read(deals, state=[state])

    assert done
    reported = {row["id"] for row in rows_of(output, "Deals") if row.get("_ab_cdc_deleted_at")}
    assert reported >= set(gone) - set(back)


def test_a_list_of_deletions_that_breaks_off_fails_and_is_not_taken_for_the_end(org: Org) -> None:
    deals = org.stream("Deals")
    state = states_of(org.read(deals), "Deals")[-1]
    gone = sorted(org.truth(deals))[:250]
    delete(org, "Deals", gone)
    later(org)
    refusal = {"code": "INVALID_MODULE", "details": {}, "message": "no", "status": "error"}
    args = {"status": 400, "body": refusal}
    fault = {"match": "deleted:Deals", "after": 1, "times": 1, "do": "status", "args": args}
    org.control("POST", "faults", [fault])

    output = org.read(deals, state=[state], expecting_exception=True)

    assert "INVALID_MODULE" in output.errors[-1].trace.error.message


def test_a_start_date_behind_the_state_leaves_no_deletion_out(org: Org) -> None:
    org.settings = {"start_datetime": "2026-01-01T00:00:00Z"}
    deals = org.stream("Deals")
    gone = min(org.truth(deals))
    delete(org, "Deals", [gone])
    later(org)

    output = org.read(deals, state=[state_of("Deals", "2025-12-31T00:00:00Z")])

    assert gone in {row["id"] for row in rows_of(output, "Deals") if row.get("_ab_cdc_deleted_at")}


def state_of(stream: str, timestamp: str) -> Row:
    descriptor = {"name": stream}
    state = {"stream_descriptor": descriptor, "stream_state": {"Modified_Time": timestamp}}
    return {"type": "STREAM", "stream": state}


# --- Long texts ----------------------------------------------------------------------------------

TEXT_CALLS = [pytest.param("v4", "Contracts/{}", id="one by one")]
TEXT_CALLS += [pytest.param("v8", "Contracts/actions/fetch_full_data", id="many at once")]


@pytest.fixture
def contract(org: Org) -> str:
    """The id of a contract whose text is longer than lists show."""
    org.settings = {"retrieval": REST}
    key = min(org.truth(org.stream("Contracts")))
    edit(org, "Contracts", [key], Clauses="old " * 500)
    later(org)
    return key


@pytest.mark.parametrize(("version", "path"), TEXT_CALLS)
def test_a_row_that_is_edited_before_its_text_is_fetched_comes_with_the_next_sync(
    org: Org, contract: str, meanwhile, version: str, path: str
) -> None:
    org.settings["schema_version"] = version
    contracts = org.stream("Contracts")
    new = {"Clauses": "new " * 500, "State": "Ended"}
    done = meanwhile(
        path.format(contract), lambda _: True, lambda: edit(org, "Contracts", [contract], **new)
    )

    first = org.read(contracts)

    assert done
    rows = each_once(rows_of(first, "Contracts"))
    assert contract not in rows, "else it would mix two versions"
    later(org)
    second = org.read(contracts, state=states_of(first, "Contracts")[-1:])
    assert rows | each_once(rows_of(second, "Contracts")) == org.truth(contracts)


@pytest.mark.parametrize(("version", "path"), TEXT_CALLS)
@pytest.mark.parametrize("answer", ["nothing", "INVALID_DATA"])
def test_a_row_that_is_deleted_before_its_text_is_fetched_is_kept(
    org: Org, contract: str, meanwhile, version: str, path: str, answer: str
) -> None:
    org.settings |= {"schema_version": version, "max_concurrent_requests": 1}
    contracts = org.stream("Contracts")
    other = max(org.truth(contracts))
    edit(org, "Contracts", [other], Clauses="other " * 500)
    later(org)
    truth = org.truth(contracts)
    done = meanwhile(
        path.format(contract), lambda _: True, lambda: delete(org, "Contracts", [contract])
    )
    if answer == "INVALID_DATA":
        body = {"code": answer, "details": {}, "message": "the id given seems to be invalid"}
        calls = ["records.get"] if version == "v4" else ["records.fetch_full_data"] * 2
        for after, call in enumerate(calls):
            # At once: the call for both, and the one for the first alone.
            fault = {"match": call, "after": 0, "times": 1, "do": "status"}
            args = {"status": 400, "body": {**body, "status": "error"}}
            org.control("POST", "faults", [{**fault, "after": after, "args": args}])

    output = org.read(contracts)

    assert done
    rows = each_once(rows_of(output, "Contracts"))
    assert rows.keys() == truth.keys()
    assert rows[contract]["Clauses"] == truth[contract]["Clauses"][:500]
    assert rows[other] == truth[other]
    assert "1 records were deleted while they were read" in messages(output)
