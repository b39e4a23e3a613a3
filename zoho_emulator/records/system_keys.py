"""The keys that begin with `$`: which records have them, and their values where all agree."""

from collections.abc import Mapping

from zoho_emulator.store.model import Field, Module
from zoho_emulator.versions import Version

_NO_APPROVAL = {"delegate": False, "approve": False, "reject": False, "resubmit": False}
_NO_OWNER = "owner_recommendation_unavailable"
_NO_REVIEW = {"approve": False, "reject": False, "resubmit": False}

#: System keys and their values; None of the sample org's records differs in them.
_KEYS: Mapping[str, object] = {
    "$currency_symbol": "$",
    "$field_states": None,
    "$process_flow": False,
    "$locked_for_me": False,
    "$approval": _NO_APPROVAL,
    "$approval_state": "approved",
    "$approved": True,
    "$editable": True,
    "$review_process": _NO_REVIEW,
    "$review": None,
    "$orchestration": False,
    "$in_merge": False,
    "$state": "save",
}
#: Of recordings of v2. UNVERIFIED: that v2.1 has the same, and Activities and custom modules.
_V2_KEYS: Mapping[str, object] = {**_KEYS, "$approval": {**_NO_APPROVAL, "takeover": False}}
_V2_ASSIGNED = {"$zia_owner_assignment": _NO_OWNER}
_V2_OF_MODULES: Mapping[str, Mapping[str, object]] = {
    "Leads": _V2_ASSIGNED,
    "Contacts": {**_V2_ASSIGNED, "$is_duplicate": False},
    "Accounts": {**_V2_ASSIGNED, "$is_duplicate": False},
    "Deals": _V2_ASSIGNED,
    "Tasks": {**_V2_ASSIGNED, "$review_process": None, "$u_id": None},
    "Events": {
        "$review_process": None,
        "$calendar_booking_event": False,
        "$recurrence_id": None,
        "$meeting_details": None,
        "$send_notification": False,
    },
    "Calls": {"$review_process": None, "$calendar_booking_call": False},
    "Products": {"$taxable": True},
    "Cases": _V2_ASSIGNED,
    "Campaigns": {"$review_process": None},
    "Quotes": {"$converted": False},
    "Sales_Orders": {"$converted": False},
}
_V2_WITHOUT = {"Events": "$locked_for_me", "Calls": "$locked_for_me"}
_LATER_KEYS: Mapping[str, object] = {
    **_KEYS,
    "$sharing_permission": "full_access",
    "$wizard_connection_path": None,
    "$zia_owner_assignment": _NO_OWNER,
    "$zia_visions": None,
    "$pathfinder": False,
    "$canvas_id": None,
    "$followed": False,
    "$followers": None,
    "$has_more": {},
}
_OWN = ("$currency_symbol", "$field_states", "$sharing_permission", "$editable")
#: Modules whose records have these only. UNVERIFIED: notes and attachments of other versions than
#: the recorded v2 and the samples of v8.
_ONLY: Mapping[str, Mapping[str, object]] = {
    "Notes": {
        "$attachments": None,
        "$field_states": None,
        "$editable": True,
        "$is_shared_to_client": False,
        "$size": None,
        "$state": "save",
        "$voice_note": False,
    },
    "Attachments": {"$field_states": None, "$editable": True, "$state": "save"},
    "Services__s": {
        **{key: _LATER_KEYS[key] for key in _OWN},
        "$photo_id": None,
        "$state": "save",
        "$status": "cmv_1-1",
        "$home_converted_currency": None,
        "$has_more": {},
    },
    "Appointments__s": {**{key: _LATER_KEYS[key] for key in _OWN}, "$status": "cv_1"},
}
CONVERTED, CONVERTED_DETAIL, SE_MODULE = "$converted", "$converted_detail", "$se_module"
#: An event's in calendars.
CALENDAR_ID = "$u_id"
#: The layout in v2, whose records have no Layout; recorded activities do not show theirs.
LAYOUT_ID = "$layout_id"
_WITHOUT_LAYOUT = ("Tasks", "Events", "Calls", "Activities")


#: Keys of an attachment, as expressions of its id.
FILE_KEYS: Mapping[str, str] = {
    "$type": "'Attachment'",
    "$file_id": "f'{{{}:032x}}'",
    "$link_url": "None",
}


def find_constant_keys(module: Module, version: Version) -> Mapping[str, object]:
    """The keys that have the same value in all records of the module."""
    if module.api_name in _ONLY:
        return _ONLY[module.api_name]
    if version.page_tokens:
        return _LATER_KEYS
    keys = {**_V2_KEYS, **_V2_OF_MODULES.get(module.api_name, {})}
    keys.pop(_V2_WITHOUT.get(module.api_name, ""), None)
    return keys


def list_system_keys(module: Module, version: Version) -> tuple[str, ...]:
    """The `$` keys that records of the module have, as single GETs and lists of v2 show them."""
    keys = dict.fromkeys(find_constant_keys(module, version))
    if module.api_name == "Events" and not version.page_tokens:
        keys[CALENDAR_ID] = None
    leads = (CONVERTED, CONVERTED_DETAIL) if module.api_name == "Leads" else ()
    about = (SE_MODULE,) if find_related(module, version) else ()
    files = FILE_KEYS if module.files else ()
    has_layout_id = version.number < 2.1 and "Layout" in module.fields
    layout = (LAYOUT_ID,) if has_layout_id and module.api_name not in _WITHOUT_LAYOUT else ()
    return (*keys, *leads, *about, *files, *layout)


def find_related(module: Module, version: Version) -> Field | None:
    """The lookup whose module `$se_module` names ("Get Records": activities and notes)."""
    field = module.fields.get("What_Id") or module.fields.get("Parent_Id")
    named = field is not None and version.number >= field.module_since
    return field if field and len(field.targets) > 1 and not named else None
