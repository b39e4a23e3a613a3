"""Links of records that are there: multi-select and multi-user lookups, by the linking module."""

import json
import re
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.destination.conftest import Json, Org, Result, mapping, row, state, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")
WANTED = "Products_Wanted"


def write_leads(
    org: Org, rows: list[Json], *, rows_: str | None = None, by: str = "id", **config: Any
) -> Result:
    """Updates by the id, or upserts by another key."""
    columns = dict.fromkeys(name for one in rows for name in one)
    operation = "update" if by == "id" else "upsert"
    entry = mapping("Leads", "Leads", operation, by) | ({"rows": rows_} if rows_ else {})
    return org.write(stream("Leads", *columns), rows, mappings=[entry], **config)


def products(org: Org, number: int) -> list[str]:
    return [
        org.add("Products", Product_Name=f"P-{n}", Product_Code=f"C-{n}") for n in range(number)
    ]


def add_lead(org: Org, *ends: str, **values: object) -> str:
    lead = org.add("Leads", **{"Last_Name": "L", **values})
    for end in ends:
        org.add("LeadsXProducts", Leads={"id": lead}, Products={"id": end})
    return lead


def linked(
    org: Org, lead: str, module: str = "LeadsXProducts", other: str = "Products"
) -> list[str]:
    """What the lead is linked with; a double link shows twice."""
    links = [one for one in org.records(module) if one["Leads"]["id"] == lead]
    return [link[other]["id"] for link in links]


def link_ids(org: Org, lead: str) -> list[str]:
    return [one["id"] for one in org.records("LeadsXProducts") if one["Leads"]["id"] == lead]


def queries(org: Org) -> int:
    """Without the one that shows whether Zoho takes them."""
    return org.calls("coql") - 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("by", ["id", "Email"])
def test_a_list_replaces_the_links_of_a_record(org: Org, version: str, by: str) -> None:
    one, two, three = products(org, 3)
    lead = add_lead(org, one, two, Email="l@example.com")
    kept = link_ids(org, lead)[1]
    key = {"id": lead} if by == "id" else {"Email": "l@example.com", "Last_Name": "L"}

    result = write_leads(org, [{**key, WANTED: [three, two]}], by=by, schema_version=version)

    assert result.counts() == {"updated": 1}
    assert sorted(linked(org, lead)) == sorted([two, three])
    # What stays is left alone, with all that hangs on it.
    assert kept in link_ids(org, lead)
    assert result.said("Links: Leads: Products_Wanted: 1 added, 1 removed, 1 left")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_mapping_that_appends_removes_nothing(org: Org, version: str) -> None:
    one, two = products(org, 2)
    lead = add_lead(org, one)

    result = write_leads(org, [{"id": lead, WANTED: [two]}], rows_="append", schema_version=version)

    assert result.counts() == {"updated": 1}
    assert sorted(linked(org, lead)) == sorted([one, two])


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_links_records_that_it_makes(org: Org, version: str) -> None:
    ends = products(org, 2)
    rows = [{"Email": "new@example.com", "Last_Name": "N", WANTED: ends}]

    result = write_leads(org, rows, by="Email", schema_version=version)

    assert result.counts() == {"created": 1}
    assert sorted(linked(org, org.record("Leads", Last_Name="N")["id"])) == sorted(ends)
    # A record that has just been made has no links, so none are looked for.
    assert queries(org) == 0


@pytest.mark.parametrize("rows_", ["replace", "append"])
def test_the_same_input_twice_writes_nothing_the_second_time(org: Org, rows_: str) -> None:
    leads = [add_lead(org) for _ in range(3)]
    ends = products(org, 4)
    rows = [{"id": lead, WANTED: ends} for lead in leads]

    first = write_leads(org, rows, rows_=rows_)
    org.control("POST", "reset", {})
    second = write_leads(org, rows, rows_=rows_)

    assert (first.counts(), second.counts()) == ({"updated": 3}, {"unchanged": 3})
    assert [org.calls(name) for name in ("insert", "update", "delete")] == [0, 0, 0]
    assert second.said("0 added, 0 removed, 12 left")


