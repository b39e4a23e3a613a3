"""The objects inside a field's metadata: what it looks up, links to, contains or computes."""

from zoho_emulator.knobs import Knobs
from zoho_emulator.store.data_types import RETURN_TYPES
from zoho_emulator.store.ids import derive_id
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.versions import Version

Json = dict[str, object]


def refer_to_module(module: Module) -> Json:
    return {"api_name": module.api_name, "id": str(module.id)}


def _refer_by_name(org: Org, name: str, field: Field) -> Json:
    """A module by name; one that is not emulated gets an id beside the field's."""
    known = org.modules.get(name)
    return (
        refer_to_module(known)
        if known
        else {"api_name": name, "id": str(derive_id(field.id, "unknown"))}
    )


def describe_lookup(org: Org, module: Module, field: Field, version: Version) -> Json:
    """`api_name`, `display_label` and `id` are of the related list in the other module; only v2
    shows them."""
    if field.data_type == "userlookup" and version.v6_metadata:
        return {"revalidate_filter_during_edit": False}
    if field.data_type != "lookup":
        return {}
    # Zoho's word for a lookup to several modules that is none by its data type.
    several = len(field.targets) > 1
    target = _refer_by_name(org, "se_module" if several else field.targets[0], field)
    if version.number < 2.1:
        list_id = None if several else str(derive_id(field.id, "related_list"))
        return {
            "display_label": module.plural_label.lower() if several else module.plural_label,
            "api_name": None if several else module.api_name,
            "module": target["api_name"],
            "id": list_id,
        }
    return {
        "display_label": None,
        "revalidate_filter_during_edit": False,
        "api_name": None,
        "module": target["api_name"] if version.plain_module_names else target,
        "id": None,
        "query_details": {},
    }


def describe_multi_module_lookup(org: Org, field: Field, version: Version) -> Json:
    if field.data_type != "multi_module_lookup":
        return {}
    modules = [_refer_by_name(org, name, field) for name in field.targets]
    if version.plain_module_names:
        modules = [
            {"id": item["id"], "module": item["api_name"], "name": item["api_name"]}
            for item in modules
        ]
    elif version.v6_metadata:
        modules = [{**item, "module_name": _find_module_name(org, item)} for item in modules]
    return {"api_name": field.api_name, "display_label": field.label, "modules": modules}


def _find_module_name(org: Org, item: Json) -> object:
    known = org.modules.get(str(item["api_name"]))
    return known.module_name if known else item["api_name"]


def find_link_lookups(org: Org, module: Module, field: Field) -> tuple[Field, Field] | None:
    """The two lookups of the linking module: to the field's own module, and to the other end."""
    linking = org.modules.get(str(field.linking))
    if linking is None:
        return None
    ends = [item for item in linking.fields.values() if item.mandatory and item.targets]
    own = next((item for item in ends if item.targets == (module.api_name,)), None)
    other = next((item for item in ends if item is not own and item.targets == field.targets), None)
    return (own, other) if own and other else None


def describe_links(org: Org, module: Module, field: Field, version: Version) -> Json:
    """multiselectlookup and multiuserlookup: the linking module between two others.

    The flat form of v2 was recorded, and the other of v8.
    """
    ends = find_link_lookups(org, module, field)
    if ends is None:
        return {}
    if version.v6_metadata:
        return _describe_linking(org, field, ends)
    own, other = ends
    linking: object = _refer_by_name(org, str(field.linking), field)
    connected: object = _refer_by_name(org, _name_target(field), field)
    if version.plain_module_names:
        linking, connected = field.linking, field.targets[0]
    return {
        "display_label": field.label,
        "linking_module": linking,
        "lookup_apiname": own.api_name,
        "connected_module": connected,
        "api_name": field.api_name,
        "connectedfield_apiname": own.api_name,
        "connectedlookup_apiname": other.api_name,
        "id": str(derive_id(field.id, "unknown", 1)),
    }


def _name_target(field: Field) -> str:
    return "Users" if field.targets == ("users",) else field.targets[0]


def _describe_linking(org: Org, field: Field, ends: tuple[Field, Field]) -> Json:
    own, other = ends
    linking = org.modules[str(field.linking)]
    target = org.modules.get(_name_target(field))
    connected = _refer_by_name(org, _name_target(field), field)
    details: Json = {
        "module": {"plural_label": target.plural_label if target else "Users", **connected}
    }
    if target is not None:
        # UNVERIFIED: that there are none of users, who have neither fields of links nor layouts.
        details |= {
            "field": refer_to_field(own) | {"id": str(derive_id(field.id, "unknown", 2))},
            "layouts": [{"api_name": "Standard__s", "id": str(target.layout_id)}],
        }
    return {
        "linking_details": {
            "module": {
                "visibility": linking.visibility,
                "plural_label": linking.plural_label,
                **refer_to_module(linking),
            },
            "lookup_field": refer_to_field(own),
            "connected_lookup_field": refer_to_field(other),
        },
        "connected_details": details,
        "related_list": refer_to_related_list(field, field.label, field.api_name),
    }


def refer_to_field(field: Field) -> Json:
    return {"api_name": field.api_name, "field_label": field.label, "id": str(field.id)}


def refer_to_related_list(field: Field, label: str, api_name: str) -> Json:
    """The list that `field`, a lookup or a field of links, makes in the other module."""
    return {
        "display_label": label,
        "api_name": api_name,
        "id": str(derive_id(field.id, "related_list")),
    }


def describe_subform(org: Org, field: Field, version: Version) -> Json | None:
    """The module of its rows, if the version has it (line items of v2 have none)."""
    known = org.modules.get(field.linking or "")
    if field.data_type != "subform" or (known and not known.exists_in(version.number)):
        return None
    if field.linking is None:
        return None
    module = _refer_by_name(org, str(field.linking), field)
    return {"module": module["api_name"], "id": module["id"]}


def describe_formula(field: Field, version: Version, knobs: Knobs) -> Json:
    if field.data_type != "formula":
        return {}
    returned = knobs.formula_texts if field.return_type == "string" else field.return_type
    json: Json = {"return_type": returned}
    if version.number < 2.1 or version.v6_metadata:
        json |= {"dynamic": False, "stop_compute_conditionally": False}
    if version.number >= 2.1:
        json |= {"assume_default": False, "expression": field.expression}
    return json


def describe_rollup_summary(org: Org, field: Field) -> Json:
    if field.data_type != "rollup_summary":
        return {}
    source = _refer_by_name(org, str(field.linking), field)
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


def describe_auto_number(field: Field) -> Json:
    """Zoho's own numbers, such as those of invoices, show nothing of how they are made."""
    if field.data_type != "autonumber":
        return {}
    if not field.custom:
        return {"prefix": None, "suffix": None, "start_number": None}
    return {
        "prefix": field.prefix or None,
        "suffix": "",
        "start_number": 1,
        "starting_number_length": 1,
    }


def describe_convert_mapping(org: Org, field: Field) -> Json:
    """Of a lead's field: those of the same name that a conversion fills."""
    targets = [
        org.modules[name] for name in ("Accounts", "Contacts", "Deals") if name in org.modules
    ]
    return {
        target.api_name: field.api_name
        if not field.read_only and field.api_name in target.fields
        else None
        for target in targets
    }
