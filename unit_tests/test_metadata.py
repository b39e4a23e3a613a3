"""metadata.yaml of both connectors: Airbyte's form, and what it says of the rest of the house."""

import json
import re
import tomllib
import uuid
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from airbyte_cdk.models.connector_metadata import MetadataFile
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import (
    ConnectorMetadataDefinitionV0,
)

CHECKOUT = Path(__file__).parents[1]
MANIFEST = yaml.safe_load((CHECKOUT / "manifest.yaml").read_text())
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
FOLDERS = {"source": CHECKOUT, "destination": CHECKOUT / "destination_zoho_crm"}

each_connector = pytest.mark.parametrize("connector", FOLDERS)


def metadata(connector: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDERS[connector] / "metadata.yaml").read_text())["data"]


def page(connector: str) -> str:
    return (CHECKOUT / f"docs/integrations/{connector}s/zoho-crm.md").read_text()


@each_connector
def test_metadata_has_the_form_that_airbyte_publishes(connector: str) -> None:
    content = yaml.safe_load((FOLDERS[connector] / "metadata.yaml").read_text())

    # It forbids what it does not know.
    read = ConnectorMetadataDefinitionV0.model_validate(content)

    assert read.data.connector_type.value == connector
    assert str(read.data.definition_id) == content["data"]["definitionId"]


@each_connector
def test_metadata_is_what_the_cdk_reads_and_names_its_connector(connector: str) -> None:
    read = MetadataFile.from_file(FOLDERS[connector] / "metadata.yaml")

    assert read.data.dockerRepository.endswith(f"/{connector}-zoho-crm")
    assert read.data.language.value == "python"


def test_one_version_is_said_everywhere() -> None:
    dockerfile = (CHECKOUT / "Dockerfile").read_text()
    newest = re.compile(r"^\| (\d+\.\d+\.\d+) \|", re.MULTILINE)

    said = {
        *re.findall(r"^ARG VERSION=(.+)$", dockerfile, re.MULTILINE),
        *(metadata(connector)["dockerImageTag"] for connector in FOLDERS),
        *(newest.findall(page(connector))[0] for connector in FOLDERS),
    }

    assert said == {PROJECT["version"]}


@each_connector
def test_one_license_is_said_everywhere(connector: str) -> None:
    assert metadata(connector)["license"] == PROJECT["license"]


def test_the_connectors_have_ids_of_their_own() -> None:
    ids = [uuid.UUID(metadata(connector)["definitionId"]) for connector in FOLDERS]

    assert len(set(ids)) == len(ids)
    assert {identity.version for identity in ids} == {4}


@each_connector
def test_metadata_allows_every_host_of_every_region_and_no_other(connector: str) -> None:
    allowed = metadata(connector)["allowedHosts"]["hosts"]
    hosts = {
        str(urlsplit(address).hostname)
        for region in MANIFEST["definitions"]["regions"].values()
        for address in (region["accounts"], *region["api"].values(), *region["upload"])
    }
    if connector == "destination":
        # Where rejected rows may be kept.
        hosts |= {"b.s3.eu-west-1.amazonaws.com", "b.s3.cn-north-1.amazonaws.com.cn"}

    missing = {host for host in hosts if not any(fnmatch(host, one) for one in allowed)}
    idle = {one for one in allowed if not any(fnmatch(host, one) for host in hosts)}

    assert (missing, idle) == (set(), set())


@each_connector
def test_metadata_and_form_link_the_same_page(connector: str) -> None:
    spec = json.loads((CHECKOUT / "destination_zoho_crm" / "spec.json").read_text())
    linked = {
        "source": MANIFEST["spec"]["documentation_url"],
        "destination": spec["documentationUrl"],
    }

    assert metadata(connector)["documentationUrl"] == linked[connector]


def test_only_the_source_links_a_page_of_airbytes_docs() -> None:
    """They have a page of a source for Zoho CRM, and none of a destination."""
    links = {connector: urlsplit(metadata(connector)["documentationUrl"]) for connector in FOLDERS}

    assert links["source"].hostname == "docs.airbyte.com"
    assert (CHECKOUT / f"docs{links['source'].path}.md").is_file()
    assert links["destination"].hostname == "www.zoho.com"


def test_only_the_destination_takes_data_activations() -> None:
    said = {connector: metadata(connector).get("supportsDataActivation") for connector in FOLDERS}

    assert said == {"source": None, "destination": True}


@each_connector
def test_the_icon_is_square_and_draws_by_itself(connector: str) -> None:
    icon = FOLDERS[connector] / metadata(connector)["icon"]

    drawing = ElementTree.fromstring(icon.read_text())

    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    assert drawing.get("viewBox") == "0 0 250 250"
    assert drawing.get("width") == drawing.get("height")
    assert not re.search(r"href|url\(|<image|<text|<style", icon.read_text())


def test_the_icons_differ() -> None:
    assert len({(folder / "icon.svg").read_text() for folder in FOLDERS.values()}) == len(FOLDERS)
