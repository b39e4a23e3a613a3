"""Bulk write jobs: how they are made, go on, end and are paid. Rows have their own tests."""

import pytest

from unit_tests.emulator.bulk_write.conftest import Writer

DAY_S = 86_400
VERSIONS = ["v2", "v2.1", "v4", "v8"]


def build_leads(*names: str) -> list[list[object]]:
    return [["Last_Name", "Company"], *([name, "Ltd."] for name in names)]


def find_leads(writer: Writer, company: str) -> list[str]:
    rows = writer.zoho.truth("Leads")
    return [str(row["Last_Name"]) for row in rows if row["Company"] == company]


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_of_a_file_become_records(writer: Writer, version: str) -> None:
    writer.version = version
    rows = writer.write("insert", "Leads", build_leads("Ash", "Elm"))
    assert [(row["Last_Name"], row["STATUS"], row["ERRORS"]) for row in rows] == [
        ("Ash", "added", ""),
        ("Elm", "added", ""),
    ]
    for row in rows:
        assert writer.read("Leads", row["RECORD_ID"])["Last_Name"] == row["Last_Name"]


def test_a_job_is_added(writer: Writer) -> None:
    answer = writer.ask("insert", "Leads", build_leads("Ash"))
    assert answer.status_code == 201
    details = answer.json()["details"]
    assert answer.json() == {
        "status": "success",
        "code": "SUCCESS",
        "message": "success",
        "details": details,
    }
    assert details.keys() == {"id", "created_by"}
    assert details["created_by"].keys() == {"id", "name"}


def test_a_completed_job_of_v8(writer: Writer) -> None:
    mappings = [
        {"api_name": "Company", "default_value": {"value": "Ltd."}},
        {"api_name": "Email", "index": 1},
        {"api_name": "Last_Name", "index": 0},
    ]
    rows = [["a", "b"], ["Ash", "whole@example.com"], ["", "x@example.com"]]
    keys = {"field_mappings": mappings, "find_by": "Email", "ignore_empty": True}
    job = writer.finish(writer.create("upsert", "Leads", rows, **keys))
    module = writer.zoho.get("v8/settings/modules/Leads").json()["modules"][0]
    assert job == {
        "status": "COMPLETED",
        "character_encoding": "UTF-8",
        "resource": [
            {
                "status": "COMPLETED",
                "type": "data",
                "module": {"api_name": "Leads", "id": module["id"]},
                "field_mappings": [mappings[2], mappings[0], mappings[1]],
                "ignore_empty": True,
                "find_by": "Email",
                "file": {
                    "status": "COMPLETED",
                    "name": "rows.csv",
                    "added_count": 1,
                    "skipped_count": 1,
                    "updated_count": 0,
                    "total_count": 2,
                },
            }
        ],
        "id": job["id"],
        "result": job["result"],
        "created_by": job["created_by"],
        "operation": "upsert",
        "created_time": job["created_time"],
    }


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4"])
def test_a_completed_job_of_earlier_versions(writer: Writer, version: str) -> None:
    writer.version = version
    mappings = [{"api_name": "Last_Name", "index": 0}, {"api_name": "Company", "index": 1}]
    job = writer.finish(
        writer.create(
            *("insert", "Leads", build_leads("Ash")),
            field_mappings=mappings,
            body={"ignore_empty": True},
        )
    )
    assert job["ignore_empty"] is True
    (resource,) = job["resource"]
    assert "ignore_empty" not in resource
    assert resource["code"] == "COMPLETED"
    name = resource["module"] if version == "v2" else resource["module"]["api_name"]
    assert name == "Leads"
    nulls = dict.fromkeys(("format", "find_by", "module", "default_value"))
    assert resource["field_mappings"] == [mappings[1] | nulls, mappings[0] | nulls]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_job_takes_its_time_and_its_levels_disagree_before_the_end(
    writer: Writer, version: str
) -> None:
    writer.version = version
    writer.zoho.knobs(bulk_write_job_seconds=100)
    job = writer.create("insert", "Leads", build_leads(f"Late {version}", "Elm"))
    added = writer.job(job)
    assert added["status"] == "ADDED"
    assert added["resource"][0]["status"] == "INPROGRESS"
    writer.zoho.control("POST", "clock", {"advance_s": 20})
    at_work = writer.job(job)
    assert at_work["status"] == "INPROGRESS"
    for shown in (added, at_work):
        assert not {"result", "character_encoding"} & shown.keys()
    if version == "v8":
        assert added["resource"][0]["file"] == {"status": "INPROGRESS"}
        assert at_work["resource"][0]["file"]["skipped_count"] == 2
    else:
        assert "file" not in added["resource"][0]
        assert "file" not in at_work["resource"][0]
        assert added["resource"][0]["code"] == "ADDED"
    writer.zoho.control("POST", "clock", {"advance_s": 80})
    assert writer.finish(job)["resource"][0]["file"]["added_count"] == 2


