"""PUT /{module} and PUT /{module}/{id}: by id, by external values, and what holds a record."""

from datetime import datetime, timedelta

import pytest

LEAD = {"Last_Name": "Example"}
EXTERNAL = {"X-EXTERNAL": "Leads.External_Lead_ID"}
UNKNOWN_VALUE = "The value of the external field is invalid."


@pytest.fixture
def lead(zoho):
    """The id of a new lead whose External_Lead_ID is its id."""
    (record_id,) = zoho.control("POST", "records/Leads", {**LEAD, "City": "Rome"})["ids"]
    zoho.control("PATCH", "records/Leads", {"id": record_id, "External_Lead_ID": record_id})
    return record_id


@pytest.fixture
def update(zoho):
    def update(*records, path="Leads", version="v8", headers=None):
        return zoho.call("PUT", f"{version}/{path}", json={"data": list(records)}, headers=headers)

    return update


def find_row(zoho, record_id, module="Leads"):
    return next(row for row in zoho.truth(module) if row["id"] == record_id)


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_many_records_are_updated_by_id(zoho, update, lead, version) -> None:
    before = find_row(zoho, lead)
    zoho.control("POST", "clock", {"advance_s": 10})
    answer = update({"id": lead, "City": "Bari"}, {"id": lead, "Phone": "1"}, version=version)
    assert answer.status_code == 200
    first, second = answer.json()["data"]
    assert first["message"] == "record updated"
    assert first["details"]["id"] == second["details"]["id"] == lead
    after = find_row(zoho, lead)
    assert (after["City"], after["Phone"], after["Last_Name"]) == ("Bari", "1", "Example")
    assert after["Modified_Time"] == second["details"]["Modified_Time"] > before["Modified_Time"]
    assert after["Created_Time"] == before["Created_Time"]


def test_one_record_is_updated_by_its_path(zoho, update, lead) -> None:
    assert update({"id": "1", "City": "Bari"}, path=f"Leads/{lead}").status_code == 200
    assert find_row(zoho, lead)["City"] == "Bari"
    (item,) = update({}, {}, path=f"Leads/{lead}").json()["data"]
    assert item["code"] == "LIMIT_EXCEEDED"


def test_null_clears_and_what_is_not_named_stays(zoho, update, lead) -> None:
    update({"id": lead, "City": None, "Newsletter": None, "Interests": []})
    row = find_row(zoho, lead)
    assert (row["City"], row["Newsletter"], row["Interests"]) == (None, False, None)
    assert row["External_Lead_ID"] == lead


def test_a_mandatory_field_cannot_be_cleared(update, lead) -> None:
    (item,) = update({"id": lead, "Last_Name": None}).json()["data"]
    assert item["code"] == "MANDATORY_NOT_FOUND"
    assert item["details"] == {
        "api_name": "Last_Name",
        "json_path": "$.data[0].Last_Name",
        "id": lead,
    }


@pytest.mark.parametrize("record_id", ["1", "abc", "", "9" * 30, 5])
def test_an_unknown_id(update, lead, record_id) -> None:
    answer = update({"id": lead, "City": "x"}, {"id": record_id, "City": "x"})
    assert answer.status_code == 207
    assert answer.json()["data"][1] == {
        "code": "INVALID_DATA",
        "details": {"api_name": "id", "json_path": "$.data[1].id"},
        "message": "the id given seems to be invalid",
        "status": "error",
    }


def test_a_record_without_an_id(update) -> None:
    (item,) = update({"City": "x"}).json()["data"]
    assert item["code"] == "MANDATORY_NOT_FOUND"
    assert item["details"] == {"api_name": "id", "json_path": "$.data[0].id"}


def test_deleted_and_converted_records_are_out_of_reach(zoho, update, lead) -> None:
    zoho.control("DELETE", f"records/Leads?ids={lead}")
    converted = next(row["id"] for row in zoho.truth("Leads") if row["Converted__s"])
    answer = update({"id": lead, "City": "x"}, {"id": converted, "City": "x"})
    assert answer.status_code == 400
    assert [item["code"] for item in answer.json()["data"]] == ["INVALID_DATA"] * 2
    zoho.knobs(converted_code="CONVERTED_RECORD")
    (item,) = update({"id": converted, "City": "x"}).json()["data"]
    assert item["code"] == "CONVERTED_RECORD"


