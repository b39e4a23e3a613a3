"""Settings answers: which attribute belongs to which version, and how it looks."""

import pytest

from zoho_emulator.metadata.fields import describe_field
from zoho_emulator.store.data_types import DATA_TYPES
from zoho_emulator.versions import VERSIONS

ALL = tuple(VERSIONS)


def split_versions(first: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    place = ALL.index(first)
    return ALL[:place], ALL[place:]


@pytest.mark.parametrize(
    ("first", "keys"),
    [
        ("v2", {"api_name", "json_type", "lookup", "unique", "view_type", "pick_list_values"}),
        ("v2", {"ui_type", "external", "public", "range", "address", "display_format"}),
        ("v2", {"parent_field", "child_fields", "display_format_properties"}),
        ("v2.1", {"filterable", "sortable", "profiles", "multi_module_lookup"}),
        ("v4", {"searchable", "virtual_field", "separator", "created_time", "email_parser"}),
        ("v8", {"operation_type", "associated_module", "rollup_summary", "type"}),
        ("v8", {"layout_associations", "history_tracking_enabled", "static_field"}),
    ],
)
def test_field_attributes_come_with_their_version(show, first, keys) -> None:
    without, having = split_versions(first)
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
    in_v8 = {"module_name": "Accounts"} if version == "v8" else {}
    lookup = show("Contacts", "Account_Name", version)["lookup"]
    assert lookup["module"] == ("Accounts" if plain else accounts)
    multi = show("Leads", "Related_To", version)["multi_module_lookup"]
    assert multi["modules"][0] == (
        {"id": accounts["id"], "module": "Accounts", "name": "Accounts"}
        if plain
        else accounts | in_v8
    )


@pytest.mark.parametrize("field", ["Products_Wanted", "Team"])
@pytest.mark.parametrize("version", ["v2", "v2.1", "v4"])
def test_links_were_described_by_flat_names(org, show, version, field) -> None:
    kind = "multiselectlookup" if field == "Products_Wanted" else "multiuserlookup"
    shown = show("Leads", field, version)
    if (version, field) == ("v2", "Team"):
        assert kind not in shown
        return
    linked = shown[kind]
    other = "Products" if field == "Products_Wanted" else "Users"
    assert (linked["lookup_apiname"], linked["connectedlookup_apiname"]) == ("Leads", other)
    plain = version != "v4"
    link = "LeadsXProducts" if field == "Products_Wanted" else "Leads_X_Users"
    assert (linked["linking_module"] == link) is plain
    assert (linked["connected_module"] in ("Products", "users")) is plain


@pytest.mark.parametrize(
    ("field", "link", "other"),
    [("Products_Wanted", "LeadsXProducts", "Products"), ("Team", "Leads_X_Users", "Users")],
)
def test_links_of_v8_are_described_by_their_two_lookups(org, show, field, link, other) -> None:
    kind = "multiselectlookup" if field == "Products_Wanted" else "multiuserlookup"
    linked = show("Leads", field)[kind]
    assert linked.keys() == {"linking_details", "connected_details", "related_list"}
    details, module = linked["linking_details"], org.modules[link]
    assert details["module"] == {
        "visibility": 2,
        "plural_label": link,
        "api_name": link,
        "id": str(module.id),
    }
    for key, name in (("lookup_field", "Leads"), ("connected_lookup_field", other)):
        field = module.fields[name]
        assert details[key] == {
            "api_name": name,
            "field_label": field.label,
            "id": str(field.id),
        }
    connected = linked["connected_details"]
    assert connected["module"]["api_name"] == other
    if other == "Products":
        assert connected["field"]["api_name"] == "Leads"
        assert connected["layouts"] == [
            {"api_name": "Standard__s", "id": str(org.modules["Products"].layout_id)}
        ]
    assert linked["related_list"].keys() == {"display_label", "api_name", "id"}


def test_lookups_of_v2_name_the_list_in_the_other_module(show) -> None:
    found = show("Contacts", "Account_Name", "v2")["lookup"]
    assert found | {"id": None} == {
        "display_label": "Contacts",
        "api_name": "Contacts",
        "module": "Accounts",
        "id": None,
    }
    assert found["id"].isdigit()
    assert show("Notes", "Parent_Id", "v2")["lookup"] == {
        "display_label": "notes",
        "api_name": None,
        "module": "se_module",
        "id": None,
    }


def test_v2_has_no_word_for_lookups_to_several_modules_but_in_themselves(show) -> None:
    assert "multi_module_lookup" not in show("Leads", "City", "v2")
    assert show("Leads", "Related_To", "v2")["multi_module_lookup"]["api_name"] == "Related_To"


@pytest.mark.parametrize(
    ("version", "spelled"),
    [
        ("v2", "multimodulelookup"),
        ("v2.1", "multimodulelookup"),
        ("v4", "multimodulelookup"),
        ("v8", "multi_module_lookup"),
    ],
)
def test_the_lookup_to_several_modules_was_spelled_in_one_word_before_v6(
    show, version, spelled
) -> None:
    assert show("Leads", "Related_To", version)["data_type"] == spelled


def test_v2_shows_no_external_id(show) -> None:
    assert show("Leads", "External_Lead_ID", "v2")["external"] is None
    assert show("Leads", "External_Lead_ID", "v2.1")["external"]["type"] == "user"


def test_the_layout_of_v2_is_a_bigint(show) -> None:
    old = show("Leads", "Layout", "v2")
    assert (old["data_type"], old["json_type"], old["ui_type"]) == ("bigint", "string", 208)
    for version in ("v2.1", "v4", "v8"):
        shown = show("Leads", "Layout", version)
        assert (shown["data_type"], shown["json_type"]) == ("layout", "jsonobject")


@pytest.mark.parametrize("version", ALL)
def test_no_field_list_shows_what_is_required(org, version) -> None:
    for module in org.modules.values():
        for field in module.fields.values():
            assert "required" not in describe_field(org, module, field, VERSIONS[version])


@pytest.mark.parametrize("version", ALL)
def test_what_only_some_fields_have(show, version) -> None:
    assert "convert_mapping" in show("Leads", "City", version)
    assert "convert_mapping" not in show("Deals", "Amount", version)
    assert "public" not in show("Notes", "Note_Title", version)
    assert show("Leads", "Last_Name", version)["quick_sequence_number"].isdigit()
    assert "quick_sequence_number" not in show("Leads", "City", version)
    assert "blueprint_supported" in show("Leads", "Lead_Source", version)
    assert "blueprint_supported" not in show("Leads", "City", version)
    kind = show("Leads", "Summary", version).get("textarea")
    assert kind == ({"type": "small"} if version in ("v2", "v8") else None)


@pytest.mark.parametrize("version", ALL)
def test_numbers_that_count_by_themselves_show_where_they_start(show, version) -> None:
    assert show("Leads", "Lead_Number", version)["auto_number"] == {
        "prefix": "LD-",
        "suffix": "",
        "start_number": 1,
        "starting_number_length": 1,
    }


@pytest.mark.parametrize("version", ALL)
def test_some_fields_lack_what_others_have(show, version) -> None:
    assert "length" not in show("Leads", "Project_Details", version)
    assert "blueprint_supported" not in show("Leads", "Interests", version)
    linked = show("Leads", "Products_Wanted", version)
    assert (linked["length"], "json_type" in linked) == (200, version != "v2")


def test_formulas_of_v2_show_no_expression(show) -> None:
    assert show("Leads", "Greeting", "v2")["formula"] == {
        "return_type": "text",
        "dynamic": False,
        "stop_compute_conditionally": False,
    }
    assert "expression" in show("Leads", "Greeting")["formula"]


def test_what_a_field_has_not_is_an_empty_object(show) -> None:
    city = show("Leads", "City")
    empty = ("lookup", "multi_module_lookup", "multiselectlookup", "formula")
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
        ("v2", {"reference_value"}, {"id", "sequence_number", "type", "maps"}),
        ("v2.1", {"id", "sys_ref_name", "maps"}, {"reference_value", "colour_code"}),
        ("v4", {"id", "reference_value", "colour_code"}, set()),
        ("v8", {"id", "reference_value", "colour_code"}, {"sys_ref_name", "maps"}),
    ],
)
def test_options_of_a_pick_list(show, version, has, lacks) -> None:
    options = show("Leads", "Lead_Source", version)["pick_list_values"]
    assert options[0]["actual_value"] == options[0]["display_value"] == "-None-"
    if version != "v2":
        assert [option["sequence_number"] for option in options] == [*range(1, len(options) + 1)]
    assert has <= options[0].keys()
    assert lacks.isdisjoint(options[0])


@pytest.mark.parametrize("version", ALL)
def test_an_option_keeps_the_text_that_it_was_made_with(show, version) -> None:
    options = show("Leads", "Preferred_Channel", version)["pick_list_values"]
    assert [(o["display_value"], o["actual_value"]) for o in options] == [
        ("-None-", "-None-"),
        ("Mail", "Letter"),
        ("Phone", "Phone"),
        ("Chat", "Messenger"),
    ]
    assert all(o.get("reference_value", o["display_value"]) == o["display_value"] for o in options)


def test_stages_have_a_forecast(show) -> None:
    oldest = show("Deals", "Stage", "v2")["pick_list_values"][0]
    assert oldest["forecast_category"].isdigit()
    assert {"sequence_number", "id", "colour_code", "probability", "forecast_type"} < oldest.keys()
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


def test_a_full_set_of_leads_fields_takes_two_column_groups_of_fifty(org) -> None:
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
