"""Bodies and files that no bulk write job is made of."""

import pytest

from unit_tests.emulator.bulk_write.conftest import Writer, pack, write_csv

VERSIONS = ["v2", "v2.1", "v4", "v8"]
ROWS = [["Last_Name", "Company", "Email"], ["Ash", "Ltd.", "ash@example.com"]]
UNSUPPORTED = "File not supported for bulk write"


def check(answer, code: str, message: str | None = None, details: object = None) -> None:
    """The refusal is loose, and has no details unless it says so."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert (body["code"], body["status"]) == (code, "error")
    assert body["details"] == (details or {})
    if message is not None:
        assert body["message"] == message


def map_all(*names: str) -> list[dict[str, object]]:
    return [{"api_name": name, "index": index} for index, name in enumerate(names)]


@pytest.mark.parametrize("version", VERSIONS)
def test_keys_that_lack(writer: Writer, version: str) -> None:
    writer.version = version
    message = "required key operation is not found in request body."
    check(writer.post({}), "MISSING_REQUIRED_KEY", message, {"json_path": "$.operation"})
    path = {"json_path": "$.resource"}
    check(writer.post({"operation": "insert"}), "MISSING_REQUIRED_KEY", details=path)
    whole = writer.resource("Leads", writer.upload(ROWS))
    for name in ("type", "module", "file_id"):
        resource = {key: value for key, value in whole.items() if key != name}
        answer = writer.post({"operation": "insert", "resource": [resource]})
        path = {"json_path": f"$.resource[0].{name}"}
        check(answer, "MISSING_REQUIRED_KEY", details=path)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ["update", "upsert"])
def test_updates_need_a_field_to_find_records_by(writer: Writer, version, operation) -> None:
    writer.version = version
    answer = writer.ask(operation, "Leads", ROWS)
    check(answer, "MANDATORY_NOT_FOUND", "Required key find_by is not available")


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "delete"},
        {"operation": "insert", "resource": []},
        {"operation": "insert", "resource": ["x"]},
        {"operation": "insert", "resource": [{"type": "file"}]},
        {"operation": "insert", "callback": "x"},
    ],
)
def test_values_that_are_none(writer: Writer, body: object) -> None:
    check(writer.post(body), "INVALID_DATA")


def test_bodies_that_cannot_be_read(writer: Writer) -> None:
    url = f"{writer.zoho.server.base_url}/crm/bulk/v8/write"
    post = writer.zoho.session.post
    check(post(url, data=b"{", headers={"Content-Type": "application/json"}), "INVALID_REQUEST")
    check(post(url, data=b"[]", headers={"Content-Type": "application/json"}), "INVALID_REQUEST")
    answer = post(url, data=b"<a/>", headers={"Content-Type": "text/xml"})
    check(answer, "REQUEST_BODY_NOT_SUPPORTED")


def test_callbacks(writer: Writer) -> None:
    def ask(callback: object):
        return writer.ask("insert", "Leads", ROWS, body={"callback": callback})

    methods = {"supported_callback_methods": ["post"]}
    good = "https://example.com/done"
    check(ask({"url": good, "method": "get"}), "INVALID_CALLBACK_METHOD", details=methods)
    message = "Invalid callback URL provided"
    for url in (None, "ftp://example.com", "example.com", "http://["):
        check(ask({"url": url, "method": "post"}), "INVALID_CALLBACK_URL", message)
    assert ask({"url": good, "method": "post"}).status_code == 501


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "module",
    ["No_Such", "Attachments", "Notes", "Events", "Calls", "Appointments__s", "Services__s"],
)
def test_modules_without_bulk_write(writer: Writer, version: str, module: str) -> None:
    writer.version = version
    answer = writer.ask("insert", module, ROWS)
    check(answer, "MODULE_NOT_AVAILABLE", f"Requested module '{module}' is not available.")


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4"])
@pytest.mark.parametrize("module", ["Quotes", "Invoices", "Sales_Orders", "Purchase_Orders"])
def test_documents_came_late(writer: Writer, version: str, module: str) -> None:
    rows = [["Subject", "Vendor_Name.id"], ["Order", ""]]
    assert writer.ask("insert", module, rows).status_code == 201
    writer.version = version
    check(writer.ask("insert", module, rows), "MODULE_NOT_AVAILABLE")


def test_a_module_is_named_by_text_in_v2_and_by_an_object_later(writer: Writer) -> None:
    file_id = writer.upload(ROWS)
    resource = {"type": "data", "file_id": file_id}
    check(
        writer.post({"operation": "insert", "resource": [{**resource, "module": "Leads"}]}),
        "INVALID_DATA",
    )
    writer.version = "v2"
    named = {**resource, "module": {"api_name": "Leads"}}
    check(writer.post({"operation": "insert", "resource": [named]}), "INVALID_DATA")


def test_modules_that_the_profile_may_not_write(writer: Writer) -> None:
    writer.zoho.knobs(read_only_modules=["Leads"])
    answer = writer.ask("insert", "Leads", ROWS)
    assert (answer.status_code, answer.json()["code"]) == (403, "NO_PERMISSION")
    assert answer.json()["message"] == "Permission denied to create"


# --- Files


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("v2", "INVALID_FILE_ID"),
        ("v2.1", "INVALID_FILE_ID"),
        ("v4", "INVALID_FILE_ID"),
        ("v8", "FILE_NOT_FOUND"),
    ],
)
def test_an_unknown_file(writer: Writer, version: str, code: str) -> None:
    writer.version = version
    answer = writer.post({"operation": "insert", "resource": [writer.resource("Leads", "1")]})
    check(answer, code)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.csv": write_csv(ROWS), "b.csv": write_csv(ROWS)},
        {"a.txt": write_csv(ROWS)},
        {"a.csv": ""},
        {"a.csv": f"Last_Name,Company\r\n{'x' * 5_000_000},Ltd.\r\n"},
    ],
)
def test_files_that_are_not_one_csv(writer: Writer, files: dict[str, str]) -> None:
    check(writer.ask("insert", "Leads", files), "FILE_NOT_SUPPORTED", UNSUPPORTED)


def test_a_zip_that_is_damaged_inside(writer: Writer) -> None:
    content = bytearray(pack({"a.csv": write_csv(ROWS * 50)}))
    content[60] ^= 255
    file_id = writer.post_file(bytes(content)).json()["details"]["file_id"]
    answer = writer.post({"operation": "insert", "resource": [writer.resource("Leads", file_id)]})
    check(answer, "FILE_NOT_SUPPORTED", UNSUPPORTED)


def test_names_of_files(writer: Writer) -> None:
    assert writer.ask("insert", "Leads", ROWS, file_names=["rows.csv"]).status_code == 201
    check(writer.ask("insert", "Leads", ROWS, file_names=["row.csv"]), "FILE_NOT_FOUND")
    check(writer.ask("insert", "Leads", ROWS, file_names="rows.csv"), "INVALID_DATA")


def test_so_many_rows_and_columns(writer: Writer) -> None:
    writer.zoho.knobs(bulk_write_rows=2)
    assert writer.ask("insert", "Leads", [*ROWS, ROWS[1]]).status_code == 201
    check(writer.ask("insert", "Leads", [*ROWS, ROWS[1], ROWS[1]]), "LIMIT_EXCEEDED")
    more = [f"More {number}" for number in range(197)]
    assert writer.ask("insert", "Leads", [[*ROWS[0], *more], ROWS[1]]).status_code == 201
    answer = writer.ask("insert", "Leads", [[*ROWS[0], *more, "x"], ROWS[1]])
    check(answer, "HEADER_LIMIT_EXCEEDED")


# --- Mappings


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ["insert", "upsert"])
def test_what_the_layout_asks_for_must_be_mapped(writer: Writer, version, operation) -> None:
    writer.version = version
    rows = [["Last_Name", "Email"], ["Ash", "ash@example.com"]]
    keys = {"find_by": "Email"} if operation == "upsert" else {}
    message = "All mandatory fields are not mapped for the layout [Company]"
    for mappings in (None, map_all("Last_Name", "Email")):
        answer = writer.ask(operation, "Leads", rows, field_mappings=mappings, **keys)
        check(answer, "MANDATORY_FIELDS_NOT_MAPPED", message)
    writer.zoho.knobs(bulk_write_layout_fields=False)
    assert writer.ask(operation, "Leads", rows, **keys).status_code == 201
    answer = writer.ask(operation, "Leads", [["Email"], ["ash@example.com"]], **keys)
    message = "All mandatory fields are not mapped for the layout [Last_Name]"
    check(answer, "MANDATORY_FIELDS_NOT_MAPPED", message)


def test_an_update_need_not_map_them(writer: Writer) -> None:
    rows = [["id", "Email"], ["1", "ash@example.com"]]
    assert writer.ask("update", "Leads", rows, find_by="id").status_code == 201
    # The key is another matter.
    check(
        writer.ask("update", "Leads", [["Email"], ["x@example.com"]], find_by="id"),
        "MANDATORY_FIELDS_NOT_MAPPED",
    )


@pytest.mark.parametrize(
    "name",
    [
        *("ast_Name", "Created_Time", "Modified_By", "Lead_Number", "Weighted_Budget"),
        *("Documents", "Pictures", "Record_Image", "Project_Details", "Team", "Tag"),
    ],
)
def test_fields_without_bulk_write(writer: Writer, name: str) -> None:
    mappings = map_all("Last_Name", "Company", name)
    answer = writer.ask("insert", "Leads", ROWS, field_mappings=mappings)
    check(answer, "INVALID_FIELD", f"invalid mapping. invalid api_name {name}.")


@pytest.mark.parametrize("index", [-1, 3, "0", True, 1.5])
def test_a_column_that_the_file_has_not(writer: Writer, index: object) -> None:
    mappings = [*map_all("Last_Name", "Company"), {"api_name": "Email", "index": index}]
    answer = writer.ask("insert", "Leads", ROWS, field_mappings=mappings)
    check(answer, "COLUMN_INDEX_NOT_FOUND")


def test_mappings_that_are_none(writer: Writer) -> None:
    def ask(*mappings: object):
        mapped = [*map_all("Last_Name", "Company"), *mappings]
        return writer.ask("insert", "Leads", ROWS, field_mappings=mapped)

    message = "required key index for field Email is not found in request body."
    check(ask({"api_name": "Email"}), "COLUMN_INDEX_NOT_FOUND", message)
    path = {"json_path": "$..api_name"}
    check(ask({"index": 2}), "MISSING_REQUIRED_KEY", details=path)
    check(ask("Email"), "INVALID_DATA")
    check(writer.ask("insert", "Leads", ROWS, field_mappings=[]), "INVALID_DATA")
    check(ask({"api_name": "Birth_Date", "index": 2, "format": "qqq"}), "INVALID_FORMAT")
    check(ask({"api_name": "Birth_Date", "index": 2, "format": "dd"}), "INVALID_FORMAT")


def test_a_lookup_needs_a_field_to_find_its_record_by(writer: Writer) -> None:
    def ask(**keys: object):
        mapping = {"api_name": "Recommended_By", "index": 2, **keys}
        mapped = [*map_all("Last_Name", "Company"), mapping]
        return writer.ask("insert", "Leads", ROWS, field_mappings=mapped)

    check(ask(), "MANDATORY_NOT_FOUND", "Required key find_by is not available")
    for name in ("id", "Email", "Full_Name"):
        assert ask(find_by=name).status_code == 201, name
    for name in ("Phone", "No_Such"):
        check(ask(find_by=name), "INVALID_FIELD")
    header = [["Last_Name", "Company", "Recommended_By"], ["Ash", "Ltd.", "1"]]
    check(writer.ask("insert", "Leads", header), "MANDATORY_NOT_FOUND")


@pytest.mark.parametrize("name", ["Phone", "No_Such", "External_Lead_ID"])
def test_records_are_found_by_unique_fields_only(writer: Writer, name: str) -> None:
    rows = [["Last_Name", "Company", name], ["Ash", "Ltd.", "1"]]
    check(writer.ask("upsert", "Leads", rows, find_by=name), "INVALID_FIELD")
    if name == "External_Lead_ID":
        writer.zoho.knobs(bulk_write_external_find_by=True)
        assert writer.ask("upsert", "Leads", rows, find_by=name).status_code == 201
