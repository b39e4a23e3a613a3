"""Rules of appointments, their services and reschedules ("Appointments", "Services" and
"Appointments Rescheduled History" in "Insert Records", and Zoho's specification of v8).

UNVERIFIED: not held here are business hours, availability and location of the service, job sheets,
and the end of an appointment; whether one reschedule writes a row of the history by itself.
"""

from collections.abc import Iterator
from datetime import date

from zoho_emulator.errors import ZohoError
from zoho_emulator.localtime import build_local_time, parse_epoch
from zoho_emulator.store.model import linking_fields
from zoho_emulator.writing.answers import locate
from zoho_emulator.writing.candidate import Candidate, read_stored

MOST_ACTIVE_SERVICES = 500
MOST_RESCHEDULES = 20
#: Zoho's specification; its page of v7 has 15 as the least.
_SERVICE_MINUTES = range(5, 1_441)
#: What a service must have, by its type of availability.
_DATES_OF = {
    "Specific Date Range": ("Available_From", "Available_Till"),
    "Specific Date(s)": ("Available_Dates",),
    "Specific Day(s)": ("Available_Days",),
}
_START, _FROM, _TO = "Appointment_Start_Time", "Rescheduled_From", "Rescheduled_To"
_OF_RESCHEDULE = ("Reschedule_Reason", "Reschedule_Note")
_OF_CANCELLATION = ("Cancellation_Reason", "Cancellation_Note")
_FINAL = ("Cancelled", "Completed")


def check_service(candidate: Candidate) -> Iterator[ZohoError]:
    minutes = candidate.values.get("Duration")
    if isinstance(minutes, int) and minutes not in _SERVICE_MINUTES:
        yield candidate.problem("INVALID_DATA", "Duration")
    # UNVERIFIED: which services are active ones.
    if candidate.old is None and candidate.count("Status", "Available") >= MOST_ACTIVE_SERVICES:
        message = f"You cannot create more than {MOST_ACTIVE_SERVICES} active services"
        yield candidate.problem("LIMIT_EXCEEDED", "Status", message, limit=MOST_ACTIVE_SERVICES)
    days = candidate.values.get("Available_Dates")
    if isinstance(days, list) and not all(map(_is_day, days)):
        yield candidate.problem("INVALID_DATA", "Available_Dates")
    kind = "Availability_Type"
    known = candidate.module.fields[kind]
    if candidate.values.get(kind) not in (None, *known.pick_list):
        message = "The given Availability Type is not in picklist"
        yield candidate.problem("INVALID_DATA", kind, message)
    elif candidate.is_changed(kind):
        for name in _DATES_OF.get(str(candidate.read_after(kind)), ()):
            if candidate.read_after(name) is None:
                message = "Dependent Field missing"
                yield candidate.dependent("DEPENDENT_FIELD_MISSING", name, kind, message)


def _is_day(value: object) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def check_appointment(candidate: Candidate) -> Iterator[ZohoError]:
    yield from candidate.check_fixed("Service_Name")
    at_client = candidate.values.get("Location") == "Client Address"
    if at_client and candidate.old is None and not candidate.values.get("Address"):
        message = "Dependent Field missing"
        yield candidate.dependent("DEPENDENT_FIELD_MISSING", "Address", "Location", message)
    if candidate.read_before("Status") in _FINAL and any(
        map(candidate.is_changed, ("Status", _START))
    ):
        # UNVERIFIED: the message; the page has code and status.
        message = f"the appointment is {candidate.read_before('Status')} already"
        error = candidate.problem("NOT_ALLOWED", "Status", message)
        error.status = 403
        yield error
        return
    yield from _check_owner(candidate)
    yield from _check_cancellation(candidate)
    yield from _check_reschedule(candidate)


def _check_owner(candidate: Candidate) -> Iterator[ZohoError]:
    """The owner of an appointment must be a member of its service."""
    service = candidate.read_after("Service_Name")
    if "Owner" not in candidate.values or not isinstance(service, int):
        return
    modules = candidate.call.store.org.modules
    links = modules.get(modules["Services__s"].fields["Members"].linking or "")
    if links is None:
        return
    own, other = (links.fields[name].column for name in linking_fields("Services__s", "users"))
    sql = f"select 1 from {links.table} where {own} = ? and {other} = ? and state = 0"
    pair = (service, candidate.read_after("Owner"))
    if candidate.call.store.connection.execute(sql, pair).fetchone() is None:
        message = "Appointment Owner is not a part of Service Members"
        on = {"api_name": "Services.Members", "json_path": f"{candidate.path}.Services.Members"}
        error = ZohoError("DEPENDENT_MISMATCH", message, {"dependee": on, "api_name": "id"})
        yield locate(candidate.call, error, f"{candidate.path}.Owner.id")


