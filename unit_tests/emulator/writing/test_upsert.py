"""POST /{module}/upsert: which record is taken for the same."""

import pytest

FIELDS = "fields/Leads"


@pytest.fixture
def upsert(zoho):
    def upsert(*records, keys=None, module="Leads", version="v8"):
        body = {"data": list(records)}
        if keys is not None:
            body["duplicate_check_fields"] = keys
        return zoho.call("POST", f"{version}/{module}/upsert", json=body)

    return upsert


@pytest.fixture
def two_keys(zoho):
    """Leads have a second unique field; three leads, each with another of the three keys."""
    zoho.control("POST", FIELDS, {"api_name": "Key_2", "data_type": "text", "unique": True})
    mark = f"m{zoho.control('GET', 'counts')['Leads']['live']}"
    keys = {"Email": f"{mark}@example.com", "External_Lead_ID": mark, "Key_2": f"2{mark}"}
    rows = [{"Last_Name": name, name: value} for name, value in keys.items()]
    ids = zoho.control("POST", "records/Leads", rows)["ids"]
    yield keys, dict(zip(keys, ids, strict=True))
    zoho.control("DELETE", f"records/Leads?ids={','.join(ids)}")
    zoho.control("DELETE", f"{FIELDS}/Key_2")


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_new_records_are_inserted_and_known_ones_updated(zoho, upsert, version) -> None:
    mail = f"{version}@example.com"
    answer = upsert({"Last_Name": "A", "Email": mail}, {"Last_Name": "B"}, version=version)
    assert answer.status_code == 200
    first, second = answer.json()["data"]
    assert (first["action"], first["duplicate_field"]) == ("insert", None)
    assert (second["action"], second["message"]) == ("insert", "record added")
    (item,) = upsert({"Email": mail.upper(), "City": "Rome"}, version=version).json()["data"]
    assert (item["action"], item["duplicate_field"]) == ("update", "Email")
    assert item["message"] == "record updated"
    assert item["details"]["id"] == first["details"]["id"]


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        (None, ["Email", "External_Lead_ID", "Key_2"]),
        ([], ["Email", "External_Lead_ID", "Key_2"]),
        (["Email"], ["Email", "External_Lead_ID", "Key_2"]),
        (["Key_2"], ["Key_2", "External_Lead_ID"]),
        (["External_Lead_ID"], ["External_Lead_ID", "Key_2"]),
        (["Key_2", "External_Lead_ID"], ["Key_2", "External_Lead_ID"]),
        (["Key_2", "Email"], ["Key_2", "Email", "External_Lead_ID"]),
    ],
)
def test_the_order_in_which_fields_match(upsert, two_keys, keys, order) -> None:
    values, ids = two_keys
    # Of the fields that take part, one after the other is left out of the record.
    for number, name in enumerate(order):
        rest = order[number:]
        (item,) = upsert({field: values[field] for field in rest}, keys=keys).json()["data"]
        if len(rest) == 1 or item["status"] == "success":
            assert (item["duplicate_field"], item["details"]["id"]) == (name, ids[name])
        else:
            # The other values are those of other records.
            inner = item["details"].get("errors", [item])
            taken = {error["details"]["api_name"] for error in inner}
            assert {error["code"] for error in inner} == {"DUPLICATE_DATA"}
            assert taken == set(rest[1:]) - {"Email"}


def test_a_unique_field_cannot_be_switched_off(upsert, two_keys) -> None:
    values, ids = two_keys
    record = {"Last_Name": "x", "Email": "fresh@example.com", "Key_2": values["Key_2"]}
    (item,) = upsert(record, keys=["Email"]).json()["data"]
    assert (item["duplicate_field"], item["details"]["id"]) == ("Key_2", ids["Key_2"])


def test_the_system_field_takes_no_part_unless_it_is_named(upsert, two_keys) -> None:
    values, _ = two_keys
    record = {"Last_Name": "x", "Email": values["Email"]}
    (item,) = upsert(record, keys=["Key_2"]).json()["data"]
    assert item["action"] == "insert"


@pytest.mark.parametrize("name", ["City", "Nonsense", "id"])
def test_only_fields_without_duplicates_may_be_named(upsert, name) -> None:
    answer = upsert({"Last_Name": "x"}, keys=["Email", name])
    assert answer.status_code == 400
    assert answer.json()["details"]["json_path"] == "$.duplicate_check_fields[1]"