def test_values_are_appended_to_a_multi_select(zoho, update, lead) -> None:
    update({"id": lead, "Interests": ["Cloud"]})
    append = {"$append_values": {"Interests": True}}
    update({"id": lead, "Interests": ["Training", "Cloud"], **append})
    assert find_row(zoho, lead)["Interests"] == ["Cloud", "Training"]
    # Fits by itself, and not with those that are there.
    (item,) = update({"id": lead, "Interests": ["x" * 990], **append}).json()["data"]
    assert item["details"]["maximum_length"] == 1_000
    update({"id": lead, "Interests": ["Training"], "$append_values": {"Interests": False}})
    assert find_row(zoho, lead)["Interests"] == ["Training"]


def test_a_record_keeps_its_own_unique_value(zoho, update, lead) -> None:
    assert update({"id": lead, "External_Lead_ID": lead}).status_code == 200
    taken = next(row for row in zoho.truth("Leads") if row["External_Lead_ID"] not in (None, lead))
    if not taken["Converted__s"]:
        (item,) = update({"id": lead, "External_Lead_ID": taken["External_Lead_ID"]}).json()["data"]
        assert item["details"]["id"] == taken["id"]


# --- External IDs


def test_records_are_named_by_an_external_value(zoho, update, lead) -> None:
    answer = update(
        {"External_Lead_ID": lead, "City": "Bari"},
        {"External_Lead_ID": "nowhere", "City": "Bari"},
        {"City": "Bari", "id": lead},
        headers=EXTERNAL,
    )
    good, unknown, missing = answer.json()["data"]
    assert good["details"]["External_Lead_ID"] == good["details"]["id"] == lead
    assert (unknown["code"], unknown["message"]) == ("INVALID_DATA", UNKNOWN_VALUE)
    assert unknown["details"]["json_path"] == "$.data[1].External_Lead_ID"
    assert missing["code"] == "MANDATORY_NOT_FOUND"
    assert find_row(zoho, lead)["City"] == "Bari"
    assert "nowhere" not in [row["External_Lead_ID"] for row in zoho.truth("Leads")]


def test_a_path_may_hold_an_external_value(zoho, update, lead) -> None:
    (record_id,) = zoho.control("POST", "records/Leads", {**LEAD, "External_Lead_ID": "a b/ü"})[
        "ids"
    ]
    assert update({"City": "x"}, path="Leads/a b%2Fü", headers=EXTERNAL).status_code == 501
    zoho.control("PATCH", "records/Leads", {"id": record_id, "External_Lead_ID": "a bü"})
    answer = update({"City": "Bari"}, path="Leads/A Bü", headers=EXTERNAL)
    assert answer.status_code == 200
    assert find_row(zoho, record_id)["City"] == "Bari"
    answer = update({"External_Lead_ID": "other"}, path="Leads/a bü", headers=EXTERNAL)
    assert answer.json()["data"][0]["code"] == "NOT_ALLOWED"


@pytest.mark.parametrize(
    "header",
    ["Leads", "Contacts.External_Contact_ID", "Leads.City", "Leads.Nope", "Leads.Owner.X", ","],
)
def test_a_header_that_names_no_external_field(update, lead, header) -> None:
    answer = update({"id": lead, "City": "x"}, headers={"X-EXTERNAL": header})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_DATA")
    assert answer.json()["details"]["header_name"] == "X-EXTERNAL"


def test_a_lookup_by_an_external_value(zoho, update) -> None:
    accounts = [row for row in zoho.truth("Accounts") if row["ERP_ID"]][:2]
    contact = zoho.truth("Contacts")[0]["id"]
    header = {"X-EXTERNAL": "Contacts.Account_Name.ERP_ID"}
    both = {"id": accounts[1]["id"], "ERP_ID": accounts[0]["ERP_ID"]}

    def account() -> str:
        return find_row(zoho, contact, "Contacts")["Account_Name"]["id"]

    record = {"id": contact, "Account_Name": both}
    assert update(record, path="Contacts", headers=header).status_code == 200
    assert account() == accounts[0]["id"]
    assert update(record, path="Contacts").status_code == 200
    assert account() == accounts[1]["id"]
    record["Account_Name"] = {"ERP_ID": "nowhere"}
    (item,) = update(record, path="Contacts", headers=header).json()["data"]
    assert item["message"] == "The value of the external field is invalid for the lookup field."
    assert item["details"]["json_path"] == "$.data[0].Account_Name"


