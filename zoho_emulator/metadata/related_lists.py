"""Related lists and custom views as Zoho's settings calls print them."""

from dataclasses import dataclass

from zoho_emulator.metadata.field_details import (
    Json,
    find_link_lookups,
    refer_to_field,
    refer_to_module,
    refer_to_related_list,
)
from zoho_emulator.metadata.layouts import has_layout
from zoho_emulator.store.ids import derive_id
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.versions import Version


@dataclass(frozen=True, slots=True)
class RelatedList:
    """Rows of `module` whose lookup `field` holds the record."""

    api_name: str
    label: str
    module: Module
    field: Field
    #: default or multiselectlookup
    kind: str = "default"
    #: multiselectlookup: the module the link leads to, and the field that shows links.
    connected: Module | None = None
    shown_by: Field | None = None


def find_related_lists(org: Org, module: Module, version: Version) -> list[RelatedList]:
    """What belongs to a record of the module, notes and attachments first.

    UNVERIFIED: names of lists that come of a second lookup to the same module, and which lists
    the standard layouts show; here it is every lookup to the module.
    """
    found: list[RelatedList] = []
    names: set[str] = set()
    if module.belongs_to_records or module.generated_type == "field_tracker" or module.view_of:
        return []
    for other in _list_notes_first(org, version):
        for field in other.fields.values():
            if field.data_type not in ("lookup", "multi_module_lookup"):
                continue
            if module.api_name not in field.targets or not field.exists_in(version.number):
                continue
            if (one := _build_from_lookup(org, module, other, field, names)) is not None:
                names.add(one.api_name)
                found.append(one)
    return found


def _list_notes_first(org: Org, version: Version) -> list[Module]:
    known = [
        item
        for item in org.modules.values()
        if item.api_supported
        and item.exists_in(version.number)
        and item.generated_type not in ("subform", "static_subform")
        and not item.view_of
    ]
    first = ("Notes", "Attachments")
    return sorted(known, key=lambda m: first.index(m.api_name) if m.api_name in first else 2)


def _build_from_lookup(
    org: Org, module: Module, other: Module, field: Field, names: set[str]
) -> RelatedList | None:
    if other.generated_type == "linking":
        return _build_from_link(org, module, other, field)
    name = other.plural_label if other.generated_type == "field_tracker" else other.api_name
    name = name.replace(" ", "_")
    if name in names:
        name = f"{name}_{field.api_name}"
    return RelatedList(name, other.plural_label, other, field)


def _build_from_link(org: Org, module: Module, link: Module, field: Field) -> RelatedList | None:
    for item in module.fields.values():
        if item.data_type == "multiselectlookup" and item.linking == link.api_name:
            ends = find_link_lookups(org, module, item)
            connected = org.modules.get(item.targets[0])
            if ends and ends[0] is field:
                return RelatedList(
                    item.api_name, item.label, link, field, "multiselectlookup", connected, item
                )
    return None


def describe_related_list(
    org: Org, module: Module, item: RelatedList, number: int, version: Version
) -> Json:
    target = item.connected or item.module
    json: Json = {
        "id": str(derive_id(module.id, "related_list", number)),
        "api_name": item.api_name,
        "name": item.label,
        "display_label": item.label,
        "module": target.api_name if version.plain_module_names else refer_to_module(target),
        "type": item.kind,
        "sequence_number": str(number),
        "action": None,
        "href": f"{module.api_name}/{{ENTITYID}}/{item.api_name}",
        "status": "visible",
        "customize_sort": item.kind == "default",
        "customize_fields": item.kind == "default",
        "customize_display_label": False,
    }
    if item.shown_by is not None:
        json |= _describe_links(org, module, item, item.shown_by, version)
    return json


def _describe_links(
    org: Org, module: Module, item: RelatedList, field: Field, version: Version
) -> Json:
    json: Json = {"connectedmodule": field.targets[0], "linkingmodule": item.module.api_name}
    ends = find_link_lookups(org, module, field)
    if version.plain_module_names or ends is None:
        return json
    json["connectedlookupApiName"] = ends[1].api_name
    if not version.v6_metadata:
        return json
    own, other = ({"api_name": end.api_name, "id": str(end.id)} for end in ends)
    labelled = {"plural_label": item.module.plural_label}
    return json | {
        "parent_related_lists": None,
        "multiselectlookup": {
            "field": refer_to_field(field),
            "linking_details": {
                "visibility": item.module.visibility,
                "module": labelled | refer_to_module(item.module),
                "lookup_field": own,
                "connected_lookup_field": other,
            },
            "connected_details": _describe_connected(module, field, ends[0]),
            "field_enabled": True,
        },
    }


def _describe_connected(module: Module, field: Field, own: Field) -> Json:
    """UNVERIFIED: which end this is of; in Zoho's sample it is the list's own module, where the
    recorded fields of an org have the other."""
    return {
        "field": refer_to_field(own),
        "module": {"plural_label": module.plural_label, **refer_to_module(module)},
        "related_list": refer_to_related_list(field, module.plural_label, module.api_name),
    }


#: Views that every module has: name, system name, and whether mobile apps keep them (v2).
_VIEWS = (
    ("All {}", "ALLVIEWS", True),
    ("My {}", "MYVIEWS", True),
    ("Recently Created {}", "RECENTLYCREATED", False),
    ("Recently Modified {}", "RECENTLYMODIFIED", False),
)
#: Further keys of a view of the system, which nobody made.
_ACCESS: Json = {
    "access_type": "public",
    "locked": False,
    "last_accessed_time": None,
    "created_by": None,
    "created_time": None,
    "modified_by": None,
    "modified_time": None,
}


def has_views(module: Module) -> bool:
    """UNVERIFIED: that modules without a tab have none."""
    return has_layout(module) and not module.belongs_to_records and not module.files


def describe_custom_views(module: Module, version: Version) -> list[Json]:
    """UNVERIFIED: that v2.1 prints them as v2 does, and v4 as v8."""
    return [
        _describe_view(module, number, old=version.number < 4)
        for number in range(1, len(_VIEWS) + 1)
    ]


def _describe_view(module: Module, number: int, *, old: bool) -> Json:
    name, system, offline = _VIEWS[number - 1]
    return {
        "id": str(derive_id(module.id, "custom_view", number)),
        "name": name.format(module.plural_label),
        "system_name": system,
        "display_value": name.format(module.plural_label),
        # A live org's v2 says so of every view, those of the system included.
        "category": "shared_with_me" if old else "public_views",
        "default": number == 1,
        "system_defined": True,
        **({"favorite": None, "offline": offline} if old else _ACCESS),
    }


def describe_default_view(module: Module, fields: list[Json]) -> Json:
    """The view that a module opens with, as the call for one module of v8 shows it."""
    return {
        **_describe_view(module, 1, old=False),
        "criteria": None,
        "fields": [{"_pin": False, **field} for field in fields],
        "shared_to": None,
        "sort_by": None,
        "sort_order": None,
        "favorite": None,
    }


def describe_views_info(views: list[Json]) -> Json:
    """Keys of `info` that do not describe the page."""
    return {
        "default": views[0]["id"],
        "translation": {
            "public_views": "Public Views",
            "other_users_views": "Other User's Views",
            "shared_with_me": "Shared With Me",
            "created_by_me": "Created By Me",
        },
    }
