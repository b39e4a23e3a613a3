"""A run fails where too many rows are rejected, or too many deletions are asked for."""

from pathlib import Path

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.destination.conftest import Org, row, state, stream


@pytest.mark.parametrize(
    ("limit", "bad", "good", "stopped"),
    [
        ("0", 1, 5, True),
        (0, 1, 5, True),
        (2, 2, 5, False),
        (2, 3, 5, True),
        ("2", 2, 5, False),
        ("2", 3, 5, True),
        ("10%", 19, 0, False),
        ("10%", 60, 0, True),
        ("10%", 2, 18, False),
        ("10%", 3, 17, True),
        ("100%", 60, 0, False),
        (100, 60, 0, False),
        ("10%", 11, 99, False),
        ("10%", 12, 99, True),
        (None, 60, 60, False),
    ],
    ids=[
        *("none at all", "the number 0", "as many as a number", "more than a number"),
        *("as many", "one more", "too few rows", "few rows, all of them", "few rows, share kept"),
        *("few rows, share passed", "all of them may be", "fewer than a number", "share kept"),
        *("share passed", "off"),
    ],
)
def test_a_run_stops_at_the_limit_of_rejected_rows(
    org: Org, limit: str | int | None, bad: int, good: int, stopped: bool
) -> None:
    rows = [{"Last_Name": f"G{n}"} for n in range(good)]
    rows += [{"Last_Name": f"B{n}", "Loyalty_Points": "many"} for n in range(bad)]

    result = org.write(stream("Contacts", "Last_Name", "Loyalty_Points"), rows, max_rejected=limit)

    assert (result.failure is not None) == stopped
    if stopped:
        assert f"(max_rejected) is {limit}" in result.sentence


@pytest.mark.parametrize("by", ["us", "Zoho"])
@pytest.mark.parametrize(("every", "stopped"), [(20, False), (8, True)], ids=["5 %", "12 %"])
def test_a_share_of_rejected_rows_does_not_hang_on_how_fast_zoho_answers(
    org: Org, by: str, every: int, stopped: bool
) -> None:
    """Rows that wait for their answers are good until Zoho says otherwise."""
    org.knobs(latency_ms=100)
    bad = {"us": {"Loyalty_Points": "many"}, "Zoho": {"Email": "bad"}}[by]
    rows = [{"Last_Name": f"N{n}", **(bad if n % every == every - 1 else {})} for n in range(1_200)]

    result = org.write(stream("Contacts", "Last_Name", *bad), rows, max_rejected="10%")
    org.knobs(latency_ms=0)

    assert (result.failure is not None) == stopped
    if stopped:
        assert (
            "rows were rejected, and Maximum rejected rows (max_rejected) is 10%" in result.sentence
        )
    else:
        assert result.counts() == {"created": 1_140, "rejected": 60}


def test_a_share_of_rejected_rows_is_checked_again_at_the_end(org: Org) -> None:
    """The answers of the last batches come when all rows are taken."""
    contacts = stream("Contacts", "Last_Name", "Email")
    rows = [{"Last_Name": f"N{n}", **({"Email": "bad"} if n < 30 else {})} for n in range(120)]

    result = org.write(contacts, rows, max_rejected="24%")

    assert "30 of 120 rows were rejected" in result.sentence
    assert len(result.states) == 1


def test_a_stopped_run_acknowledges_what_was_written(org: Org) -> None:
    leads = stream("Leads", "Last_Name", "Lead_Score")
    good, bad = (
        row("Leads", {"Last_Name": "L"}),
        row("Leads", {"Last_Name": "L", "Lead_Score": "x"}),
    )

    result = org.write_lines(
        [leads], [good, state("Leads", 1), bad, good, state("Leads", 2)], max_rejected="0"
    )

    assert [message["state"]["id"] for message in result.states] == [1]
    assert "1 of " in result.sentence


@pytest.mark.parametrize(("number", "stopped"), [(3, False), (4, True)])
def test_a_delete_stream_stops_at_its_limit(org: Org, number: int, stopped: bool) -> None:
    ids = [org.add("Leads", Last_Name="L") for _ in range(number)]
    gone = stream("gone", "id", mode="soft_delete", key="id", into="Leads")

    # A key that comes twice is one deletion.
    result = org.write(gone, [{"id": i} for i in (*ids, ids[0])], max_deletes=3)

    left = set(ids) & {record["id"] for record in org.records("Leads")}
    assert (result.failure is not None) == stopped
    assert bool(left) == stopped
    if stopped:
        assert "more than 3 deletions from Leads" in result.sentence
        assert result.states == []


def test_a_deletion_that_comes_again_after_a_state_counts_once(org: Org) -> None:
    ids = [org.add("Leads", Last_Name="L") for _ in range(3)]
    gone = stream("gone", "id", mode="soft_delete", key="id", into="Leads")
    lines = [
        line
        for n in range(3)
        for line in (*(row("gone", {"id": one}) for one in ids), state("gone", n))
    ]

    result = org.write_lines([gone], lines, max_deletes=3)

    assert result.failure is None
    assert result.counts() == {"deleted": 3}


