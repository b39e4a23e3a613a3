"""Values of single records that look different from version to version."""

from datetime import datetime, timedelta

import pytest

from unit_tests.emulator.records.conftest import (
    find_first_id,
    read_one,
)


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_what_an_activity_is_about(zoho, version) -> None:
    task = next(row for row in zoho.truth("Tasks") if row["What_Id"])
    row = read_one(zoho, "Tasks", task["id"], version)
    assert row["What_Id"].keys() == {"name", "id"}
    assert zoho.get(f"{version}/{row['$se_module']}/{row['What_Id']['id']}").status_code == 200
    listed = zoho.get(f"{version}/Tasks", fields="What_Id,$se_module", ids=task["id"]).json()
    assert listed["data"][0]["$se_module"] == row["$se_module"]


def test_a_note_names_the_module_of_its_parent_since_v7(zoho) -> None:
    note = find_first_id(zoho, "Notes")
    for version in ("v2", "v2.1", "v4"):
        row = read_one(zoho, "Notes", note, version)
        assert row["Parent_Id"].keys() == {"name", "id"}
        assert row["$se_module"] in {"Contacts", "Leads", "Deals"} | set(
            zoho.control("GET", "counts")
        )
    new = read_one(zoho, "Notes", note)
    assert new["Parent_Id"]["module"]["api_name"] == row["$se_module"]
    assert "$se_module" not in new


def test_reminders_taxes_and_price_ranges_by_version(zoho) -> None:
    event = next(row for row in zoho.truth("Events") if row["Remind_At"])["id"]
    shown = {v: read_one(zoho, "Events", event, v)["Remind_At"] for v in ("v2", "v2.1", "v4", "v8")}
    assert shown["v2"][10] == "T"
    assert all(isinstance(item["unit"], str) for item in shown["v2.1"])
    assert shown["v4"] == shown["v8"]
    assert shown["v8"][0].keys() == {"unit", "period", "time"}
    assert isinstance(shown["v8"][0]["unit"], int)

    product = next(row for row in zoho.truth("Products") if row["Tax"])
    assert product["Tax"][0].keys() == {"id", "value"}
    old = read_one(zoho, "Products", product["id"], "v2")["Tax"]
    assert old == [item["value"] for item in product["Tax"]]

    book = next(
        known["id"]
        for known in zoho.truth("Price_Books")
        if read_one(zoho, "Price_Books", known["id"])["Pricing_Details"]
    )
    plain, full = (
        read_one(zoho, "Price_Books", book, v)["Pricing_Details"][0] for v in ("v2", "v8")
    )
    assert plain.keys() == {"id", "from_range", "to_range", "discount"}
    assert plain.items() < full.items()


def test_a_call_has_its_duration_twice_and_a_datetime_in_a_pick_list(zoho) -> None:
    call = next(
        row
        for row in zoho.truth("Calls")
        if row["Reminder"] and row["Call_Duration_in_seconds"] in range(5_000)
    )
    minutes, seconds = map(int, call["Call_Duration"].split(":"))
    assert 60 * minutes + seconds == call["Call_Duration_in_seconds"]
    assert call["Reminder"][10] == "T"


@pytest.mark.parametrize("version", ["v2", "v8"])
def test_times_inside_values_are_in_the_time_zone_of_the_org(zoho, version) -> None:
    zoho.knobs(time_zone="Asia/Kolkata")
    case = next(row for row in zoho.truth("Cases") if row["Comments"])["id"]
    task = next(row for row in zoho.truth("Tasks") if row["Remind_At"])["id"]

    def shown() -> tuple[datetime, datetime]:
        comment = read_one(zoho, "Cases", case, version)["Comments"][0]["commented_time"]
        alarm = read_one(zoho, "Tasks", task, version)["Remind_At"]["ALARM"].partition(
            "DATE-TIME:"
        )[2]
        return datetime.fromisoformat(comment), datetime.fromisoformat(alarm)

    there = shown()
    zoho.knobs(time_zone="UTC")
    here = shown()
    assert there == here
    assert {time.utcoffset() for time in there} == {timedelta(hours=5, minutes=30)}
    assert {time.utcoffset() for time in here} == {timedelta()}


def test_activities_are_tasks_events_and_calls_in_v2_and_v2_1(zoho) -> None:
    rows = []
    for page in range(1, 100):
        answer = zoho.get("v2/Activities", page=page, per_page=25)
        if answer.status_code == 204:
            break
        rows += answer.json()["data"]
    kinds = {row["id"]: row["Activity_Type"] for row in rows}
    expected = {
        row["id"]: name for name in ("Tasks", "Events", "Calls") for row in zoho.truth(name)
    }
    assert kinds == expected
    assert len(rows) == len(kinds)
    event = next(known for known, kind in kinds.items() if kind == "Events")
    assert read_one(zoho, "Activities", event, "v2.1")["Event_Title"]
    zoho.control("DELETE", f"records/Events?ids={event}")
    assert zoho.get("v2.1/Activities/deleted").json()["data"][0]["id"] == event
    assert zoho.get("v4/Activities", fields="id").json()["code"] == "INVALID_MODULE"
    assert zoho.coql("select id from Activities where id > 0", "v2").json()["code"] == (
        "INVALID_MODULE"
    )
