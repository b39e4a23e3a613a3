from email.utils import parsedate_to_datetime

import pytest


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "v3/Leads", 501, "NOT_EMULATED"),
        ("GET", "v8/Leads/actions/count", 501, "NOT_EMULATED"),
        ("GET", "v8/Leads/search", 501, "NOT_EMULATED"),
        ("GET", "v8/Leads/123/Emails", 501, "NOT_EMULATED"),
        ("GET", "v8/Contacts/roles/1", 501, "NOT_EMULATED"),
        ("POST", "v8/Leads/123/Notes", 501, "NOT_EMULATED"),
        ("PATCH", "v8/settings/layouts", 501, "NOT_EMULATED"),
        ("GET", "v8/settings/wizards", 501, "NOT_EMULATED"),
        ("GET", "v8/settings/custom_views/1", 501, "NOT_EMULATED"),
        ("GET", "v8/org/currencies/1", 501, "NOT_EMULATED"),
        ("POST", "bulk/v8/write", 501, "NOT_EMULATED"),
        ("POST", "bulk/v3/read", 501, "NOT_EMULATED"),
        ("GET", "bulk/v8/read", 400, "INVALID_REQUEST_METHOD"),
        ("POST", "v8/settings/fields", 501, "NOT_EMULATED"),
        ("GET", "v8/settings/nonsense", 404, "INVALID_URL_PATTERN"),
        ("GET", "v8", 404, "INVALID_URL_PATTERN"),
        ("GET", "bulk/v8/reed", 404, "INVALID_URL_PATTERN"),
        ("POST", "v8/Leads/actions/mass_update", 501, "NOT_EMULATED"),
        ("PUT", "v8/users/1", 501, "NOT_EMULATED"),
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


def test_the_date_header_follows_the_clock(zoho) -> None:
    before = parsedate_to_datetime(zoho.get("v8/org").headers["Date"])
    zoho.control("POST", "clock", {"advance_s": 100 * 86_400})
    after = zoho.session.get(f"{zoho.server.base_url}/nowhere").headers["Date"]
    assert 100 * 86_400 <= (parsedate_to_datetime(after) - before).total_seconds() < 101 * 86_400
    assert zoho.get("v8/org").json()["code"] == "INVALID_TOKEN"


def test_credits_run_out(zoho) -> None:
    zoho.knobs(credits_per_day=4)
    headers = [zoho.get("v8/org").headers.get("X-API-CREDITS-REMAINING") for _ in range(4)]
    assert headers == [None, "2", "1", "0"]
    answer = zoho.get("v8/org")
    assert answer.status_code == 429
    assert answer.json() == {
        "code": "TOO_MANY_REQUESTS",
        "details": {},
        "message": "Many requests fired than the allowed limit for the past 24 hours.",
        "status": "error",
    }
    assert zoho.refresh().status_code == 200
    assert zoho.usage()["credits"] == 4
