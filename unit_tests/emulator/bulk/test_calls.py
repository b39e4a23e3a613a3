"""Bulk read jobs: how they are made, go on, end and are paid. Contents have their own tests."""

import io
import zipfile

import pytest
from requests import Session

from unit_tests.emulator.conftest import Zoho
from zoho_emulator.server import Settings, running

DAY_S = 86_400


def read_states(bulk, *jobs: str) -> list[object]:
    return [bulk.job(job)["state"] for job in jobs]


def test_a_job_is_added_then_shown_with_its_query_and_its_result(bulk) -> None:
    criteria = {"field": {"api_name": "$converted"}, "comparator": "equal", "value": False}
    answer = bulk.post(bulk.query("Leads", "Last_Name", criteria=criteria))
    assert answer.status_code == 201
    added = answer.json()["data"][0]
    assert answer.json()["info"] == {}
    assert (added["status"], added["code"]) == ("success", "ADDED_SUCCESSFULLY")
    assert added["message"] == "Added successfully."
    details = added["details"]
    assert (details["operation"], details["state"]) == ("read", "ADDED")
    assert details["created_by"].keys() == {"id", "name"}

    job = bulk.finish(details["id"])
    module = bulk.zoho.get("v8/settings/modules/Leads").json()["modules"][0]
    converted = sum(not row["Converted__s"] for row in bulk.zoho.truth("Leads"))
    assert job == {
        "id": details["id"],
        "operation": "read",
        "state": "COMPLETED",
        "result": {
            "page": 1,
            "per_page": 200_000,
            "count": converted,
            "download_url": f"/crm/bulk/v8/read/{details['id']}/result",
            "more_records": False,
        },
        "query": {
            "module": {"id": module["id"], "api_name": "Leads"},
            "fields": ["Last_Name"],
            "criteria": {
                "field": {"id": None, "api_name": "$converted"},
                "comparator": "equal",
                "value": False,
            },
            "page": 1,
        },
        "created_by": details["created_by"],
        "created_time": details["created_time"],
        "file_type": "csv",
    }


def test_v2_names_modules_and_fields_of_criteria_by_text(bulk) -> None:
    bulk.version = "v2"
    criteria = {"api_name": "Last_Name", "comparator": "not_equal", "value": "${EMPTY}"}
    job = bulk.finish(bulk.create("Leads", "Last_Name", criteria=criteria))
    assert job["query"] == {
        "module": "Leads",
        "fields": ["Last_Name"],
        "criteria": criteria,
        "page": 1,
    }


def test_jobs_take_their_time_and_queue(bulk) -> None:
    bulk.zoho.knobs(bulk_job_seconds=100, bulk_parallel=1)
    first, second = bulk.create("Leads", "Email"), bulk.create("Deals", "Stage")
    assert read_states(bulk, first, second) == ["ADDED", "ADDED"]
    assert "result" not in bulk.job(first)
    bulk.zoho.control("POST", "clock", {"advance_s": 20})
    assert read_states(bulk, first, second) == ["IN PROGRESS", "QUEUED"]
    bulk.zoho.control("POST", "clock", {"advance_s": 80})
    assert bulk.finish(first)["state"] == "COMPLETED"
    assert read_states(bulk, second) == ["IN PROGRESS"]
    bulk.zoho.control("POST", "clock", {"advance_s": 80})
    assert bulk.finish(second)["state"] == "COMPLETED"


def test_a_job_goes_on_without_being_asked(bulk) -> None:
    bulk.zoho.knobs(bulk_job_seconds=0.2, bulk_parallel=1)
    jobs = [bulk.create("Leads", "Email") for _ in range(2)]
    bulk.finish(jobs[1])
    assert read_states(bulk, jobs[0]) == ["COMPLETED"]


def test_a_result_holds_the_rows_of_the_time_the_job_was_worked_on(bulk) -> None:
    zoho = bulk.zoho
    zoho.knobs(bulk_job_seconds=100)
    job = bulk.create("Accounts", "Account_Name")
    (before,) = zoho.control("POST", "records/Accounts", {"Account_Name": "Before"})["ids"]
    zoho.control("POST", "clock", {"advance_s": 20})
    assert read_states(bulk, job) == ["IN PROGRESS"]
    (after,) = zoho.control("POST", "records/Accounts", {"Account_Name": "After"})["ids"]
    zoho.control("PATCH", "records/Accounts", {"id": before, "Account_Name": "Changed"})
    zoho.control("POST", "clock", {"advance_s": 80})
    rows = {row["Id"]: row["Account_Name"] for row in bulk.rows(job)}
    zoho.control("DELETE", f"records/Accounts?ids={before},{after}&type=permanent")
    assert rows[before] == "Before"
    assert after not in rows


