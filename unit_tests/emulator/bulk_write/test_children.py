"""Parents and their rows in one ZIP: subforms, line items and links (v8)."""

import csv
import io
import zipfile
from typing import Any

import pytest

from unit_tests.emulator.bulk_write.conftest import Writer, pack, write_csv

QUOTES = [["ref", "Subject"], ["q1", "First"], ["q2", "Second"], ["q3", ""]]


def map_all(*names: str, **more: dict[str, object]) -> list[dict[str, object]]:
    return [
        {"api_name": name, "index": index, **more.get(name, {})} for index, name in enumerate(names)
    ]


class Family:
    """Quotes with their items, or another parent with children."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def ask(
        self,
        parent: dict[str, Any],
        *children: dict[str, Any],
        operation: str = "insert",
        files: dict[str, list[list[object]]],
    ):
        file_id = self.writer.upload({name: write_csv(rows) for name, rows in files.items()})
        resources = [
            self.writer.resource(one.pop("module"), file_id, **one) for one in (parent, *children)
        ]
        return self.writer.post({"operation": operation, "resource": resources})

    def write(self, *args: Any, **keys: Any) -> dict[str, list[dict[str, str]]]:
        """Results by the name of the file in the ZIP."""
        answer = self.ask(*args, **keys)
        assert answer.status_code == 201, answer.text
        job = self.writer.finish(answer.json()["details"]["id"])
        content = self.writer.download(job["result"]["download_url"]).content
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {
                name: list(csv.DictReader(io.StringIO(archive.read(name).decode(), newline="")))
                for name in archive.namelist()
            }


@pytest.fixture
def family(writer: Writer) -> Family:
    return Family(writer)


def build_quotes() -> dict[str, Any]:
    mappings = [{"api_name": "Subject", "index": 1}]
    return {"module": "Quotes", "file_names": ["quotes.csv"], "field_mappings": mappings}


def build_items(**parent: object) -> dict[str, Any]:
    mappings = [
        {"api_name": "Parent_Id", "index": 0, **(parent or {"parent_column_index": 0})},
        {"api_name": "Product_Name", "index": 1, "find_by": "Product_Name"},
        {"api_name": "Quantity", "index": 2},
        {"api_name": "List_Price", "index": 3},
    ]
    return {"module": "Quoted_Items", "file_names": ["items.csv"], "field_mappings": mappings}


def name_product(writer: Writer) -> str:
    return str(writer.zoho.truth("Products")[0]["Product_Name"])


def test_line_items_come_with_their_documents(family: Family) -> None:
    product = name_product(family.writer)
    items = [
        ["ref", "product", "count", "price"],
        ["q2", product, "2", "10"],
        ["q1", product, "1", "5"],
        ["q2", product, "3", "1"],
        ["q3", product, "1", "1"],
        ["q4", product, "1", "1"],
        ["q1", "No such product", "1", "1"],
        ["", product, "1", "1"],
    ]
    told = family.write(
        build_quotes(), build_items(), files={"quotes.csv": QUOTES, "items.csv": items}
    )
    assert list(told) == ["Quotes-quotes.csv", "Quoted_Items-items.csv"]
    quotes, rows = told.values()
    assert [row["STATUS"] for row in quotes] == ["added", "added", "skipped"]
    assert list(rows[0]) == ["ref", "product", "count", "STATUS", "RECORD_ID", "ERRORS"]
    assert [(row["STATUS"], row["ERRORS"]) for row in rows] == [
        *[("added", "")] * 3,
        *[("skipped", "RESOURCE_NOT_FOUND-ref")] * 2,
        ("skipped", "INVALID_DATA-product"),
        ("skipped", "MANDATORY_NOT_FOUND-ref"),
    ]
    first, second = (family.writer.read("Quotes", row["RECORD_ID"]) for row in quotes[:2])
    assert [item["Quantity"] for item in first["Quoted_Items"]] == [1]
    assert [item["id"] for item in second["Quoted_Items"]] == [
        rows[0]["RECORD_ID"],
        rows[2]["RECORD_ID"],
    ]
    # Zoho computes the amounts of a document.
    assert (first["Grand_Total"], second["Grand_Total"]) == (5, 23)


def test_rows_of_a_subform_come_with_their_leads(family: Family) -> None:
    leads = [["Last_Name", "Company"], ["Ash", "Ltd."]]
    fields = family.writer.zoho.get("v8/settings/fields", module="Project_Details").json()
    (text,) = [field["api_name"] for field in fields["fields"] if field["data_type"] == "text"][:1]
    told = family.write(
        {
            "module": "Leads",
            "file_names": ["leads.csv"],
            "field_mappings": map_all("Last_Name", "Company"),
        },
        {
            "module": "Project_Details",
            "file_names": ["rows.csv"],
            "field_mappings": map_all("Parent_Id", text, Parent_Id={"parent_column_index": 0}),
        },
        files={"leads.csv": leads, "rows.csv": [["lead", "text"], ["Ash", "one"], ["Ash", "two"]]},
    )
    leads_told, rows = told.values()
    lead = family.writer.read("Leads", leads_told[0]["RECORD_ID"])
    assert [row[text] for row in lead["Project_Details"]] == ["one", "two"]
    assert [row["id"] for row in lead["Project_Details"]] == [row["RECORD_ID"] for row in rows]


def test_links_come_with_their_leads(family: Family) -> None:
    product = family.writer.zoho.truth("Products")[0]
    links = [["lead", "product"], ["Ash", product["id"]], ["Ash", product["id"]]]
    told = family.write(
        {
            "module": "Leads",
            "file_names": ["leads.csv"],
            "field_mappings": map_all("Last_Name", "Company"),
        },
        {
            "module": "LeadsXProducts",
            "file_names": ["links.csv"],
            "field_mappings": map_all(
                *("Leads", "Products"),
                Leads={"parent_column_index": 0},
                Products={"find_by": "id"},
            ),
        },
        files={"leads.csv": [["a", "b"], ["Ash", "Ltd."]], "links.csv": links},
    )
    leads, rows = told.values()
    assert [row["STATUS"] for row in rows] == ["added", "skipped"]
    assert rows[1]["ERRORS"].startswith("DUPLICATE_DATA-")
    lead = family.writer.read("Leads", leads[0]["RECORD_ID"])
    assert [link["Products"]["id"] for link in lead["Products_Wanted"]] == [product["id"]]


def test_an_upsert_adds_rows_to_the_records_it_finds(family: Family) -> None:
    product = name_product(family.writer)
    items = [["ref", "product", "count", "price"], ["q1", product, "2", "10"]]
    files = {"quotes.csv": QUOTES[:2], "items.csv": items}
    quotes, _ = family.write(build_quotes(), build_items(), files=files).values()
    quote = quotes[0]["RECORD_ID"]
    files["quotes.csv"] = [["ref", "id"], ["q1", quote]]
    parent = build_quotes() | {"find_by": "id"}
    parent["field_mappings"] = [
        {"api_name": "id", "index": 1},
        {"api_name": "Subject", "default_value": {"value": "Again"}},
    ]
    again, rows = family.write(parent, build_items(), files=files, operation="upsert").values()
    assert again[0]["STATUS"] == "updated"
    shown = family.writer.read("Quotes", quote)
    assert (len(shown["Quoted_Items"]), shown["Grand_Total"]) == (2, 40)
    # A row is found by its own id.
    changed = [["id", "Quantity"], [rows[0]["RECORD_ID"], "3"], ["1", "3"]]
    told = family.writer.write("update", "Quoted_Items", changed, find_by="id")
    assert [row["STATUS"] for row in told] == ["updated", "skipped"]
    assert family.writer.read("Quotes", quote)["Grand_Total"] == 50


def test_rows_alone_name_the_records_that_they_belong_to(writer: Writer) -> None:
    quote = writer.zoho.truth("Quotes")[0]["id"]
    before = len(writer.read("Quotes", quote)["Quoted_Items"])
    rows = [["x", "p", "c", "l"], [quote, name_product(writer), "1", "2"], ["1", "x", "1", "2"]]
    keys = build_items(find_by="id")
    del keys["module"], keys["file_names"]
    told = writer.write("insert", "Quoted_Items", rows, **keys)
    assert [(row["STATUS"], row["ERRORS"]) for row in told] == [
        ("added", ""),
        ("skipped", "INVALID_DATA-x,p"),
    ]
    assert len(writer.read("Quotes", quote)["Quoted_Items"]) == before + 1


def test_a_header_may_name_the_records_that_rows_belong_to(writer: Writer) -> None:
    (lead,) = writer.write("insert", "Leads", [["Last_Name", "Company"], ["Ash", "Ltd."]])
    rows = [["Parent_Id"], [lead["RECORD_ID"]], ["1"]]
    told = writer.write("insert", "Project_Details", rows)
    assert [row["ERRORS"] for row in told] == ["", "INVALID_DATA-Parent_Id"]


@pytest.mark.parametrize("knob", ["file", "record"])
def test_two_hundred_rows_are_the_most_of_a_file_or_of_a_record(writer: Writer, knob: str) -> None:
    writer.zoho.knobs(bulk_write_child_rows=knob)
    lead = writer.write("insert", "Leads", [["Last_Name", "Company"], ["Ash", "Ltd."]])[0]
    other = writer.write("insert", "Leads", [["Last_Name", "Company"], ["Elm", "Ltd."]])[0]
    rows = [["Parent_Id.id"], *[[lead["RECORD_ID"]]] * 201, [other["RECORD_ID"]]]
    if knob == "file":
        answer = writer.ask("insert", "Project_Details", rows)
        assert (answer.status_code, answer.json()["code"]) == (400, "LIMIT_EXCEEDED")
        rows = rows[:201]
    told = writer.write("insert", "Project_Details", rows)
    assert [row["ERRORS"] for row in told[:200]] == [""] * 200
    if knob == "record":
        assert [row["ERRORS"] for row in told[200:]] == ["LIMIT_EXCEEDED-Parent_Id.id", ""]


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4"])
def test_earlier_versions_have_no_children(family: Family, version: str) -> None:
    family.writer.version = version
    files: dict[str, list[list[object]]] = {"quotes.csv": QUOTES, "items.csv": [["a"]]}
    answer = family.ask(build_quotes(), build_items(), files=files)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
    for module in ("Project_Details", "LeadsXProducts"):
        answer = family.writer.ask("insert", module, [["a"]])
        assert (answer.status_code, answer.json()["code"]) == (400, "MODULE_NOT_AVAILABLE")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"file_names": None}, "MISSING_REQUIRED_KEY"),
        ({"field_mappings": None}, "MISSING_REQUIRED_KEY"),
        ({"file_names": ["lost.csv"]}, "FILE_NOT_FOUND"),
        ({"module": "Invoiced_Items"}, "INVALID_DATA"),
        ({"module": "Deals", "field_mappings": map_all("Deal_Name")}, "INVALID_DATA"),
        (build_items(find_by="id"), "MANDATORY_NOT_FOUND"),
        (build_items(find_by="id", parent_column_index=0), "COEXISTENCE_NOT_ALLOWED"),
        (build_items(parent_column_index=2), "COLUMN_INDEX_NOT_FOUND"),
    ],
)
def test_children_that_are_refused(family: Family, changed: dict[str, Any], code: str) -> None:
    items = [["ref", "product", "count", "price"], ["q1", name_product(family.writer), "1", "1"]]
    files: dict[str, list[list[object]]] = {"quotes.csv": QUOTES, "items.csv": items}
    answer = family.ask(build_quotes(), build_items() | changed, files=files)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_parent_column_needs_a_parent(writer: Writer) -> None:
    mappings = [*map_all("Last_Name", "Company"), {"api_name": "Phone", "index": 0}]
    mappings[2]["parent_column_index"] = 0
    rows = [["Last_Name", "Company"], ["Ash", "Ltd."]]
    answer = writer.ask("insert", "Leads", rows, field_mappings=mappings)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_DATA")


def test_children_are_of_the_upload_of_their_parent(family: Family) -> None:
    writer = family.writer
    one = writer.post_file(pack({"quotes.csv": write_csv(QUOTES)})).json()["details"]["file_id"]
    items = write_csv([["ref", "product", "count", "price"]])
    two = writer.post_file(pack({"items.csv": items})).json()["details"]["file_id"]
    parent, child = build_quotes(), build_items()
    resources = [
        writer.resource(parent.pop("module"), one, **parent),
        writer.resource(child.pop("module"), two, **child),
    ]
    answer = writer.post({"operation": "insert", "resource": resources})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_DATA")
