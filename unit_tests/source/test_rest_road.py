"""The REST road by itself: chains that end early, and seconds that hold too much."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
import requests
from airbyte_cdk.utils import AirbyteTracedException

from source_zoho_crm.roads.rest import ListPage, RestRoad
from source_zoho_crm.roads.windows import Window
from unit_tests.source.conftest import Org
from zoho_crm.fields import Field

SINCE = datetime(1970, 1, 1, tzinfo=UTC)


def road(org: Org, version: str, **limits: int) -> RestRoad:
    """A road over Leads in slices of two columns, with limits of its own."""
    account = org.config
    names = ("client_id", "client_secret", "refresh_token")
    form = {"grant_type": "refresh_token", **{name: account[name] for name in names}}
    token = requests.post(f"{account['base_url']}/oauth/v2/token", data=form, timeout=60).json()

    def lister(params: Mapping[str, str], since: str | None) -> ListPage:
        headers = {"Authorization": f"Zoho-oauthtoken {token['access_token']}"}
        if since:
            headers["If-Modified-Since"] = since
        url = f"{account['base_url']}/crm/{version}/Leads"
        answer = requests.get(url, params=params, headers=headers, timeout=60)
        assert answer.ok, answer.text
        if not answer.content:
            return ListPage([], more=False, next_token=None)
        body = answer.json()
        info = body["info"]
        return ListPage(body["data"], info["more_records"], info.get("next_page_token"))

    fields = [Field(name, "text") for name in ("Last_Name", "Company", "Email")]
    stamp = Field("Modified_Time", "datetime")
    return RestRoad(lister, "Leads", [stamp, *fields], limits, lambda _: None, windowed=True)


@pytest.mark.parametrize("inclusive", [True, False], ids=["header inclusive", "exclusive"])
@pytest.mark.parametrize(
    ("version", "limits"),
    [
        ("v8", {"rest_columns": 3, "rest_tokens": 1, "rest_chain_rows": 800}),
        ("v4", {"rest_columns": 50, "rest_tokens": 1, "rest_chain_rows": 1_000}),
        ("v2", {"rest_columns": 0, "rest_tokens": 0, "rest_chain_rows": 200}),
    ],
)
def test_a_chain_that_ends_early_goes_on_in_the_next_one(
    own_org: Org, version: str, limits: dict[str, int], inclusive: bool
) -> None:
    knobs = {"page_token_rows": limits["rest_chain_rows"], "if_modified_since_inclusive": inclusive}
    own_org.control("POST", "knobs", knobs)
    truth = {row["id"]: row for row in own_org.control("GET", "records/Leads")}

    parts = list(road(own_org, version, **limits).changes(SINCE, datetime.now(UTC), resumed=False))

    rows = [row for part in parts if not isinstance(part, Window) for row in part]
    assert Counter(row["id"] for row in rows) == Counter(truth.keys())
    assert all(row["Company"] == truth[row["id"]]["Company"] for row in rows)
    assert all(row["Email"] == truth[row["id"]]["Email"] for row in rows)


def test_a_second_that_no_chain_can_pass_is_a_sentence(own_org: Org) -> None:
    """Four hundred leads of the sample org share one second."""
    limits = {"rest_columns": 50, "rest_tokens": 1, "rest_chain_rows": 200}
    own_org.control("POST", "knobs", {"page_token_rows": 200})

    with pytest.raises(AirbyteTracedException) as caught:
        list(road(own_org, "v8", **limits).changes(SINCE, datetime.now(UTC), resumed=False))

    assert "Enable COQL, or choose the API type Bulk" in caught.value.message
