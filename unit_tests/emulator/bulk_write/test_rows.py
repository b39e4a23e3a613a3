"""Which record a row becomes, and what a result says of rows that become none."""

import io
import zipfile

import pytest

from unit_tests.emulator.bulk_write.conftest import Writer

HEADER = ["Product_Code", "Product_Name", "Manufacturer"]
VERSIONS = ["v2", "v2.1", "v4", "v8"]


def add(writer: Writer, *codes: str) -> list[str]:
    """Products of these codes; their ids."""
    rows = [HEADER, *([code, f"Old {code}", ""] for code in codes)]
    told = writer.write("insert", "Products", rows)
    assert {row["STATUS"] for row in told} == {"added"}
    return [row["RECORD_ID"] for row in told]


def tell(rows: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(row["STATUS"], row["RECORD_ID"], row["ERRORS"]) for row in rows]


@pytest.mark.parametrize("version", VERSIONS)
def test_upserts_update_what_they_find_and_add_the_rest(writer: Writer, version: str) -> None:
    writer.version = version
    (old,) = add(writer, f"U1-{version}")
    rows = [HEADER, [f"u1-{version}", "New", ""], [f"U2-{version}", "Next", ""], ["", "Bare", ""]]
    first, second, third = writer.write("upsert", "Products", rows, find_by="Product_Code")
    assert (first["STATUS"], first["RECORD_ID"]) == ("updated", old)
    assert (second["STATUS"], third["STATUS"]) == ("added", "added")
    assert writer.read("Products", old)["Product_Name"] == "New"
    assert writer.read("Products", third["RECORD_ID"])["Product_Code"] is None


def test_a_row_finds_what_a_row_before_it_has_added(writer: Writer) -> None:
    rows = [HEADER, ["T1", "First", ""], ["T1", "Second", ""]]
    first, second = writer.write("upsert", "Products", rows, find_by="Product_Code")
    assert (second["STATUS"], second["RECORD_ID"]) == ("updated", first["RECORD_ID"])
    assert writer.read("Products", first["RECORD_ID"])["Product_Name"] == "Second"


def test_updates_skip_what_they_do_not_find(writer: Writer) -> None:
    (old,) = add(writer, "P1")
    rows = [HEADER, ["P1", "New", ""], ["P2", "Other", ""], ["", "Bare", ""]]
    assert tell(writer.write("update", "Products", rows, find_by="Product_Code")) == [
        ("updated", old, ""),
        ("skipped", "", "RESOURCE_NOT_FOUND-Product_Code"),
        ("skipped", "", "MANDATORY_NOT_FOUND-Product_Code"),
    ]


def test_inserts_skip_what_they_find(writer: Writer) -> None:
    add(writer, "I1")
    rows = [HEADER, ["I1", "New", ""], ["I2", "Other", ""], ["I2", "Again", ""]]
    told = tell(writer.write("insert", "Products", rows, find_by="Product_Code"))
    assert [row[0] for row in told] == ["skipped", "added", "skipped"]
    assert told[0][2] == told[2][2] == "DUPLICATE_DATA-Product_Code"


@pytest.mark.parametrize("operation", ["update", "upsert"])
def test_records_are_found_by_id(writer: Writer, operation: str) -> None:
    (old,) = add(writer, f"D1-{operation}")
    rows = [["id", "Product_Name"], [old, "New"], ["1", "Other"], ["x", "Other"]]
    assert tell(writer.write(operation, "Products", rows, find_by="id")) == [
        ("updated", old, ""),
        ("skipped", "", "RESOURCE_NOT_FOUND-id"),
        ("skipped", "", "RESOURCE_NOT_FOUND-id"),
    ]
    assert writer.read("Products", old)["Product_Name"] == "New"


def test_only_the_named_field_finds_a_record(writer: Writer) -> None:
    """Another unique value that a record holds already is an error of the row."""
    one, two = add(writer, "O1", "O2")
    rows = [["id", "Product_Code"], [one, "O2"], [two, "O2"]]
    assert tell(writer.write("update", "Products", rows, find_by="id")) == [
        ("skipped", "", "DUPLICATE_DATA-Product_Code"),
        ("updated", two, ""),
    ]
    rows = [HEADER, ["O1", "Brand new name", ""]]
    assert tell(writer.write("upsert", "Products", rows, find_by="Product_Name")) == [
        ("skipped", "", "DUPLICATE_DATA-Product_Code")
    ]
    assert tell(writer.write("insert", "Products", rows)) == [
        ("skipped", "", "DUPLICATE_DATA-Product_Code")
    ]


def test_the_field_that_zoho_checks_by_itself_finds_records(writer: Writer) -> None:
    email = "found@example.com"
    rows = [["Last_Name", "Email"], ["Ash", email]]
    (old,) = writer.write("insert", "Contacts", rows)
    (row,) = writer.write(
        "upsert", "Contacts", [["Last_Name", "Email"], ["Elm", email.upper()]], find_by="Email"
    )
    assert (row["STATUS"], row["RECORD_ID"]) == ("updated", old["RECORD_ID"])


def test_an_external_id_finds_records_when_a_knob_says_so(writer: Writer) -> None:
    writer.zoho.knobs(bulk_write_external_find_by=True)
    rows = [["Account_Name", "ERP_ID"], ["Ash", "E1"]]
    keys = {"find_by": "ERP_ID"}
    (first,) = writer.write("upsert", "Accounts", rows, **keys)
    (second,) = writer.write("upsert", "Accounts", rows, **keys)
    assert (second["STATUS"], second["RECORD_ID"]) == ("updated", first["RECORD_ID"])


