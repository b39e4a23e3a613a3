"""Credits that are left to people."""

import pytest

from unit_tests.source.conftest import METHODS, MODULES, Org
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running


@pytest.mark.parametrize("retrieval", METHODS)
def test_calls_side_by_side_never_touch_the_reserve_and_one_sentence_says_so(retrieval) -> None:
    """Not even by an export, which costs fifty credits at once."""
    ZohoAuthenticator._tokens.clear()
    with running(Settings(rows=400), {"tokens_per_10_min": 0, "bulk_job_seconds": 0}) as server:
        org = Org(server, {"retrieval": retrieval, "credits_reserve_percent": 40})
        streams = [stream for name, stream in org.streams().items() if name in MODULES]
        org.control("POST", "reset", {})
        total = org.control("GET", "usage")["credits_remaining"]
        org.control("POST", "knobs", {"credits_used": total * 60 // 100 - 30})

        output = org.read(*streams, expecting_exception=True)

        left = org.control("GET", "usage")["credits_remaining"]
    sentence = output.errors[-1].trace.error.message
    assert total * 40 // 100 <= left < total * 40 // 100 + 50
    assert sentence.count("are reserved for people") == 1
