"""Settings that describe the org: layouts, lists, views, roles, profiles, territories, tags ..."""

import orjson
from starlette.responses import Response

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.layout_metadata import has_layout, layout_json, pipeline_json
from zoho_emulator.list_metadata import (
    custom_views,
    custom_views_info,
    related_list_json,
    related_lists,
)
from zoho_emulator.model import Module
from zoho_emulator.org_metadata import (
    MOST_TAGS,
    contact_roles_json,
    currency_json,
    profile_json,
    role_json,
    tags_json,
    territory_json,
)
from zoho_emulator.settings import require_settings


def list_layouts(call: Call) -> Response:
    """204 for a module that has none."""
    require_settings(call, "layouts")
    module = _module(call)
    if not has_layout(module):
        return _nothing()
    return _json({"layouts": [layout_json(call.store.org, module, call.version)]})


def get_layout(call: Call) -> Response:
    require_settings(call, "layouts")
    module = _module(call)
    if not has_layout(module) or str(module.layout_id) != call.path_params["id"]:
        raise _unknown_id()
    return _json({"layouts": [layout_json(call.store.org, module, call.version)]})


def list_related_lists(call: Call) -> Response:
    require_settings(call, "related_lists")
    module = _module(call)
    rows = [
        related_list_json(module, item, number, call.version)
        for number, item in enumerate(related_lists(call.store.org, module, call.version), 1)
    ]
    return _json({"related_lists": rows}) if rows else _nothing()


def list_custom_views(call: Call) -> Response:
    require_settings(call, "custom_views")
    module = _module(call)
    # UNVERIFIED: that modules without a tab have no views.
    if not has_layout(module) or module.of_parents or module.files:
        return _nothing()
    views = custom_views(module)
    page = call.whole_number("page", 1)
    per_page = call.whole_number("per_page", 200, most=200)
    shown = views[(page - 1) * per_page : page * per_page]
    if not shown:
        return _nothing()
    info = custom_views_info(module, views) | {
        "page": page,
        "per_page": per_page,
        "count": len(shown),
        "more_records": len(views) > page * per_page,
    }
    return _json({"custom_views": shown, "info": info})


def list_roles(call: Call) -> Response:
    require_settings(call, "roles")
    org = call.store.org
    return _json({"roles": [role_json(org, name, call.version) for name in org.roles]})


def get_role(call: Call) -> Response:
    require_settings(call, "roles")
    org = call.store.org
    name = _named(org.roles, call.path_params["id"])
    return _json({"roles": [role_json(org, name, call.version)]})


def list_profiles(call: Call) -> Response:
    require_settings(call, "profiles")
    org = call.store.org
    return _json({"profiles": [profile_json(org, name, call.version) for name in org.profiles]})


def get_profile(call: Call) -> Response:
    require_settings(call, "profiles")
    org = call.store.org
    name = _named(org.profiles, call.path_params["id"])
    return _json({"profiles": [profile_json(org, name, call.version, single=True)]})


def list_territories(call: Call) -> Response:
    require_settings(call, "territories")
    _feature(call, "territories")
    org = call.store.org
    page = call.whole_number("page", 1)
    per_page = call.whole_number("per_page", 2_000, most=2_000)
    shown = org.territories[(page - 1) * per_page : page * per_page]
    if not shown:
        return _nothing()
    body: dict[str, object] = {
        "territories": [territory_json(org, item, call.version) for item in shown]
    }
    if call.version.number >= 4:
        body["info"] = {
            "per_page": per_page,
            "count": len(shown),
            "page": page,
            "more_records": len(org.territories) > page * per_page,
        }
    return _json(body)


def list_currencies(call: Call) -> Response:
    """An org of one currency has no such feature."""
    call.emulator.accounts.require(
        "ZohoCRM.settings.ALL",
        "ZohoCRM.settings.READ",
        "ZohoCRM.settings.currencies.ALL",
        "ZohoCRM.settings.currencies.READ",
        "ZohoCRM.org.ALL",
        "ZohoCRM.org.READ",
    )
    _feature(call, "currencies")
    org = call.store.org
    return _json({"currencies": [currency_json(org, item) for item in org.currencies]})


def list_tags(call: Call) -> Response:
    require_settings(call, "tags")
    if call.query.get("my_tags", "false") != "false":
        raise not_emulated(f"my_tags on {call.path}")
    module = _module(call)
    tags = tags_json(call.store.org, module.fields.get("Tag"), call.version)
    if not tags:
        return _nothing()
    info = {"count": len(tags), "allowed_count": MOST_TAGS}
    return _json({"tags": tags, "info": info})


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
        # UNVERIFIED: the error of a layout that is not of deals.
        raise ZohoError("INVALID_DATA", "invalid data", {"param_name": "layout_id"})
    return _json({"pipeline": [pipeline_json(call.store.org, deals, call.version)]})


def list_contact_roles(call: Call) -> Response:
    # UNVERIFIED: the scope; the page of contact roles asks for that of the module's records.
    call.readable(call.module("Contacts", {"resource_path_index": 0}))
    return _json({"contact_roles": contact_roles_json(call.store.org)})


def _module(call: Call) -> Module:
    if "module" not in call.query:
        raise _missing("module")
    return call.module(call.query["module"], {"param_name": "module"})


def _named(ids: dict[str, int], wanted: str) -> str:
    for name, known in ids.items():
        if str(known) == wanted:
            return name
    raise _unknown_id()


def _feature(call: Call, name: str) -> None:
    """UNVERIFIED: the text; what is known of it is the code."""
    if name in call.knobs.features_refused:
        raise ZohoError("FEATURE_NOT_ENABLED", f"the feature {name} is not enabled")


def _missing(param: str) -> ZohoError:
    return ZohoError(
        "REQUIRED_PARAM_MISSING",
        "One of the expected parameter is missing",
        {"param_name": param},
    )


def _unknown_id() -> ZohoError:
    # UNVERIFIED: taken over from what other settings say of an unknown id.
    return ZohoError("INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 2})


def _nothing() -> Response:
    return Response(status_code=204)


def _json(body: object) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
