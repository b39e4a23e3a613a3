"""Deleted records, converted leads and rich text: what lists and queries hide."""

import pytest

from source_zoho_crm.readers.tombstones import DELETED_AT
from unit_tests.source.conftest import METHODS, Org, rows_of, states_of


def latest(*runs):
    """A warehouse: the row with the latest cursor wins; it is dropped where it was deleted."""
    table = {}
    for rows in runs:
        for row in sorted(rows, key=lambda row: row["Modified_Time"]):
            if row["Modified_Time"] >= table.get(row["id"], row)["Modified_Time"]:
                table[row["id"]] = row
    return {key: row for key, row in table.items() if not row.get("_ab_cdc_deleted_at")}


@pytest.mark.parametrize("retrieval", METHODS[:2])
def test_deleted_records_leave_the_warehouse_and_restored_ones_come_back(
    own_org: Org, retrieval
) -> None:
    own_org.settings = {"retrieval": retrieval}
    deals = own_org.stream("Deals")
    first = own_org.read(deals)
    binned, gone, restored, *_ = sorted(own_org.truth(deals))
    own_org.control("DELETE", f"records/Deals?ids={binned},{restored}&type=recycle")
    own_org.control("DELETE", f"records/Deals?ids={gone}&type=permanent")
    own_org.control("POST", "clock", {"advance_s": 3_600})

    second = own_org.read(deals, state=[states_of(first, "Deals")[-1]])

    tombstones = {row["id"]: row for row in rows_of(second, "Deals") if "Owner" not in row}
    assert {binned, gone, restored} <= set(tombstones)
    one = tombstones[gone]
    assert one["Modified_Time"] == one["_ab_cdc_deleted_at"] == one["_ab_cdc_updated_at"]
    assert latest(rows_of(first, "Deals"), rows_of(second, "Deals")) == own_org.truth(deals)

    own_org.control("POST", f"restore/Deals?ids={restored}")
    own_org.control("POST", "clock", {"advance_s": 3_600})
    third = own_org.read(deals, state=[states_of(second, "Deals")[-1]])
    table = latest(*(rows_of(run, "Deals") for run in (first, second, third)))
    assert restored in table
    assert table == own_org.truth(deals)


def test_each_deletion_is_emitted_once(own_org: Org) -> None:
    deals = own_org.stream("Deals")
    state = states_of(own_org.read(deals), "Deals")[-1]
    own_org.control("DELETE", f"records/Deals?ids={min(own_org.truth(deals))}&type=recycle")
    own_org.control("POST", "clock", {"advance_s": 3_600})

    second = own_org.read(deals, state=[state])
    own_org.control("POST", "clock", {"advance_s": 3_600})
    third = own_org.read(deals, state=[states_of(second, "Deals")[-1]])

    assert len(rows_of(second, "Deals")) == 1
    assert rows_of(third, "Deals") == []


def test_deletions_can_be_left_out(own_org: Org) -> None:
    own_org.settings = {"include_deleted": False}
    deals = own_org.stream("Deals")
    assert "_ab_cdc_deleted_at" not in deals["json_schema"]["properties"]
    state = states_of(own_org.read(deals), "Deals")[-1]
    own_org.control("DELETE", f"records/Deals?ids={min(own_org.truth(deals))}&type=recycle")
    own_org.control("POST", "clock", {"advance_s": 3_600})
    own_org.control("POST", "reset", {})

    assert rows_of(own_org.read(deals, state=[state]), "Deals") == []
    assert own_org.calls("deleted") == 0


def test_a_state_that_is_too_old_says_which_deletions_are_lost(org: Org) -> None:
    deals = org.streams()["Deals"]
    state = states_of(org.read(deals), "Deals")[-1]
    state["stream"]["stream_state"]["Modified_Time"] = "2020-01-01T00:00:00Z"

    output = org.read(deals, state=[state])

    (reported,) = (
        log.log.message
        for log in output.logs
        if "no longer lists what was deleted" in log.log.message
    )
    assert "the saved state is of 2020-01-01T00:00:00Z" in reported
    assert "If no sync has run since then" in reported, "a first sync that broke off may have"
    assert "a refresh of this stream drops them" in reported


