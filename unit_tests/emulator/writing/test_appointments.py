"""Appointments, services and reschedules: which fields depend on each other."""

import pytest

MODULE, HISTORY = "Appointments__s", "Appointments_Rescheduled_History__s"
TEN, ELEVEN = "2027-01-01T10:00:00-08:00", "2027-01-01T11:00:00-08:00"


@pytest.fixture
def write(zoho):
    def write(method: str, path: str, record: object, version: str = "v8"):
        answer = zoho.call(method, f"{version}/{path}", json={"data": [record]})
        return answer.json()["data"][0]

    return write


@pytest.fixture
def user(zoho) -> dict[str, str]:
    return {"id": zoho.get("v8/users", type="CurrentUser").json()["users"][0]["id"]}


@pytest.fixture
def appointment(zoho, user):
    """A record to be added."""
    links = zoho.truth("Services__s_X_Users")
    service = next(row["Services__s"] for row in links[::-1] if row["Members"]["id"] == user["id"])
    return {
        "Appointment_Name": "x",
        "Service_Name": {"id": service["id"]},
        "Appointment_For": {"module": {"api_name": "Leads"}, "id": zoho.truth("Leads")[0]["id"]},
        "Appointment_Start_Time": TEN,
        "Location": "Online",
        "Owner": user,
    }


@pytest.fixture
def added(write, appointment) -> str:
    """The id of one that was added."""
    return write("POST", MODULE, appointment)["details"]["id"]


def find_error(item) -> tuple[str, str, str | None]:
    """Code, field, and the field that it depends on."""
    details = item["details"]
    return item["code"], details.get("api_name"), details.get("dependee", {}).get("api_name")


@pytest.mark.parametrize("version", ["v4", "v8"])
@pytest.mark.parametrize(
    "field",
    [
        *("Appointment_Name", "Service_Name", "Appointment_For", "Appointment_Start_Time"),
        *("Location", "Owner"),
    ],
)
def test_what_an_appointment_needs(write, appointment, version, field) -> None:
    assert write("POST", MODULE, appointment, version)["code"] == "SUCCESS"
    del appointment[field]
    item = write("POST", MODULE, appointment, version)
    assert find_error(item) == ("MANDATORY_NOT_FOUND", field, None)


def test_metadata_says_that_an_appointment_needs_an_owner_and_a_lead_needs_none(zoho) -> None:
    def mandatory(module: str) -> bool:
        fields = zoho.get("v8/settings/fields", module=module).json()["fields"]
        return next(f["system_mandatory"] for f in fields if f["api_name"] == "Owner")

    assert (mandatory(MODULE), mandatory("Leads")) == (True, False)


def test_the_owner_of_an_appointment_is_a_member_of_its_service(zoho, write, appointment) -> None:
    """On insert and on update."""
    users = zoho.get("v8/users", type="ActiveUsers").json()["users"]
    member, stranger = {"id": users[0]["id"]}, {"id": users[1]["id"]}
    service = {
        "Service_Name": "x",
        "Duration": 30,
        "Location": "Business Address",
        "Members": [{"Members": member}],
        "Availability_Type": "Every Business Days",
        "Price": 5,
    }
    service_id = write("POST", "Services__s", service)["details"]["id"]
    appointment |= {"Service_Name": {"id": service_id}, "Owner": stranger}
    item = write("POST", MODULE, appointment)
    assert item["message"] == "Appointment Owner is not a part of Service Members"
    assert find_error(item) == ("DEPENDENT_MISMATCH", "id", "Services.Members")
    assert item["details"]["json_path"] == "$.data[0].Owner.id"
    item = write("POST", MODULE, appointment | {"Owner": member})
    path = f"{MODULE}/{item['details']['id']}"
    assert write("PUT", path, {"Owner": stranger})["code"] == "DEPENDENT_MISMATCH"
    assert write("PUT", path, {"Owner": member})["code"] == "SUCCESS"


def test_the_service_is_set_once_and_a_client_has_an_address(write, appointment, added) -> None:
    fixed = write("PUT", f"{MODULE}/{added}", {"Service_Name": appointment["Service_Name"]})
    assert find_error(fixed) == ("NOT_ALLOWED", "Service_Name", None)
    item = write("POST", MODULE, {**appointment, "Location": "Client Address"})
    assert find_error(item) == ("DEPENDENT_FIELD_MISSING", "Address", "Location")


