"""Modules, users and the org as Zoho's settings calls print them, per version.

Which attribute came with which version is in "Modules Metadata" and its change logs.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from zoho_emulator.localtime import build_local_time
from zoho_emulator.metadata.field_details import Json, refer_to_module
from zoho_emulator.metadata.fields import FOUNDED, describe_profiles
from zoho_emulator.metadata.related_lists import describe_default_view, has_views
from zoho_emulator.store.model import Field, Module, Org, User
from zoho_emulator.versions import Version

#: Booleans that every version has, and whether a module that holds records has them.
_ALWAYS = {"global_search_supported": True, "isBlueprintSupported": True}
#: The same of those that module metadata lost with v6.
_BEFORE_V6 = {
    "filter_supported": True,
    "triggers_supported": True,
    "webform_supported": False,
    "scoring_supported": True,
    "emailTemplate_support": True,
    "email_parser_supported": False,
    "inventory_template_supported": False,
}


_CUSTOMIZED: Json = {
    "notes_desc": None,
    "show_right_panel": None,
    "bc_view": None,
    "show_home": False,
    "show_detail_view": True,
    "show_left_panel": True,
    "unpin_recent_item": None,
}
_TAB: Json = {"font_color": "#FFFFFF", "background": "#222222"}
_THEME: Json = {
    "normal_tab": _TAB,
    "selected_tab": _TAB,
    "new_background": None,
    "background": "#F3F0EB",
    "screen": "fixed",
    "type": "default",
}
#: What the recordings of v2 have, and the samples since.
_USER_OF_V2: Json = {
    "name_format": "Salutation,First Name,Last Name",
    "decimal_separator": "en_US",
    "distance_preference__s": "Miles",
    "territories": [],
    "Current_Shift__s": None,
    "Next_Shift__s": None,
    "Shift_Effective_From__s": None,
    "signature": None,
    "customize_info": _CUSTOMIZED,
    "theme": _THEME,
}
_USER_SINCE: Json = {
    "type__s": "Regular User",
    "name_format__s": "Salutation,First Name,Last Name",
    "sort_order_preference__s": "First Name,Last Name",
    "number_separator": "Comma",
    "decimal_separator": "Period",
    "$current_shift": None,
    "$next_shift": None,
    "$shift_effective_from": None,
}


def describe_module(org: Org, module: Module, version: Version, *, single: bool = False) -> Json:
    """An element of `modules`; `single` adds what only the call for one module shows."""
    hidden = module.status != "visible"
    parent = org.modules.get(module.parent or "")
    custom = module.generated_type == "custom"
    founder = org.users[0]
    json: Json = {
        "id": str(module.id),
        "api_name": module.api_name,
        "module_name": module.module_name,
        "singular_label": module.singular_label,
        "plural_label": module.plural_label,
        "generated_type": module.generated_type,
        "api_supported": module.api_supported,
        "creatable": module.creatable,
        "editable": module.editable,
        "deletable": module.deletable,
        "viewable": module.viewable,
        "convertable": module.api_name == "Leads",
        "quick_create": module.creatable and not custom,
        "visibility": module.visibility,
        "show_as_tab": not hidden and module.visibility == 1,
        "presence_sub_menu": module.api_supported,
        "feeds_required": False,
        "business_card_field_limit": 5 if module.api_supported or version.v6_metadata else 0,
        "web_link": None,
        "arguments": [],
        "parent_module": {} if parent is None else refer_to_module(parent),
        "profiles": describe_profiles(org),
        # "Modules Metadata": null unless somebody changed the module.
        "modified_by": {"name": founder.full_name, "id": str(founder.id)} if custom else None,
        "modified_time": build_local_time(org.time_zone)(FOUNDED) if custom else None,
    }
    json |= {key: value and module.api_supported for key, value in _ALWAYS.items()}
    if version.v6_metadata or (not hidden and module.visibility == 1):
        json["sequence_number"] = list(org.modules).index(module.api_name) + 1
    if version.v6_metadata:
        of_team = module.access_type == "team_based"
        json |= {
            "status": module.status,
            "access_type": module.access_type,
            "private_profile": describe_profiles(org)[0] if of_team else None,
            "has_more_profiles": False,
            "profile_count": len(org.profiles),
            "recycle_bin_on_delete": module.deletable,
            "sub_menu_available": module.api_supported,
            "actual_singular_label": module.singular_label,
            "actual_plural_label": module.plural_label,
            "description": None,
            "lookupable": module.api_supported,
            "public_fields_configured": False,
        }
        if module.generated_type == "field_tracker":
            json["track_current_data"] = True
        if module.generated_type == "static_subform":
            # UNVERIFIED: which fields; the sample names one of the module's own.
            own = [{"api_name": f.api_name, "id": str(f.id)} for f in _list_custom_fields(module)]
            json["static_subform_properties"] = {"fields": own}
    else:
        json |= {key: value and module.api_supported for key, value in _BEFORE_V6.items()}
        if version.number >= 2.1:
            json["visible"] = not hidden
    return json | _describe_single(org, module, version) if single else json


def _list_custom_fields(module: Module) -> list[Field]:
    return [field for field in module.fields.values() if field.custom]


def _describe_single(org: Org, module: Module, version: Version) -> Json:
    display = module.fields.get(module.display_field)
    shown = [module.display_field] if display else []
    json: Json = {
        "per_page": 10,
        "filter_status": True,
        "display_field": module.display_field if display else None,
        "search_layout_fields": shown,
        "kanban_view": False,
        "territory": None,
        "$field_states": [],
        "$properties": ["$assigned_to", "$approval_state"],
        "related_list_properties": {"sort_by": None, "fields": shown, "sort_order": None},
        "custom_view": None,
    }
    if version.number >= 2.1:
        json["$on_demand_properties"] = []
    return (
        json | _describe_single_since_v6(json, org, module, shown) if version.v6_metadata else json
    )


def _describe_single_since_v6(json: Json, org: Org, module: Module, shown: list[str]) -> Json:
    """UNVERIFIED: since when; the samples are of v8."""
    fields: list[Json] = [{"api_name": name, "id": str(module.fields[name].id)} for name in shown]
    json |= {
        "activity_badge": "Enabled" if module.creatable else "Disabled",
        "chart_view": False,
        "chart_view_supported": module.viewable,
        "kanban_view_supported": module.viewable,
        "masked_fields_count": 0,
        "$on_demand_properties": ["$blocked_reason"],
        "lookup_field_properties": {
            "fields": [
                {"sequence_number": number, **field} for number, field in enumerate(fields, 1)
            ]
        },
        "custom_view": describe_default_view(module, fields) if has_views(module) else None,
    }
    # An org with territories names that of the caller, of modules that have some.
    del json["territory"]
    if org.territories and any(f.data_type == "territories" for f in module.fields.values()):
        json["territory"] = {"name": "All Territories", "id": "0", "subordinates": False}
    return json


def describe_user(org: Org, user: User, version: Version) -> Json:
    """UNVERIFIED: that v2.1 and v4 have the keys of v8; recordings are of v2, samples of v8."""
    founded = build_local_time(org.time_zone)(FOUNDED)
    founder = {"name": org.users[0].full_name, "id": str(org.users[0].id)}
    active = user.status == "active"
    json: Json = {
        "id": str(user.id),
        "zuid": str(user.id % 1_000_000_000),
        "first_name": user.first_name or None,
        "last_name": user.last_name,
        "full_name": user.full_name,
        "email": user.email,
        "role": {"name": user.role, "id": str(org.roles[user.role])},
        "profile": {"name": user.profile, "id": str(org.profiles[user.profile])},
        "status": user.status,
        "status_reason__s": None,
        "confirm": True,
        "created_time": founded,
        "Modified_Time": founded,
        "created_by": founder,
        "Modified_By": founder,
        "Reporting_To": None,
        "country": "US",
        "country_locale": "US",
        "locale": "en_US",
        "language": "en_US",
        "time_zone": org.user_zone,
        "time_format": "hh:mm a",
        "date_format": "MM/dd/yyyy",
        "offset": _find_offset_ms(org.user_zone),
        "default_tab_group": "0",
        "alias": None,
        "phone": None,
        "mobile": None,
        "fax": None,
        "website": None,
        "street": None,
        "city": None,
        "state": None,
        "zip": None,
        "dob": None,
        "microsoft": False,
        "sandboxDeveloper": False,
        "personal_account": False,
        "Isonline": active,
    }
    return json | (_USER_OF_V2 if version.number < 2.1 else _USER_SINCE)


def _find_offset_ms(time_zone: str) -> int:
    offset = datetime.fromtimestamp(FOUNDED, ZoneInfo(time_zone)).utcoffset() or timedelta()
    return round(offset.total_seconds() * 1_000)


def describe_org(org: Org) -> Json:
    """UNVERIFIED: since when each key is there; Zoho's sample is of v8."""
    return {
        "id": str(org.id),
        "zgid": org.zgid,
        "company_name": org.company_name,
        "alias": None,
        "description": None,
        "primary_email": org.users[0].email,
        "primary_zuid": str(org.users[0].id % 1_000_000_000),
        "domain_name": f"org{org.id % 1_000_000_000}",
        "type": org.kind,
        "currency": "US Dollar" if org.currency == "USD" else org.currency,
        "iso_code": org.currency,
        "currency_symbol": "$" if org.currency == "USD" else org.currency,
        "currency_locale": "en_US",
        "mc_status": len(org.currencies) > 1,
        "time_zone": org.time_zone,
        "country": "US",
        "country_code": "US",
        "license_details": {
            "paid": org.edition.lower() != "free",
            "paid_type": org.edition.lower(),
            "paid_expiry": None,
            "trial_type": None,
            "trial_expiry": None,
            "trial_action": None,
            "users_license_purchased": org.user_licenses,
            "portal_users_license_purchased": 0,
        },
        "hierarchy_preferences": {"type": "Role_Hierarchy", "strictly_reporting": False},
        "privacy_settings": False,
        "hipaa_compliance_enabled": False,
        "created_time": build_local_time(org.time_zone)(FOUNDED),
        "gapps_enabled": False,
        "translation_enabled": False,
        "deletable_org_account": False,
        "lite_users_enabled": False,
        "oauth_presence": True,
        "max_per_page": 200,
        "call_icon": "show",
        "checkin_preferences": {"restricted_event_types": None},
        "ezgid": f"{org.id:x}",
        "zia_zgid": org.id % 1_000_000_000,
        "zia_portal_id": None,
        "phone": None,
        "mobile": None,
        "fax": None,
        "website": "https://www.example.com",
        "street": None,
        "city": None,
        "state": None,
        "zip": None,
        "employee_count": None,
        "photo_id": None,
    }
