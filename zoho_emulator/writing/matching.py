"""Finding records by what is unique, or counts as such in an upsert."""

from collections.abc import Collection, Sequence

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Field, Module
from zoho_emulator.store.store import Store
from zoho_emulator.store.values import Stored, fold

#: System-defined duplicate check fields, typed from Zoho's page "Upsert Records": metadata does not
#: show them. A table of the emulator's own, so that it does not share a connector's mistake.
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
#: "Upsert Records" since v3 supports them, and names no field of theirs.
WITHOUT_SYSTEM_FIELD = (*("Appointments__s", "Services__s", "Appointments_Rescheduled_History__s"),)


def parse_id(given: object) -> int | None:
    """The id a client wrote, if it is one at all."""
    text = str(given)
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return int(text) if int(text) < 2**63 else None


def can_upsert(module: Module) -> bool:
    return (
        module.api_name in SYSTEM_FIELDS
        or module.api_name in WITHOUT_SYSTEM_FIELD
        or module.generated_type == "custom"
    )


def find_system_field(module: Module) -> Field | None:
    default = "Name" if module.generated_type == "custom" else ""
    return module.fields.get(SYSTEM_FIELDS.get(module.api_name, default))


def list_unique_fields(module: Module) -> list[Field]:
    """Those that no two records may share; external fields count ("Upsert ... External ID")."""
    return [field for field in module.fields.values() if field.unique or field.external]


def order_matching_fields(call: Call, module: Module, given: Sequence[str] | None) -> list[Field]:
    """The fields an upsert tries, in their order.

    "Upsert Records": what is given comes first, and all unique fields follow, for they cannot be
    switched off; the system field takes part when it is given or nothing is.
    """
    system, unique = find_system_field(module), list_unique_fields(module)
    allowed = {field.api_name: field for field in (*([system] if system else ()), *unique)}
    if given is None:
        order = list(allowed.values())
    else:
        for index, name in enumerate(given):
            if name not in allowed:
                # UNVERIFIED: the page says that only these may be given, not what else is answered.
                raise ZohoError(
                    "INVALID_DATA",
                    "invalid data",
                    {
                        "api_name": "duplicate_check_fields",
                        "json_path": f"$.duplicate_check_fields[{index}]",
                    },
                )
        order = [allowed[name] for name in given] + unique
    return list({field.api_name: field for field in order}.values())


def find(
    call: Call,
    module: Module,
    field: Field,
    value: Stored,
    *,
    but: Collection[int] = (),
    converted: bool = False,
) -> list[int]:
    """At most two live records with the value, in any letter case, in the order of `upsert_pick`.

    UNVERIFIED: which letters Zoho holds for the same; here those that Unicode does.
    """
    created = module.fields.get("Created_Time")
    way = "asc" if call.knobs.upsert_pick == "oldest" else "desc"
    order = [f"{column} {way}" for column in (*([created.column] if created else ()), "id")]
    found = call.store.connection.execute(
        f"select id from {module.table} indexed by {_ensure_index(call.store, module, field)}"
        f" where folded({field.column}) = ? and state = 0"
        f"{'' if converted else ' and converted = 0'}"
        f" order by {', '.join(order)} limit ?",
        (fold(value), 2 + len(but)),
    )
    return [record_id for (record_id,) in found if record_id not in but][:2]


def _ensure_index(store: Store, module: Module, field: Field) -> str:
    """The index on the field; made when it is first asked for, so that reading does not wait."""
    name = f"{module.table}_{field.column}_values"
    store.connection.execute(
        f"create index if not exists {name} on {module.table} (folded({field.column}))"
    )
    return name
