"""The reason of a rejected lookup names what works where it stands, also inside rows."""

import json
from pathlib import Path

import pytest

from unit_tests.destination.conftest import Json, Org, mapping, row, state, stream
from unit_tests.destination.kept_rows import kept, storage
from unit_tests.destination.test_line_items import document, product

NO_ID = "expected the id of a record in Zoho, 15 to 20 digits"
UNKNOWN = "9" * 18
ONLY_IDS = (
    "rows inside records name records of Products by Zoho's ids or an External ID field alone, and "
    "Products has no such field"
)
REPORTING = pytest.mark.parametrize("version", ["v2.1", "v4", "v8"])
VERSIONS = pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])


def add_code(org: Org) -> None:
    field = {"api_name": "Code", "data_type": "text", "custom": True, "external": "org"}
    org.control("POST", "fields/Products", {**field, "unique": True})


def write_items(org: Org, version: str, item: Json, **config: object):
    data = document(org, "Quotes", Quoted_Items=[item])
    return org.write(stream("Quotes", *data), [data], schema_version=version, **config)


def write_table(org: Org, version: str, column: str, value: object):
    quote = org.records("Quotes")[0]["id"]
    values = {"Parent_Id": quote, column: value, "Quantity": 1}
    mapped = mapping("lines", "Quoted_Items", "insert") | {"rows": "append"}
    return org.write(stream("lines", *values), [values], mappings=[mapped], schema_version=version)


@REPORTING
def test_a_name_in_a_line_item_comes_with_what_works_in_line_items(org: Org, version: str) -> None:
    def reasons() -> list[str]:
        results = (
            write_items(org, version, {"Product_Name": "Anvil"}),
            write_table(org, version, "Product_Name", "Anvil"),
        )
        lines = [line for result in results for line in result.said("Rejected: ")]
        return [line.split("Product_Name: ")[1] for line in lines]

    assert reasons() == [f"{NO_ID}; {ONLY_IDS}."] * 2

    add_code(org)

    found = "to find a record of Products by another value, write Product_Name.Code"
    assert reasons() == [f"{NO_ID}; {found}."] * 2


@REPORTING
def test_the_path_that_is_named_can_be_written(org: Org, version: str) -> None:
    add_code(org)
    org.control("PATCH", "records/Products", {"id": product(org), "Code": "P-1"})

    item = {"Product_Name.Code": "P-1", "Quantity": 1}
    assert write_items(org, version, item).counts() == {"created": 1}
    assert write_table(org, version, "Product_Name.Code", "P-1").counts() == {"created": 1}


def test_a_key_of_rows_that_finds_nothing_says_what_would_and_what_follows(org: Org) -> None:
    result = write_items(org, "v4", {"Product_Name.ERP_ID": "P-7", "Quantity": 1})

    assert result.counts() == {"rejected": 1}
    (line,) = result.said("keys of the rows in Quoted_Items are left out: ")
    assert line.endswith(
        "Product_Name.ERP_ID (Product_Name of Quoted_Items is not found by ERP_ID; write ids)."
    )
    assert result.said(
        "Zoho adds no row to Quoted_Items without Product_Name, so each new row that names it by "
        "Product_Name.ERP_ID will be rejected."
    )


@VERSIONS
@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Reporting_To", "no record of Contacts that the token's user sees has this id"),
        ("Owner", "no active user has this id"),
    ],
)
@pytest.mark.parametrize("operation", ["insert", "upsert", "update"])
def test_an_id_that_zoho_does_not_know_is_said_to_be_unknown(
    org: Org, version: str, column: str, said: str, operation: str
) -> None:
    contact = org.add("Contacts", Last_Name="Known", Email="known@example.com")
    values = {"Last_Name": "L", "Email": "known@example.com", column: UNKNOWN}
    entry = {
        "insert": stream("Contacts", *values),
        "upsert": stream("Contacts", *values, mode="append_dedup", key="Email"),
        "update": stream("Contacts", "id", *values, mode="update", key="id"),
    }[operation]

    result = org.write(entry, [{"id": contact, **values}], schema_version=version)

    assert result.counts() == {"rejected": 1}
    assert result.said(f"1 row with INVALID_DATA in {column}: {said}.")
    assert result.said(UNKNOWN) == []


