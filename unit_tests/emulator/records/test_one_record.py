"""A record by itself: what lists leave out, and what stands below it."""

import pytest

from unit_tests.emulator.records.conftest import (
    find_children,
    find_first_id,
    find_parent,
    read_error,
    read_one,
)

# --- The record itself


@pytest.mark.parametrize("module", ["Leads", "Quotes", "Events", "Notes", "Services__s"])
def test_a_record_shows_all_that_its_list_does(zoho, module) -> None:
    truth = zoho.truth(module)[0]
    row = read_one(zoho, module, truth["id"])
    assert {name: row[name] for name in truth} == truth
    assert "$editable" in row
    assert ("$has_more" in row) is (module not in ("Events", "Notes"))
    assert ("$approval_state" in row) is (module not in ("Notes", "Services__s"))


def test_converted_leads_are_there_and_deleted_ones_are_not(zoho) -> None:
    converted = next(row for row in zoho.truth("Leads") if row["Converted__s"])
    assert read_one(zoho, "Leads", converted["id"])["$converted"] is True
    (new,) = zoho.control("POST", "records/Leads", [{"Last_Name": "X", "Company": "Y"}])["ids"]
    assert read_one(zoho, "Leads", new)["Last_Name"] == "X"
    zoho.control("DELETE", f"records/Leads?ids={new}&type=recycle")
    assert zoho.get(f"v8/Leads/{new}").status_code == 204


@pytest.mark.parametrize(
    ("path", "status", "code", "details"),
    [
        ("v8/Leads/abc", 400, "INVALID_DATA", {"resource_path_index": 1}),
        ("v8/Leads/99999999999999999999", 400, "INVALID_DATA", {"resource_path_index": 1}),
        ("v8/Nope/1", 400, "INVALID_MODULE", {"resource_path_index": 0}),
        ("v8/Home/1", 400, "INVALID_MODULE", {}),
        ("v8/Visits/1", 400, "INVALID_MODULE", {}),
        ("v2/Quoted_Items/1", 400, "INVALID_MODULE", {"resource_path_index": 0}),
        (
            "v8/Email_Analytics/1",
            403,
            "NO_PERMISSION",
            {"permissions": ["Crm_Implied_View_Email_Analytics"]},
        ),
    ],
)
def test_what_is_no_record(zoho, path, status, code, details) -> None:
    assert read_error(zoho.get(path)) == (status, code, details)


def test_a_well_formed_unknown_id_is_204(zoho) -> None:
    assert zoho.get("v8/Leads/123").status_code == 204


def test_fields_choose_what_a_record_shows(zoho) -> None:
    lead = find_first_id(zoho, "Leads")
    row = read_one(zoho, "Leads", lead, fields="Last_Name,Project_Details,$approval_state")
    assert row.keys() == {"id", "Last_Name", "Project_Details", "$approval_state"}


def test_calls_are_counted_by_module(zoho) -> None:
    lead = find_first_id(zoho, "Leads")
    read_one(zoho, "Leads", lead)
    calls = zoho.usage()["calls"]
    assert (calls["records.get"], calls["records.get:Leads"]) == (1, 1)


# --- Subforms and links


def test_rows_of_a_subform_are_those_of_its_module(zoho) -> None:
    vehicle = find_parent(zoho, "Service_History", "Parent_Id")
    rows = read_one(zoho, "Vehicles", vehicle)["Service_History"]
    expected = find_children(zoho, "Service_History", "Parent_Id", vehicle)
    assert [row["id"] for row in rows] == [row["id"] for row in expected]
    for row, known in zip(rows, expected, strict=True):
        assert {name: row[name] for name in known} == known
        assert row["$in_merge"] is False


@pytest.mark.parametrize(
    ("module", "field", "linking", "own", "other"),
    [
        ("Vehicles", "Drivers", "VehiclesXContacts", "Vehicles", "Contacts"),
        ("Vehicles", "Mechanics", "Vehicles_X_Users", "Vehicles", "Users"),
        ("Leads", "Products_Wanted", "LeadsXProducts", "Leads", "Products"),
        ("Services__s", "Members", "Services__s_X_Users", "Services__s", "Members"),
    ],
)
def test_links_show_what_they_link_to(zoho, module, field, linking, own, other) -> None:
    parent = find_parent(zoho, linking, own)
    row = read_one(zoho, module, parent)
    links = find_children(zoho, linking, own, parent)
    if other in ("Users", "Members"):
        expected = [
            {
                "id": link["id"],
                other: {"module": "Users", "name": link[other]["name"], "id": link[other]["id"]},
            }
            for link in links
        ]
    else:
        expected = [{"id": link["id"], other: link[other], "$in_merge": False} for link in links]
    assert row[field] == expected
    assert len({link[other]["id"] for link in links}) == len(links) > 0
    assert row["$has_more"][field] is False


