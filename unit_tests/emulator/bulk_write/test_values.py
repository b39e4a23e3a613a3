"""Cells of a CSV, and the values that records hold of them."""

import pytest

from unit_tests.emulator.bulk_write.conftest import Writer, write_csv
from zoho_emulator.bulk_write.formats import read_format
from zoho_emulator.errors import ZohoError

BASE = {"Last_Name": "Ash", "Company": "Ltd."}


def write_value(writer: Writer, name: str, text: str, **keys: object) -> object:
    """What a lead holds of the text, or the error of its row."""
    header = [*BASE, name]
    mappings = [{"api_name": label, "index": place} for place, label in enumerate(BASE)]
    mappings.append({"api_name": name, "index": 2, **keys})
    rows = [header, [*BASE.values(), text]]
    (row,) = writer.write("insert", "Leads", rows, field_mappings=mappings)
    if row["STATUS"] != "added":
        assert row["STATUS"] == "skipped"
        assert row["RECORD_ID"] == ""
        return row["ERRORS"]
    assert row["ERRORS"] == ""
    return writer.read("Leads", row["RECORD_ID"])[name]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("City", " São Paulo, “north”\nside ", " São Paulo, “north”\nside "),
        ("Lead_Source", "Brand new", "Brand new"),
        ("Lead_Score", "-12", -12),
        ("Lead_Score", "1,234", 1234),
        ("Lead_Score", "1234567890", "INVALID_DATA-Lead_Score"),
        ("Lead_Score", "1.5", "INVALID_DATA-Lead_Score"),
        ("Lead_Score", "12,34", "INVALID_DATA-Lead_Score"),
        ("Lead_Score", "many", "INVALID_DATA-Lead_Score"),
        ("Legacy_Number", "123456789012345678", "123456789012345678"),
        ("Rating_Factor", "0.25", 0.25),
        ("Rating_Factor", "nan", "INVALID_DATA-Rating_Factor"),
        ("Budget", "1,234,567.891", 1234567.89),
        ("Discount", "12.5", 12.5),
        ("Newsletter", "TRUE", True),
        ("Newsletter", "false", False),
        ("Newsletter", "yes", "INVALID_DATA-Newsletter"),
        ("Email", "no address", "INVALID_DATA-Email"),
        ("Interests", "Training; New one", ["Training", "New one"]),
        ("City", "x" * 300, "INVALID_DATA-City"),
    ],
)
def test_a_cell_is_read_as_its_field_says(writer: Writer, name, text, value) -> None:
    assert write_value(writer, name, text) == value


def test_new_options_are_added(writer: Writer) -> None:
    write_value(writer, "Interests", "Knitting;Chess")
    write_value(writer, "Lead_Source", "Carrier pigeon")
    fields = writer.zoho.get("v8/settings/fields", module="Leads").json()["fields"]
    options = {
        field["api_name"]: {option["display_value"] for option in field["pick_list_values"]}
        for field in fields
    }
    assert options["Interests"] >= {"Knitting", "Chess"}
    assert "Carrier pigeon" in options["Lead_Source"]


# --- Dates


@pytest.mark.parametrize(
    ("text", "keys", "value"),
    [
        ("02/29/2024", {}, "2024-02-29"),
        ("2024-02-29", {}, "INVALID_DATA-Birth_Date"),
        ("02/30/2024", {}, "INVALID_DATA-Birth_Date"),
        ("2024-02-29", {"format": "yyyy-MM-dd"}, "2024-02-29"),
        ("29.2.24", {"format": "d.M.yy"}, "2024-02-29"),
        ("29-Feb-2024", {"format": "dd-MMM-yyyy"}, "2024-02-29"),
        ("02/29/2024", {"format": "yyyy-MM-dd"}, "INVALID_DATA-Birth_Date"),
    ],
)
def test_dates(writer: Writer, text, keys, value) -> None:
    assert write_value(writer, "Birth_Date", text, **keys) == value


@pytest.mark.parametrize(
    ("text", "keys", "value"),
    [
        # Half an hour before New Year in Calcutta.
        ("12/31/2023 23:30:00", {}, "2023-12-31T18:00:00+00:00"),
        ("2023-12-31 23:30:00", {"format": "yyyy-MM-dd HH:mm:ss"}, "2023-12-31T18:00:00+00:00"),
        ("2023-12-31 11:30 PM", {"format": "yyyy-MM-dd hh:mm a"}, "2023-12-31T18:00:00+00:00"),
        (
            "2023-12-31T23:30:00+02:00",
            {"format": "yyyy-MM-dd'T'HH:mm:ssXXX"},
            "2023-12-31T21:30:00+00:00",
        ),
        ("2023-12-31T23:30:00+02:00", {}, "INVALID_DATA-Next_Call"),
        ("12/31/2023", {}, "INVALID_DATA-Next_Call"),
    ],
)
def test_datetimes_are_in_the_time_zone_of_the_user(writer: Writer, text, keys, value) -> None:
    writer.zoho.knobs(time_zone="UTC", user_time_zone="Asia/Kolkata")
    users = writer.zoho.get("v8/users", type="CurrentUser").json()["users"]
    assert users[0]["time_zone"] == "Asia/Kolkata"
    assert write_value(writer, "Next_Call", text, **keys) == value