@pytest.mark.parametrize(
    "given",
    [
        '["{0}", "{1}"]',
        '[{{"id": "{0}"}}, "{1}", "{0}"]',
        ' ["{1}","{0}"] ',
    ],
)
def test_a_list_may_come_as_a_text(org: Org, given: str) -> None:
    ends = products(org, 2)
    lead = add_lead(org)

    result = write_leads(org, [{"id": lead, WANTED: given.format(*ends)}])

    assert result.counts() == {"updated": 1}
    assert sorted(linked(org, lead)) == sorted(ends)


@pytest.mark.parametrize("value", [["17"], "no id", [None], [""], [[]], {"a": 1}, 17, ["9" * 30]])
@pytest.mark.parametrize("by", ["id", "Email"])
def test_a_list_of_other_things_rejects_its_row_and_writes_nothing_of_it(
    org: Org, value: object, by: str
) -> None:
    (end,) = products(org, 1)
    lead = add_lead(org, end, Email="l@example.com")
    key = {"id": lead} if by == "id" else {"Email": "l@example.com"}

    result = write_leads(org, [{**key, "Last_Name": "New", WANTED: value}], by=by)

    assert result.counts() == {"rejected": 1}
    assert result.said("INVALID_DATA in Products_Wanted")
    assert org.record("Leads", id=lead)["Last_Name"] == "L"
    assert linked(org, lead) == [end]


@pytest.mark.parametrize("rows_", ["replace", "append"])
@pytest.mark.parametrize("nulls", ["ignore", "clear"])
@pytest.mark.parametrize("value", [None, [], "[]", "", " "])
def test_links_are_removed_by_an_empty_list_only_where_nulls_clear(
    org: Org, value: object, nulls: str, rows_: str
) -> None:
    (end,) = products(org, 1)
    lead = add_lead(org, end)
    removes = nulls == "clear" and rows_ == "replace" and value not in ("", " ")

    result = write_leads(
        org, [{"id": lead, "Last_Name": "New", WANTED: value}], rows_=rows_, null_values=nulls
    )

    assert result.counts() == {"updated": 1}
    assert linked(org, lead) == ([] if removes else [end])


@pytest.mark.parametrize("version", VERSIONS)
def test_links_name_products_by_their_code(org: Org, version: str) -> None:
    one, two, three = products(org, 3)
    lead = add_lead(org, one, two)
    rows = [{"id": lead, f"{WANTED}.Product_Code": ["c-1", " C-2 ", "C-1"]}]

    result = write_leads(org, rows, schema_version=version)

    assert result.counts() == {"updated": 1}
    assert sorted(linked(org, lead)) == sorted([two, three])


@pytest.mark.parametrize("version", VERSIONS[1:])
@pytest.mark.parametrize("mode", ["append", "update"])
def test_links_name_contacts_by_their_external_id(org: Org, version: str, mode: str) -> None:
    ends = [org.add("Contacts", Last_Name="C", External_Contact_ID=f"E-{n}") for n in range(3)]
    values: Json = {"Name": "V", "Drivers.External_Contact_ID": ["E-0", "E-2"]}
    if mode == "update":
        values["id"] = org.add("Vehicles", Name="V")

    result = org.write(
        stream("Vehicles", *values, mode=mode, key="id" if mode == "update" else None),
        [values],
        schema_version=version,
    )

    vehicle = org.record("Vehicles", Name="V")["id"]
    found = [one for one in org.records("VehiclesXContacts") if one["Vehicles"]["id"] == vehicle]
    assert result.failure is None
    assert sorted(one["Contacts"]["id"] for one in found) == sorted([ends[0], ends[2]])


