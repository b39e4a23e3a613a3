from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "v3/Leads", 501, "NOT_EMULATED"),
        ("GET", "v8/Leads/123/Emails", 501, "NOT_EMULATED"),
        ("GET", "v8/Contacts/roles/1", 501, "NOT_EMULATED"),
        ("GET", "v8/settings/wizards", 501, "NOT_EMULATED"),
        ("POST", "bulk/v3/read", 501, "NOT_EMULATED"),
        ("GET", "bulk/v8/read", 400, "INVALID_REQUEST_METHOD"),
        ("GET", "v8/settings/nonsense", 404, "INVALID_URL_PATTERN"),
        ("GET", "v8", 404, "INVALID_URL_PATTERN"),
        ("GET", "bulk/v8/reed", 404, "INVALID_URL_PATTERN"),
        ("PATCH", "v8/Leads", 400, "INVALID_REQUEST_METHOD"),
        ("GET", "v8/Leads/upsert", 400, "INVALID_REQUEST_METHOD"),
        ("GET", "v8/coql", 400, "INVALID_REQUEST_METHOD"),
        ("DELETE", "v8/org", 400, "INVALID_REQUEST_METHOD"),
        ("POST", "v8/Leads/deleted", 400, "INVALID_REQUEST_METHOD"),
    ],
)
def test_what_a_path_answers(zoho, method, path, status, code) -> None:
    answer = zoho.call(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    if status == 501:
        assert path.split("/")[-1] in answer.json()["message"] or "version v3" in answer.text


#: "APIs" of v8: what Zoho has and the emulator has not.
UNEMULATED = """
    GET __apis
    POST __composite_requests
    GET __features
    GET POST files
    POST zia/people_enrichment
    POST PUT org/currencies
    GET PUT org/currencies/1
    POST PUT org/currencies/actions/enable
    GET POST DELETE org/photo
    POST PUT users
    GET PUT DELETE users/1
    GET users/actions/count
    GET users/1/territories
    GET users/1/actions/associated_groups
    GET Leads/search
    POST Leads/actions/count
    GET POST Leads/actions/mass_update
    POST Leads/actions/remove_tags
    POST Leads/actions/assign_territories
    POST Leads/actions/change_owner
    GET Leads/1/__timeline
    GET Leads/1/__conversion_options
    GET POST DELETE Leads/1/photo
    POST Leads/1/actions/convert
    POST Leads/1/actions/clone
    POST Leads/1/actions/add_tags
    GET PUT Leads/1/actions/blueprint
    POST Leads/1/Notes
    POST Leads/1/Attachments
    GET DELETE Leads/1/Attachments/2
    PUT DELETE Leads/1/Products/2
    POST PUT settings/modules
    PUT settings/modules/Leads
    POST PATCH settings/fields
    PATCH DELETE settings/fields/1
    GET settings/fields/1/pick_list_values
    PATCH settings/layouts
    PATCH DELETE settings/layouts/1
    POST DELETE settings/layouts/1/actions/activate
    GET settings/custom_views/1
    PUT settings/custom_views/actions/change_sort
    GET POST PATCH DELETE settings/global_picklists
    GET settings/global_picklists/1/actions/associations
    POST PUT settings/pipeline
    POST settings/pipeline/actions/transfer
    PUT DELETE settings/profiles/1
    POST settings/profiles/1/actions/clone
    POST PUT settings/roles
    GET DELETE settings/recycle_bin
    GET settings/related_lists/1
    POST PUT settings/tags
    PUT DELETE settings/tags/1
    GET settings/tags/1/actions/records_count
    POST PUT DELETE settings/territories
    GET PUT DELETE settings/territories/1
    GET settings/territories/actions/associated_users_count
    GET POST PUT DELETE settings/variables
    GET settings/business_hours
    GET settings/fiscal_year
    GET settings/holidays
    GET settings/user_groups
"""


def test_what_zoho_has_and_the_emulator_has_not_is_a_loud_501_and_counts_as_nothing_else(
    zoho,
) -> None:
    lines = [line.split() for line in UNEMULATED.split("\n") if line.strip()]
    calls = [(method, path) for *methods, path in lines for method in methods]
    calls += [("POST", "backup"), ("GET", "backup/urls")]
    for method, path in calls:
        bulk = path.partition("/")[0] == "backup"
        answer = zoho.call(method, f"bulk/v8/{path}" if bulk else f"v8/{path}")
        assert (answer.status_code, method, path) == (501, method, path)
        assert path in answer.json()["message"]
    assert zoho.usage()["calls"] == {"not_emulated": len(calls)}


@pytest.mark.parametrize(
    ("header", "code"), [(None, "AUTHENTICATION_FAILURE"), ("Zoho-oauthtoken x", "INVALID_TOKEN")]
)
def test_no_call_without_a_token(zoho, header, code) -> None:
    answer = zoho.get("v8/Leads", fields="id", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json() == {
        "code": code,
        "details": {},
        "message": "Authentication failed" if header is None else "invalid oauth token",
        "status": "error",
    }
    assert zoho.usage()["credits"] == 0


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("v2/leads", {}),
        ("v8/LEADS", {"fields": "id"}),
        ("v4/leads/deleted", {}),
        ("v2/settings/fields", {"module": "leads"}),
        ("v2/settings/modules/leads", {}),
    ],
)
def test_modules_are_known_in_any_letter_case_unless_a_knob_says_otherwise(
    zoho, path, params
) -> None:
    proper = path.replace("leads", "Leads").replace("LEADS", "Leads")
    known = {key: value.title() if key == "module" else value for key, value in params.items()}
    answer = zoho.get(path, **params)
    assert answer.status_code in (200, 204)
    assert _strip_tokens(answer) == _strip_tokens(zoho.get(proper, **known))
    assert {name for name in zoho.usage()["calls"] if ":" in name} <= {
        "records.list:Leads",
        "deleted:Leads",
        "settings.fields:Leads",
        "settings.modules:Leads",
    }
    zoho.knobs(module_names_any_case=False)
    assert zoho.get(path, **params).json()["code"] == "INVALID_MODULE"
    assert zoho.get(proper, **known).status_code in (200, 204)