LEADS = stream("Leads", "Last_Name", "Email", "Lead_Score")
ACCOUNTS = stream("Accounts", "Account_Name")


@pytest.mark.parametrize("by", ["us", "Zoho"])
@pytest.mark.parametrize(("bad", "good", "fails"), [(20, 0, True), (19, 0, False), (20, 1, False)])
def test_a_stream_whose_rows_are_all_rejected_fails_the_sync_when_all_else_is_done(
    org: Org, by: str, bad: int, good: int, fails: bool
) -> None:
    wrong = {"us": {"Lead_Score": "x"}, "Zoho": {"Email": "secret"}}[by]
    lines = [row("Leads", {"Last_Name": "L", **wrong}) for _ in range(bad)]
    lines += [row("Leads", {"Last_Name": "L"}) for _ in range(good)]
    lines += [state("Leads", 1), row("Accounts", {"Account_Name": "A"}), state("Accounts", 2)]

    result = org.write_lines([LEADS, ACCOUNTS], lines)

    assert sorted(message["state"]["id"] for message in result.states) == [1, 2]
    assert org.record("Accounts", Account_Name="A")
    assert (result.failure is not None) == fails
    if result.failure:
        assert result.failure.failure_type == FailureType.config_error
        field = next(iter(wrong))
        said = f"Leads: all 20 rows were rejected, 20 of them with INVALID_DATA in {field}; the log"
        assert result.sentence.startswith(said)
        assert "set Maximum rejected rows (max_rejected) to 100%" in result.sentence
        assert "secret" not in result.sentence


@pytest.mark.parametrize(("mode", "deleted"), [("soft_delete", None), ("update", "2026-01-01")])
def test_rows_for_another_stream_fail_none(org: Org, mode: str, deleted: str | None) -> None:
    """A table of which nothing was deleted yet, or all."""
    leads = stream("Leads", "id", "Company", "_ab_cdc_deleted_at", mode=mode, key="id")
    rows = [{"id": "9" * 19, "Company": "C", "_ab_cdc_deleted_at": deleted} for _ in range(30)]

    result = org.write(leads, rows)

    assert result.failure is None
    assert result.counts() == {"rejected": 30}


def test_all_streams_whose_rows_are_all_rejected_are_reported_at_once(org: Org) -> None:
    contacts = stream("Contacts", "Last_Name", "Loyalty_Points")
    lines = [row("Leads", {"Last_Name": "L", "Lead_Score": "x"})] * 20
    lines += [row("Contacts", {"Last_Name": "L", "Loyalty_Points": "x"})] * 30

    result = org.write_lines([LEADS, contacts], [*lines, state(None)])

    assert "Leads: all 20 rows" in result.sentence
    assert "Contacts: all 30 rows" in result.sentence


@pytest.mark.parametrize("limit", ["100%", 20])
def test_a_limit_of_rejected_rows_alone_decides_where_it_is_set(org: Org, limit: str | int) -> None:
    rows = [{"Last_Name": "L", "Lead_Score": "x"}] * 20

    result = org.write(LEADS, rows, max_rejected=limit)

    assert result.failure is None
    assert result.counts() == {"rejected": 20}


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("limit", [None, 5])
@pytest.mark.parametrize("kept", [True, False])
def test_inserts_of_unknown_outcome_that_are_kept_nowhere_fail_the_sync(
    org: Org, tmp_path: Path, kept: bool, limit: int | None
) -> None:
    """Not as a transient error, of which the platform would try again and double them."""
    org.fail("insert", "body", body="<html>", times=1)
    org.fail("coql", status=400, body={"code": "INVALID_QUERY", "message": "m", "details": {}})
    storage = {"storage_type": "Local", "folder": str(tmp_path)} if kept else None

    result = org.write(
        stream("Leads", "Last_Name"),
        [{"Last_Name": "secret"}],
        object_storage_config=storage,
        max_rejected=limit,
    )

    assert result.counts() == {"rejected": 1}
    assert (result.failure is None) == (kept or limit is not None)
    if result.failure:
        assert result.failure.failure_type == FailureType.config_error
        assert "it is not known whether 1 row is in Zoho" in result.sentence
        assert "name a folder or a bucket in Rejected rows" in result.sentence
        assert "secret" not in result.sentence


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("kept", [True, False])
def test_a_zoho_that_is_down_is_no_reason_to_try_again_what_may_be_there(
    org: Org, tmp_path: Path, kept: bool
) -> None:
    org.fail("insert", times=9999, status=500)
    storage = {"storage_type": "Local", "folder": str(tmp_path)} if kept else None
    lines = [line for n in range(20) for line in (row("Leads", {"Last_Name": f"{n}"}), state(None))]

    result = org.write_lines([stream("Leads", "Last_Name")], lines, object_storage_config=storage)

    assert result.failure
    assert "Zoho gives no answer to inserts into Leads" in result.sentence
    kind = FailureType.transient_error if kept else FailureType.config_error
    assert result.failure.failure_type == kind