@pytest.mark.parametrize("version", VERSIONS[1:])
@pytest.mark.parametrize("mode", ["insert", "update"])
def test_links_name_users_by_address(org: Org, version: str, mode: str) -> None:
    users = {one["Owner"]["id"]: one["Owner"]["email"] for one in org.records("Leads")}
    values: Json = {"Last_Name": "T", "Team.email": [mail.upper() for mail in users.values()]}
    if mode == "update":
        values["id"] = org.add("Leads", Last_Name="T")
    entry = mapping("Leads", "Leads", mode, "id" if mode == "update" else None)

    result = org.write(stream("Leads", *values), [values], mappings=[entry], schema_version=version)

    lead = org.record("Leads", Last_Name="T")["id"]
    assert result.failure is None
    assert sorted(linked(org, lead, "Leads_X_Users", "Users")) == sorted(users)


@pytest.mark.parametrize("mode", ["insert", "update"])
def test_an_end_that_is_not_found_rejects_the_row_before_it_is_written(org: Org, mode: str) -> None:
    products(org, 1)
    org.add("Products", Product_Name="Twin", Product_Code="T")
    key = {"id": add_lead(org)} if mode == "update" else {}
    entry = mapping("Leads", "Leads", mode, "id" if key else None)
    column = f"{WANTED}.Product_Name"
    org.add("Products", Product_Name="twin")
    rows = [
        {**key, "Last_Name": f"N-{n}", column: ["P-0", name]}
        for n, name in enumerate(("nothing", "Twin"))
    ]

    result = org.write(stream("Leads", *rows[0]), rows, mappings=[entry])

    assert result.counts() == {"rejected": 2}
    assert result.said("RECORD_NOT_FOUND in Products_Wanted: no record of Products has this")
    assert result.said("RECORD_AMBIGUOUS in Products_Wanted: 2 records of Products have this")
    assert not [one for one in org.records("Leads") if one["Last_Name"].startswith("N-")]


def test_links_go_in_calls_of_a_hundred_and_are_read_by_fifty_records(org: Org) -> None:
    ends = products(org, 5)
    leads = [add_lead(org, ends[0]) for _ in range(120)]
    rows = [{"id": lead, WANTED: ends[1:]} for lead in leads]

    result = write_leads(org, rows)

    assert result.counts() == {"updated": 120}
    # 100 records: two queries, 400 new links, 100 that go; then 20 records.
    assert (queries(org), org.calls("insert"), org.calls("delete")) == (3, 4 + 1, 1 + 1)
    assert all(sorted(linked(org, lead)) == sorted(ends[1:]) for lead in leads[::40])


def test_many_links_are_read_page_by_page(org: Org) -> None:
    ends = products(org, 60)
    leads = [add_lead(org, *ends) for _ in range(8)]

    result = write_leads(org, [{"id": lead, WANTED: ends[:59]} for lead in leads])

    assert result.said("0 added, 8 removed, 472 left")
    assert queries(org) == 3
    assert [len(linked(org, lead)) for lead in leads] == [59] * 8


@pytest.mark.parametrize("version", VERSIONS)
def test_where_zoho_refuses_queries_records_are_read_one_by_one(org: Org, version: str) -> None:
    one, two = products(org, 2)
    leads = [add_lead(org, one) for _ in range(3)]
    body = {"code": "INVALID_QUERY", "message": "m", "details": {}, "status": "error"}
    org.fail("coql", times=99, status=400, body=body)

    result = write_leads(
        org, [{"id": lead, WANTED: [two]} for lead in leads], schema_version=version
    )

    assert result.counts() == {"updated": 3}
    assert [linked(org, lead) for lead in leads] == [[two]] * 3
    assert (org.calls("coql"), org.calls("records.get")) == (1, 3)
    assert result.said(
        "reading the links in Products_Wanted costs 1,000 more credits in 1,000 calls"
    )
    assert len(result.said("Zoho refuses queries of LeadsXProducts (INVALID_QUERY)")) == 1


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("after", [0, 1])
def test_queries_that_are_too_many_for_now_are_no_reason_to_read_records_one_by_one(
    org: Org, after: int
) -> None:
    """The first query asks whether links can be queried at all."""
    one, two = products(org, 2)
    lead = add_lead(org, one)
    body = {"code": "TOO_MANY_REQUESTS", "message": "x", "details": {}, "status": "error"}
    org.fail("coql", after=after, times=99, status=429, body=body)

    result = write_leads(org, [{"id": lead, WANTED: [two]}])

    assert result.failure is not None
    assert result.failure.failure_type == FailureType.transient_error
    assert (org.calls("records.get"), linked(org, lead), result.states) == (0, [one], [])


