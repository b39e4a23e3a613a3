"""The keys that begin with `$`: which records have them, and their values where all agree."""

from collections.abc import Mapping

from zoho_emulator.model import Field, Module
from zoho_emulator.versions import Version

_NO_APPROVAL = {"delegate": False, "approve": False, "reject": False, "resubmit": False}
_NO_REVIEW = {"approve": False, "reject": False, "resubmit": False}

#: System keys and their values; None of the sample org's records differs in them.
#: UNVERIFIED: which of them a list of v2 carries today; the samples are of several ages.
_V2_KEYS: Mapping[str, object] = {
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
CONSTANT_KEYS: Mapping[str, object] = {
    **_V2_KEYS,
    "$sharing_permission": "full_access",
    "$wizard_connection_path": None,
    "$zia_owner_assignment": "owner_recommendation_unavailable",
    "$zia_visions": None,
    "$pathfinder": False,
    "$canvas_id": None,
    "$followed": False,
    "$followers": None,
    "$has_more": {},
}
CONVERTED, CONVERTED_DETAIL, SE_MODULE = "$converted", "$converted_detail", "$se_module"
#: The layout in v2, whose records have no Layout.
LAYOUT_ID = "$layout_id"


#: Keys of an attachment, as expressions of its id.
FILE_KEYS: Mapping[str, str] = {
    "$type": "'Attachment'",
    "$file_id": "f'{{{}:032x}}'",
    "$link_url": "None",
}


def all_system_keys(module: Module, version: Version) -> tuple[str, ...]:
    """The `$` keys that records of the module have, as single GETs and lists of v2 show them."""
    keys = CONSTANT_KEYS if version.page_tokens else _V2_KEYS
    leads = (CONVERTED, CONVERTED_DETAIL) if module.api_name == "Leads" else ()
    about = (SE_MODULE,) if related(module, version) else ()
    files = FILE_KEYS if module.per_parent else ()
    layout = (LAYOUT_ID,) if version.number < 2.1 and "Layout" in module.fields else ()
    return (*keys, *leads, *about, *files, *layout)


def related(module: Module, version: Version) -> Field | None:
    """The lookup whose module `$se_module` names ("Get Records": activities and notes)."""
    field = module.fields.get("What_Id") or module.fields.get("Parent_Id")
    named = field is not None and version.number >= field.module_since
    return field if field and len(field.targets) > 1 and not named else None
