"""Rows inside records, links, and the modules with rules of their own."""

import pytest


@pytest.fixture
def write(zoho):
    def write(method, path, record, version="v8", headers=None):
        body = {"data": [record]}
        answer = zoho.call(method, f"{version}/{path}", json=body, headers=headers)
        (item,) = answer.json()["data"]
        return item

    return write


@pytest.fixture
def ids(zoho):
    """Ids of some records of a module."""

    def ids(module, number=1):
        return [row["id"] for row in zoho.truth(module)[:number]]

    return ids


def find_rows(zoho, module, parent_id, lookup="Parent_Id"):
    return [row for row in zoho.truth(module) if row[lookup]["id"] == parent_id]


def test_rows_are_added_changed_and_removed(zoho, write) -> None:
    rows = [{"Project": "One", "Skills": ["Design"]}, {"Project": "Two"}]
    lead = write("POST", "Leads", {"Last_Name": "x", "Project_Details": rows})["details"]["id"]

    def update(value):
        item = write("PUT", f"Leads/{lead}", {"Project_Details": value})
        assert item["status"] == "success", item
        return {row["Project"]: row["id"] for row in find_rows(zoho, "Project_Details", lead)}

    first = {row["Project"]: row["id"] for row in find_rows(zoho, "Project_Details", lead)}
    assert set(first) == {"One", "Two"}
    # What is not named stays, what has no id is added: repeated updates multiply rows.
    second = update([{"Project": "Three"}])
    assert set(second) == {"One", "Two", "Three"}
    third = update([{"id": first["One"], "Project": "Uno"}, {"id": first["Two"], "_delete": None}])
    assert set(third) == {"Uno", "Three"}
    assert third["Uno"] == first["One"]
    assert update([]) == {}


def test_new_options_of_a_row_join_the_pick_list(zoho, write) -> None:
    rows = [{"Stage": "Dreaming"}, {"Stage": "Dreaming"}]
    write("POST", "Leads", {"Last_Name": "x", "Project_Details": rows})
    fields = zoho.get("v8/settings/fields", module="Project_Details").json()["fields"]
    (stage,) = (field for field in fields if field["api_name"] == "Stage")
    options = [option["actual_value"] for option in stage["pick_list_values"]]
    assert options.count("Dreaming") == 1


def test_a_bad_row_is_named_by_its_place(zoho, write) -> None:
    other = zoho.truth("Project_Details")[0]
    rows = [
        {"Project": "x"},
        {"Effort": "much"},
        {"id": other["id"], "Project": "not mine"},
        {"_delete": None},
        "x",
        {"Partner": {"id": "1"}},
        {"Nonsense": 1},
    ]
    item = write("POST", "Leads", {"Last_Name": "x", "Project_Details": rows})
    assert [
        (error["code"], error["details"]["json_path"].removeprefix("$.data[0].Project_Details"))
        for error in item["details"]["errors"]
    ] == [
        ("INVALID_DATA", "[1].Effort"),
        ("INVALID_DATA", "[2].id"),
        ("MANDATORY_NOT_FOUND", "[3].id"),
        ("INVALID_DATA", "[4]"),
        ("INVALID_DATA", "[5].Partner"),
        ("INVALID_DATA", "[6].Nonsense"),
    ]


@pytest.mark.parametrize(
    ("value", "code"), [("x", "INVALID_DATA"), ([{"Project": "x"}] * 101, "LIMIT_EXCEEDED")]
)
def test_rows_that_are_none_or_too_many(write, value, code) -> None:
    assert write("POST", "Leads", {"Last_Name": "x", "Project_Details": value})["code"] == code


@pytest.mark.parametrize(
    ("module", "field", "items", "values"),
    [
        ("Quotes", "Quoted_Items", "Quoted_Items", {}),
        ("Sales_Orders", "Ordered_Items", "Ordered_Items", {}),
        ("Purchase_Orders", "Purchased_Items", "Purchase_Items", {"Vendor_Name": "Vendors"}),
        ("Invoices", "Invoiced_Items", "Invoiced_Items", {}),
    ],
)
def test_line_items(zoho, write, ids, module, field, items, values) -> None:
    (product,) = ids("Products")
    record = {"Subject": "x", **{name: {"id": ids(of)[0]} for name, of in values.items()}}
    row = {"Product_Name": {"id": product}, "Quantity": 2, "Discount": "5%", "List_Price": 9.5}
    row["Line_Tax"] = [{"name": "Vat", "percentage": 5}]
    item = write("POST", module, {**record, field: [row]}, "v2.1")
    (stored,) = find_rows(zoho, items, item["details"]["id"])
    assert (stored["Product_Name"]["id"], stored["Quantity"]) == (product, 2)
    for version, name in (("v2", "Product_Details"), ("v8", field)):
        answer = zoho.get(f"{version}/{module}/{item['details']['id']}")
        (shown,) = answer.json()["data"][0][name]
        assert shown["id"] == stored["id"]
    assert (
        write("POST", module, {**record, field: [{**row, "Discount": "x"}]})["code"]
        == "INVALID_DATA"
    )
    old = {
        "product": {"id": product},
        "quantity": 3,
        "list_price": 1,
        "net_total": 3,
        "Discount": 1,
    }
    item = write("POST", module, {**record, "Product_Details": [old]}, "v2")
    (stored,) = find_rows(zoho, items, item["details"]["id"])
    assert (stored["Product_Name"]["id"], stored["Quantity"]) == (product, 3)
    item = write("POST", module, {**record, field: [row]}, "v2")
    assert item["details"]["api_name"] in (field, "Product_Details")
    item = write("POST", module, {**record, field: [{"Quantity": 1}]})
    assert item["code"] == "MANDATORY_NOT_FOUND"
    assert item["details"]["json_path"] == f"$.data[0].{field}[0].Product_Name"


