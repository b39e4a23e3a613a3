"""Rows of subforms and line items in a column, of new records."""

import json

import pytest

from unit_tests.destination.conftest import Json, Org, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")
#: Each module with line items: the field since v2.1, the module of its rows.
DOCUMENTS = {
    "Quotes": ("Quoted_Items", "Quoted_Items"),
    "Sales_Orders": ("Ordered_Items", "Ordered_Items"),
    "Purchase_Orders": ("Purchased_Items", "Purchase_Items"),
    "Invoices": ("Invoiced_Items", "Invoiced_Items"),
}


def document(org: Org, module: str, **values: object) -> Json:
    record: Json = {"Subject": "written"}
    if module == "Purchase_Orders":
        record["Vendor_Name"] = org.records("Vendors")[0]["id"]
    return record | values


def rows_of(org: Org, module: str, parent: str) -> list[Json]:
    return [row for row in org.records(module) if row["Parent_Id"]["id"] == parent]


def product(org: Org, number: int = 0) -> str:
    return str(org.records("Products")[number]["id"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("module", DOCUMENTS)
@pytest.mark.parametrize("as_text", [False, True], ids=["list", "text"])
def test_a_new_document_comes_with_its_line_items(
    org: Org, module: str, version: str, *, as_text: bool
) -> None:
    field, items = DOCUMENTS[module]
    column = "Product_Details" if version == "v2" else field
    rows: list[Json] = [
        {"Product_Name": product(org), "Quantity": "2", "List_Price": 10.5, "Description": "one"},
        {"Product_Name": product(org, 1), "Quantity": 3, "Discount": 1},
    ]
    if version == "v2":
        rows[0] = {"product": product(org), "quantity": "2", "list_price": 10.5}
        rows[0]["product_description"] = "one"
    data = document(org, module, **{column: json.dumps(rows) if as_text else rows})

    result = org.write(stream(module, *data), [data], schema_version=version)

    assert result.counts() == {"created": 1}
    record = org.record(module, Subject="written")
    first, second = sorted(rows_of(org, items, record["id"]), key=lambda row: row["Quantity"])
    assert first["Product_Name"]["id"] == product(org)
    assert (first["Quantity"], first["List_Price"], first["Description"]) == (2, 10.5, "one")
    assert (second["Product_Name"]["id"], second["Discount"]) == (product(org, 1), "1")


def test_purchase_orders_take_their_line_items_by_both_names(org: Org) -> None:
    data = document(org, "Purchase_Orders", Purchase_Items=[{"Product_Name": product(org)}])

    result = org.write(stream("Purchase_Orders", *data), [data])

    assert result.counts() == {"created": 1}
    record = org.record("Purchase_Orders", Subject="written")
    assert len(rows_of(org, "Purchase_Items", record["id"])) == 1


def test_line_items_by_their_later_name_are_written_in_v2(org: Org) -> None:
    rows = [{"Product_Name": {"id": product(org)}, "Price_Book_Name": None, "Quantity": 2}]
    data = document(org, "Quotes", Quoted_Items=rows)

    result = org.write(stream("Quotes", *data), [data], schema_version="v2")

    assert result.counts() == {"created": 1}
    (row,) = rows_of(org, "Quoted_Items", org.record("Quotes", Subject="written")["id"])
    assert (row["Product_Name"]["id"], row["Quantity"]) == (product(org), 2)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_line_item_of_v2_and_later_takes_its_price_book(org: Org, version: str) -> None:
    book = org.records("Price_Books")[0]["id"]
    rows = [{"Product_Name": product(org), "Price_Book_Name": book}]
    data = document(org, "Quotes", Quoted_Items=rows)

    org.write(stream("Quotes", *data), [data], schema_version=version)

    (row,) = rows_of(org, "Quoted_Items", org.record("Quotes", Subject="written")["id"])
    assert row["Price_Book_Name"]["id"] == book


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_price_book_comes_with_its_ranges(org: Org, version: str) -> None:
    ranges = [{"from_range": 1, "to_range": "10", "discount": 5.0}]
    data = {"Price_Book_Name": "written", "Pricing_Details": json.dumps(ranges)}

    result = org.write(stream("Price_Books", *data), [data], schema_version=version)

    assert result.counts() == {"created": 1}
    book = org.record("Price_Books", Price_Book_Name="written")
    (details,) = org.read("Price_Books", book["id"])["Pricing_Details"]
    assert [details[name] for name in ("from_range", "to_range", "discount")] == [1, 10, 5]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_new_record_comes_with_rows_of_a_custom_subform(org: Org, version: str) -> None:
    account = org.records("Accounts")[0]["id"]
    rows = [
        {"Project": "one", "skills": "Design;Build", "Due": "2026-01-02", "Partner": account},
        {"Project": "two", "Effort": 1.5, "Stage": "idea"},
    ]
    data = {"Last_Name": "written", "Project_Details": rows}

    result = org.write(stream("Leads", *data), [data], schema_version=version)

    assert result.counts() == {"created": 1}
    lead = org.record("Leads", Last_Name="written")["id"]
    first, second = sorted(rows_of(org, "Project_Details", lead), key=lambda row: row["Project"])
    assert (first["Skills"], first["Due"]) == (["Design", "Build"], "2026-01-02")
    assert first["Partner"]["id"] == account
    assert (second["Effort"], second["Stage"]) == (1.5, "Idea")


@pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
def test_a_product_is_found_by_its_external_id(org: Org, version: str) -> None:
    field = {"api_name": "Code", "data_type": "text", "custom": True, "external": "org"}
    org.control("POST", "fields/Products", field)
    known = org.add("Products", Product_Name="known", Code="P-1")
    by_code, by_id = [{"Product_Name.Code": "P-1"}], [{"Product_Name.id": product(org)}]
    rows = [
        document(org, "Quotes", Subject=name, Quoted_Items=items)
        for name, items in (("by code", by_code), ("by id", by_id), ("both", by_code + by_id))
    ]

    result = org.write(stream("Quotes", *rows[0]), rows, schema_version=version)

    assert result.counts() == {"created": 2, "rejected": 1}
    for name, wanted in (("by code", known), ("by id", product(org))):
        (row,) = rows_of(org, "Quoted_Items", org.record("Quotes", Subject=name)["id"])
        assert row["Product_Name"]["id"] == wanted
    assert result.said("INVALID_DATA in Quoted_Items.Product_Name: by id, and by Code in a row bef")


@pytest.mark.parametrize(
    ("rows", "field", "reason"),
    [
        ("x", "Project_Details", "expected JSON, a list of rows"),
        ({"Project": "x"}, "Project_Details", "expected a list of rows, each an object"),
        ([{"Project": "x"}, 7], "Project_Details", "row 2: expected an object"),
        ([{"Effort": "much"}], "Project_Details.Effort", "row 1: expected a number"),
        ([{"Project": "x"}, {"Due": "soon"}], "Project_Details.Due", "row 2: expected a date"),
        ([{"Stage": "Nowhere"}], "Project_Details.Stage", "row 1: none of the picklist"),
        ([{"Project": "x" * 121}], "Project_Details.Project", "row 1: longer than 120"),
        ([{"Partner": "Acme"}], "Project_Details.Partner", "row 1: expected the id of a record"),
        ([{"id": "1" * 16, "Project": "x"}], "Project_Details.id", "row 1: rows of a new record"),
        ([{"Project": None}], "Project_Details", "row 1: nothing of it can be written"),
        ([{"Project": "x"}] * 101, "Project_Details", "more than 100 rows"),
    ],
)
def test_a_row_that_zoho_would_not_take_rejects_its_record(
    org: Org, rows: object, field: str, reason: str, tmp_path
) -> None:
    data = {"Last_Name": "bad", "Project_Details": rows}
    good = {"Last_Name": "good", "Project_Details": [{"Project": "x"}]}
    storage = {"storage_type": "Local", "folder": str(tmp_path)}

    result = org.write(stream("Leads", *data), [data, good], object_storage_config=storage)

    assert result.counts() == {"created": 1, "rejected": 1}
    (path,) = tmp_path.glob("*.jsonl")
    rejected = json.loads(path.read_text())["rejected"]
    assert (rejected["code"], rejected["field"]) == ("INVALID_DATA", field)
    assert rejected["message"].startswith(reason)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_zoho_rejects_of_a_row_is_told_by_row_and_field(
    org: Org, version: str, tmp_path
) -> None:
    items = [{"Product_Name": product(org)}, {"Product_Name": "1" * 18}]
    data = document(org, "Quotes", Quoted_Items=items)
    storage = {"storage_type": "Local", "folder": str(tmp_path)}

    result = org.write(
        stream("Quotes", *data), [data], schema_version=version, object_storage_config=storage
    )

    assert result.counts() == {"rejected": 1}
    (path,) = tmp_path.glob("*.jsonl")
    rejected = json.loads(path.read_text())["rejected"]
    if version == "v2":
        # v2 does not say which row it is.
        assert rejected["field"] == "Product_Name"
    else:
        assert rejected["field"] == "Quoted_Items.Product_Name"
        assert rejected["message"].startswith("row 2: ")


def test_keys_that_cannot_be_written_are_left_out_with_one_warning(org: Org) -> None:
    rows = [{"Project": "x", "Created_Time": "x", "nonsense": 1, "Parent_Id": "x", "$in_merge": 0}]
    data = {"Last_Name": "written", "Project_Details": rows}

    result = org.write(stream("Leads", *data), [data, data])

    assert result.counts() == {"created": 2}
    (line,) = result.said("keys of the rows in Project_Details are left out")
    assert "Created_Time (Created_Time is read-only); nonsense (Project_Details has no" in line
    assert "Parent_Id" not in line


@pytest.mark.parametrize("empty", [None, [], "", "[]"])
@pytest.mark.parametrize("nulls", ["ignore", "clear"])
def test_a_new_record_without_rows_has_none(org: Org, empty: object, nulls: str) -> None:
    data = {"Last_Name": "written", "Project_Details": empty}

    result = org.write(stream("Leads", *data), [data], null_values=nulls)

    assert result.counts() == {"created": 1}
    assert rows_of(org, "Project_Details", org.record("Leads", Last_Name="written")["id"]) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("module", [*DOCUMENTS, "Price_Books"])
def test_an_insert_without_a_column_for_rows_that_zoho_needs_is_refused(
    org: Org, module: str, version: str
) -> None:
    data = document(org, module) if module in DOCUMENTS else {"Price_Book_Name": "x"}

    result = org.write(stream(module, *data), [data], schema_version=version)

    field = DOCUMENTS[module][0] if module in DOCUMENTS else "Pricing_Details"
    field = "Product_Details" if version == "v2" and module in DOCUMENTS else field
    assert f"no column goes to {field}, without which Zoho adds no record" in result.sentence
