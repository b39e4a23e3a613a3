"""What the environment says about connections holds, though it is looked up once for each host."""

from typing import Any

import pytest
import requests

from zoho_crm.sessions import remember_environment

PROXY = "http://proxy.example.com:3128"
URLS = [
    "https://www.zohoapis.com/crm/v4/Leads",
    "https://www.zohoapis.com/crm/v4/Deals",
    "http://www.zohoapis.com/crm/v4/Leads",
    "https://inside.example.com/crm/v4/Leads",
    "http://127.0.0.1:8765/crm/v4/Leads",
]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", "inside.example.com,127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/certificates.pem")


def settings(session: requests.Session, url: str) -> dict[str, Any]:
    return dict(session.merge_environment_settings(url, {}, None, None, None))


def test_proxies_and_certificates_are_those_that_a_session_finds_by_itself() -> None:
    plain, session = requests.Session(), requests.Session()
    remember_environment(session)
    for url in URLS * 2:
        assert settings(session, url) == settings(plain, url)
    assert settings(session, URLS[0])["proxies"]["https"] == PROXY
    assert settings(session, URLS[0])["verify"] == "/certificates.pem"
    assert "https" not in settings(session, URLS[3])["proxies"]


def test_what_a_call_changes_does_not_reach_the_next_one() -> None:
    session = requests.Session()
    remember_environment(session)
    settings(session, URLS[0])["proxies"].clear()
    assert settings(session, URLS[0])["proxies"]["https"] == PROXY


def test_proxies_that_a_call_names_go_before_the_environment() -> None:
    plain, session = requests.Session(), requests.Session()
    remember_environment(session)
    for own in ({"https": "http://own.example.com"}, {}):
        found = session.merge_environment_settings(URLS[0], dict(own), None, None, None)
        assert found == plain.merge_environment_settings(URLS[0], dict(own), None, None, None)