@pytest.mark.parametrize(
    ("module", "field", "values"),
    [
        ("Accounts", "Account_Name", {}),
        ("Contacts", "Email", {"Last_Name": "x"}),
        ("Deals", "Deal_Name", {"Stage": "Closed Won"}),
        ("Campaigns", "Campaign_Name", {}),
        ("Cases", "Subject", {"Case_Origin": "Web", "Status": "New"}),
        ("Solutions", "Solution_Title", {}),
        ("Products", "Product_Name", {}),
        ("Vendors", "Vendor_Name", {}),
        (
            *("Price_Books", "Price_Book_Name"),
            {"Pricing_Details": [{"from_range": 1, "to_range": 5, "discount": 2}]},
        ),
        ("Vehicles", "Name", {}),
        ("Contracts", "Name", {}),
    ],
)
def test_the_system_field_of_each_module(upsert, module, field, values) -> None:
    record = {**values, field: "same@example.com"}
    (first,) = upsert(record, module=module).json()["data"]
    (second,) = upsert(record, keys=[field], module=module).json()["data"]
    assert (first["action"], second["action"]) == ("insert", "update")
    assert second["duplicate_field"] == field


@pytest.mark.parametrize(
    ("module", "version"), [("Tasks", "v8"), ("Notes", "v8"), ("LeadsXProducts", "v8")]
)
def test_modules_without_an_upsert(upsert, module, version) -> None:
    answer = upsert({"Subject": "x"}, module=module, version=version)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_MODULE")


def test_which_of_several_is_updated(zoho, upsert) -> None:
    rows = [
        {
            "Last_Name": "x",
            "Email": "many@example.com",
            "Created_Time": f"{year}-01-01T00:00:00+00:00",
        }
        for year in (2021, 2019, 2023)
    ]
    ids = zoho.control("POST", "records/Leads", rows)["ids"]
    (item,) = upsert({"Email": "many@example.com"}).json()["data"]
    assert item["details"]["id"] == ids[1]
    zoho.knobs(upsert_pick="newest")
    (item,) = upsert({"Email": "many@example.com"}).json()["data"]
    assert item["details"]["id"] == ids[2]


def test_the_same_key_twice_in_a_call(zoho, upsert) -> None:
    def actions(mail):
        record = {"Last_Name": "x", "Email": mail}
        return [item["action"] for item in upsert(record, record).json()["data"]]

    assert actions("twice@example.com") == ["insert", "update"]
    zoho.knobs(batch_sees_itself=False)
    assert actions("twice-more@example.com") == ["insert", "insert"]
    vehicle = {"Name": "TWICE", "Plate": "TWICE"}
    items = upsert(vehicle, vehicle, module="Vehicles").json()["data"]
    assert [item["code"] for item in items] == ["SUCCESS", "DUPLICATE_DATA"]


def test_an_id_goes_before_the_fields(zoho, upsert) -> None:
    ids = zoho.control(
        "POST",
        "records/Leads",
        [{"Last_Name": "x"}, {"Last_Name": "y", "Email": "id@example.com"}],
    )["ids"]
    record = {"id": ids[0], "Email": "id@example.com", "Last_Name": "z"}
    (item,) = upsert(record).json()["data"]
    assert (item["action"], item["details"]["id"]) == ("update", ids[0])
    zoho.knobs(upsert_by_id=False)
    record["id"] = "1"
    (item,) = upsert(record, keys=["Email"]).json()["data"]
    assert item["duplicate_field"] == "Email"


def test_an_insert_needs_mandatory_fields_an_update_does_not(zoho, upsert) -> None:
    zoho.control("POST", "records/Leads", {"Last_Name": "x", "Email": "there@example.com"})
    answer = upsert({"Email": "there@example.com"}, {"Email": "not-there@example.com"})
    assert answer.status_code == 207
    known, new = answer.json()["data"]
    assert known["action"] == "update"
    assert (new["code"], new["details"]["api_name"]) == ("MANDATORY_NOT_FOUND", "Last_Name")


def test_a_converted_lead_matches_nothing(zoho, upsert) -> None:
    lead = next(row for row in zoho.truth("Leads") if row["Converted__s"])
    changes = {"id": lead["id"], "Email": "converted@example.com"}
    zoho.control("PATCH", "records/Leads", changes)
    (item,) = upsert({"Last_Name": "x", "Email": "converted@example.com"}).json()["data"]
    assert item["action"] == "insert"
