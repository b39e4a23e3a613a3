"""What an org is allowed, as Zoho's answer says it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from unit_tests.zoho_crm.test_calls import client_of
from zoho_crm.answers import accept_any_body
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.limits import compute_calls_at_once, compute_daily_credits
from zoho_crm.org import begin_run, get_org
from zoho_crm.requester import build_requester
from zoho_emulator.server import Running, Settings, running

NOW = datetime(2026, 1, 15, tzinfo=UTC)
TRIAL = {
    "paid": False,
    "paid_type": "free",
    "trial_type": "enterprise",
    "trial_expiry": "2026-01-15T00:00:01+00:00",
    "users_license_purchased": 3,
}


@pytest.mark.parametrize(
    ("details", "calls", "credits_"),
    [
        (TRIAL, 20, 53_000),
        (TRIAL | {"trial_expiry": "2026-01-14T16:00:01-08:00"}, 20, 53_000),
        (TRIAL | {"trial_expiry": "2026-01-15"}, 5, 5_000),
        (TRIAL | {"trial_expiry": "2026-01-14T23:59:59+00:00"}, 5, 5_000),
        # Whether these have ended is not known.
        (TRIAL | {"trial_expiry": None}, 20, 53_000),
        (TRIAL | {"trial_expiry": "soon"}, 20, 53_000),
        ({"trial_type": "enterprise"}, 20, 50_000),
        (TRIAL | {"trial_type": "standard", "users_license_purchased": 0}, 10, 50_000),
        (TRIAL | {"trial_type": None}, 5, 5_000),
        # An edition that nobody knows.
        (TRIAL | {"trial_type": "grand"}, 5, None),
        # Who pays for one edition may try a higher one.
        (TRIAL | {"paid": True, "paid_type": "standard"}, 20, 53_000),
        (TRIAL | {"paid": True, "paid_type": "standard", "trial_expiry": None}, 10, 50_750),
        (
            TRIAL | {"paid": True, "paid_type": "standard", "trial_expiry": "2026-01-01"},
            10,
            50_750,
        ),
        ({"paid": True, "paid_type": "enterprise", "users_license_purchased": 10}, 20, 60_000),
        ({"paid": True, "paid_type": "professional"}, 15, 50_000),
        ({"paid": True, "paid_type": "ultimate"}, 25, 50_000),
        ({"paid": False, "paid_type": "free", "users_license_purchased": 10}, 5, 5_000),
        ({"paid": True, "paid_type": "grand"}, 5, None),
        ({}, 5, None),
    ],
)
def test_the_limits_of_an_org_follow_from_its_licence(
    details: dict[str, Any], calls: int, credits_: int | None
) -> None:
    org = {"license_details": details}
    assert (compute_calls_at_once(org, NOW), compute_daily_credits(org, NOW)) == (calls, credits_)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(Settings(rows=3), {"tokens_per_10_min": 0}) as server:
        yield server


@pytest.mark.parametrize(("days", "calls"), [(30, 20), (-1, 5)])
def test_a_run_takes_for_allowed_what_a_trial_allows(
    server: Running, days: int, calls: int
) -> None:
    """By Zoho's clock, which may be far from ours."""
    ZohoAuthenticator._tokens.clear()
    server.control("POST", "reset", {})
    server.control("POST", "clock", {"advance_s": 400 * 86_400})
    until = datetime.now(UTC) + timedelta(days=400 + days)
    server.control("POST", "knobs", {"trial_until": until.isoformat()})
    client = client_of(server)

    client.org.fetch_details(client.metadata)

    usage = server.control("GET", "usage")
    assert client.org.usage.remaining == usage["credits_remaining"] + 1  # the call itself
    assert client.org.calls_at_once == calls
    assert client.org.sub_calls_at_once == min(calls, 10)
    server.control("POST", "clock", {"advance_s": -400 * 86_400})


@pytest.mark.parametrize(("most", "before", "after"), [(None, 5, 20), (4, 4, 4), (50, 5, 20)])
def test_no_more_calls_are_made_at_a_time_than_the_edition_and_the_user_allow(
    server: Running, most: int | None, before: int, after: int
) -> None:
    """Until the edition is known, as many as every edition allows."""
    ZohoAuthenticator._tokens.clear()
    config = client_of(server).config | {"max_concurrent_requests": most}
    begin_run(config)
    org, ask = get_org(config), build_requester("requester", config)
    server.control("POST", "knobs", {"trial_until": ""})

    def at_once() -> int:
        server.control("POST", "reset", {})
        server.control("POST", "faults", [{"match": "*", "do": "delay", "args": {"seconds": 0.2}}])
        with ThreadPoolExecutor(24) as threads:
            answers = [
                threads.submit(ask.ask, "settings/roles", read=accept_any_body) for _ in range(24)
            ]
        assert all(answer.result() for answer in answers)
        return int(server.control("GET", "usage")["max_concurrency"])

    assert at_once() == before
    org.fetch_details(ask)
    assert at_once() == after
