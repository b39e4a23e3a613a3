"""The REST lists where rows are easily lost: at the ends of pages, chains and seconds."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from source_zoho_crm.readers import rest, whole_rows
from unit_tests.source.conftest import (
    COQL,
    REST,
    UNSTAMPED,
    Org,
    Row,
    as_seeded,
    narrow,
    rows_of,
    states_of,
    unstamped_stream,
)
from unit_tests.source.reading import RestReading, calls_of
from unit_tests.source.test_rest_reader import Asked
from zoho_crm.fields import Field
from zoho_crm.requester import ZohoRequester
from zoho_emulator.server import Settings, running

CHILD = "Quoted_Items"
#: Contacts come in several groups of columns.
ROWS = {"Contacts": 700, "Accounts": 201, "Quotes": 12, UNSTAMPED: 201}
BEGIN = datetime(2024, 3, 1, tzinfo=UTC)
EXPIRED = {"code": "EXPIRED_VALUE", "details": {}, "message": "x", "status": "error"}


@pytest.fixture(scope="module")
def _org() -> Iterator[Org]:
    settings = Settings(rows=5, rows_by_module=ROWS, modules=62, fields_by_module={CHILD: 70})
    with running(settings, {"tokens_per_10_min": 0}) as server:
        yield Org(server)


@pytest.fixture
def org(_org: Org) -> Org:
    """An org that the test may change; the next one has it as it was."""
    return as_seeded(_org)


def ids_of(output: Any, stream: str) -> list[str]:
    assert not output.errors
    return sorted(row["id"] for row in rows_of(output, stream))


def now(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def truth(org: Org, module: str) -> dict[str, Row]:
    return {row["id"]: row for row in org.control("GET", f"records/{module}")}


@pytest.mark.parametrize("call", [0, 1, 2, 3])
@pytest.mark.parametrize("version", ["v4", "v8"])
def test_a_page_token_of_another_group_of_columns_expires(
    org: Org, version: str, call: int
) -> None:
    org.settings = {"retrieval": REST, "schema_version": version}
    contacts = org.stream("Contacts")
    fault = {"match": "records.list:Contacts", "where": "page_token=", "after": call, "times": 1}
    fault |= {"do": "status", "args": {"status": 400, "body": EXPIRED}}
    org.control("POST", "faults", [fault])

    read = ids_of(org.read(contacts), "Contacts")

    assert org.control("GET", "faults")[0]["hits"] == 1
    assert read == sorted(truth(org, "Contacts"))


def delete_behind_a_page(org: Org, mocker, module: str, row: int) -> list[str]:
    """Deletes a row of the first page once that page has come; returns its id then."""
    ask, gone = ZohoRequester.ask, []

    def asking(requester, path=None, **request):
        answer = ask(requester, path, **request)
        if path == module and not gone and len(answer.rows) == 200:
            gone.append(answer.rows[row]["id"])
            org.control("DELETE", f"records/{module}?ids={gone[0]}&type=recycle")
        return answer

    mocker.patch.object(ZohoRequester, "ask", asking)
    return gone


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_the_only_row_of_the_last_page_moves_forward(org: Org, mocker, version: str) -> None:
    """The whole list is of one second, so that its page alone could not be a block."""
    org.settings = {"retrieval": REST, "schema_version": version}
    org.control("POST", "knobs", {"page_tokens": "count"})
    accounts = narrow(org.stream("Accounts"), "Account_Name")
    stamp = {"Modified_Time": "2024-03-01T00:00:00+00:00"}
    org.control("PATCH", "records/Accounts", [{"id": k, **stamp} for k in truth(org, "Accounts")])
    gone = delete_behind_a_page(org, mocker, "Accounts", 0)

    read = ids_of(org.read(accounts), "Accounts")

    assert gone
    assert read == sorted([*truth(org, "Accounts"), *gone])


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_the_only_row_of_the_last_page_moves_forward_in_a_list_by_id(
    org: Org, mocker, version: str
) -> None:
    """Its reading has ended with a row that stands before the end of the list."""
    org.settings = {"retrieval": REST, "schema_version": version}
    org.control("POST", "knobs", {"page_tokens": "count"})
    stream = unstamped_stream(org)
    gone = delete_behind_a_page(org, mocker, UNSTAMPED, 5)

    read = ids_of(org.read(stream), UNSTAMPED)

    assert gone
    assert read == sorted([*truth(org, UNSTAMPED), *gone])


@pytest.mark.parametrize("version", ["v2", "v4", "v8"])
def test_a_second_that_is_complete_proves_no_later_row(org: Org, mocker, version: str) -> None:
    """It fills two pages, and the first row after it moves into them while it is read again."""
    for module in (rest, whole_rows):
        mocker.patch.object(module, "PER_PAGE", 20)
    org.control("POST", "knobs", {"page_tokens": "count"})
    ids = list(truth(org, "Accounts"))
    crowd, behind = ids[:41], ids[41:]
    timestamps = dict.fromkeys(crowd, BEGIN) | {
        key: BEGIN + timedelta(seconds=10 * n) for n, key in enumerate(behind, 1)
    }
    rows = [{"id": key, "Modified_Time": at.isoformat()} for key, at in timestamps.items()]
    org.control("PATCH", "records/Accounts", rows)
    asked, lists, further, gone = Asked(org, version), 0, 0, crowd[:2]

    def meanwhile(path: str, params: dict[str, str]) -> None:
        nonlocal lists, further
        if params.keys() & {"page", "page_token"}:
            further += 1
            if (lists, further) == (3, 2):
                org.control("DELETE", f"records/Accounts?ids={gone[1]}&type=recycle")
            return
        lists, further = lists + 1, 0
        if lists == 3:
            # All that the first reading of the second has shown after it moves on.
            edited = [{"id": key, "Description": "x"} for key in behind[:19]]
            org.control("PATCH", "records/Accounts", edited)
            org.control("DELETE", f"records/Accounts?ids={gone[0]}&type=recycle")

    asked.before = meanwhile
    fields = [Field("Modified_Time", "datetime"), Field("Account_Name", "text")]
    tokens = version != "v2"
    limits = {"rest_columns": 50 * tokens, "rest_tokens": tokens, "rest_chain_rows": 50_000}
    calls = calls_of("Accounts", asked)
    reader = RestReading(calls, fields, limits, lists_deletions=False)
    end = datetime.now(UTC) - timedelta(minutes=1)

    parts = list(reader.read_changes(datetime(1970, 1, 1, tzinfo=UTC), end))

    read = Counter(row["id"] for part in parts if isinstance(part, list) for row in part)
    assert lists > 3
    assert set(read.values()) == {1}
    assert read.keys() == set(ids)


def edit_between_groups(org: Org, mocker, module: str, key: str, times: int) -> list[str]:
    """Edits a row after so many calls for the first group of its columns."""
    ask, groups, done = ZohoRequester.ask, [], []

    def asking(requester, path=None, *, params=None, **request):
        answer = ask(requester, path, params=params, **request)
        columns = (params or {}).get("fields", "")
        if path == module and "," in columns:
            groups.append(columns)
            shown = any(row["id"] == key for row in answer.rows)
            if columns == groups[0] and shown and len(done) < times:
                org.control("POST", "clock", {"advance_s": 2})
                done.append(f"Edit {len(done)}")
                org.control("PATCH", f"records/{module}", {"id": key, "Description": done[-1]})
        return answer

    mocker.patch.object(ZohoRequester, "ask", asking)
    return done


@pytest.mark.parametrize("version", ["v4", "v8"])
@pytest.mark.parametrize("times", [1, 3, 99], ids=["once", "thrice", "each time"])
def test_a_child_that_is_edited_between_its_groups_of_columns_comes(
    org: Org, mocker, version: str, times: int
) -> None:
    """No later page and no later sync has it: the child is read whole, to the end of its list."""
    org.settings = {"retrieval": REST, "schema_version": version, "max_concurrent_requests": 1}
    child = org.stream(CHILD)
    assert child["supported_sync_modes"] == ["full_refresh"]
    key = min(truth(org, CHILD))
    done = edit_between_groups(org, mocker, CHILD, key, times)

    output = org.read(child)

    mocker.stopall()
    assert 0 < len(done) < 8
    assert ids_of(output, CHILD) == sorted(truth(org, CHILD))
    warned = any("as they were read last" in entry.log.message for entry in output.logs)
    assert warned == (times == 99)
    if not warned:
        assert {row["id"]: row for row in rows_of(output, CHILD)} == org.truth(child)


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_a_row_of_a_span_without_end_is_read_anew_when_it_was_edited_before_its_text_came(
    org: Org, version: str
) -> None:
    before = truth(org, "Contracts")
    key = min(before)
    org.control("PATCH", "records/Contracts", {"id": key, "Clauses": "old " * 500})
    asked, edited = Asked(org, version), []

    def edit(path: str, params: dict[str, str]) -> None:
        if path != "Contracts" and "deleted" not in path and not edited:
            edited.append(path)
            org.control("POST", "clock", {"advance_s": 10})
            org.control("PATCH", "records/Contracts", {"id": key, "Clauses": "new " * 500})

    asked.before = edit
    fields = [Field("Modified_Time", "datetime"), Field("Clauses", "textarea", is_rich_text=True)]
    limits = {"rest_columns": 50, "rest_tokens": 1, "rest_chain_rows": 100_000}
    limits["rich_ids"] = 200 if version == "v8" else 0
    reader = RestReading(calls_of("Contracts", asked), fields, limits)
    end = datetime.now(UTC) + timedelta(days=365)

    parts = list(reader.read_changes(datetime(1970, 1, 1, tzinfo=UTC), end))

    assert edited
    rows = [row for part in parts if isinstance(part, list) for row in part]
    assert sorted(row["id"] for row in rows) == sorted(before)
    assert [row["Clauses"] for row in rows if row["id"] == key] == ["new " * 500]


def repeat(org: Org, call: str, rows: list[Row]) -> None:
    """Has Zoho answer some calls with the same page, which promises more."""
    info = {"per_page": 200, "count": len(rows), "page": 1, "more_records": True}
    info |= {"next_page_token": "same"} if call.startswith("records") else {}
    body = {"data": rows, "info": info}
    fault = {"match": call, "times": 12, "do": "body", "args": {"status": 200, "body": body}}
    org.control("POST", "faults", [fault])


@pytest.mark.parametrize(
    ("call", "module", "retrieval", "version"),
    [
        pytest.param("records.list", "Accounts", REST, "v2", id="REST by pages"),
        pytest.param("records.list", "Accounts", REST, "v8", id="REST by tokens"),
        pytest.param("records.list", UNSTAMPED, REST, "v8", id="REST by id"),
        pytest.param("coql", "Accounts", COQL, "v8", id="COQL"),
        pytest.param("coql", UNSTAMPED, COQL, "v4", id="COQL by id"),
        pytest.param("deleted", "Accounts", REST, "v4", id="moved rows"),
    ],
)
def test_a_list_that_repeats_a_page_ends_with_an_error(
    org: Org, call: str, module: str, retrieval: Row, version: str
) -> None:
    org.settings = {"retrieval": retrieval, "schema_version": version}
    org.settings["max_concurrent_requests"] = 1
    column = "Account_Name" if module == "Accounts" else "Name"
    stream = org.stream(module)
    if module == "Accounts":
        stream = narrow(stream, column)
    rows = list(truth(org, module).values())[:30]
    rows = [{name: row.get(name) for name in ("id", "Modified_Time", column)} for row in rows]
    if call == "deleted":
        rows = [{"id": "1", "deleted_time": "2024-03-01T00:00:00+00:00", "type": "recycle"}]
        stamp = {"Modified_Time": "2024-03-01T00:00:00+00:00"}
        org.control("PATCH", f"records/{module}", [{"id": k, **stamp} for k in truth(org, module)])
    repeat(org, f"{call}:{module}", rows)

    output = org.read(stream, expecting_exception=True)

    error = output.errors[-1].trace.error
    assert error.failure_type.value == "transient_error"
    assert f"{module}: Zoho gave the same page twice and promised more" in str(error.message)
    assert org.calls(f"{call}:{module}") <= 4


def test_a_list_of_deletions_that_repeats_a_page_ends_with_an_error(org: Org) -> None:
    accounts = narrow(org.stream("Accounts"), "Account_Name", "_ab_cdc_deleted_at")
    state = states_of(org.read(accounts), "Accounts")[-1:]
    entry = {"id": "1", "deleted_time": "2024-03-01T00:00:00+00:00", "type": "recycle"}
    repeat(org, "deleted:Accounts", [entry])

    output = org.read(accounts, state=state, expecting_exception=True)

    error = output.errors[-1].trace.error
    assert error.failure_type.value == "transient_error"
    assert "Accounts: Zoho gave the same page twice" in str(error.message)
