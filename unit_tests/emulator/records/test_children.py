"""Rows that belong to records, and orgs that are odd."""

import pytest

from zoho_emulator.records.render import build_rest_reader
from zoho_emulator.seed.org import build
from zoho_emulator.versions import VERSIONS

NOW = 1_800_000_000
CHILDREN = {
    "Quoted_Items": "Quotes",
    "Invoiced_Items": "Invoices",
    "Project_Details": "Leads",
    "Service_History": "Vehicles",
    "LeadsXProducts": "Leads",
    "VehiclesXContacts": "Vehicles",
    "DealHistory": "Deals",
    "Appointments_Rescheduled_History__s": "Appointments__s",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = build(tmp_path_factory.mktemp("org") / "org.db", rows=200, now=NOW)
    yield made
    made.close()


def read_rows(store, module: str, *columns: str) -> list[tuple]:
    table = store.org.modules[module]
    names = [table.fields[name].column if name in table.fields else name for name in columns]
    sql = f"select {', '.join(names)} from {table.table} order by id"
    return store.connection.execute(sql).fetchall()


# --- In the sample org


@pytest.mark.parametrize(("child", "parent"), CHILDREN.items())
def test_children_share_the_fate_of_their_parents(store, child, parent) -> None:
    module = store.org.modules[child]
    assert module.parent == parent
    states = dict(read_rows(store, parent, "id", "state"))
    link = store.find_parent_field(module).api_name
    found = read_rows(store, child, link, "state")
    assert {states[owner] for owner, _ in found} >= {0}
    assert all(state == states[owner] for owner, state in found if states[owner])
    removed = sum(1 for owner, state in found if state and not states[owner])
    assert removed * 10 < len(found)


@pytest.mark.parametrize("child", CHILDREN)
def test_ids_of_children_do_not_follow_their_parents(store, child) -> None:
    module = store.org.modules[child]
    parents = [row[0] for row in read_rows(store, child, store.find_parent_field(module).api_name)]
    assert parents != sorted(parents)
    assert len(parents) == len(read_rows(store, child, "id")) > 0


def test_line_items_of_a_document_are_numbered(store) -> None:
    numbers: dict[int, list[int]] = {}
    for parent, number in read_rows(store, "Quoted_Items", "Parent_Id", "Sequence_Number"):
        numbers.setdefault(parent, []).append(number)
    assert all(sorted(found) == [*range(1, len(found) + 1)] for found in numbers.values())
    assert len(numbers) == len(read_rows(store, "Quotes", "id"))


@pytest.mark.parametrize(("link", "one", "other"), [("LeadsXProducts", "Leads", "Products")])
def test_no_two_records_are_linked_twice(store, link, one, other) -> None:
    pairs = read_rows(store, link, one, other)
    assert len(set(pairs)) == len(pairs) > 0


def test_children_are_sized_by_their_parents_only(tmp_path) -> None:
    made = build(tmp_path / "org", rows=0, rows_by_module={"Quotes": 10, "Products": 5}, now=NOW)
    counts = made.count_rows()
    assert counts["Quoted_Items"]["live"] >= 10
    assert counts["Ordered_Items"]["live"] == counts["LeadsXProducts"]["live"] == 0
    made.close()
    with pytest.raises(ValueError, match="Quoted_Items"):
        build(tmp_path / "org", rows_by_module={"Quoted_Items": 5}, now=NOW)


def test_every_module_that_a_field_names_is_there(store) -> None:
    known = store.org.modules.keys() | {"users", "layouts", "profiles"}
    for module in store.org.modules.values():
        for field in module.fields.values():
            assert set(field.targets) <= known, (module.api_name, field.api_name)
            assert field.linking is None or field.linking in known, field.api_name


# --- While it runs


def test_rows_go_and_come_back_with_their_record(zoho) -> None:
    lead = zoho.truth("Project_Details")[0]["Parent_Id"]["id"]

    def number() -> int:
        return sum(row["Parent_Id"]["id"] == lead for row in zoho.truth("Project_Details"))

    before = number()
    zoho.control("DELETE", f"records/Leads?ids={lead}&type=recycle")
    assert number() == 0 < before
    zoho.control("POST", f"restore/Leads?ids={lead}")
    assert number() == before


def test_deletions_of_rows_are_listed_only_where_the_knob_says_so(zoho) -> None:
    item = zoho.truth("Quoted_Items")[0]["id"]
    zoho.control("DELETE", f"records/Quoted_Items?ids={item}&type=permanent")
    assert zoho.get("v8/Quoted_Items/deleted").status_code == 204
    zoho.knobs(child_deletes=True)
    listed = zoho.get("v8/Quoted_Items/deleted").json()["data"]
    gone = next(row for row in listed if row["id"] == item)
    assert (gone["display_name"], gone["type"]) == (None, "permanent")


def test_rows_of_a_subform_can_be_added_by_the_control_api(zoho) -> None:
    lead = zoho.get("v8/Leads", fields="id", per_page=1).json()["data"][0]["id"]
    row = {"Parent_Id": lead, "Project": "New", "Modified_Time": "2020-01-01T00:00:00+00:00"}
    (added,) = zoho.control("POST", "records/Project_Details", [row])["ids"]
    shown = zoho.get(f"v8/Leads/{lead}").json()["data"][0]["Project_Details"]
    assert added in [row["id"] for row in shown]
    zoho.control("DELETE", f"records/Project_Details?ids={added}&type=permanent")


def test_modules_can_be_kept_from_coql(zoho) -> None:
    query = "select id from Quoted_Items where id > 0"
    assert zoho.coql(query).status_code == 200
    zoho.knobs(coql_refused_modules=["Quoted_Items"])
    assert zoho.coql(query).json()["code"] == "INVALID_MODULE"


def test_an_aggregate_is_read_only(zoho) -> None:
    for method, path, body in (
        ("POST", "records/Activities", {"Subject": "x"}),
        ("POST", "fields/Activities", {"api_name": "X"}),
        ("DELETE", "modules/Tasks", None),
    ):
        with pytest.raises(RuntimeError, match=r"Activities|Tasks"):
            zoho.control(method, path, body)
    zoho.knobs(churn=1)
    assert zoho.get("v2/Activities").status_code == 200


def test_somebody_can_work_in_every_module_meanwhile(zoho) -> None:
    zoho.knobs(churn=1)
    for name, count in zoho.control("GET", "counts").items():
        if count["live"]:
            assert zoho.get(f"v8/{name}", fields="id", per_page=1).status_code == 200, name


# --- Odd orgs


@pytest.fixture
def odd(zoho):
    """Plants fields in a module of its own."""

    def plant(*fields: dict, **module: object) -> None:
        zoho.control("POST", "modules", {"api_name": "Odd", "fields": list(fields), **module})

    yield plant
    zoho.control("DELETE", "modules/Odd")


def read_description(zoho, name: str) -> dict:
    fields = zoho.get("v8/settings/fields", module="Odd").json()["fields"]
    return next(field for field in fields if field["api_name"] == name)


def test_a_field_of_an_unknown_type_keeps_its_values(zoho, odd) -> None:
    odd({"api_name": "State", "data_type": "quantum", "like": "text"})
    zoho.control("POST", "records/Odd", {"Name": "x", "State": "both"})
    assert read_description(zoho, "State")["data_type"] == "quantum"
    (row,) = zoho.get("v8/Odd", fields="State").json()["data"]
    assert row["State"] == "both"
    assert zoho.coql("select State from Odd where id > 0").json()["data"] == [row]
    refused = zoho.coql("select id from Odd where State = 'both'").json()
    assert refused["code"] == "INVALID_QUERY"


def test_metadata_can_lack_keys_and_share_labels(zoho, odd) -> None:
    odd(
        {"api_name": "A", "label": "Same", "hidden_keys": ["data_type", "json_type", "length"]},
        {"api_name": "B", "label": "Same"},
    )
    first, second = read_description(zoho, "A"), read_description(zoho, "B")
    assert {"data_type", "json_type", "length"}.isdisjoint(first)
    assert "data_type" in second
    assert first["field_label"] == second["field_label"] == "Same"


@pytest.mark.parametrize("name", ["from", "Order", "limit", "External"])
def test_words_of_coql_can_be_names_of_fields(zoho, odd, name) -> None:
    odd({"api_name": name})
    zoho.control("POST", "records/Odd", {"Name": "x", name: "value"})
    (row,) = zoho.get("v8/Odd", fields=name).json()["data"]
    assert row[name] == "value"
    assert zoho.coql(f"select '{name}' from Odd where id > 0").json()["data"] == [row]


@pytest.mark.parametrize("returned", ["null", "absent"])
def test_modified_time_can_be_listed_and_not_returned(zoho, odd, returned) -> None:
    odd()
    zoho.control("POST", "records/Odd", [{"Name": "a"}, {"Name": "b"}])
    zoho.control("PATCH", "fields/Odd/Modified_Time", {"returned": returned})
    zoho.control("POST", "records/Odd", {"Name": "c"})
    assert read_description(zoho, "Modified_Time")["data_type"] == "datetime"
    params = {"fields": "Name,Modified_Time", "per_page": 2, "sort_by": "Modified_Time"}
    page = zoho.get("v8/Odd", **params).json()
    token = page["info"]["next_page_token"]
    found = page["data"] + zoho.get("v8/Odd", **params, page_token=token).json()["data"]
    assert sorted(row["Name"] for row in found) == ["a", "b", "c"]
    expected = {"Modified_Time": None} if returned == "null" else {}
    assert all(row.keys() - {"id", "Name"} == expected.keys() for row in found)
    rows = zoho.coql("select Name, Modified_Time from Odd where id > 0").json()["data"]
    assert all(row.keys() - {"id", "Name"} == expected.keys() for row in rows)
    since = "Modified_Time > '2000-01-01T00:00:00+00:00'"
    assert zoho.coql(f"select Name from Odd where {since}").status_code == 204
    header = {"If-Modified-Since": "2000-01-01T00:00:00+00:00"}
    assert zoho.get("v8/Odd", fields="id", headers=header).status_code == 304


def test_a_module_can_be_without_fields(zoho, odd) -> None:
    odd(bare=True)
    assert zoho.get("v8/settings/fields", module="Odd").status_code == 204
    assert zoho.get("v8/Odd", fields="id").status_code == 204
    assert zoho.get("v8/settings/modules/Odd").status_code == 200
    assert zoho.coql("select id from Odd where id > 0").json()["code"] == "INVALID_MODULE"


def test_a_module_with_a_thousand_fields_can_be_read(tmp_path) -> None:
    made = build(tmp_path / "org", rows=20, fields_by_module={"Deals": 1_000}, now=NOW)
    deals = made.org.modules["Deals"]
    reader = build_rest_reader(
        made, deals, list(deals.fields.values()), VERSIONS["v2.1"], system_keys=()
    )
    row = reader.row(made.connection.execute(reader.select).fetchone())
    assert len(row) == len(deals.fields) == 1_000
    made.close()
