"""What goes wrong on the way of a bulk write job: each row has its true outcome all the same."""

import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.outcomes import Outcome
from unit_tests.destination.bulk import Hurry, Road, count
from unit_tests.destination.conftest import Json, Org, stream
from unit_tests.destination.lost_answers import FAILED, LOST
from unit_tests.destination.test_bulk_jobs import INSERTS, UPSERTS, leads

pytestmark = pytest.mark.usefixtures("no_pauses")

EACH = pytest.mark.parametrize("entry", [UPSERTS, INSERTS], ids=["upsert", "insert"])
ROWS = 120
#: Between two looks of a job whose creation got no answer, its rows are written.
AT_WORK_S = 0.3


def refusal(code: str) -> Json:
    body = {"code": code, "message": "no", "details": {}, "status": "error"}
    return {"status": 400, "body": body}


def assert_written_once(org: Org, rows: int = ROWS) -> None:
    names = [one["Email"] for one in org.records("Leads") if one["Company"] == "C"]
    assert (len(names), len(set(names))) == (rows, rows)


@EACH
@LOST
def test_a_lost_upload_is_made_again(bulk: Org, entry: Json, fault: Json) -> None:
    bulk.fail("upload", **fault)

    assert count(Road(bulk, entry).write(leads(ROWS))) == {"created": ROWS}
    assert_written_once(bulk)


@LOST
def test_a_job_of_changes_is_made_again_when_its_creation_gets_no_answer(
    bulk: Org, fault: Json
) -> None:
    bulk.fail("bulk_write.create", **fault)

    outcomes = Road(bulk, UPSERTS).write(leads(ROWS))

    assert sum(count(outcomes)[word] for word in count(outcomes)) == ROWS
    assert count(outcomes).keys() <= {"created", "updated"}
    assert bulk.calls("bulk_write.create") == 2
    assert_written_once(bulk)


def test_a_job_of_changes_is_made_three_times_at_the_most(bulk: Org) -> None:
    bulk.fail("bulk_write.create", times=99, **FAILED)

    outcomes, failure = write_until_it_fails(Road(bulk, UPSERTS))

    assert "however often it is asked" in str(failure.message)
    assert failure.failure_type == FailureType.transient_error
    assert (outcomes, bulk.calls("bulk_write.create")) == ([], 3)


def test_a_gateway_that_lets_no_job_through_ends_the_sync(bulk: Org) -> None:
    bulk.fail("bulk_write.create", times=99, status=403, body="<html>no</html>")

    outcomes, failure = write_until_it_fails(Road(bulk, UPSERTS))

    assert "refused with HTTP 403 without a Zoho code" in str(failure.message)
    assert (outcomes, bulk.calls("bulk_write.create")) == ([], 1)


@EACH
def test_a_call_too_many_is_waited_for(bulk: Org, entry: Json) -> None:
    body = {"code": "TOO_MANY_REQUESTS", "message": "no", "details": {}, "status": "error"}
    for match in ("upload", "bulk_write.create", "bulk_write.status", "bulk_write.result"):
        bulk.fail(match, times=2, status=429, body=body)

    assert count(Road(bulk, entry).write(leads(ROWS))) == {"created": ROWS}
    assert bulk.calls("upsert") + bulk.calls("insert") == 0
    assert_written_once(bulk)


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "body", "body": "<html>no JSON</html>"},
        {"do": "body", "body": {"code": "SUCCESS", "status": "success", "details": {}}},
        {"do": "reset", "done": True},
        {"do": "status", "status": 502, "body": "<html>", "done": True},
    ],
    ids=["HTML", "no id", "reset", "gateway"],
)
def test_a_job_of_inserts_is_never_made_again(bulk: Org, fault: Json) -> None:
    """Its rows are found among the records."""
    bulk.fail("bulk_write.create", **fault)

    outcomes = Road(bulk, INSERTS, stop=Hurry(AT_WORK_S)).write(leads(ROWS))

    assert count(outcomes) == {"created": ROWS}
    assert all(one and one.record_id for one in outcomes)
    assert bulk.calls("bulk_write.create") == 1
    assert_written_once(bulk)


def test_inserts_of_a_job_that_may_still_come_are_unknown(bulk: Org) -> None:
    bulk.fail("bulk_write.create", **FAILED)

    outcomes = Road(bulk, INSERTS).write(leads(ROWS))

    assert count(outcomes) == {"OUTCOME_UNKNOWN": ROWS}
    assert "may still be to come" in outcomes[0].message
    assert bulk.calls("insert") == 0


