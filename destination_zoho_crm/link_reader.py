"""Reads the links that records have, so that only what differs is written."""

import logging
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence

from airbyte_cdk.models import FailureType

from destination_zoho_crm.client import Client
from destination_zoho_crm.link_ends import LinkEnds
from destination_zoho_crm.lookup_values import MOST_ROWS, MOST_VALUES
from zoho_crm.answers import Page, Row, build_page_parser
from zoho_crm.coql import build_and, build_in, build_select, quote_column
from zoho_crm.domains import quote_path_part
from zoho_crm.errors import INVALID_DATA, TOKEN_REFUSED
from zoho_crm.json_text import as_object
from zoho_crm.problems import Refused

LOGGER = logging.getLogger("airbyte")

#: Ids are numbers of 64 bits.
_FIRST_NO_ID = 2**63

_PAGE = build_page_parser()
_RECORD = build_page_parser(infos=False)

#: Of a record: the links by what they lead to. The same end may be linked twice.
Present = Mapping[str, Sequence[str]]


class LinkReader:
    """The links in one field of records. Safe to use from several threads.

    By COQL over the linking module, of fifty records a query; where Zoho refuses that, by one call
    for each record ("Get a Specific Record").
    """

    def __init__(self, client: Client, module: str, field: str, ends: LinkEnds, label: str) -> None:
        """`module`: of the records; `label`: the stream whose calls these are."""
        self._client = client
        self._module = module
        self._field = field
        self._ends = ends
        self._label = label
        self._lock = threading.Lock()
        self.reads_singly = False

    def check(self) -> None:
        """Sees whether Zoho takes queries of the links, so that the plan can say what they cost."""
        where = f"{quote_column(str(self._ends.own))} is not null"
        query = build_select(("id",), str(self._ends.module), where, limit=1)
        try:
            self._ask(query)
        except Refused as refusal:
            self._give_up_queries(refusal)

    def read(self, record_ids: Sequence[str]) -> dict[str, Present | None]:
        """By record; None: Zoho does not show all links of the record. A record that is not there
        has none."""
        found: dict[str, Present | None] = {record_id: {} for record_id in record_ids}
        # One that is no id would make Zoho refuse a whole query.
        record_ids = [record_id for record_id in record_ids if int(record_id) < _FIRST_NO_ID]
        for first in range(0, len(record_ids), MOST_VALUES):
            few = record_ids[first : first + MOST_VALUES]
            if not self.reads_singly:
                try:
                    found |= self._query(few)
                    continue
                except Refused as refusal:
                    self._give_up_queries(refusal)
            found |= {record_id: self._read_singly(record_id) for record_id in few}
        return found

    def _give_up_queries(self, refusal: Refused) -> None:
        # What passes, or would keep single records from being read, too.
        if refusal.code in TOKEN_REFUSED or refusal.failure_type == FailureType.transient_error:
            raise refusal
        with self._lock:
            if self.reads_singly:
                return
            self.reads_singly = True
        LOGGER.warning(
            f"{self._label}: Zoho refuses queries of {self._ends.module} ({refusal.code}), so the "
            f"links that records have in {self._field} are read by a call for each record."
        )

    def _query(self, record_ids: Sequence[str]) -> dict[str, Present]:
        own, other = str(self._ends.own), self._ends.other
        found: dict[str, defaultdict[str, list[str]]] = {
            record_id: defaultdict(list) for record_id in record_ids
        }
        after, more = "", True
        while more:
            where = build_in(own, record_ids)
            where = build_and(where, f"id > {after}") if after else where
            columns = ("id", own, other)
            page = self._ask(build_select(columns, str(self._ends.module), where, limit=MOST_ROWS))
            for row in page.rows:
                after = str(row["id"])
                record, end = _read_id(row.get(own)), _read_id(row.get(other))
                if record in found and end:
                    found[record][end].append(after)
            more = page.more
        return dict(found)

    def _read_singly(self, record_id: str) -> Present | None:
        try:
            rows = self._client.metadata.ask(
                f"{quote_path_part(self._module)}/{quote_path_part(record_id)}",
                read=_RECORD,
                usage_of=self._label,
            ).rows
        except Refused as refusal:
            if refusal.code != INVALID_DATA:
                raise
            # UNVERIFIED: that this is how some versions say that there is no such record; others
            # answer 204.
            return {}
        record: Row = rows[0] if rows else {}
        if as_object(record.get("$has_more")).get(self._field):
            return None
        found: defaultdict[str, list[str]] = defaultdict(list)
        for link in record.get(self._field) or ():
            if (end := _read_id(link.get(self._ends.other))) and link.get("id"):
                found[end].append(str(link["id"]))
        return found

    def _ask(self, query: str) -> Page:
        return self._client.queries.ask(
            read=_PAGE, body={"select_query": query}, usage_of=self._label
        )


def _read_id(value: object) -> str:
    found = as_object(value).get("id")
    return str(found) if found else ""
