"""Values that no two records may share."""

import pytest

LEAD = {"Last_Name": "Example"}
CODE = "INVALID_DATA"


def test_a_unique_value_is_taken_once_whatever_its_case(zoho, insert) -> None:
    product = {"Product_Name": "x", "Product_Code": "Unique-1"}
    (item,) = insert(product, module="Products").json()["data"]
    taken = item["details"]["id"]
    product["Product_Code"] = "UNIQUE-1"
    answer = insert(product, module="Products")
    assert answer.status_code == 400
    (item,) = answer.json()["data"]
    details = item["details"]
    owner = details["duplicate_record"].pop("Owner")
    assert set(owner) == {"name", "id", "zuid"}
    module_id = zoho.get("v8/settings/modules/Products").json()["modules"][0]["id"]
    assert (item["code"], item["message"]) == ("DUPLICATE_DATA", "duplicate data")
    assert details == {
        "api_name": "Product_Code",
        "json_path": "$.data[0].Product_Code",
        "id": taken,
        "more_records": False,
        "duplicate_record": {"id": taken, "module": {"api_name": "Products", "id": module_id}},
    }
    (item,) = insert(product, module="Products", version="v2").json()["data"]
    assert item["details"] == {"api_name": "Product_Code", "id": taken}


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_a_duplicate_can_be_in_another_module(zoho, insert, version) -> None:
    zoho.control("PATCH", "fields/Leads/Email", {"unique": True})
    zoho.knobs(unique_across=["Leads:Contacts"])
    mail = f"twin-{version}@example.com"
    (item,) = insert({"Last_Name": "C", "Email": mail}, module="Contacts").json()["data"]
    contact = item["details"]["id"]
    lead = {**LEAD, "Email": mail}

    (refused,) = insert(lead, version=version).json()["data"]
    body = {"data": [lead], "duplicate_check_fields": ["Email"]}
    (upserted,) = zoho.call("POST", f"{version}/Leads/upsert", json=body).json()["data"]

    for item in (refused, upserted):
        assert (item["code"], item["details"]["id"]) == ("DUPLICATE_DATA", contact)
        assert item["details"]["api_name"] == "Email"
        if version == "v8":
            assert item["details"]["duplicate_record"]["module"]["api_name"] == "Contacts"
    zoho.knobs(unique_across=[])
    assert insert(lead, version=version).status_code == 201
    zoho.control("PATCH", "fields/Leads/Email", {"unique": False})


def test_letters_outside_ascii_have_no_case_either(zoho, insert) -> None:
    codes = ["Größe-Ж", "GRÖßE-ж", "größe-ö"]
    records = [{"Product_Name": "x", "Product_Code": code} for code in codes]
    items = insert(*records, module="Products").json()["data"]
    assert [item["code"] for item in items] == ["SUCCESS", "DUPLICATE_DATA", "SUCCESS"]
    body = {"data": [records[1]], "duplicate_check_fields": ["Product_Code"]}
    (item,) = zoho.call("POST", "v8/Products/upsert", json=body).json()["data"]
    assert (item["action"], item["details"]["id"]) == ("update", items[0]["details"]["id"])


def test_a_unique_value_is_free_again_once_its_record_is_deleted(zoho, insert) -> None:
    vehicle = {"Name": "x", "Plate": "FREE-1"}
    (first, second) = insert(vehicle, vehicle, module="Vehicles").json()["data"]
    assert second["message"] == "The external field contains duplicate data."
    zoho.call("DELETE", f"v8/Vehicles/{first['details']['id']}")
    assert insert(vehicle, module="Vehicles").status_code == 201


def test_a_unique_number(zoho, insert) -> None:
    zoho.control(
        "POST", "fields/Vehicles", {"api_name": "Key", "data_type": "bigint", "unique": True}
    )
    try:
        answer = insert({"Name": "a", "Key": "77"}, {"Name": "b", "Key": "77"}, module="Vehicles")
        assert answer.json()["data"][1]["code"] == "DUPLICATE_DATA"
    finally:
        zoho.control("DELETE", "fields/Vehicles/Key")


def test_values_of_converted_leads_are_free_unless_the_org_says_otherwise(zoho, insert) -> None:
    converted = next(r for r in zoho.truth("Leads") if r["Converted__s"] and r["External_Lead_ID"])
    lead = {**LEAD, "External_Lead_ID": converted["External_Lead_ID"]}
    zoho.knobs(unique_among_converted=True)
    assert insert(lead).json()["data"][0]["details"]["id"] == converted["id"]
    zoho.knobs(unique_among_converted=False)
    assert insert(lead).status_code == 201
