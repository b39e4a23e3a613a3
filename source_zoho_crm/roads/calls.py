"""What the roads ask Zoho about one module."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from source_zoho_crm.roads import Page, Row
from source_zoho_crm.roads.windows import text
from zoho_crm.domains import segment
from zoho_crm.problems import Refused, transient_error
from zoho_crm.requester import ZohoRequester, entries

#: Rows of a page of any list.
PER_PAGE = 200
#: UNVERIFIED: that Zoho now and then refuses a good query so while others run beside it, and serves
#: it the next time. Users say so, Zoho's pages do not; one call more is the price of believing it.
_FALSE_AT_TIMES = "SYNTAX_ERROR"


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls about a module, booked on its line of the ledger."""

    module: str
    #: Its URL is the version's root: lists and metadata.
    requester: ZohoRequester
    coql_requester: ZohoRequester

    def query(self, query: str) -> Page:
        """ "Query API": the rows of a query.

        A SYNTAX_ERROR is `Refused` as a passing one: whoever has had rows knows that it is false.
        """
        try:
            return self._query(query)
        except Refused as refusal:
            if refusal.code != _FALSE_AT_TIMES:
                raise
        try:
            return self._query(query)
        except Refused as refusal:
            if refusal.code != _FALSE_AT_TIMES:
                raise
            sentence = f"{refusal.message} It was asked twice. Try again later."
            internal = refusal.internal_message
            raise Refused(transient_error(sentence, internal=internal), refusal.code) from refusal

    def rows(self, params: Mapping[str, str], since: datetime | None) -> Page:
        """ "Get Records": a page of the rows that were modified since then, and maybe before."""
        return self._list(segment(self.module), params, since)

    def deletions(self, since: datetime, page: int) -> Page:
        """ "Get Deleted Records": a page of what was deleted since then, and maybe before."""
        params = {"type": "all", "page": str(page), "per_page": str(PER_PAGE)}
        return self._list(f"{segment(self.module)}/deleted", params, since)

    def records(self, below: str, params: Mapping[str, str]) -> list[Row]:
        """The records at a path, which is told from the module's on."""
        return self._list(f"{segment(self.module)}{below}", params, None).rows

    def _query(self, query: str) -> Page:
        body = {"select_query": query}
        return self._page(self.coql_requester.ask(body=body, line=self.module))

    def _list(self, path: str, params: Mapping[str, str], since: datetime | None) -> Page:
        headers = None if since is None else _modified_since(since)
        return self._page(
            self.requester.ask(path, params=params, headers=headers, line=self.module)
        )

    def _page(self, body: Mapping[str, Any] | None) -> Page:
        if body is None:
            return Page([], more=False)
        rows, info = entries(body, "data", self.module), body.get("info") or {}
        assert isinstance(info, dict)
        return Page(rows, bool(info.get("more_records")), info.get("next_page_token"))


def _modified_since(moment: datetime) -> dict[str, str]:
    """A second earlier: whether the header includes its own second is not documented."""
    earlier = text(moment - timedelta(seconds=1))
    return {"If-Modified-Since": earlier.removesuffix("Z") + "+00:00"}
