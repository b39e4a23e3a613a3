"""Fields as Zoho's settings calls print them, per version.

Which attribute came with which version is in "Fields Metadata" and its change logs; where only the
models of Zoho's SDKs tell, the earliest SDK that knows it counts.
"""

from zoho_emulator.data_types import DATA_TYPES, RETURN_TYPES
from zoho_emulator.ids import derived
from zoho_emulator.model import Field, Module, Org, linking_fields
from zoho_emulator.versions import Version

Json = dict[str, object]

#: When the org and all that came with it was made: 2015-01-01 in UTC.
FOUNDED = 1_420_070_400


def field_json(org: Org, module: Module, field: Field, version: Version) -> Json:
    """An element of `fields`."""
    writable = _writable(field)
    edit = writable and field.api_name != "Tag"
    json: Json = {
        "id": str(field.id),
        "api_name": field.api_name,
        "field_label": field.label,
        "display_label": field.label,
        "data_type": (field.v2_type if version.number < 2.1 else None) or field.data_type,
        "json_type": field.json_type,
        "length": field.length,
        "decimal_place": field.decimal_place,
        "custom_field": field.custom,
        "created_source": "default",
        "read_only": field.read_only,
        "field_read_only": field.api_name in ("id", "Owner")
        or field.api_name.startswith("Converted_"),
        "visible": field.visible,
        "system_mandatory": (field.mandatory and not field.custom and not field.layout_only),
        "required": field.mandatory,
        "view_type": {
            "view": field.visible,
            "edit": edit,
            "create": edit,
            "quick_create": edit and field.mandatory,
        },
        "webhook": True,
        "mass_update": writable and not field.unique,
        "businesscard_supported": not field.virtual,
        "blueprint_supported": writable,
        "quick_sequence_number": None,
        "tooltip": None,
        "crypt": None,
        "history_tracking": None,
        "association_details": None,
        "convert_mapping": _convert_mapping(org, module, field),
        "pick_list_values": _pick_list(org, field, version),
        "lookup": _lookup(org, field, version),
        "multi_module_lookup": _multi_module_lookup(org, field, version),
        "multiselectlookup": (
            _linked(org, module, field, version) if field.data_type == "multiselectlookup" else {}
        ),
        "formula": _formula(field),
        "currency": (
            {"rounding_option": "normal", "precision": field.decimal_place}
            if field.data_type == "currency"
            else {}
        ),
        "auto_number": _auto_number(field, version),
        # UNVERIFIED: the key's spelling; the page has an underscore, the SDKs have none.
        "unique": {"case_sensitive": False} if field.unique else {},
    }
    if version.field_flags:
        json |= _since_v2_1(org, module, field, version)
    if not version.v6_metadata:
        json["subform"] = _subform(org, field, version)
    if version.number >= 4:
        json |= {
            "searchable": field.filterable and not field.virtual,
            "virtual_field": field.virtual,
            "email_parser": {"fields_update_supported": edit, "record_operations_supported": edit},
            "separator": field.json_type in ("integer", "double"),
            "enable_colour_code": False,
            "created_time": None,
            "modified_time": None,
            "sharing_properties": None,
            "private": None,
            "additional_column": None,
        }
    if version.v6_metadata:
        json |= _since_v6(org, module, field, version, writable=writable)
    for key in field.hidden_keys:
        json.pop(key, None)
    return json


def _known_type(field: Field) -> str:
    return field.data_type if field.data_type in DATA_TYPES else str(field.like)


def _writable(field: Field) -> bool:
    """Whether clients set it by the field itself; subforms are written through their parent."""
    return not field.read_only and field.data_type not in ("subform", "profileimage")


def _since_v2_1(org: Org, module: Module, field: Field, version: Version) -> Json:
    permission = "read_only" if field.read_only else "read_write"
    return {
        "filterable": field.filterable,
        "sortable": field.sortable,
        "external": (
            {"show": True, "type": field.external, "allow_multiple_config": False}
            if field.external
            else None
        ),
        "profiles": [{"permission_type": permission, **item} for item in profiles_of(org)],
        "display_type": -1,
        "display_field": field.api_name == module.display_field,
        "ui_type": field.ui_type or DATA_TYPES[_known_type(field)].ui_type,
        "pick_list_values_sorted_lexically": False,
        "multiuserlookup": (
            _linked(org, module, field, version) if field.data_type == "multiuserlookup" else {}
        ),
    }


def _since_v6(org: Org, module: Module, field: Field, version: Version, *, writable: bool) -> Json:
    """What came by v6, v7 and v8; v8 is the only emulated version that has it."""
    web = writable and field.api_name != "Tag"
    json: Json = {
        "operation_type": {
            "web_create": web,
            "web_update": web,
            "api_create": writable,
            "api_update": writable,
        },
        "associated_module": _subform(org, field, version),
        "customizable_properties": ["mandatory", "removal"] if field.custom else [],
        "global_picklist": None,
        "hipaa_compliance": None,
        "hipaa_compliance_enabled": False,
        "rollup_summary": _rollup_summary(org, field),
        "colour_code_enabled_by_system": False,
        "number_separator": field.data_type in ("integer", "double", "currency"),
        "type": "used",
        "layout_associations": [
            {"api_name": "Standard__s", "name": "Standard", "id": str(module.layout_id)}
        ],
        "history_tracking_enabled": False,
    }
    if field.textarea is not None:
        json["textarea"] = {"type": field.textarea}
    return json


