"""What discovery costs in an org of 200 modules."""

import json

from source_zoho_crm import SourceZohoCrm
from unit_tests.source.conftest import Org, modules_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.server import Settings, running

MODULES = 200
#: Of the free edition.
CALLS_AT_ONCE = 5


def test_discovery_costs_a_token_and_a_call_for_each_module_and_a_few() -> None:
    ZohoAuthenticator._tokens.clear()
    settings = Settings(rows=0, modules=MODULES, edition="Free")
    with running(settings, {"tokens_per_10_min": 1, "latency_ms": 20}) as server:
        org = Org(server)

        streams = org.discover()

        usage = org.control("GET", "usage")
    assert len(modules_of(streams)) > 150
    assert usage["calls"]["token"] == usage["tokens_issued"] == 1
    calls = sum(n for name, n in usage["calls"].items() if ":" not in name and name != "token")
    assert calls <= MODULES + 7
    assert usage["max_concurrency"] == CALLS_AT_ONCE


def test_the_definition_of_a_module_is_small() -> None:
    """For each module, the CDK copies it, looks through it several times and validates it: with a
    requester in it, a module costs four times the CPU."""
    templates = [
        entry["stream_template"] for entry in SourceZohoCrm().resolved_manifest["dynamic_streams"]
    ]

    assert len(templates) == 2
    assert all("requester" not in json.dumps(template) for template in templates)
    assert all(len(json.dumps(template)) < 4_000 for template in templates)
