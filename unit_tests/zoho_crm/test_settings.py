from typing import Any

import pytest
import yaml
from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.manifest import manifest_path
from zoho_crm.settings import ConnectionSettings

MANIFEST = yaml.safe_load(manifest_path().read_text())
DEFINITIONS = MANIFEST["definitions"]
PROPERTIES = MANIFEST["spec"]["connection_specification"]["properties"]
PARAMETERS = {
    "regions": DEFINITIONS["regions"],
    "versions": DEFINITIONS["versions"],
    "defaults": {
        key: PROPERTIES[key]["default"]
        for key in ("dc_region", "environment", "schema_version", "retrieval")
    },
}
ACCOUNT = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}


def complete(**settings: Any) -> dict[str, Any]:
    config: dict[str, Any] = {**ACCOUNT, **settings}
    ConnectionSettings(parameters=PARAMETERS).transform(config)
    return config


def test_a_config_of_the_older_source_gets_what_it_lacks() -> None:
    config = complete(dc_region="IN", environment="Sandbox", edition="Free", start_datetime=None)
    assert config["schema_version"] == "v4"
    assert config["retrieval"] == {"use_coql": "enabled"}
    assert config["start_datetime"] == "1970-01-01T00:00:00Z"
    assert config["_zoho"]["crm"] == "https://sandbox.zohoapis.in/crm/v4"


@pytest.mark.parametrize("region", sorted(DEFINITIONS["regions"]))
@pytest.mark.parametrize("environment", ["Production", "Sandbox", "Developer"])
@pytest.mark.parametrize("version", sorted(DEFINITIONS["versions"]))
def test_every_address_is_made_of_region_environment_and_version(
    region: str, environment: str, version: str
) -> None:
    hosts = DEFINITIONS["regions"][region]
    addresses = complete(dc_region=region, environment=environment, schema_version=version)["_zoho"]
    assert len(addresses.pop("known")) == 30
    assert addresses == {
        "accounts": hosts["accounts"],
        "api": hosts["api"][environment],
        "crm": f"{hosts['api'][environment]}/crm/{version}",
        "bulk": f"{hosts['api'][environment]}/crm/bulk/{version}",
        "upload": f"{hosts['upload']}/crm/{version}/upload",
    }


def test_base_url_takes_the_place_of_every_host() -> None:
    addresses = complete(base_url="http://127.0.0.1:8765/")["_zoho"]
    assert addresses["accounts"] == addresses["api"] == "http://127.0.0.1:8765"
    assert addresses["upload"] == "http://127.0.0.1:8765/crm/v4/upload"


@pytest.mark.parametrize(
    ("given", "utc"),
    [
        ("2000-01-01", "2000-01-01T00:00:00Z"),
        ("2000-01-01 13:00", "2000-01-01T13:00:00Z"),
        ("2000-01-01 13:00:00", "2000-01-01T13:00:00Z"),
        ("2000-01-01T13:00+00:00", "2000-01-01T13:00:00Z"),
        ("2000-01-01T13:00:00-07:00", "2000-01-01T20:00:00Z"),
        ("2000-01-01T13:00:00.5Z", "2000-01-01T13:00:00Z"),
        ("", "1970-01-01T00:00:00Z"),
    ],
)
def test_start_dates_of_all_forms_become_utc(given: str, utc: str) -> None:
    assert complete(start_datetime=given)["start_datetime"] == utc


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"dc_region": "MARS"},
            "'MARS' is no region of Zoho CRM. "
            "Set dc_region to one of AE, AU, CA, CN, EU, IN, JP, SA, UK, US.",
        ),
        (
            {"environment": "Staging"},
            "'Staging' is no environment of Zoho CRM. "
            "Set environment to one of Developer, Production, Sandbox.",
        ),
        (
            {"schema_version": "v3"},
            "'v3' is no schema version of Zoho CRM. Set schema_version to one of v2, v2.1, v4, v8.",
        ),
        (
            {"start_datetime": "yesterday"},
            "start_datetime 'yesterday' is no date. Write it like 2021-01-01T00:00:00Z.",
        ),
        (
            {"start_datetime": "2021-13-01"},
            "start_datetime '2021-13-01' is no date. Write it like 2021-01-01T00:00:00Z.",
        ),
        (
            {"start_datetime": "13:00"},
            "start_datetime '13:00' is no date. Write it like 2021-01-01T00:00:00Z.",
        ),
        (
            {"start_datetime": "2999-01-01"},
            "start_datetime '2999-01-01' lies in the future, so nothing would be read. "
            "Choose a past moment, or leave it empty to read everything.",
        ),
        (
            {"base_url": "http://example.com"},
            "base_url 'http://example.com' is not https. "
            "Plain http is taken for addresses of this machine only.",
        ),
    ],
)
def test_bad_settings_give_one_sentence(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AirbyteTracedException) as caught:
        complete(**settings)
    assert caught.value.message == sentence
    assert caught.value.failure_type.value == "config_error"


def test_completing_twice_changes_nothing() -> None:
    once = complete(start_datetime="2020-01-01", dc_region="EU")
    assert complete(**once) == once