@pytest.mark.parametrize(
    ("version", "header", "row"),
    [
        ("v8", "Quotes.Quoted_Items.Product_Name.Code", {"Product_Name": {"Code": "p-1"}}),
        ("v2", "Quotes.Product_Details.product.Code", {"product": {"Code": "p-1"}}),
    ],
)
def test_a_product_by_an_external_value(zoho, write, ids, version, header, row) -> None:
    (product,) = ids("Products")
    zoho.control("POST", "fields/Products", {"api_name": "Code", "external": "org"})
    try:
        zoho.control("PATCH", "records/Products", {"id": product, "Code": "P-1"})
        field = "Quoted_Items" if version == "v8" else "Product_Details"
        record = {"Subject": "x", field: [row]}
        item = write("POST", "Quotes", record, version, {"X-EXTERNAL": header})
        (stored,) = find_rows(zoho, "Quoted_Items", item["details"]["id"])
        assert stored["Product_Name"]["id"] == product
    finally:
        zoho.control("DELETE", "fields/Products/Code")


def test_links_of_a_multi_select_lookup(zoho, write, ids) -> None:
    first, second = ids("Products", 2)
    link = {"Products": {"id": first}}
    lead = write("POST", "Leads", {"Last_Name": "x", "Products_Wanted": [link]})["details"]["id"]

    def links():
        return {
            row["Products"]["id"]: row["id"]
            for row in find_rows(zoho, "LeadsXProducts", lead, "Leads")
        }

    known = links()
    item = write("PUT", f"Leads/{lead}", {"Products_Wanted": [link]})
    assert item["code"] == "DUPLICATE_LINKING_DATA"
    assert item["details"]["linking_fields"] == ["Leads", "Products"]
    assert item["details"]["id"] == known[first]
    changes = [{"Products": {"id": second}}, {"id": known[first], "_delete": None}]
    write("PUT", f"Leads/{lead}", {"Products_Wanted": changes})
    assert set(links()) == {second}


def test_a_partner_is_linked_once_by_one_call(zoho, write, ids) -> None:
    first, second = ids("Products", 2)
    one, other = {"Products": {"id": first}}, {"Products": {"id": second}}

    def links(lead):
        return {
            row["Products"]["id"]: row["id"]
            for row in find_rows(zoho, "LeadsXProducts", lead, "Leads")
        }

    item = write("POST", "Leads", {"Last_Name": "x", "Products_Wanted": [one, other, one]})
    assert item["code"] == "DUPLICATE_LINKING_DATA"
    assert item["details"] == {"linking_fields": ["Leads", "Products"]}
    item = write("POST", "Leads", {"Last_Name": "x", "Products_Wanted": [one, other]})
    lead = item["details"]["id"]
    known = links(lead)
    # Another partner for a row is one too many; a row that goes makes room.
    double = write("PUT", f"Leads/{lead}", {"Products_Wanted": [{"id": known[second], **one}]})
    assert (double["code"], double["details"]["id"]) == ("DUPLICATE_LINKING_DATA", known[first])
    renewed = [one, {"id": known[first], "_delete": None}]
    assert write("PUT", f"Leads/{lead}", {"Products_Wanted": renewed})["code"] == "SUCCESS"
    assert links(lead).keys() == known.keys()