def test_a_record_shows_200_rows_of_a_subform_and_says_that_there_are_more(zoho) -> None:
    (lead,) = zoho.control("POST", "records/Leads", [{"Last_Name": "X", "Company": "Y"}])["ids"]
    rows = [{"Parent_Id": lead, "Project": f"P{number}"} for number in range(201)]
    ids = zoho.control("POST", "records/Project_Details", rows)["ids"]
    shown = read_one(zoho, "Leads", lead)
    assert [row["id"] for row in shown["Project_Details"]] == ids[:200]
    assert shown["$has_more"]["Project_Details"] is True
    assert "$has_more" not in read_one(zoho, "Leads", lead, "v2")
    zoho.control("DELETE", f"records/Leads?ids={lead}")


@pytest.mark.parametrize(
    ("module", "field", "items"),
    [
        ("Quotes", "Quoted_Items", "Quoted_Items"),
        ("Sales_Orders", "Ordered_Items", "Ordered_Items"),
        ("Purchase_Orders", "Purchased_Items", "Purchase_Items"),
        ("Invoices", "Invoiced_Items", "Invoiced_Items"),
    ],
)
def test_line_items_by_version(zoho, module, field, items) -> None:
    document = find_parent(zoho, items, "Parent_Id")
    known = sorted(
        find_children(zoho, items, "Parent_Id", document), key=lambda row: row["Sequence_Number"]
    )
    codes = {row["id"]: row["Product_Code"] for row in zoho.truth("Products")}

    old = read_one(zoho, module, document, "v2")
    assert field not in old
    assert [item["id"] for item in old["Product_Details"]] == [row["id"] for row in known]
    for item, row in zip(old["Product_Details"], known, strict=True):
        product = row["Product_Name"]
        code = codes[product["id"]]
        assert item["product"] == {**product, "Product_Code": code, "Currency": "USD"}
        book = row["Price_Book_Name"]
        assert (item["quantity"], item["book"]) == (row["Quantity"], book and int(book["id"]))
        assert isinstance(item["Discount"], float)
        assert item["total"] - item["Discount"] == pytest.approx(item["total_after_discount"])
        assert item["line_tax"] == (row["Line_Tax"] or [])

    zoho.knobs(v2_price_books="object")
    objects = [item["book"] for item in read_one(zoho, module, document, "v2")["Product_Details"]]
    assert objects == [row["Price_Book_Name"] for row in known]

    for version in ("v2.1", "v8"):
        new = read_one(zoho, module, document, version)
        assert "Product_Details" not in new
        assert [item["id"] for item in new[field]] == [row["id"] for row in known]
        for item, row in zip(new[field], known, strict=True):
            assert item["Product_Name"]["Product_Code"] == codes[row["Product_Name"]["id"]]
            assert item["Discount"] is None or isinstance(item["Discount"], str)
    taxes = [tax["name"] for row in known for tax in row["Line_Tax"] or []]
    assert {tax["name"] for tax in old["$line_tax"]} == set(taxes)


# --- Rich text


@pytest.fixture
def contract(zoho) -> str:
    values = {"Name": "long", "Clauses": "<p>" + "x" * 2_000}
    return zoho.control("POST", "records/Contracts", [values])["ids"][0]


def test_rich_text_is_cut_in_lists_and_whole_elsewhere(zoho, contract) -> None:
    listed = zoho.get("v8/Contracts", fields="Clauses", ids=contract).json()["data"][0]
    assert len(listed["Clauses"]) == 500
    assert len(read_one(zoho, "Contracts", contract)["Clauses"]) == 2_003
    full = zoho.get(f"v8/Contracts/{contract}/actions/fetch_full_data").json()["data"]
    assert [(row["id"], len(row["Clauses"])) for row in full] == [(contract, 2_003)]
    zoho.knobs(single_rich_text_cut=500)
    assert len(read_one(zoho, "Contracts", contract)["Clauses"]) == 500