def test_the_first_jobs_fail_when_a_knob_says_so(bulk) -> None:
    bulk.zoho.knobs(bulk_fail=1)
    failed, good = bulk.create("Leads", "Email"), bulk.create("Leads", "Email")
    job = bulk.finish(failed)
    assert job["state"] == "FAILURE"
    assert job["result"] == {
        "error_message": {
            "status": "error",
            "code": "INTERNAL_SERVER_ERROR",
            "message": "Internal server error occurred.",
            "details": {},
        }
    }
    assert bulk.download(failed).json()["code"] == "RESOURCE_NOT_FOUND"
    assert bulk.finish(good)["state"] == "COMPLETED"


def test_the_result_is_a_zip_named_after_the_job(bulk) -> None:
    job = bulk.create("Leads", "Email")
    bulk.finish(job)
    answer = bulk.download(job)
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{job}.zip"'
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize("path", ["1", "1/result", "nonsense", "nonsense/result"])
def test_an_unknown_job_is_not_found(zoho, path) -> None:
    answer = zoho.get(f"bulk/v4/read/{path}")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "RESOURCE_NOT_FOUND",
        "details": {"resource": path.removesuffix("/result")},
        "message": "The requested resource doesn't exist.",
        "status": "error",
    }


def test_a_result_that_is_not_there_yet_is_not_found(bulk) -> None:
    bulk.zoho.knobs(bulk_job_seconds=100)
    answer = bulk.download(bulk.create("Leads", "Email"))
    assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_FOUND")


def test_a_result_can_be_downloaded_for_a_day(bulk) -> None:
    job = bulk.create("Leads", "Email")
    bulk.finish(job)
    bulk.zoho.control("POST", "clock", {"advance_s": DAY_S - 60})
    bulk.zoho.log_in()
    assert bulk.download(job).status_code == 200
    bulk.zoho.control("POST", "clock", {"advance_s": 60})
    answer = bulk.download(job)
    assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_FOUND")
    assert bulk.job(job)["state"] == "COMPLETED"
    assert bulk.job(job)["result"]["count"] > 0


def test_ten_downloads_a_minute(bulk) -> None:
    bulk.zoho.knobs(bulk_downloads_per_minute=10)
    job = bulk.create("Deals", "Stage")
    bulk.finish(job)
    assert [bulk.download(job).status_code for _ in range(11)] == [200] * 10 + [429]
    assert bulk.download(job).json()["code"] == "TOO_MANY_REQUESTS"
    bulk.zoho.control("POST", "clock", {"advance_s": 60})
    assert bulk.download(job).status_code == 200


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4"])
def test_pages_come_by_number_before_page_tokens(bulk, version) -> None:
    bulk.version = version
    bulk.zoho.knobs(bulk_rows=300)
    ids: list[str] = []
    for page, (count, more) in enumerate([(300, True), (300, True), (100, False)], 1):
        job = bulk.create("Leads", "Email", page=page)
        result = bulk.finish(job)["result"]
        assert result["page"] == page
        assert "next_page_token" not in result
        rows = bulk.rows(job)
        if page < 3:
            assert (len(rows), result["more_records"]) == (count, more)
        else:
            assert not result["more_records"]
        ids += [row["Id"] for row in rows]
    assert sorted(ids) == sorted(row["id"] for row in bulk.zoho.truth("Leads"))
    assert bulk.export("Leads", "Email", page=50) == []
    answer = bulk.post(bulk.query("Leads", "Email", page=51))
    assert answer.json() == {
        "code": "PAGE_RANGE_EXCEEDED",
        "details": {"max_limit": 50},
        "message": "page range exceeded",
        "status": "error",
    }


def test_v8_goes_beyond_the_first_page_by_token_only(bulk) -> None:
    bulk.zoho.knobs(bulk_rows=300)
    answer = bulk.post(bulk.query("Leads", "Email", page=2))
    assert answer.json()["code"] == "PAGE_RANGE_EXCEEDED"
    job = bulk.create("Leads", "Email", page=1)
    ids: list[str] = []
    pages = []
    while True:
        result = bulk.finish(job)["result"]
        ids += [row["Id"] for row in bulk.rows(job)]
        pages.append(result["page"])
        assert result["more_records"] == ("next_page_token" in result)
        if not result["more_records"]:
            break
        job = bulk.create_from({"page_token": result["next_page_token"]})
    assert pages == [1, 2, 3]
    assert sorted(ids) == sorted(row["id"] for row in bulk.zoho.truth("Leads"))
    assert len(set(ids)) == len(ids)


