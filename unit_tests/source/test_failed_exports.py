"""Exports that Zoho begins and does not complete."""

import io
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from typing import IO, Any

import pytest
from airbyte_cdk.models import FailureType

from source_zoho_crm.bulk_read import BulkRead
from unit_tests.source.conftest import BULK, UNSTAMPED, Org, narrow, rows_of, states_of


def failing(org: Org, code: str, **more: object) -> None:
    """The jobs of Vehicles fail for this reason."""
    reason = {"status": "error", "code": code, "message": "not by bulk read", "details": {}}
    job = {"id": "1", "operation": "read", "state": "FAILURE", "result": {"error_message": reason}}
    fault = {"match": "bulk.status:Vehicles", "do": "body", "args": {"body": {"data": [job]}}}
    org.control("POST", "faults", [fault | more])


@pytest.fixture
def vehicles(org: Org, mocker) -> dict[str, Any]:
    mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)
    org.settings = {"retrieval": BULK}
    return org.streams()["Vehicles"]


@pytest.mark.parametrize("code", ["MODULE_NOT_SUPPORTED", "FIELD_NOT_SUPPORTED"])
def test_a_module_whose_export_fails_as_unsupported_costs_one_job_and_is_read_by_rest(
    org: Org, vehicles: dict[str, Any], code: str
) -> None:
    failing(org, code)

    output = org.read(vehicles)

    assert {row["id"]: row for row in rows_of(output, "Vehicles")} == org.truth(vehicles)
    assert org.calls("bulk.create:Vehicles") == 1
    (line,) = [entry.log.message for entry in output.logs if "is read by REST" in entry.log.message]
    assert f"{code}: not by bulk read" in line


def test_an_export_that_fails_for_another_reason_is_made_anew(
    org: Org, vehicles: dict[str, Any]
) -> None:
    failing(org, "INTERNAL_ERROR", times=1)

    output = org.read(vehicles)

    assert {row["id"]: row for row in rows_of(output, "Vehicles")} == org.truth(vehicles)
    assert org.calls("bulk.create:Vehicles") == 2


@pytest.mark.parametrize(
    ("reason", "reported"),
    [
        ("It is late.", "It is late."),
        (["It is late."], "without a reason"),
        (7, "without a reason"),
        ({"code": ["x"], "message": 1}, "['x']: 1"),
        (None, "without a reason"),
    ],
)
def test_an_export_that_fails_for_a_reason_of_another_form_is_made_anew(
    org: Org, vehicles: dict[str, Any], reason: object, reported: str
) -> None:
    job = {"id": "1", "operation": "read", "state": "FAILURE", "result": {"error_message": reason}}
    fault = {"match": "bulk.status:Vehicles", "do": "body", "args": {"body": {"data": [job]}}}
    org.control("POST", "faults", [fault | {"times": 1}])

    output = org.read(narrow(vehicles, "Plate"))

    assert rows_of(output, "Vehicles")
    assert org.calls("bulk.create:Vehicles") == 2
    (line,) = [entry.log.message for entry in output.logs if "it failed" in entry.log.message]
    assert f"it failed ({reported}); a new one is made." in line


@pytest.mark.parametrize("state", [["COMPLETED"], {"x": 1}, True, None])
def test_a_state_of_an_export_that_is_no_text_is_asked_for_again(
    org: Org, vehicles: dict[str, Any], state: object
) -> None:
    job = {"id": "1", "operation": "read", "state": state, "result": {}}
    fault = {"match": "bulk.status:Vehicles", "do": "body", "args": {"body": {"data": [job]}}}
    org.control("POST", "faults", [fault | {"times": 1}])

    output = org.read(narrow(vehicles, "Plate"))

    assert rows_of(output, "Vehicles")
    assert org.calls("bulk.create:Vehicles") == 1
    reported = "it has no state of the export. The call is repeated"
    assert sum(reported in entry.log.message for entry in output.logs) == 1