def test_a_record_whose_links_zoho_does_not_all_show_keeps_them(org: Org) -> None:
    ends = products(org, 202)
    lead = add_lead(org, *ends[:201])
    org.fail("coql", times=99, status=401, body={"code": "OAUTH_SCOPE_MISMATCH", "message": "x"})

    result = write_leads(org, [{"id": lead, WANTED: ends[:1]}])

    assert result.counts() == {"rejected": 1}
    assert result.said("LINKS_UNKNOWN in Products_Wanted")
    assert len(linked(org, lead)) == 201


def test_a_row_says_that_its_record_is_written_and_not_all_of_its_links(org: Org) -> None:
    one, two = products(org, 2)
    lead, good = add_lead(org, one), add_lead(org, one)
    rows = [
        {"id": lead, "Last_Name": "New", WANTED: [two, "9" * 19]},
        {"id": good, "Last_Name": "Good", WANTED: [two]},
    ]

    result = write_leads(org, rows)

    assert result.counts() == {"updated": 1, "rejected": 1}
    assert result.said(
        "1 row with INVALID_DATA in Products_Wanted: the record is written, but not all of its "
        "links are"
    )
    assert org.record("Leads", id=lead)["Last_Name"] == "New"
    # Nothing is taken from a record that does not get all it should.
    assert sorted(linked(org, lead)) == sorted([one, two])
    assert linked(org, good) == [two]


@pytest.mark.parametrize("coql", [True, False])
@pytest.mark.parametrize("missing", ["8" * 18, "9" * 19, "9" * 20])
def test_links_alone_of_a_record_that_is_not_there_reject_their_row(
    org: Org, missing: str, coql: bool
) -> None:
    """The last two are numbers that no id can be, which Zoho may refuse in a query."""
    one, two = products(org, 2)
    lead = add_lead(org, one)
    body = {"code": "OAUTH_SCOPE_MISMATCH", "message": "x"}
    org.fail("coql", times=0 if coql else 99, status=401, body=body)

    result = write_leads(org, [{"id": missing, WANTED: [one]}, {"id": lead, WANTED: [two]}])

    assert result.counts() == {"updated": 1, "rejected": 1}
    assert result.said("INVALID_DATA in Products_Wanted: not all of its links are written")
    assert not result.said("the record is written")
    assert linked(org, lead) == [two]
    assert org.calls("records.get") == (0 if coql else 2 if len(missing) == 18 else 1)


@pytest.mark.usefixtures("no_pauses")
@pytest.mark.parametrize("call", ["insert", "delete"])
@pytest.mark.parametrize("done", [True, False])
def test_links_whose_answer_was_lost_are_neither_doubled_nor_missed(
    org: Org, call: str, done: bool
) -> None:
    one, two, three = products(org, 3)
    leads = [add_lead(org, one) for _ in range(3)]
    org.fail(f"{call}:LeadsXProducts", status=500, body="", done=done)

    result = write_leads(org, [{"id": lead, WANTED: [two, three]} for lead in leads])

    assert result.counts() == {"updated": 3}
    assert org.calls(call) == 2
    assert [sorted(linked(org, lead)) for lead in leads] == [sorted([two, three])] * 3


def test_a_link_that_someone_else_has_made_meanwhile_is_no_error(org: Org) -> None:
    one, two = products(org, 2)
    lead = add_lead(org, one)
    # The query does not show it yet.
    org.fail("coql", status=204, after=1)

    result = write_leads(org, [{"id": lead, WANTED: [one, two]}])

    assert result.counts()["updated"] == 1
    assert sorted(linked(org, lead)) == sorted([one, two])


