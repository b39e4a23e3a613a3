"""Settings that describe the org: layouts, lists, views, roles, profiles, territories, tags ..."""

from collections.abc import Mapping

from starlette.responses import Response

from zoho_emulator.answers import answer_json
from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.metadata.field_details import Json
from zoho_emulator.metadata.layouts import describe_layout, describe_pipeline, has_layout
from zoho_emulator.metadata.org import (
    MOST_PROFILES,
    MOST_TAGS,
    PROFILE_TYPE,
    PROFILE_TYPES,
    RECORD_LIMIT,
    describe_contact_roles,
    describe_currency,
    describe_profile,
    describe_role,
    describe_tags,
    describe_territory,
)
from zoho_emulator.metadata.related_lists import (
    describe_custom_views,
    describe_related_list,
    describe_views_info,
    find_related_lists,
    has_views,
)
from zoho_emulator.metadata.settings import outside_the_api, require_settings, wrong_value
from zoho_emulator.store.model import Module

#: "Related Lists": what `status` may be.
LIST_STATUSES = ("visible", "user_hidden", "scheduled_for_deletion")

#: "Layouts": forms of a layout other than the whole one.
LAYOUT_MODES = ("business_card", "quick_create")


def list_layouts(call: Call) -> Response:
    """204 for a module that has none."""
    require_settings(call, "layouts")
    module = _find_module(call)
    if (mode := call.query.get("mode", "all")) != "all":
        if mode in LAYOUT_MODES:
            raise not_emulated(f"mode on {call.path}")
        raise ZohoError(
            "PATTERN_NOT_MATCHED",
            "Please check whether the input values are correct",
            {"param_name": "mode"},
        )
    if not has_layout(module):
        return _answer_nothing()
    return answer_json(
        {"layouts": [describe_layout(call.store.org, module, call.version, call.knobs)]}
    )


def get_layout(call: Call) -> Response:
    require_settings(call, "layouts")
    module = _find_module(call)
    if not has_layout(module) or str(module.layout_id) != call.path_params["id"]:
        raise _unknown_id()
    return answer_json(
        {"layouts": [describe_layout(call.store.org, module, call.version, call.knobs)]}
    )


def list_related_lists(call: Call) -> Response:
    require_settings(call, "related_lists")
    named = {"param_name": "module"}
    module = _find_module(
        call,
        named,
        ZohoError("NOT_SUPPORTED", "the given module is not supported for this api", named),
    )
    org, status = call.store.org, call.query.get("status", "visible")
    if call.version.v6_metadata and status not in LIST_STATUSES:
        raise wrong_value("status", LIST_STATUSES)
    rows = [
        describe_related_list(org, module, item, number, call.version)
        for number, item in enumerate(find_related_lists(org, module, call.version), 1)
        if status == "visible" or not call.version.v6_metadata  # none is hidden
    ]
    return answer_json({"related_lists": rows}) if rows else _answer_nothing()


def list_custom_views(call: Call) -> Response:
    require_settings(call, "custom_views")
    module = _find_module(call)
    if not has_views(module):
        return _answer_nothing()
    views = describe_custom_views(module, call.version)
    shown, info = _cut_page(call, views, most=200)
    if not shown:
        return _answer_nothing()
    return answer_json({"custom_views": shown, "info": describe_views_info(views) | info})


def list_roles(call: Call) -> Response:
    require_settings(call, "roles")
    org = call.store.org
    return answer_json({"roles": [describe_role(org, name, call.version) for name in org.roles]})


def get_role(call: Call) -> Response:
    require_settings(call, "roles")
    org = call.store.org
    name = _find_name(org.roles, call.path_params["id"])
    return answer_json({"roles": [describe_role(org, name, call.version)]})


def list_profiles(call: Call) -> Response:
    require_settings(call, "profiles")
    org = call.store.org
    profiles = [describe_profile(org, name, call.version) for name in org.profiles]
    if not call.version.v6_metadata:
        # UNVERIFIED: since when there are pages and types; the sample is of v8.
        return answer_json({"profiles": profiles})
    kind = call.query.get("type", PROFILE_TYPE)
    if kind not in PROFILE_TYPES:
        raise ZohoError("INVALID_DATA", "invalid data", {"param_name": "type"})
    shown, info = _cut_page(call, profiles if kind == PROFILE_TYPE else [], most=200)
    if not shown:
        return _answer_nothing()
    return answer_json({"profiles": shown, "info": info | {"license_limit": MOST_PROFILES}})


