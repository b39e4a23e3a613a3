"""Fields as Zoho's settings calls print them, per version.

Which attribute came with which version is in "Fields Metadata" and its change logs; where only the
models of Zoho's SDKs show it, the earliest SDK that knows it counts. Those of v2 and v8 were
recorded.
UNVERIFIED: v2.1 and v4: they have what v2 and v8 share, and for the rest what their pages say.
"""

from zoho_emulator.knobs import Knobs
from zoho_emulator.metadata.field_details import (
    Json,
    describe_auto_number,
    describe_convert_mapping,
    describe_formula,
    describe_links,
    describe_lookup,
    describe_multi_module_lookup,
    describe_rollup_summary,
    describe_subform,
)
from zoho_emulator.metadata.options import describe_options
from zoho_emulator.store.data_types import DATA_TYPES
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.versions import Version

#: When the org and all that came with it was made: 2015-01-01 in UTC.
FOUNDED = 1_420_070_400

_AS_IS = Knobs()


def is_listed(field: Field, version: Version, knobs: Knobs = _AS_IS) -> bool:
    """Whether the version's field lists have it; records may carry more, such as v2 the id."""
    if not field.exists_in(version.number):
        return False
    return version.number >= 2.1 or not (
        field.column == "id" or (field.data_type == "territories" and not knobs.v2_territories)
    )


def describe_field(
    org: Org, module: Module, field: Field, version: Version, knobs: Knobs = _AS_IS
) -> Json:
    """An element of `fields`."""
    json = _describe_for_all(org, module, field, version, knobs)
    if version.number >= 2.1:
        json |= _describe_since_v2_1(org, module, field, version)
    elif field.data_type == "multi_module_lookup":
        # UNVERIFIED: recorded fields of v2 lack the key, and none of them is such a lookup.
        json["multi_module_lookup"] = describe_multi_module_lookup(org, field, version)
    if not version.v6_metadata:
        json["subform"] = describe_subform(org, field, version)
    if version.number >= 4:
        json |= _describe_since_v4(field)
    if version.v6_metadata:
        json |= _describe_since_v6(org, module, field, version)
    elif version.number >= 4:
        json |= {"sharing_properties": None}
    for key in field.hidden_keys:
        json.pop(key, None)
    return json


def _find_known_type(field: Field) -> str:
    return field.data_type if field.data_type in DATA_TYPES else str(field.like)


def _name_data_type(field: Field, version: Version) -> str:
    if version.number < 2.1 and field.v2_type:
        return field.v2_type
    if field.data_type == "multi_module_lookup" and not version.v6_metadata:
        return "multimodulelookup"
    return field.data_type


def _is_writable(field: Field) -> bool:
    """Whether clients set it by the field itself; subforms are written through their parent."""
    return not field.read_only and field.data_type not in ("subform", "profileimage")


def _is_in_forms(field: Field) -> bool:
    return _is_writable(field) and field.api_name != "Tag"


