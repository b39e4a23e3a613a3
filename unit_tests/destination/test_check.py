"""What `check` finds before a first sync does."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalog, Status
from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm import DestinationZohoCrm
from unit_tests.destination.conftest import Org, mapping
from zoho_crm.auth import ZohoAuthenticator
from zoho_emulator.knobs import SCOPES

LOGGER = logging.getLogger("airbyte")


def check(config: dict[str, Any]) -> str:
    """The sentence of a check that fails; nothing of one that succeeds."""
    ZohoAuthenticator._tokens.clear()
    status = DestinationZohoCrm().check(LOGGER, config)
    assert (status.status == Status.SUCCEEDED) == (status.message is None)
    return status.message or ""


def test_an_account_is_all_that_it_needs(org: Org) -> None:
    assert check(org.config) == ""


@pytest.mark.parametrize("code", ["NO_PERMISSION", "INVALID_MODULE", "OAUTH_SCOPE_MISMATCH"])
def test_a_module_that_zoho_does_not_describe_is_no_failure(org: Org, code: str) -> None:
    body = {"code": code, "message": "no", "details": {}, "status": "error"}
    org.fail("settings.fields:Accounts", times=9, status=400, body=body)

    assert check(org.config) == ""


def test_fields_that_are_refused_for_a_scope_altogether_are_reported(org: Org) -> None:
    body = {"code": "OAUTH_SCOPE_MISMATCH", "message": "no", "details": {}, "status": "error"}
    org.fail("settings.fields", times=99, status=401, body=body)

    assert "because of a missing scope" in check(org.config)


def test_a_wrong_secret_is_reported(org: Org) -> None:
    assert "client secret" in check(org.config | {"client_secret": "wrong"})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (mapping("s", "Lead", "insert"), "Did you mean Leads? It has Accounts, "),
        (mapping("s", "Leads", "upsert", "Phone"), "choose Email or External_Lead_ID"),
        (mapping("s", "Leads", "update", "Email"), "choose id or External_Lead_ID"),
        (mapping("s", "Tasks", "upsert", "Subject"), "Tasks allows insert, update, delete"),
        (
            mapping("s", "Leads", "insert", a="Lats_Name"),
            "s: the column a cannot be written: Leads",
        ),
        (mapping("s", "Leads", "insert", a="Created_Time"), "Created_Time is read-only"),
        (mapping("s", "Contacts", "insert", a="Account_Name.Phone"), "is not found by Phone"),
        (
            mapping("s", "Leads", "insert", a="Project_Details") | {"rows_key": "Projekt"},
            "not found by a field Projekt; did you mean Project?",
        ),
        (mapping("s", "Leads", "insert", a="Last_Name", b="Last_Name"), "a and b both go to Last"),
        (mapping("s", "Project_Details", "upsert", "id", a="Project"), "says of which record of"),
    ],
    ids=[
        *("module", "key", "key of an update", "operation"),
        *("field", "read-only field", "field of no lookup", "rows_key"),
        *("one field twice", "rows without a record"),
    ],
)
def test_a_mapping_that_cannot_be_is_reported(org: Org, wrong: dict[str, Any], said: str) -> None:
    assert said in check(org.config | {"mappings": [wrong]})


def test_a_mapping_that_can_be_is_taken(org: Org) -> None:
    named = {"a": "Last_Name", "b": "Account_Name.ERP_ID", "c": "Owner.email", "d": "Email"}
    writing = mapping("s", "Contacts", "upsert", "Email", **named)
    deleting = mapping("t", "Contacts", "delete", "id", a="id", b="Created_Time")

    assert check(org.config | {"mappings": [writing, deleting]}) == ""


@pytest.fixture
def scopes(org: Org) -> Iterator[Callable[[str], None]]:
    """Sets those of the tokens to come."""
    yield lambda scopes: org.knobs(scopes=scopes)
    org.knobs(scopes=",".join(SCOPES))


READING = "ZohoCRM.modules.READ,ZohoCRM.settings.ALL,ZohoCRM.users.READ,ZohoCRM.org.READ"


def test_a_token_that_may_only_read_is_reported(org: Org, scopes: Callable[[str], None]) -> None:
    scopes(READING)

    assert check(org.config).startswith("The refresh token lacks a scope: it may read")
    for scope in ("ZohoCRM.modules.UPDATE", "ZohoCRM.modules.leads.ALL"):
        scopes(f"{READING},{scope}")
        assert check(org.config) == ""


def test_owners_by_address_need_a_token_that_may_see_users(
    org: Org, scopes: Callable[[str], None]
) -> None:
    scopes("ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.org.READ")
    owned = mapping("s", "Leads", "insert", a="Last_Name", b="Owner.email")

    assert check(org.config) == ""
    assert "lacks a scope" in check(org.config | {"mappings": [owned]})


def test_bulk_needs_its_scopes_and_automatic_does_without(
    org: Org, scopes: Callable[[str], None]
) -> None:
    scopes(",".join(scope for scope in SCOPES if ".bulk." not in scope))

    lacking = check(org.config | {"write_method": "Bulk"})

    assert "ZohoCRM.bulk.CREATE, ZohoFiles.files.ALL" in lacking
    assert check(org.config | {"write_method": "Automatic"}) == ""
    scopes(",".join((*SCOPES, "ZohoFiles.files.ALL")))
    assert check(org.config | {"write_method": "Bulk"}) == ""


def test_what_only_the_connection_decides_is_left_to_it(org: Org) -> None:
    """Its key, and whether it adds records, may be others than the mapping's."""
    lacking = mapping("s", "Contacts", "upsert", "Email", a="Phone")

    assert check(org.config | {"mappings": [lacking]}) == ""


