"""The REST lists where rows are easily lost: at the ends of pages, chains and seconds."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from unit_tests.source.conftest import Org, Row, narrow, rows_of
from zoho_crm.auth import ZohoAuthenticator
from zoho_crm.requester import ZohoRequester
from zoho_emulator.server import Settings, running

REST = {"use_coql": "disabled", "api_type": "REST"}
CHILD, UNSTAMPED = "Quoted_Items", "Extra_3"
#: Contacts come in several groups of columns.
ROWS = {"Contacts": 700, "Accounts": 201, "Quotes": 12, UNSTAMPED: 201}
EXPIRED = {"code": "EXPIRED_VALUE", "details": {}, "message": "x", "status": "error"}


@pytest.fixture(scope="module")
def _org() -> Iterator[Org]:
    settings = Settings(rows=5, rows_by_module=ROWS, modules=62)
    with running(settings, {"tokens_per_10_min": 0}) as server:
        yield Org(server)


@pytest.fixture
def org(_org: Org) -> Org:
    """An org that the test may change; the next one has it as it was."""
    ZohoAuthenticator._tokens.clear()
    _org.control("POST", "reset", {"org": True})
    return _org


def ids_of(output: Any, stream: str) -> list[str]:
    assert not output.errors
    return sorted(row["id"] for row in rows_of(output, stream))


def truth(org: Org, module: str) -> dict[str, Row]:
    return {row["id"]: row for row in org.control("GET", f"records/{module}")}


@pytest.mark.parametrize("call", [0, 1, 2, 3])
@pytest.mark.parametrize("version", ["v4", "v8"])
def test_a_page_token_of_another_group_of_columns_expires(
    org: Org, version: str, call: int
) -> None:
    org.settings = {"retrieval": REST, "schema_version": version}
    contacts = org.stream("Contacts")
    fault = {"match": "records.list:Contacts", "where": "page_token=", "after": call, "times": 1}
    fault |= {"do": "status", "args": {"status": 400, "body": EXPIRED}}
    org.control("POST", "faults", [fault])

    read = ids_of(org.read(contacts), "Contacts")

    assert org.control("GET", "faults")[0]["hits"] == 1
    assert read == sorted(truth(org, "Contacts"))