def test_a_pair_is_linked_once_by_the_linking_module_itself(write, zoho, ids) -> None:
    (vehicle,), (contact, other) = ids("Vehicles"), ids("Contacts", 9)[-2:]
    module, pair = "VehiclesXContacts", {"Vehicles": {"id": vehicle}, "Contacts": {"id": contact}}
    known = write("POST", module, pair)["details"]["id"]
    double = write("POST", module, pair)
    assert (double["code"], double["message"]) == (
        *("DUPLICATE_LINKING_DATA", "duplicate association"),
    )
    assert double["details"] == {"linking_fields": ["Vehicles", "Contacts"], "id": known}
    twice = zoho.call("POST", f"v8/{module}", json={"data": [pair | {"Contacts": other}] * 2})
    assert [item["code"] for item in twice.json()["data"]] == ["SUCCESS", double["code"]]
    moved = f"{module}/{twice.json()['data'][0]['details']['id']}"
    assert write("PUT", moved, {"Contacts": {"id": contact}})["code"] == "DUPLICATE_LINKING_DATA"
    assert write("PUT", moved, {"Contacts": {"id": other}})["code"] == "SUCCESS"
    assert zoho.call("DELETE", f"v8/{module}/{known}").status_code == 200
    assert write("PUT", moved, {"Contacts": {"id": contact}})["code"] == "SUCCESS"


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_a_link_may_be_written_by_itself(zoho, write, ids, version) -> None:
    (vehicle,), (contact, other) = ids("Vehicles"), ids("Contacts", 2)
    module = "VehiclesXContacts"
    item = write(
        "POST", module, {"Vehicles": {"id": vehicle}, "Contacts": {"id": contact}}, version
    )
    path = f"{module}/{item['details']['id']}"
    assert write("PUT", path, {"Contacts": {"id": other}}, version)["code"] == "SUCCESS"
    links = [row for row in zoho.truth(module) if row["id"] == item["details"]["id"]]
    assert [(row["Vehicles"]["id"], row["Contacts"]["id"]) for row in links] == [(vehicle, other)]
    assert zoho.call("DELETE", f"{version}/{path}").status_code == 200


def test_links_to_users(zoho, write) -> None:
    user = zoho.get("v8/users", type="CurrentUser").json()["users"][0]["id"]
    lead = write("POST", "Leads", {"Last_Name": "x", "Team": [{"Users": {"id": user}}]})
    (row,) = find_rows(zoho, "Leads_X_Users", lead["details"]["id"], "Leads")
    assert row["Users"]["id"] == user


def test_rows_go_with_their_record(zoho, write) -> None:
    record = {"Last_Name": "x", "Project_Details": [{"Project": "gone"}]}
    lead = write("POST", "Leads", record)["details"]["id"]
    zoho.call("DELETE", f"v8/Leads/{lead}")
    assert find_rows(zoho, "Project_Details", lead) == []


# --- Modules with rules of their own


def test_what_an_activity_is_about_needs_the_name_of_its_module(write, ids) -> None:
    (account,) = ids("Accounts")
    task = {"Subject": "x", "What_Id": {"id": account}}
    assert write("POST", "Tasks", task)["details"]["api_name"] == "$se_module"
    assert write("POST", "Tasks", {**task, "$se_module": "Deals"})["code"] == "INVALID_DATA"
    assert write("POST", "Tasks", {**task, "$se_module": "Accounts"})["code"] == "SUCCESS"


def test_events_and_calls(write) -> None:
    event = {
        "Event_Title": "x",
        "Start_DateTime": "2026-08-25T10:00:00-05:00",
        "End_DateTime": "2026-08-25T11:00:00-05:00",
    }
    person = {"type": "email", "participant": "a@example.com"}
    assert write("POST", "Events", {**event, "Participants": [person] * 50})["code"] == "SUCCESS"
    item = write("POST", "Events", {**event, "Participants": [person] * 51})
    assert item["message"] == "Only 50 participants can be added to an event."
    call = {
        "Subject": "x",
        "Call_Type": "Outbound",
        "Call_Start_Time": "2026-01-20T10:00:00-05:00",
    }
    assert write("POST", "Calls", call)["details"]["api_name"] == "Call_Duration"
    assert (
        write("POST", "Calls", {**call, "Call_Duration": "00:00"})["code"] == "DEPENDENT_MISMATCH"
    )
    assert write("POST", "Calls", {**call, "Call_Duration": "00:20"})["code"] == "SUCCESS"
    for duration in ("5", "99:99", "1:2", "00:20:00"):
        item = write("POST", "Calls", {**call, "Call_Duration": duration})
        assert (item["code"], item["details"]["api_name"]) == ("INVALID_DATA", "Call_Duration")


def test_a_note_is_written_to_its_record(zoho, write, ids) -> None:
    (lead,) = ids("Leads")
    parent = {"module": {"api_name": "Leads"}, "id": lead}
    item = write("POST", "Notes", {"Note_Content": "x", "Parent_Id": parent})
    note = next(row for row in zoho.truth("Notes") if row["id"] == item["details"]["id"])
    assert note["Parent_Id"]["id"] == lead
    item = write("POST", "Notes", {"Note_Content": "x", "Parent_Id": lead}, "v2")
    assert item["code"] == "SUCCESS"


