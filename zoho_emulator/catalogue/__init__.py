"""What modules the org has.

To add a module, write its `Table` (see `sales.py`) and name it in `TABLES`; metadata, storage,
sample rows and rendering follow from the table.
"""

from collections.abc import Iterator

from zoho_emulator.catalogue.notation import (
    AUTHORS,
    CREATED_TIME,
    ENDING,
    STAMPS,
    Draft,
    Table,
    custom,
    field,
    owner,
)
from zoho_emulator.catalogue.sales import ACCOUNTS, CONTACTS, DEALS, LEADS
from zoho_emulator.catalogue.stock import PRODUCTS, VEHICLES

#: Supported by the API, yet without fields and records ("Modules API": sample).
VISITS = Table("Visits", "Visit", (), rows=0)

TABLES: tuple[Table, ...] = (LEADS, ACCOUNTS, CONTACTS, DEALS, PRODUCTS, VEHICLES, VISITS)

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


def mixed_fields(start: int = 1) -> Iterator[Draft]:
    """Custom fields of mixed types without end, for orgs wider than the tables."""
    number = start
    while True:
        data_type, attributes = _MIXED[(number - 1) % len(_MIXED)]
        yield custom(f"Custom_{number}", data_type, **attributes)
        number += 1


def extra_module(number: int) -> Table:
    """The `number`-th made-up module; the third of every ten has no Modified_Time."""
    makers = mixed_fields()
    stamps = (*AUTHORS, CREATED_TIME) if number % 10 == 3 else STAMPS
    return Table(
        f"Extra_{number}",
        f"Extra {number}",
        plural_label=f"Extras {number}",
        module_name=f"CustomModule{number + 3}",
        generated_type="custom",
        fields=(
            owner("Extra"),
            field("Name", label="Extra Name", length=120, mandatory=True),
            *stamps,
            *(next(makers) for _ in range(8)),
            *ENDING,
        ),
    )
