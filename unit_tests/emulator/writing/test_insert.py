"""POST /{module}: what becomes of the records, and what is said against them."""

import pytest

from unit_tests.emulator.writing.conftest import find_record

LEAD = {"Last_Name": "Example"}
CODE = "INVALID_DATA"


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_an_inserted_record_is_there(zoho, insert, version) -> None:
    values = {
        "Last_Name": "Übung",
        "First_Name": "Eva",
        "No_of_Employees": 12,
        "Annual_Revenue": 5.559,
        "Birth_Date": "1990-02-28",
        "Next_Call": "2024-06-05T02:04:09+05:30",
        "Newsletter": True,
        "Legacy_Number": "123456789012345678",
        "Interests": ["Cloud", "Training"],
        "Phone": "+49 (30) 123-456",
        "Website": "https://www.example.com/a",
        "Description": "two\nlines",
    }
    answer = insert(values, version=version)
    assert answer.status_code == 201
    (item,) = answer.json()["data"]
    assert (item["code"], item["status"], item["message"]) == ("SUCCESS", "success", "record added")
    details = item["details"]
    assert details["Created_Time"] == details["Modified_Time"]
    assert set(details["Created_By"]) == {"name", "id"}
    assert ("$approval_state" in details) == (version in ("v4", "v8"))
    row = find_record(zoho, "Leads", details["id"])
    assert row["Full_Name"] == "Eva Übung"
    assert row["Annual_Revenue"] == 5.55
    assert row["Next_Call"] == "2024-06-04T13:34:09-07:00"
    unchanged = values.keys() - {"Annual_Revenue", "Next_Call"}
    assert {name: row[name] for name in unchanged} == {name: values[name] for name in unchanged}
    assert row["Owner"]["id"] == details["Created_By"]["id"]
    assert row["Lead_Number"]
    assert row["Email_Opt_Out"] is False


@pytest.mark.parametrize(
    ("name", "value", "details"),
    [
        ("City", 5, {"expected_data_type": "text"}),
        ("City", "x" * 101, {"maximum_length": 100}),
        ("Email", "nobody", {"expected_data_type": "email"}),
        ("Phone", "12/34", {"expected_data_type": "phone"}),
        ("Phone", "1" * 31, {"maximum_length": 30}),
        ("Website", "example.com", {"expected_data_type": "website"}),
        ("No_of_Employees", "5", {"expected_data_type": "integer"}),
        ("No_of_Employees", 1_234_567_890, {"maximum_length": 9}),
        ("Discount", 100_000, {"maximum_length": 5}),
        ("Rating_Factor", 1.0123456789, {"maximum_length": 9}),
        ("Rating_Factor", 1e-10, {"maximum_length": 9}),
        ("Rating_Factor", 12_345_678_901_234_567, {"maximum_length": 16}),
        ("Interests", ["x" * 500, "y" * 500], {"maximum_length": 1_000}),
        ("Newsletter", 1, {"expected_data_type": "boolean"}),
        ("Birth_Date", "28.02.1990", {"expected_data_type": "date"}),
        ("Next_Call", "2024-06-05T02:04:09.000Z", {"expected_data_type": "datetime"}),
        ("Next_Call", "2024-06-05T02:04:09.5+00:00", {"expected_data_type": "datetime"}),
        ("Interests", "Cloud", {"expected_data_type": "jsonarray"}),
        ("Tag", "VIP", {"expected_data_type": "jsonarray"}),
        ("Recommended_By", {"name": "X"}, {"expected_data_type": "jsonobject"}),
        ("Recommended_By", {"id": "1"}, {}),
        ("Owner", {"id": "1"}, {}),
        ("Nonsense", "x", {}),
    ],
)
def test_a_bad_value_is_named(insert, name, value, details) -> None:
    answer = insert({**LEAD, name: value})
    assert answer.status_code == 400
    (item,) = answer.json()["data"]
    assert (item["code"], item["status"]) == ("INVALID_DATA", "error")
    assert item["details"] == {"api_name": name, "json_path": f"$.data[0].{name}", **details}


