"""What is in a result: every value of every row, as the control API knows it."""

import pytest

from zoho_emulator.bulk.columns import Column
from zoho_emulator.bulk.result_csv import compile_cells
from zoho_emulator.store.model import Field

#: Data types that no CSV of the module has.
NOT_EXPORTED = ("profileimage", "fileupload", "imageupload", "consent_lookup")


def show_cell(value: object) -> str:
    """A value of a v8 list as a cell of CSV."""
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return str(value["id"])
    if isinstance(value, list):
        return ";".join(read_name(item) if isinstance(item, dict) else item for item in value)
    return str(value)


def read_name(item: dict[str, object]) -> str:
    """Of a tag, or of a territory."""
    return str(item.get("name", item.get("Name")))


def list_exported_fields(zoho, module: str) -> list[str]:
    fields = zoho.get("v8/settings/fields", module=module).json()["fields"]
    truth = zoho.truth(module)[0]
    return [
        field["api_name"]
        for field in fields
        if field["data_type"] not in NOT_EXPORTED
        and field["api_name"] in truth
        and field["api_name"] != "id"
    ]


@pytest.mark.parametrize("module", ["Leads", "Accounts", "Deals"])
def test_every_row_and_value_is_in_the_result(bulk, module) -> None:
    names = list_exported_fields(bulk.zoho, module)
    assert len(names) > 30
    rows = {row["Id"]: row for row in bulk.export(module, *names)}
    truth = bulk.zoho.truth(module)
    assert len(rows) == len(truth)
    for record in truth:
        row = rows[record["id"]]
        assert list(row) == ["Id", *names]
        assert row == {"Id": record["id"]} | {name: show_cell(record[name]) for name in names}


def test_converted_leads_are_among_the_rows_and_deleted_ones_are_not(bulk) -> None:
    rows = {row["Id"]: row for row in bulk.export("Leads", "$converted")}
    counts = bulk.zoho.control("GET", "counts")["Leads"]
    assert len(rows) == counts["live"] + counts["converted"]
    assert sum(row["$converted"] == "true" for row in rows.values()) == counts["converted"]


@pytest.mark.parametrize(
    "text",
    [
        'He said "no", twice',
        "first line\nsecond line",
        "first line\r\nsecond, line",
        "carriage\rreturn",
        " spaces ",
        "Grüße, 世界 🙂",
        "'",
        "=1+1",
    ],
)
def test_text_survives_the_csv(bulk, text) -> None:
    zoho = bulk.zoho
    row = {"Account_Name": text, "Phone": "1", "Description": text}
    (record_id,) = zoho.control("POST", "records/Accounts", row)["ids"]
    criteria = {"field": {"api_name": "id"}, "comparator": "equal", "value": record_id}
    rows = bulk.export("Accounts", "Account_Name", "Phone", "Description", criteria=criteria)
    zoho.control("DELETE", f"records/Accounts?ids={record_id}&type=permanent")
    assert rows == [{"Id": record_id, **row}]


def test_rich_text_is_whole_where_a_list_cuts_it(bulk) -> None:
    zoho = bulk.zoho
    text = "<p>" + "word " * 400 + "</p>"
    lead = {"Last_Name": "Long", "Company": "Long", "Profile": text}
    (record_id,) = zoho.control("POST", "records/Leads", lead)["ids"]
    criteria = {"field": {"api_name": "id"}, "comparator": "equal", "value": record_id}
    rows = bulk.export("Leads", "Profile", criteria=criteria)
    zoho.control("DELETE", f"records/Leads?ids={record_id}&type=permanent")
    assert rows == [{"Id": record_id, "Profile": text}]