@pytest.mark.parametrize(
    ("forms", "text", "value"),
    [
        ("iso", "2023-12-31 23:30:00", "2023-12-31T23:30:00+00:00"),
        ("iso", "2023-12-31T23:30:00+02:00", "2023-12-31T21:30:00+00:00"),
        ("iso", "12/31/2023 23:30:00", "INVALID_DATA-Next_Call"),
        ("both", "2023-12-31T23:30:00+02:00", "2023-12-31T21:30:00+00:00"),
        ("both", "12/31/2023 23:30:00", "2023-12-31T23:30:00+00:00"),
    ],
)
def test_forms_without_a_format_are_a_knob(writer: Writer, forms, text, value) -> None:
    writer.zoho.knobs(time_zone="UTC", bulk_write_dates=forms)
    assert write_value(writer, "Next_Call", text) == value


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss", "2024-02-29T10:11:12", "2024-02-29T10:11:12"),
        ("yyyyMMdd", "20240229", "2024-02-29T00:00:00"),
        ("'on' dd/MM/yyyy", "on 29/02/2024", "2024-02-29T00:00:00"),
        ("yyyy''MM''dd", "2024'02'29", "2024-02-29T00:00:00"),
        ("yyyy%MM%dd", "2024%02%29", "2024-02-29T00:00:00"),
    ],
)
def test_a_format_is_a_pattern_of_java(pattern, text, value) -> None:
    assert read_format(pattern)(text).isoformat() == value


@pytest.mark.parametrize("pattern", ["", "dd.MM.", "yyyy-qq", "yyyy-MMMMM", "yyyy 'open"])
def test_other_texts_are_no_formats(pattern: str) -> None:
    with pytest.raises(ZohoError, match="INVALID_FORMAT"):
        read_format(pattern)


# --- Lookups and users


def test_lookups_are_found_by_what_the_mapping_says(writer: Writer) -> None:
    contact = writer.zoho.truth("Contacts")[0]
    for name, text in (("id", contact["id"]), ("Full_Name", contact["Full_Name"])):
        found = write_value(writer, "Recommended_By", str(text), find_by=name)
        assert isinstance(found, dict)
        assert found["name"] == contact["Full_Name"]
    answer = write_value(writer, "Recommended_By", "Nobody At All", find_by="Full_Name")
    assert answer == "INVALID_DATA-Recommended_By"


def test_a_lookup_to_several_modules_may_name_one(writer: Writer) -> None:
    account, deal = (writer.zoho.truth(name)[0]["id"] for name in ("Accounts", "Deals"))
    for record_id in (account, deal):
        found = write_value(writer, "Related_To", str(record_id), find_by="id")
        assert isinstance(found, dict)
        assert found["id"] == record_id
    keys = {"find_by": "id", "module": "Accounts"}
    assert write_value(writer, "Related_To", str(deal), **keys) == "INVALID_DATA-Related_To"


def test_users_are_found_by_id_or_email(writer: Writer) -> None:
    users = writer.zoho.get("v8/users", type="ActiveUsers").json()["users"]
    user = users[1]
    for keys in ({"find_by": "email"}, {"find_by": "id"}, {}):
        text = user["email"] if keys.get("find_by") == "email" else user["id"]
        owner = write_value(writer, "Owner", text, **keys)
        assert isinstance(owner, dict)
        assert owner["id"] == user["id"]
    answer = write_value(writer, "Owner", "nobody@example.com", find_by="email")
    assert answer == "INVALID_DATA-Owner"


def test_a_header_names_fields_and_what_lookups_are_found_by(writer: Writer) -> None:
    user = writer.zoho.get("v8/users", type="ActiveUsers").json()["users"][1]
    contact = writer.zoho.truth("Contacts")[0]
    header = ["Company", "Recommended_By.Full_Name", "Last_Name", "Owner.email", "No_Such"]
    rows = [header, ["Ltd.", contact["Full_Name"], "Ash", user["email"], "x"]]
    job = writer.finish(writer.create("insert", "Leads", rows))
    (row,) = writer.tell(job)
    shown = {mapping["api_name"]: mapping for mapping in job["resource"][0]["field_mappings"]}
    assert shown["Owner"] == {"api_name": "Owner", "index": 3, "find_by": "email"}
    assert shown.keys() == {"Company", "Recommended_By", "Last_Name", "Owner"}
    lead = writer.read("Leads", row["RECORD_ID"])
    assert lead["Recommended_By"]["name"] == contact["Full_Name"]
    assert lead["Owner"]["email"] == user["email"]
    assert list(row)[:3] == header[:3]


