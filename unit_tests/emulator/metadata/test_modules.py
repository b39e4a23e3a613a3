"""Settings answers: modules, users and the org."""

import pytest

from zoho_emulator.catalogue import NOT_SUPPORTED, TABLES
from zoho_emulator.metadata.modules import describe_module, describe_org, describe_user
from zoho_emulator.versions import VERSIONS

ALL = tuple(VERSIONS)


@pytest.mark.parametrize("version", ALL)
def test_modules(org, version) -> None:
    shown = {
        module.api_name: describe_module(org, module, VERSIONS[version])
        for module in org.modules.values()
    }
    assert {table.api_name for table in TABLES} < shown.keys()
    assert [shown[name]["api_supported"] for name, *_ in NOT_SUPPORTED] == [False] * 14
    vehicles = shown["Vehicles"]
    assert (vehicles["generated_type"], vehicles["module_name"]) == ("custom", "CustomModule3")
    assert vehicles["parent_module"] == {}
    assert shown["Leads"]["convertable"] is True
    assert ("status" in vehicles) is (version == "v8")
    assert ("visible" in vehicles) is (version in ("v2.1", "v4"))
    assert ("filter_supported" in vehicles) is (version != "v8")
    assert {"global_search_supported", "isBlueprintSupported"} <= vehicles.keys()


def test_modules_of_v8_show_whose_they_are(org) -> None:
    def shown(name: str) -> dict:
        return describe_module(org, org.modules[name], VERSIONS["v8"])

    assert (shown("Leads")["access_type"], shown("Leads")["private_profile"]) == ("org_based", None)
    assert shown("DealHistory")["track_current_data"] is True
    assert "track_current_data" not in shown("Leads")
    assert shown("Home")["business_card_field_limit"] == 5
    assert "sequence_number" in shown("LeadsXProducts")
    files = shown("File_Upload_1__s")
    assert (files["generated_type"], files["static_subform_properties"]) == (
        "static_subform",
        {"fields": []},
    )


def test_users_have_roles_profiles_and_states(org) -> None:
    users = [describe_user(org, user, VERSIONS["v8"]) for user in org.users]
    assert {user["status"] for user in users} == {"active", "disabled"}
    assert all(user["role"]["id"].isdigit() and user["profile"]["id"].isdigit() for user in users)
    assert users[0]["profile"]["name"] == "Administrator"
    assert users[0]["created_time"] == "2014-12-31T16:00:00-08:00"


def test_the_org_shows_its_edition_and_licences(org) -> None:
    json = describe_org(org)
    assert json["license_details"]["paid_type"] == "enterprise"
    assert json["license_details"]["users_license_purchased"] == 5
    assert (json["time_zone"], json["type"]) == ("America/Los_Angeles", "production")
