"""Files for bulk write: what is taken, and what Zoho refuses."""

import pytest

from unit_tests.emulator.bulk_write.conftest import Writer, pack

VERSIONS = ["v2", "v2.1", "v4", "v8"]


def check_refusal(answer, code: str, message: str, status: int = 400) -> None:
    assert answer.status_code == status
    assert answer.json() == {"status": "error", "code": code, "message": message, "details": {}}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_gets_an_id(writer: Writer, version: str) -> None:
    writer.version = version
    answer = writer.post_file(pack({"a.csv": "Last_Name\r\nAsh\r\n"}))
    assert answer.status_code == 200
    details = answer.json().pop("details")
    assert answer.json() == {
        "status": "success",
        "code": "FILE_UPLOAD_SUCCESS",
        "message": "file uploaded.",
        "details": details,
    }
    assert details["file_id"].isdigit()
    assert details.keys() == {"file_id", "created_time"}
    assert writer.zoho.usage()["calls"]["upload"] == 1
    assert writer.zoho.usage()["credits_by"]["upload"] == 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("headers", "code", "message"),
    [
        ({"feature": None}, "MANDATORY_NOT_FOUND", "Required key feature is not available"),
        ({"X_CRM_ORG": None}, "MANDATORY_NOT_FOUND", "Required key x-crm-org is not available"),
        ({"feature": "bulk-read"}, "NOT_SUPPORTED_FEATURE", "Feature is not supported"),
        ({"X_CRM_ORG": "1"}, "INVALID_DATA", "Invalid data - x-crm-org"),
    ],
)
def test_headers_are_needed(writer: Writer, version, headers, code, message) -> None:
    writer.version = version
    check_refusal(writer.post_file(pack({"a.csv": "x"}), **headers), code, message)


def test_only_a_zip_is_taken(writer: Writer) -> None:
    answer = writer.post_file(b"Last_Name\r\nAsh\r\n")
    message = "invalid file format. only zip format is supported"
    check_refusal(answer, "INVALID_FILE_FORMAT", message)


def test_the_part_is_called_file(writer: Writer) -> None:
    answer = writer.post_file(pack({"a.csv": "x"}), part="data")
    check_refusal(answer, "MANDATORY_NOT_FOUND", "Required key file is not available")
    answer = writer.zoho.session.post(
        f"{writer.zoho.server.base_url}/crm/v8/upload",
        data=pack({"a.csv": "x"}),
        headers={"feature": "bulk-write", "X-CRM-ORG": writer.zgid},
    )
    check_refusal(answer, "MANDATORY_NOT_FOUND", "Required key file is not available")


def test_the_file_is_found_among_other_parts_and_keeps_its_bytes(writer: Writer) -> None:
    content = pack({"a.csv": "Last_Name,Company\nAsh,\r\n--x\r\n"})
    answer = writer.zoho.session.post(
        f"{writer.zoho.server.base_url}/crm/v8/upload",
        files={"name": (None, "file"), "file": ("a.zip", content), "more": (None, "x")},
        headers={"feature": "bulk-write", "X-CRM-ORG": writer.zgid},
    )
    file_id = answer.json()["details"]["file_id"]
    resource = writer.resource("Leads", file_id)
    job = writer.post({"operation": "insert", "resource": [resource]}).json()["details"]["id"]
    rows = writer.tell(writer.finish(job))
    assert [row["Last_Name"] for row in rows] == ["Ash", "--x"]


@pytest.mark.parametrize(
    ("knobs", "status", "code", "message"),
    [
        ({}, 400, "INVALID_DATA", "Import file size should be less than 25 mb."),
        (
            {"bulk_write_too_large": "FILE_TOO_LARGE"},
            *(413, "FILE_TOO_LARGE", "File size too large to process"),
        ),
    ],
)
def test_a_file_may_be_too_large(writer: Writer, knobs, status, code, message) -> None:
    content = pack({"a.csv": "Last_Name\r\n" + "Ash\r\n" * 100})
    megabytes = len(content) / 1024 / 1024
    writer.zoho.knobs(bulk_write_zip_mb=megabytes, **knobs)
    assert writer.post_file(content).status_code == 200
    writer.zoho.knobs(bulk_write_zip_mb=megabytes - 1e-6)
    check_refusal(writer.post_file(content), code, message, status)


def test_a_token_lacks_the_scope_unless_it_is_told(writer: Writer) -> None:
    writer.zoho.knobs(more_scopes=[])
    answer = writer.post_file(pack({"a.csv": "x"}))
    assert (answer.status_code, answer.json()["code"]) == (401, "OAUTH_SCOPE_MISMATCH")
    assert "ZohoFiles" not in writer.zoho.refresh().json()["scope"]
    writer.zoho.knobs(more_scopes=["ZohoFiles.files.ALL"])
    assert "ZohoFiles.files.ALL" in writer.zoho.refresh().json()["scope"].split()
    assert writer.post_file(pack({"a.csv": "x"})).status_code == 200


def test_another_method_is_refused(writer: Writer) -> None:
    assert writer.zoho.get("v8/upload").json()["code"] == "INVALID_REQUEST_METHOD"
    assert writer.zoho.call("POST", "v3/upload").status_code == 501
