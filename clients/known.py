"""What need not work: what Zoho refuses by its own documents, and what an SDK cannot do.

Both lists are strict: what begins to work, or is refused in other words, fails the run.
"""

from collections.abc import Mapping
from typing import NamedTuple

_NO_PERMISSION = ("Data_Subject_Requests", "Email_Analytics", "Email_Template_Analytics")
_NO_FIELDS = ("Visits", "Approvals", "Actions_Performed")
_LINKS = (
    "VehiclesXContacts",
    "Vehicles_X_Users",
    "LeadsXProducts",
    "Leads_X_Users",
    "Services__s_X_Users",
)
_LINE_ITEMS = ("Quoted_Items", "Ordered_Items", "Purchase_Items", "Invoiced_Items")
_NOT_UPSERTED = ("Tasks", "Events", "Calls", "Notes", *_LINKS)

#: (module, step): the code that Zoho answers, and that the SDK has to give.
REFUSED: Mapping[tuple[str, str], str] = {
    **{(name, step): "NO_PERMISSION" for name in _NO_PERMISSION for step in ("read", "coql")},
    **{(name, "coql"): "INVALID_MODULE" for name in (*_NO_FIELDS, "Activities", "Attachments")},
    **{(name, "upsert"): "INVALID_MODULE" for name in _NOT_UPSERTED},
    # What an appointment is made for stays, and so does its history.
    ("Appointments__s", "upsert"): "NOT_ALLOWED",
    ("Appointments_Rescheduled_History__s", "upsert"): "NOT_ALLOWED",
}

#: What is not written again, by module or by the SDK's class of a row.
LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    # Sections of appointments that were put off or cancelled, which new ones have not.
    "Appointments__s": (
        "Status",
        "Cancellation_Reason",
        "Cancellation_Note",
        "Reschedule_Reason",
        "Reschedule_Note",
    ),
    # Zoho fills these in; of line items in v2 no metadata say so.
    "InventoryLineItems": ("net_total", "total", "unit_price", "quantity_in_stock", "Tax"),
    # It computes the tax of a line item from its rates.
    **dict.fromkeys(_LINE_ITEMS, ("Tax",)),
}

#: What the record is like that is written again: others of the sample org lack what their kind of
#: availability asks for.
SAMPLES: Mapping[str, tuple[str, str]] = {
    "Services__s": ("Availability_Type", "Every Business Days"),
}


class Fault(NamedTuple):
    """What an SDK cannot do with an answer that Zoho documents.

    With `without` or `left_out`, modules that meet it are run again without its cause.
    """

    mark: str
    sdks: tuple[str, ...]
    #: A part of what the SDK says.
    says: str
    reason: str
    #: Fields of these types are taken out of the org.
    without: tuple[str, ...] = ()
    #: The SDK's class and what is not copied of its objects.
    left_out: tuple[str, str] | None = None


FAULTS = (
    Fault(
        "a",
        ("python-2.0", "python-2.1"),
        "Caused By: None - 'name'",
        "It writes no module with a field of a data type that it does not know (rollup_summary, in "
        "2.0 territories), nor, in 2.0, one that looks up to such a module: KeyError.",
        without=("rollup_summary", "territories"),
    ),
    Fault(
        "b",
        ("python-2.0", "python-2.1"),
        "HTTP 200 without an object",
        "It takes the value of a lookup to several modules for a list, and gives no object.",
        without=("multimodulelookup",),
    ),
    Fault(
        "c",
        ("python-2.0",),
        "'expected_data_type': 'jsonarray'",
        "It reads a multi-select lookup as a text, the list in Python's notation, and sends that.",
        without=("multiselectlookup",),
    ),
    Fault(
        "d",
        ("python-2.0",),
        "'api_name': 'Price_Book_Name'",
        "It takes the id of a line item's price book for a double, which has not so many digits.",
        left_out=("InventoryLineItems", "book"),
    ),
)
