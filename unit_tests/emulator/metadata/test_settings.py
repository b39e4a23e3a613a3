import pytest


def test_the_org(zoho) -> None:
    (org,) = zoho.get("v8/org").json()["org"]
    assert org["type"] == "production"
    assert org["time_zone"] == "America/Los_Angeles"
    assert org["license_details"]["users_license_purchased"] > 0
    zoho.knobs(trial_until="2026-01-01T00:00:00Z")
    (org,) = zoho.get("v8/org").json()["org"]
    assert org["license_details"] == {
        "paid": False,
        "paid_type": "free",
        "paid_expiry": None,
        "trial_type": "enterprise",
        "trial_expiry": "2025-12-31T16:00:00-08:00",
        "users_license_purchased": 5,
    }


def test_modules_and_one_module(zoho) -> None:
    modules = {row["api_name"]: row for row in zoho.get("v8/settings/modules").json()["modules"]}
    assert {"Leads", "Contacts", "Accounts", "Deals", "Home"} <= set(modules)
    assert modules["Home"]["api_supported"] is False
    (leads,) = zoho.get("v8/settings/modules/Leads").json()["modules"]
    assert leads["id"] == modules["Leads"]["id"]
    assert leads.items() > modules["Leads"].items()
    by_id = zoho.get(f"v8/settings/modules/{leads['id']}").json()["modules"]
    assert by_id == [leads]
    for version in ("v2", "v2.1", "v4"):
        answer = zoho.get(f"{version}/settings/modules/{leads['id']}")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_MODULE")
    unknown = zoho.get("v8/settings/modules/Nope")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "INVALID_MODULE")


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_one_module_shows_more_than_the_list(zoho, version) -> None:
    listed = zoho.get(f"{version}/settings/modules").json()["modules"]
    (leads,) = zoho.get(f"{version}/settings/modules/Leads").json()["modules"]
    (known,) = (row for row in listed if row["api_name"] == "Leads")
    more = leads.keys() - known.keys()
    assert known.items() <= leads.items()
    assert {"$field_states", "$properties", "per_page", "search_layout_fields"} <= more
    assert leads["display_field"] == "Full_Name"
    assert ("$on_demand_properties" in more) is (version != "v2")


def test_versions_have_their_modules(zoho) -> None:
    def names(version: str) -> set[str]:
        answer = zoho.get(f"{version}/settings/modules").json()
        return {row["api_name"] for row in answer["modules"]}

    zoho.control("POST", "modules", {"api_name": "Meetings__s", "since": 4.0})
    generation_of_v3 = {
        *("Services__s", "Appointments__s", "Appointments_Rescheduled_History__s"),
        *("Services__s_X_Users", "DealHistory", "Entity_Scores__s", "Locking_Information__s"),
        *("Email_Template_Analytics", "Meetings__s"),
    }
    items = {"Quoted_Items", "Ordered_Items", "Purchase_Items", "Invoiced_Items"}
    assert names("v2.1") - names("v2") == items
    assert names("v4") - names("v2.1") == generation_of_v3
    assert names("v2.1") - names("v4") == {"Activities"}
    assert names("v8") == names("v4")
    old = zoho.get("v2.1/Meetings__s")
    assert (old.status_code, old.json()["code"]) == (400, "INVALID_MODULE")
    assert zoho.get("v4/Meetings__s", fields="id").status_code == 204
    zoho.control("DELETE", "modules/Meetings__s")


def test_modules_by_status(zoho) -> None:
    answer = zoho.get("v8/settings/modules", status="visible").json()["modules"]
    assert {row["status"] for row in answer} == {"visible"}
    odd = zoho.get("v8/settings/modules", status="odd")
    assert (odd.status_code, odd.json()["message"]) == (400, "The status given is invalid.")
    assert odd.json()["details"]["index"] == 0


def test_a_module_outside_the_api_is_not_supported(zoho) -> None:
    answers = [
        zoho.get("v8/settings/modules/Home"),
        zoho.get("v8/settings/fields", module="Home"),
        zoho.get("v8/settings/custom_views", module="Home"),
        zoho.get("v8/settings/related_lists", module="Home"),
    ]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(400, "NOT_SUPPORTED")}
    assert [a.json()["details"] for a in answers] == [{}, {}, {}, {"param_name": "module"}]


def test_v2_leaves_out_fields_that_later_versions_list(zoho) -> None:
    def names(version: str, module: str = "Leads") -> set[str]:
        rows = zoho.get(f"{version}/settings/fields", module=module).json()["fields"]
        return {row["api_name"] for row in rows}

    assert names("v8") - names("v2") == {
        *("id", "Profile", "Record_Status__s", "Lead_Conversion_Time"),
        *("Converted__s", "Converted_Date_Time"),
        *("Converted_Account", "Converted_Contact", "Converted_Deal"),
        *("Last_Enriched_Time__s", "Enrich_Status__s"),
    }
    assert names("v2") <= names("v8")
    both = {"Locked__s", "Change_Log_Time__s", "Unsubscribed_Mode", "Unsubscribed_Time"}
    assert both <= names("v2")
    assert "Lead_Conversion_Time" in names("v2", "Deals")
    row = zoho.get("v2/Leads", per_page=1).json()["data"][0]
    assert names("v2") - row.keys() == {"Layout", "Team", "Products_Wanted", "Project_Details"}
    assert row.keys().isdisjoint({"Profile", "Record_Status__s", "Converted__s"})
    assert "id" in row