def _strip_tokens(answer) -> object:
    body = answer.json() if answer.content else {}
    return body | {"info": body.get("info", {}).get("count")}


def test_a_module_of_the_very_name_goes_before_one_of_another_case(zoho) -> None:
    zoho.control("POST", "modules", {"api_name": "accounts"})
    assert zoho.get("v8/accounts", fields="id").status_code == 204
    assert zoho.get("v8/Accounts", fields="id").status_code == 200
    zoho.control("DELETE", "modules/accounts")
    assert zoho.get("v8/accounts", fields="id").status_code == 200


def test_the_token_call_takes_a_form_of_parts(zoho) -> None:
    parts = {name: (None, text) for name, text in zoho.grant.items()}
    assert zoho.session.post(zoho.token_url, files=parts).json()["expires_in"] == 3600
    parts["client_id"] = (None, "x")
    assert zoho.session.post(zoho.token_url, files=parts).json() == {"error": "invalid_client"}
    headers = {"Content-Type": "multipart/form-data"}
    assert zoho.session.post(zoho.token_url, data=b"no parts", headers=headers).json() == {
        "error": "general_error"
    }


@pytest.mark.parametrize(
    ("method", "path", "knobs", "status", "code"),
    [
        ("GET", "v8/Nonsense", {}, 400, "INVALID_MODULE"),
        ("POST", "v8/Leads", {"scopes": "x"}, 401, "OAUTH_SCOPE_MISMATCH"),
        ("DELETE", "v2/Leads", {}, 400, "REQUIRED_PARAM_MISSING"),
        ("GET", "v8/org", {"concurrency": 1, "credits_per_day": 1}, 429, "TOO_MANY_REQUESTS"),
        ("POST", "v8/coql", {}, 400, "UNABLE_TO_PARSE_DATA_TYPE"),
    ],
)
def test_refusals_of_whole_calls_can_stand_in_a_list(
    zoho, method, path, knobs, status, code
) -> None:
    zoho.knobs(**knobs)
    if "credits_per_day" in knobs:
        zoho.get("v8/org")
    alone = zoho.call(method, path)
    zoho.knobs(refusals_in_data=True)
    listed = zoho.call(method, path)
    assert alone.json()["code"] == code
    assert listed.json() == {"data": [alone.json()]}
    assert (alone.status_code, listed.status_code) == (status, status)


def test_the_date_header_follows_the_clock(zoho) -> None:
    before = parsedate_to_datetime(zoho.get("v8/org").headers["Date"])
    zoho.control("POST", "clock", {"advance_s": 100 * 86_400})
    after = zoho.session.get(f"{zoho.server.base_url}/nowhere").headers["Date"]
    assert 100 * 86_400 <= (parsedate_to_datetime(after) - before).total_seconds() < 101 * 86_400
    assert zoho.get("v8/org").json()["code"] == "INVALID_TOKEN"


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_every_answer_has_the_headers_that_were_recorded(zoho, version) -> None:
    lead = {"data": [{"Last_Name": "X", "Company": "Y"}]}
    added = zoho.call("POST", f"{version}/Leads", json=lead)
    for answer, status in (
        (added, 201),
        (zoho.get(f"{version}/Leads", fields="id", per_page=1), 200),
        (zoho.get(f"{version}/Nothing", fields="id"), 400),
    ):
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
        assert answer.headers["Content-Disposition"] == "attachment; filename=response.json"
        dies = datetime.fromisoformat(answer.headers["x-accesstoken-reset"])
        left = dies - parsedate_to_datetime(answer.headers["Date"])
        assert 0 < left.total_seconds() <= 3_600
        assert "X-API-CREDITS-REMAINING" not in answer.headers
    stranger = zoho.get(f"{version}/org", headers={"Authorization": "Zoho-oauthtoken none"})
    assert "x-accesstoken-reset" not in stranger.headers
    assert zoho.refresh().headers["Content-Type"] == "application/json;charset=UTF-8"


def test_credits_run_out(zoho) -> None:
    zoho.knobs(credits_per_day=4)
    headers = [zoho.get("v8/org").headers.get("X-API-CREDITS-REMAINING") for _ in range(4)]
    assert headers == [None, "2", "1", "0"]
    zoho.knobs(credits_header=False)
    answer = zoho.get("v8/org")
    assert "X-API-CREDITS-REMAINING" not in answer.headers
    assert answer.status_code == 429
    assert answer.json() == {
        "code": "TOO_MANY_REQUESTS",
        "details": {},
        "message": "Many requests fired than the allowed limit for the past 24 hours.",
        "status": "error",
    }
    assert zoho.refresh().status_code == 200
    assert zoho.usage()["credits"] == 4
