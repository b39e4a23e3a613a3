"""Bodies that no bulk read job is made of."""

import pytest


def read_refusal(answer) -> tuple[str, object]:
    """Code and details of an error of either form."""
    error = answer.json()
    error = error["data"][0] if "data" in error else error
    assert error["status"] == "error"
    return error["code"], error["details"]


def build_query(**changed: object) -> dict[str, object]:
    return {"module": {"api_name": "Leads"}, "fields": ["Email"], **changed}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "REQUEST_BODY_IS_EMPTY"),
        (b'{"query"', "REQUEST_BODY_NOT_READABLE"),
        (b"[]", "REQUEST_BODY_NOT_SUPPORTED"),
        (b"{}", "REQUEST_BODY_NOT_SUPPORTED"),
        (b'{"query": []}', "REQUEST_BODY_NOT_SUPPORTED"),
        (b'{"query": {"fields": ["Email"]}}', "REQUEST_BODY_NOT_SUPPORTED"),
        (b'{"query": {"module": "Leads", "fields": ["Email"]}}', "REQUEST_BODY_NOT_SUPPORTED"),
        (b'{"queries": {}}', "REQUEST_BODY_NOT_SUPPORTED"),
    ],
)
def test_a_body_that_is_no_query(zoho, body, code) -> None:
    answer = zoho.session.post(
        f"{zoho.server.base_url}/crm/bulk/v8/read",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert read_refusal(answer)[0] == code


@pytest.mark.parametrize(
    ("changed", "code", "details"),
    [
        (
            {"module": {"api_name": "No_Such"}},
            "MODULE_NOT_AVAILABLE",
            {"api_name": "No_Such"},
        ),
        ({"module": {"api_name": "Reports"}}, "MODULE_NOT_SUPPORTED", {"api_name": "Reports"}),
        ({"module": {"api_name": "Visits"}}, "MODULE_NOT_SUPPORTED", {"api_name": "Visits"}),
        (
            {"fields": ["No_Such"]},
            "FIELD_NOT_AVAILABLE",
            {"api_name": "No_Such", "module": "Leads"},
        ),
        *(
            (
                {"fields": ["Email", name]},
                "FIELD_NOT_SUPPORTED",
                {"api_name": name, "module": "Leads"},
            )
            for name in (
                "Documents",
                "Pictures",
                "Record_Image",
                "Team",
                "Products_Wanted",
                "Project_Details",
                "Related_To.id",
                "Email.x",
                "Interested_In.Record_Image",
            )
        ),
        (
            {"fields": ["Owner.shoe_size"]},
            "FIELD_NOT_AVAILABLE",
            {"api_name": "Owner.shoe_size", "module": "Leads"},
        ),
        (
            {"fields": ["Interested_In.Vendor_Name.Email"]},
            "JOIN_LIMIT_EXCEEDED",
            {"api_name": "Interested_In.Vendor_Name.Email"},
        ),
        ({"fields": "Email"}, "REQUEST_BODY_NOT_SUPPORTED", {}),
        ({"page": 0}, "PAGE_NOT_SUPPORTED", {}),
        ({"page": "1"}, "PAGE_NOT_SUPPORTED", {}),
        ({"page": 2}, "PAGE_RANGE_EXCEEDED", {"max_limit": 1}),
        ({"sort_by": "id"}, "QUERY_NOT_SUPPORTED", {"api_name": "sort_by"}),
        ({"page_token": "x"}, "QUERY_NOT_SUPPORTED", {"api_name": "page_token"}),
    ],
)
def test_a_query_that_cannot_be_met(bulk, changed, code, details) -> None:
    answer = bulk.post(build_query(**changed))
    assert answer.status_code == 400
    assert read_refusal(answer) == (code, details)


def test_a_page_token_that_nobody_issued(bulk) -> None:
    assert read_refusal(bulk.post({"page_token": "x"})) == (
        "INVALID_DATA",
        {"api_name": "page_token", "json_path": "$.query.page_token"},
    )


def test_page_tokens_begin_with_v7(bulk) -> None:
    bulk.version = "v4"
    assert read_refusal(bulk.post({"page_token": "x"})) == (
        "QUERY_NOT_SUPPORTED",
        {"api_name": "page_token"},
    )


def test_fields_begin_with_their_version(bulk) -> None:
    assert bulk.post(build_query(fields=["Converted_Date_Time"])).status_code == 201
    bulk.version = "v4"
    answer = bulk.post(build_query(fields=["Converted_Date_Time"]))
    assert read_refusal(answer)[0] == "FIELD_NOT_AVAILABLE"


def test_modules_are_refused_by_a_knob(bulk) -> None:
    bulk.zoho.knobs(bulk_refused_modules=["Leads"])
    assert read_refusal(bulk.post(build_query()))[0] == "MODULE_NOT_SUPPORTED"


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        (
            {"callback": {"url": "https://example.com", "method": "get"}},
            "INVALID_CALLBACK_METHOD",
            {"supported_callback_methods": ["post"]},
        ),
        ({"callback": {"url": "nowhere", "method": "post"}}, "INVALID_CALLBACK_URL", {}),
        (
            {"file_type": "xlsx"},
            "INVALID_DATA",
            {"api_name": "file_type", "supported_values": ["ics", "csv"]},
        ),
    ],
)
def test_what_stands_beside_the_query(bulk, body, code, details) -> None:
    answer = bulk.post(build_query(), **body)
    assert (answer.status_code, read_refusal(answer)) == (400, (code, details))


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({"cvid": "1"}, {}),
        ({"fields": []}, {}),
        ({"fields": None}, {}),
        ({}, {"file_type": "ics"}),
        ({}, {"callback": {"url": "https://example.com/x", "method": "post"}}),
    ],
)
def test_what_is_not_emulated_says_so(bulk, changed, body) -> None:
    answer = bulk.post(build_query(**changed), **body)
    assert answer.status_code == 501
    assert "/crm/bulk/v8/read" in answer.json()["message"]


@pytest.mark.parametrize(
    ("version", "media_type", "status"),
    [
        ("v2.1", None, 415),
        ("v4", None, 415),
        ("v4", "text/csv", 415),
        ("v4", "application/json; charset=utf-8", 201),
        ("v8", None, 201),
        ("v8", "application/x-www-form-urlencoded", 415),
    ],
)
def test_the_body_must_say_that_it_is_json(zoho, version, media_type, status) -> None:
    answer = zoho.session.post(
        f"{zoho.server.base_url}/crm/bulk/{version}/read",
        data=b'{"query": {"module": {"api_name": "Leads"}, "fields": ["Email"]}}',
        headers={"Content-Type": media_type},
    )
    assert answer.status_code == status
    if status == 415:
        assert read_refusal(answer) == ("MEDIA_TYPE_NOT_SUPPORTED", {})