def test_a_lookup_to_several_modules_by_an_external_value(zoho, update, lead) -> None:
    account = next(row for row in zoho.truth("Accounts") if row["ERP_ID"])
    header = {"X-EXTERNAL": "Leads.External_Lead_ID, Leads.Related_To->Accounts.ERP_ID"}
    record = {"External_Lead_ID": lead, "Related_To": {"ERP_ID": account["ERP_ID"]}}
    assert update(record, headers=header).status_code == 200
    assert find_row(zoho, lead)["Related_To"]["id"] == account["id"]


# --- What holds a record


PLACE = {"api_name": "id", "json_path": "$.data[0].id"}


@pytest.mark.parametrize(
    ("code", "message", "details"),
    [
        (
            "NOT_APPROVED",
            "Cannot update record that is not approved yet",
            {"resource_path_index": 1},
        ),
        ("NOT_REVIEWED", "record in review", {}),
        ("RECORD_IN_BLUEPRINT", "The record is in blue print", PLACE),
        ("CANNOT_PROCESS", "The record is in stop processing", PLACE),
    ],
)
def test_a_record_that_is_held(zoho, update, lead, code, message, details) -> None:
    zoho.knobs(held_records=[f"{lead}:{code}"])
    (item,) = update({"id": lead, "City": "x"}).json()["data"]
    assert (item["code"], item["message"], item["details"]) == (code, message, details)
    (old,) = update({"id": lead, "City": "x"}, version="v4").json()["data"]
    assert (old["code"], old["details"]) == (code, PLACE)
    assert find_row(zoho, lead)["City"] == "Rome"


@pytest.mark.parametrize(("version", "loose"), [("v4", False), ("v8", True)])
@pytest.mark.parametrize(("why", "code"), [("deleted", "INVALID_DATA"), ("held", "NOT_APPROVED")])
def test_v8_refuses_the_record_of_a_path_without_a_list_around_it(
    zoho, lead, version, loose, why, code
) -> None:
    if why == "held":
        zoho.knobs(held_records=[f"{lead}:NOT_APPROVED"])
    else:
        zoho.control("DELETE", f"records/Leads?ids={lead}")
    body = {"data": [{"City": "x"}]}
    answer = zoho.call("PUT", f"{version}/Leads/{lead}", json=body)
    assert answer.status_code == 400
    error = answer.json() if loose else answer.json()["data"][0]
    assert error["code"] == code
    assert error["details"] == ({"resource_path_index": 1} if loose else PLACE)


def test_a_locked_record(zoho, update, lead) -> None:
    zoho.control("PATCH", "records/Leads", {"id": lead, "Locked__s": True})
    for version in ("v2", "v8"):
        (item,) = update({"id": lead, "City": "x"}, version=version).json()["data"]
        assert (item["code"], item["details"]["action"]) == ("RECORD_LOCKED", "record_locking")
    (item,) = zoho.call("DELETE", "v8/Leads", ids=lead).json()["data"]
    assert item["details"] == {"id": lead, "action": "record_locking"}


def test_an_update_may_ask_for_an_untouched_record(zoho, update, lead) -> None:
    modified = datetime.fromisoformat(find_row(zoho, lead)["Modified_Time"])
    header = {"If-Unmodified-Since": (modified - timedelta(seconds=1)).isoformat()}
    answer = update({"id": lead, "City": "x"}, headers=header)
    assert answer.status_code == 412
    (item,) = answer.json()["data"]
    assert item["code"] == "ALREADY_MODIFIED"
    assert item["details"]["id"] == lead
    assert datetime.fromisoformat(item["details"]["Modified_Time"]) == modified
    assert update({"id": lead}, version="v4", headers=header).status_code == 200
    header = {"If-Unmodified-Since": (modified + timedelta(hours=1)).isoformat()}
    assert update({"id": lead, "City": "x"}, headers=header).status_code == 200
