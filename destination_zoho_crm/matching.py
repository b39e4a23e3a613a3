"""Which operations a module allows, and by which keys rows find their records.

Pure: what metadata says goes in, what may be done comes out.
"""

from collections.abc import Iterator
from typing import Literal

from destination_zoho_crm.modules import TargetModule
from destination_zoho_crm.settings import SYNC_MODES, Operation
from destination_zoho_crm.target_fields import TargetField

KeyKind = Literal["id", "system", "unique", "external"]

#: Zoho's page "Upsert Records": system-defined duplicate check fields. Metadata does not report
#: them.
SYSTEM_FIELDS = {
    "Leads": "Email",
    "Accounts": "Account_Name",
    "Contacts": "Email",
    "Deals": "Deal_Name",
    "Campaigns": "Campaign_Name",
    "Cases": "Subject",
    "Solutions": "Solution_Title",
    "Products": "Product_Name",
    "Vendors": "Vendor_Name",
    "Price_Books": "Price_Book_Name",
    "Quotes": "Subject",
    "Sales_Orders": "Subject",
    "Purchase_Orders": "Subject",
    "Invoices": "Subject",
}
_OF_CUSTOM_MODULES = "Name"

#: "Upsert Records" names these since v3, without any field of theirs. UNVERIFIED: that an upsert
#: by a unique or external field works there.
_WITHOUT_SYSTEM_FIELD = (
    "Appointments__s",
    "Services__s",
    "Appointments_Rescheduled_History__s",
)
#: "Records Using External ID" leaves them out.
_WITHOUT_EXTERNAL = ("Calls", "Appointments_Rescheduled_History__s")


def find_system_field(module: TargetModule) -> str | None:
    """The field that Zoho itself takes for a duplicate check, if the module has one."""
    name = SYSTEM_FIELDS.get(module.api_name) or (_OF_CUSTOM_MODULES if module.custom else None)
    return name if name in module.fields else None


def find_lookup_keys(module: TargetModule) -> dict[str, TargetField]:
    """The fields by which a query finds one record of the module, for lookups that point at it: the
    duplicate check field, and unique fields. External ID fields have Zoho's own mechanism."""
    system = find_system_field(module)
    return {
        field.api_name: field
        for field in module.fields.values()
        if (field.unique or field.api_name == system)
        and not field.external
        and field.form in ("text", "integer", "long")
    }


def find_keys(module: TargetModule, operation: Operation) -> dict[str, KeyKind]:
    """The fields by which rows may find their records, the likeliest first; none for an insert."""
    return dict(_iterate_keys(module, operation))


def _iterate_keys(module: TargetModule, operation: Operation) -> Iterator[tuple[str, KeyKind]]:
    if operation == "insert":
        return
    # A row must be able to bring its key.
    fields = [field for field in module.fields.values() if field.is_settable(operation)]
    by_external = [
        (field.api_name, "external")
        for field in fields
        if field.external and module.api_name not in _WITHOUT_EXTERNAL
    ]
    if operation in ("update", "delete"):
        yield "id", "id"
        yield from by_external  # type: ignore[misc]  # the words are of KeyKind
        return
    if name := find_system_field(module):
        yield name, "system"
    for field in fields:
        if field.unique and not field.external and field.api_name != name:
            yield field.api_name, "unique"
    yield from by_external  # type: ignore[misc]


def find_unsupported_reason(module: TargetModule, operation: Operation) -> str | None:
    """Why the operation cannot be done in this module; None: it can."""
    name = module.api_name
    if operation == "insert" and not module.creatable:
        return f"Zoho lets no one add records to {name}"
    if operation == "update" and not module.editable:
        return f"Zoho lets no one change records of {name}"
    if operation == "delete" and not module.deletable:
        return f"Zoho lets no one delete records of {name}"
    if operation == "upsert":
        if not (name in SYSTEM_FIELDS or name in _WITHOUT_SYSTEM_FIELD or module.custom):
            return f"Zoho has no upsert for {name}"
        if not (module.creatable and module.editable):
            return f"Zoho does not let records of {name} be both added and changed"
        if not find_keys(module, operation):
            return f"{name} has no field that is unique or an external ID, so nothing can match"
    return None


def list_allowed(module: TargetModule) -> list[Operation]:
    """The operations that the module allows."""
    return [
        operation for operation in SYNC_MODES if find_unsupported_reason(module, operation) is None
    ]
