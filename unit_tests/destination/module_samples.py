"""Records of every module that the page names, with their rows, as a user would bring them."""

from unit_tests.destination.conftest import Json, Org
from unit_tests.destination.test_every_module import MARKERS, values
from unit_tests.destination.test_line_items import DOCUMENTS, product, rows_of
from unit_tests.destination.test_service import SERVICE, user_id

HISTORY = "Appointments_Rescheduled_History__s"
LINKS = "LeadsXProducts"
#: What Zoho does not let be changed, and takes in new records only.
UNCHANGED = {"Appointments__s": "Service_Name", HISTORY: "Appointment_Name"}
REASONS = ("Other", "By customer", "By member")
#: Besides line items: a module, its subform and a number in the rows.
SUBFORMS = {
    "Price_Books": ("Pricing_Details", "discount"),
    "Leads": ("Project_Details", "Effort"),
    "Vehicles": ("Service_History", "Odometer"),
}


def sample(org: Org, module: str, text: str) -> Json:
    """A new record of the module, without rows."""
    if module == "Services__s":
        return SERVICE | {"Service_Name": text, "Members": [user_id(org)]}
    if module == "Appointments__s":
        contact = org.records("Contacts")[0]["id"]
        return {
            "Appointment_Name": text,
            "Service_Name": org.records("Services__s")[0]["id"],
            "Appointment_For": {"id": contact, "module": {"api_name": "Contacts"}},
            "Appointment_Start_Time": "2030-01-01T10:00:00Z",
            "Location": "Business Address",
            "Owner": user_id(org),
        }
    if module == HISTORY:
        return {
            "Appointment_Name": org.records("Appointments__s")[0]["id"],
            "Rescheduled_By": user_id(org),
            "Rescheduled_Time": "2020-01-01T10:00:00Z",
            "Rescheduled_From": "2030-01-01T10:00:00Z",
            "Rescheduled_To": "2030-01-02T10:00:00Z",
        }
    if module == LINKS:
        return {"Leads": org.records("Leads")[0]["id"]}
    return values(org, module, text)


def mark(org: Org, module: str, number: int) -> Json:
    """A value that tells the writes of a record apart: 0, 1 or 2."""
    if module == HISTORY:
        return {"Reschedule_Reason": REASONS[number]}
    if module == LINKS:
        return {"Products": product(org, number)}
    return {MARKERS.get(module, "Description"): f"write {number}"}


def rows(org: Org, module: str, version: str, number: int) -> Json:
    """A column with one row, if records of the module have rows."""
    if module in DOCUMENTS:
        column = "Product_Details" if version == "v2" else DOCUMENTS[module][0]
        return {column: [{"Product_Name": product(org), "Quantity": number + 1}]}
    if module not in SUBFORMS:
        return {}
    column, name = SUBFORMS[module]
    ranges = {"from_range": 1, "to_range": 9} if module == "Price_Books" else {}
    return {column: [{**ranges, name: number + 1}]}


def read_rows(org: Org, module: str, record_id: str) -> list[int]:
    """The numbers in the rows that the emulator has for the record."""
    if module in DOCUMENTS:
        found, name = rows_of(org, DOCUMENTS[module][1], record_id), "Quantity"
    elif module == "Price_Books":
        found, name = org.read(module, record_id)["Pricing_Details"], "discount"
    elif module in SUBFORMS:
        column, name = SUBFORMS[module]
        found = rows_of(org, column, record_id)
    else:
        return []
    return [int(float(row[name])) for row in found]
