"""Answers of the token endpoint that are not as documented."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException
from airbyte_cdk.utils.datetime_helpers import ab_datetime_now

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
    ],
)
def test_a_token_serves_whatever_its_answer_tells_of_it(
    server: Running, knobs: dict[str, object]
) -> None:
    server.control("POST", "knobs", knobs)
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


@pytest.mark.parametrize("body", [{}, {"api_domain": "x", "expires_in": 3600}, [], "", "null"])
def test_an_answer_without_a_token_and_without_a_reason_is_asked_for_again(
    server: Running, body: object
) -> None:
    answer(server, body, times=2)

    assert org_name(server)
    assert tokens(server) == 3


def test_a_token_endpoint_that_never_gives_a_token_or_a_reason_is_named(server: Running) -> None:
    answer(server, {})

    with pytest.raises(AirbyteTracedException) as caught:
        org_name(server)

    assert caught.value.failure_type == FailureType.transient_error
    assert f"{server.base_url}/oauth/v2/token" in str(caught.value.message)
    assert "Try again later" in str(caught.value.message)


def test_a_redirect_of_the_token_endpoint_is_not_followed(server: Running) -> None:
    elsewhere = f"{server.base_url}/oauth/v2/elsewhere"
    args = {"status": 307, "headers": {"Location": elsewhere}}
    server.control("POST", "faults", [{"match": "token", "do": "status", "args": args}])

    with pytest.raises(AirbyteTracedException, match=r"does not answer \(HTTP 307\)"):
        org_name(server)

    usage = server.control("GET", "usage")
    assert isinstance(usage, dict)
    assert "not_emulated" not in usage["calls"]


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