def test_a_job_goes_on_without_being_asked(writer: Writer) -> None:
    writer.create("insert", "Leads", [["Last_Name", "Company"], ["Ash", "Unasked"]])
    for _ in range(1_000):
        if find_leads(writer, "Unasked"):
            return
    raise AssertionError("the row was not written")


def test_a_state_may_be_spelt_in_two_words(writer: Writer) -> None:
    writer.zoho.knobs(bulk_write_job_seconds=100, bulk_write_in_progress="IN PROGRESS")
    job = writer.create("insert", "Leads", build_leads("Ash"))
    writer.zoho.control("POST", "clock", {"advance_s": 20})
    assert writer.job(job)["status"] == "IN PROGRESS"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_job_is_not_found(writer: Writer, version: str) -> None:
    answer = writer.zoho.get(f"bulk/{version}/write/1")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "RESOURCE_NOT_FOUND",
        "details": {},
        "message": "The requested resource doesn't exist.",
        "status": "error",
    }


def test_what_a_job_costs(writer: Writer) -> None:
    job = writer.create("insert", "Leads", build_leads("Ash"))
    writer.tell(writer.finish(job))
    usage = writer.zoho.usage()
    assert usage["credits_by"]["bulk_write.create"] == 500
    assert usage["credits_by"]["bulk_write.create:Leads"] == 500
    assert usage["calls"]["bulk_write.status:Leads"] >= 1
    assert usage["calls"]["bulk_write.result:Leads"] == 1


def test_a_job_that_cannot_be_paid_writes_nothing(writer: Writer) -> None:
    file_id = writer.upload([["Last_Name", "Company"], ["Ash", "Unpaid"]])
    writer.zoho.knobs(credits_per_day=500)
    body = {"operation": "insert", "resource": [writer.resource("Leads", file_id)]}
    answer = writer.post(body)
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")
    assert find_leads(writer, "Unpaid") == []


def test_reading_is_not_enough(writer: Writer) -> None:
    job = writer.create("insert", "Leads", build_leads("Ash"))
    writer.zoho.knobs(scopes=["ZohoCRM.bulk.READ"])
    assert writer.zoho.get(f"bulk/v8/write/{job}").json()["code"] == "OAUTH_SCOPE_MISMATCH"
    assert writer.post({}).json()["code"] == "OAUTH_SCOPE_MISMATCH"
    writer.zoho.knobs(scopes=["ZohoCRM.bulk.CREATE"])
    assert writer.zoho.get(f"bulk/v8/write/{job}").status_code == 200
    assert writer.post({}).json()["code"] == "MISSING_REQUIRED_KEY"


def test_a_job_needs_the_scope_of_its_module(writer: Writer) -> None:
    def ask() -> object:
        return writer.ask("insert", "Leads", build_leads("Ash")).json()["code"]

    for scope, code in (
        ("ZohoCRM.modules.contacts.ALL", "OAUTH_SCOPE_MISMATCH"),
        ("ZohoCRM.modules.leads.READ", "OAUTH_SCOPE_MISMATCH"),
        ("ZohoCRM.modules.leads.CREATE", "SUCCESS"),
        ("ZohoCRM.modules.ALL", "SUCCESS"),
    ):
        writer.zoho.knobs(scopes=["ZohoCRM.org.READ", "ZohoCRM.bulk.ALL", scope])
        assert ask() == code, scope


def test_the_first_jobs_fail_when_a_knob_says_so(writer: Writer) -> None:
    writer.zoho.knobs(bulk_write_fail=1, bulk_write_fail_rows=1)
    rows = [["Last_Name", "Company"], ["Ash", "Half"], ["Elm", "Half"]]
    failed = writer.finish(writer.create("insert", "Leads", rows))
    assert failed["status"] == "FAILED"
    assert "result" not in failed
    assert failed["resource"][0]["status"] == "FAILED"
    assert find_leads(writer, "Half") == ["Ash"]
    again = writer.finish(writer.create("insert", "Leads", build_leads("Ash")))
    assert again["status"] == "COMPLETED"


# --- Results


@pytest.mark.parametrize(
    ("form", "address"),
    [
        ("absolute", "{base}/v2/crm/{zgid}/bulk-write/{job}/{job}.zip"),
        ("relative", "/v8/crm/org{zgid}/bulk-write/{job}/{job}.zip"),
        ("result", "{base}/v2/bulk/write/{job}/result"),
    ],
)
def test_the_address_of_a_result_has_three_forms(writer: Writer, form: str, address: str) -> None:
    writer.zoho.knobs(bulk_write_download_url=form)
    details = writer.finish(writer.create("insert", "Leads", build_leads("Ash")))
    base, zgid, job = writer.zoho.server.base_url, writer.zgid, details["id"]
    wanted = address.format(base=base, zgid=zgid, job=job)
    assert details["result"] == {"download_url": wanted}
    assert len(writer.tell(details)) == 1
    answer = writer.download(wanted.replace(job, "1"))
    assert answer.status_code == 403
    assert answer.json()["x-info"] == "Link not valid"


