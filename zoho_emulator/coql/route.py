"""POST /coql ("Get Records through COQL Query")."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson
from starlette.responses import Response

from zoho_emulator.call import Call
from zoho_emulator.coql import Compiled, compile_query
from zoho_emulator.errors import ZohoError
from zoho_emulator.limits import count_coql_credits
from zoho_emulator.metadata.fields import describe_field
from zoho_emulator.records.render import build_coql_reader

_FROM = re.compile(r"\bfrom\s+(\w+)", re.IGNORECASE)
#: Texts in quotes, as `coql/parse.py` understands them with and without backslashes.
_TEXTS = {
    True: re.compile(r"""'(?:''|\\.|[^'\\])*'|"(?:""|\\.|[^"\\])*\"""", re.DOTALL),
    False: re.compile(r"""'[^']*'|"[^"]*\""""),
}


@dataclass(frozen=True, slots=True)
class Answer:
    module: str
    limit: int
    rows: int
    body: bytes


def guess_module(body: bytes, *, backslash_escapes: bool) -> str | None:
    """The module a query names, guessed before it is parsed: for counting and for faults."""
    try:
        query = orjson.loads(body)["select_query"]
    except (ValueError, TypeError, KeyError):
        return None
    if not isinstance(query, str):
        return None
    found = _FROM.search(_TEXTS[backslash_escapes].sub("''", query))
    return found[1] if found else None


def run_query(call: Call) -> Response:
    call = replace(call, shown=call.emulator.copy_shown())
    accounts = call.emulator.accounts
    accounts.require("ZohoCRM.coql.READ", "ZohoCRM.coql.ALL")
    query, with_fields = _read_request(call)
    if with_fields:
        accounts.require(
            "ZohoCRM.settings.ALL",
            "ZohoCRM.settings.READ",
            "ZohoCRM.settings.fields.ALL",
            "ZohoCRM.settings.fields.READ",
        )
    if call.counted_module in call.store.org.modules:
        call.emulator.churn(call.store.org.modules[call.counted_module])
    key = ("coql", call.version.name, query, with_fields, call.store.version)
    answer = call.emulator.answers.get(key)
    if not isinstance(answer, Answer):
        compiled = compile_query(
            query,
            call.store.org,
            call.version,
            include_converted=call.knobs.coql_converted,
            accept_z=call.knobs.coql_accepts_z,
            backslash_escapes=call.knobs.coql_backslash_escapes,
            connection=call.store.connection,
            refused=call.knobs.coql_refused_modules,
            most_columns=call.knobs.coql_columns,
        )
        answer = _run(call, compiled, query, with_fields=with_fields)
        call.emulator.answers.put(key, answer, len(answer.body))
    call.check_readable(call.store.org.modules[answer.module])
    charged = answer.limit if call.knobs.coql_credits == "limit" else answer.rows
    call.spend_more(count_coql_credits(charged) - 1)
    if not answer.rows:
        return Response(status_code=204)
    return Response(answer.body, media_type="application/json")


def _run(call: Call, compiled: Compiled, query: str, *, with_fields: bool) -> Answer:
    keeps = call.knobs.keep_rows and not compiled.aggregated
    found = _read_kept_rows(call, compiled, query) if keeps else _read_rows(call, compiled)
    rows = found[: compiled.limit]
    document: dict[str, object] = {
        "data": rows,
        "info": {"count": len(rows), "more_records": len(found) > len(rows)},
    }
    if with_fields:
        org = call.store.org
        document["fields"] = {
            output.key: describe_field(org, compiled.module, output.field, call.version, call.knobs)
            for output in compiled.outputs
            if output.field is not None and output.chosen
        }
    return Answer(compiled.module.api_name, compiled.limit, len(rows), orjson.dumps(document))


def _read_rows(call: Call, compiled: Compiled) -> Sequence[object]:
    """One more than the limit, where there are more."""
    render = build_coql_reader(
        call.store, compiled.outputs, call.version, lists=call.knobs.coql_lists
    )
    found = call.store.connection.execute(compiled.sql, compiled.parameters).fetchall()
    return [render(row) for row in found]


def _read_kept_rows(call: Call, compiled: Compiled, query: str) -> Sequence[object]:
    """As `_read_rows`, as JSON that is kept for queries of the same columns."""
    columns = query.lower().partition(" where ")[0]
    key = (call.version.name, columns, call.store.version)
    kept = call.emulator.kept_rows.setdefault(key, {})
    execute = call.store.connection.execute
    ids = [row_id for (row_id,) in execute(compiled.sql_of_ids, compiled.parameters)]
    if not kept.keys() >= set(ids):
        kept |= zip(ids, map(orjson.dumps, _read_rows(call, compiled)), strict=True)
    return [orjson.Fragment(kept[row_id]) for row_id in ids]


def _read_request(call: Call) -> tuple[str, bool]:
    body = call.read_object()
    query = body.get("select_query")
    if query is None:
        raise ZohoError(
            "MANDATORY_NOT_FOUND", "mandatory key not found", {"api_name": "select_query"}
        )
    if not isinstance(query, str):
        raise ZohoError(
            "INVALID_DATA",
            "invalid data",
            {
                "expected_data_type": "text",
                "api_name": "select_query",
                "json_path": "$.select_query",
            },
        )
    meta = body.get("include_meta")
    # UNVERIFIED: before v7 the key is unknown, and unknown keys of a body are passed over.
    if meta is None or not call.version.v6_metadata:
        return query, False
    if not isinstance(meta, list):
        raise _not_included("$.include_meta", expected_data_type="jsonarray")
    for index, item in enumerate(meta):
        if item != "fields":
            known: dict[str, object] = {"supported_values": ["fields"]}
            if not isinstance(item, str):
                known["expected_data_type"] = "text"
            raise _not_included(f"$.include_meta[{index}]", **known)
    return query, "fields" in meta


def _not_included(path: str, **details: object) -> ZohoError:
    where = {"api_name": "include_meta", "json_path": path}
    return ZohoError("INVALID_DATA", "invalid data", {**details, **where})