def test_a_datetime_may_end_in_z_unless_the_knob_says_otherwise(zoho, insert) -> None:
    lead = {**LEAD, "Next_Call": "2024-06-05T02:04:09Z"}
    (item,) = insert(lead).json()["data"]
    row = next(row for row in zoho.truth("Leads") if row["id"] == item["details"]["id"])
    assert row["Next_Call"] == "2024-06-04T19:04:09-07:00"
    zoho.knobs(writes_accept_z=False)
    (item,) = insert(lead).json()["data"]
    assert (item["code"], item["details"]["api_name"]) == ("INVALID_DATA", "Next_Call")


@pytest.mark.parametrize(
    ("knob", "given", "kept"),
    [
        ("refuse", 1.012345678, 1.012345678),
        ("refuse", -1e-09, -1e-09),
        ("refuse", 1234567890123456, 1234567890123456),
        ("cut", -1.0123456789, -1.012345678),
        ("cut", 1e-10, 0),
    ],
)
def test_a_double_has_nine_decimals(zoho, insert, knob, given, kept) -> None:
    zoho.knobs(long_decimals=knob)
    (item,) = insert({**LEAD, "Rating_Factor": given}).json()["data"]
    assert find_record(zoho, "Leads", item["details"]["id"])["Rating_Factor"] == kept


@pytest.mark.parametrize(
    ("version", "some", "all_", "path"),
    [
        ("v2", 202, 202, False),
        ("v2.1", 207, 400, True),
        ("v4", 207, 400, True),
        ("v8", 207, 400, True),
    ],
)
def test_failures_by_version(zoho, insert, version, some, all_, path) -> None:
    good, bad = LEAD, {"City": "Rome"}
    answer = insert(good, bad, good, version=version)
    assert answer.status_code == some
    items = answer.json()["data"]
    assert [item["status"] for item in items] == ["success", "error", "success"]
    details = {"api_name": "Last_Name", "json_path": "$.data[1].Last_Name"}
    assert items[1] == {
        "code": "MANDATORY_NOT_FOUND",
        "details": details if path else {"api_name": "Last_Name"},
        "message": "required field not found",
        "status": "error",
    }
    assert insert(bad, version=version).status_code == all_
    zoho.knobs(some_failed_status=200, all_failed_status=202)
    assert insert(good, bad, version=version).status_code == 200
    assert insert(bad, version=version).status_code == 202


def test_v8_reports_all_errors_of_a_record(zoho, insert) -> None:
    bad = {"No_of_Employees": "x"}
    (item,) = insert(bad).json()["data"]
    assert item["code"] == "MULTIPLE_OR_MULTI_ERRORS"
    codes = [error["code"] for error in item["details"]["errors"]]
    assert codes == ["INVALID_DATA", "MANDATORY_NOT_FOUND"]
    assert insert(bad, version="v4").json()["data"][0]["code"] == "INVALID_DATA"
    zoho.knobs(multiple_errors=False)
    assert insert(bad).json()["data"][0]["code"] == "INVALID_DATA"


@pytest.mark.parametrize(
    ("module", "values", "missing"),
    [
        ("Leads", {"Company": "x"}, "Last_Name"),
        ("Accounts", {"Phone": "1"}, "Account_Name"),
        ("Contacts", {"First_Name": "x"}, "Last_Name"),
        ("Deals", {"Deal_Name": "x"}, "Stage"),
        ("Products", {"Description": "x"}, "Product_Name"),
        ("Campaigns", {"Description": "x"}, "Campaign_Name"),
        ("Cases", {"Subject": "x", "Status": "New"}, "Case_Origin"),
        ("Solutions", {"Question": "x"}, "Solution_Title"),
        ("Vendors", {"City": "x"}, "Vendor_Name"),
        ("Price_Books", {"Price_Book_Name": "x"}, "Pricing_Details"),
        ("Quotes", {"Subject": "x"}, "Quoted_Items"),
        ("Sales_Orders", {"Subject": "x"}, "Ordered_Items"),
        ("Purchase_Orders", {"Subject": "x", "Purchased_Items": [{}]}, "Vendor_Name"),
        ("Invoices", {"Subject": "x"}, "Invoiced_Items"),
        ("Vehicles", {"Colour": "Black"}, "Name"),
        ("Tasks", {"Description": "x"}, "Subject"),
        ("Events", {"Event_Title": "x"}, "Start_DateTime"),
        ("Calls", {"Subject": "x", "Call_Type": "Missed"}, "Call_Start_Time"),
        ("Services__s", {"Service_Name": "x", "Duration": 30}, "Location"),
        ("Appointments__s", {"Appointment_Name": "x"}, "Service_Name"),
    ],
)
def test_what_each_module_must_have(insert, module, values, missing) -> None:
    (item,) = insert(values, module=module).json()["data"]
    errors = item["details"].get("errors", [item])
    assert ("MANDATORY_NOT_FOUND", missing) in [
        (error["code"], error["details"]["api_name"]) for error in errors
    ]


