"""Settings answers: which attribute belongs to which version, and how it looks."""

import pytest

from zoho_emulator.catalogue import NOT_SUPPORTED, TABLES
from zoho_emulator.data_types import DATA_TYPES
from zoho_emulator.metadata import field_json, module_json, org_json, user_json
from zoho_emulator.seed import build
from zoho_emulator.versions import VERSIONS

ALL = tuple(VERSIONS)


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    store = build(tmp_path_factory.mktemp("org") / "org.db", rows=0, now=1_700_000_000)
    yield store.org
    store.close()


@pytest.fixture
def show(org):
    def show(module: str, field: str, version: str = "v8") -> dict:
        table = org.modules[module]
        return field_json(org, table, table.fields[field], VERSIONS[version])

    return show


def since(first: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    place = ALL.index(first)
    return ALL[:place], ALL[place:]


@pytest.mark.parametrize(
    ("first", "keys"),
    [
        ("v2", {"api_name", "json_type", "lookup", "unique", "view_type", "pick_list_values"}),
        ("v2.1", {"filterable", "sortable", "external", "profiles", "ui_type", "multiuserlookup"}),
        ("v4", {"searchable", "virtual_field", "separator", "created_time", "email_parser"}),
        ("v8", {"operation_type", "associated_module", "rollup_summary", "type"}),
        ("v8", {"layout_associations", "history_tracking_enabled", "number_separator"}),
    ],
)
def test_field_attributes_come_with_their_version(show, first, keys) -> None:
    without, having = since(first)
    assert all(keys.isdisjoint(show("Leads", "Lead_Source", version)) for version in without)
    assert all(keys <= show("Leads", "Lead_Source", version).keys() for version in having)


def test_subform_became_associated_module(show, org) -> None:
    for version in ("v2", "v2.1", "v4"):
        assert show("Leads", "Project_Details", version)["subform"]["module"] == "Project_Details"
        assert show("Leads", "City", version)["subform"] is None
    new = show("Leads", "Project_Details")
    assert "subform" not in new
    assert new["associated_module"]["module"] == "Project_Details"
    assert set(new["operation_type"].values()) == {False}
    assert new["virtual_field"] is True


@pytest.mark.parametrize(("version", "plain"), [("v2", 1), ("v2.1", 1), ("v4", 0), ("v8", 0)])
def test_modules_of_lookups_are_names_first_and_objects_since(org, show, version, plain) -> None:
    accounts = {"api_name": "Accounts", "id": str(org.modules["Accounts"].id)}
    lookup = show("Contacts", "Account_Name", version)["lookup"]
    assert lookup["module"] == ("Accounts" if plain else accounts)
    multi = show("Leads", "Related_To", version)["multi_module_lookup"]
    assert multi["modules"][0] == (
        {"id": accounts["id"], "module": "Accounts", "name": "Accounts"} if plain else accounts
    )
    linked = show("Leads", "Products_Wanted", version)["multiselectlookup"]
    assert (linked["connected_module"] == "Products") is bool(plain)


def test_what_a_field_has_not_is_an_empty_object(show) -> None:
    city = show("Leads", "City")
    empty = ("lookup", "multi_module_lookup", "multiselectlookup", "multiuserlookup", "formula")
    empty += ("currency", "auto_number", "unique", "rollup_summary")
    assert [city[key] for key in empty] == [{}] * len(empty)
    assert (city["external"], city["associated_module"], city["pick_list_values"]) == (
        None,
        None,
        [],
    )


@pytest.mark.parametrize(
    ("version", "has", "lacks"),
    [
        ("v2", {"sys_ref_name", "maps"}, {"id", "reference_value"}),
        ("v2.1", {"id", "sys_ref_name"}, {"reference_value", "colour_code"}),
        ("v4", {"id", "reference_value", "colour_code"}, set()),
        ("v8", {"id", "reference_value", "colour_code"}, {"sys_ref_name"}),
    ],
)
def test_options_of_a_pick_list(show, version, has, lacks) -> None:
    options = show("Leads", "Lead_Source", version)["pick_list_values"]
    assert options[0]["actual_value"] == options[0]["display_value"] == "-None-"
    assert [option["sequence_number"] for option in options] == [*range(1, len(options) + 1)]
    assert has <= options[0].keys()
    assert lacks.isdisjoint(options[0])


def test_stages_have_a_forecast(show) -> None:
    assert "forecast_category" not in show("Deals", "Stage", "v2")["pick_list_values"][0]
    assert show("Deals", "Stage", "v2.1")["pick_list_values"][0]["forecast_category"] == 1
    won = next(
        option
        for option in show("Deals", "Stage", "v4")["pick_list_values"]
        if option["actual_value"] == "Closed Won"
    )
    assert (won["probability"], won["forecast_category"]["name"]) == (100, "Closed")


@pytest.mark.parametrize(
    ("field", "attribute", "value"),
    [
        (
            "External_Lead_ID",
            "external",
            {"show": True, "type": "user", "allow_multiple_config": False},
        ),
        ("External_Lead_ID", "unique", {"case_sensitive": False}),
        ("Budget", "currency", {"rounding_option": "normal", "precision": 2}),
        ("Profile", "textarea", {"type": "rich_text"}),
        ("Profile", "sortable", False),
        ("Profile", "filterable", False),
        ("Summary", "filterable", True),
        ("Documents", "filterable", False),
        ("Products_Wanted", "virtual_field", True),
        ("Is_Large", "json_type", "boolean"),
        ("Weighted_Budget", "json_type", "double"),
        ("Lead_Number", "read_only", True),
        ("Tag", "data_type", "text"),
        ("Tag", "json_type", "jsonarray"),
        ("Last_Name", "system_mandatory", True),
        ("Full_Name", "display_field", True),
        ("Owner", "field_read_only", True),
    ],
)
def test_fields_of_leads(show, field, attribute, value) -> None:
    assert show("Leads", field)[attribute] == value


def test_an_owner_can_be_written_though_it_says_read_only(show) -> None:
    assert show("Leads", "Owner")["operation_type"]["api_update"] is True
    for name in ("id", "Created_Time", "Full_Name", "Greeting", "Converted_Account"):
        assert set(show("Leads", name)["operation_type"].values()) == {False}
    tag = show("Leads", "Tag")
    assert (tag["view_type"]["create"], tag["operation_type"]["api_create"]) == (False, True)


def test_id_is_a_field(show) -> None:
    field = show("Leads", "id")
    assert (field["data_type"], field["json_type"], field["length"]) == ("bigint", "string", 18)
    assert field["field_read_only"] is True


def test_a_full_set_of_leads_fields_takes_two_slices_of_fifty(org) -> None:
    fields = org.modules["Leads"].fields.values()
    assert len(fields) == 87
    assert 50 < sum(field.since <= 2 for field in fields) < 87


def test_every_data_type_occurs(org) -> None:
    fields = [field for module in org.modules.values() for field in module.fields.values()]
    types = {field.data_type for field in fields} | {field.v2_type for field in fields} - {None}
    assert types == DATA_TYPES.keys()


def test_ids_of_the_metadata_are_unique(org) -> None:
    ids = [user.id for user in org.users] + [*org.roles.values(), *org.profiles.values()]
    for module in org.modules.values():
        ids += [module.id, module.layout_id]
        ids += [field.id for field in module.fields.values()]
        ids += [
            field.id + 1 + number
            for field in module.fields.values()
            for number in range(len(field.pick_list))
        ]
    ids = [item for item in ids if item]
    assert len(set(ids)) == len(ids)
    assert all(len(str(item)) == 19 for item in ids)


@pytest.mark.parametrize("version", ALL)
def test_modules(org, version) -> None:
    shown = {
        module.api_name: module_json(org, module, VERSIONS[version])
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
    assert ("global_search_supported" in vehicles) is (version != "v8")


def test_users_have_roles_profiles_and_states(org) -> None:
    users = [user_json(org, user, VERSIONS["v8"]) for user in org.users]
    assert {user["status"] for user in users} == {"active", "disabled"}
    assert all(user["role"]["id"].isdigit() and user["profile"]["id"].isdigit() for user in users)
    assert users[0]["profile"]["name"] == "Administrator"
    assert users[0]["created_time"] == "2014-12-31T16:00:00-08:00"


def test_the_org_tells_its_edition_and_licences(org) -> None:
    json = org_json(org)
    assert json["license_details"]["paid_type"] == "enterprise"
    assert json["license_details"]["users_license_purchased"] == 5
    assert (json["time_zone"], json["type"]) == ("America/Los_Angeles", "production")
