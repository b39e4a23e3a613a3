"""Brakes stop a run that goes wrong: too many rejected rows, too many deletions."""

import pytest

from unit_tests.destination.conftest import Org, row, state, stream


@pytest.mark.parametrize(
    ("limit", "bad", "good", "stopped"),
    [
        ("0", 1, 5, True),
        ("2", 2, 5, False),
        ("2", 3, 5, True),
        ("10%", 50, 0, False),
        ("10%", 11, 99, False),
        ("10%", 12, 99, True),
        (None, 60, 60, False),
    ],
    ids=["none at all", "as many", "one more", "too few rows", "share kept", "share passed", "off"],
)
def test_a_run_stops_at_the_limit_of_rejected_rows(
    org: Org, limit: str | None, bad: int, good: int, stopped: bool
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
        assert "rows were rejected, and Most Rejected Rows (max_rejected) is 10%" in result.sentence
    else:
        assert result.counts() == {"created": 1_140, "rejected": 60}


def test_a_share_of_rejected_rows_is_judged_once_more_at_the_end(org: Org) -> None:
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
