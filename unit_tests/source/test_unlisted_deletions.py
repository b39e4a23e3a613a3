"""Deletions that cannot be emitted: the sync says so, and does nothing worse."""

import pytest

from unit_tests.source.conftest import Org, narrow, rows_of, states_of

LOCKS = "Locking_Information__s"


def logs(output) -> list[str]:
    return [entry.log.message for entry in output.logs]


def test_without_the_column_of_the_mark_no_tombstone_comes_and_the_log_says_so(
    own_org: Org,
) -> None:
    deals = narrow(own_org.stream("Deals"), "Stage")
    state = states_of(own_org.read(deals), "Deals")[-1]
    own_org.control("DELETE", f"records/Deals?ids={min(own_org.truth(deals))}&type=recycle")
    own_org.control("POST", "clock", {"advance_s": 3_600})

    second = own_org.read(deals, state=[state])

    assert rows_of(second, "Deals") == []
    (reported,) = (line for line in logs(second) if "_ab_cdc_deleted_at is not selected" in line)
    assert reported.startswith("Deals: deletions are not emitted")


def test_a_user_who_may_not_see_deletions_gets_the_changes_all_the_same(own_org: Org) -> None:
    deals = own_org.stream("Deals")
    state = states_of(own_org.read(deals), "Deals")[-1]
    one = min(own_org.truth(deals))
    own_org.control("PATCH", "records/Deals", {"id": one, "Stage": "Closed Won"})
    own_org.control("POST", "clock", {"advance_s": 3_600})
    refusal = {"code": "NO_PERMISSION", "details": {}, "message": "no", "status": "error"}
    fault = {"match": "deleted", "do": "status", "args": {"status": 403, "body": refusal}}
    own_org.control("POST", "faults", [fault])

    second = own_org.read(deals, state=[state])

    assert [row["id"] for row in rows_of(second, "Deals")] == [one]
    assert [line for line in logs(second) if "(NO_PERMISSION); they stay in the warehouse" in line]


@pytest.mark.parametrize("api_type", ["COQL", "REST", "Bulk"])
def test_deletions_that_are_refused_for_a_scope_fail_the_stream_and_move_no_state(
    org: Org, api_type: str
) -> None:
    coql = {"use_coql": "enabled"}
    retrieval = coql if api_type == "COQL" else {"use_coql": "disabled", "api_type": api_type}
    org.settings = {"retrieval": retrieval}
    deals = org.streams()["Deals"]
    state = states_of(org.read(deals), "Deals")[-1]
    refusal = {"code": "OAUTH_SCOPE_MISMATCH", "details": {}, "message": "no", "status": "error"}
    fault = {"match": "deleted:Deals", "do": "status", "args": {"status": 401, "body": refusal}}
    org.control("POST", "faults", [fault])

    second = org.read(deals, state=[state], expecting_exception=True)

    assert "/Deals/deleted because of a missing scope" in second.errors[0].trace.error.message
    reported = [after["stream"]["stream_state"] for after in states_of(second, "Deals")]
    assert all(after == state["stream"]["stream_state"] for after in reported)

    # A first sync has no deletions to emit.
    assert {row["id"] for row in rows_of(org.read(deals), "Deals")} == org.truth(deals).keys()


@pytest.mark.parametrize("retrieval", [{"use_coql": "enabled"}, {"use_coql": "disabled"}])
def test_a_table_of_zoho_s_own_that_is_refused_ends_empty_each_time(
    own_org: Org, retrieval
) -> None:
    own_org.settings = {"retrieval": retrieval | {"api_type": "REST"}}
    stream = own_org.stream(LOCKS)
    state = states_of(own_org.read(stream), LOCKS)[-1:]
    own_org.control("POST", "knobs", {"refused_modules": LOCKS})
    own_org.control("POST", "clock", {"advance_s": 3_600})

    for states in ([], state):
        output = own_org.read(stream, state=states)

        assert rows_of(output, LOCKS) == []
        assert output.errors == []
