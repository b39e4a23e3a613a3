"""What `check` finds before a first sync does."""

import logging
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import Status

from destination_zoho_crm import DestinationZohoCrm
from unit_tests.destination.conftest import Org, mapping
from zoho_crm.auth import ZohoAuthenticator

LOGGER = logging.getLogger("airbyte")


def check(config: dict[str, Any]) -> str:
    """The sentence of a check that fails; nothing of one that succeeds."""
    ZohoAuthenticator._tokens.clear()
    status = DestinationZohoCrm().check(LOGGER, config)
    assert (status.status == Status.SUCCEEDED) == (status.message is None)
    return status.message or ""


def test_an_account_is_all_that_it_needs(org: Org) -> None:
    assert check(org.config) == ""


def test_a_wrong_secret_is_told(org: Org) -> None:
    assert "client secret" in check(org.config | {"client_secret": "wrong"})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (mapping("s", "Lead", "insert"), "Did you mean Leads? It has Accounts, "),
        (mapping("s", "Leads", "upsert", "Phone"), "choose Email or External_Lead_ID"),
        (mapping("s", "Leads", "upsert"), "choose Email or External_Lead_ID"),
        (mapping("s", "Leads", "update", "Email"), "choose id or External_Lead_ID"),
        (mapping("s", "Tasks", "upsert", "Subject"), "Tasks allows insert, update, delete"),
    ],
    ids=["module", "key", "no key", "key of an update", "operation"],
)
def test_a_mapping_that_cannot_be_is_told(org: Org, wrong: dict[str, Any], said: str) -> None:
    assert said in check(org.config | {"mappings": [wrong]})


def test_all_that_is_wrong_with_mappings_is_told_at_once(org: Org) -> None:
    wrong = [mapping("a", "Lead", "insert"), mapping("b", "Leads", "upsert", "Phone")]

    sentence = check(org.config | {"mappings": wrong})

    assert sentence.startswith("2 things must be mended")
    assert "(1) a: " in sentence
    assert "(2) b: " in sentence


def test_a_folder_that_cannot_be_used_is_told(org: Org, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    storage = {"storage_type": "Local", "folder": str(tmp_path / "file" / "folder")}

    assert "The folder for rejected rows" in check(org.config | {"object_storage_config": storage})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_rejected": "many"}, "neither a number nor a percentage"),
        ({"max_deletes": -1}, "no number from 0 on"),
        ({"automations": {"run": "selected", "kinds": ["magic"]}}, "'magic': no kind"),
        ({"object_storage_config": {"storage_type": "Tape"}}, "cannot be kept in 'Tape'"),
        ({"object_storage_config": {"storage_type": "Local"}}, "Name the folder"),
        ({"mappings": [mapping("s", "Leads", "insert")] * 2}, "Several mappings name the stream s"),
        ({"mappings": [{"module": "Leads"}]}, "Mapping 1 names no stream"),
        ({"dc_region": "XX"}, "none of US, EU"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_that_cannot_be_is_told(org: Org, settings: dict[str, Any], said: str) -> None:
    assert said in check(org.config | settings)
