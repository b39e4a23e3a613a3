"""GET /{module}: lists of records ("Get Records")."""

from collections.abc import Sequence
from dataclasses import replace

import orjson
from starlette.responses import Response

from zoho_emulator.call import Call
from zoho_emulator.localtime import build_local_time
from zoho_emulator.records.list_query import ListQuery, read_list_query, read_position
from zoho_emulator.records.pages import LIFETIME_S, Position, bind_to
from zoho_emulator.records.render import Reader, build_rest_reader
from zoho_emulator.records.row_writer import Row
from zoho_emulator.records.single_records import INVENTORY, LINE_TAX, build_single_reader
from zoho_emulator.store.model import Module
from zoho_emulator.store.store import Store

#: Modules whose `info` lacks `call` and `email` in the samples.
PLAIN_INFO = ("Notes", "Services__s", "Appointments__s")
#: What lists of v2 show as single records do; later ones leave it out. UNVERIFIED: that it comes
#: when `fields` names others only, and that custom subforms do not come.
INNER_ROWS_OF_V2 = {
    **dict.fromkeys(INVENTORY, ("Product_Details", LINE_TAX)),
    "Price_Books": ("Pricing_Details",),
}


def list_records(call: Call) -> Response:
    module = call.module(call.path_params["module"], {"resource_path_index": 0})
    call.check_readable(module)
    call.emulator.churn(module)
    return answer_page(call, read_list_query(call, module))


def answer_page(call: Call, query: ListQuery) -> Response:
    """Answers the page of the query that the call asks for."""
    call = replace(call, shown=call.emulator.copy_shown())
    bound = bind_to(
        call.path,
        sorted((k, v) for k, v in call.query.items() if k not in ("page", "page_token")),
        # UNVERIFIED: the docs bind a token to the parameters; that the header counts is the
        # stricter reading, and no reader has a reason to change it between pages.
        call.headers.get("if-modified-since"),
    )
    position = read_position(call, query, bound)
    # Page tokens in an answer age, so an answer is kept for an hour of the clock at most.
    hour = call.emulator.clock.now() // 3_600
    key = ("records.list", bound, position, hour, call.store.version)
    body = call.emulator.answers.get(key)
    if not isinstance(body, bytes):
        keys, more = query.read_keys(call, position)
        if not keys:
            return Response(status_code=call.knobs.not_modified if query.since else 204)
        body = _write_body(call, query, bound, position, keys, more=more)
        call.emulator.answers.put(key, body, len(body))
    return Response(body, media_type="application/json")


def _write_body(
    call: Call,
    query: ListQuery,
    bound: str,
    position: Position,
    keys: Sequence[tuple[int, ...]],
    *,
    more: bool,
) -> bytes:
    reader = build_rest_reader(
        call.store,
        query.module,
        query.fields,
        call.version,
        system_keys=query.system_keys,
        rich_text_cut=call.knobs.rich_text_cut,
    )
    info: dict[str, object] = {
        "per_page": query.per_page,
        "count": len(keys),
        "page": position.page,
        "more_records": more,
    }
    if not query.related:
        info |= {"sort_by": query.sort_by, "sort_order": query.sort_order}
    if call.version.page_tokens:
        info |= _describe_tokens(call, bound, position.page, keys, more=more)
        if not query.related and query.module.api_name not in PLAIN_INFO:
            info |= {"call": False, "email": False}
    rows = read_rows(call.store, reader, [key[-1] for key in keys])
    if call.version.number < 2.1 and not query.related:
        _add_inner_rows(call, query.module, rows)
    return orjson.dumps({"data": rows, "info": info})


def _add_inner_rows(call: Call, module: Module, rows: Sequence[Row]) -> None:
    names = INNER_ROWS_OF_V2.get(module.api_name, ())
    book_ids = call.knobs.v2_price_books == "id"
    whole = build_single_reader(call.store, module, call.version, book_ids=book_ids)
    for row in rows if names else ():
        single = whole(int(str(row["id"]))) or {}
        row.update({name: single[name] for name in names if name in single})


def _describe_tokens(
    call: Call, bound: str, page: int, keys: Sequence[tuple[int, ...]], *, more: bool
) -> dict[str, str | None]:
    now, user = call.emulator.clock.now(), call.emulator.user.id

    def token(position: Position) -> str:
        return call.emulator.page_tokens.issue(position, bound, user=user, now=now)

    counts = call.knobs.page_tokens == "count"
    following = Position(page + 1, after=None if counts else keys[-1])
    previous = Position(page - 1, back_from=keys[0])
    expiry = build_local_time(call.store.org.time_zone)(now + LIFETIME_S)
    return {
        "next_page_token": token(following) if more else None,
        "previous_page_token": token(previous) if page > 1 else None,
        "page_token_expiry": expiry if more else None,
    }


def read_rows(store: Store, reader: Reader, ids: Sequence[int]) -> list[Row]:
    """The rows in the order of their ids given."""
    found = store.connection.execute(
        f"{reader.select} WHERE m.id IN ({', '.join('?' * len(ids))})", ids
    )
    rows = {row["id"]: row for row in map(reader.row, found)}
    return [rows[str(record_id)] for record_id in ids]