def get_profile(call: Call) -> Response:
    require_settings(call, "profiles")
    org = call.store.org
    name = _find_name(org.profiles, call.path_params["id"])
    return answer_json({"profiles": [describe_profile(org, name, call.version, single=True)]})


def list_territories(call: Call) -> Response:
    require_settings(call, "territories")
    org = call.store.org
    included = call.query.get("include", "").split(",")
    known = [describe_territory(org, item, call.version, included) for item in org.territories]
    shown, info = _cut_page(call, known, most=2_000)
    if not shown:
        return _answer_nothing()
    paged = {"info": info} if call.version.number >= 4 else {}
    return answer_json({"territories": shown, **paged})


def list_currencies(call: Call) -> Response:
    """An org of one currency has no such feature."""
    require_settings(call, "currencies", "ZohoCRM.org.ALL", "ZohoCRM.org.READ")
    org = call.store.org
    rows = [describe_currency(org, item, call.version) for item in org.currencies]
    return answer_json({"currencies": rows})


def list_tags(call: Call) -> Response:
    require_settings(call, "tags")
    if call.query.get("my_tags", "false") != "false":
        raise not_emulated(f"my_tags on {call.path}")
    # UNVERIFIED: that earlier versions say the same of both; the samples are of v8.
    if "module" not in call.query:
        raise _missing("module", key="param")
    module = _find_module(call)
    if "Tag" not in module.fields:
        raise ZohoError("INVALID_MODULE", "the given module is not supported for this api")
    tags = describe_tags(call.store.org, module.fields["Tag"], call.version)
    info = {"count": len(tags), "allowed_count": MOST_TAGS}
    if call.version.v6_metadata:
        info["record_limit"] = RECORD_LIMIT
    return answer_json({"tags": tags, "info": info})


def list_pipelines(call: Call) -> Response:
    """Of the layout of deals; v2 has none."""
    if call.version.number < 2.1:
        raise ZohoError("API_NOT_SUPPORTED", "api not supported", {"supported_version": 2.1})
    require_settings(call, "pipeline")
    layout = call.query.get("layout_id")
    if layout is None:
        raise _missing("layout_id")
    deals = call.store.org.modules.get("Deals")
    if deals is None or "Stage" not in deals.fields or str(deals.layout_id) != layout:
        # UNVERIFIED: that a layout of another module is refused like an unknown one.
        raise ZohoError("INVALID_DATA", "Invalid layoutid", {"param_name": "layout_id"})
    return answer_json({"pipeline": [describe_pipeline(deals, call.version)]})


def list_contact_roles(call: Call) -> Response:
    call.check_readable(call.module("Contacts", {"resource_path_index": 0}))
    return answer_json({"contact_roles": describe_contact_roles(call.store.org)})


def _find_module(
    call: Call,
    unknown: Mapping[str, object] | None = None,
    outside: ZohoError | None = None,
) -> Module:
    if "module" not in call.query:
        raise _missing("module")
    return call.module(call.query["module"], unknown or {}, outside=outside or outside_the_api())


def _find_name(ids: dict[str, int], wanted: str) -> str:
    for name, known in ids.items():
        if str(known) == wanted:
            return name
    raise _unknown_id()


def _missing(param: str, *, key: str = "param_name") -> ZohoError:
    return ZohoError(
        "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", {key: param}
    )


def _unknown_id() -> ZohoError:
    # UNVERIFIED: that layouts and roles say what v8 says of an unknown profile.
    return ZohoError(
        "INVALID_DATA",
        "the id given seems to be invalid or already deleted",
        {"resource_path_index": 2},
    )


def _cut_page(call: Call, rows: list[Json], *, most: int) -> tuple[list[Json], Json]:
    """The rows that the call asks for, and what `info` says of them."""
    page = call.read_number("page", 1)
    per_page = call.read_number("per_page", most, most=most)
    shown = rows[(page - 1) * per_page : page * per_page]
    return shown, {
        "per_page": per_page,
        "count": len(shown),
        "page": page,
        "more_records": len(rows) > page * per_page,
    }


def _answer_nothing() -> Response:
    return Response(status_code=204)
