"""Automatic takes a job where it costs fewer credits, calls elsewhere, and says what jobs would
have saved."""

from collections.abc import Iterable

import pytest

from destination_zoho_crm.bulk_plan import CREDITS_OF_A_JOB, FEWEST_ROWS
from destination_zoho_crm.bulk_report import report_savings
from destination_zoho_crm.row_counts import StreamCounts
from unit_tests.destination.conftest import Org, Result, row, state, stream
from unit_tests.destination.plans import planned

KEYED = stream("Leads", "Email", "Last_Name", "Company", mode="append_dedup", key="Email")
NONE = {"run": "none"}


def leads(number: int, first: int = 0) -> list[bytes]:
    return [
        row("Leads", {"Email": f"n{n}@x.test", "Last_Name": "L", "Company": "C"})
        for n in range(first, first + number)
    ]


def write(org: Org, lines: Iterable[bytes], **config: object) -> Result:
    return org.write_lines([KEYED], lines, **{"automations": NONE, **config})


def count_calls(org: Org) -> dict[str, int]:
    return {name: org.calls(name) for name in ("bulk_write.create", "upsert")}


@pytest.mark.parametrize("jobs", [0, 1], ids=["one row less", "as many as a job is worth"])
def test_a_job_is_taken_from_where_it_costs_less(bulk: Org, jobs: int) -> None:
    """By what the emulator charges, not by what we believe."""
    rows = FEWEST_ROWS if jobs else FEWEST_ROWS - 100
    before = bulk.control("GET", "usage")["credits"]

    result = write(bulk, [*leads(rows), state("Leads")])

    assert result.counts() == {"created": rows}
    assert count_calls(bulk) == {"bulk_write.create": jobs, "upsert": 0 if jobs else rows // 100}
    spent = bulk.control("GET", "usage")["credits"] - before
    assert spent <= (CREDITS_OF_A_JOB if jobs else rows // 10) + 10
    assert not result.said("credits less")


def test_the_rest_of_full_chunks_goes_by_calls(bulk: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("destination_zoho_crm.spool.MOST_ROWS", FEWEST_ROWS)

    result = write(bulk, [*leads(FEWEST_ROWS + 250), state("Leads")])

    assert result.counts() == {"created": FEWEST_ROWS + 250}
    assert count_calls(bulk) == {"bulk_write.create": 1, "upsert": 3}


def test_without_a_choice_a_connection_is_automatic_and_its_automations_keep_it_at_calls(
    bulk: Org,
) -> None:
    """Rows do not wait on disk there: a batch goes out as soon as it is full."""
    result = bulk.write_lines([KEYED], [*leads(100), *leads(100, 100), state("Leads")])

    assert result.counts() == {"created": 200}
    assert count_calls(bulk) == {"bulk_write.create": 0, "upsert": 2}
    assert result.said("by REST; Bulk Write does not serve: it may not run the automations")
    assert not result.said("wait for Bulk Write are kept")


def test_a_token_without_the_scopes_writes_by_calls(org: Org) -> None:
    result = write(org, [*leads(10), state("Leads")])

    assert result.counts() == {"created": 10}
    assert result.said("by REST; Bulk Write does not serve: the refresh token lacks ")


def test_rest_is_rest(bulk: Org) -> None:
    result = write(bulk, [*leads(300), state("Leads")], write_method="REST")

    assert count_calls(bulk) == {"bulk_write.create": 0, "upsert": 3}
    assert not result.said("Bulk Write")


def test_the_log_says_what_jobs_would_have_saved(bulk: Org) -> None:
    result = write(bulk, [*leads(6_000), state("Leads")], automations={"run": "all"})

    (line,) = result.said("credits less")
    assert line == (
        f"Cost: Leads: about {600 - CREDITS_OF_A_JOB} credits less by Bulk Write, which was not "
        "taken: it may not run the automations that Automations (automations) asks for."
    )


@pytest.mark.parametrize(
    ("rows", "saved"),
    [
        (FEWEST_ROWS, None),
        (FEWEST_ROWS + 100, 10),
        (25_000, 2_500 - CREDITS_OF_A_JOB),
        (26_000, 2_500 - CREDITS_OF_A_JOB),
        (50_000, 5_000 - 2 * CREDITS_OF_A_JOB),
        (55_500, 5_000 - 2 * CREDITS_OF_A_JOB + 550 - CREDITS_OF_A_JOB),
    ],
)
def test_savings_are_those_of_jobs_and_of_calls_for_the_rest(rows: int, saved: int | None) -> None:
    plan = planned(stream("Contacts", "Last_Name"))
    counts = StreamCounts()
    counts.counts.update(created=rows - 7, updated=7, superseded=90_000, rejected=1, unchanged=5)

    lines = list(report_savings([plan], {plan.stream: "why"}, {plan.stream: counts}))

    said = "credits less by Bulk Write, which was not taken: why."
    assert lines == ([f"Cost: Contacts: about {saved:,} {said}"] if saved else [])


def test_nothing_is_said_of_streams_that_it_serves_or_cannot_write() -> None:
    inserts = planned(stream("Contacts", "Last_Name"))
    deletes = planned(stream("Contacts", "id", mode="soft_delete", key="id"))
    counts = StreamCounts()
    counts.counts.update(created=100_000, deleted=100_000)
    totals = {inserts.stream: counts}

    assert not list(report_savings([inserts], {}, totals))
    assert not list(report_savings([deletes], {deletes.stream: "it deletes nothing"}, totals))
