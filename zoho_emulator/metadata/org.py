"""Roles, profiles, territories, currencies, tags and contact roles, as settings calls print them.

Which keys came with which version: the pages of each resource, and the models of Zoho's SDKs.
"""

from collections.abc import Collection

from zoho_emulator.localtime import build_local_time
from zoho_emulator.metadata.field_details import Json
from zoho_emulator.metadata.fields import FOUNDED
from zoho_emulator.store.model import Currency, Field, NamedItem, Org
from zoho_emulator.store.tags import list_tags
from zoho_emulator.versions import Version

#: Most tags of a module ("Tags"), and what the list of them calls `record_limit`.
MOST_TAGS = 200
RECORD_LIMIT = 20
#: Types of profiles that a call may ask for, and that of all of the org's.
PROFILE_TYPES = ("private_profile", "normal_profile", "portal_profile")
PROFILE_TYPE = "normal_profile"
#: Most profiles that the licence allows.
MOST_PROFILES = 200
#: Rules by which records fall to a territory.
CRITERIA = ("account_rule_criteria", "deal_rule_criteria", "lead_rule_criteria")


def _describe_founder(org: Org) -> Json:
    return {"name": org.users[0].full_name, "id": str(org.users[0].id)}


def _describe_stamps(org: Org, *, suffix: str = "") -> Json:
    founded, founder = build_local_time(org.time_zone)(FOUNDED), _describe_founder(org)
    return {
        f"created_by{suffix}": founder,
        f"modified_by{suffix}": founder,
        f"created_time{suffix}": founded,
        f"modified_time{suffix}": founded,
    }


def describe_role(org: Org, name: str, version: Version) -> Json:
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
    if version.number >= 4:
        json |= _describe_stamps(org, suffix="__s")
    if version.v6_metadata:
        json["api_name"] = name.replace(" ", "_")
    return json


def describe_profile(org: Org, name: str, version: Version, *, single: bool = False) -> Json:
    """`single` adds the permissions, which only the call for one profile shows."""
    administrator = name == "Administrator"
    json: Json = {
        "id": str(org.profiles[name]),
        "name": name,
        "display_label": name,
        "description": f"This profile will have {'all' if administrator else 'most'} permissions",
        "created_time": None,
        "modified_time": build_local_time(org.time_zone)(FOUNDED),
        "created_by": None,
        "modified_by": _describe_founder(org),
    }
    if version.number >= 4:
        json |= {"custom": False, "type": PROFILE_TYPE}
    else:
        json["category"] = False
    if version.v6_metadata:
        json["api_name"] = name.replace(" ", "_")
    if single:
        json |= _describe_permissions(org, administrator=administrator)
    return json


def _describe_permissions(org: Org, *, administrator: bool) -> Json:
    """Who may see a module's records; nothing else is granted in the emulator."""
    details = [
        {
            "display_label": module.plural_label,
            "name": f"Crm_Implied_View_{module.api_name}",
            "module": module.api_name,
            "enabled": module.permitted and module.viewable,
            "id": str(module.id),
            "customizable": not administrator,
            "parent_permissions": None,
        }
        for module in org.modules.values()
        if module.api_supported
    ]
    categories = [
        {
            "name": item["module"],
            "display_label": item["display_label"],
            "module": item["module"],
            "permissions_details": [item["id"]],
        }
        for item in details
    ]
    return {
        "permissions_details": details,
        "sections": [{"name": "module", "categories": categories}],
    }


def describe_territory(
    org: Org, territory: NamedItem, version: Version, included: Collection[str] = ()
) -> Json:
    """The first territory holds the others; v8 shows a criterion where the call includes it."""
    top = org.territories[0]
    above = None if territory is top else {"name": top.name, "id": str(top.id)}
    json: Json = {
        "id": str(territory.id),
        "name": territory.name,
        "description": None,
        "manager": _describe_founder(org),
        **_describe_stamps(org),
    }
    if version.number < 2.1:
        return json | {"parent_id": above and above["id"], "criteria": None}
    json |= {
        "reporting_to": above,
        "permission_type": "read_write_delete",
        **{name: None for name in CRITERIA if name in included or not version.v6_metadata},
    }
    if version.number >= 4:
        json["api_name"] = territory.name.replace(" ", "_")
    return json


def describe_currency(org: Org, currency: Currency, version: Version) -> Json:
    stamps = _describe_stamps(org)
    form = {
        "decimal_separator": "Period",
        "thousand_separator": "Comma",
        "decimal_places": "0" if currency.iso_code == "JPY" else "2",
    }
    json: Json = {
        "id": str(currency.id),
        "name": currency.name,
        "iso_code": currency.iso_code,
        "symbol": currency.symbol,
        "exchange_rate": currency.exchange_rate,
        "is_base": currency.is_base,
        "is_active": currency.is_active,
        "prefix_symbol": True,
        "format": form,
        **stamps,
    }
    if version.v6_metadata:
        # UNVERIFIED: since when; the sample is of v8.
        form["numeral_system"] = "International"
        json["exchange_rate_auto_update"] = False
        json["exchange_rate_updated_time"] = stamps["modified_time"]
    return json


def describe_tags(org: Org, field: Field, version: Version) -> list[Json]:
    """The tags of a module, by its field Tag."""
    tags = [tag | _describe_stamps(org) for tag in list_tags(org, field)]
    if version.number < 2.1:
        for item in tags:
            del item["color_code"]
    return tags


def describe_contact_roles(org: Org) -> list[Json]:
    return [
        {"id": str(role.id), "name": role.name, "sequence_number": number}
        for number, role in enumerate(org.contact_roles, 1)
    ]
