"""Layouts and pipelines as Zoho's settings calls print them ("Layouts Metadata", "Pipelines").

Every module has one layout, named Standard, and every layout of deals one pipeline.
"""

from typing import cast

from zoho_emulator.knobs import Knobs
from zoho_emulator.localtime import build_local_time
from zoho_emulator.metadata.field_details import Json
from zoho_emulator.metadata.fields import FOUNDED, describe_field, describe_profiles, is_listed
from zoho_emulator.metadata.options import describe_option
from zoho_emulator.metadata.org import PROFILE_TYPE
from zoho_emulator.store.ids import derive_id
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.versions import VERSIONS, Version

_NAME = "Standard"
#: What an administrator may do to a section of a layout.
_OF_SECTIONS = (
    *("add_field", "rename", "change_tab_traversal", "reorder", "delete", "remove_field"),
    "change_column_count",
)
#: Fields of the deal that comes of a lead.
_OF_CONVERTED_DEALS = ("Amount", "Deal_Name", "Closing_Date", "Stage", "Pipeline")


def has_layout(module: Module) -> bool:
    return bool(module.fields) and module.api_supported and not module.view_of


def describe_layout(org: Org, module: Module, version: Version, knobs: Knobs) -> Json:
    founded = build_local_time(org.time_zone)(FOUNDED)
    json: Json = {
        "id": str(module.layout_id),
        "name": _NAME,
        # UNVERIFIED: the number that means active in v2 and v2.1.
        "status": "active" if version.number >= 4 else 0,
        "visible": True,
        "source": "crm",
        "created_for": None,
        "created_by": None,
        "modified_by": None,
        "created_time": None,
        "modified_time": founded,
        "show_business_card": True,
        "profiles": [
            {"default": True, **_describe_views(module, version), **profile}
            for profile in describe_profiles(org)
        ],
        "sections": _describe_sections(org, module, version, knobs),
    }
    if module.api_name == "Leads" or not version.v6_metadata:
        json["convert_mapping"] = _describe_convert_mapping(org, module, version)
    if version.v6_metadata:
        json |= {
            "api_name": f"{_NAME}__s",
            "display_label": _NAME,
            "generated_type": "system",
            "has_more_profiles": False,
            "actions_allowed": {
                "edit": True,
                "rename": True,
                "clone": True,
                "downgrade": False,
                "delete": False,
                "deactivate": False,
                "set_layout_permissions": True,
            },
        }
    return json


def _describe_views(module: Module, version: Version) -> Json:
    """What a profile sees of the layout."""
    if version.v6_metadata:
        view = {"name": _NAME, "id": str(module.layout_id), "type": "layout"}
        return {"_default_view": view, "_default_assignment_view": view, "type": PROFILE_TYPE}
    view_id = str(derive_id(module.id, "section", 999))
    return {"_default_view": {"name": "Standard View", "id": view_id, "type": "show"}}


def _describe_sections(org: Org, module: Module, version: Version, knobs: Knobs) -> list[Json]:
    fields = [
        field
        for field in module.fields.values()
        if is_listed(field, version, knobs) and field.column != "id" and field.api_name != "Layout"
    ]
    subforms = [field for field in fields if field.data_type == "subform"]
    groups = [
        (f"{module.singular_label} Information", [f for f in fields if f not in subforms], False),
        *((field.label, [field], True) for field in subforms),
    ]
    return [
        _describe_section(org, module, version, knobs, number, label, own, subform=subform)
        for number, (label, own, subform) in enumerate(groups, 1)
    ]


def _describe_section(
    org: Org,
    module: Module,
    version: Version,
    knobs: Knobs,
    number: int,
    label: str,
    fields: list[Field],
    *,
    subform: bool,
) -> Json:
    section_id = derive_id(module.id, "section", number)
    json: Json = {
        "id": str(section_id),
        "api_name": label.replace(" ", "_"),
        "name": label,
        "display_label": label,
        "sequence_number": number,
        "column_count": 1 if subform else 2,
        # UNVERIFIED: since when it is a word; v8's sample has one.
        "tab_traversal": "left_to_right" if version.v6_metadata else 2,
        "isSubformSection": subform,
        "properties": {"reorder_rows": None, "tooltip": None, "maximum_rows": None}
        if subform
        else None,
        "fields": [
            _place_field(
                describe_field(org, module, field, version, knobs), field, number, place, version
            )
            for place, field in enumerate(fields, 1)
        ],
    }
    if version.v6_metadata:
        json |= {
            "type": "used",
            "mode": "all",
            "generated_type": "custom" if subform else "default",
            "actions_allowed": {action: action != "delete" for action in _OF_SECTIONS},
        }
    return json


def _place_field(json: Json, field: Field, section: int, place: int, version: Version) -> Json:
    """A field as it stands in a section."""
    json |= {
        "required": field.mandatory,
        "validation_rule": None,
        "default_value": None,
        "section_id": section,
        "sequence_number": place,
    }
    if version.v6_metadata:
        json.pop("layout_associations", None)
        options = cast("list[Json]", json["pick_list_values"])
        json |= {
            "pick_list_values": [option | {"maps": []} for option in options],
            "refer_from_field": None,
            "show_type": 7,
            "category": 0,
            "element_type": "field",
        }
    return json


def _describe_convert_mapping(org: Org, module: Module, version: Version) -> Json | None:
    """Layouts of the modules that a lead is converted to, and in v8 what a deal is asked for."""
    if module.api_name != "Leads":
        return None
    mapping: Json = {}
    for name in ("Contacts", "Deals", "Accounts"):
        if (target := org.modules.get(name)) is None:
            continue
        shown: Json = {"name": _NAME, "id": str(target.layout_id)}
        if version.v6_metadata:
            shown["display_label"] = _NAME
            if name == "Deals":
                shown["fields"] = [
                    {
                        "api_name": field.api_name,
                        "field_label": field.label,
                        "id": str(field.id),
                        "required": field.mandatory,
                    }
                    for field in target.fields.values()
                    if field.api_name in _OF_CONVERTED_DEALS
                ]
        mapping[name] = shown
    return mapping


def describe_pipeline(deals: Module, version: Version) -> Json:
    """The pipeline of the layout; its stages are the options of Stage.

    Forecast categories are objects from the start; in fields they are so since v4 only.
    """
    stage, pipeline = deals.fields["Stage"], deals.fields.get("Pipeline")
    name = pipeline.pick_list[0] if pipeline and pipeline.pick_list else _NAME
    # The sample of v8 has no colours and no parent.
    older = () if version.v6_metadata else ("colour_code",)
    maps = []
    for number, text in enumerate(stage.pick_list, 1):
        option = describe_option(stage, text, number, VERSIONS["v4"])
        kept = (
            *("id", "display_value", "actual_value", "sequence_number", "forecast_type"),
            *("forecast_category", *older),
        )
        maps.append({key: option[key] for key in kept})
    json: Json = {
        "id": str(derive_id(deals.layout_id, "pipeline")),
        "display_value": name,
        "actual_value": name,
        "default": True,
        "maps": maps,
    }
    return json if version.v6_metadata else json | {"child_available": False, "parent": None}
