from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from zoho_emulator.clock import Clock
from zoho_emulator.errors import ZohoError
from zoho_emulator.knobs import Knobs
from zoho_emulator.limits import DAY_S, Limits, count_coql_credits, count_daily_credits
from zoho_emulator.store.model import Org
from zoho_emulator.versions import VERSIONS

QUERY = "select Last_Name from Leads where id > 0"


@pytest.fixture
def knobs() -> Knobs:
    return Knobs()


@pytest.fixture
def limits(clock: Clock, knobs: Knobs) -> Limits:
    org = Org(
        id=1,
        company_name="Example",
        time_zone="UTC",
        edition="Standard",
        user_licenses=4,
        users=[],
        modules={},
    )
    return Limits(org, clock, knobs)


@pytest.mark.parametrize(
    ("edition", "users", "credits_"),
    [
        ("Free", 3, 5_000),
        ("Standard", 4, 51_000),
        ("Standard", 1_000, 100_000),
        ("Professional", 10, 55_000),
        ("Enterprise", 10, 60_000),
        ("Enterprise", 10_000, 5_000_000),
        ("Ultimate", 10_000, 20_050_000),
    ],
)
def test_credits_of_a_day(edition: str, users: int, credits_: int) -> None:
    assert count_daily_credits(edition, users) == credits_


def test_a_trial_has_the_limits_of_its_edition_until_it_ends(limits, clock, knobs) -> None:
    knobs.set({"trial_until": datetime.fromtimestamp(clock.now() + 60, UTC).isoformat()})
    assert limits.total() == 51_000
    clock.advance(60)
    assert limits.total() == 5_000


@pytest.mark.parametrize(
    ("rows", "credits_"), [(1, 1), (200, 1), (201, 2), (1_000, 2), (1_001, 3), (2_000, 3)]
)
def test_credits_of_a_query(rows: int, credits_: int) -> None:
    assert count_coql_credits(rows) == credits_


def test_credits_come_back_after_a_rolling_day(limits: Limits, clock: Clock, knobs: Knobs) -> None:
    knobs.credits_per_day = 10
    limits.spend(6)
    clock.advance(DAY_S / 2)
    limits.spend(4)
    with pytest.raises(ZohoError, match="past 24 hours") as caught:
        limits.spend(1)
    assert (caught.value.status, caught.value.code) == (429, "TOO_MANY_REQUESTS")
    clock.advance(DAY_S / 2)
    limits.spend(6)
    assert limits.remaining() == 0
    assert limits.spent == 16


def test_what_others_have_used_counts(limits: Limits, knobs: Knobs) -> None:
    knobs.credits_used = 50_999
    limits.spend(1)
    with pytest.raises(ZohoError):
        limits.spend(1)


def test_the_header_comes_once_half_is_used(limits: Limits, knobs: Knobs) -> None:
    knobs.credits_per_day = 10
    limits.spend(4)
    assert limits.header() is None
    limits.spend(1)
    assert limits.header() == "5"


def test_an_edition_limits_calls_at_a_time(limits: Limits) -> None:
    with ExitStack() as calls:
        for _ in range(10):
            calls.enter_context(limits.call(sub=False))
        with pytest.raises(ZohoError, match="concurrent"), limits.call(sub=False):
            pass
    with limits.call(sub=False):
        assert limits.max_concurrency == 11


def test_sorted_lists_and_queries_have_a_smaller_limit(limits: Limits, knobs: Knobs) -> None:
    limits.org.edition = "Ultimate"
    with ExitStack() as calls:
        for _ in range(10):
            calls.enter_context(limits.call(sub=True))
        with pytest.raises(ZohoError), limits.call(sub=True):
            pass
        with limits.call(sub=False):
            pass
    knobs.sub_concurrency = 1
    with limits.call(sub=True), pytest.raises(ZohoError), limits.call(sub=True):
        pass


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("method", "path", "more", "heavy"),
    [
        ("POST", "coql", {"json": {"select_query": QUERY}}, True),
        ("GET", "Leads", {"fields": "Last_Name", "sort_by": "Modified_Time"}, True),
        ("GET", "Leads", {"fields": "Last_Name"}, False),
        ("GET", "settings/roles", {}, False),
        ("POST", "Leads", {"json": {"data": [{"Last_Name": "L"}] * 11}}, True),
        ("POST", "Leads", {"json": {"data": [{"Last_Name": "L"}] * 10}}, False),
    ],
)
def test_calls_of_the_smaller_limit_are_refused_where_none_may_be_made(
    zoho, version: str, method: str, path: str, more: dict[str, object], heavy: bool
) -> None:
    zoho.knobs(sub_concurrency=0)
    answer = zoho.call(method, f"{version}/{path}", **more)
    assert (answer.status_code == 429) == heavy
    assert answer.ok != heavy
