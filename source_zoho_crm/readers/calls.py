"""The calls of the retrieval methods about one module."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from source_zoho_crm.readers.windows import format_timestamp
from zoho_crm.answers import Body, Page, Row, UndocumentedError, build_page_parser
from zoho_crm.casts import to_utc
from zoho_crm.domains import quote_path_part
from zoho_crm.errors import INVALID_DATA
from zoho_crm.problems import Refused, transient_error
from zoho_crm.requester import ZohoRequester

#: Rows of a page of any list.
PER_PAGE = 200
#: UNVERIFIED: that Zoho sometimes refuses a valid query with this code while others run beside it,
#: and serves it the next time. Users report it, Zoho's pages do not; believing it costs one more
#: call.
_SOMETIMES_FALSE = "SYNTAX_ERROR"


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls about a module, booked on its stream."""

    module: str
    #: Its URL is the version's root: lists and metadata.
    requester: ZohoRequester
    coql_requester: ZohoRequester

    def query(self, query: str, *, promised: bool = False) -> Page:
        """ "Query API": the rows of a query. `promised`: rows have been seen that it should find.

        A second SYNTAX_ERROR raises `Refused` as a temporary error: a caller that has read rows
        knows that it is false.
        """

        def ask() -> Page:
            body = {"select_query": query}
            return self.coql_requester.ask_for_rows(
                read=_PAGE, promised=promised, body=body, usage_of=self.module
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

    def list_records(
        self, params: Mapping[str, str], since: datetime | None, *, promised: bool = False
    ) -> Page:
        """ "Get Records": a page of the rows that were modified since then, and maybe before.
        `promised`: rows have been seen that it should show."""
        return self._list(quote_path_part(self.module), _PAGE, params, since, promised)

    def find_some_id(self, since: datetime | None, *, converted: str = "both") -> str | None:
        """The id of a record modified since then (None: of any record); None: there is none."""
        params = {"fields": "id", "per_page": "1", "converted": converted}
        rows = self.list_records(params, since).rows
        return rows[0]["id"] if rows else None

    def has_record(self, key: str) -> bool:
        """Whether there is a record of this id."""
        try:
            params = {"fields": "id", "ids": key, "converted": "both"}
            return bool(self.list_records(params, None).rows)
        except Refused as refusal:
            if refusal.code != INVALID_DATA:
                raise
            return False

    def list_deletions(self, since: datetime, page: int) -> Page:
        """ "Get Deleted Records": a page of what was deleted since then, and maybe before."""
        params = {"type": "all", "page": str(page), "per_page": str(PER_PAGE)}
        return self._list(f"{quote_path_part(self.module)}/deleted", _read_deletions, params, since)

    def get_records(self, below: str, params: Mapping[str, str]) -> list[Row]:
        """The records at a path below the module's; they have been seen before."""
        path, read = f"{quote_path_part(self.module)}{below}", build_page_parser(infos=False)
        return self.requester.ask_for_rows(
            path, read=read, promised=True, params=params, usage_of=self.module
        ).rows

    def _list(
        self,
        path: str,
        read: Callable[[Body], Page],
        params: Mapping[str, str],
        since: datetime | None,
        promised: bool = False,
    ) -> Page:
        # A second page is asked for only if the first has promised it.
        after_first = "page_token" in params or params.get("page", "1") != "1"
        return self.requester.ask_for_rows(
            path,
            read=read,
            promised=promised or after_first,
            params=params,
            headers=None if since is None else _modified_since(since),
            usage_of=self.module,
        )


_PAGE = build_page_parser()


def _read_deletions(body: Body) -> Page:
    found = _PAGE(body)
    try:
        for entry in found.rows:
            to_utc(entry.get("deleted_time"))
    except ValueError:
        raise UndocumentedError("some of its entries have no deleted_time") from None
    return found


def _modified_since(timestamp: datetime) -> dict[str, str]:
    """A second earlier: whether the header includes its own second is not documented."""
    earlier = format_timestamp(timestamp - timedelta(seconds=1))
    return {"If-Modified-Since": earlier.removesuffix("Z") + "+00:00"}
