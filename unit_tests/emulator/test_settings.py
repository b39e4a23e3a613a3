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
def test_one_module_tells_more_than_the_list(zoho, version) -> None:
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
    assert zoho.get("v8/settings/modules", status="odd").status_code == 400


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
        ({"module": "Nope"}, "INVALID_MODULE", {"param_name": "module"}),
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
