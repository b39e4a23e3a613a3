"""Metadata not as Zoho documents them: each costs one field or module at most, and is logged."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from airbyte_cdk.models import Level
from airbyte_cdk.test.entrypoint_wrapper import EntrypointOutput
from airbyte_cdk.utils import AirbyteTracedException

from unit_tests.source.conftest import Org, Row, rows_of


def metadata(org: Org, path: str, version: str = "v4") -> Row:
    """What the emulator itself answers, without the source."""
    grant = {name: org.config[name] for name in ("client_id", "client_secret", "refresh_token")}
    grant["grant_type"] = "refresh_token"
    token = requests.post(f"{org.server.base_url}/oauth/v2/token", data=grant, timeout=10).json()
    headers = {"Authorization": f"Zoho-oauthtoken {token['access_token']}"}
    url = f"{org.server.base_url}/crm/{version}/{path}"
    return dict(requests.get(url, headers=headers, timeout=10).json())


def answers(org: Org, match: str, body: Row) -> None:
    fault = {"match": match, "do": "body", "args": {"body": body}, "times": 50}
    org.control("POST", "faults", [fault])


def warnings(output: EntrypointOutput) -> list[str]:
    return [line.log.message for line in output.logs if line.log.level == Level.WARN]


Change = Callable[[list[Any], Row], None]

ODD_ENTRIES: dict[str, Change] = {
    "a length that is a text": lambda fields, one: one.update(data_type="textarea", length="32000"),
    "a data type that is a list": lambda fields, one: one.update(data_type=["text"]),
    "a textarea that is a text": lambda fields, one: one.update(
        data_type="textarea", textarea="small"
    ),
    "a field that is null": lambda fields, one: fields.append(None),
    "a field that is listed twice": lambda fields, one: fields.append(dict(one)),
    "a name that is a number": lambda fields, one: fields.append(one | {"api_name": 5}),
}


@pytest.mark.parametrize("change", ODD_ENTRIES.values(), ids=ODD_ENTRIES.keys())
def test_an_odd_field_does_not_cost_the_module(org: Org, change: Change) -> None:
    body = metadata(org, "settings/fields?module=Vehicles")
    change(body["fields"], next(one for one in body["fields"] if one["api_name"] == "Plate"))
    answers(org, "settings.fields:Vehicles", body)

    stream = org.stream("Vehicles")
    output = org.read(stream)

    rows = {row["id"]: row for row in rows_of(output, "Vehicles")}
    assert stream["json_schema"]["properties"]["Plate"] == {"type": ["null", "string"]}
    assert rows == org.truth(stream) != {}
    assert [line for line in warnings(output) if line.startswith("Vehicles")]


def test_a_module_without_a_name_costs_no_other(org: Org) -> None:
    stream = org.stream("Vehicles")
    body = metadata(org, "settings/modules")
    nameless = {key: value for key, value in body["modules"][0].items() if key != "api_name"}
    body["modules"] += [nameless, nameless | {"api_name": None}, None]
    answers(org, "settings.modules", body)

    output = org.read(stream)

    assert {row["id"]: row for row in rows_of(output, "Vehicles")} == org.truth(stream) != {}
    assert len([line for line in warnings(output) if "a module without api_name" in line]) == 3


def test_a_module_that_is_named_like_a_stream_of_settings_says_why_it_is_none(
    own_org: Org,
) -> None:
    own_org.control("POST", "modules", {"api_name": "tags"})

    streams = own_org.discover()
    modules = {row["api_name"]: row for row in rows_of(own_org.read(streams["modules"]), "modules")}

    assert streams["tags"]["source_defined_primary_key"] == [["module"], ["id"]]
    assert modules["tags"]["offered"] is False
    assert modules["tags"]["not_offered_because"].startswith("The stream tags is one of the org's")


@pytest.mark.parametrize(
    ("version", "reported"),
    [
        ("v2", {"Quotes.Product_Details", "Invoices.Product_Details"}),
        ("v4", {"Price_Books.Pricing_Details"}),
    ],
)
def test_rows_that_only_single_records_have_are_reported_as_not_offered(
    org: Org, version: str, reported: set[str]
) -> None:
    org.settings = {"schema_version": version}
    output = org.read({"name": "modules"}, sync_mode="full_refresh")
    modules = {row["api_name"]: row for row in rows_of(output, "modules")}

    assert reported <= modules.keys()
    assert {modules[name]["offered"] for name in reported} == {False}
    assert all("inside records of" in modules[name]["not_offered_because"] for name in reported)
    assert {"Leads.Project_Details", "Quotes.Quoted_Items"}.isdisjoint(modules)


def test_no_more_fields_are_asked_for_once_a_call_has_failed(org: Org) -> None:
    refusal = {"code": "INVALID_HOST", "details": {}, "message": "no", "status": "error"}
    fault = {"match": "settings.fields", "do": "status", "args": {"status": 400, "body": refusal}}
    org.control("POST", "faults", [fault | {"times": 1_000}])

    with pytest.raises(AirbyteTracedException, match="is not served at"):
        org.discover()
    # Time for all that is queued: each call takes some milliseconds.
    time.sleep(1)

    assert org.calls("settings.fields") <= 25, "the ten under way, and those that followed them"


def test_no_answer_is_kept_by_the_cdk(org: Org) -> None:
    """It would keep those that dynamic streams are made of, for all runs of the process."""
    before = org.discover()
    calls = org.calls("settings.fields")

    assert org.discover() == before
    assert org.calls("settings.fields") == 2 * calls
