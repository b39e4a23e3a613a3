"""Users, org, modules and fields: the metadata that a reader of records needs."""

import orjson
from starlette.responses import Response

from zoho_emulator.call import Call, epoch_of
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.metadata import field_json, module_json, org_json, user_json
from zoho_emulator.model import User

MAX_USERS_PER_PAGE = 200
MAX_USER_IDS = 100
MODULE_STATUSES = ("visible", "user_hidden", "system_hidden", "scheduled_for_deletion")


def get_org(call: Call) -> Response:
    call.emulator.accounts.require("ZohoCRM.org.READ", "ZohoCRM.org.ALL")
    one_currency = "currencies" in call.knobs.features_refused
    org = org_json(call.store.org)
    return _json({"org": [org | {"mc_status": org["mc_status"] and not one_currency}]})


def list_users(call: Call) -> Response:
    """ "Get Users": who confirmed the invitation is not modelled, so every user has."""
    call.emulator.accounts.require("ZohoCRM.users.READ", "ZohoCRM.users.ALL")
    org = call.store.org
    kind = call.query.get("type", "AllUsers")
    chosen = [user for user in org.users if _is_of_type(call, user, kind)]
    if "ids" in call.query:
        ids = call.query["ids"].split(",")
        if len(ids) > MAX_USER_IDS:
            raise ZohoError(
                "LIMIT_EXCEEDED", "limit exceeded", {"limit": MAX_USER_IDS, "param_name": "ids"}
            )
        chosen = [user for user in chosen if str(user.id) in ids]
    page = call.whole_number("page", 1)
    per_page = call.whole_number("per_page", MAX_USERS_PER_PAGE, most=MAX_USERS_PER_PAGE)
    rows = _modified(call, [user_json(org, user) for user in chosen], "Modified_Time")
    start = (page - 1) * per_page
    users = rows[start : start + per_page]
    if not users:
        return _nothing(call)
    info = {
        "per_page": per_page,
        "count": len(users),
        "page": page,
        "more_records": len(rows) > start + per_page,
    }
    return _json({"users": users, "info": info})


def list_modules(call: Call) -> Response:
    require_settings(call, "modules")
    for param in ("feature_name", "include"):
        if param in call.query:
            raise not_emulated(f"{param} on {call.path}")
    org, version = call.store.org, call.version
    modules = [m for m in org.modules.values() if m.exists_in(version.number)]
    if version.v6_metadata and "status" in call.query:
        wanted = call.query["status"].split(",")
        if not set(wanted) <= set(MODULE_STATUSES):
            raise ZohoError(
                "INVALID_DATA",
                "invalid data",
                {"param_name": "status", "supported_values": list(MODULE_STATUSES)},
            )
        modules = [m for m in modules if m.status in wanted]
    rows = _modified(call, [module_json(org, m, version) for m in modules], "modified_time")
    return _json({"modules": rows}) if rows else _nothing(call)


def get_module(call: Call) -> Response:
    """By api_name; the specification of v8 also takes the id."""
    require_settings(call, "modules")
    org, version, name = call.store.org, call.version, call.path_params["module"]
    module = org.modules.get(name)
    if module is None and version.v6_metadata:
        module = next((m for m in org.modules.values() if str(m.id) == name), None)
    if module is None or not module.exists_in(version.number):
        raise ZohoError(
            "INVALID_MODULE",
            "the module name given seems to be invalid",
            {"resource_path_index": 2},
        )
    return _json({"modules": [module_json(org, module, version, single=True)]})


def list_fields(call: Call) -> Response:
    """204 for a module without fields (Visits, Approvals and the like)."""
    rows = _fields(call)
    return _json({"fields": rows}) if rows else Response(status_code=204)


def get_field(call: Call) -> Response:
    found = [row for row in _fields(call) if row["id"] == call.path_params["field"]]
    if not found:
        # UNVERIFIED: taken over from what other settings say of an unknown id.
        raise ZohoError(
            "INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 2}
        )
    return _json({"fields": found})


def _fields(call: Call) -> list[dict[str, object]]:
    require_settings(call, "fields")
    if "include" in call.query:
        raise not_emulated(f"include on {call.path}")
    if "module" not in call.query:
        raise ZohoError(
            "REQUIRED_PARAM_MISSING",
            "One of the expected parameter is missing",
            {"param_name": "module"},
        )
    module = call.module(call.query["module"], {"param_name": "module"})
    if call.knobs.refused_metadata:
        call.not_refused(module)
    kind = call.query.get("type", "used")
    if kind not in ("used", "unused", "all"):
        raise ZohoError(
            "INVALID_DATA",
            "invalid data",
            {"param_name": "type", "supported_values": ["unused", "all"]},
        )
    if kind == "unused":  # no field of the org is in the trash of its layout
        return []
    return [
        field_json(call.store.org, module, field, call.version)
        for field in module.fields.values()
        if field.exists_in(call.version.number)
    ]


def _is_of_type(call: Call, user: User, kind: str) -> bool:
    active, admin = user.status == "active", user.profile == "Administrator"
    match kind:
        case "AllUsers":
            return user.status != "deleted"
        case "ActiveUsers" | "ActiveConfirmedUsers":
            return active
        case "ConfirmedUsers":
            return user.status != "deleted"
        case "DeactiveUsers":
            return user.status == "disabled"
        case "DeletedUsers":
            return user.status == "deleted"
        case "NotConfirmedUsers":
            return False
        case "AdminUsers":
            return admin and user.status != "deleted"
        case "ActiveConfirmedAdmins":
            return admin and active
        case "CurrentUser":
            return user.id == call.emulator.user.id
    raise ZohoError(
        "PATTERN_NOT_MATCHED",
        "Please check whether the input values are correct",
        {"param_name": "type"},
    )


def _modified(call: Call, rows: list[dict[str, object]], key: str) -> list[dict[str, object]]:
    """The rows changed since the header's moment; what was never changed has no time."""
    since = call.modified_since()
    if since is None:
        return rows
    return [row for row in rows if row.get(key) and epoch_of(str(row[key])) >= since]


def _nothing(call: Call) -> Response:
    asked = call.modified_since() is not None
    return Response(status_code=call.knobs.not_modified if asked else 204)


def require_settings(call: Call, what: str) -> None:
    call.emulator.accounts.require(
        "ZohoCRM.settings.ALL",
        "ZohoCRM.settings.READ",
        f"ZohoCRM.settings.{what}.ALL",
        f"ZohoCRM.settings.{what}.READ",
    )


def _json(body: object) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
