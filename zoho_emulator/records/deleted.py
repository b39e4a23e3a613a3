"""GET /{module}/deleted ("Get Deleted Records")."""

from collections.abc import Mapping

from starlette.responses import Response

from zoho_emulator.answers import answer_json
from zoho_emulator.call import Call
from zoho_emulator.errors import InDataError, ZohoError
from zoho_emulator.localtime import build_local_time
from zoho_emulator.records.list_query import MAX_PER_PAGE

RECYCLE_BIN_S = 60 * 86_400
PERMANENT_S = 120 * 86_400

#: Stored states by the words of `type`.
STATES = {"all": (1, 2), "recycle": (1,), "permanent": (2,)}


def list_deleted(call: Call) -> Response:
    """Newest deletions first, as in the samples; the order is not documented."""
    try:
        module = call.module(call.path_params["module"], {"resource_path_index": 0})
    except ZohoError as error:
        raise _refused(call, error.code, error.message, error.details) from None
    if module.files:
        # UNVERIFIED: whether they are listed, and the error.
        raise _refused(call, "INVALID_MODULE", "The given module is not supported in API", {})
    call.check_readable(module)
    kind = call.query.get("type", "all")
    if kind not in STATES:
        message = "Please check whether the input values are correct"
        raise _refused(call, "PATTERN_NOT_MATCHED", message, {"param_name": "type"})
    page = call.read_number("page", 1)
    per_page = call.read_number("per_page", MAX_PER_PAGE, most=MAX_PER_PAGE)
    since = call.read_modified_since()
    call.emulator.churn(module)

    now = call.emulator.clock.now()
    # UNVERIFIED: a row that leaves the recycle bin by age is listed no longer, neither as
    # `recycle` nor as `permanent`.
    kept = "(state = 1 AND deleted_time > ? OR state = 2 AND deleted_time > ?)"
    where = f"state IN ({', '.join(map(str, STATES[kind]))}) AND {kept}"
    parameters: list[object] = [now - RECYCLE_BIN_S, now - PERMANENT_S]
    if since is not None:
        inclusive = call.knobs.if_modified_since_inclusive
        where += f" AND deleted_time {'>=' if inclusive else '>'} ?"
        parameters.append(since)
    name, creator = (
        field.column if (field := module.fields.get(api_name)) else "NULL"
        for api_name in (module.display_field, "Created_By")
    )
    if module.belongs_to_records and not call.knobs.child_deletes:
        return Response(status_code=204 if since is None else call.knobs.not_modified)
    found = call.store.connection.execute(
        f"SELECT id, state, deleted_time, deleted_by, {name}, {creator} FROM {module.table}"
        f" WHERE {where} ORDER BY deleted_time DESC, tie DESC, id DESC LIMIT ? OFFSET ?",
        [*parameters, per_page + 1, (page - 1) * per_page],
    ).fetchall()
    if not found:
        return Response(status_code=204 if since is None else call.knobs.not_modified)
    when = build_local_time(call.store.org.time_zone)
    data = [
        {
            # The samples show nothing but the id and the time once a row is gone for good.
            "deleted_by": None if state == 2 else _describe_person(call, deleted_by),
            "id": str(record_id),
            "display_name": None if state == 2 or display_name is None else str(display_name),
            "type": "recycle" if state == 1 else "permanent",
            "created_by": None if state == 2 else _describe_person(call, created_by),
            "deleted_time": when(deleted_time),
        }
        for record_id, state, deleted_time, deleted_by, display_name, created_by in found[:per_page]
    ]
    info = {
        "per_page": per_page,
        "count": len(data),
        "page": page,
        "more_records": len(found) > per_page,
    }
    return answer_json({"data": data, "info": info})


def _refused(call: Call, code: str, message: str, details: Mapping[str, object]) -> ZohoError:
    """UNVERIFIED: that versions before v8 put nothing around it; the samples are of v8."""
    kind = InDataError if call.version.v7_writes else ZohoError
    return kind(code, message, details)


def _describe_person(call: Call, user_id: int | None) -> dict[str, str] | None:
    user = None if user_id is None else call.store.org.user(user_id)
    return None if user is None else {"name": user.full_name, "id": str(user.id)}