def _check_cancellation(candidate: Candidate) -> Iterator[ZohoError]:
    cancelled = candidate.read_after("Status") == "Cancelled"
    has_reason = any(candidate.values.get(n) and candidate.is_changed(n) for n in _OF_CANCELLATION)
    if has_reason and not cancelled:
        yield candidate.dependent(
            "DEPENDENT_MISMATCH" if "Status" in candidate.record else "DEPENDENT_FIELD_MISSING",
            "Status",
            "Cancellation_Reason",
            "To Update the fields of Cancellation Information Section, value of Status should be "
            "Cancelled",
        )
    if (
        cancelled
        and candidate.is_changed("Status")
        and not candidate.read_after("Cancellation_Reason")
    ):
        # UNVERIFIED: the message.
        message = "Cancellation_Reason cannot be empty"
        yield candidate.dependent(
            "DEPENDENT_FIELD_MISSING", "Cancellation_Reason", "Status", message
        )


def _check_reschedule(candidate: Candidate) -> Iterator[ZohoError]:
    has_reason = any(candidate.values.get(n) and candidate.is_changed(n) for n in _OF_RESCHEDULE)
    if candidate.old is None:
        if has_reason and not candidate.record.get(_FROM):
            message = "Rescheduled_From cannot be empty"
            yield candidate.dependent(
                "DEPENDENT_FIELD_MISSING", _FROM, "Reschedule_Reason", message
            )
        return
    if _START in candidate.values and not candidate.is_changed(_START):
        # A record may be sent back as it was read (sample of "Update Appointments" in v8); that
        # is not a reschedule unless it gives a reason. UNVERIFIED: so the knob.
        if has_reason or candidate.call.knobs.same_start_time == "refuse":
            message = "Reschedule_From and Appointment_Start_Time cannot be same"
            yield candidate.dependent("DEPENDENT_FIELD_UNCHANGED", _FROM, _START, message)
    elif has_reason and _START not in candidate.values and not _was_moved(candidate):
        yield candidate.dependent(
            "DEPENDENT_FIELD_UNCHANGED",
            _FROM,
            "Reschedule_Reason",
            "Reschedule the appointment atleast once to Update the fields of Reschedule "
            "Information Section",
        )


def _was_moved(candidate: Candidate) -> bool:
    return any(candidate.read_before(name) is not None for name in (_FROM, _TO))


def find_moved(candidate: Candidate) -> dict[str, object]:
    """Other fields that a new start sets: an appointment keeps its former times."""
    before, after = candidate.read_before(_START), candidate.read_after(_START)
    if not isinstance(before, int) or not isinstance(after, int) or before == after:
        return {}
    when = build_local_time(candidate.call.store.org.time_zone)
    return {_FROM: when(before), _TO: when(after)}


def check_history(candidate: Candidate) -> Iterator[ZohoError]:
    """A reschedule that was: of an appointment that has been moved, twenty at most."""
    yield from candidate.check_fixed("Appointment_Name")
    rescheduled = candidate.values.get("Rescheduled_Time")
    if (
        isinstance(rescheduled, str)
        and parse_epoch(rescheduled) > candidate.call.emulator.clock.now()
    ):
        yield candidate.problem("INVALID_DATA", "Rescheduled_Time")
    name = "Appointment_Name"
    parent = candidate.read_after(name)
    if not isinstance(parent, int) or candidate.old is not None:
        return
    call = candidate.call
    appointments = call.store.org.modules["Appointments__s"]
    if all(read_stored(call, appointments, parent, n) is None for n in (_FROM, _TO)):
        # UNVERIFIED: code and message; the page says that the appointment must have been moved.
        yield candidate.problem("NOT_ALLOWED", name, "the appointment was not rescheduled")
    elif candidate.count(name, parent) >= MOST_RESCHEDULES:
        yield candidate.problem("IN_REQUEST_LIMIT_EXCEEDED", name, limit=MOST_RESCHEDULES)