def test_a_state_waits_for_the_links_before_it(org: Org) -> None:
    lead = add_lead(org)
    body = {"code": "NO_PERMISSION", "message": "m", "details": {}, "status": "error"}
    org.fail("insert", times=9, status=403, body=body)

    result = write_leads(org, [{"id": lead, "Last_Name": "New", WANTED: products(org, 1)}])

    assert result.failure
    assert "LeadsXProducts" in result.sentence or "permission" in result.sentence
    assert result.states == []


@pytest.mark.parametrize("rows_", ["replace", "append"])
@pytest.mark.parametrize("between", [True, False])
def test_rows_of_one_record_add_up_or_follow_one_another(
    org: Org, rows_: str, between: bool
) -> None:
    ends = products(org, 3)
    lead = add_lead(org)
    entry = mapping("Leads", "Leads", "update", "id") | {"rows": rows_}
    lines = []
    for number, end in enumerate(ends):
        lines.append(row("Leads", {"id": lead, WANTED: [end]}))
        lines += [state("Leads", number)] if between else []

    result = org.write_lines(
        [stream("Leads", "id", WANTED)], [*lines, state("Leads", 9)], mappings=[entry]
    )

    assert result.failure is None
    assert sorted(linked(org, lead)) == (sorted(ends) if rows_ == "append" else ends[2:])


def test_two_rows_that_are_one_record_are_linked_in_their_order(org: Org) -> None:
    """Rows of different keys, which a unique field shows to be one record."""
    field = {"api_name": "Badge", "data_type": "text", "custom": True, "unique": True}
    org.control("POST", "fields/Leads", field)
    one, two = products(org, 2)
    lead = add_lead(org, Badge="B")
    rows = [
        {"Email": f"{n}@example.com", "Last_Name": "L", "Badge": "B", WANTED: [end]}
        for n, end in enumerate((one, two))
    ]

    result = write_leads(org, rows, by="Email")

    assert result.counts() == {"updated": 2}
    assert linked(org, lead) == [two]


def test_removed_links_do_not_count_against_the_deletions_that_are_allowed(org: Org) -> None:
    ends = products(org, 3)
    lead = add_lead(org, *ends)

    result = write_leads(org, [{"id": lead, WANTED: []}], null_values="clear", max_deletes=0)

    assert result.counts() == {"updated": 1}
    assert linked(org, lead) == []


@pytest.mark.parametrize("run", ["all", "none"])
def test_links_set_off_the_automations_that_the_connection_allows(org: Org, run: str) -> None:
    one, two = products(org, 2)
    lead = add_lead(org, one)

    write_leads(org, [{"id": lead, WANTED: [two]}], automations={"run": run})

    fired = [one for one in org.fired() if one["module"] == "LeadsXProducts"]
    assert bool(fired) == (run == "all")


@pytest.mark.parametrize("version", VERSIONS)
def test_all_calls_are_in_the_ledger(org: Org, version: str) -> None:
    ends = products(org, 30)
    leads = [add_lead(org, ends[0]) for _ in range(5)]
    rows = [{"id": lead, "Last_Name": "New", WANTED: ends[1:]} for lead in leads]

    result = write_leads(org, rows, schema_version=version)

    (cost,) = result.said("Cost: ")
    usage = org.control("GET", "usage")
    calls, credits_ = re.findall(r"(\d+) calls?, (\d+) credits? in all", cost)[0]
    assert int(credits_) == usage["credits"]
    made = {name: number for name, number in usage["calls"].items() if ":" not in name}
    assert int(calls) == sum(made.values()) - made["token"]
    (of_stream,) = result.said("Written: Leads: ")
    # Two queries, the records, 145 new links, five that go.
    assert "; 6 calls, " in of_stream


def test_the_plan_prices_the_links(org: Org) -> None:
    result = write_leads(org, [{"id": add_lead(org), WANTED: []}])

    assert result.said(
        "; reading the links in Products_Wanted costs 20 more credits in 20 calls, and every "
        "hundred that are added 10 in one."
    )


