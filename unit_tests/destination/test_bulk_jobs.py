"""Rows written by jobs of Bulk Write: upload, job, status and result."""

from typing import Any, Literal

import pytest

from destination_zoho_crm.bulk_plan import find_missing_fields
from unit_tests.destination.bulk import Road, count
from unit_tests.destination.conftest import Json, Org, stream

METHODS: tuple[Literal["REST", "Bulk"], ...] = ("REST", "Bulk")
VERSIONS = ("v2", "v2.1", "v4", "v8")
LEADS = ("Email", "Last_Name", "Company")
UPSERTS = stream("Leads", *LEADS, mode="append_dedup", key="Email")
INSERTS = stream("Leads", *LEADS)


def leads(number: int, first: int = 0, **more: object) -> list[Json]:
    return [
        {"Email": f"n{n}@x.test", "Last_Name": f"N{n}", "Company": "C", **more}
        for n in range(first, first + number)
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upsert_changes_and_adds_in_one_job(bulk: Org, version: str) -> None:
    bulk.add("Leads", Email="n7@x.test", Last_Name="Old", Company="Old", Phone="1")
    road = Road(bulk, UPSERTS, schema_version=version)

    outcomes = road.write(leads(150))

    assert count(outcomes) == {"created": 149, "updated": 1}
    assert outcomes[7].result == "updated"
    changed = bulk.record("Leads", Email="n7@x.test")
    assert (changed["Last_Name"], changed["Phone"]) == ("N7", "1")
    assert changed["id"] == outcomes[7].record_id
    assert bulk.calls("bulk_write.create") == 1
    assert bulk.calls("upsert") == 0
    used = road.client.org.usage.by_stream["Leads"]
    assert used.credits == 500 + used.calls - 1


@pytest.mark.parametrize("version", VERSIONS)
def test_an_update_finds_records_by_id_and_rejects_what_is_not_there(
    bulk: Org, version: str
) -> None:
    ids = [bulk.add("Leads", Last_Name=f"L{n}", Company="C") for n in range(119)]
    rows = [{"id": key, "Company": f"C{n}"} for n, key in enumerate([*ids, "9" * 18])]
    road = Road(
        bulk, stream("Leads", "id", "Company", mode="update", key="id"), schema_version=version
    )

    outcomes = road.write(rows)

    assert count(outcomes) == {"updated": 119, "INVALID_DATA": 1}
    assert outcomes[119].loggable == "no record has this id; it may have been deleted or converted"
    assert bulk.record("Leads", id=ids[3])["Company"] == "C3"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_insert_adds_equal_rows_as_often_as_they_come(bulk: Org, version: str) -> None:
    rows = [*leads(60), *leads(60)]

    outcomes = Road(bulk, INSERTS, schema_version=version).write(rows)

    assert count(outcomes) == {"created": 120}
    assert len({one.record_id for one in outcomes}) == 120
    assert len([one for one in bulk.records("Leads") if one["Company"] == "C"]) == 120


def test_a_key_with_blanks_at_its_ends_finds_what_a_call_finds(bulk: Org) -> None:
    entry = stream(
        "Products", "Product_Code", "Product_Name", mode="append_dedup", key="Product_Code"
    )
    results = []
    for method in METHODS:
        road = Road(bulk, entry)
        codes = [f"{method}-{n}" for n in range(120)]
        road.write([{"Product_Code": code, "Product_Name": "old"} for code in codes], "REST")
        codes[:2] = f" {codes[0]}", f"{codes[1]} "
        rows = [{"Product_Code": code, "Product_Name": "new"} for code in codes]
        results.append(count(road.write(rows, method)))

    assert results[0] == results[1]


def test_few_rows_go_by_rest(bulk: Org) -> None:
    assert count(Road(bulk, UPSERTS).write(leads(100))) == {"created": 100}
    assert (bulk.calls("upload"), bulk.calls("upsert")) == (0, 1)


def test_a_row_of_nothing_but_its_key_changes_no_record(bulk: Org) -> None:
    there = bulk.add("Leads", Email="there@x.test", Last_Name="There", Company="C")

    outcomes = Road(bulk, UPSERTS).write([{"Email": "there@x.test"}, *leads(101)])

    assert (outcomes[0].result, outcomes[0].record_id) == ("unchanged", there)
    assert count(outcomes[1:]) == {"created": 101}


def test_columns_that_a_row_lacks_stay_as_they_are(bulk: Org) -> None:
    bulk.add("Leads", Email="n1@x.test", Last_Name="Old", Company="Kept")
    rows = leads(101)
    del rows[1]["Company"]
    rows[2]["Company"] = None

    outcomes = Road(bulk, UPSERTS).write(rows)

    assert bulk.record("Leads", Email="n1@x.test")["Company"] == "Kept"
    assert outcomes[2].code == "MANDATORY_NOT_FOUND"
    assert (outcomes[2].field, outcomes[2].loggable) == ("Company", "a new record needs a value")


@pytest.mark.parametrize("method", ["REST", "Bulk"])
def test_a_duplicate_of_another_unique_field_is_told_in_the_same_words(
    bulk: Org, method: Any
) -> None:
    entry = stream("Products", "Product_Name", "Product_Code")
    rows = [{"Product_Name": f"P{n}", "Product_Code": f"c{n}"} for n in range(102)]
    rows[9]["Product_Code"] = "C5"

    outcome = Road(bulk, entry).write(rows, method)[9]

    assert (outcome.code, outcome.field) == ("DUPLICATE_DATA", "Product_Code")
    assert outcome.loggable == "another record has this value"


@pytest.mark.parametrize("words", ["added", "ADDED", "success"])
@pytest.mark.parametrize("headers", ["STATUS", "Status"])
@pytest.mark.parametrize("columns", ["index", "sent", "kept"])
def test_a_result_is_read_by_its_header(bulk: Org, words: str, headers: str, columns: str) -> None:
    bulk.knobs(
        bulk_write_status_words=words,
        bulk_write_result_headers=headers,
        bulk_write_result_columns=columns,
    )

    outcomes = Road(bulk, stream("Campaigns", "Campaign_Name", "Status", "Type")).write(
        [{"Campaign_Name": f"C{n}", "Status": "Active", "Type": "Email"} for n in range(105)]
    )

    assert count(outcomes) == {"created": 105}
    names = {one["id"]: one["Campaign_Name"] for one in bulk.records("Campaigns")}
    assert [names[str(one.record_id)] for one in outcomes] == [f"C{n}" for n in range(105)]
    assert bulk.calls("insert") == 0


@pytest.mark.parametrize("form", ["relative", "result"])
def test_a_result_is_fetched_from_the_address_that_the_job_names(bulk: Org, form: str) -> None:
    bulk.knobs(bulk_write_download_url=form)

    assert count(Road(bulk, UPSERTS).write(leads(101))) == {"created": 101}
    assert (bulk.calls("bulk_write.result"), bulk.calls("upsert")) == (1, 0)


@pytest.mark.parametrize("entry", [UPSERTS, INSERTS], ids=["upsert", "insert"])
def test_more_rows_than_a_request_takes_are_several_jobs(
    bulk: Org, monkeypatch: pytest.MonkeyPatch, entry: Json
) -> None:
    bulk.knobs(bulk_write_rows=120)
    monkeypatch.setattr("destination_zoho_crm.bulk_sending._FEWER_ROWS", 120)

    outcomes = Road(bulk, entry).write(leads(230))

    assert count(outcomes) == {"created": 230}
    # Of those, the first is refused.
    assert bulk.calls("bulk_write.create") == 3


def test_a_full_file_is_followed_by_another(bulk: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("destination_zoho_crm.bulk_files.MOST_ROWS", 110)

    assert count(Road(bulk, UPSERTS).write(leads(230))) == {"created": 230}
    assert (bulk.calls("bulk_write.create"), bulk.calls("upsert")) == (2, 1)


def test_the_fields_that_every_layout_requires_are_known_before_the_job(bulk: Org) -> None:
    entry = stream("Leads", "Email", "Last_Name", mode="append_dedup", key="Email")
    road = Road(bulk, entry)

    assert find_missing_fields(road.client, road.plan) == ["Company"]
    assert find_missing_fields(road.client, Road(bulk, UPSERTS).plan) == []
