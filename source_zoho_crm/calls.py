"""The calls that answer a reader's questions about one module."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from source_zoho_crm.bulk_read import BulkRead
from source_zoho_crm.readers.lists import PER_PAGE
from source_zoho_crm.readers.steps import (
    Count,
    CountRecords,
    CreateExport,
    FetchExport,
    GetRecords,
    ListDeletions,
    ListRecords,
    Moment,
    PollExport,
    Query,
    Question,
)
from source_zoho_crm.readers.windows import CURSOR_FIELD, Window, format_timestamp
from zoho_crm.answers import Body, Page, Row, UndocumentedError, build_page_parser
from zoho_crm.casts import to_utc
from zoho_crm.coql import build_and, build_between, build_in, build_select
from zoho_crm.domains import quote_path_part
from zoho_crm.problems import Refused, transient_error
from zoho_crm.requester import ZohoRequester

#: UNVERIFIED: that Zoho sometimes refuses a valid query with this code while others run beside it,
#: and serves it the next time. Users report it, Zoho's pages do not; believing it costs one more
#: call.
_SOMETIMES_FALSE = "SYNTAX_ERROR"
#: Zoho's clock shows whole seconds, and was read some time ago.
_CLOCK = timedelta(seconds=5)


@dataclass(slots=True)
class Calls:
    """Calls about a module, booked on its stream. Safe to use from several threads."""

    module: str
    #: Its URL is the version's root: lists and metadata.
    requester: ZohoRequester
    coql_requester: ZohoRequester
    #: Zoho's time at a moment of ours. A later answer may show that it was earlier, so that moments
    #: are converted as late as possible.
    convert: Callable[[Moment], datetime]
    #: Few reads need it, and to build it takes time.
    get_exports: Callable[[], BulkRead]
    #: Pages of deletions that were asked for, one after the other.
    deletion_calls: int = 0

    def answer(self, question: Question) -> Any:
        """Makes the call; raises what the requester raises."""
        if isinstance(question, Query):
            return self._query(question)
        if isinstance(question, Count):
            return self._count(question)
        if isinstance(question, CountRecords):
            return self._count_records(question)
        if isinstance(question, ListRecords):
            return self._list(question)
        if isinstance(question, ListDeletions):
            return self._list_deletions(question)
        if isinstance(question, GetRecords):
            return self._get_records(question)
        return self._answer_about_exports(question)

    def _query(self, question: Query) -> Page:
        """ "Query API". A second SYNTAX_ERROR raises `Refused` as a temporary error: a caller that
        has read rows knows that it is false."""
        body = {"select_query": build_query(self.module, question)}

        def ask() -> Page:
            return self.coql_requester.ask_for_rows(
                read=_PAGE, promised=question.promised, body=body, usage_of=self.module
            )

        try:
            return ask()
        except Refused as refusal:
            if refusal.code != _SOMETIMES_FALSE:
                raise
        try:
            return ask()
        except Refused as refusal:
            if refusal.code != _SOMETIMES_FALSE:
                raise
            sentence = f"{refusal.message} It was asked twice. Try again later."
            internal = refusal.internal_message
            raise Refused(transient_error(sentence, internal=internal), refusal.code) from refusal

    def _count(self, question: Count) -> int | None:
        """ "Query API", by an aggregate."""
        body = {"select_query": build_count(self.module, question.window)}
        return self.coql_requester.ask(read=_read_count, body=body, usage_of=self.module)

    def _count_records(self, question: CountRecords) -> int:
        """ "Record Count". UNVERIFIED: that its criteria compare Modified_Time like those of
        "Search Records", and how late it counts what was saved; some minutes, people say."""
        params = {}
        if question.window:
            start, end = (format_timestamp(time).removesuffix("Z") for time in question.window)
            params["criteria"] = f"({CURSOR_FIELD}:between:{start}+00:00,{end}+00:00)"
        return self.requester.ask(
            f"{quote_path_part(self.module)}/actions/count",
            read=_read_record_count,
            params=params,
            usage_of=self.module,
        )

    def _list(self, question: ListRecords) -> Page:
        """ "Get Records"."""
        params = question.params
        # A second page is asked for only if the first has promised it.
        after_first = "page_token" in params or params.get("page", "1") != "1"
        return self.requester.ask_for_rows(
            quote_path_part(self.module),
            read=_PAGE,
            promised=question.promised or after_first,
            params=params,
            headers=self._build_headers(question.since),
            usage_of=self.module,
        )

    def _list_deletions(self, question: ListDeletions) -> Page:
        """ "Get Deleted Records"."""
        self.deletion_calls += 1
        number = str(question.page)
        return self.requester.ask_for_rows(
            f"{quote_path_part(self.module)}/deleted",
            read=_read_deletions,
            promised=question.page > 1,
            params={"type": "all", "page": number, "per_page": str(PER_PAGE)},
            headers=self._build_headers(question.since),
            usage_of=self.module,
        )

    def _get_records(self, question: GetRecords) -> list[Row]:
        return self.requester.ask_for_rows(
            f"{quote_path_part(self.module)}{question.below}",
            read=_RECORDS,
            promised=True,
            params=question.params,
            usage_of=self.module,
        ).rows

    def _answer_about_exports(self, question: Question) -> Any:
        exports = self.get_exports()
        if isinstance(question, CreateExport):
            return exports.create(question.query)
        if isinstance(question, PollExport):
            return exports.fetch_state(question.job)
        assert isinstance(question, FetchExport)
        return exports.fetch(question.job, empty=question.empty)

    def _build_headers(self, since: datetime | Moment | None) -> Mapping[str, str] | None:
        """A second earlier: whether the header includes its own second is not documented."""
        if since is None:
            return None
        if not isinstance(since, datetime):
            since = self.convert(since) - _CLOCK
        earlier = format_timestamp(since - timedelta(seconds=1))
        return {"If-Modified-Since": earlier.removesuffix("Z") + "+00:00"}


def build_query(module: str, query: Query) -> str:
    """The text of a query ("COQL: Overview")."""
    conditions = [_build_condition(query.window)] if query.window else []
    if query.after:
        conditions.append(f"id > {query.after}")
    if query.upto:
        conditions.append(f"id <= {query.upto}")
    if len(query.ids) == 1:
        conditions.append(f"id = {query.ids[0]}")
    elif query.ids:
        conditions.append(build_in("id", query.ids, bare=True))
    where = conditions.pop()
    while conditions:
        where = build_and(conditions.pop(), where)
    return build_select(
        query.columns,
        module,
        where,
        limit=query.limit,
        offset=query.offset,
        order_by=query.order_by,
    )


def build_count(module: str, window: Window | None) -> str:
    """The text of a query for the number of rows ("COQL: Aggregate Functions"). One row costs one
    credit. UNVERIFIED: that ids can be counted, as numbers can."""
    where = _build_condition(window) if window else "id > 0"
    return f"select COUNT(id) from {module} where {where}"


def _build_condition(window: Window) -> str:
    start, end = map(format_timestamp, window)
    return build_between(CURSOR_FIELD, start, end)


def _read_count(body: Body) -> int | None:
    """The only number of the only row. No page shows what its key is without an alias."""
    rows = [] if body is None else body.get("data")
    if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict):
        numbers = [value for value in rows[0].values() if type(value) is int]
        return numbers[0] if len(numbers) == 1 else None
    return None


def _read_record_count(body: Body) -> int:
    """UNVERIFIED: a number in samples, a text of digits in Zoho's OpenAPI."""
    number = str((body or {}).get("count"))
    if not (number.isascii() and number.isdigit()):
        raise UndocumentedError("it has no count")
    return int(number)


_PAGE = build_page_parser()
_RECORDS = build_page_parser(infos=False)


def _read_deletions(body: Body) -> Page:
    found = _PAGE(body)
    try:
        for entry in found.rows:
            to_utc(entry.get("deleted_time"))
    except ValueError:
        raise UndocumentedError("some of its entries have no deleted_time") from None
    return found
