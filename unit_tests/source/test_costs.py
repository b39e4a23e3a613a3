"""Calls, credits, and the edition's limits."""

import pytest

from unit_tests.source.conftest import MODULES, Org, configured, rows_of, states_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

#: More streams than calls are allowed at a time.
CROWD = (*MODULES, "Campaigns", "Cases", "Solutions", "Vendors", "Price_Books", "Quotes")
CROWD += ("Sales_Orders", "Purchase_Orders", "Invoices", "Tasks", "Events", "Calls", "Notes")


def messages(output) -> str:
    return "\n".join(log.log.message for log in output.logs)


def test_the_ledger_says_what_zoho_charged(org: Org) -> None:
    streams = org.streams()
    org.control("POST", "reset", {})

    output = org.read(*streams.values())

    usage = org.control("GET", "usage")
    calls = sum(n for name, n in usage["calls"].items() if ":" not in name and name != "token")
    assert f"{calls:,} calls, {usage['credits']:,} credits in all" in messages(output)


def test_the_reserve_is_left_to_people_and_the_state_is_saved(own_org: Org) -> None:
    own_org.settings = {"credits_reserve_percent": 50}
    leads, contacts = (own_org.stream(name) for name in ("Leads", "Contacts"))
    total = own_org.control("GET", "usage")["credits_remaining"]
    own_org.control("POST", "knobs", {"credits_used": total // 2 - 12})

    output = own_org.read(leads, contacts, expecting_exception=True)

    assert "are reserved for people. The next sync goes on from the saved state" in str(
        output.errors[-1].trace.error.message
    )
    assert output.errors[-1].trace.error.failure_type.value == "transient_error"
    usage = own_org.control("GET", "usage")
    assert usage["credits_remaining"] >= total // 2 - 25
    own_org.control("POST", "knobs", {"credits_used": 0})
    for stream in (leads, contacts):
        states = states_of(output, stream["name"])
        rest = own_org.read(stream, state=states[-1:])
        seen = {
            r["id"] for run in (output, rest) for r in rows_of(run, stream["name"], deleted=False)
        }
        assert seen == set(own_org.truth(stream))


@pytest.mark.parametrize(
    ("edition", "setting", "most"), [("Free", None, 5), ("Enterprise", None, 10), ("Free", 3, 3)]
)
def test_calls_at_a_time_keep_to_the_edition(edition: str, setting: int | None, most: int) -> None:
    ZohoAuthenticator._tokens.clear()
    small = Settings(rows=5, edition=edition)
    with running(small, {"tokens_per_10_min": 0, "latency_ms": 20}) as server:
        own_org = Org(server, {"max_concurrent_requests": setting} if setting else {})
        crowd = configured([{"name": name} for name in CROWD], "full_refresh")
        own_org.read(*own_org.discover(crowd).values())
        assert own_org.control("GET", "usage")["max_concurrency"] == most


def test_discovery_of_many_modules_costs_a_call_each_and_a_few(org: Org) -> None:
    streams = org.discover()
    modules = org.control("GET", "usage")["calls"]

    calls = sum(n for name, n in modules.items() if ":" not in name and name != "token")
    offered = len([name for name in streams if not name.islower()])
    assert offered > 40
    listed = 62
    assert calls <= listed + 6
    assert org.control("GET", "usage")["tokens_issued"] == 1


def test_reading_one_stream_asks_for_the_fields_of_one(org: Org) -> None:
    deals = org.streams()["Deals"]
    org.control("POST", "reset", {})

    org.read(deals)

    assert org.calls("settings.fields") == 1


def test_settings_of_an_org_that_lacks_a_feature_are_empty(own_org: Org) -> None:
    streams = own_org.streams()
    own_org.control("POST", "knobs", {"features_refused": "currencies,territories"})

    output = own_org.read(streams["currencies"], streams["territories"], streams["roles"])

    assert rows_of(output, "currencies") == rows_of(output, "territories") == []
    assert rows_of(output, "roles")
    assert "currencies: not available in this org" in messages(output)
