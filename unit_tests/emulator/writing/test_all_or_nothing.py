"""A record that is refused leaves nothing behind, however late it is refused."""

import pytest

VERSIONS = {
    "v2": "Product_Details",
    "v2.1": "Quoted_Items",
    "v4": "Quoted_Items",
    "v8": "Quoted_Items",
}
TOO_MANY = 10**15
KEYS = {"Product_Name": "product", "Quantity": "quantity", "List_Price": "list_price"}


@pytest.fixture
def quote(zoho):
    """A quote's record with one line item, in words of a version."""
    zoho.control("POST", "records/Products", {"Product_Name": "dear", "Unit_Price": 20.0})
    product = next(row for row in zoho.truth("Products") if row["Product_Name"] == "dear")["id"]

    def build(version, subject, **item):
        item = {"Product_Name": {"id": product}, "List_Price": 20, **item}
        if version == "v2":
            item = {KEYS.get(name, name): value for name, value in item.items()}
        return {"Subject": subject, VERSIONS[version]: [item]}

    return build


@pytest.fixture
def write(zoho):
    def write(method, path, *records):
        answer = zoho.call(method, path, json={"data": list(records)})
        return answer.json()["data"]

    return write


def read_all(zoho):
    """What an org has of quotes, and of what their writing adds."""
    modules = ("Quotes", "Quoted_Items")
    return {name: zoho.truth(name) for name in modules} | {"fired": zoho.control("GET", "fired")}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", ["Quotes", "Quotes/upsert"])
def test_a_new_record_whose_total_is_too_long_is_not_there(
    zoho, quote, write, version, path
) -> None:
    before = read_all(zoho)
    (item,) = write("POST", f"{version}/{path}", quote(version, "x", Quantity=TOO_MANY))
    assert (item["code"], item["details"]["api_name"]) == ("INVALID_DATA", "Total")
    assert read_all(zoho) == before


@pytest.mark.parametrize("version", VERSIONS)
def test_a_record_whose_total_becomes_too_long_is_as_it_was(zoho, quote, write, version) -> None:
    (item,) = write("POST", f"{version}/Quotes", quote(version, "x", Quantity=1))
    before = read_all(zoho)
    changed = quote(version, "changed", Quantity=TOO_MANY) | {"id": item["details"]["id"]}
    (item,) = write("PUT", f"{version}/Quotes", changed)
    assert (item["code"], item["details"]["api_name"]) == ("INVALID_DATA", "Total")
    assert read_all(zoho) == before


def test_the_records_beside_it_are_written_and_numbered_without_a_gap(zoho, quote, write) -> None:
    names = ("first", "refused", "second")
    items = write(
        "POST",
        "v8/Quotes",
        *(quote("v8", name, Quantity=TOO_MANY if name == "refused" else 1) for name in names),
    )
    assert [item["code"] for item in items] == ["SUCCESS", "INVALID_DATA", "SUCCESS"]
    written = {row["Subject"]: row["Quote_Number"] for row in zoho.truth("Quotes")}
    assert "refused" not in written
    first, second = (int(written[name].removeprefix("Q-")) for name in ("first", "second"))
    assert second == first + 1


def test_a_refused_upsert_is_no_record_that_the_next_one_finds(zoho, quote, write) -> None:
    """A call does not see its own new records unless a knob says so."""
    zoho.knobs(batch_sees_itself=True)
    number = {"duplicate_check_fields": ["Subject"]}
    records = [quote("v8", "same", Quantity=TOO_MANY), quote("v8", "same", Quantity=1)]
    answer = zoho.call("POST", "v8/Quotes/upsert", json={"data": records, **number})
    assert [item.get("action") for item in answer.json()["data"]] == [None, "insert"]


def test_options_that_a_refused_record_or_its_rows_name_join_no_picklist(
    zoho, quote, write
) -> None:
    kind = {"api_name": "Kind", "data_type": "picklist", "pick_list": ["New"]}
    zoho.control("POST", "fields/Quoted_Items", kind)

    def options(module, name):
        fields = zoho.get("v8/settings/fields", module=module).json()["fields"]
        (known,) = (field for field in fields if field["api_name"] == name)
        return [option["display_value"] for option in known["pick_list_values"]]

    def both():
        return options("Quotes", "Carrier"), options("Quoted_Items", "Kind")

    before = both()
    for quantity, status in ((TOO_MANY, "error"), (1, "success")):
        record = quote("v8", "x", Quantity=quantity, Kind="Used") | {"Carrier": "By hand"}
        assert both() == before
        assert write("POST", "v8/Quotes", record)[0]["status"] == status
    assert both() == (before[0] + ["By hand"], before[1] + ["Used"])


def test_tags_of_a_refused_record_are_not_made(zoho, write) -> None:
    def tags():
        return zoho.get("v8/settings/tags", module="Leads").json()["tags"]

    before = tags()
    record = {"Last_Name": "x", "Tag": [{"name": "of a refused lead"}], "Email": "no address"}
    assert write("POST", "v8/Leads", record)[0]["status"] == "error"
    assert tags() == before
    assert write("POST", "v8/Leads", record | {"Email": "a@example.com"})[0]["status"] == "success"
    assert len(tags()) == len(before) + 1