@pytest.mark.parametrize("shown", [True, False], ids=["COQL shows them", "COQL hides them"])
def test_converted_leads_come_along(own_org: Org, shown: bool) -> None:
    own_org.control("POST", "knobs", {"coql_converted": shown})
    leads = own_org.stream("Leads")

    first = own_org.read(leads)

    truth = own_org.truth(leads)
    assert latest(rows_of(first, "Leads")) == truth
    assert len(rows_of(first, "Leads")) == len(truth)
    rows = own_org.control("GET", "records/Leads")
    converted = next(row["id"] for row in rows if row["Converted__s"])
    own_org.control("PATCH", "records/Leads", {"id": converted, "Company": "Another"})
    own_org.control("POST", "clock", {"advance_s": 3_600})
    second = own_org.read(leads, state=[states_of(first, "Leads")[-1]])
    assert [row["id"] for row in rows_of(second, "Leads", deleted=False)] == [converted]
    assert latest(rows_of(first, "Leads"), rows_of(second, "Leads")) == own_org.truth(leads)


@pytest.mark.parametrize(
    ("retrieval", "calls"),
    [
        pytest.param({"use_coql": "disabled", "api_type": "REST"}, "records.list", id="REST"),
        pytest.param({"use_coql": "disabled", "api_type": "Bulk"}, "bulk.create", id="Bulk"),
    ],
)
def test_what_a_broken_first_sync_brought_has_a_tombstone_when_it_is_deleted(
    own_org: Org, retrieval, calls: str
) -> None:
    own_org.settings = {"retrieval": retrieval}
    own_org.control("POST", "knobs", {"bulk_rows": 1_000, "bulk_job_seconds": 0})
    leads = own_org.stream("Leads")
    refusal = {"code": "INVALID_DATA", "details": {}, "message": "broken", "status": "error"}
    fault = {"match": calls, "after": 20 if calls == "records.list" else 2, "times": 50}
    answer = {"do": "status", "args": {"status": 400, "body": refusal}}
    own_org.control("POST", "faults", [fault | answer])
    first = own_org.read(leads, expecting_exception=True)
    own_org.control("DELETE", "faults")
    brought = {row["id"] for row in rows_of(first, "Leads")}
    gone = min(brought)
    own_org.control("DELETE", f"records/Leads?ids={gone}&type=recycle")
    own_org.control("POST", "clock", {"advance_s": 300})

    second = own_org.read(leads, state=states_of(first, "Leads")[-1:])

    assert gone in brought
    assert latest(rows_of(first, "Leads"), rows_of(second, "Leads")) == own_org.truth(leads)


@pytest.mark.parametrize("start", [None, "2016-01-01T00:00:00Z"])
@pytest.mark.parametrize(
    "retrieval",
    METHODS,
)
def test_a_first_sync_that_is_cut_off_amid_its_rows_has_a_state_by_which_deletions_are_emitted(
    own_org: Org, retrieval, start: str | None
) -> None:
    """A platform that kept the rows keeps the state as well, which came before them."""
    own_org.settings = {"retrieval": retrieval, "start_datetime": start}
    deals = own_org.stream("Deals")
    messages = own_org.read(deals).records_and_state_messages
    first = next(n for n, message in enumerate(messages) if message.type.value == "RECORD")
    before = [message for message in messages[:first] if message.type.value == "STATE"]
    gone = messages[first].record.data["id"]
    own_org.control("DELETE", f"records/Deals?ids={gone}&type=recycle")
    own_org.control("POST", "clock", {"advance_s": 3_600})
    reported = before[-1].state.stream.stream_state.__dict__
    descriptor = {"stream_descriptor": {"name": "Deals"}, "stream_state": reported}

    second = own_org.read(deals, state=[{"type": "STREAM", "stream": descriptor}])

    assert gone in {row["id"] for row in rows_of(second, "Deals") if row.get(DELETED_AT)}
    read = {row["id"] for row in rows_of(second, "Deals", deleted=False)}
    since = start or ""
    assert read == {k for k, row in own_org.truth(deals).items() if row["Modified_Time"] >= since}
