"""Rules that only some modules have."""

import re
from collections.abc import Callable, Iterator, Mapping

from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Module
from zoho_emulator.writing import appointments
from zoho_emulator.writing.candidate import Candidate
from zoho_emulator.writing.matching import parse_id

#: "Insert Records" and "Appointments": mandatory, though metadata or layout does not say so.
_MANDATORY: Mapping[str, tuple[str, ...]] = {
    "Price_Books": ("Pricing_Details",),
    "Quotes": ("Quoted_Items", "Product_Details"),
    "Sales_Orders": ("Ordered_Items", "Product_Details"),
    "Purchase_Orders": ("Purchased_Items", "Product_Details"),
    "Invoices": ("Invoiced_Items", "Product_Details"),
    "Calls": ("Call_Duration",),
    "Services__s": ("Members", "Price"),
    "Appointments_Rescheduled_History__s": ("Rescheduled_By",),
}
MOST_PARTICIPANTS = 50
#: "Insert Records": minutes and seconds. UNVERIFIED: how many digits the minutes may have.
_DURATION = re.compile(r"\d{1,4}:[0-5]\d", re.ASCII)
_DISCOUNT = re.compile(r"\d{1,16}(?:\.\d{1,9})?%?", re.ASCII)


def list_mandatory(module: Module) -> tuple[str, ...]:
    return _MANDATORY.get(module.api_name, ())


def find_follow_ups(candidate: Candidate) -> Mapping[str, object]:
    """Values that Zoho adds to a good record."""
    if candidate.module.api_name == "Appointments__s":
        return appointments.find_moved(candidate)
    if candidate.module.api_name == "Services__s" and candidate.old is None:
        # UNVERIFIED: who sets them; no sample of a service lacks them.
        wanted = {"Status": "Available", "Job_Sheet_Required": "No"}
        return {name: value for name, value in wanted.items() if not candidate.values.get(name)}
    return {}


Rule = Callable[[Candidate], Iterator[ZohoError]]


def find_problems(candidate: Candidate) -> Iterator[ZohoError]:
    """What is wrong with the record by rules of the module, not of its fields."""
    if "What_Id" in candidate.module.fields:
        yield from _check_activity(candidate)
    if candidate.module.generated_type == "subform":
        yield from _check_row(candidate)
    rule = _RULES.get(candidate.module.api_name)
    if rule is not None:
        yield from rule(candidate)


def _check_activity(candidate: Candidate) -> Iterator[ZohoError]:
    """ "Insert Records": `$se_module` names the module that What_Id points at."""
    about, named = candidate.values.get("What_Id"), candidate.record.get("$se_module")
    if about is None:
        return
    if named is None:
        yield candidate.problem("MANDATORY_NOT_FOUND", "$se_module", "required field not found")
        return
    given = about.get("id") if isinstance(about, dict) else about
    owner = candidate.call.store.find_module(parse_id(given) or 0)
    if owner is None or owner.api_name != named:
        yield candidate.problem("INVALID_DATA", "What_Id", "the id given seems to be invalid")


def _check_row(candidate: Candidate) -> Iterator[ZohoError]:
    """The discount of a line item is an amount, or a percentage with its sign."""
    discount = candidate.values.get("Discount")
    if isinstance(discount, str) and not _DISCOUNT.fullmatch(discount):
        yield candidate.problem("INVALID_DATA", "Discount")


def _check_call(candidate: Candidate) -> Iterator[ZohoError]:
    duration = candidate.values.get("Call_Duration")
    if isinstance(duration, str) and not _DURATION.fullmatch(duration):
        yield candidate.problem("INVALID_DATA", "Call_Duration")
        return
    made = candidate.values.get("Call_Type") in ("Inbound", "Outbound")
    if made and isinstance(duration, str) and not set(duration) & set("123456789"):
        message = "Call Duration can not be zero."
        yield candidate.dependent("DEPENDENT_MISMATCH", "Call_Duration", "Call_Type", message)


def _check_event(candidate: Candidate) -> Iterator[ZohoError]:
    people = candidate.values.get("Participants")
    if isinstance(people, list) and len(people) > MOST_PARTICIPANTS:
        message = f"Only {MOST_PARTICIPANTS} participants can be added to an event."
        yield candidate.problem("LIMIT_EXCEEDED", "Participants", message, limit=MOST_PARTICIPANTS)


def _check_note(candidate: Candidate) -> Iterator[ZohoError]:
    """A note must have content."""
    names = ("Note_Content", "Note_Title")
    if any(candidate.read_after(name) for name in names):
        return
    fields = [{"api_name": name, "json_path": f"{candidate.path}.{name}"} for name in names]
    message = "should contain either content or title"
    yield ZohoError("EXPECTED_FIELD_MISSING", message, {"expected_fields": fields})


_RULES: Mapping[str, Rule] = {
    "Notes": _check_note,
    "Calls": _check_call,
    "Events": _check_event,
    "Services__s": appointments.check_service,
    "Appointments__s": appointments.check_appointment,
    "Appointments_Rescheduled_History__s": appointments.check_history,
}
