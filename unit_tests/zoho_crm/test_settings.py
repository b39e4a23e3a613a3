from typing import Any

import pytest
import yaml
from airbyte_cdk.utils import AirbyteTracedException

from zoho_crm.manifest import find_manifest
from zoho_crm.settings import ConnectionSettings, _warn_once

MANIFEST = yaml.safe_load(find_manifest().read_text())
DEFINITIONS = MANIFEST["definitions"]
FORM = MANIFEST["spec"]["connection_specification"]
PARAMETERS = {"regions": DEFINITIONS["regions"], "form": FORM}
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


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        (None, {"use_coql": "enabled"}),
        ({}, {"use_coql": "enabled"}),
        ({"use_coql": None, "api_type": ""}, {"use_coql": "enabled"}),
        ({"use_coql": "disabled"}, {"use_coql": "disabled", "api_type": "REST"}),
        ({"use_coql": "disabled", "api_type": None}, {"use_coql": "disabled", "api_type": "REST"}),
        ({"use_coql": "disabled", "api_type": "Bulk"}, None),
    ],
)
def test_the_parts_of_a_choice_have_defaults_of_their_own(
    given: Any, whole: dict[str, str] | None
) -> None:
    assert complete(retrieval=given)["retrieval"] == (whole or given)


def test_the_credentials_alone_are_a_config() -> None:
    config = complete()

    assert (
        config.items()
        >= {
            **ACCOUNT,
            "dc_region": "US",
            "environment": "Production",
            "schema_version": "v4",
        }.items()
    )
    assert config["retrieval"] == {"use_coql": "enabled"}


@pytest.mark.parametrize("region", sorted(DEFINITIONS["regions"]))
@pytest.mark.parametrize("environment", ["Production", "Sandbox", "Developer"])
@pytest.mark.parametrize("version", sorted(DEFINITIONS["versions"]))
def test_every_address_is_made_of_region_environment_and_version(
    region: str, environment: str, version: str
) -> None:
    hosts = DEFINITIONS["regions"][region]
    addresses = complete(dc_region=region, environment=environment, schema_version=version)["_zoho"]
    assert len(addresses.pop("known")) == len(addresses["uploads"]) == 30
    assert addresses.pop("uploads")[hosts["api"][environment]] == [
        f"{host}/crm/{version}/upload" for host in hosts["upload"]
    ]
    assert addresses == {
        "accounts": hosts["accounts"],
        "api": hosts["api"][environment],
        "crm": f"{hosts['api'][environment]}/crm/{version}",
        "bulk": f"{hosts['api'][environment]}/crm/bulk/{version}",
    }


def test_base_url_takes_the_place_of_every_host() -> None:
    addresses = complete(base_url="http://127.0.0.1:8765/")["_zoho"]
    assert addresses["accounts"] == addresses["api"] == "http://127.0.0.1:8765"
    assert addresses["uploads"][addresses["api"]] == ["http://127.0.0.1:8765/crm/v4/upload"]


def test_a_region_beside_base_url_is_said_to_have_no_effect(
    caplog: pytest.LogCaptureFixture,
) -> None:
    _warn_once.cache_clear()

    for _ in range(2):
        complete(base_url="http://127.0.0.1:8765", dc_region="EU")

    assert [record.message for record in caplog.records] == [
        "base_url is set, so dc_region, which is EU, has no effect."
    ]


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:1", "http://[::1]:1"),
        ("HTTP://LOCALHOST:1/", "http://localhost:1"),
        ("https://Proxy.example.com/zoho/", "https://proxy.example.com/zoho"),
    ],
)
def test_base_url_is_plain_for_this_machine_and_https_for_others(url: str, used: str) -> None:
    assert complete(base_url=url)["_zoho"]["api"] == used


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@www.example.com",
        "http://127.0.0.1:8765@www.example.com",
        "http://127.0.0.1\\.example.com",
        "http://www.example.com\\@127.0.0.1",
        "http://www.example.com#@127.0.0.1",
        "http://127.0.0.1 .example.com",
        "http://127.0.0.1/?x",
        "http://127.0.0.1/#x",
        "https://user:secret@www.example.com",
        "http://0.0.0.0",
        "http://[::]",
        "http://10.0.0.1",
        "HTTP://www.example.com",
        "ftp://localhost",
        "//localhost",
        "localhost:8765",
    ],
)
def test_no_other_address_is_taken_for_this_machine(url: str) -> None:
    with pytest.raises(AirbyteTracedException, match="base_url") as caught:
        complete(base_url=url)

    assert caught.value.failure_type.value == "config_error"
    assert "secret" not in str(caught.value.message)


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
        ("1969-12-31", "1970-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z"),
    ],
)
def test_start_dates_of_all_forms_become_utc(given: str, utc: str) -> None:
    assert complete(start_datetime=given)["start_datetime"] == utc


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"dc_region": "MARS"},
            "Region (dc_region) is 'MARS', which is none of "
            "US, EU, IN, AU, CN, JP, CA, SA, UK, AE.",
        ),
        (
            {"environment": "Staging"},
            "Environment (environment) is 'Staging', which is none of "
            "Production, Sandbox, Developer.",
        ),
        (
            {"schema_version": "v3"},
            "Schema (schema_version) is 'v3', which is none of v2, v2.1, v4, v8.",
        ),
        (
            {"start_datetime": "yesterday"},
            "Start date (start_datetime) is 'yesterday'; "
            "write it like 2021-01-01T00:00:00Z or 2021-01-01.",
        ),
        (
            {"start_datetime": "2021-13-01"},
            "Start date (start_datetime) is '2021-13-01', which is not a date. "
            "Write it like 2021-01-01T00:00:00Z, or leave it empty.",
        ),
        (
            {"start_datetime": "13:00"},
            "Start date (start_datetime) is '13:00'; "
            "write it like 2021-01-01T00:00:00Z or 2021-01-01.",
        ),
        (
            {"start_datetime": "2999-01-01"},
            "Start date (start_datetime) is '2999-01-01', in the future, so nothing would be read. "
            "Choose a past time, or leave it empty to read everything.",
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


def test_blanks_around_a_text_and_the_point_of_a_whole_number_do_not_matter() -> None:
    config = complete(client_id=" c\n", dc_region="EU ", max_concurrent_requests=5.0)

    assert (config["client_id"], config["dc_region"]) == ("c", "EU")
    assert repr(config["max_concurrent_requests"]) == "5"


def test_everything_that_does_not_fit_is_reported_at_once_and_no_secret_with_it() -> None:
    with pytest.raises(AirbyteTracedException) as caught:
        complete(client_id=None, client_secret=12345, credits_reserve_percent=91)

    assert caught.value.message == (
        "Client ID (client_id) is missing. "
        "Client secret (client_secret) is not text; write it in quotes. "
        "Credits reserved for people (credits_reserve_percent) is 91, and 90 is the most."
    )
