"""Users, org, modules and fields: the metadata that a reader of records needs."""

from collections.abc import Sequence

from starlette.responses import Response

from zoho_emulator.answers import answer_json
from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.knob_values import FEATURE_CODES
from zoho_emulator.localtime import build_local_time, parse_epoch
from zoho_emulator.metadata.fields import describe_field, is_listed
from zoho_emulator.metadata.modules import describe_module, describe_org, describe_user
from zoho_emulator.store.model import User

MAX_USERS_PER_PAGE = 200
MAX_USER_IDS = 100
MODULE_STATUSES = ("visible", "user_hidden", "system_hidden", "scheduled_for_deletion")
FIELD_TYPES = ("used", "unused", "all")


def get_org(call: Call) -> Response:
    call.emulator.accounts.require("ZohoCRM.org.READ", "ZohoCRM.org.ALL")
    one_currency = _find_missing_feature(call, "currencies") is not None
    org = describe_org(call.store.org)
    org["mc_status"] = org["mc_status"] and not one_currency
    if call.knobs.trial_until:
        # UNVERIFIED: that a trial is still shown when it has ended.
        until = int(parse_epoch(call.knobs.trial_until))
        org["license_details"] = {
            "paid": False,
            "paid_type": "free",
            "paid_expiry": None,
            "trial_type": call.store.org.edition.lower(),
            "trial_expiry": build_local_time(call.store.org.time_zone)(until),
            "users_license_purchased": call.store.org.user_licenses,
        }
    return answer_json({"org": [org]})


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
    page = call.read_number("page", 1)
    per_page = call.read_number("per_page", MAX_USERS_PER_PAGE, most=MAX_USERS_PER_PAGE)
    rows = _keep_modified(
        call, [describe_user(org, user, call.version) for user in chosen], "Modified_Time"
    )
    start = (page - 1) * per_page
    users = rows[start : start + per_page]
    if not users:
        return _answer_nothing(call)
    info = {
        "per_page": per_page,
        "count": len(users),
        "page": page,
        "more_records": len(rows) > start + per_page,
    }
    return answer_json({"users": users, "info": info})


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
            raise wrong_value("status", MODULE_STATUSES, index=0)
        modules = [m for m in modules if m.status in wanted]
    rows = _keep_modified(
        call, [describe_module(org, m, version) for m in modules], "modified_time"
    )
    return answer_json({"modules": rows}) if rows else _answer_nothing(call)


def get_module(call: Call) -> Response:
    """By api_name; the specification of v8 also takes the id."""
    require_settings(call, "modules")
    org, version, name = call.store.org, call.version, call.path_params["module"]
    module = call.emulator.find_module(name)
    if module is None and version.v6_metadata:
        module = next((m for m in org.modules.values() if str(m.id) == name), None)
    if module is None or not module.exists_in(version.number):
        raise ZohoError(
            "INVALID_MODULE",
            "the module name given seems to be invalid",
            {"resource_path_index": 2},
        )
    if not module.api_supported:
        raise outside_the_api()
    return answer_json({"modules": [describe_module(org, module, version, single=True)]})


def list_fields(call: Call) -> Response:
    """204 for a module without fields (Visits, Approvals and the like)."""
    rows = _describe_fields(call)
    return answer_json({"fields": rows}) if rows else Response(status_code=204)


def get_field(call: Call) -> Response:
    found = [row for row in _describe_fields(call) if row["id"] == call.path_params["field"]]
    if not found:
        # UNVERIFIED: taken over from what other settings say of an unknown id.
        raise ZohoError(
            "INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 2}
        )
    return answer_json({"fields": found})


def _describe_fields(call: Call) -> list[dict[str, object]]:
    require_settings(call, "fields")
    if "include" in call.query:
        raise not_emulated(f"include on {call.path}")
    if "module" not in call.query:
        raise ZohoError(
            "REQUIRED_PARAM_MISSING",
            "One of the expected parameter is missing",
            {"param_name": "module"},
        )
    module = call.module(call.query["module"], {}, outside=outside_the_api())
    if call.knobs.refused_metadata:
        call.check_not_refused(module)
    kind = call.query.get("type", "used")
    if kind not in FIELD_TYPES:
        raise wrong_value("type", FIELD_TYPES)
    if kind == "unused":  # no field of the org is in the trash of its layout
        return []
    return [
        describe_field(call.store.org, module, field, call.version, call.knobs)
        for field in module.fields.values()
        if is_listed(field, call.version, call.knobs)
    ]


def outside_the_api() -> ZohoError:
    """What settings of a module that the API does not serve are answered.

    UNVERIFIED: recorded of v8's call for one module; that fields and views say the same.
    """
    return ZohoError("NOT_SUPPORTED", "the given module is not supported in api")


def wrong_value(param: str, supported: Sequence[str], *, index: int | None = None) -> ZohoError:
    """UNVERIFIED: the text for other parameters than `status`."""
    place = {} if index is None else {"index": index}
    return ZohoError(
        "INVALID_DATA",
        f"The {param} given is invalid.",
        {**place, "param_name": param, "supported_values": list(supported)},
    )


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


def _keep_modified(call: Call, rows: list[dict[str, object]], key: str) -> list[dict[str, object]]:
    """The rows changed since the header's time; what was never changed has no time."""
    since = call.read_modified_since()
    if since is None:
        return rows
    return [row for row in rows if row.get(key) and parse_epoch(str(row[key])) >= since]


def _answer_nothing(call: Call) -> Response:
    asked = call.read_modified_since() is not None
    return Response(status_code=call.knobs.not_modified if asked else 204)


def require_settings(call: Call, what: str, *more_scopes: str) -> None:
    """The token may read these settings, and the org has the feature that they belong to."""
    call.emulator.accounts.require(
        "ZohoCRM.settings.ALL",
        "ZohoCRM.settings.READ",
        f"ZohoCRM.settings.{what}.ALL",
        f"ZohoCRM.settings.{what}.READ",
        *more_scopes,
    )
    code = _find_missing_feature(call, what)
    if code is not None:
        status, message = FEATURE_CODES[code]
        # UNVERIFIED: the name of a feature that no sample of a refusal names.
        feature = "Territory Management" if what == "territories" else what
        raise ZohoError(code, message.format(feature=feature), status=status)


def _find_missing_feature(call: Call, what: str) -> str | None:
    """The code for a feature that the org lacks."""
    usual = "CURRENCIES_NOT_ENABLED" if what == "currencies" else "FEATURE_NOT_ENABLED"
    refused = dict(entry.partition(":")[::2] for entry in call.knobs.features_refused)
    return refused[what] or usual if what in refused else None