def test_an_activity_is_about_the_record_that_its_lookup_names(writer: Writer) -> None:
    deal = writer.zoho.truth("Deals")[0]
    rows = [["Subject", "What_Id.id"], ["Call back", deal["id"]]]
    (row,) = writer.write("insert", "Tasks", rows)
    task = writer.read("Tasks", row["RECORD_ID"])
    assert (task["What_Id"]["id"], task["$se_module"]) == (deal["id"], "Deals")


# --- Defaults, layouts, empty cells


def test_a_default_stands_for_empty_cells_or_for_all(writer: Writer) -> None:
    mappings = [
        {"api_name": "Last_Name", "index": 0, "default_value": {"value": "Nameless"}},
        {"api_name": "Company", "default_value": {"value": "Ltd."}},
        {"api_name": "Newsletter", "default_value": {"value": True}},
    ]
    rows = [["x", "y"], ["Ash", ""], ["", "y"]]
    told = writer.write("insert", "Leads", rows, field_mappings=mappings)
    leads = [writer.read("Leads", row["RECORD_ID"]) for row in told]
    assert [lead["Last_Name"] for lead in leads] == ["Ash", "Nameless"]
    assert {(lead["Company"], lead["Newsletter"]) for lead in leads} == {("Ltd.", True)}


@pytest.mark.parametrize("layout", [{"default_value": {"value": "1"}}, {"index": 2}])
def test_a_wrong_layout_is_the_default_one(writer: Writer, layout: dict[str, object]) -> None:
    (row,) = writer.write(
        *("insert", "Leads", [[*BASE, "x"], [*BASE.values(), "no layout"]]),
        field_mappings=[
            *({"api_name": name, "index": place} for place, name in enumerate(BASE)),
            {"api_name": "Layout", **layout},
        ],
    )
    assert writer.read("Leads", row["RECORD_ID"])["Layout"]["name"] == "Standard"


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
@pytest.mark.parametrize("place", ["top", "resource", None])
def test_empty_cells_empty_fields_unless_they_are_ignored(writer: Writer, version, place) -> None:
    writer.version = version
    rows = [[*BASE, "City"], [*BASE.values(), "Rome"]]
    (old,) = writer.write("insert", "Leads", rows)
    body = {"ignore_empty": True} if place == "top" else {}
    keys = {"ignore_empty": True} if place == "resource" else {}
    rows = [["id", "City", "Phone"], [old["RECORD_ID"], "", "12"]]
    (row,) = writer.write("update", "Leads", rows, find_by="id", body=body, **keys)
    assert row["STATUS"] == "updated"
    lead = writer.read("Leads", old["RECORD_ID"])
    assert (lead["City"], lead["Phone"]) == ("Rome" if place else None, "12")


# --- Files


@pytest.mark.parametrize("delimiter", [",", ";", ":", "|"])
def test_the_header_shows_the_delimiter(writer: Writer, delimiter: str) -> None:
    rows = [["Last_Name", "Company"], ["Ash,;:|", "Ltd."]]
    (row,) = writer.write("insert", "Leads", {"a.csv": write_csv(rows, delimiter=delimiter)})
    assert row["Last_Name"] == "Ash,;:|"


@pytest.mark.parametrize(
    ("content", "given", "encoding"),
    [
        ("Last_Name,Company\nÁsh,Ltd.\n".encode(), None, "UTF-8"),
        ("\ufeffLast_Name,Company\nÁsh,Ltd.\n".encode(), None, "UTF-8"),
        ("Last_Name,Company\nÁsh,Ltd.\n".encode("latin-1"), None, "ISO-8859-1"),
        ("Last_Name,Company\nÁsh,Ltd.\n".encode("utf-16"), "UTF-16", "UTF-16"),
        ("Last_Name,Company\r\n\r\nÁsh,Ltd.".encode(), "utf8", "UTF-8"),
    ],
)
def test_encodings(writer: Writer, content: bytes, given: str | None, encoding: str) -> None:
    body = {"character_encoding": given}
    job = writer.finish(writer.create("insert", "Leads", {"a.csv": content}, body=body))
    assert job["character_encoding"] == encoding
    (row,) = writer.tell(job)
    assert (row["Last_Name"], row["STATUS"]) == ("Ásh", "added")


def test_an_encoding_that_is_none(writer: Writer) -> None:
    answer = writer.ask("insert", "Leads", [["x"]], body={"character_encoding": "UTF-9"})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_DATA")


def test_a_short_row_has_empty_cells(writer: Writer) -> None:
    content = "Last_Name,Company,City\r\nAsh,Ltd.\r\nElm\r\n"
    rows = writer.write("insert", "Leads", {"a.csv": content})
    assert [row["ERRORS"] for row in rows] == ["", "MANDATORY_NOT_FOUND-Company"]


def test_a_file_may_have_no_rows(writer: Writer) -> None:
    job = writer.finish(writer.create("insert", "Leads", [["Last_Name", "Company"]]))
    assert writer.tell(job) == []
    assert job["resource"][0]["file"]["total_count"] == 0