def test_deleted_records_and_converted_leads_are_not_found(writer: Writer) -> None:
    (old,) = add(writer, "X1")
    writer.zoho.control("DELETE", f"records/Products?ids={old}")
    converted = next(row["id"] for row in writer.zoho.truth("Leads") if row["Converted__s"])
    for module, record_id in (("Products", old), ("Leads", converted)):
        rows = [["id", "Description"], [record_id, "x"]]
        told = writer.write("update", module, rows, find_by="id")
        assert tell(told) == [("skipped", "", "RESOURCE_NOT_FOUND-id")]


def test_all_errors_of_a_row_are_told_by_code_and_header(writer: Writer) -> None:
    header = ["name", "firm", "mail", "points", "born"]
    names = ["Last_Name", "Company", "Email", "Lead_Score", "Birth_Date"]
    mappings = [{"api_name": name, "index": index} for index, name in enumerate(names)]
    rows = [header, ["", "", "no address", "few", "soon"], ["Ash", "", "", "", ""]]
    first, second = writer.write("insert", "Leads", rows, field_mappings=mappings)
    parts = dict(part.split("-", 1) for part in first["ERRORS"].split(":"))
    assert {code: set(columns.split(",")) for code, columns in parts.items()} == {
        "INVALID_DATA": {"mail", "points", "born"},
        "MANDATORY_NOT_FOUND": {"name", "firm"},
    }
    assert second["ERRORS"] == "MANDATORY_NOT_FOUND-firm"


def test_the_layout_does_not_bind_rows_when_a_knob_says_so(writer: Writer) -> None:
    writer.zoho.knobs(bulk_write_layout_fields=False)
    rows = [["Last_Name", "Company"], ["Ash", ""], ["", "Ltd."]]
    told = writer.write("insert", "Leads", rows)
    assert [row["ERRORS"] for row in told] == ["", "MANDATORY_NOT_FOUND-Last_Name"]


def test_a_mandatory_field_cannot_be_emptied(writer: Writer) -> None:
    (old,) = add(writer, "M1")
    rows = [["id", "Product_Name"], [old, ""]]
    (row,) = writer.write("update", "Products", rows, find_by="id")
    assert row["ERRORS"] == "MANDATORY_NOT_FOUND-Product_Name"
    (row,) = writer.write("update", "Products", rows, find_by="id", ignore_empty=True)
    assert row["STATUS"] == "updated"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("NOT_APPROVED", "NOT_APPROVED-id"),
        ("RECORD_LOCKED", "BLOCKED_RECORD-id"),
        ("NOT_REVIEWED", "CANNOT_PROCESS-id"),
        ("RECORD_IN_BLUEPRINT", "CANNOT_PROCESS-id"),
        ("CANNOT_PROCESS", "CANNOT_PROCESS-id"),
    ],
)
def test_held_records_are_skipped(writer: Writer, code: str, told: str) -> None:
    (old,) = add(writer, f"H-{code}")
    writer.zoho.knobs(held_records=[f"{old}:{code}"])
    rows = [["id", "Product_Name"], [old, "New"]]
    assert tell(writer.write("update", "Products", rows, find_by="id")) == [("skipped", "", told)]


def test_unique_values_of_another_module_count_when_a_knob_says_so(writer: Writer) -> None:
    writer.zoho.control(
        "POST", "fields/Vendors", {"api_name": "Plate", "data_type": "text", "custom": True}
    )
    writer.zoho.knobs(unique_across=["Vehicles:Vendors"])
    writer.write("insert", "Vendors", [["Vendor_Name", "Plate"], ["Ash", "AB 12"]])
    (row,) = writer.write("insert", "Vehicles", [["Name", "Plate"], ["Van", "ab 12"]])
    writer.zoho.control("DELETE", "fields/Vendors/Plate")
    assert row["ERRORS"] == "DUPLICATE_DATA-Plate"


@pytest.mark.parametrize(
    "module",
    [
        *("Leads", "Accounts", "Contacts", "Deals", "Campaigns", "Cases", "Solutions"),
        *("Products", "Vendors", "Price_Books", "Tasks", "Vehicles", "Contracts"),
        *("Quotes", "Sales_Orders", "Purchase_Orders", "Invoices"),
    ],
)
def test_every_module_that_is_listed_takes_rows(writer: Writer, module: str) -> None:
    vendor = writer.zoho.truth("Vendors")[0]
    values = {
        "Company": "Ltd.",
        "Closing_Date": "12/31/2030",
        "Stage": "Qualification",
        "Case_Origin": "Web",
        "Status": "New",
        "Vendor_Name": vendor["Vendor_Name"],
    }
    fields = writer.zoho.get("v8/settings/layouts", module=module).json()["layouts"][0]
    header, cells = [], []
    for section in fields["sections"]:
        for field in section["fields"]:
            name = field["api_name"]
            if field["required"]:
                lookup = field["data_type"] == "lookup"
                header.append(f"{name}.{name}" if lookup else name)
                cells.append(values.get(name, "Ash"))
    (row,) = writer.write("insert", module, [header, cells])
    assert (row["STATUS"], row["ERRORS"]) == ("added", "")
    assert writer.read(module, row["RECORD_ID"])["Owner"]


def test_the_result_is_named_after_module_and_file(writer: Writer) -> None:
    files = {"spring fair.csv": "Last_Name,Company\r\nAsh,Ltd.\r\n"}
    job = writer.finish(writer.create("insert", "Leads", files))
    answer = writer.download(job["result"]["download_url"])
    assert answer.headers["Content-Type"] == "application/zip"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["Leads-spring fair.csv"]