def test_a_layout_brings_its_own_mandatory_fields(zoho, insert) -> None:
    (layout,) = {row["Layout"]["id"] for row in zoho.truth("Leads")}
    assert insert(LEAD).status_code == 201
    (item,) = insert({**LEAD, "Layout": {"id": layout}}).json()["data"]
    assert (item["code"], item["details"]["api_name"]) == ("MANDATORY_NOT_FOUND", "Company")
    assert insert({**LEAD, "Company": "X", "Layout": {"id": layout}}).status_code == 201


def test_what_a_call_returned_can_be_sent(zoho, insert) -> None:
    row = next(row for row in zoho.truth("Accounts") if row["Parent_Account"])
    row |= {"ERP_ID": "copied", "$editable": True, "$state": "save"}
    for name in ("Last_Enriched_Time__s", "Record_Image"):
        row.setdefault(name, None)
    answer = insert(row, module="Accounts")
    assert answer.status_code == 201, answer.text
    copy = find_record(zoho, "Accounts", answer.json()["data"][0]["details"]["id"])
    assert copy["id"] != row["id"]
    assert copy["Created_Time"] != row["Created_Time"]
    assert copy["Customer_Number"] != row["Customer_Number"]
    zoho.knobs(read_only_fields="refuse")
    answer = insert({**LEAD, "Created_Time": "2020-01-01T00:00:00+00:00"})
    assert answer.json()["data"][0]["details"]["api_name"] == "Created_Time"


def test_new_options_join_the_pick_list(zoho, insert) -> None:
    def options(name):
        fields = zoho.get("v8/settings/fields", module="Leads").json()["fields"]
        field = next(field for field in fields if field["api_name"] == name)
        return [option["actual_value"] for option in field["pick_list_values"]]

    values = {**LEAD, "Lead_Source": "Moon", "Interests": ["Cloud", "Mars"]}
    assert insert(values, {**LEAD, "Lead_Source": "Moon"}).status_code == 201
    assert options("Lead_Source").count("Moon") == 1
    assert options("Interests")[-1] == "Mars"
    zoho.knobs(new_options="refuse")
    (item,) = insert({**LEAD, "Lead_Source": "Sun"}).json()["data"]
    assert item["details"]["supported_values"] == options("Lead_Source")


def test_a_stage_belongs_to_its_pipeline(insert) -> None:
    deal = {"Deal_Name": "x", "Stage": "Nowhere"}
    assert insert(deal, module="Deals").json()["data"] == [
        {
            "code": "MAPPING_MISMATCH",
            "details": {
                "mapped_field": "Pipeline",
                "api_name": "Stage",
                "json_path": "$.data[0].Stage",
            },
            "message": "Pipeline doesn't contain the Stage",
            "status": "error",
        }
    ]
    assert insert({**deal, "Stage": "Closed Won"}, module="Deals").status_code == 201


@pytest.mark.parametrize(
    ("knob", "value", "stored"),
    [
        ({}, "", None),
        ({"empty_text": "keep"}, "", ""),
        ({}, " x ", " x "),
        ({"trim_text": True}, " x ", "x"),
        ({"trim_text": True}, "  ", None),
        ({}, None, None),
    ],
)
def test_empty_texts_and_spaces(zoho, insert, knob, value, stored) -> None:
    zoho.knobs(**knob)
    (item,) = insert({**LEAD, "City": value}).json()["data"]
    assert find_record(zoho, "Leads", item["details"]["id"])["City"] == stored


def test_empty_texts_can_be_refused(zoho, insert) -> None:
    zoho.knobs(empty_text="refuse")
    assert insert({**LEAD, "City": ""}).json()["data"][0]["code"] == "INVALID_DATA"


