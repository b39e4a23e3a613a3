"""What Zoho refuses for now says nothing of what the org has."""

from collections.abc import Iterator

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.modules import get_modules
from unit_tests.zoho_crm.test_calls import answer, client_of, error
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.knobs import SCOPES
from zoho_emulator.server import Running, Settings, running


@pytest.fixture
def server() -> Iterator[Running]:
    ZohoAuthenticator._tokens.clear()
    with running(Settings(rows=3), {"tokens_per_10_min": 0}) as server:
        yield server


def test_a_refusal_that_passes_does_not_hide_a_module(server: Running) -> None:
    server.control("POST", "knobs", {"scopes": SCOPES})
    client = client_of(server)
    spent = error("TOO_MANY_REQUESTS", "Many requests fired than allowed for the past 24 hours.")
    answer(server, "settings.fields:Deals", spent)
    answer(server, "settings.fields:Cases", error("NO_PERMISSION"))

    refused = get_modules(client.org).read_module("Cases", client.metadata)
    with pytest.raises(AirbyteTracedException, match="used up its API credits") as caught:
        get_modules(client.org).read_module("Deals", client.metadata)

    assert caught.value.failure_type == FailureType.transient_error
    assert "NO_PERMISSION" in str(refused.not_offered_because)
