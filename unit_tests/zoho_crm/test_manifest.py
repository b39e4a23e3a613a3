"""What is said in two places, because Airbyte wants it so, is the same."""

import json
from pathlib import Path

import yaml

import destination_zoho_crm
from zoho_crm.manifest import find_manifest, load_scopes


def signing_in(form: dict) -> list[str]:
    auth = form["advanced_auth"]["oauth_config_specification"]
    return auth["oauth_connector_input_specification"]["scope"].split(",")


def test_signing_in_to_the_source_asks_for_its_scopes() -> None:
    form = yaml.safe_load(find_manifest().read_text())["spec"]

    assert signing_in(form) == list(load_scopes("source").values())


def test_signing_in_to_the_destination_asks_for_its_scopes() -> None:
    form = json.loads(Path(destination_zoho_crm.__file__).with_name("spec.json").read_text())

    assert signing_in(form) == list(load_scopes("destination").values())