def test_a_cancellation_has_a_reason_and_a_reason_has_a_cancellation(write, added) -> None:
    path = f"{MODULE}/{added}"
    item = write("PUT", path, {"Status": "Cancelled"})
    assert find_error(item) == ("DEPENDENT_FIELD_MISSING", "Cancellation_Reason", "Status")
    item = write("PUT", path, {"Cancellation_Reason": "Other"})
    assert find_error(item) == ("DEPENDENT_FIELD_MISSING", "Status", "Cancellation_Reason")
    item = write("PUT", path, {"Status": "Scheduled", "Cancellation_Note": "rain"})
    assert find_error(item) == ("DEPENDENT_MISMATCH", "Status", "Cancellation_Reason")
    item = write("PUT", path, {"Status": "Cancelled", "Cancellation_Reason": "Other"})
    assert item["code"] == "SUCCESS"
    assert write("PUT", path, {"Cancellation_Note": "rain"})["code"] == "SUCCESS"


@pytest.mark.parametrize("change", [{"Status": "Scheduled"}, {"Appointment_Start_Time": ELEVEN}])
@pytest.mark.parametrize("status", ["Cancelled", "Completed"])
def test_what_is_over_stays_over(zoho, write, added, status, change) -> None:
    path = f"{MODULE}/{added}"
    write("PUT", path, {"Status": status, "Cancellation_Reason": "Other"})
    write("PUT", path, {"Status": status})
    answer = zoho.call("PUT", f"v8/{path}", json={"data": [change]})
    assert (answer.status_code, answer.json()["data"][0]["code"]) == (403, "NOT_ALLOWED")
    assert write("PUT", path, {"Additional_Information": "x"})["code"] == "SUCCESS"


def test_a_reschedule_is_to_another_time_and_is_remembered(zoho, write, added) -> None:
    path = f"{MODULE}/{added}"
    why = {"Reschedule_Reason": "Other", "Reschedule_Note": "rain"}
    never = write("PUT", path, why)
    assert find_error(never) == (
        "DEPENDENT_FIELD_UNCHANGED",
        "Rescheduled_From",
        "Reschedule_Reason",
    )
    same = write("PUT", path, {"Appointment_Start_Time": TEN, **why})
    assert find_error(same) == (
        *("DEPENDENT_FIELD_UNCHANGED", "Rescheduled_From", "Appointment_Start_Time"),
    )
    assert write("PUT", path, {"Appointment_Start_Time": ELEVEN, **why})["code"] == "SUCCESS"
    assert write("PUT", path, {"Reschedule_Note": "snow"})["code"] == "SUCCESS"
    row = next(row for row in zoho.truth(MODULE) if row["id"] == added)
    assert (row["Rescheduled_From"], row["Rescheduled_To"]) == (TEN, ELEVEN)
    assert (row["Appointment_Start_Time"], row["Reschedule_Note"]) == (ELEVEN, "snow")


@pytest.mark.parametrize(
    ("knob", "code"), [("accept", "SUCCESS"), ("refuse", "DEPENDENT_FIELD_UNCHANGED")]
)
def test_a_start_that_is_sent_back_as_it_was_is_a_knob(zoho, write, added, knob, code) -> None:
    zoho.knobs(same_start_time=knob)
    item = write("PUT", f"{MODULE}/{added}", {"Appointment_Start_Time": TEN})
    assert item["code"] == code


def test_a_new_appointment_with_a_reason_to_reschedule_was_somewhere_before(
    write, appointment
) -> None:
    item = write("POST", MODULE, appointment | {"Reschedule_Reason": "Other"})
    assert find_error(item) == ("DEPENDENT_FIELD_MISSING", "Rescheduled_From", "Reschedule_Reason")


def test_the_history_is_of_appointments_that_were_moved_twenty_times_at_most(
    write, user, added
) -> None:
    row = {
        "Appointment_Name": {"id": added},
        "Rescheduled_By": user,
        "Rescheduled_Time": "2020-01-01T10:00:00+00:00",
        "Rescheduled_From": TEN,
        "Rescheduled_To": ELEVEN,
    }
    assert find_error(write("POST", HISTORY, row)) == ("NOT_ALLOWED", "Appointment_Name", None)
    write("PUT", f"{MODULE}/{added}", {"Appointment_Start_Time": ELEVEN})
    late = write("POST", HISTORY, {**row, "Rescheduled_Time": "2099-01-01T10:00:00+00:00"})
    assert find_error(late) == ("INVALID_DATA", "Rescheduled_Time", None)
    codes = [write("POST", HISTORY, row)["code"] for _ in range(21)]
    assert codes == ["SUCCESS"] * 20 + ["IN_REQUEST_LIMIT_EXCEEDED"]


@pytest.fixture
def service(user) -> dict[str, object]:
    """One to be added."""
    return {
        "Service_Name": "x",
        "Duration": 30,
        "Location": "Business Address",
        "Members": [{"Members": user}],
        "Availability_Type": "Every Business Days",
        "Price": 5,
    }