def test_all_that_is_wrong_with_mappings_is_reported_at_once(org: Org) -> None:
    wrong = [mapping("a", "Lead", "insert"), mapping("b", "Leads", "upsert", "Phone")]

    sentence = check(org.config | {"mappings": wrong})

    assert sentence.startswith("2 things must be fixed")
    assert "(1) a: " in sentence
    assert "(2) b: " in sentence


@pytest.mark.parametrize("folder", ["file/folder", "nul\0"])
def test_a_folder_that_cannot_be_used_is_reported(org: Org, tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    storage = {"storage_type": "Local", "folder": f"{tmp_path}/{folder}"}

    assert "The folder for rejected rows" in check(org.config | {"object_storage_config": storage})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"max_rejected": "many"}, "(max_rejected) is 'many'; write it like 50 or 10%."),
        ({"max_rejected": 1.5}, "(max_rejected) is 1.5; write it like 50 or 10%."),
        ({"max_rejected": True}, "(max_rejected) is true; write it like 50 or 10%."),
        ({"max_rejected": -1}, "(max_rejected) is -1, and 0 is the least."),
        ({"max_rejected": 10**12}, "which is never reached."),
        ({"max_rejected": "101%"}, "(max_rejected) is 101%, which is never reached."),
        ({"max_rejected": "9" * 5_000}, "which is never reached."),
        ({"max_deletes": -1}, "(max_deletes) is -1, and 0 is the least."),
        ({"max_deletes": "x"}, "(max_deletes) is 'x', which is not a whole number."),
        ({"null_values": "Clear"}, "(null_values) is 'Clear', which is none of ignore, clear."),
        (
            {"automations": {"run": "nonE"}},
            "(automations) needs run: all or none or selected, not 'nonE'. Did you mean none?",
        ),
        (
            {"automations": {"run": "selected", "kinds": ["magic"]}},
            "(kinds) is 'magic', which is none of workflow, approval, blueprint.",
        ),
        (
            {"object_storage_config": {"storage_type": "Tape"}},
            "(object_storage_config) needs storage_type: None or Local or S3, not 'Tape'.",
        ),
        ({"object_storage_config": {"storage_type": "Local"}}, "Folder (folder) is missing."),
        ({"mappings": [mapping("s", "Leads", "insert")] * 2}, "Several mappings name the stream s"),
        ({"mappings": [{"module": "Leads"}]}, "Mapping 1: Stream (stream) is missing."),
        (
            {"mappings": [mapping("s", "Leads", "replace", "x")]},
            "Mapping 1: Operation (operation) needs operation: upsert or update or insert or",
        ),
        (
            {"mappings": [mapping("s", "Leads", "upsert")]},
            "Mapping 1: Operation (operation): Matching key (matching_key) is missing.",
        ),
        (
            {"mappings": [mapping("s", "Leads", "insert", a="")]},
            "Mapping 1: Field 1: Field (field) is missing.",
        ),
        ({"dc_region": "XX"}, "none of US, EU"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_that_cannot_be_is_reported(
    org: Org, settings: dict[str, Any], said: str
) -> None:
    assert said in check(org.config | settings)


@pytest.mark.parametrize("limit", [0, 10, 10.0, "10", "10%", " 10% "])
def test_the_most_rejected_rows_are_a_number_or_a_text(org: Org, limit: object) -> None:
    assert check(org.config | {"max_rejected": limit}) == ""


def test_every_command_holds_its_settings_against_the_form(org: Org) -> None:
    destination, config = DestinationZohoCrm(), org.config | {"max_deletes": "x"}

    with pytest.raises(AirbyteTracedException, match="which is not a whole number"):
        destination.discover(config)
    with pytest.raises(AirbyteTracedException, match="which is not a whole number"):
        list(destination.write(config, ConfiguredAirbyteCatalog(streams=[]), []))