def test_a_token_that_has_run_out_is_no_lost_creation(bulk: Org) -> None:
    bulk.fail("bulk_write.create", status=401, body={"code": "INVALID_TOKEN", "message": "x"})

    assert count(Road(bulk, INSERTS).write(leads(ROWS))) == {"created": ROWS}
    assert_written_once(bulk)


@EACH
def test_the_reserve_of_credits_is_kept_before_a_job(bulk: Org, entry: Json) -> None:
    """Nothing is sent then, so nothing is looked up."""
    road = Road(bulk, entry, credits_reserve_percent=50)
    road.client.org.fetch_details(road.client.metadata)
    road.client.org.usage.remaining = (road.client.org.usage.total or 0) // 2 + 300

    outcomes, failure = write_until_it_fails(road)

    assert "reserved for people" in str(failure.message)
    assert (outcomes, bulk.calls("bulk_write.create"), bulk.calls("coql")) == ([], 0, 0)


@pytest.mark.parametrize("done", [True, False])
def test_a_creation_that_a_gateway_refuses_is_looked_up(bulk: Org, done: bool) -> None:
    bulk.fail("bulk_write.create", status=403, body="<html>no</html>", done=done)

    if done:
        road = Road(bulk, INSERTS, stop=Hurry(AT_WORK_S))
        assert count(road.write(leads(ROWS))) == {"created": ROWS}
    else:
        outcomes, failure = write_until_it_fails(Road(bulk, INSERTS))
        assert "refused with HTTP 403 without a Zoho code" in str(failure.message)
        assert outcomes == []
    assert bulk.calls("insert") == 0


@EACH
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("match", ["upload", "bulk_write.create"])
def test_what_zoho_takes_no_jobs_of_goes_by_rest(
    bulk: Org, entry: Json, strict: bool, match: str, caplog: pytest.LogCaptureFixture
) -> None:
    bulk.fail(match, **refusal("MODULE_NOT_AVAILABLE"))
    road = Road(bulk, entry, strict=strict)

    assert count([*road.write(leads(ROWS)), *road.write(leads(ROWS, ROWS))]) == {
        "created": 2 * ROWS
    }
    assert_written_once(bulk, 2 * ROWS)
    assert bulk.calls(match) == 1
    (line,) = (line for line in caplog.messages if "Zoho takes no jobs" in line)
    assert "MODULE_NOT_AVAILABLE" in line


def test_a_scope_that_zoho_does_not_report_leaves_rest(bulk: Org) -> None:
    bulk.fail("upload", **refusal("OAUTH_SCOPE_MISMATCH"))

    assert count(Road(bulk, UPSERTS).write(leads(ROWS))) == {"created": ROWS}


@EACH
@pytest.mark.parametrize("code", ["FILE_TOO_LARGE", "INVALID_FILE_ID", "FILE_NOT_FOUND"])
def test_a_refusal_of_one_file_is_of_no_other(bulk: Org, entry: Json, code: str) -> None:
    bulk.fail("upload" if code == "FILE_TOO_LARGE" else "bulk_write.create", **refusal(code))
    road = Road(bulk, entry)

    assert count([*road.write(leads(ROWS)), *road.write(leads(ROWS, ROWS))]) == {
        "created": 2 * ROWS
    }
    assert_written_once(bulk, 2 * ROWS)
    assert bulk.calls("upsert") + bulk.calls("insert") == 2


@pytest.mark.parametrize("code", ["MANDATORY_FIELDS_NOT_MAPPED", "OAUTH_SCOPE_MISMATCH"])
def test_who_asks_for_bulk_is_told_what_it_lacks(bulk: Org, code: str) -> None:
    bulk.fail("bulk_write.create", **refusal(code))

    with pytest.raises(AirbyteTracedException) as raised:
        Road(bulk, UPSERTS, strict=True).write(leads(ROWS))

    assert raised.value.failure_type == FailureType.config_error
    assert code in str(raised.value.message)
    assert "choose REST" in str(raised.value.message)


def test_an_upload_that_nothing_takes_leaves_rest(bulk: Org) -> None:
    """A gateway lets no files through, say."""
    bulk.fail("upload", times=99, status=403, body="<html>no</html>")

    assert count(Road(bulk, UPSERTS).write(leads(ROWS))) == {"created": ROWS}
    with pytest.raises(AirbyteTracedException):
        Road(bulk, UPSERTS, strict=True).write(leads(ROWS))


