"""Appointments, services and the history of reschedules, which have rules of their own."""

import json

import pytest

from unit_tests.destination.conftest import Json, Org, stream

SERVICE = {
    "Service_Name": "Wash",
    "Duration": 30,
    "Location": "Business Address",
    "Availability_Type": "Every Business Days",
    "Price": 20,
}


def user_id(org: Org) -> str:
    return str(org.records("Leads")[0]["Owner"]["id"])


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_a_service_is_added_with_its_members(org: Org, version: str) -> None:
    row = SERVICE | {"Members": [user_id(org)]}

    result = org.write(stream("Services__s", *row), [row], schema_version=version)

    assert result.counts() == {"created": 1}
    assert org.record("Services__s", Service_Name="Wash")["Price"] == 20


@pytest.mark.parametrize("version", ["v4", "v8"])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_service_is_added_with_its_availability(org: Org, version: str, as_text: bool) -> None:
    lists: Json = {
        "Available_Days": ["Monday", "Friday"],
        "Available_Dates": ["2030-01-07", "2030-01-11"],
        "Tax": [{"value": "Vat - 5.0 %"}],
    }
    if version == "v8":
        lists["Available_Timings"] = [{"From": "09:00", "To": "12:30"}]
    name = f"{version} {as_text}"
    given = {key: json.dumps(value) for key, value in lists.items()} if as_text else lists
    row = SERVICE | {"Service_Name": name, "Members": [user_id(org)], **given}
    row |= {"Availability_Type": "Specific Day(s)", "Job_Sheet_Required": "Yes"}

    result = org.write(stream("Services__s", *row), [row], schema_version=version)

    assert result.counts() == {"created": 1}
    service = org.record("Services__s", Service_Name=name)
    assert [tax["value"] for tax in service.pop("Tax")] == ["Vat - 5.0 %"]
    del lists["Tax"]
    assert service.items() >= (lists | {"Job_Sheet_Required": "Yes"}).items()


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_a_service_is_changed_and_deleted(org: Org, version: str) -> None:
    name = "Services__s"
    service = org.add(name, **SERVICE)
    new = {"id": service, "Price": 25}

    changed = org.update(name, new, schema_version=version)
    price = org.record(name, id=service)["Price"]
    gone = org.delete(name, new, schema_version=version)

    assert [result.counts() for result in (changed, gone)] == [{"updated": 1}, {"deleted": 1}]
    assert price == 25
    assert service not in {record["id"] for record in org.records(name)}


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_the_members_of_a_service_are_changed(org: Org, version: str) -> None:
    users = dict.fromkeys(one["Owner"]["id"] for one in org.records("Leads"))
    first, *_, last = users
    service = org.add("Services__s", **SERVICE)
    for user in (first, *[one for one in users if one not in (first, last)]):
        org.add("Services__s_X_Users", Services__s={"id": service}, Members={"id": user})

    result = org.update(
        "Services__s", {"id": service, "Members": [last, first]}, schema_version=version
    )

    links = [
        one for one in org.records("Services__s_X_Users") if one["Services__s"]["id"] == service
    ]
    assert result.counts() == {"updated": 1}
    assert sorted(link["Members"]["id"] for link in links) == sorted([first, last])


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_an_appointment_is_added_changed_and_deleted(org: Org, version: str) -> None:
    service, contact = org.records("Services__s")[0]["id"], org.records("Contacts")[0]["id"]
    row: Json = {
        "Appointment_Name": "Wash at ten",
        "Service_Name": service,
        "Appointment_For": {"id": contact, "module": {"api_name": "Contacts"}},
        "Appointment_Start_Time": "2030-01-01T10:00:00Z",
        "Location": "Business Address",
        "Owner": user_id(org),
    }
    name = "Appointments__s"

    added = org.write(stream(name, *row), [row], schema_version=version)
    appointment = org.record(name, Appointment_Name="Wash at ten")
    new = {"id": appointment["id"], "Additional_Information": "Bring a towel"}
    changed = org.update(name, new, schema_version=version)
    gone = org.delete(name, new, schema_version=version)

    assert [result.counts() for result in (added, changed, gone)] == [
        {"created": 1},
        {"updated": 1},
        {"deleted": 1},
    ]
    assert appointment["Appointment_For"]["id"] == contact


@pytest.mark.parametrize("version", ["v2", "v2.1"])
def test_older_versions_have_no_appointments(org: Org, version: str) -> None:
    result = org.write(stream("Appointments__s", "x"), [], schema_version=version)

    assert "the org has no module Appointments__s that can be written" in result.sentence


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_a_reschedule_is_added_and_changed(org: Org, version: str) -> None:
    name = "Appointments_Rescheduled_History__s"
    row: Json = {
        "Appointment_Name": org.records("Appointments__s")[0]["id"],
        "Rescheduled_By": user_id(org),
        "Rescheduled_Time": "2020-01-01T10:00:00Z",
        "Rescheduled_From": "2030-01-01T10:00:00Z",
        "Rescheduled_To": "2030-01-02T10:00:00Z",
    }
    before = {record["id"] for record in org.records(name)}

    added = org.write(stream(name, *row), [row], schema_version=version)
    (new,) = {record["id"] for record in org.records(name)} - before
    later = {"id": new, "Reschedule_Reason": "Other"}
    changed = org.write(
        stream(name, *later, mode="update", key="id"), [later], schema_version=version
    )

    assert [result.counts() for result in (added, changed)] == [{"created": 1}, {"updated": 1}]
    assert org.record(name, id=new)["Reschedule_Reason"] == "Other"


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_an_upsert_of_services_needs_a_field_that_is_unique(org: Org, version: str) -> None:
    """Zoho has no field of its own to match them by."""
    rows = [{"Code": code, "Price": 30} for code in ("w-1", "w-2")]
    required = dict.fromkeys(SERVICE.keys() - {"Price"})
    upsert = stream("Services__s", "Code", "Price", *required, mode="append_dedup", key="Code")

    refused = org.write(upsert, rows, schema_version=version)
    field = {"api_name": "Code", "data_type": "text", "custom": True, "unique": True}
    org.control("POST", "fields/Services__s", field)
    service = org.add("Services__s", **SERVICE, Code="w-1")
    result = org.write(upsert, rows, schema_version=version)

    assert "Services__s has no field that is unique or an external ID" in refused.sentence
    # A new one needs members, and an upsert adds links after the record.
    assert result.counts() == {"updated": 1, "rejected": 1}
    assert org.record("Services__s", Code="w-1")["id"] == service
    assert org.record("Services__s", Code="w-1")["Price"] == 30


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_an_upsert_says_that_a_new_service_is_to_be_inserted(org: Org, version: str) -> None:
    field = {"api_name": "Code", "data_type": "text", "custom": True, "unique": True}
    org.control("POST", "fields/Services__s", field)
    row = SERVICE | {"Code": "new", "Members": [user_id(org)]}
    upsert = stream("Services__s", *row, mode="append_dedup", key="Code")

    result = org.write(upsert, [row], schema_version=version)

    assert result.counts() == {"rejected": 1}
    assert result.said("MANDATORY_NOT_FOUND in Members: Zoho adds no record without these links")


def test_reschedules_are_deleted_one_by_one(org: Org) -> None:
    name = "Appointments_Rescheduled_History__s"
    ids = [record["id"] for record in org.records(name)]
    assert len(ids) > 1

    result = org.write(stream(name, "id", mode="soft_delete", key="id"), [{"id": i} for i in ids])

    assert result.counts() == {"deleted": len(ids)}
    assert org.calls("delete") == len(ids)
    assert org.records(name) == []
