"""GET /{module}/{id} and what stands below it: rich text, notes, attachments, related records."""

from starlette.responses import Response

from zoho_emulator.answers import answer_json
from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.metadata.related_lists import RelatedList, find_related_lists
from zoho_emulator.records.list_query import ListQuery, read_list_query
from zoho_emulator.records.lists import answer_page
from zoho_emulator.records.render import build_rest_reader
from zoho_emulator.records.row_writer import Row
from zoho_emulator.records.single_records import build_single_reader
from zoho_emulator.store.model import Module

#: "Get Rich Text Fields": ids of one call.
MOST_RICH_IDS = 200


def get_record(call: Call) -> Response:
    """An unknown id is answered like an empty list."""
    module = _find_module(call)
    record_id = _read_record_id(call)
    call.emulator.churn(module)
    read = build_single_reader(
        call.store,
        module,
        call.version,
        rich_text_cut=call.knobs.single_rich_text_cut,
        book_ids=call.knobs.v2_price_books == "id",
    )
    row = read(record_id)
    if row is None:
        return Response(status_code=204)
    return answer_json({"data": [_keep_chosen(call, row)]})


def fetch_full_data(call: Call) -> Response:
    """ "Get Rich Text Fields" of one record, or of several by `ids`."""
    if call.version.number < 7:  # pages of earlier versions were not found
        raise not_emulated(f"{call.path} in {call.version.name}")
    module = _find_module(call)
    if "id" in call.path_params:
        ids = [_read_record_id(call)]
    else:
        ids = _read_ids(call)
        if not call.query.get("fields"):
            raise _missing("fields")
    names = [part.strip() for part in call.query.get("fields", "").split(",") if part.strip()]
    # UNVERIFIED: a field that is not rich text is passed over.
    fields = [
        field
        for field in module.fields.values()
        if field.textarea == "rich_text" and (not names or field.api_name in names)
    ]
    reader = build_rest_reader(
        call.store, module, fields, call.version, system_keys=(), rich_text_cut=0
    )
    rows = [
        reader.row(found)
        for found in call.store.connection.execute(
            f"{reader.select} where m.id in ({', '.join('?' * len(ids))}) and m.state = 0", ids
        )
    ]
    if not rows:
        return Response(status_code=204)
    by_id = {str(row["id"]): row for row in rows}
    return answer_json({"data": [by_id[str(known)] for known in ids if str(known) in by_id]})


def list_related(call: Call) -> Response:
    """Rows whose lookup holds the record ("Get Related Records")."""
    module = _find_module(call)
    record_id = _read_record_id(call)
    name = call.path_params["related_list"]
    lists = {
        item.api_name: item for item in find_related_lists(call.store.org, module, call.version)
    }
    item = lists.get(name)
    if item is None and name in _OTHER_LISTS:
        raise not_emulated(call.path)
    if item is None:
        raise ZohoError(
            "INVALID_DATA",
            "the relation name given seems to be invalid",
            {"resource_path_index": 2},
        )
    if item.kind != "default" or item.module.generated_type == "field_tracker":
        raise not_emulated(call.path)  # no page shows rows of these
    call.check_readable(item.module)
    if not _is_live(call, module, record_id):
        raise ZohoError(
            "INVALID_DATA", "the related id given seems to be invalid", {"resource_path_index": 1}
        )
    return answer_page(call, _read_list_query(call, item, record_id))


#: Related lists that Zoho has on most records and the emulator has not.
_OTHER_LISTS = (
    *("Emails", "__timeline", "Contact_Roles", "Stage_History", "Campaigns", "Social", "Visits"),
    *("Activities_Chronological_View", "Activities_Chronological_View_History", "Products"),
    *("Price_Books", "Zoho_Survey", "Cadences", "Checklists", "photo", "Attendees"),
)


def _read_list_query(call: Call, item: RelatedList, record_id: int) -> ListQuery:
    query = read_list_query(call, item.module)
    return query.narrow_to(item.field, record_id)


def _is_live(call: Call, module: Module, record_id: int) -> bool:
    sql = f"select 1 from {module.table} where id = ? and state = 0"
    return call.store.connection.execute(sql, (record_id,)).fetchone() is not None


def _find_module(call: Call) -> Module:
    module = call.module(call.path_params["module"], {"resource_path_index": 0})
    call.check_readable(module)
    if "id" not in module.fields:
        raise ZohoError("INVALID_MODULE", "The given module is not supported in API")
    return module


def _read_record_id(call: Call) -> int:
    if "x-external" in call.headers:
        raise not_emulated(f"X-EXTERNAL on {call.path}")
    text = call.path_params["id"]
    if not text.isascii() or not text.isdigit() or int(text) >= 2**63:
        raise ZohoError(
            "INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 1}
        )
    return int(text)


def _read_ids(call: Call) -> list[int]:
    if not call.query.get("ids"):
        raise _missing("ids")
    parts = [part.strip() for part in call.query["ids"].split(",")]
    if len(parts) > MOST_RICH_IDS:
        raise ZohoError(
            "LIMIT_EXCEEDED", "limit exceeded", {"limit": MOST_RICH_IDS, "param_name": "ids"}
        )
    if not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        raise ZohoError("INVALID_DATA", "the id given seems to be invalid", {"param_name": "ids"})
    return [number for number in map(int, parts) if number < 2**63]


def _missing(param: str) -> ZohoError:
    return ZohoError(
        "REQUIRED_PARAM_MISSING",
        "One of the expected parameter is missing",
        {"param_name": param},
    )


def _keep_chosen(call: Call, row: Row) -> Row:
    """`fields` is optional here. UNVERIFIED: that it also takes the `$` keys away."""
    names = {part.strip() for part in call.query.get("fields", "").split(",") if part.strip()}
    return {key: value for key, value in row.items() if key in names | {"id"}} if names else row
