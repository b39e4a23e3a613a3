"""Layouts, related lists, views, roles, profiles, territories, currencies, tags, pipelines."""

import pytest

VERSIONS = ("v2", "v2.1", "v4", "v8")


def read_rows(zoho, path: str, key: str, **params: object) -> list[dict]:
    answer = zoho.get(path, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()[key]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_layout_holds_every_field_and_its_subforms(zoho, version) -> None:
    (layout,) = read_rows(zoho, f"{version}/settings/layouts", "layouts", module="Leads")
    lead = zoho.get(f"{version}/Leads", fields="Layout", per_page=1).json()["data"][0]
    held = {"name": layout["name"], "id": layout["id"]}
    if version == "v2":
        assert "Layout" not in lead
        assert lead["$layout_id"] == held | {"display_label": "Standard"}
        (single,) = zoho.get(f"v2/Leads/{lead['id']}").json()["data"]
        assert "Layout" not in single
        assert single["$layout_id"] == lead["$layout_id"]
    else:
        assert (lead["Layout"], "$layout_id" in lead) == (held, False)
    assert layout["status"] == ("active" if version in ("v4", "v8") else 0)
    assert ("api_name" in layout) is (version == "v8")
    shown = [field["api_name"] for section in layout["sections"] for field in section["fields"]]
    known = read_rows(zoho, f"{version}/settings/fields", "fields", module="Leads")
    assert sorted(shown) == sorted({f["api_name"] for f in known} - {"id", "Layout"})
    (subform,) = (section for section in layout["sections"] if section["isSubformSection"])
    assert [field["api_name"] for field in subform["fields"]] == ["Project_Details"]
    field = next(f for s in layout["sections"] for f in s["fields"] if f["api_name"] == "Company")
    assert field.items() >= {"required": True, "section_id": 1, "default_value": None}.items()
    path = f"{version}/settings/layouts/{layout['id']}"
    assert read_rows(zoho, path, "layouts", module="Leads") == [layout]


@pytest.mark.parametrize("version", VERSIONS)
def test_layouts_of_a_lead_show_what_it_is_converted_to(zoho, version) -> None:
    (leads,) = read_rows(zoho, f"{version}/settings/layouts", "layouts", module="Leads")
    (deals,) = read_rows(zoho, f"{version}/settings/layouts", "layouts", module="Deals")
    deal = leads["convert_mapping"]["Deals"]
    assert deal.items() >= {"name": "Standard", "id": deals["id"]}.items()
    required = {field["api_name"]: field["required"] for field in deal.get("fields", [])}
    assert (required.get("Stage"), required.get("Amount")) == (
        (True, False) if version == "v8" else (None, None)
    )
    assert deals.get("convert_mapping") is None
    assert ("convert_mapping" in deals) is (version != "v8")


def test_a_field_of_a_layout_differs_from_that_of_the_list_of_fields(zoho) -> None:
    (layout,) = read_rows(zoho, "v8/settings/layouts", "layouts", module="Leads")
    placed = {f["api_name"]: f for s in layout["sections"] for f in s["fields"]}
    listed = read_rows(zoho, "v8/settings/fields", "fields", module="Leads")
    source = next(field for field in listed if field["api_name"] == "Lead_Source")
    assert "layout_associations" in source
    assert "layout_associations" not in placed["Lead_Source"]
    assert [option["maps"] for option in placed["Lead_Source"]["pick_list_values"]] == [
        [] for _ in source["pick_list_values"]
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_related_lists(zoho, version) -> None:
    lists = read_rows(zoho, f"{version}/settings/related_lists", "related_lists", module="Leads")
    names = [item["api_name"] for item in lists]
    assert names[:2] == ["Notes", "Attachments"]
    assert {"Tasks", "Events", "Calls", "Products_Wanted"} <= set(names)
    assert len(names) == len(set(names))
    assert [item["sequence_number"] for item in lists] == [
        str(number + 1) for number in range(len(lists))
    ]
    linked = next(item for item in lists if item["type"] == "multiselectlookup")
    assert (linked["connectedmodule"], linked["linkingmodule"]) == ("Products", "LeadsXProducts")
    plain = version in ("v2", "v2.1")
    shown = linked["module"] if plain else linked["module"]["api_name"]
    assert shown == "Products"
    assert linked.get("connectedlookupApiName") == (None if plain else "Products")
    assert ("multiselectlookup" in linked) is (version == "v8")


def test_a_list_of_links_is_described_as_its_field_is(zoho) -> None:
    lists = read_rows(zoho, "v8/settings/related_lists", "related_lists", module="Leads")
    (linked,) = (item for item in lists if item["type"] == "multiselectlookup")
    fields = read_rows(zoho, "v8/settings/fields", "fields", module="Leads")
    (field,) = (item for item in fields if item["api_name"] == "Products_Wanted")
    described, fields_ = linked["multiselectlookup"], field["multiselectlookup"]
    for key in ("lookup_field", "connected_lookup_field"):
        short, long = described["linking_details"][key], fields_["linking_details"][key]
        assert short == {name: long[name] for name in ("api_name", "id")}
    module = fields_["linking_details"]["module"]
    assert described["linking_details"]["visibility"] == module.pop("visibility")
    assert described["linking_details"]["module"] == module
    assert (described["field"]["id"], described["field_enabled"]) == (field["id"], True)
    assert described["connected_details"].keys() == {"field", "module", "related_list"}


def test_related_lists_by_status(zoho) -> None:
    def asked(status: str):
        return zoho.get("v8/settings/related_lists", module="Leads", status=status)

    assert asked("visible").json()["related_lists"]
    assert asked("user_hidden").status_code == 204
    assert (asked("odd").status_code, asked("odd").json()["message"]) == (
        400,
        "The status given is invalid.",
    )


def test_every_plain_related_list_can_be_read(zoho) -> None:
    for module in ("Accounts", "Deals", "Products", "Contacts"):
        record = zoho.get(f"v8/{module}", fields="id", per_page=1).json()["data"][0]["id"]
        for item in read_rows(zoho, "v8/settings/related_lists", "related_lists", module=module):
            if item["type"] == "default" and item["api_name"] != "Stage_History":
                path = item["href"].replace("{ENTITYID}", record)
                assert zoho.get(f"v8/{path}", fields="id").status_code in (200, 204), path


def test_custom_views(zoho) -> None:
    answer = zoho.get("v8/settings/custom_views", module="Deals").json()
    first = answer["custom_views"][0]
    assert (first["name"], first["system_name"], first["default"]) == (
        "All Deals",
        "ALLVIEWS",
        True,
    )
    info = answer["info"]
    assert (info["default"], info["count"]) == (first["id"], len(answer["custom_views"]))
    second = zoho.get("v8/settings/custom_views", module="Deals", per_page=1, page=2).json()
    assert second["custom_views"] == [answer["custom_views"][1]]
    assert second["info"]["more_records"] is True


def test_a_module_opens_with_its_first_view(zoho) -> None:
    views = read_rows(zoho, "v8/settings/custom_views", "custom_views", module="Deals")
    (module,) = read_rows(zoho, "v8/settings/modules/Deals", "modules")
    assert views[0].items() <= module["custom_view"].items()
    assert [field["api_name"] for field in module["custom_view"]["fields"]] == ["Deal_Name"]
    (linking,) = read_rows(zoho, "v8/settings/modules/LeadsXProducts", "modules")
    assert linking["custom_view"] is None


def test_a_module_names_the_territory_that_its_records_are_seen_through(zoho) -> None:
    territory = {"name": "All Territories", "id": "0", "subordinates": False}
    assert read_rows(zoho, "v8/settings/modules/Deals", "modules")[0]["territory"] == territory
    assert "territory" not in read_rows(zoho, "v8/settings/modules/Tasks", "modules")[0]


@pytest.mark.parametrize(
    ("what", "key"),
    [
        ("layouts", "param_name"),
        ("related_lists", "param_name"),
        ("custom_views", "param_name"),
        ("tags", "param"),
    ],
)
def test_settings_of_a_module_need_one_that_is_there(zoho, what, key) -> None:
    path = f"v8/settings/{what}"
    assert zoho.get(path).json()["details"] == {key: "module"}
    assert zoho.get(path).json()["code"] == "REQUIRED_PARAM_MISSING"
    assert zoho.get(path, module="Nope").json()["code"] == "INVALID_MODULE"
    none = zoho.get(path, module="Visits")
    if what == "tags":
        assert none.json()["message"] == "the given module is not supported for this api"
    else:
        assert none.status_code == 204


def test_layouts_come_whole(zoho) -> None:
    path = "v8/settings/layouts"
    whole = zoho.get(path, module="Leads").json()
    assert zoho.get(path, module="Leads", mode="all").json() == whole
    assert zoho.get(path, module="Leads", mode="quick_create").status_code == 501
    odd = zoho.get(path, module="Leads", mode="odd")
    assert (odd.status_code, odd.json()["code"]) == (400, "PATTERN_NOT_MATCHED")


@pytest.mark.parametrize("version", VERSIONS)
def test_roles_and_profiles_are_those_of_the_users(zoho, version) -> None:
    roles = read_rows(zoho, f"{version}/settings/roles", "roles")
    profiles = read_rows(zoho, f"{version}/settings/profiles", "profiles")
    for user in read_rows(zoho, f"{version}/users", "users", type="AllUsers"):
        assert user["role"] in [{"name": r["name"], "id": r["id"]} for r in roles]
        assert user["profile"] in [{"name": p["name"], "id": p["id"]} for p in profiles]
    assert [role["reporting_to"] for role in roles if role["name"] == "CEO"] == [None]
    assert all(("created_time__s" in role) is (version in ("v4", "v8")) for role in roles)
    assert read_rows(zoho, f"{version}/settings/roles/{roles[1]['id']}", "roles") == [roles[1]]
    (profile,) = read_rows(zoho, f"{version}/settings/profiles/{profiles[0]['id']}", "profiles")
    assert profiles[0].items() <= profile.items()
    assert "permissions_details" in profile
    assert "permissions_details" not in profiles[0]


def test_profiles_come_by_type_and_in_pages(zoho) -> None:
    path = "settings/profiles"
    answer = zoho.get(f"v8/{path}", per_page=1, type="normal_profile").json()
    assert answer["info"] == {
        **{"per_page": 1, "count": 1, "page": 1, "more_records": True},
        "license_limit": 200,
    }
    (second,) = read_rows(zoho, f"v8/{path}", "profiles", per_page=1, page=2)
    assert second["name"] == "Standard"
    assert zoho.get(f"v8/{path}", type="portal_profile").status_code == 204
    refused = zoho.get(f"v8/{path}", type="odd")
    assert (refused.status_code, refused.json()["details"]) == (400, {"param_name": "type"})
    assert "info" not in zoho.get(f"v4/{path}").json()


@pytest.mark.parametrize("path", ["roles/1", "profiles/1", "layouts/1?module=Leads"])
def test_unknown_ids(zoho, path) -> None:
    answer = zoho.get(f"v8/settings/{path}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_DATA")


def test_territories_of_the_org_are_those_of_records(zoho) -> None:
    territories = read_rows(zoho, "v8/settings/territories", "territories")
    ids = {item["id"] for item in territories}
    used = {
        part["id"]
        for name in ("Leads", "Deals")
        for row in zoho.truth(name)
        for part in row["Territories"]
    }
    assert used
    assert used <= ids
    assert territories[1]["reporting_to"]["id"] == territories[0]["id"]
    old = read_rows(zoho, "v2/settings/territories", "territories")[1]
    assert (old["parent_id"], "reporting_to" in old) == (territories[0]["id"], False)
    assert "info" not in zoho.get("v2/settings/territories").json()
    asked = read_rows(zoho, "v8/settings/territories", "territories", include="deal_rule_criteria")[
        0
    ]
    assert asked.keys() - territories[0].keys() == {"deal_rule_criteria"}
    assert "deal_rule_criteria" in read_rows(zoho, "v4/settings/territories", "territories")[0]


def test_tags_of_a_module_are_those_of_its_records(zoho) -> None:
    tags = {tag["name"]: tag for tag in read_rows(zoho, "v8/settings/tags", "tags", module="Leads")}
    for lead in zoho.truth("Leads"):
        for tag in lead["Tag"]:
            assert tag.items() <= tags[tag["name"]].items()
    other = read_rows(zoho, "v8/settings/tags", "tags", module="Deals")
    assert other[0]["id"] not in {tag["id"] for tag in tags.values()}
    assert "color_code" not in read_rows(zoho, "v2/settings/tags", "tags", module="Leads")[0]


@pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
def test_the_pipeline_has_the_stages_of_deals(zoho, version) -> None:
    (layout,) = read_rows(zoho, "v8/settings/layouts", "layouts", module="Deals")
    path = "settings/pipeline"
    (pipeline,) = read_rows(zoho, f"{version}/{path}", "pipeline", layout_id=layout["id"])
    assert {deal["Pipeline"] for deal in zoho.truth("Deals")} - {None} == {
        pipeline["display_value"]
    }
    stages = {deal["Stage"] for deal in zoho.truth("Deals")}
    assert stages <= {stage["actual_value"] for stage in pipeline["maps"]}
    assert pipeline["maps"][0]["forecast_category"].keys() == {"name", "id"}
    assert zoho.get(f"v8/{path}").json()["code"] == "REQUIRED_PARAM_MISSING"
    assert zoho.get(f"v8/{path}", layout_id=1).json()["code"] == "INVALID_DATA"
    assert zoho.get(f"v2/{path}", layout_id=layout["id"]).json()["code"] == "API_NOT_SUPPORTED"


def test_currencies_and_contact_roles(zoho) -> None:
    currencies = read_rows(zoho, "v8/org/currencies", "currencies")
    assert [item["iso_code"] for item in currencies if item["is_base"]] == ["USD"]
    assert all(isinstance(item["exchange_rate"], str) for item in currencies)
    roles = read_rows(zoho, "v2/Contacts/roles", "contact_roles")
    assert roles[0].keys() == {"id", "name", "sequence_number"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("refused", "path", "status", "code"),
    [
        ("currencies", "org/currencies", 403, "CURRENCIES_NOT_ENABLED"),
        ("territories", "settings/territories", 400, "FEATURE_NOT_ENABLED"),
        (
            "territories:TERRITORY_NOT_ENABLED",
            *("settings/territories", 403, "TERRITORY_NOT_ENABLED"),
        ),
        ("territories:TERRITORY_DISABLED", "settings/territories", 403, "TERRITORY_DISABLED"),
        ("roles", "settings/roles", 400, "FEATURE_NOT_ENABLED"),
    ],
)
def test_a_feature_that_the_org_lacks_is_refused_with_its_code(
    zoho, version, refused, path, status, code
) -> None:
    assert zoho.get(f"{version}/{path}").status_code == 200
    zoho.knobs(features_refused=[refused])
    answer = zoho.get(f"{version}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["details"] == {}
    assert read_rows(zoho, f"{version}/org", "org")[0]["mc_status"] is (refused != "currencies")


def test_settings_need_their_scope_and_are_counted_by_name(zoho) -> None:
    zoho.get("v8/settings/roles")
    zoho.get("v8/settings/layouts", module="Leads")
    zoho.get("v8/org/currencies")
    calls = zoho.usage()["calls"]
    names = ("settings.roles", "settings.layouts:Leads", "settings.currencies")
    assert [calls[name] for name in names] == [1, 1, 1]
    zoho.knobs(scopes="ZohoCRM.settings.roles.READ")
    assert zoho.get("v8/settings/roles").status_code == 200
    assert zoho.get("v8/settings/tags", module="Leads").json()["code"] == "OAUTH_SCOPE_MISMATCH"
