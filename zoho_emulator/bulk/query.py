"""What a bulk read job is asked for, read from its body and checked ("Bulk Read: Create Job").

UNVERIFIED: the messages of these errors, and in which order Zoho looks for them.
"""

from collections.abc import Callable, Mapping

import orjson

from zoho_emulator.bulk.columns import Columns, Query
from zoho_emulator.bulk.criteria import Criteria
from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.store.model import Module

MAX_PAGE = 50
#: Modules that have no bulk read ("Bulk Read: Limitations" names Notes, Attachments and Emails).
#: UNVERIFIED: the others, which show what belongs to records of several modules.
REFUSED_MODULES = frozenset(
    {"Notes", "Attachments", "Emails", "Activities", "Visits", "Approvals", "Actions_Performed"}
)


def find_module(body: bytes) -> str | None:
    """The module a body names, before it is checked: for counting and for faults."""
    try:
        module = orjson.loads(body)["query"]["module"]
        named = module["api_name"] if isinstance(module, dict) else module
    except (ValueError, TypeError, KeyError):
        return None
    return named if isinstance(named, str) else None


def read_query(call: Call, continued: Callable[[str], Query]) -> Query:
    """What the body asks for; `continued` gives the query that a page token stands for."""
    _refuse_media_type(call)
    query = _read_query(_read_body(call))
    known = {"module", "fields", "criteria", "page", "cvid"}
    if call.version.bulk_page_tokens:
        known.add("page_token")
    if unknown := sorted(query.keys() - known):
        raise ZohoError("QUERY_NOT_SUPPORTED", "unsupported query", {"api_name": unknown[0]})
    token = query.get("page_token")
    if token is not None:
        # UNVERIFIED: other keys than the token. The sample has none, and they could only repeat
        # or contradict what the token stands for.
        if len(query) > 1 or not isinstance(token, str):
            raise ZohoError("QUERY_NOT_SUPPORTED", "unsupported query", {"api_name": "page_token"})
        following = continued(token)
        call.check_readable(following.module)
        return following
    if query.get("cvid") is not None:
        raise not_emulated(f"cvid on {call.path}")
    module = _read_module(call, query.get("module"))
    call.check_readable(module)
    columns = Columns(call.store.org, module, call.version)
    names = _read_names(call, query.get("fields"))
    criteria = Criteria(columns, inclusive=call.knobs.bulk_between_inclusive)
    shown: dict[str, object] = {
        "fields": names,
        "module": module.api_name
        if call.version.bulk_plain_names
        else {"id": str(module.id), "api_name": module.api_name},
    }
    exported = tuple(columns.find_exported(name) for name in names if name not in ("id", "Id"))
    where = ""
    if query.get("criteria") is not None:
        where, shown["criteria"] = criteria.compile(query["criteria"])
    page = _read_page(call, query.get("page"))
    return Query(
        module=module,
        columns=exported,
        where=where,
        parameters=tuple(criteria.parameters),
        shown={**shown, "page": page},
        page=page,
    )


def _refuse_media_type(call: Call) -> None:
    given = call.headers.get("content-type")
    if given is None and call.version.name in call.knobs.bulk_json_unsaid:
        return
    if given is None or given.partition(";")[0].strip().lower() != "application/json":
        raise ZohoError("MEDIA_TYPE_NOT_SUPPORTED", "Media type is not supported.", status=415)


def _read_body(call: Call) -> dict[str, object]:
    if not call.body.strip():
        raise ZohoError("REQUEST_BODY_IS_EMPTY", "the request body is empty")
    try:
        body = orjson.loads(call.body)
    except ValueError:
        raise ZohoError("REQUEST_BODY_NOT_READABLE", "the request body is not readable") from None
    if not isinstance(body, dict) or body.keys() - {"query", "callback", "file_type"}:
        raise _unsupported_body()
    if body.get("callback") is not None:
        raise _refuse_callback(body["callback"], call.path)
    file_type = body.get("file_type", "csv")
    if file_type not in ("csv", "ics"):
        raise ZohoError(
            "INVALID_DATA",
            "invalid data",
            {"api_name": "file_type", "supported_values": ["ics", "csv"]},
        )
    if file_type == "ics":
        raise not_emulated(f"file_type ics on {call.path}")
    return body


def _refuse_callback(callback: object, path: str) -> ZohoError:
    if not isinstance(callback, dict):
        return _unsupported_body()
    if callback.get("method") != "post":
        return ZohoError(
            "INVALID_CALLBACK_METHOD",
            "invalid callback method",
            {"supported_callback_methods": ["post"]},
        )
    if not str(callback.get("url")).startswith(("https://", "http://")):
        return ZohoError("INVALID_CALLBACK_URL", "invalid callback url")
    return not_emulated(f"callback on {path}")


def _read_query(body: Mapping[str, object]) -> dict[str, object]:
    query = body.get("query")
    if not isinstance(query, dict) or not query:
        raise _unsupported_body()
    return query


def _read_module(call: Call, given: object) -> Module:
    if call.version.bulk_plain_names:
        name = given
    else:
        name = given.get("api_name") if isinstance(given, dict) else None
    if not isinstance(name, str):
        raise _unsupported_body()
    module = call.store.org.modules.get(name)
    if module is None or not module.exists_in(call.version.number):
        raise ZohoError("MODULE_NOT_AVAILABLE", "the module is not available", {"api_name": name})
    refused = REFUSED_MODULES | set(call.knobs.bulk_refused_modules)
    no_rows = module.files or module.view_of or not module.fields
    if name in refused or no_rows or not module.api_supported:
        raise ZohoError("MODULE_NOT_SUPPORTED", "unsupported module", {"api_name": name})
    return module


def _read_names(call: Call, fields: object) -> list[str]:
    if fields is None or fields == []:
        raise not_emulated(f"a job without fields on {call.path}")
    if not isinstance(fields, list) or not all(isinstance(name, str) for name in fields):
        raise _unsupported_body()
    # UNVERIFIED: a name given twice; here it makes one column.
    return list(dict.fromkeys(fields))


def _read_page(call: Call, page: object) -> int:
    if page is None:
        return 1
    if not isinstance(page, int) or isinstance(page, bool) or page < 1:
        raise ZohoError("PAGE_NOT_SUPPORTED", "unsupported page")
    # Versions with page tokens reach the first page only by number ("To fetch more than 200,000
    # records, you must include the page_token"). UNVERIFIED: the error; another line of the page
    # still says to set `page` to 2.
    most = 1 if call.version.bulk_page_tokens else MAX_PAGE
    if page > most:
        raise ZohoError("PAGE_RANGE_EXCEEDED", "page range exceeded", {"max_limit": most})
    return page


def _unsupported_body() -> ZohoError:
    return ZohoError("REQUEST_BODY_NOT_SUPPORTED", "the request body is not supported")
