"""A record by itself: what lists leave out, and what stands below it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

Row = dict[str, Any]


def first_id(zoho, module: str, version: str = "v8") -> str:
    return zoho.get(f"{version}/{module}", fields="id", per_page=1).json()["data"][0]["id"]


def one(zoho, module: str, record_id: str, version: str = "v8", **params: object) -> Row:
    answer = zoho.get(f"{version}/{module}/{record_id}", **params)
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["data"]
    assert answer.json().keys() == {"data"}
    return row


def children(zoho, module: str, lookup: str, parent: str) -> list[Row]:
    return [row for row in zoho.truth(module) if row[lookup]["id"] == parent]


def parent_of(zoho, module: str, lookup: str) -> str:
    return zoho.truth(module)[0][lookup]["id"]


def error(answer) -> tuple[int, str, object]:
    return answer.status_code, answer.json()["code"], answer.json()["details"]


# --- The record itself


@pytest.mark.parametrize("module", ["Leads", "Quotes", "Events", "Notes", "Services__s"])
def test_a_record_shows_all_that_its_list_does(zoho, module) -> None:
    truth = zoho.truth(module)[0]
    row = one(zoho, module, truth["id"])
    assert {name: row[name] for name in truth} == truth
    assert "$editable" in row
    assert ("$has_more" in row) is (module not in ("Events", "Notes"))
    assert ("$approval_state" in row) is (module not in ("Notes", "Services__s"))


def test_converted_leads_are_there_and_deleted_ones_are_not(zoho) -> None:
    converted = next(row for row in zoho.truth("Leads") if row["Converted__s"])
    assert one(zoho, "Leads", converted["id"])["$converted"] is True
    (new,) = zoho.control("POST", "records/Leads", [{"Last_Name": "X", "Company": "Y"}])["ids"]
    assert one(zoho, "Leads", new)["Last_Name"] == "X"
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
    assert error(zoho.get(path)) == (status, code, details)


def test_a_well_formed_unknown_id_is_204(zoho) -> None:
    assert zoho.get("v8/Leads/123").status_code == 204


def test_fields_choose_what_a_record_shows(zoho) -> None:
    lead = first_id(zoho, "Leads")
    row = one(zoho, "Leads", lead, fields="Last_Name,Project_Details,$approval_state")
    assert row.keys() == {"id", "Last_Name", "Project_Details", "$approval_state"}


def test_calls_are_counted_by_module(zoho) -> None:
    lead = first_id(zoho, "Leads")
    one(zoho, "Leads", lead)
    calls = zoho.usage()["calls"]
    assert (calls["records.get"], calls["records.get:Leads"]) == (1, 1)


# --- Subforms and links


def test_rows_of_a_subform_are_those_of_its_module(zoho) -> None:
    vehicle = parent_of(zoho, "Service_History", "Parent_Id")
    rows = one(zoho, "Vehicles", vehicle)["Service_History"]
    expected = children(zoho, "Service_History", "Parent_Id", vehicle)
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
    parent = parent_of(zoho, linking, own)
    row = one(zoho, module, parent)
    links = children(zoho, linking, own, parent)
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
    shown = one(zoho, "Leads", lead)
    assert [row["id"] for row in shown["Project_Details"]] == ids[:200]
    assert shown["$has_more"]["Project_Details"] is True
    assert "$has_more" not in one(zoho, "Leads", lead, "v2")
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
    document = parent_of(zoho, items, "Parent_Id")
    known = sorted(
        children(zoho, items, "Parent_Id", document), key=lambda row: row["Sequence_Number"]
    )
    codes = {row["id"]: row["Product_Code"] for row in zoho.truth("Products")}

    old = one(zoho, module, document, "v2")
    assert field not in old
    assert [item["id"] for item in old["Product_Details"]] == [row["id"] for row in known]
    for item, row in zip(old["Product_Details"], known, strict=True):
        product = row["Product_Name"]
        code = codes[product["id"]]
        assert item["product"] == {**product, "Product_Code": code, "Currency": "USD"}
        book = row["Price_Book_Name"]
        assert (item["quantity"], item["book"]) == (row["Quantity"], book and int(book["id"]))
        assert isinstance(item["Discount"], float)
        assert item["line_tax"] == (row["Line_Tax"] or [])

    zoho.knobs(v2_price_books="object")
    objects = [item["book"] for item in one(zoho, module, document, "v2")["Product_Details"]]
    assert objects == [row["Price_Book_Name"] for row in known]

    for version in ("v2.1", "v8"):
        new = one(zoho, module, document, version)
        assert "Product_Details" not in new
        assert [item["id"] for item in new[field]] == [row["id"] for row in known]
        for item, row in zip(new[field], known, strict=True):
            assert item["Product_Name"]["Product_Code"] == codes[row["Product_Name"]["id"]]
            assert item["Discount"] is None or isinstance(item["Discount"], str)
    taxes = [tax["name"] for row in known for tax in row["Line_Tax"] or []]
    assert {tax["name"] for tax in old["$line_tax"]} == set(taxes)


# --- What changed its shape


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_what_an_activity_is_about(zoho, version) -> None:
    task = next(row for row in zoho.truth("Tasks") if row["What_Id"])
    row = one(zoho, "Tasks", task["id"], version)
    assert row["What_Id"].keys() == {"name", "id"}
    assert zoho.get(f"{version}/{row['$se_module']}/{row['What_Id']['id']}").status_code == 200
    listed = zoho.get(f"{version}/Tasks", fields="What_Id,$se_module", ids=task["id"]).json()
    assert listed["data"][0]["$se_module"] == row["$se_module"]


def test_a_note_names_the_module_of_its_parent_since_v7(zoho) -> None:
    note = first_id(zoho, "Notes")
    for version in ("v2", "v2.1", "v4"):
        row = one(zoho, "Notes", note, version)
        assert row["Parent_Id"].keys() == {"name", "id"}
        assert row["$se_module"] in {"Contacts", "Leads", "Deals"} | set(
            zoho.control("GET", "counts")
        )
    new = one(zoho, "Notes", note)
    assert new["Parent_Id"]["module"]["api_name"] == row["$se_module"]
    assert "$se_module" not in new


def test_reminders_taxes_and_price_ranges_by_version(zoho) -> None:
    event = next(row for row in zoho.truth("Events") if row["Remind_At"])["id"]
    shown = {v: one(zoho, "Events", event, v)["Remind_At"] for v in ("v2", "v2.1", "v4", "v8")}
    assert shown["v2"][10] == "T"
    assert all(isinstance(item["unit"], str) for item in shown["v2.1"])
    assert shown["v4"] == shown["v8"]
    assert shown["v8"][0].keys() == {"unit", "period", "time"}
    assert isinstance(shown["v8"][0]["unit"], int)

    product = next(row for row in zoho.truth("Products") if row["Tax"])
    assert product["Tax"][0].keys() == {"id", "value"}
    old = one(zoho, "Products", product["id"], "v2")["Tax"]
    assert old == [item["value"] for item in product["Tax"]]

    book = next(
        known["id"]
        for known in zoho.truth("Price_Books")
        if one(zoho, "Price_Books", known["id"])["Pricing_Details"]
    )
    plain, full = (one(zoho, "Price_Books", book, v)["Pricing_Details"][0] for v in ("v2", "v8"))
    assert plain.keys() == {"id", "from_range", "to_range", "discount"}
    assert plain.items() < full.items()


def test_a_call_has_its_duration_twice_and_a_datetime_in_a_pick_list(zoho) -> None:
    call = next(
        row
        for row in zoho.truth("Calls")
        if row["Reminder"] and row["Call_Duration_in_seconds"] in range(5_000)
    )
    minutes, seconds = map(int, call["Call_Duration"].split(":"))
    assert 60 * minutes + seconds == call["Call_Duration_in_seconds"]
    assert call["Reminder"][10] == "T"


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_moments_inside_values_are_in_the_time_zone_of_the_org(zoho, version) -> None:
    zoho.knobs(time_zone="Asia/Kolkata")
    case = next(row for row in zoho.truth("Cases") if row["Comments"])["id"]
    task = next(row for row in zoho.truth("Tasks") if row["Remind_At"])["id"]

    def shown() -> tuple[datetime, datetime]:
        comment = one(zoho, "Cases", case, version)["Comments"][0]["commented_time"]
        alarm = one(zoho, "Tasks", task, version)["Remind_At"]["ALARM"].partition("DATE-TIME:")[2]
        return datetime.fromisoformat(comment), datetime.fromisoformat(alarm)

    there = shown()
    zoho.knobs(time_zone="UTC")
    here = shown()
    assert there == here
    assert {moment.utcoffset() for moment in there} == {timedelta(hours=5, minutes=30)}
    assert {moment.utcoffset() for moment in here} == {timedelta()}


def test_activities_are_tasks_events_and_calls_in_v2_and_v2_1(zoho) -> None:
    rows = []
    for page in range(1, 100):
        answer = zoho.get("v2/Activities", page=page, per_page=25)
        if answer.status_code == 204:
            break
        rows += answer.json()["data"]
    kinds = {row["id"]: row["Activity_Type"] for row in rows}
    expected = {
        row["id"]: name for name in ("Tasks", "Events", "Calls") for row in zoho.truth(name)
    }
    assert kinds == expected
    assert len(rows) == len(kinds)
    event = next(known for known, kind in kinds.items() if kind == "Events")
    assert one(zoho, "Activities", event, "v2.1")["Event_Title"]
    zoho.control("DELETE", f"records/Events?ids={event}")
    assert zoho.get("v2.1/Activities/deleted").json()["data"][0]["id"] == event
    assert zoho.get("v4/Activities", fields="id").json()["code"] == "INVALID_MODULE"
    assert zoho.coql("select id from Activities where id > 0", "v2").json()["code"] == (
        "INVALID_MODULE"
    )


# --- Rich text


@pytest.fixture
def contract(zoho) -> str:
    values = {"Name": "long", "Clauses": "<p>" + "x" * 2_000}
    return zoho.control("POST", "records/Contracts", [values])["ids"][0]


def test_rich_text_is_cut_in_lists_and_whole_elsewhere(zoho, contract) -> None:
    listed = zoho.get("v8/Contracts", fields="Clauses", ids=contract).json()["data"][0]
    assert len(listed["Clauses"]) == 500
    assert len(one(zoho, "Contracts", contract)["Clauses"]) == 2_003
    full = zoho.get(f"v8/Contracts/{contract}/actions/fetch_full_data").json()["data"]
    assert [(row["id"], len(row["Clauses"])) for row in full] == [(contract, 2_003)]
    zoho.knobs(single_rich_text_cut=500)
    assert len(one(zoho, "Contracts", contract)["Clauses"]) == 500


def test_rich_text_of_several_records(zoho, contract) -> None:
    path = "v8/Contracts/actions/fetch_full_data"
    other = first_id(zoho, "Contracts")
    ids = f"{contract},1,{other}"
    rows = zoho.get(path, ids=ids, fields="Clauses,Name").json()["data"]
    assert [row["id"] for row in rows] == [contract, other]
    assert {name for row in rows for name in row} == {"id", "Clauses"}
    assert zoho.get(path, ids="1", fields="Clauses").status_code == 204
    assert error(zoho.get(path, fields="Clauses"))[1:] == (
        "REQUIRED_PARAM_MISSING",
        {"param_name": "ids"},
    )
    assert error(zoho.get(path, ids=contract))[2] == {"param_name": "fields"}
    many = ",".join(["1"] * 201)
    assert error(zoho.get(path, ids=many, fields="Clauses"))[1] == "LIMIT_EXCEEDED"
    assert error(zoho.get(path.replace("v8", "v4"), ids=contract))[:2] == (501, "NOT_EMULATED")


# --- Below a record


@pytest.mark.parametrize("child", ["Notes", "Attachments"])
def test_notes_and_attachments_of_a_record(zoho, child) -> None:
    lead = first_id(zoho, "Leads")
    row = {"Parent_Id": {"id": lead}} | {"Notes": {"Note_Content": "A"}}.get(
        child, {"File_Name": "A"}
    )
    zoho.control("POST", f"records/{child}", [row, row])
    parent = next(p for r in zoho.truth(child) if (p := r["Parent_Id"])["id"] == lead)
    path = f"Leads/{lead}/{child}"
    expected = {row["id"] for row in children(zoho, child, "Parent_Id", parent["id"])}
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
    lead = first_id(zoho, "Leads")
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
    expected = children_of_account(zoho, account)
    assert {row["id"] for row in answer["data"]} == expected
    later = {"If-Modified-Since": "2099-01-01T00:00:00+00:00"}
    answer = zoho.get(f"v8/Accounts/{account}/Contacts", fields="id", headers=later)
    assert answer.status_code == 304


def children_of_account(zoho, account: str) -> set[str]:
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
    answer = zoho.get(f"v8/Leads/{first_id(zoho, 'Leads')}/{path}", fields="id")
    assert error(answer)[:2] == (status, code)
    assert details is None or answer.json()["details"] == details


def test_a_related_list_needs_its_record(zoho) -> None:
    assert error(zoho.get("v8/Leads/123/Notes", fields="id")) == (
        400,
        "INVALID_DATA",
        {"resource_path_index": 1},
    )
    lead = first_id(zoho, "Leads")
    assert error(zoho.get(f"v8/Leads/{lead}/Notes"))[1] == "REQUIRED_PARAM_MISSING"
    zoho.knobs(admin_user=False)
    assert error(zoho.get(f"v8/Leads/{lead}/Notes", fields="id"))[:2] == (403, "NOT_SUPPORTED")
