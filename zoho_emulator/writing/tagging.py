"""POST /{module}/actions/add_tags: tags of records that are there ("Add Tags to Records")."""

import orjson
from starlette.responses import Response

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Field, Module
from zoho_emulator.store.tags import find_tag
from zoho_emulator.writing.answers import Item, build_success, write_each
from zoho_emulator.writing.automations import not_a
from zoho_emulator.writing.holds import find_hold
from zoho_emulator.writing.permission import find_writable
from zoho_emulator.writing.writer import Writer

MOST_RECORDS = 500
#: "API Limits": records that one credit pays.
RECORDS_PER_CREDIT = 50
#: The page of v2 and the SDKs of v2 and v2.1 name parameters, those of v3 and later a body.
#: UNVERIFIED: that v4 has the whole body; its SDK has parameters for a part of it.
FIRST_WITH_BODY = 3


def add_tags(call: Call) -> Response:
    module = find_writable(call, "update")
    known = module.fields.get("Tag")
    if known is None:
        raise ZohoError("INVALID_MODULE", "The given module is not supported in API")
    read = _read_body if call.version.number >= FIRST_WITH_BODY else _read_query
    names, ids, overwrites = read(call)
    if len(ids) > MOST_RECORDS:
        # UNVERIFIED: the number is of a specification, the error of other calls.
        raise ZohoError(
            "LIMIT_EXCEEDED", "limit exceeded", {"limit": MOST_RECORDS, "api_name": "ids"}
        )
    call.spend_more((len(ids) - 1) // RECORDS_PER_CREDIT)
    writer = Writer(call, module)

    def work(index: int, given: object) -> Item:
        record = writer.find_record(str(given))
        if record is None:
            raise ZohoError("INVALID_DATA", "invalid data", {"id": str(given)})
        if hold := find_hold(call, module, record):
            raise hold.build_update_error(call, f"$.ids[{index}]")
        tags = [find_tag(call.store.org, known, name) for name in names]
        if not overwrites:
            named = {str(tag["name"]).casefold() for tag in tags}
            present = _read_tags(call, module, known, record)
            tags = [*(one for one in present if str(one["name"]).casefold() not in named), *tags]
        call.store.update(module, record, {"Tag": tags}, now=writer.now, by=writer.by)
        shown = [tag["name"] for tag in tags]
        return build_success("tags updated successfully", {"id": str(record), "tags": shown})

    answer = write_each(call, ids, work)
    items = orjson.loads(answer.body)
    done = sum(item["status"] == "success" for item in items["data"])
    items |= {"wf_scheduler": False, "success_count": str(done), "locked_count": "0"}
    return Response(
        orjson.dumps(items), status_code=answer.status_code, media_type="application/json"
    )


def _read_query(call: Call) -> tuple[list[str], list[str], bool]:
    lists = {name: call.query.get(name, "") for name in ("tag_names", "ids")}
    for name, text in lists.items():
        if not text.strip(","):
            raise ZohoError(
                "REQUIRED_PARAM_MISSING",
                "One of the expected parameter is missing",
                {"param_name": name},
            )
    names, ids = ([part for part in text.split(",") if part] for text in lists.values())
    return names, ids, call.query.get("over_write", "false").lower() == "true"


def _read_body(call: Call) -> tuple[list[str], list[str], bool]:
    body = call.read_object()
    tags, ids = body.get("tags"), body.get("ids")
    for name, value in (("tags", tags), ("ids", ids)):
        if value is None:
            raise ZohoError(
                "MANDATORY_NOT_FOUND",
                "required field not found",
                {"api_name": name, "json_path": f"$.{name}"},
            )
        if not isinstance(value, list) or not value:
            raise not_a("jsonarray", name, f"$.{name}")
    assert isinstance(tags, list)
    assert isinstance(ids, list)
    names = [tag.get("name") if isinstance(tag, dict) else None for tag in tags]
    for index, given in enumerate(names):
        if not isinstance(given, str) or not given:
            raise not_a("string", "name", f"$.tags[{index}].name")
    return [str(name) for name in names], [str(one) for one in ids], body.get("over_write") is True


def _read_tags(call: Call, module: Module, known: Field, record: int) -> list[dict[str, object]]:
    (stored,) = call.store.connection.execute(
        f"select {known.column} from {module.table} where id = ?", (record,)
    ).fetchone()
    return list(orjson.loads(stored)) if stored else []