@VERSIONS
def test_an_unknown_id_of_several_modules_names_none_of_them(org: Org, version: str) -> None:
    values = {"Subject": "T", "What_Id": UNKNOWN, "$se_module": "Accounts"}

    result = org.write(stream("Tasks", *values), [values], schema_version=version)

    said = "no record that the token's user sees has this id"
    assert result.said(f"1 row with INVALID_DATA in What_Id: {said}.")


@VERSIONS
def test_an_unknown_id_in_rows_is_said_to_be_unknown(org: Org, version: str) -> None:
    said = "Product_Name: no record of Products that the token's user sees has this id or External"
    item = {"Product_Name": UNKNOWN, "Quantity": 1}
    results = [write_items(org, version, item)]
    if version != "v2":
        add_code(org)
        results += [
            write_table(org, version, "Product_Name", UNKNOWN),
            write_items(org, version, {"Product_Name.Code": UNKNOWN, "Quantity": 1}),
        ]

    for result in results:
        assert result.counts() == {"rejected": 1}
        assert result.said(said)
        assert result.said(UNKNOWN) == []


def test_a_table_that_leaves_out_what_each_row_needs_is_warned_of(org: Org) -> None:
    result = write_table(org, "v4", "Product_Name.ERP_ID", "P-7")

    assert result.counts() == {"rejected": 1}
    assert result.said("lines: the column Product_Name.ERP_ID is left out: Product_Name of Quoted_")
    assert result.said("lines: no column goes to Product_Name, without which Zoho adds no row: new")


def test_a_kept_row_names_the_column_where_it_is_called_differently(
    org: Org, tmp_path: Path
) -> None:
    columns = {"surname": "Last_Name", "mail": "Email", "boss": "Reporting_To", "items": "Phone"}
    mapped = mapping("people", "Contacts", "insert", **columns)
    rows = [
        {"surname": "a", "mail": "no address"},
        {"surname": "b", "boss": "Ada"},
        {"mail": "c@example.com"},
    ]

    org.write(
        stream("people", *columns), rows, mappings=[mapped], object_storage_config=storage(tmp_path)
    )

    found = {line["rejected"]["field"]: line["rejected"]["column"] for line in kept(tmp_path)}
    assert found == {"Email": "mail", "Reporting_To": "boss", "Last_Name": "surname"}


def test_a_kept_row_of_line_items_names_their_column(org: Org, tmp_path: Path) -> None:
    quote = org.records("Quotes")[0]["id"]
    fields = {"title": "Subject", "items": "Quoted_Items"}
    lines = {"quote": "Parent_Id", "product": "Product_Name"}
    streams = [stream("quotes", *fields), stream("lines", *lines)]
    mapped = [
        mapping("quotes", "Quotes", "insert", **fields),
        mapping("lines", "Quoted_Items", "insert", **lines) | {"rows": "append"},
    ]
    items = json.dumps([{"Product_Name": "Anvil"}])

    org.write_lines(
        streams,
        [
            row("quotes", {"title": "Q", "items": items}),
            row("lines", {"quote": quote, "product": "Anvil"}),
            row("lines", {"quote": "Q-7", "product": product(org)}),
            state("quotes"),
            state("lines"),
        ],
        mappings=mapped,
        object_storage_config=storage(tmp_path),
    )

    found = {(line["rejected"]["field"], line["rejected"]["column"]) for line in kept(tmp_path)}
    assert found == {
        ("Quoted_Items.Product_Name", "items"),
        ("Product_Name", "product"),
        ("Parent_Id", "quote"),
    }


def test_one_deletion_that_finds_nothing_is_one(org: Org) -> None:
    result = org.write(stream("Leads", "id", mode="soft_delete", key="id"), [{"id": UNKNOWN}])

    assert result.said("1 of 1 deletion found no record")
    assert result.said("Leads: the only deletion found no record.")