def test_rich_text_of_several_records(zoho, contract) -> None:
    path = "v8/Contracts/actions/fetch_full_data"
    other = find_first_id(zoho, "Contracts")
    ids = f"{contract},1,{other}"
    rows = zoho.get(path, ids=ids, fields="Clauses,Name").json()["data"]
    assert [row["id"] for row in rows] == [contract, other]
    assert {name for row in rows for name in row} == {"id", "Clauses"}
    assert zoho.get(path, ids="1", fields="Clauses").status_code == 204
    assert read_error(zoho.get(path, fields="Clauses"))[1:] == (
        "REQUIRED_PARAM_MISSING",
        {"param_name": "ids"},
    )
    assert read_error(zoho.get(path, ids=contract))[2] == {"param_name": "fields"}
    many = ",".join(["1"] * 201)
    assert read_error(zoho.get(path, ids=many, fields="Clauses"))[1] == "LIMIT_EXCEEDED"
    assert read_error(zoho.get(path.replace("v8", "v4"), ids=contract))[:2] == (501, "NOT_EMULATED")


# --- Below a record


@pytest.mark.parametrize("child", ["Notes", "Attachments"])
def test_notes_and_attachments_of_a_record(zoho, child) -> None:
    lead = find_first_id(zoho, "Leads")
    row = {"Parent_Id": {"id": lead}} | {"Notes": {"Note_Content": "A"}}.get(
        child, {"File_Name": "A"}
    )
    zoho.control("POST", f"records/{child}", [row, row])
    parent = next(p for r in zoho.truth(child) if (p := r["Parent_Id"])["id"] == lead)
    path = f"Leads/{lead}/{child}"
    expected = {row["id"] for row in find_children(zoho, child, "Parent_Id", parent["id"])}
    page = zoho.get(f"v8/{path}", fields="Parent_Id,Created_Time", per_page=1).json()
    found = {row["id"] for row in page["data"]}
    while page["info"]["more_records"]:
        token = page["info"]["next_page_token"]
        page = zoho.get(
            f"v8/{path}", fields="Parent_Id,Created_Time", per_page=1, page_token=token
        ).json()
        found |= {row["id"] for row in page["data"]}
    assert found == expected
    assert page["data"][0]["Parent_Id"] == parent
    assert "call" not in page["info"]
    assert {row["id"] for row in zoho.get(f"v2/{path}").json()["data"]} == expected


def test_an_attachment_describes_its_file(zoho) -> None:
    lead = find_first_id(zoho, "Leads")
    zoho.control("POST", "records/Attachments", {"File_Name": "A", "Parent_Id": {"id": lead}})
    path = f"v8/Leads/{lead}/Attachments"
    row = zoho.get(path, fields="File_Name,Size,Parent_Id,$file_id,$type,$se_module").json()[
        "data"
    ][0]
    assert (row["$type"], row["$se_module"]) == ("Attachment", "Leads")
    assert "module" not in row["Parent_Id"]
    assert len(row["$file_id"]) == 32
    assert row["File_Name"]


def test_records_of_a_lookup_are_a_related_list(zoho) -> None:
    contact = next(row for row in zoho.truth("Contacts") if row["Account_Name"])
    account = contact["Account_Name"]["id"]
    answer = zoho.get(f"v8/Accounts/{account}/Contacts", fields="Account_Name").json()
    expected = find_children_of_account(zoho, account)
    assert {row["id"] for row in answer["data"]} == expected
    later = {"If-Modified-Since": "2099-01-01T00:00:00+00:00"}
    answer = zoho.get(f"v8/Accounts/{account}/Contacts", fields="id", headers=later)
    assert answer.status_code == 304


def find_children_of_account(zoho, account: str) -> set[str]:
    return {
        row["id"]
        for row in zoho.truth("Contacts")
        if row["Account_Name"] and row["Account_Name"]["id"] == account
    }


@pytest.mark.parametrize(
    ("path", "status", "code", "details"),
    [
        ("Nonsense", 400, "INVALID_DATA", {"resource_path_index": 2}),
        ("Emails", 501, "NOT_EMULATED", None),
        ("Products_Wanted", 501, "NOT_EMULATED", None),
    ],
)
def test_lists_that_a_record_has_not(zoho, path, status, code, details) -> None:
    answer = zoho.get(f"v8/Leads/{find_first_id(zoho, 'Leads')}/{path}", fields="id")
    assert read_error(answer)[:2] == (status, code)
    assert details is None or answer.json()["details"] == details


def test_a_related_list_needs_its_record(zoho) -> None:
    assert read_error(zoho.get("v8/Leads/123/Notes", fields="id")) == (
        400,
        "INVALID_DATA",
        {"resource_path_index": 1},
    )
    lead = find_first_id(zoho, "Leads")
    assert read_error(zoho.get(f"v8/Leads/{lead}/Notes"))[1] == "REQUIRED_PARAM_MISSING"
    zoho.knobs(admin_user=False)
    assert read_error(zoho.get(f"v8/Leads/{lead}/Notes", fields="id"))[:2] == (403, "NOT_SUPPORTED")
