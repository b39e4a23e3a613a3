"""Rules that only some modules have."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from zoho_emulator.call import Call, epoch_of
from zoho_emulator.errors import ZohoError
from zoho_emulator.model import Module
from zoho_emulator.writing.answers import located
from zoho_emulator.writing.matching import id_of

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
MOST_ACTIVE_SERVICES = 500
MOST_RESCHEDULES = 20
_SERVICE_MINUTES = range(15, 1_441)
_DISCOUNT = re.compile(r"\d{1,16}(?:\.\d{1,9})?%?", re.ASCII)


def mandatory_besides(module: Module) -> tuple[str, ...]:
    return _MANDATORY.get(module.api_name, ())


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record whose fields have been looked at one by one."""

    call: Call
    module: Module
    record: Mapping[str, object]
    #: The values that were found good.
    values: Mapping[str, object]
    path: str
    #: The record to be updated; None inserts one.
    old: int | None

    def problem(
        self, code: str, name: str, message: str = "invalid data", **details: object
    ) -> ZohoError:
        error = ZohoError(code, message, {**details, "api_name": name})
        return located(self.call, error, f"{self.path}.{name}")

    def dependent(self, code: str, name: str, on: str, message: str) -> ZohoError:
        dependee = {"api_name": on, "json_path": f"{self.path}.{on}"}
        return self.problem(code, name, message, dependee=dependee)

    def fixed(self, name: str) -> Iterator[ZohoError]:
        """A field that is set once."""
        if self.old is not None and name in self.record:
            yield self.problem("NOT_ALLOWED", name, "the field cannot be updated")

    def count(self, name: str, value: object) -> int:
        """Live records of the module with the stored value."""
        known = self.module.fields.get(name)
        if known is None:
            return 0
        (number,) = self.call.store.connection.execute(
            f"select count(*) from {self.module.table} where {known.column} = ? and state = 0",
            (value,),
        ).fetchone()
        return int(number)


Rule = Callable[[Candidate], Iterator[ZohoError]]


def problems_of(candidate: Candidate) -> Iterator[ZohoError]:
    """What the module has against the record besides the rules of its fields."""
    if "What_Id" in candidate.module.fields:
        yield from _activity(candidate)
    if candidate.module.generated_type == "subform":
        yield from _row(candidate)
    rule = _RULES.get(candidate.module.api_name)
    if rule is not None:
        yield from rule(candidate)


def _activity(candidate: Candidate) -> Iterator[ZohoError]:
    """ "Insert Records": `$se_module` tells what What_Id points at."""
    about, named = candidate.values.get("What_Id"), candidate.record.get("$se_module")
    if about is None:
        return
    if named is None:
        yield candidate.problem("MANDATORY_NOT_FOUND", "$se_module", "required field not found")
        return
    given = about.get("id") if isinstance(about, dict) else about
    owner = candidate.call.store.module_of(id_of(given) or 0)
    if owner is None or owner.api_name != named:
        yield candidate.problem("INVALID_DATA", "What_Id", "the id given seems to be invalid")


def _row(candidate: Candidate) -> Iterator[ZohoError]:
    """The discount of a line is an amount, or a percentage with its sign."""
    discount = candidate.values.get("Discount")
    if isinstance(discount, str) and not _DISCOUNT.fullmatch(discount):
        yield candidate.problem("INVALID_DATA", "Discount")


def _call(candidate: Candidate) -> Iterator[ZohoError]:
    duration = candidate.values.get("Call_Duration")
    made = candidate.values.get("Call_Type") in ("Inbound", "Outbound")
    if made and isinstance(duration, str) and not set(duration) & set("123456789"):
        message = "Call Duration can not be zero."
        yield candidate.dependent("DEPENDENT_MISMATCH", "Call_Duration", "Call_Type", message)


def _event(candidate: Candidate) -> Iterator[ZohoError]:
    people = candidate.values.get("Participants")
    if isinstance(people, list) and len(people) > MOST_PARTICIPANTS:
        message = f"Only {MOST_PARTICIPANTS} participants can be added to an event."
        yield candidate.problem("LIMIT_EXCEEDED", "Participants", message, limit=MOST_PARTICIPANTS)


def _service(candidate: Candidate) -> Iterator[ZohoError]:
    minutes = candidate.values.get("Duration")
    if isinstance(minutes, int) and minutes not in _SERVICE_MINUTES:
        yield candidate.problem("INVALID_DATA", "Duration")
    if candidate.old is None and candidate.count("Status", "Active") >= MOST_ACTIVE_SERVICES:
        yield candidate.problem("LIMIT_EXCEEDED", "Status", limit=MOST_ACTIVE_SERVICES)


def _appointment(candidate: Candidate) -> Iterator[ZohoError]:
    yield from candidate.fixed("Service_Name")
    at_client = candidate.values.get("Location") == "Client Address"
    if at_client and candidate.old is None and not candidate.values.get("Address"):
        message = "Dependent Fields missing"
        yield candidate.dependent("DEPENDENT_FIELD_MISSING", "Address", "Location", message)


def _reschedule(candidate: Candidate) -> Iterator[ZohoError]:
    yield from candidate.fixed("Appointment_Name")
    moment = candidate.values.get("Rescheduled_Time")
    if isinstance(moment, str) and epoch_of(moment) > candidate.call.emulator.clock.now():
        yield candidate.problem("INVALID_DATA", "Rescheduled_Time")
    name, parent = "Appointment_Name", candidate.values.get("Appointment_Name")
    if parent is not None and candidate.old is None:
        stored = candidate.call.store.encode(candidate.module.fields[name], parent)
        if candidate.count(name, stored) >= MOST_RESCHEDULES:
            yield candidate.problem("IN_REQUEST_LIMIT_EXCEEDED", name, limit=MOST_RESCHEDULES)


_RULES: Mapping[str, Rule] = {
    "Calls": _call,
    "Events": _event,
    "Services__s": _service,
    "Appointments__s": _appointment,
    "Appointments_Rescheduled_History__s": _reschedule,
}
