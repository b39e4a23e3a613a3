"""Answers of the token endpoint that are not as documented."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException
from airbyte_cdk.utils.datetime_helpers import ab_datetime_now

from destination_zoho_crm.client import Client
from unit_tests.zoho_crm.test_calls import client_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Running, Settings, running


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running(Settings(rows=3), {"tokens_per_10_min": 0}) as server:
        yield server


@pytest.fixture
def server(_server: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    ZohoAuthenticator._tokens.clear()
    _server.control("POST", "reset", {})
    yield _server
    _server.control("POST", "knobs", {"token_without": [], "token_expires_in": 3600})


def tokens(server: Running) -> int:
    usage = server.control("GET", "usage")
    assert isinstance(usage, dict)
    return int(usage["calls"]["token"])


def answer(server: Running, body: object, status: int = 200, **when: Any) -> None:
    args = {"status": status, "body": body}
    server.control("POST", "faults", [{"match": "token", "do": "status", "args": args} | when])


def token_of(server: Running) -> dict[str, Any]:
    """The answer to some other program; the calls are counted anew."""
    names = ("client_id", "client_secret", "refresh_token")
    form = {name: getattr(server, name) for name in names} | {"grant_type": "refresh_token"}
    found = requests.post(f"{server.base_url}/oauth/v2/token", data=form, timeout=30).json()
    server.control("POST", "reset", {})
    assert found["access_token"]
    return dict(found)


def org_name(server: Running) -> str:
    (org,) = client_of(server).metadata.metadata("org", "org")
    return str(org["company_name"])


@pytest.mark.parametrize(
    "knobs",
    [
        {"token_without": ["expires_in"]},
        {"token_without": ["scope", "api_domain", "token_type"]},
        {"token_expires_in": 3_600_000},
        {"token_expires_in": 0},
        {"token_expires_in": 120},
        {"expires_in": None},
        {"expires_in": "an hour"},
        {"expires_in": "3600", "api_domain": None},
        {"expires_in": [1], "scope": 7, "api_domain": 7},
    ],
)
def test_a_token_serves_whatever_its_answer_says_of_it(
    server: Running, knobs: dict[str, object]
) -> None:
    if all(name.startswith("token_") for name in knobs):
        server.control("POST", "knobs", knobs)
    else:
        answer(server, token_of(server) | knobs, times=1)
    client = client_of(server)

    for _ in range(3):
        assert client.metadata.metadata("org", "org")

    assert tokens(server) == 1


def test_a_token_that_is_said_to_live_in_milliseconds_is_renewed_within_the_hour(
    server: Running,
) -> None:
    server.control("POST", "knobs", {"token_expires_in": 3_600_000})
    client = client_of(server)
    client.metadata.metadata("org", "org")

    (token,) = ZohoAuthenticator._tokens.values()

    left = token.expires - ab_datetime_now()
    assert left.total_seconds() == pytest.approx(3_600, abs=30)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"api_domain": "x", "expires_in": 3600},
        {"access_token": None},
        {"access_token": 7},
        {"error": None},
        {"error": "general_error", "status": "failure"},
        [],
        "",
        "null",
        "<html>",
    ],
)
def test_an_answer_without_a_token_and_a_reason_of_ours_is_asked_for_again(
    server: Running, body: object
) -> None:
    answer(server, body, times=2)

    assert org_name(server)
    assert tokens(server) == 3


@pytest.mark.parametrize("body", [{}, {"error": "general_error"}, "<html>"])
def test_a_token_endpoint_that_never_gives_a_token_or_a_reason_is_named(
    server: Running, body: object
) -> None:
    answer(server, body)

    with pytest.raises(AirbyteTracedException) as caught:
        org_name(server)

    assert caught.value.failure_type == FailureType.transient_error
    assert f"{server.base_url}/oauth/v2/token" in str(caught.value.message)
    assert "Try again later" in str(caught.value.message)


@pytest.mark.parametrize(
    ("base_url", "why"),
    [
        ("http://127.0.0.1:9", "does not answer (ConnectionError)"),
        ("http://localhost:{port}/nowhere", "gives no token (HTTP 404)"),
    ],
)
def test_a_base_url_without_a_token_endpoint_is_named(
    server: Running, base_url: str, why: str
) -> None:
    url = base_url.format(port=server.base_url.rpartition(":")[2])

    with pytest.raises(AirbyteTracedException) as caught:
        Client({**server.account, "base_url": url}).metadata.metadata("org", "org")

    assert caught.value.message == (
        f"Zoho's token endpoint {url}/oauth/v2/token {why}. Try again later. Check that the "
        f"emulator runs at base_url, which is {url}."
    )


def test_a_redirect_of_the_token_endpoint_is_not_followed(server: Running) -> None:
    elsewhere = f"{server.base_url}/oauth/v2/elsewhere"
    args = {"status": 307, "headers": {"Location": elsewhere}}
    server.control("POST", "faults", [{"match": "token", "do": "status", "args": args}])

    with pytest.raises(AirbyteTracedException, match="sends the call on to") as caught:
        org_name(server)

    assert caught.value.failure_type == FailureType.config_error
    assert f"sends the call on to {server.base_url}, and" in str(caught.value.message)

    usage = server.control("GET", "usage")
    assert isinstance(usage, dict)
    assert "not_emulated" not in usage["calls"]


# --- Tokens that die


def test_a_refresh_token_that_is_revoked_while_calls_are_made_is_named(server: Running) -> None:
    """Not the access token, with which the calls were refused first."""
    client = client_of(server)
    assert client.metadata.metadata("org", "org")
    server.control("POST", "clock", {"advance_s": 3_700})
    answer(server, {"error": "invalid_code"})

    with pytest.raises(AirbyteTracedException) as caught:
        client.metadata.metadata("org", "org")

    assert caught.value.failure_type == FailureType.config_error
    assert "Zoho refuses the refresh token (invalid_code)." in str(caught.value.message)


@pytest.mark.parametrize("body", [{}, {"error": "general_error"}, "<html>"])
def test_a_token_endpoint_that_fails_while_calls_are_made_is_named(
    server: Running, body: object
) -> None:
    client = client_of(server)
    assert client.metadata.metadata("org", "org")
    server.control("POST", "clock", {"advance_s": 3_700})
    answer(server, body)

    with pytest.raises(AirbyteTracedException) as caught:
        client.metadata.metadata("org", "org")

    assert caught.value.failure_type == FailureType.transient_error
    assert "None" not in str(caught.value.message)
    assert "omething went wrong" not in str(caught.value.message)


def test_calls_that_are_refused_with_one_old_token_take_one_new_one(server: Running) -> None:
    """The one is refused after the other has renewed the token."""
    authenticator = client_of(server).metadata.get_authenticator()
    assert isinstance(authenticator, ZohoAuthenticator)

    def refused_call() -> None:
        authenticator.get_auth_header()
        authenticator.refresh_and_set_access_token()

    authenticator.get_auth_header()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(refused_call).result()
    assert tokens(server) == 2
    authenticator.refresh_and_set_access_token()

    assert tokens(server) == 2


@pytest.mark.parametrize(("seconds", "made"), [(3_290, 1), (3_310, 2)])
def test_a_token_is_renewed_five_minutes_before_it_ends(
    server: Running, monkeypatch: pytest.MonkeyPatch, seconds: int, made: int
) -> None:
    client = client_of(server)
    assert client.metadata.metadata("org", "org")
    later = timedelta(seconds=seconds)
    monkeypatch.setattr("zoho_crm.auth.ab_datetime_now", lambda: ab_datetime_now() + later)

    for _ in range(2):
        assert client.metadata.metadata("org", "org")

    assert tokens(server) == made


def test_threads_that_renew_the_same_token_take_one_new_one(server: Running) -> None:
    authenticator = client_of(server).metadata.get_authenticator()
    assert isinstance(authenticator, ZohoAuthenticator)
    old = authenticator.get_access_token()
    delay = {"match": "token", "do": "delay", "args": {"seconds": 0.3}}
    server.control("POST", "faults", [delay])

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(authenticator.refresh_and_set_access_token)

    assert authenticator.get_access_token() != old
    assert tokens(server) == 2