def test_a_result_needs_a_token(writer: Writer) -> None:
    details = writer.finish(writer.create("insert", "Leads", build_leads("Ash")))
    del writer.zoho.session.headers["Authorization"]
    assert writer.download(details["result"]["download_url"]).status_code == 401


def test_a_result_can_be_downloaded_for_seven_days(writer: Writer) -> None:
    details = writer.finish(writer.create("insert", "Leads", build_leads("Ash")))
    writer.zoho.control("POST", "clock", {"advance_s": 7 * DAY_S - 60})
    writer.zoho.log_in()
    assert len(writer.tell(details)) == 1
    writer.zoho.control("POST", "clock", {"advance_s": 60})
    answer = writer.download(details["result"]["download_url"])
    assert (answer.status_code, answer.json()["info"]) == (403, "Forbidden")
    assert writer.job(details["id"])["status"] == "COMPLETED"


def test_a_completed_job_may_lack_its_result_at_first(writer: Writer) -> None:
    writer.zoho.knobs(bulk_write_bare_looks=1)
    job = writer.create("insert", "Leads", build_leads("Ash"))
    assert "result" not in writer.finish(job)
    assert "result" in writer.job(job)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("index", ["Company", "Last_Name", "City", "STATUS", "RECORD_ID", "ERRORS"]),
        ("sent", ["Phone", "City", "Last_Name", "STATUS", "RECORD_ID", "ERRORS"]),
        ("kept", ["Company", "Phone", "City", "STATUS", "RECORD_ID", "ERRORS"]),
    ],
)
def test_the_first_three_mapped_columns_are_told(writer: Writer, order, names) -> None:
    writer.zoho.knobs(bulk_write_result_columns=order)
    header = ["Unmapped", "Company", "Last_Name", "City", "Phone"]
    mappings = [
        {"api_name": name, "index": header.index(name)}
        for name in ("Phone", "City", "Last_Name", "Company")
    ]
    rows = [header, ["-", "Ltd.", "Ash", "Rome", "12"]]
    (row,) = writer.write("insert", "Leads", rows, field_mappings=mappings)
    assert list(row) == names
    assert row["City"] == "Rome"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("added", ["updated", "added", "skipped"]),
        ("ADDED", ["UPDATED", "ADDED", "SKIPPED"]),
        ("success", ["success", "success", "skipped"]),
    ],
)
def test_words_and_names_of_a_result_are_knobs(writer: Writer, words, wanted) -> None:
    (old,) = writer.write("insert", "Leads", build_leads("Ash"))
    writer.zoho.knobs(bulk_write_status_words=words, bulk_write_result_headers="Status")
    rows = [
        ["id", "Last_Name", "Company"],
        [old["RECORD_ID"], "Oak", "Ltd."],
        ["", "Elm", "Ltd."],
        ["12", "Elm", "Ltd."],
    ]
    told = writer.write("upsert", "Leads", rows, find_by="id")
    assert list(told[0]) == ["id", "Last_Name", "Company", "Status", "ID", "Errors"]
    assert [row["Status"] for row in told] == wanted
    assert told[0]["ID"] == old["RECORD_ID"]


def test_rows_may_be_left_unprocessed_or_untold(writer: Writer) -> None:
    names = ["Ash", "Elm", "Oak"]
    rows = [["Last_Name", "Company"], *([name, "Left"] for name in names)]
    writer.zoho.knobs(bulk_write_unprocessed=1)
    job = writer.finish(writer.create("insert", "Leads", rows))
    told = writer.tell(job)
    assert [row["STATUS"] for row in told] == ["added", "added", "unprocessed"]
    assert told[2]["RECORD_ID"] == told[2]["ERRORS"] == ""
    assert job["resource"][0]["file"]["total_count"] == 2
    assert find_leads(writer, "Left") == ["Ash", "Elm"]
    writer.zoho.knobs(bulk_write_unprocessed=0, bulk_write_result_lacks=2)
    job = writer.finish(writer.create("insert", "Leads", rows))
    assert [row["Last_Name"] for row in writer.tell(job)] == ["Ash"]
    assert job["resource"][0]["file"]["added_count"] == 3


def test_automations_run_when_a_knob_says_so(writer: Writer) -> None:
    writer.write("insert", "Leads", build_leads("Ash"))
    assert writer.zoho.control("GET", "fired") == []
    writer.zoho.knobs(bulk_write_automations=True)
    (row,) = writer.write("insert", "Leads", build_leads("Ash"))
    (fired,) = writer.zoho.control("GET", "fired")
    assert (fired["id"], fired["action"]) == (row["RECORD_ID"], "insert")


def test_a_new_org_has_no_jobs(writer: Writer) -> None:
    job = writer.create("insert", "Leads", build_leads("Ash"))
    file_id = writer.upload(build_leads("Elm"))
    writer.zoho.control("POST", "reset", {"org": True})
    assert writer.zoho.get(f"bulk/v8/write/{job}").status_code == 404
    body = {"operation": "insert", "resource": [writer.resource("Leads", file_id)]}
    assert writer.post(body).json()["code"] == "FILE_NOT_FOUND"