def test_a_dot_leads_to_a_field_of_the_record_looked_up(bulk) -> None:
    names = ("Account_Name", "Account_Name.Account_Name", "Account_Name.Phone", "Owner.last_name")
    accounts = {row["id"]: row for row in bulk.zoho.truth("Accounts")}
    owners = {user["id"]: user["last_name"] for user in bulk.zoho.get("v8/users").json()["users"]}
    deals = {row["id"]: row for row in bulk.zoho.truth("Deals")}
    rows = bulk.export("Deals", *names)
    assert len(rows) == len(deals)
    for row in rows:
        deal = deals[row["Id"]]
        account = accounts.get((deal["Account_Name"] or {}).get("id"), {})
        assert row == {
            "Id": deal["id"],
            "Account_Name": account.get("id", ""),
            "Account_Name.Account_Name": account.get("Account_Name", ""),
            "Account_Name.Phone": account.get("Phone") or "",
            "Owner.last_name": owners[deal["Owner"]["id"]],
        }


def test_the_id_comes_first_and_once(bulk) -> None:
    job = bulk.create("Deals", "Stage", "id", "Deal_Name", "Stage")
    rows = bulk.rows(job)
    assert list(rows[0]) == ["Id", "Stage", "Deal_Name"]


def test_an_export_without_rows_is_its_header(bulk) -> None:
    criteria = {"field": {"api_name": "Stage"}, "comparator": "equal", "value": "None such"}
    assert bulk.export("Deals", "Stage", criteria=criteria) == []


def test_times_carry_the_offset_of_the_org(bulk) -> None:
    bulk.zoho.knobs(time_zone="Asia/Kolkata")
    rows = bulk.export("Deals", "Created_Time")
    bulk.zoho.knobs(time_zone="America/Los_Angeles")
    assert {row["Created_Time"][-6:] for row in rows} == {"+05:30"}


@pytest.mark.parametrize(
    ("data_type", "stored", "written"),
    [
        ("boolean", 0, "false"),
        ("boolean", None, None),
        ("double", 5.0, 5),
        ("double", -0.125, -0.125),
        ("currency", 123_456_789_012.34, 123_456_789_012.34),
        ("datetime", 0, "1970-01-01T01:00:00+01:00"),
        ("bigint", 999_999_999_999_999_999, 999_999_999_999_999_999),
        ("lookup", 8_009_622_000_000_002_178, 8_009_622_000_000_002_178),
    ],
)
def test_a_cell(data_type: str, stored: object, written: object) -> None:
    column = Column("F", Field(1, "F", "F", data_type, "c1"), "m.c1")
    assert compile_cells([column], "Europe/Berlin")((7, stored)) == (7, written)


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_every_module_is_exported_or_refused_by_name(bulk, version) -> None:
    bulk.version = version
    modules = bulk.zoho.get(f"{version}/settings/modules").json()["modules"]
    exported = set()
    for module in (row["api_name"] for row in modules):
        answer = bulk.post(bulk.query(module, "id"))
        if answer.status_code == 201:
            rows = bulk.rows(answer.json()["data"][0]["details"]["id"])
            truth = bulk.zoho.truth(module)
            assert sorted(row["Id"] for row in rows) == sorted(row["id"] for row in truth), module
            exported.add(module)
        else:
            code = answer.json().get("code")
            assert code in ("MODULE_NOT_SUPPORTED", "NO_PERMISSION"), (module, answer.text)
    assert {"Leads", "Accounts", "Contacts", "Deals", "Products", "Vehicles"} <= exported


@pytest.mark.parametrize("separator", [";", ","])
def test_what_joins_options_and_tags_is_a_knob(bulk, separator: str) -> None:
    bulk.zoho.knobs(bulk_list_separator=separator)
    cells = {row["Id"]: row for row in bulk.export("Leads", "Interests", "Tag")}
    several = 0
    for row in bulk.zoho.truth("Leads"):
        options, tags = row["Interests"] or [], [tag["name"] for tag in row["Tag"]]
        assert cells[row["id"]]["Interests"] == separator.join(options)
        assert cells[row["id"]]["Tag"] == separator.join(tags)
        several += len(options) > 1 and len(tags) > 1
    assert several