def test_price_books(zoho, write) -> None:
    details = [{"from_range": 1, "to_range": 10, "discount": 5}]
    book = {"Price_Book_Name": "x", "Pricing_Details": details}
    assert write("POST", "Price_Books", book)["code"] == "SUCCESS"
    assert (
        write("POST", "Price_Books", {**book, "Pricing_Details": []})["code"]
        == "MANDATORY_NOT_FOUND"
    )
    for half in ({}, {"from_range": 1, "to_range": 10}, {**details[0], "to_range": None}):
        item = write("POST", "Price_Books", {**book, "Pricing_Details": [*details, half]})
        assert item["code"] == "MANDATORY_NOT_FOUND"
        assert item["details"]["json_path"].startswith("$.data[0].Pricing_Details[1].")


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_ranges_of_a_price_book_are_changed_like_rows(zoho, write, version) -> None:
    def read(book):
        (row,) = zoho.get(f"v8/Price_Books/{book}").json()["data"]
        return {part["from_range"]: part for part in row["Pricing_Details"]}

    def update(*ranges):
        return write("PUT", f"Price_Books/{book}", {"Pricing_Details": list(ranges)}, version)

    first = {"from_range": 1, "to_range": 10, "discount": 5}
    second = {"from_range": 11, "to_range": 20, "discount": 6}
    item = write("POST", "Price_Books", {"Price_Book_Name": "x", "Pricing_Details": [first]})
    book = item["details"]["id"]
    known = read(book)[1]["id"]
    update({"id": known, "discount": 7}, second)
    assert {start: part["discount"] for start, part in read(book).items()} == {1: 7, 11: 6}
    assert read(book)[1]["id"] == known
    update({"id": known, "_delete": None})
    assert list(read(book)) == [11]
    assert update({"id": known, "discount": 1})["code"] == "INVALID_DATA"
    assert update({"_delete": None})["code"] == "MANDATORY_NOT_FOUND"
    assert update()["code"] == "MANDATORY_NOT_FOUND"


def test_a_record_holds_so_many_rows_and_no_more(zoho, write, ids) -> None:
    rows = [{"Project": f"{number}"} for number in range(100)]
    lead = write("POST", "Leads", {"Last_Name": "x", "Project_Details": rows})["details"]["id"]

    def update(*changes):
        return write("PUT", f"Leads/{lead}", {"Project_Details": list(changes)})["code"]

    first, *_ = find_rows(zoho, "Project_Details", lead)
    assert update({"Project": "one more"}) == "LIMIT_EXCEEDED"
    assert update({"id": first["id"], "Project": "changed"}) == "SUCCESS"
    assert update({"id": first["id"], "_delete": None}, {"Project": "instead"}) == "SUCCESS"
    assert len(find_rows(zoho, "Project_Details", lead)) == 100


@pytest.mark.parametrize(("version", "field"), [("v2", "Product_Details"), ("v8", "Quoted_Items")])
def test_amounts_of_a_document_follow_its_line_items(zoho, write, version, field) -> None:
    zoho.control("POST", "records/Products", {"Product_Name": "priced", "Unit_Price": 20.0})
    product = next(row for row in zoho.truth("Products") if row["Product_Name"] == "priced")["id"]
    names = {"Product_Name": "product", "Quantity": "quantity", "List_Price": "list_price"}

    def item(**values):
        item = {"Product_Name": {"id": product}, **values}
        return {names.get(k, k): v for k, v in item.items()} if version == "v2" else item

    def read():
        row = next(row for row in zoho.truth("Quotes") if row["id"] == quote)
        return row["Sub_Total"], row["Grand_Total"]

    record = {"Subject": "x", "Adjustment": 1, field: [item(Quantity=2), item(List_Price=5)]}
    quote = write("POST", "Quotes", record, version)["details"]["id"]
    assert read() == (45.0, 46.0)
    dear, cheap = sorted(find_rows(zoho, "Quoted_Items", quote), key=lambda row: row["List_Price"])[
        ::-1
    ]
    assert (dear["List_Price"], dear["Total"], dear["Unit_Price"]) == (20.0, 40.0, 20.0)
    discount = {"id": dear["id"], "Discount": 4 if version == "v2" else "10%"}
    write("PUT", f"Quotes/{quote}", {field: [discount]}, version)
    assert read() == (41.0, 42.0)
    write("PUT", f"Quotes/{quote}", {field: [{"id": cheap["id"], "_delete": None}]}, version)
    assert read() == (36.0, 37.0)
    write("PUT", f"Quotes/{quote}", {"Adjustment": 2}, version)
    assert read() == (36.0, 38.0)