def _describe_for_all(
    org: Org, module: Module, field: Field, version: Version, knobs: Knobs
) -> Json:
    oldest = version.number < 2.1
    writable, forms = _is_writable(field), _is_in_forms(field)
    json: Json = {
        "id": str(field.id),
        "api_name": field.api_name,
        "field_label": field.label,
        "display_label": field.label,
        "data_type": _name_data_type(field, version),
        "json_type": (field.v2_json_type if oldest else None) or field.json_type,
        "length": field.length,
        "decimal_place": field.decimal_place,
        "custom_field": field.custom,
        "created_source": "default",
        "read_only": field.read_only,
        "field_read_only": field.api_name in ("id", "Owner")
        or field.api_name.startswith("Converted_"),
        "visible": field.visible,
        "system_mandatory": field.mandatory and not field.custom and not field.layout_only,
        "view_type": {
            "view": field.visible,
            "edit": forms,
            "create": forms,
            "quick_create": forms and field.mandatory,
        },
        "webhook": True,
        "mass_update": writable and not field.unique,
        "businesscard_supported": not field.virtual,
        "ui_type": field.ui_type or DATA_TYPES[_find_known_type(field)].ui_type,
        # v2 has the key and shows no External ID.
        "external": (
            {"show": True, "type": field.external, "allow_multiple_config": False}
            if field.external and not oldest
            else None
        ),
        "tooltip": None,
        "crypt": None,
        "history_tracking": False if oldest else None,
        "association_details": None,
        "pick_list_values": describe_options(field, version),
        "lookup": describe_lookup(org, module, field, version),
        "multiselectlookup": (
            describe_links(org, module, field, version)
            if field.data_type == "multiselectlookup"
            else {}
        ),
        "formula": describe_formula(field, version, knobs),
        "currency": (
            {"rounding_option": "normal", "precision": field.decimal_place}
            if field.data_type == "currency"
            else {}
        ),
        "auto_number": describe_auto_number(field),
        # UNVERIFIED: the key's spelling; the page has an underscore, the SDKs have none.
        "unique": {"case_sensitive": False} if field.unique else {},
        "range": None,
        "address": None,
        "parent_field": None,
        "child_fields": None,
        "display_format": None,
        "display_format_properties": None,
    }
    if module.api_name != "Notes":
        json["public"] = False
    if forms and field.mandatory:
        required = [
            item for item in module.fields.values() if _is_in_forms(item) and item.mandatory
        ]
        json["quick_sequence_number"] = str(1 + required.index(field))
    if field.data_type == "picklist":
        json["blueprint_supported"] = writable
    if module.api_name == "Leads":
        json["convert_mapping"] = describe_convert_mapping(org, field)
    if field.data_type == "subform":
        del json["length"]
    if field.data_type == "multiselectlookup" and oldest:
        del json["json_type"]
    if field.textarea is not None and (oldest or version.v6_metadata):
        json["textarea"] = {"type": field.textarea}
    return json


def _describe_since_v2_1(org: Org, module: Module, field: Field, version: Version) -> Json:
    permission = "read_only" if field.read_only else "read_write"
    json: Json = {
        "filterable": field.filterable,
        "sortable": field.sortable,
        "profiles": [{"permission_type": permission, **item} for item in describe_profiles(org)],
        "display_type": -1,
        "display_field": field.api_name == module.display_field,
        "pick_list_values_sorted_lexically": False,
        "multi_module_lookup": describe_multi_module_lookup(org, field, version),
    }
    to_users = field.data_type == "multiuserlookup"
    if to_users or not version.v6_metadata:
        json["multiuserlookup"] = describe_links(org, module, field, version) if to_users else {}
    return json


def _describe_since_v4(field: Field) -> Json:
    edit = _is_in_forms(field)
    return {
        "searchable": field.filterable and not field.virtual,
        "virtual_field": field.virtual,
        "email_parser": {"fields_update_supported": edit, "record_operations_supported": edit},
        "separator": field.json_type in ("integer", "double"),
        "enable_colour_code": False,
        "created_time": None,
        "modified_time": None,
        "private": None,
        "additional_column": None,
    }


def _describe_since_v6(org: Org, module: Module, field: Field, version: Version) -> Json:
    """What came by v6, v7 and v8; v8 is the only emulated version that has it."""
    forms, writable = _is_in_forms(field), _is_writable(field)
    json: Json = {
        "operation_type": {
            "web_create": forms,
            "web_update": forms,
            "api_create": writable,
            "api_update": writable,
        },
        "associated_module": describe_subform(org, field, version),
        "customizable_properties": ["mandatory", "removal"] if forms else None,
        "global_picklist": None,
        "hipaa_compliance": None,
        "hipaa_compliance_enabled": False,
        "rollup_summary": describe_rollup_summary(org, field),
        "colour_code_enabled_by_system": False,
        "type": "used",
        "history_tracking_enabled": False,
        "static_field": False,
    }
    if field.column != "id" and field.data_type != "layout":
        json["layout_associations"] = [
            {"api_name": "Standard__s", "name": "Standard", "id": str(module.layout_id)}
        ]
    if field.data_type == "userlookup":
        json["sharing_properties"] = {
            "scheduler_status": None,
            "share_permission": "full_access",
            "share_preference_enabled": False,
        }
    return json


def describe_profiles(org: Org) -> list[dict[str, str]]:
    return [{"name": name, "id": str(profile_id)} for name, profile_id in org.profiles.items()]
