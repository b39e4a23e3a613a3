"""What REST and Bulk Write make of the same values: the same records."""

from typing import Any

import pytest

from unit_tests.destination.bulk import Road, count
from unit_tests.destination.conftest import Json, Org, stream

VERSIONS = ("v2", "v2.1", "v4", "v8")
#: Columns that depend on when and how a record was made.
OWN = {"id", "Created_Time", "Modified_Time", "Last_Activity_Time", "Lead_Number", "Follow_Up_At"}

#: A column, and values of it.
VALUES: dict[str, list[object]] = {
    "First_Name": ["plain", "Zoë 日本 🙂 \u200f", 'say "hi", then', "a;b|c:d", "'", "\\n", "NULL"],
    "Designation": ["=1+1", "+1", "-1", "@x", "0012", "1e3", "true", "TRUE", "null", "12,345"],
    "Description": [
        "two\nlines",
        "\ufefftext",
        "two\r\nlines",
        "a\tb",
        " blank first",
        "blank last ",
    ],
    "Notes_Large": ["long " * 3_000],
    "Profile": ["<b>bold</b> & <i>more</i>"],
    "Phone": ["+15550100", "+1 (555) 01-00", "555 EXT 9"],
    "Website": ["www.example.com", "https://example.com/?a=b&c=d"],
    "Lead_Source": ["Chat", "chat"],
    "Preferred_Channel": ["Mail", "Letter", "Messenger"],
    "Interests": [["Cloud"], ["Cloud", "R&D, Labs"], "Cloud;Training", ["Support 24/7"]],
    "No_of_Employees": [0, 7, -3, 999_999_999, "12", 5.0],
    "Legacy_Number": ["123456789012345678", "-5", 42],
    "Annual_Revenue": [12.34, 0.1, "9999999.99", 0, -1],
    "Rating_Factor": [0.0001, "1.5", 1e-9, 123456789012345],
    "Discount": [5, 12.5],
    "Email_Opt_Out": [True, False, "true", 0, 1],
    "Birth_Date": ["1990-02-28", "2024-02-29", "0999-01-01", "2026-01-31T00:00:00Z"],
    "Next_Call": [
        "2026-03-04T05:06:07Z",
        "2026-03-04T05:06:07+05:30",
        "2026-07-04 23:59:59",
        # The clocks of the token's user are put back, and forth.
        "2025-11-02T08:30:00Z",
        "2025-11-02T09:30:00Z",
        "2025-03-09T10:00:00Z",
        "0800-01-01T00:00:00Z",
    ],
}


def build_rows(org: Org) -> list[Json]:
    contact, product = org.records("Contacts")[0]["id"], org.records("Products")[0]["id"]
    user = org.records("Leads")[0]["Owner"]["id"]
    values = VALUES | {
        "Recommended_By": [contact],
        "Interested_In": [{"id": product, "name": "any"}],
        "Owner": [user],
        "Second_Owner": [user],
    }
    rows = [{name: value} for name, several in values.items() for value in several]
    rows += [{} for _ in range(101)]
    return [
        {"Email": f"n{n}@x.test", "Last_Name": f"N{n}", "Company": "C"} | row
        for n, row in enumerate(rows)
    ]


def read(org: Org) -> dict[str, Json]:
    return {
        one["Email"]: {name: value for name, value in one.items() if name not in OWN}
        for one in org.records("Leads")
        if one["Company"] == "C"
    }


def make_leads(org: Org, rows: list[Json]) -> list[Json]:
    """Records for the rows to change, and the rows with their ids."""
    changes = []
    for row in rows:
        key = org.add("Leads", Email=row["Email"], Last_Name="Old", Company="Old")
        changes.append({"id": key} | {name: row[name] for name in row if name != "Email"})
    return changes


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["append", "append_dedup", "update"])
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata"])
def test_records_are_equal(bulk: Org, version: str, mode: str, zone: str) -> None:
    bulk.knobs(user_time_zone=zone)
    key = {"append": None, "append_dedup": "Email", "update": "id"}[mode]

    def write(method: Any) -> tuple[dict[str, Json], dict[str, int]]:
        rows = build_rows(bulk)
        rows = make_leads(bulk, rows) if mode == "update" else rows
        names = {name: None for row in rows for name in row}
        entry = stream("Leads", *names, mode=mode, key=key)
        outcomes = Road(bulk, entry, schema_version=version).write(rows, method)
        found, jobs = read(bulk), bulk.calls("bulk_write.create")
        assert jobs == (method == "Bulk")
        calls = sum(map(bulk.calls, ("insert", "upsert", "update")))
        assert method == "REST" or calls == 1
        bulk.control("POST", "reset", {"org": True})
        return found, count(outcomes)

    by_rest, counts_of_rest = write("REST")
    by_bulk, counts_of_bulk = write("Bulk")

    assert by_bulk == by_rest
    assert counts_of_bulk == counts_of_rest
    assert len(by_rest) == sum(counts_of_rest.values()) - counts_of_rest.get("INVALID_DATA", 0)
    assert len(by_rest) > 101


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_rows_are_rejected_for_the_same_reasons(bulk: Org, version: str, mode: str) -> None:
    good = [{"Product_Name": f"P{n}", "Product_Code": f"c{n}"} for n in range(101)]
    bad: list[Json] = [
        {"Product_Name": "no vendor", "Vendor_Name": "9" * 18},
        {"Product_Name": "no owner", "Owner": "9" * 18},
        {"Product_Name": "two", "Vendor_Name": "9" * 18, "Owner": "8" * 18},
    ]
    if mode == "append":
        # An upsert by REST matches by the code, too.
        bad += [{"Product_Name": "taken", "Product_Code": "C5"}, {"Product_Code": "nameless"}]
    key = "Product_Name" if mode == "append_dedup" else None
    entry = stream(
        "Products", "Product_Name", "Product_Code", "Vendor_Name", "Owner", mode=mode, key=key
    )

    def write(method: Any) -> list[tuple[str, str | None, str]]:
        outcomes = Road(bulk, entry, schema_version=version).write([*good, *bad], method)
        assert count(outcomes[: len(good)]) == {"created": len(good)}
        bulk.control("POST", "reset", {"org": True})
        return [(one.code, one.field, one.loggable) for one in outcomes[len(good) :] if one]

    by_rest = write("REST")

    assert write("Bulk") == by_rest
    assert len(by_rest) == len(bad)
    assert all(code for code, _, _ in by_rest)