@EACH
def test_rows_of_a_job_that_failed_are_written_by_rest(bulk: Org, entry: Json) -> None:
    bulk.knobs(bulk_write_fail=1, bulk_write_fail_rows=50)

    outcomes = Road(bulk, entry).write(leads(ROWS))

    assert count(outcomes) == (
        {"created": ROWS} if entry is INSERTS else {"updated": 50, "created": ROWS - 50}
    )
    assert_written_once(bulk)
    # What it wrote is not told, and waiting brings nothing.
    assert bulk.calls("bulk_write.status") <= 3


@EACH
def test_a_job_that_failed_without_a_result_is_waited_for_no_longer(bulk: Org, entry: Json) -> None:
    bulk.knobs(bulk_write_fail=1, bulk_write_fail_rows=50, bulk_write_job_seconds=0)

    assert Road(bulk, entry).write(leads(ROWS))[0] is not None
    assert bulk.calls("bulk_write.status") == 1


@EACH
def test_an_address_that_comes_late_is_waited_for(bulk: Org, entry: Json) -> None:
    bulk.knobs(bulk_write_bare_looks=2)

    outcomes = Road(bulk, entry).write(leads(ROWS))

    assert count(outcomes) == {"created": ROWS}
    assert all(one and one.record_id for one in outcomes)
    assert bulk.calls("upsert") + bulk.calls("insert") == 0


@EACH
@pytest.mark.parametrize("there", [0, 1])
def test_without_a_result_counts_decide_where_they_leave_no_doubt(
    bulk: Org, entry: Json, there: int
) -> None:
    bulk.knobs(bulk_write_bare_looks=99)
    for row in leads(there) if entry is UPSERTS else ():
        bulk.add("Leads", **row)

    outcomes = Road(bulk, entry).write(leads(ROWS))

    # Of an upsert that changes some and adds others, REST is asked what is what.
    mixed = there and entry is UPSERTS
    assert count(outcomes) == ({"updated": ROWS} if mixed else {"created": ROWS})
    assert_written_once(bulk)


@EACH
@pytest.mark.parametrize(
    "fault",
    [
        {"do": "cut", "after_bytes": 300},
        {"do": "body", "body": "no ZIP"},
        {"do": "status", "status": 403, "body": {"x-info": "Link not valid", "info": "Forbidden"}},
        {"do": "status", "status": 500},
    ],
    ids=["cut", "no ZIP", "expired", "failed"],
)
@pytest.mark.parametrize("times", [1, 99])
def test_a_result_that_cannot_be_read_is_fetched_again_or_done_without(
    bulk: Org, entry: Json, fault: Json, times: int
) -> None:
    bulk.fail("bulk_write.result", times=times, **fault)

    outcomes = Road(bulk, entry).write(leads(ROWS))

    assert count(outcomes) == {"created": ROWS}
    assert_written_once(bulk)


@EACH
def test_rows_that_the_result_lacks_are_looked_for(bulk: Org, entry: Json) -> None:
    bulk.knobs(bulk_write_result_lacks=10)

    outcomes = Road(bulk, entry).write(leads(ROWS))

    lacking = "created" if entry is INSERTS else "updated"
    assert count(outcomes[-10:]) == {lacking: 10}
    assert count(outcomes[:-10]) == {"created": ROWS - 10}
    assert_written_once(bulk)


def test_of_equal_rows_none_gets_the_result_of_another(bulk: Org) -> None:
    """Two of three have a result, and which two is not known."""
    bulk.knobs(bulk_write_result_lacks=1)
    rows = [*leads(ROWS), *(leads(1) * 2)]

    outcomes = Road(bulk, INSERTS).write(rows)

    assert count(outcomes) == {"created": ROWS + 2}
    assert len({one.record_id for one in outcomes if one}) == ROWS + 2
    assert len([one for one in bulk.records("Leads") if one["Company"] == "C"]) == ROWS + 2


@EACH
def test_unprocessed_rows_are_written_by_rest(bulk: Org, entry: Json) -> None:
    bulk.knobs(bulk_write_unprocessed=10)

    assert count(Road(bulk, entry).write(leads(ROWS))) == {"created": ROWS}
    assert bulk.calls("upsert") + bulk.calls("insert") == 1
    assert_written_once(bulk)


