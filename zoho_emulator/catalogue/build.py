"""Makes an org's modules and fields of the tables."""

from collections.abc import Mapping
from typing import Any

from zoho_emulator.catalogue import (
    NOT_SUPPORTED,
    TABLES,
    build_extra_module,
    build_mixed_fields,
)
from zoho_emulator.catalogue.notation import Draft, Table, build_field
from zoho_emulator.store.data_types import is_stored
from zoho_emulator.store.ids import Ids
from zoho_emulator.store.model import Currency, Field, Module, NamedItem, Org, User

#: sqlite allows 2,000 columns in a table and in a result. A table has five that are no fields;
#: a result has two for a lookup, its id and its name.
MAX_COLUMNS = 1_990
_LOOKUPS = ("lookup", "multi_module_lookup")

#: First and last name, role, profile and status.
_USERS = (
    ("First", "Administrator", "CEO", "Administrator", "active"),
    ("Second", "Manager", "Manager", "Standard", "active"),
    ("Ünïcode", "O'Quote", "Manager", "Standard", "active"),
    ("", "Integration", "CEO", "Administrator", "active"),
    ("Former", "Manager", "Manager", "Standard", "disabled"),
    ("Third", "Representative", "Representative", "Standard", "active"),
)


_CURRENCIES: tuple[dict[str, Any], ...] = (
    {
        "name": "US Dollar - USD",
        "iso_code": "USD",
        "symbol": "$",
        "exchange_rate": "1.000000000",
        "is_base": True,
    },
    {
        "name": "Euro - EUR",
        "iso_code": "EUR",
        "symbol": "€",
        "exchange_rate": "0.920000000",
    },
    {
        "name": "Japanese Yen - JPY",
        "iso_code": "JPY",
        "symbol": "¥",
        "exchange_rate": "149.500000000",
        "is_active": False,
    },
)
_CONTACT_ROLES = ("Developer/Evaluator", "Decision Maker", "Executive Sponsor", "Purchasing")


def new_field(module: Module, draft: Draft, ids: Ids) -> Field:
    """Adds a field to the module; the id of an option of its picklist is its id plus a number.

    A column is never used twice, not even when its field is gone.
    """
    names = sum(field.data_type in _LOOKUPS for field in module.fields.values())
    if module.columns + names + 2 > MAX_COLUMNS:
        raise ValueError(f"{module.api_name} has no room for more than {len(module.fields)} fields")
    options = draft.attributes.get("pick_list", ())
    room = 1 + len(options) if isinstance(options, list | tuple) else 1
    field = build_field(draft, ids.take(room), f"c{module.columns}")
    module.fields[field.api_name] = field
    if is_stored(field):
        module.columns += 1
    return field


def new_module(table: Table, ids: Ids) -> Module:
    rows_of = table.rows_of
    module = Module(
        id=ids.take(),
        api_name=table.api_name,
        module_name=table.module_name or table.api_name,
        singular_label=table.singular_label,
        plural_label=table.plural_label or table.api_name,
        table=f"m{ids.new_block()}",
        display_field=table.display_field,
        generated_type=table.generated_type,
        since=table.since,
        until=table.until,
        visibility=table.visibility,
        status=table.status,
        creatable=table.writable,
        editable=table.writable,
        deletable=table.writable,
        viewable=table.viewable,
        permitted=table.permitted,
        files=table.files,
        view_of=table.view_of,
        parent=rows_of.parent if rows_of else None,
        layout_id=ids.take(),
    )
    for draft in table.fields:
        new_field(module, draft, ids)
    return module


def _build_unsupported(ids: Ids) -> list[Module]:
    return [
        Module(
            id=ids.take(),
            api_name=api_name,
            module_name=module_name,
            singular_label=label,
            plural_label=label,
            table="",
            generated_type=generated_type,
            api_supported=False,
            creatable=False,
            editable=False,
            deletable=False,
        )
        for api_name, module_name, label, generated_type in NOT_SUPPORTED
    ]


def list_tables(modules: int | None) -> tuple[Table, ...]:
    """The tables of an org with at least that many modules that hold records."""
    missing = max(0, (modules or 0) - sum(table.holds_rows for table in TABLES))
    return (*TABLES, *(build_extra_module(number + 1) for number in range(missing)))


def build_org(
    ids: Ids,
    wanted: tuple[Table, ...],
    *,
    fields_by_module: Mapping[str, int],
    edition: str,
    time_zone: str,
) -> Org:
    roles = {name: ids.take() for name in ("CEO", "Manager", "Representative")}
    profiles = {name: ids.take() for name in ("Administrator", "Standard")}
    users = [
        User(ids.take(), first, last, f"user{number}@example.com", role, profile, status)
        for number, (first, last, role, profile, status) in enumerate(_USERS, 1)
    ]
    unsupported = _build_unsupported(ids)
    modules = [new_module(table, ids) for table in wanted]
    by_name = {module.api_name: module for module in modules}
    for name, count in fields_by_module.items():
        if name not in by_name:
            raise ValueError(f"--fields: there is no module {name}")
        makers = build_mixed_fields()
        while len(by_name[name].fields) < count:
            new_field(by_name[name], next(makers), ids)
    org_id = ids.take()
    return Org(
        id=org_id,
        company_name="Example Trading",
        time_zone=time_zone,
        edition=edition,
        user_licenses=len(users) - 1,
        users=users,
        modules={module.api_name: module for module in (*unsupported, *modules)},
        roles=roles,
        profiles=profiles,
        territories=[NamedItem(ids.take(), name) for name in ("All", "North", "South")],
        currencies=[Currency(ids.take(), **item) for item in _CURRENCIES],
        contact_roles=[NamedItem(ids.take(), name) for name in _CONTACT_ROLES],
    )
