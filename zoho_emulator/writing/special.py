"""Rules that only one module has."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from zoho_emulator.call import Call, epoch_of
from zoho_emulator.errors import ZohoError
from zoho_emulator.model import Module
from zoho_emulator.writing.answers import located

if TYPE_CHECKING:
    from zoho_emulator.writing.checking import Checked

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
#: "Update Appointments", "Update Rescheduled History": set once.
_FIXED = {
    "Appointments__s": "Service_Name",
    "Appointments_Rescheduled_History__s": "Appointment_Name",
}
MOST_PARTICIPANTS = 50
MOST_ACTIVE_SERVICES = 500
MOST_RESCHEDULES = 20
_SERVICE_MINUTES = range(15, 1_441)


def mandatory_besides(module: Module) -> tuple[str, ...]:
    return _MANDATORY.get(module.api_name, ())


def problems_of(
    call: Call,
    module: Module,
    record: Mapping[str, object],
    checked: "Checked",
    path: str,
    old: int | None,
) -> Iterator[ZohoError]:
    """What the module has against the record besides the rules of its fields."""

    def problem(
        code: str, name: str, message: str = "invalid data", **details: object
    ) -> ZohoError:
        error = ZohoError(code, message, {**details, "api_name": name})
        return located(call, error, f"{path}.{name}")

    def depends(code: str, name: str, on: str, message: str) -> ZohoError:
        dependee = {"api_name": on, "json_path": f"{path}.{on}"}
        return problem(code, name, message, dependee=dependee)

    values = checked.values
    fixed = _FIXED.get(module.api_name)
    if old is not None and fixed in record:
        yield problem("NOT_ALLOWED", str(fixed), "the field cannot be updated")
    if values.get("What_Id") is not None and "What_Id" in module.fields:
        # "Insert Records": `$se_module` tells what What_Id points at.
        named = record.get("$se_module")
        if named is None:
            yield problem("MANDATORY_NOT_FOUND", "$se_module", "required field not found")
        elif not _is_of(call, values["What_Id"], named):
            yield problem("INVALID_DATA", "What_Id", "the id given seems to be invalid")
    if module.api_name == "Calls" and values.get("Call_Type") in ("Inbound", "Outbound"):
        length = str(values.get("Call_Duration") or "1")
        if not any(digit in "123456789" for digit in length):
            yield depends(
                "DEPENDENT_MISMATCH", "Call_Duration", "Call_Type", "Call Duration can not be zero."
            )
    people = values.get("Participants")
    if isinstance(people, list) and len(people) > MOST_PARTICIPANTS:
        message = f"Only {MOST_PARTICIPANTS} participants can be added to an event."
        yield problem("LIMIT_EXCEEDED", "Participants", message, limit=MOST_PARTICIPANTS)
    if module.api_name == "Services__s":
        minutes = values.get("Duration")
        if isinstance(minutes, int) and minutes not in _SERVICE_MINUTES:
            yield problem("INVALID_DATA", "Duration")
        if old is None and _count(call, module, "Status", "Active") >= MOST_ACTIVE_SERVICES:
            yield problem("LIMIT_EXCEEDED", "Status", limit=MOST_ACTIVE_SERVICES)
    if module.api_name == "Appointments__s":
        at_client = values.get("Location") == "Client Address"
        if at_client and old is None and not values.get("Address"):
            yield depends(
                "DEPENDENT_FIELD_MISSING", "Address", "Location", "Dependent Fields missing"
            )
    if module.api_name == "Appointments_Rescheduled_History__s":
        moment, parent = values.get("Rescheduled_Time"), values.get("Appointment_Name")
        if isinstance(moment, str) and epoch_of(moment) > call.emulator.clock.now():
            yield problem("INVALID_DATA", "Rescheduled_Time")
        if parent is not None and old is None:
            name = module.fields["Appointment_Name"]
            number = _count(call, module, name.api_name, call.store.encode(name, parent))
            if number >= MOST_RESCHEDULES:
                yield problem(
                    "IN_REQUEST_LIMIT_EXCEEDED", "Appointment_Name", limit=MOST_RESCHEDULES
                )


def _is_of(call: Call, reference: object, named: object) -> bool:
    given = reference.get("id") if isinstance(reference, dict) else reference
    owner = call.store.module_of(int(str(given)))
    return owner is not None and owner.api_name == named


def _count(call: Call, module: Module, name: str, value: object) -> int:
    known = module.fields.get(name)
    if known is None:
        return 0
    (number,) = call.store.connection.execute(
        f"select count(*) from {module.table} where {known.column} = ? and state = 0", (value,)
    ).fetchone()
    return int(number)