def _reference(org: Org, name: str, field: Field) -> Json:
    """A module by name; one that is not emulated gets an id beside the field's."""
    known = org.modules.get(name)
    return named(known) if known else {"api_name": name, "id": str(derived(field.id, "unknown"))}


def _pick_list(org: Org, field: Field, version: Version) -> list[Json]:
    return [
        option_json(field, text, number, version) for number, text in enumerate(field.pick_list, 1)
    ]


def option_json(field: Field, text: str, number: int, version: Version) -> Json:
    option: Json = {
        "display_value": text,
        "actual_value": text,
        "sequence_number": number,
        "type": "used",
    }
    if not version.v6_metadata:
        option |= {"expected_data_type": None, "maps": [], "sys_ref_name": None}
    if version.number >= 2.1:
        option["id"] = str(field.id + number)
    if version.number >= 4:
        option |= {"reference_value": text, "colour_code": None}
    if field.api_name == "Stage" and version.number >= 2.1:
        option |= _forecast(field, text, number, version)
    return option


def _forecast(field: Field, text: str, number: int, version: Version) -> Json:
    lost, won = "Lost" in text, "Won" in text
    category, name = (3, "Closed") if won else (4, "Omitted") if lost else (1, "Pipeline")
    return {
        "probability": 100 if won else 0 if lost else min(90, 10 * number),
        "forecast_type": "Closed Won" if won else "Closed Lost" if lost else "Open",
        "forecast_category": (
            {"name": name, "id": str(field.id + 1_000 + category)}
            if version.number >= 4
            else category
        ),
    }


def _lookup(org: Org, field: Field, version: Version) -> Json:
    if field.data_type != "lookup":
        return {}
    # Zoho's word for a lookup to several modules that is none by its data type.
    several = len(field.targets) > 1
    module = _reference(org, "se_module" if several else field.targets[0], field)
    return {
        "display_label": None,
        "revalidate_filter_during_edit": False,
        "api_name": None,
        "module": module["api_name"] if version.plain_module_names else module,
        "id": None,
        "query_details": {},
    }


def _multi_module_lookup(org: Org, field: Field, version: Version) -> Json:
    if field.data_type != "multi_module_lookup":
        return {}
    modules = [_reference(org, name, field) for name in field.targets]
    if version.plain_module_names:
        modules = [
            {"id": item["id"], "module": item["api_name"], "name": item["api_name"]}
            for item in modules
        ]
    return {"api_name": field.api_name, "display_label": field.label, "modules": modules}


def _linked(org: Org, module: Module, field: Field, version: Version) -> Json:
    """multiselectlookup and multiuserlookup: the linking module between two others."""
    linking: object = _reference(org, str(field.linking), field)
    own, other = linking_fields(module.api_name, field.targets[0])
    connected: object = _reference(org, other if other == "Users" else field.targets[0], field)
    if version.plain_module_names:
        linking, connected = field.linking, field.targets[0]
    json: Json = {
        "display_label": field.label,
        "linking_module": linking,
        "lookup_apiname": own,
        "connected_module": connected,
        "api_name": field.api_name,
        "connectedfield_apiname": own,
        "connectedlookup_apiname": other,
        "id": str(derived(field.id, "unknown", 1)),
    }
    if version.v6_metadata:
        # UNVERIFIED: from when on. The model of Zoho's SDK for v8 reads these instead.
        json["linking_details"] = {
            "module": linking,
            "lookup_field": {"api_name": own},
            "connected_lookup_field": {"api_name": other},
        }
        json["connected_details"] = {"module": connected}
    return json


def _subform(org: Org, field: Field, version: Version) -> Json | None:
    """The module of its rows, if the version has it (line items of v2 have none)."""
    known = org.modules.get(field.linking or "")
    if field.data_type != "subform" or (known and not known.exists_in(version.number)):
        return None
    if field.linking is None:
        return None
    module = _reference(org, str(field.linking), field)
    return {"module": module["api_name"], "id": module["id"]}


def _formula(field: Field) -> Json:
    if field.data_type != "formula":
        return {}
    return {
        "return_type": field.return_type,
        "assume_default": False,
        "expression": field.expression,
    }


def _rollup_summary(org: Org, field: Field) -> Json:
    if field.data_type != "rollup_summary":
        return {}
    source = _reference(org, str(field.linking), field)
    recent = RETURN_TYPES[str(field.return_type)] == "datetime"
    return {
        "return_type": field.return_type,
        "expression": {
            "function": "RECENT" if recent else "COUNT",
            "function_parameters": [{"api_name": "Created_Time"}] if recent else [],
            "criteria": None,
        },
        "based_on_module": source,
        "related_list": source,
        "rollup_based_on": "related_list",
    }


def _auto_number(field: Field, version: Version) -> Json:
    if field.data_type != "autonumber":
        return {}
    json: Json = {"prefix": field.prefix or None, "suffix": None, "start_number": "1"}
    if version.number >= 4:
        json["starting_number_length"] = 1
    return json


def _convert_mapping(org: Org, module: Module, field: Field) -> Json | None:
    """Of leads: the field of the same name that a conversion fills."""
    if module.api_name != "Leads":
        return None
    targets = [
        org.modules[name] for name in ("Accounts", "Contacts", "Deals") if name in org.modules
    ]
    return {
        target.api_name: field.api_name
        if not field.read_only and field.api_name in target.fields
        else None
        for target in targets
    }


def profiles_of(org: Org) -> list[dict[str, str]]:
    return [{"name": name, "id": str(profile_id)} for name, profile_id in org.profiles.items()]


def named(module: Module) -> Json:
    return {"api_name": module.api_name, "id": str(module.id)}