def test_the_address_that_a_result_names_is_not_followed(
    org: Org, vehicles: dict[str, Any]
) -> None:
    """The path of a result follows from the job: another host would get the token."""
    count = len(org.truth(vehicles))
    reported = {"page": 1, "count": count, "more_records": False, "per_page": 200_000}
    reported["download_url"] = "http://localhost:9/crm/bulk/v4/read/1/result"
    job = {"id": "1", "operation": "read", "state": "COMPLETED", "result": reported}
    fault = {"match": "bulk.status", "do": "body", "args": {"body": {"data": [job]}}, "after": 6}
    org.control("POST", "faults", [fault])

    output = org.read(narrow(vehicles, "Plate"))

    assert len(rows_of(output, "Vehicles")) == count
    assert org.calls("bulk.result") == 1


def on_a_full_disk(**_: object) -> IO[bytes]:
    """The system's own file to which nothing can be written."""
    return io.BufferedRandom(io.FileIO("/dev/full", "r+"))


@pytest.mark.parametrize(
    ("temporary", "why"),
    [
        (on_a_full_disk, "No space left on device"),
        (partial(tempfile.TemporaryFile, dir="/nowhere"), "No such file or directory"),
    ],
    ids=["full disk", "no folder"],
)
def test_an_export_that_cannot_be_saved_is_one_sentence_and_moves_no_state(
    org: Org,
    vehicles: dict[str, Any],
    temporary: object,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", temporary)

    # Small enough to fit into the buffer of a file.
    output = org.read(narrow(vehicles, "Plate"), expecting_exception=True)

    (error,) = [message.trace.error for message in output.errors[:1]]
    assert error.failure_type == FailureType.config_error
    start, _, rest = error.message.partition(": ")
    assert start == "Vehicles, export " + start.rpartition(" ")[2]
    assert rest == (
        f"its result cannot be saved in {tempfile.gettempdir()} ({why}). Free space there, set "
        "TMPDIR to another folder, or choose fewer columns or a later start date."
    )
    states = [state["stream"]["stream_state"] for state in states_of(output, "Vehicles")]
    assert {state["Modified_Time"] for state in states} == {"1970-01-01T00:00:00Z"}
    assert org.calls("bulk.create") == 1
    assert not any("it is fetched again" in entry.log.message for entry in output.logs)


# --- Results that are lost ------------------------------------------------------------------------


@pytest.fixture
def lost(own_org: Org, mocker) -> Callable[[Callable[[], object]], list[str]]:
    """Plans that the first result is gone when it is fetched, and what has happened by then."""
    mocker.patch("source_zoho_crm.readers.exports._FIRST_WAIT_S", 0.03)

    def plan(deed: Callable[[], object]) -> list[str]:
        gone = {"code": "RESOURCE_NOT_FOUND", "details": {}, "message": "x", "status": "error"}
        answer = {"do": "status", "args": {"status": 404, "body": gone}}
        own_org.control("POST", "faults", [{"match": "bulk.result", "times": 1} | answer])
        download, done = BulkRead.download, []

        def downloading(service: BulkRead, job: str, file: IO[bytes]) -> None:
            if not done:
                done.append(job)
                deed()
            download(service, job, file)

        mocker.patch.object(BulkRead, "download", downloading)
        return done

    return plan


def exported(org: Org, rows: int, version: str = "v4") -> dict[str, Any]:
    """The stream of a module without Modified_Time, whose exports hold so many rows."""
    org.settings = {"retrieval": BULK, "schema_version": version}
    org.control("POST", "knobs", {"bulk_job_seconds": 0, "bulk_rows": rows})
    return org.stream(UNSTAMPED)


def test_an_export_that_is_made_anew_counts_its_own_rows(own_org: Org, lost) -> None:
    stream = exported(own_org, 200)
    gone = sorted(own_org.truth(stream))[:5]
    deletion = f"records/{UNSTAMPED}?ids={','.join(gone)}&type=permanent"
    done = lost(lambda: own_org.control("DELETE", deletion))

    output = own_org.read(stream)

    assert done
    assert not output.errors
    assert {row["id"]: row for row in rows_of(output, UNSTAMPED)} == own_org.truth(stream)


def test_an_export_that_is_made_anew_may_have_rows_behind_it(own_org: Org, lost) -> None:
    stream = exported(own_org, 60)
    new = [{"Name": f"New {number}"} for number in range(5)]
    done = lost(lambda: own_org.control("POST", f"records/{UNSTAMPED}", new))

    output = own_org.read(stream)

    assert done
    assert not output.errors
    assert {row["id"]: row for row in rows_of(output, UNSTAMPED)} == own_org.truth(stream)


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_the_export_behind_one_that_is_made_anew_is_made_anew_too(
    own_org: Org, lost, version: str
) -> None:
    """Rows that come back into the first would else hide those that they move into the second."""
    stream = exported(own_org, 25, version)
    binned = ",".join(sorted(own_org.truth(stream))[:8])
    own_org.control("DELETE", f"records/{UNSTAMPED}?ids={binned}&type=recycle")
    own_org.control("POST", "clock", {"advance_s": 300})
    done = lost(lambda: own_org.control("POST", f"restore/{UNSTAMPED}?ids={binned}"))

    rows = rows_of(own_org.read(stream), UNSTAMPED)

    assert done
    assert {row["id"]: row for row in rows} == own_org.truth(stream)
    assert len(rows) == len(own_org.truth(stream))


# --- Results that come damaged --------------------------------------------------------------------


def cut(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def altered(whole: bytes) -> bytes:
    """A year of the stored file is another one: only the checksum shows it."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        (name,) = archive.namelist()
        text = archive.read(name)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(name, text)
    return file.getvalue().replace(b",20", b",99", 1)


def flipped(whole: bytes) -> bytes:
    place = len(whole) // 2
    return whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]


@pytest.mark.parametrize("damage", [cut, altered, flipped])
@pytest.mark.parametrize("times", [1, 9])
def test_a_damaged_result_is_fetched_again_before_a_row_goes_out(
    org: Org, vehicles: dict[str, Any], mocker, damage: Callable[[bytes], bytes], times: int
) -> None:
    download, jobs = BulkRead.download, []

    def downloading(service: BulkRead, job: str, file: IO[bytes]) -> None:
        download(service, job, file)
        jobs.append(job)
        if len(jobs) <= times:
            file.seek(0)
            whole = file.read()
            file.seek(0)
            file.truncate()
            file.write(damage(whole))

    mocker.patch.object(BulkRead, "download", downloading)

    output = org.read(vehicles, expecting_exception=times > 3)

    assert len(jobs) == min(times + 1, 3)
    assert len(set(jobs)) == 1, "the same job"
    rows = {row["id"]: row for row in rows_of(output, "Vehicles")}
    if times < 3:
        assert rows == org.truth(vehicles)
    else:
        assert not rows
        assert output.errors[0].trace.error.failure_type.value == "transient_error"


def test_credits_that_run_out_while_an_export_is_looked_at_end_the_read(
    org: Org, vehicles: dict[str, Any]
) -> None:
    """Not to be taken for a call too many, after which the job is looked at again."""
    body = {"code": "TOO_MANY_REQUESTS", "details": {}, "status": "error"}
    body["message"] = "Many requests fired than allowed for the past 24 hours."
    fault = {"match": "bulk.status", "do": "status", "args": {"status": 429, "body": body}}
    org.control("POST", "faults", [fault])

    output = org.read(vehicles, expecting_exception=True)

    assert "has used up its API credits" in output.errors[0].trace.error.message
    assert org.calls("bulk.status") == 1


def test_a_refusal_to_show_an_export_is_one_with_a_good_status_too(
    org: Org, vehicles: dict[str, Any]
) -> None:
    refusal = {"code": "NO_PERMISSION", "message": "no", "details": {}, "status": "error"}
    fault = {"match": "bulk.status:Vehicles", "do": "body", "args": {"body": refusal}}
    org.control("POST", "faults", [fault | {"times": 1}])

    output = org.read(narrow(vehicles, "Plate"), expecting_exception=True)

    error = output.errors[0].trace.error
    assert error.failure_type == FailureType.config_error
    assert "NO_PERMISSION" in error.message
