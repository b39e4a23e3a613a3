"""Roles, profiles, territories, currencies, tags and contact roles, as settings calls print them.

Which keys came with which version: the pages of each resource, and the models of Zoho's SDKs.
"""

from zoho_emulator.field_details import Json
from zoho_emulator.field_metadata import FOUNDED
from zoho_emulator.localtime import local_time
from zoho_emulator.model import Currency, Field, Named, Org
from zoho_emulator.tags import tags_of
from zoho_emulator.versions import Version

#: Most tags of a module ("Tags").
MOST_TAGS = 200


def _founder(org: Org) -> Json:
    return {"name": org.users[0].full_name, "id": str(org.users[0].id)}


def _stamps(org: Org, *, suffix: str = "") -> Json:
    founded, founder = local_time(org.time_zone)(FOUNDED), _founder(org)
    return {
        f"created_by{suffix}": founder,
        f"modified_by{suffix}": founder,
        f"created_time{suffix}": founded,
        f"modified_time{suffix}": founded,
    }


def role_json(org: Org, name: str, version: Version) -> Json:
    """The first role is the top of the hierarchy; the others report to it."""
    top = next(iter(org.roles))
    json: Json = {
        "id": str(org.roles[name]),
        "name": name,
        "display_label": name,
        "description": None,
        "reporting_to": None if name == top else {"name": top, "id": str(org.roles[top])},
        "share_with_peers": name == top,
        "forecast_manager": None,
        "admin_user": name == top,
    }
    return json | _stamps(org, suffix="__s") if version.number >= 4 else json


def profile_json(org: Org, name: str, version: Version, *, single: bool = False) -> Json:
    """`single` adds the permissions, which only the call for one profile tells."""
    administrator = name == "Administrator"
    json: Json = {
        "id": str(org.profiles[name]),
        "name": name,
        "display_label": name,
        "description": f"This profile will have {'all' if administrator else 'most'} permissions",
        "created_time": None,
        "modified_time": None,
        "created_by": None,
        "modified_by": None,
    }
    if version.number >= 4:
        json |= {"custom": False, "type": "normal_profile"}
    else:
        json["category"] = False
    if single:
        json |= _permissions(org, administrator=administrator)
    return json


def _permissions(org: Org, *, administrator: bool) -> Json:
    """Whom a module's records may be seen by; nothing else is granted in the emulator."""
    details = [
        {
            "display_label": module.plural_label,
            "name": f"Crm_Implied_View_{module.api_name}",
            "module": module.api_name,
            "enabled": module.permitted and module.viewable,
            "id": str(module.id),
            "customizable": not administrator,
        }
        for module in org.modules.values()
        if module.api_supported
    ]
    sections = [{"name": "crm", "categories": [{"name": "Modules", "permissions_details": []}]}]
    return {"permissions_details": details, "sections": sections}


def territory_json(org: Org, territory: Named, version: Version) -> Json:
    """The first territory holds the others."""
    top = org.territories[0]
    above = None if territory is top else {"name": top.name, "id": str(top.id)}
    json: Json = {
        "id": str(territory.id),
        "name": territory.name,
        "description": None,
        "manager": _founder(org),
        **_stamps(org),
    }
    if version.number < 2.1:
        return json | {"parent_id": above and above["id"], "criteria": None}
    json |= {
        "reporting_to": above,
        "permission_type": "read_write_delete",
        "account_rule_criteria": None,
        "deal_rule_criteria": None,
        "lead_rule_criteria": None,
    }
    if version.number >= 4:
        json["api_name"] = territory.name.replace(" ", "_")
    return json


def currency_json(org: Org, currency: Currency) -> Json:
    return {
        "id": str(currency.id),
        "name": currency.name,
        "iso_code": currency.iso_code,
        "symbol": currency.symbol,
        "exchange_rate": currency.exchange_rate,
        "is_base": currency.is_base,
        "is_active": currency.is_active,
        "prefix_symbol": True,
        "format": {
            "decimal_separator": "Period",
            "thousand_separator": "Comma",
            "decimal_places": "0" if currency.iso_code == "JPY" else "2",
        },
        **_stamps(org),
    }


def tags_json(org: Org, field: Field | None, version: Version) -> list[Json]:
    """The tags of a module, by its field Tag."""
    if field is None:
        return []
    tags = [tag | _stamps(org) for tag in tags_of(org, field)]
    if version.number < 2.1:
        for item in tags:
            del item["color_code"]
    return tags


def contact_roles_json(org: Org) -> list[Json]:
    return [
        {"id": str(role.id), "name": role.name, "sequence_number": number}
        for number, role in enumerate(org.contact_roles, 1)
    ]
