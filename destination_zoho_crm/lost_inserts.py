"""Inserts whose answer was lost: which of their rows are records by now."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.client import Client
from destination_zoho_crm.comparison import Comparison, NotFound, SentRow
from destination_zoho_crm.error_codes import DUPLICATE_DATA
from destination_zoho_crm.inserts import InsertBatch, InsertBatches, LookUpResult
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome, reject
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.answers import Body, Page, Row, UndocumentedError, build_page_parser
from zoho_crm.coql import build_and, build_select, format_datetime, quote_column, quote_string
from zoho_crm.errors import SCOPE_LACKING, TOKEN_REFUSED
from zoho_crm.manifest import load_coql_rows
from zoho_crm.problems import Refused, transient_error

#: A call whose answer was lost may still be running.
SETTLE_S = 5.0
#: Queries until two of them return the same.
_MOST_LOOKS = 4
#: Codes after which nothing more can be asked or written.
_OF_THE_TOKEN = TOKEN_REFUSED | {SCOPE_LACKING}


def _reject_unknown(what: str) -> Outcome:
    return reject(OUTCOME_UNKNOWN, f"no answer came to the insert{what}")


_UNCLEAR = {
    NotFound.AMBIGUOUS: reject(
        OUTCOME_UNKNOWN,
        "no answer came to the inserts of several equal rows, and Zoho has fewer such records than "
        "rows; which are missing is not known",
    ),
    NotFound.ALTERED: _reject_unknown(
        "; no new record is like the row, and one that equals no sent row may be this one, so it "
        "was not sent again"
    ),
}
_UNSTEADY = _reject_unknown(
    ", and queries do not show new records in time; the record may exist, so the row was not "
    "sent again"
)
_UNANSWERED = _reject_unknown(", however often it was made")

_PAGE = build_page_parser()


@dataclass(frozen=True)
class LookUpOutcomes:
    """The outcomes that a look-up gives."""

    #: For each row: created, rejected as unknown, or None: not there, so send it again.
    outcomes: Sequence[Outcome | None]
    #: Zoho takes no rows or no questions, so nothing more should be written.
    failure: AirbyteTracedException | None = None

    @property
    def created(self) -> int:
        """Rows that are there."""
        return sum(outcome is not None and outcome.result == "created" for outcome in self.outcomes)

    @property
    def unknown(self) -> int:
        """Rows of which it stays unknown whether they are there."""
        return sum(outcome is not None for outcome in self.outcomes) - self.created


class LostInserts:
    """Looks for rows among the records that this user has made since, by equal values."""

    def __init__(self, client: Client, plan: StreamPlan, batches: InsertBatches) -> None:
        self._client = client
        self._plan = plan
        self._batches = batches
        self._most_rows = load_coql_rows(client.config["schema_version"])

    def look_up(self, batch: InsertBatch, places: Sequence[int], *, last: bool) -> LookUpOutcomes:
        """`last`: what is not there is given up, else it is to be sent again.

        A row with a value that Zoho keeps unique is the record with this value; Zoho itself
        rejects it when it is sent twice. Other rows are records with all of their values. One that
        is not there is sent again only if two looks see the same, and no new record may be it.

        UNVERIFIED: how soon queries see a new record; Zoho sends readers to COQL for that ("Search
        Records"). A look that does not show what the run has made itself counts for nothing.
        """
        rows = [batch.rows[place] for place in places]
        with self._batches.pause_for_look_up(batch, rows) as lost:
            if lost:
                result = self._look(lost)
                for one in lost:
                    one.result = result
            assert batch.result is not None
            found = self._build_outcomes(batch.result, rows, last=last)
            for place, outcome in zip(places, found.outcomes, strict=True):
                if outcome is not None:
                    batch.set_outcome(place, outcome)
            return found

    def list_new(self, batch: InsertBatch) -> frozenset[str]:
        """Ids of the records that this user has made since the batch began, beside those that
        belong to a row."""
        records = self._query_records(self._batches.find_start([batch]), ())
        return frozenset(str(record["id"]) for record in records) - self._batches.known_ids

    def is_own_duplicate(self, batch: InsertBatch, outcome: Outcome) -> bool:
        """Whether a row is rejected as a duplicate of its own record, which no look has seen: this
        user has made it since."""
        if outcome.code != DUPLICATE_DATA or outcome.record_id is None:
            return False
        if outcome.record_id in self._batches.known_ids:
            return False
        try:
            mine = self._build_condition(self._batches.find_start([batch]))
            query = build_and(mine, f"id = {quote_string(outcome.record_id)}")
            return bool(self._query(["id"], query).rows)
        except AirbyteTracedException:
            return False

    def _look(self, lost: Sequence[InsertBatch]) -> LookUpResult:
        """Of all rows that lost their answers at one time, for one record may be like several."""
        comparison = Comparison(
            [sent for one in lost for sent in one.lost_rows], self._batches.unresolved
        )
        since = self._batches.find_start(lost)
        seen: frozenset[str] | None = None
        result = LookUpResult()
        for _ in range(_MOST_LOOKS):
            time.sleep(SETTLE_S)
            try:
                records = self._query_records(since, comparison.columns)
            except AirbyteTracedException as failure:
                return LookUpResult(failure=failure)
            ids = frozenset(str(record["id"]) for record in records)
            known = self._batches.known_ids
            result.matches = comparison.match_records(
                one for one in records if one["id"] not in known
            )
            if all(isinstance(match, str) for match in result.matches.values()):
                break
            if ids == seen and self._batches.list_new_ids(since) <= ids:
                result.is_steady = True
                break
            seen = ids
        return result

    def _build_outcomes(
        self, result: LookUpResult, rows: Sequence[SentRow], *, last: bool
    ) -> LookUpOutcomes:
        if result.failure:
            return self._fail_look_up(result.failure, len(rows))
        outcomes = [self._decide(result, sent, last=last) for sent in rows]
        return LookUpOutcomes(
            outcomes, build_outage_error(self._plan) if _UNANSWERED in outcomes else None
        )

    def _fail_look_up(self, failure: AirbyteTracedException, rows: int) -> LookUpOutcomes:
        why = "Zoho could not be asked"
        ends: AirbyteTracedException | None = build_outage_error(self._plan)
        if isinstance(failure, Refused):
            # Zoho's text may quote the query, and with it the rows.
            why, ends = failure.code, failure if failure.code in _OF_THE_TOKEN else None
        return LookUpOutcomes(
            [_reject_unknown(f", and looking the row up failed ({why})")] * rows, ends
        )

    def _decide(self, result: LookUpResult, sent: SentRow, *, last: bool) -> Outcome | None:
        match = result.matches[sent]
        if isinstance(match, str):
            return Outcome("created", match)
        if match is not NotFound.MISSING:
            return _UNCLEAR[match]
        if not result.is_steady:
            return _UNSTEADY
        return _UNANSWERED if last else None

    def _query_records(self, since: float, columns: Sequence[str]) -> list[Row]:
        """The records that this user has made since a given time of our clock."""
        mine = self._build_condition(since)
        rows: list[Row] = []
        more = True
        while more:
            found = self._query(
                columns, build_and(mine, f"id > {rows[-1]['id']}") if rows else mine
            )
            rows += found.rows
            more = found.more
        return rows

    def _build_condition(self, since: float) -> str:
        begun = self._client.org.clock.at(since).strftime("%Y-%m-%dT%H:%M:%SZ")
        return build_and(
            f"{quote_column('Created_By')} = {quote_string(self._client.current_user)}",
            f"{quote_column('Created_Time')} >= {format_datetime(begun)}",
        )

    def _query(self, columns: Sequence[str], where: str) -> Page:
        columns = list(dict.fromkeys(("id", *columns)))
        query = build_select(columns, self._plan.module.api_name, where, limit=self._most_rows)
        return self._client.queries.ask(
            read=_read_with(columns), body={"select_query": query}, usage_of=self._plan.label
        )


def _read_with(columns: Sequence[str]) -> Callable[[Body], Page]:
    """Reads a page whose rows have all columns that were asked for."""

    def read(body: Body) -> Page:
        found = _PAGE(body)
        if any(name not in row for row in found.rows for name in columns):
            raise UndocumentedError("its rows lack columns that were asked for")
        return found

    return read


def build_outage_error(plan: StreamPlan) -> AirbyteTracedException:
    return transient_error(
        f"Zoho gives no answer to inserts into {plan.module.api_name}, so it is not known which of "
        "the last rows are there. These are rejected as OUTCOME_UNKNOWN, for sending them again "
        "could double records, and no others are written. Try again later."
    )