@pytest.mark.parametrize(
    ("kind", "given", "missing"),
    [
        (
            "Specific Date Range",
            {"Available_From": "2027-01-01", "Available_Till": "2027-02-01"},
            "Available_Till",
        ),
        ("Specific Date(s)", {"Available_Dates": ["2027-01-01"]}, "Available_Dates"),
        ("Specific Day(s)", {"Available_Days": ["Monday"]}, "Available_Days"),
    ],
)
def test_a_service_says_when_it_is_available(write, service, kind, given, missing) -> None:
    service |= {"Availability_Type": kind, **given}
    value = service.pop(missing)
    item = write("POST", "Services__s", service)
    assert find_error(item) == ("DEPENDENT_FIELD_MISSING", missing, "Availability_Type")
    item = write("POST", "Services__s", {**service, missing: value})
    assert item["code"] == "SUCCESS"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Availability_Type", "Sometimes"),
        ("Available_Dates", ["2027-01-32"]),
        ("Available_Timings", {"From": "09:00", "To": "16:30"}),
        ("Available_Timings", [{"From": "9", "To": "16:30"}]),
        ("Available_Timings", [{"From": "09:00", "To": "10:00"}] * 5),
        ("Job_Sheet_Required", True),
    ],
)
def test_what_a_service_cannot_hold_is_refused(write, service, name, value) -> None:
    item = write("POST", "Services__s", {**service, name: value})
    assert find_error(item) == ("INVALID_DATA", name, None)


def test_a_service_is_read_as_it_was_written(zoho, write, service, user) -> None:
    given = {
        "Availability_Type": "Specific Day(s)",
        "Available_Days": ["Monday", "Friday"],
        "Available_Dates": ["2027-01-01", "2027-01-04"],
        "Available_Timings": [{"From": "09:00", "To": "12:30"}, {"From": "13:00", "To": "16:30"}],
        "Job_Sheet_Required": "Yes",
        "Tax": [{"id": None, "value": "Vat - 5.0 %"}],
    }
    record = write("POST", "Services__s", {**service, **given})["details"]["id"]

    (single,) = zoho.get(f"v8/Services__s/{record}").json()["data"]
    (listed,) = zoho.get("v8/Services__s", ids=record, fields=",".join(given)).json()["data"]
    for row in (single, listed):
        assert [tax.pop("id") is not None for tax in row["Tax"]] == [True]
        assert row.items() >= (given | {"Tax": [{"value": "Vat - 5.0 %"}]}).items()
    (member,) = single["Members"]
    assert member.keys() == {"id", "Members"}
    assert member["Members"].keys() == {"module", "name", "id"}
    assert (member["Members"]["module"], member["Members"]["id"]) == ("Users", user["id"])
    columns = "Available_Days, Available_Dates, Job_Sheet_Required"
    query = f"select {columns} from Services__s where id = '{record}'"
    (queried,) = zoho.coql(query).json()["data"]
    assert queried.items() <= (given | {"id": record}).items()
    # What was read can be sent back, members included.
    assert write("PUT", f"Services__s/{record}", {"Members": single["Members"]})["code"] == (
        "SUCCESS"
    )
    assert zoho.get(f"v8/Services__s/{record}").json()["data"][0]["Members"] == [member]


def test_an_empty_availability_is_an_empty_list_and_no_timings_are_null(
    zoho, write, service
) -> None:
    record = write("POST", "Services__s", service)["details"]["id"]
    (row,) = zoho.get(f"v8/Services__s/{record}").json()["data"]
    assert row["Available_Days"] == row["Available_Dates"] == row["Tax"] == []
    assert row["Available_Timings"] is None
    assert (row["Status"], row["Job_Sheet_Required"]) == ("Available", "No")


@pytest.mark.parametrize("version", ["v4", "v8"])
def test_metadata_of_a_service_shows_these_fields(zoho, version) -> None:
    fields = zoho.get(f"{version}/settings/fields", module="Services__s").json()["fields"]
    kinds = {field["api_name"]: (field["data_type"], field["json_type"]) for field in fields}
    assert kinds["Job_Sheet_Required"] == ("picklist", "string")
    assert kinds["Available_Days"] == ("multiselectpicklist", "jsonarray")
    assert kinds.get("Available_Timings") == (
        ("time_range", "jsonarray") if version == "v8" else None
    )


@pytest.mark.parametrize(
    ("minutes", "code"), [(4, "INVALID_DATA"), (5, "SUCCESS"), (1441, "INVALID_DATA")]
)
def test_services(zoho, write, minutes, code) -> None:
    user = zoho.get("v8/users", type="CurrentUser").json()["users"][0]["id"]
    service = {
        "Service_Name": "x",
        "Duration": minutes,
        "Location": "Business Address",
        "Members": [{"Members": {"id": user}}],
        "Availability_Type": "Every Business Days",
        "Price": 5,
    }
    assert write("POST", "Services__s", service)["code"] == code