def test_a_page_token_keeps_criteria_and_dies_after_a_day(bulk) -> None:
    bulk.zoho.knobs(bulk_rows=10)
    criteria = {"field": {"api_name": "$converted"}, "comparator": "equal", "value": True}
    job = bulk.finish(bulk.create("Leads", "$converted", criteria=criteria))
    query = {"page_token": job["result"]["next_page_token"]}
    rows = bulk.rows(bulk.create_from(query))
    assert {row["$converted"] for row in rows} == {"true"}
    bulk.zoho.knobs(admin_user=False)
    assert bulk.post(query).json()["code"] == "INVALID_DATA"
    bulk.zoho.knobs(admin_user=True)
    bulk.zoho.control("POST", "clock", {"advance_s": DAY_S})
    bulk.zoho.log_in()
    assert bulk.post(query).json() == {
        "code": "EXPIRED_VALUE",
        "details": {"api_name": "page_token", "json_path": "$.query.page_token"},
        "message": "Page token expired",
        "status": "error",
    }


def test_a_job_costs_fifty_credits_and_every_other_call_one(bulk) -> None:
    def spent() -> object:
        return bulk.zoho.usage()["credits"]

    job = bulk.create("Leads", "Email")
    assert spent() == 50
    bulk.zoho.control("POST", "reset", {})
    bulk.job(job)
    assert spent() == 1
    bulk.finish(job)
    bulk.zoho.control("POST", "reset", {})
    bulk.download(job)
    assert spent() == 1
    bulk.zoho.knobs(credits_per_day=50)
    answer = bulk.post(bulk.query("Leads", "Email"))
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")


def test_calls_are_counted_and_hit_by_faults_with_their_module(bulk) -> None:
    job = bulk.create("Leads", "Email")
    bulk.finish(job)
    bulk.zoho.control("POST", "reset", {})
    fault = {"match": "bulk.status:Leads", "times": 1, "do": "status", "args": {"status": 503}}
    bulk.zoho.control("POST", "faults", [fault])
    assert bulk.zoho.get(f"bulk/v8/read/{job}").status_code == 503
    bulk.job(job)
    bulk.download(job)
    bulk.create("Deals", "Stage")
    calls = bulk.zoho.usage()["calls"]
    assert (calls["bulk.status"], calls["bulk.status:Leads"]) == (2, 2)
    assert (calls["bulk.result:Leads"], calls["bulk.create:Deals"]) == (1, 1)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["ZohoCRM.bulk.READ", "ZohoCRM.modules.ALL"], True),
        (["ZohoCRM.bulk.ALL", "ZohoCRM.modules.leads.READ"], True),
        (["ZohoCRM.bulk.ALL", "ZohoCRM.modules.deals.READ"], False),
        (["ZohoCRM.modules.ALL"], False),
    ],
)
def test_a_job_needs_the_scopes_of_bulk_and_of_the_module(bulk, scopes, allowed) -> None:
    job = bulk.create("Leads", "Email")
    bulk.zoho.knobs(scopes=scopes)
    for answer in (
        bulk.post(bulk.query("Leads", "Email")),
        bulk.zoho.get(f"bulk/v8/read/{job}"),
    ):
        if allowed:
            assert answer.status_code < 300
        else:
            assert (answer.status_code, answer.json()["code"]) == (401, "OAUTH_SCOPE_MISMATCH")


def test_a_module_the_profile_may_not_see_is_403(bulk) -> None:
    bulk.zoho.knobs(refused_modules=["Leads"])
    answer = bulk.post(bulk.query("Leads", "Email"))
    assert (answer.status_code, answer.json()["code"]) == (403, "NO_PERMISSION")


def test_a_reset_of_the_org_drops_jobs_even_unfinished_ones() -> None:
    knobs = {"tokens_per_10_min": 0, "bulk_job_seconds": 0}
    with running(Settings(rows=5, rows_by_module={"Leads": 3_000}), knobs) as server:
        with Session() as session:
            Zoho(server, session).log_in()
            url = f"{server.base_url}/crm/bulk/v8/read"
            body = {"query": {"module": {"api_name": "Leads"}, "fields": ["Email", "Owner"]}}
            for _ in range(2):
                answer = session.post(url, json=body)
                job = answer.json()["data"][0]["details"]["id"]
                server.control("POST", "reset", {"org": True})
                assert session.get(f"{url}/{job}").status_code == 404
        assert server.control("GET", "counts")["Leads"]["live"] > 2_000


def test_a_completed_job_may_show_its_result_late(bulk) -> None:
    bulk.zoho.knobs(bulk_bare_looks=2)
    job = bulk.create("Leads", "Email")
    looks = [bulk.finish(job) for _ in range(3)]
    assert [look["state"] for look in looks] == ["COMPLETED"] * 3
    assert ["result" in look for look in looks] == [False, False, True]
