"""What modules the org has.

To add a module, write its `Table` (see `sales.py`) and name it in `TABLES`; metadata, storage,
sample rows and rendering follow from the table.
"""

from collections.abc import Iterator

from zoho_emulator.catalogue.activities import ACTIVITIES, ATTACHMENTS, CALLS, EVENTS, NOTES, TASKS
from zoho_emulator.catalogue.children import (
    CONTRACTS,
    DEAL_HISTORY,
    ENTITY_SCORES,
    LINKING,
    LOCKING_INFORMATION,
    PROJECT_DETAILS,
    SERVICE_HISTORY,
)
from zoho_emulator.catalogue.inventory import (
    INVOICED_ITEMS,
    INVOICES,
    ORDERED_ITEMS,
    PRICE_BOOKS,
    PURCHASE_ITEMS,
    PURCHASE_ORDERS,
    QUOTED_ITEMS,
    QUOTES,
    SALES_ORDERS,
    VENDORS,
)
from zoho_emulator.catalogue.notation import (
    AUTHORS,
    CREATED_TIME,
    ENDING,
    RECORD_ID,
    STAMPS,
    Draft,
    Table,
    custom,
    field,
    owner,
)
from zoho_emulator.catalogue.sales import ACCOUNTS, CONTACTS, DEALS, LEADS
from zoho_emulator.catalogue.service import (
    APPOINTMENTS,
    CAMPAIGNS,
    CASES,
    RESCHEDULED,
    SERVICES,
    SOLUTIONS,
)
from zoho_emulator.catalogue.stock import PRODUCTS, VEHICLES

#: Supported by the API, yet without fields and records ("Modules API": sample).
VISITS = Table("Visits", "Visit", (), rows=0)
_WITHOUT_FIELDS = (
    Table("Approvals", "Approval", (), rows=0),
    Table("Actions_Performed", "Action Performed", (), rows=0),
)

#: Listed as readable, and refused when read. UNVERIFIED: their fields.
_FORBIDDEN_FIELDS = (
    field("Name", length=120),
    CREATED_TIME,
    RECORD_ID,
)
_FORBIDDEN = tuple(
    Table(
        api_name,
        label,
        _FORBIDDEN_FIELDS,
        status="user_hidden",
        visibility=2,
        writable=False,
        viewable=viewable,
        permitted=False,
        since=since,
        rows=0,
    )
    for api_name, label, viewable, since in (
        ("Data_Subject_Requests", "Data Subject Request", True, 2.0),
        ("Email_Analytics", "Email Analytics", False, 2.0),
        ("Email_Template_Analytics", "Email Template Analytics", True, 4.0),
    )
)

TABLES: tuple[Table, ...] = (
    *(LEADS, ACCOUNTS, CONTACTS, DEALS, PRODUCTS, VEHICLES, VISITS),
    *(CAMPAIGNS, CASES, SOLUTIONS, VENDORS, PRICE_BOOKS),
    *(QUOTES, SALES_ORDERS, PURCHASE_ORDERS, INVOICES),
    *(TASKS, EVENTS, CALLS, ACTIVITIES, NOTES, ATTACHMENTS),
    *(SERVICES, APPOINTMENTS, RESCHEDULED, CONTRACTS),
    *(QUOTED_ITEMS, ORDERED_ITEMS, PURCHASE_ITEMS, INVOICED_ITEMS),
    *(PROJECT_DETAILS, SERVICE_HISTORY, *LINKING, DEAL_HISTORY),
    *(ENTITY_SCORES, LOCKING_INFORMATION),
    *(*_WITHOUT_FIELDS, *_FORBIDDEN),
)

#: Listed by settings/modules with `api_supported` false: api_name, module_name, label and
#: generated_type ("Modules API"). They hold no records.
NOT_SUPPORTED = (
    ("Home", "Home", "Home", "default"),
    ("Feeds", "Feeds", "Feeds", "default"),
    ("Documents", "Documents", "Documents", "default"),
    ("Reports", "Reports", "Reports", "default"),
    ("Dashboards", "Dashboards", "Analytics", "default"),
    ("SalesInbox", "SalesInbox", "SalesInbox", "default"),
    ("Social", "Social", "Social", "default"),
    ("Forecasts", "Forecasts", "Forecasts", "default"),
    ("Emails", "Emails", "Emails", "default"),
    ("Projects", "Projects", "Projects", "default"),
    ("Google_AdWords", "GoogleAdWords", "Google Ads", "default"),
    ("File_Upload_1__s", "FileUpload1", "Documents", "static_subform"),
    ("Image_Upload_1__s", "ImageUpload1", "Pictures", "static_subform"),
    ("Wiki", "WebTab1", "Wiki", "web"),
)

#: Types of made-up fields, in turn.
_MIXED: tuple[tuple[str, dict[str, object]], ...] = (
    ("text", {}),
    ("integer", {}),
    ("picklist", {"pick_list": ("-None-", "Low", "Middle", "High")}),
    ("date", {}),
    ("double", {}),
    ("boolean", {}),
    ("email", {}),
    ("datetime", {}),
    ("currency", {}),
    ("multiselectpicklist", {"pick_list": ("North", "East", "South", "West")}),
    ("lookup", {"targets": ("Accounts",)}),
    ("textarea", {"textarea": "small"}),
    ("bigint", {}),
    ("phone", {}),
    ("percent", {}),
    ("website", {}),
)


def build_mixed_fields(start: int = 1) -> Iterator[Draft]:
    """Custom fields of mixed types without end, for orgs wider than the tables."""
    number = start
    while True:
        data_type, attributes = _MIXED[(number - 1) % len(_MIXED)]
        yield custom(f"Custom_{number}", data_type, **attributes)
        number += 1


def build_extra_module(number: int) -> Table:
    """The `number`-th made-up module; the third of every ten has no Modified_Time."""
    makers = build_mixed_fields()
    stamps = (*AUTHORS, CREATED_TIME) if number % 10 == 3 else STAMPS
    return Table(
        f"Extra_{number}",
        f"Extra {number}",
        plural_label=f"Extras {number}",
        module_name=f"CustomModule{number + 4}",
        generated_type="custom",
        fields=(
            owner("Extra"),
            field("Name", label="Extra Name", length=120, mandatory=True),
            *stamps,
            *(next(makers) for _ in range(8)),
            *ENDING,
        ),
    )