@EACH
def test_a_sync_that_is_stopped_does_not_wait_for_its_job(bulk: Org, entry: Json) -> None:
    stop = threading.Event()

    class Stopped(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            stop.set()
            return True

        def is_set(self) -> bool:
            return stop.is_set()

    outcomes = Road(bulk, entry, stop=Stopped()).write(leads(ROWS))

    assert count(outcomes) == {"none": ROWS}
    assert (bulk.calls("bulk_write.create"), bulk.calls("bulk_write.status")) == (1, 0)


def write_until_it_fails(road: Road) -> tuple[list[Outcome], AirbyteTracedException]:
    """The outcomes that come before the failure."""
    records: list[Any] = [road.encoder.encode(row) for row in leads(ROWS)]
    found: list[Outcome] = []
    try:
        found.extend(outcome for _, outcome in road.bulk.send(records))
    except AirbyteTracedException as failure:
        return found, failure
    raise AssertionError("it succeeds")


@EACH
def test_a_job_that_cannot_be_looked_at_ends_the_sync(bulk: Org, entry: Json) -> None:
    """Without an outcome, the next sync would add inserts again."""
    bulk.fail("bulk_write.status", times=999, status=500)

    outcomes, failure = write_until_it_fails(Road(bulk, entry))

    assert failure.failure_type == FailureType.transient_error
    assert count(outcomes) == ({"OUTCOME_UNKNOWN": ROWS} if entry is INSERTS else {})
    assert bulk.calls("insert") + bulk.calls("upsert") == 0


@EACH
def test_a_job_that_zoho_does_not_know_at_once_is_looked_at_again(bulk: Org, entry: Json) -> None:
    bulk.fail("bulk_write.status", times=6, **refusal("RESOURCE_NOT_FOUND"))

    assert count(Road(bulk, entry).write(leads(ROWS))) == {"created": ROWS}
    assert_written_once(bulk)


@EACH
def test_a_job_that_zoho_no_longer_knows_is_not_written_again(bulk: Org, entry: Json) -> None:
    bulk.fail("bulk_write.status", times=999, **refusal("RESOURCE_NOT_FOUND"))

    outcomes, _ = write_until_it_fails(Road(bulk, entry))

    assert count(outcomes) == ({"OUTCOME_UNKNOWN": ROWS} if entry is INSERTS else {})
    assert bulk.calls("insert") + bulk.calls("upsert") == 0


@EACH
def test_a_job_that_does_not_end_is_left(
    bulk: Org, entry: Json, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bulk.knobs(bulk_write_job_seconds=9_999)
    monkeypatch.setattr("destination_zoho_crm.bulk_job._PATIENCE_S", 0.1)
    monkeypatch.setattr("destination_zoho_crm.bulk_job._SILENCE_S", 0.05)

    outcomes, failure = write_until_it_fails(Road(bulk, entry))

    assert "goes on at Zoho" in str(failure.message)
    assert any("has been running for" in line for line in caplog.messages)
    assert count(outcomes) == ({"OUTCOME_UNKNOWN": ROWS} if entry is INSERTS else {})


def test_counts_that_differ_from_the_result_are_told(
    bulk: Org, caplog: pytest.LogCaptureFixture
) -> None:
    """The result decides."""
    old, new = f'"added_count":{ROWS}', f'"added_count":{ROWS - 1}'
    bulk.fail("bulk_write.status", "replace", times=9, old=old, new=new)

    assert count(Road(bulk, UPSERTS).write(leads(ROWS))) == {"created": ROWS}
    assert any("its counts differ" in line for line in caplog.messages)


def test_the_token_goes_to_no_address_but_zohos(
    bulk: Org, caplog: pytest.LogCaptureFixture
) -> None:
    job = {
        "status": "COMPLETED",
        "resource": [],
        "result": {"download_url": "https://zoho.com.example.com/result.zip"},
    }
    bulk.fail("bulk_write.status", "body", times=99, body=job)

    assert count(Road(bulk, UPSERTS).write(leads(ROWS))).keys() <= {"created", "updated"}
    assert any("not within Zoho's own domains" in line for line in caplog.messages)


@EACH
def test_a_full_disk_is_one_sentence(
    bulk: Org, entry: Json, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    road = Road(bulk, entry)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))

    with pytest.raises(AirbyteTracedException) as raised:
        road.write(leads(ROWS))

    assert raised.value.failure_type == FailureType.config_error
    assert "not there" in str(raised.value.message)
    assert "TMPDIR" in str(raised.value.message)


def test_an_org_without_a_number_uploads_nothing(bulk: Org) -> None:
    road = Road(bulk, stream("Leads", "Last_Name", "Company"), strict=True)
    road.client.org._details = {"license_details": {}}

    with pytest.raises(AirbyteTracedException, match="zgid"):
        road.write(leads(ROWS))