def test_what_zoho_s_own_clients_do_not_know_can_be_left_out(zoho) -> None:
    def field(version: str, name: str) -> dict | None:
        rows = zoho.get(f"{version}/settings/fields", module="Leads").json()["fields"]
        return next((row for row in rows if row["api_name"] == name), None)

    assert field("v8", "Greeting")["formula"]["return_type"] == "text"
    assert field("v2", "Territories")["data_type"] == "territories"
    zoho.knobs(formula_texts="string", v2_territories=False)
    assert field("v8", "Greeting")["formula"]["return_type"] == "string"
    assert field("v8", "Weighted_Budget")["formula"]["return_type"] == "currency"
    assert field("v2", "Territories") is None
    assert field("v2.1", "Territories")["data_type"] == "territories"
    zoho.knobs(formula_texts="text", v2_territories=True)


def test_a_static_subform_and_a_module_of_a_team_can_be_planted(zoho) -> None:
    parent = {"api_name": "Parent_Id", "data_type": "lookup", "targets": ["Vehicles"]}
    planted = {
        "api_name": "Equipment",
        "generated_type": "static_subform",
        "parent": "Vehicles",
        "visibility": 2,
        "fields": [{**parent, "mandatory": True}, {"api_name": "Item"}],
    }
    zoho.control("POST", "modules", planted)
    zoho.control("POST", "modules", {"api_name": "Team_Plans", "access_type": "team_based"})
    shown = {row["api_name"]: row for row in zoho.get("v8/settings/modules").json()["modules"]}
    equipment = shown["Equipment"]
    assert (equipment["generated_type"], equipment["api_supported"]) == ("static_subform", True)
    assert {equipment[flag] for flag in ("creatable", "editable", "viewable")} == {True}
    assert equipment["parent_module"]["api_name"] == "Vehicles"
    named = [field["api_name"] for field in equipment["static_subform_properties"]["fields"]]
    assert named == ["Parent_Id", "Item"]
    team = shown["Team_Plans"]
    assert (team["access_type"], team["private_profile"]) == (
        "team_based",
        {"name": "Administrator", "id": team["private_profile"]["id"]},
    )
    zoho.control("DELETE", "modules/Equipment")
    zoho.control("DELETE", "modules/Team_Plans")


def test_fields_of_a_module(zoho) -> None:
    fields = zoho.get("v8/settings/fields", module="Leads").json()["fields"]
    names = [row["api_name"] for row in fields]
    assert {"id", "Last_Name", "Owner", "Modified_Time", "Tag"} <= set(names)
    assert len(names) == len(set(names))
    (one,) = zoho.get(f"v8/settings/fields/{fields[3]['id']}", module="Leads").json()["fields"]
    assert one == fields[3]
    unused = zoho.get("v8/settings/fields", module="Leads", type="unused")
    assert (unused.status_code, unused.content) == (204, b"")


@pytest.mark.parametrize(
    ("params", "code", "details"),
    [
        ({}, "REQUIRED_PARAM_MISSING", {"param_name": "module"}),
        ({"module": "Nope"}, "INVALID_MODULE", {}),
        (
            {"module": "Leads", "type": "odd"},
            "INVALID_DATA",
            {"param_name": "type", "supported_values": ["used", "unused", "all"]},
        ),
    ],
)
def test_fields_of_nothing(zoho, params, code, details) -> None:
    answer = zoho.get("v8/settings/fields", **params)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["details"]) == (code, details)


def test_a_module_without_fields_is_204(zoho) -> None:
    assert zoho.get("v8/settings/fields", module="Visits").status_code == 204


def test_users_by_page_and_type(zoho) -> None:
    answer = zoho.get("v8/users", type="AllUsers", per_page=2).json()
    assert answer["info"] == {"per_page": 2, "count": 2, "page": 1, "more_records": True}
    (me,) = zoho.get("v8/users", type="CurrentUser").json()["users"]
    assert me["profile"]["name"] == "Administrator"
    active = zoho.get("v8/users", type="ActiveUsers").json()["users"]
    assert {row["status"] for row in active} == {"active"}
    assert zoho.get("v8/users", ids=me["id"]).json()["users"] == [me]
    assert zoho.get("v8/users", type="Odd").json()["code"] == "PATTERN_NOT_MATCHED"
    assert zoho.get("v8/users", page=99).status_code == 204


@pytest.mark.parametrize(
    ("version", "has", "lacks"),
    [
        (
            "v2",
            {
                *("Current_Shift__s", "Next_Shift__s", "Shift_Effective_From__s", "name_format"),
                *("theme", "customize_info", "territories", "distance_preference__s"),
            },
            {"type__s", "$current_shift", "name_format__s", "number_separator"},
        ),
        ("v8", {"type__s", "$current_shift", "$next_shift"}, {"Current_Shift__s", "name_format"}),
    ],
)
def test_users_have_the_keys_of_their_version(zoho, version, has, lacks) -> None:
    for user in zoho.get(f"{version}/users").json()["users"]:
        assert has <= user.keys()
        assert not lacks & user.keys()
        assert user["offset"] == -8 * 3_600_000


def test_settings_that_have_not_changed(zoho) -> None:
    later = {"If-Modified-Since": "2099-01-01T00:00:00+00:00"}
    assert zoho.get("v8/users", headers=later).status_code == 304
    assert zoho.get("v8/settings/modules", headers=later).status_code == 304