def test_rejected_rows_can_be_written_again(org: Org, tmp_path: Any) -> None:
    one, two = products(org, 2)
    lead = add_lead(org)
    org.knobs(held_records=[f"{lead}:RECORD_LOCKED"])
    keeping = {"object_storage_config": {"storage_type": "Local", "folder": str(tmp_path)}}
    rows = [{"id": lead, "Last_Name": "New", WANTED: [one, two]}]

    first = write_leads(org, rows, **keeping)
    org.knobs(held_records=[])
    (file,) = tmp_path.glob("*.jsonl")
    kept = [json.loads(line) for line in file.read_text().splitlines()]
    entry = mapping("Leads", "Leads", "update", "id")
    lines = [json.dumps(line).encode() for line in kept]
    second = org.write_lines(
        [stream("Leads", *rows[0])], [*lines, state("Leads")], mappings=[entry]
    )

    assert (first.counts(), second.counts()) == ({"rejected": 1}, {"updated": 1})
    assert sorted(linked(org, lead)) == sorted([one, two])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("by", ["id", "Email"])
def test_rows_links_tags_and_lookups_of_one_row_are_all_written_once(
    org: Org, version: str, by: str
) -> None:
    one, two = products(org, 2)
    friend = org.add("Contacts", Last_Name="F", Email="friend@example.com")
    lead = add_lead(org, one, Email="l@example.com")
    key = {"id": lead} if by == "id" else {"Email": "l@example.com"}
    rows = [
        {
            **key,
            "Last_Name": "New",
            "Project_Details": [{"Project": "One"}, {"Project": "Two"}],
            f"{WANTED}.Product_Code": ["C-1"],
            "Recommended_By.Email": "friend@example.com",
            "Tag": ["VIP"],
        }
    ]

    first = write_leads(org, rows, by=by, schema_version=version)
    again = write_leads(org, rows, by=by, schema_version=version)

    found = org.record("Leads", id=lead)
    details = [one for one in org.records("Project_Details") if one["Parent_Id"]["id"] == lead]
    assert first.counts() == {"updated": 1}
    assert (first.failure, again.failure) == (None, None)
    assert sorted(one["Project"] for one in details) == ["One", "Two"]
    assert linked(org, lead) == [two]
    assert found["Recommended_By"]["id"] == friend
    assert [tag["name"] for tag in found["Tag"]] == ["VIP"]
    assert again.said("Links: Leads: Products_Wanted: 0 added, 0 removed, 1 left")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("by", ["id", "Email"])
def test_links_are_written_where_neither_the_record_nor_its_rows_change(
    org: Org, version: str, by: str
) -> None:
    (end,) = products(org, 1)
    lead = add_lead(org, Email="l@example.com")
    key = {"id": lead} if by == "id" else {"Email": "l@example.com"}
    rows: list[Json] = [{**key, "Project_Details": [{"Project": "One"}]}]
    write_leads(org, rows, by=by, schema_version=version)
    rows[0][WANTED] = [end]

    result = write_leads(org, rows, by=by, schema_version=version)

    assert result.counts() == {"updated": 1}
    assert linked(org, lead) == [end]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_link_to_what_is_not_there_is_named(org: Org, version: str, tmp_path: Any) -> None:
    (there, gone) = products(org, 2)
    org.control("DELETE", f"records/Products?ids={gone}&type=permanent")
    lead = add_lead(org)
    storage = {"storage_type": "Local", "folder": str(tmp_path)}

    result = write_leads(
        org,
        [{"id": lead, WANTED: [there, gone]}],
        schema_version=version,
        object_storage_config=storage,
    )

    assert result.counts() == {"rejected": 1}
    said = f"{WANTED}: not all of its links are written: what it is to be linked with is not there"
    assert result.said(said)
    assert linked(org, lead) == [there]
    (kept,) = tmp_path.glob("*.jsonl")
    assert gone in json.loads(kept.read_text())["rejected"]["message"]