def test_an_owner_by_id_and_by_mail_address(zoho, insert) -> None:
    users = zoho.get("v8/users", type="AllUsers").json()["users"]
    active = next(u for u in users if u["status"] == "active" and u["role"]["name"] == "Manager")
    gone = next(user for user in users if user["status"] != "active")
    for owner in ({"id": active["id"]}, active["id"], {"email": active["email"]}):
        (item,) = insert({**LEAD, "Owner": owner}).json()["data"]
        assert find_record(zoho, "Leads", item["details"]["id"])["Owner"]["id"] == active["id"]
    assert insert({**LEAD, "Owner": {"id": gone["id"]}}).status_code == 400
    zoho.knobs(owner_by_email=False)
    assert insert({**LEAD, "Owner": {"email": active["email"]}}).status_code == 400


def test_tags_keep_their_ids(zoho, insert) -> None:
    tags = [[{"name": "vip"}, {"name": "Fresh"}], [{"name": "fresh"}]]
    items = insert(*({**LEAD, "Tag": tag} for tag in tags)).json()["data"]
    first, second = (find_record(zoho, "Leads", item["details"]["id"])["Tag"] for item in items)
    assert [tag["name"] for tag in first] == ["VIP", "Fresh"]
    assert first[1] == second[0]


def test_lookups(zoho, insert) -> None:
    account = zoho.truth("Accounts")[0]["id"]
    contact = {"Last_Name": "x", "Account_Name": {"id": account, "name": "whatever"}}
    (item,) = insert(contact, module="Contacts").json()["data"]
    assert find_record(zoho, "Contacts", item["details"]["id"])["Account_Name"]["id"] == account
    bare = {"Last_Name": "x", "Account_Name": account}
    assert insert(bare, module="Contacts").status_code == 201
    zoho.knobs(bare_lookup_ids=False)
    assert insert(bare, module="Contacts").status_code == 400
    related = {"id": account, "module": {"api_name": "Accounts"}}
    assert insert({**LEAD, "Related_To": related}).status_code == 201
    related["module"]["api_name"] = "Deals"
    assert insert({**LEAD, "Related_To": related}).status_code == 400


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_a_renamed_option_goes_by_the_text_that_people_see(zoho, insert, version) -> None:
    answer = insert(
        {**LEAD, "Preferred_Channel": "Mail"},
        {**LEAD, "Preferred_Channel": "Messenger"},
        version=version,
    )
    ids = [item["details"]["id"] for item in answer.json()["data"]]
    kept = {row["id"]: row["Preferred_Channel"] for row in zoho.truth("Leads")}
    assert [kept[record_id] for record_id in ids] == ["Mail", "Chat"]
    fields = zoho.get("v8/settings/fields", module="Leads").json()["fields"]
    (field,) = (field for field in fields if field["api_name"] == "Preferred_Channel")
    assert len(field["pick_list_values"]) == 4


def test_renamed_options_can_be_planted(zoho) -> None:
    planted = {"api_name": "Size", "data_type": "picklist", "pick_list": ["Big", "Small"]}
    zoho.control("POST", "fields/Leads", {**planted, "actual_values": ["Large", "Small"]})
    fields = zoho.get("v2/settings/fields", module="Leads").json()["fields"]
    zoho.control("DELETE", "fields/Leads/Size")
    (field,) = (field for field in fields if field["api_name"] == "Size")
    assert field["pick_list_values"] == [
        {"display_value": "Big", "actual_value": "Large", "reference_value": "Big"},
        {"display_value": "Small", "actual_value": "Small", "reference_value": "Small"},
    ]


@pytest.mark.parametrize("name", ["Owner", "Recommended_By", "Layout", "Second_Owner"])
def test_no_reference_is_a_bare_id_where_the_knob_says_so(zoho, insert, name) -> None:
    lead = zoho.truth("Leads")[0]
    users = zoho.get("v8/users", type="ActiveUsers").json()["users"]
    ids = {
        "Owner": users[0]["id"],
        "Second_Owner": users[0]["id"],
        "Recommended_By": zoho.truth("Contacts")[0]["id"],
        "Layout": lead["Layout"]["id"],
    }
    record = {**LEAD, "Company": "x"}
    assert insert({**record, name: ids[name]}).status_code == 201
    zoho.knobs(bare_lookup_ids=False)
    (item,) = insert({**record, name: ids[name]}).json()["data"]
    assert item["details"]["expected_data_type"] == "jsonobject"
    assert insert({**record, name: {"id": ids[name]}}).status_code == 201
