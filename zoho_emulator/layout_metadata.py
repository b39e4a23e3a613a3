"""Layouts and pipelines as Zoho's settings calls print them ("Layouts Metadata", "Pipelines").

Every module has one layout, named Standard, and every layout of deals one pipeline.
"""

from zoho_emulator.field_details import Json
from zoho_emulator.field_metadata import FOUNDED, field_json, is_listed, profiles_of
from zoho_emulator.ids import derived
from zoho_emulator.knobs import Knobs
from zoho_emulator.localtime import local_time
from zoho_emulator.model import Field, Module, Org
from zoho_emulator.options import option_json
from zoho_emulator.versions import VERSIONS, Version

_NAME = "Standard"


def has_layout(module: Module) -> bool:
    return bool(module.fields) and module.api_supported and not module.view_of


def layout_json(org: Org, module: Module, version: Version, knobs: Knobs) -> Json:
    founded = local_time(org.time_zone)(FOUNDED)
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
            {"default": True, "_default_view": _default_view(module), **profile}
            for profile in profiles_of(org)
        ],
        "sections": _sections(org, module, version, knobs),
        "convert_mapping": _convert_mapping(org, module),
    }
    if version.v6_metadata:
        json |= {
            "api_name": f"{_NAME}__s",
            "display_label": _NAME,
            "generated_type": "system",
            "mode": "edit",
        }
    return json


def _default_view(module: Module) -> Json:
    return {"name": "Standard View", "id": str(derived(module.id, "section", 999)), "type": "show"}


def _sections(org: Org, module: Module, version: Version, knobs: Knobs) -> list[Json]:
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
        _section(org, module, version, knobs, number, label, own, subform=subform)
        for number, (label, own, subform) in enumerate(groups, 1)
    ]


def _section(
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
    section_id = derived(module.id, "section", number)
    return {
        "id": str(section_id),
        "api_name": label.replace(" ", "_"),
        "name": label,
        "display_label": label,
        "sequence_number": number,
        "column_count": 1 if subform else 2,
        "tab_traversal": 2,
        "isSubformSection": subform,
        "properties": {"reorder_rows": None, "tooltip": None, "maximum_rows": None}
        if subform
        else None,
        "fields": [
            field_json(org, module, field, version, knobs)
            | {
                "required": field.mandatory,
                "validation_rule": None,
                "default_value": None,
                "section_id": number,
                "sequence_number": place,
            }
            for place, field in enumerate(fields, 1)
        ],
    }


def _convert_mapping(org: Org, module: Module) -> Json | None:
    """Layouts of the modules that a lead is converted to."""
    if module.api_name != "Leads":
        return None
    targets = [
        org.modules[name] for name in ("Contacts", "Deals", "Accounts") if name in org.modules
    ]
    return {target.api_name: {"name": _NAME, "id": str(target.layout_id)} for target in targets}


def pipeline_json(deals: Module) -> Json:
    """The pipeline of the layout; its stages are the options of Stage.

    Forecast categories are objects from the start; in fields they are so since v4 only.
    """
    stage, pipeline = deals.fields["Stage"], deals.fields.get("Pipeline")
    name = pipeline.pick_list[0] if pipeline and pipeline.pick_list else _NAME
    maps = []
    for number, text in enumerate(stage.pick_list, 1):
        option = option_json(stage, text, number, VERSIONS["v4"])
        kept = ("id", "display_value", "actual_value", "sequence_number", "forecast_type")
        maps.append(
            {key: option[key] for key in kept}
            | {"forecast_category": option["forecast_category"], "colour_code": None}
        )
    return {
        "id": str(derived(deals.layout_id, "pipeline")),
        "display_value": name,
        "actual_value": name,
        "default": True,
        "child_available": False,
        "parent": None,
        "maps": maps,
    }
