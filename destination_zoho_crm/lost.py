"""Inserts whose answer was lost: which of their rows are records by now."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.creations import Creation, Creations, Records
from destination_zoho_crm.likeness import Likeness, Match
from destination_zoho_crm.outcomes import OUTCOME_UNKNOWN, Outcome, rejected
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.answers import Body, Page, Row, UndocumentedError, page
from zoho_crm.client import Client
from zoho_crm.coql import both, column, moment, quoted, select
from zoho_crm.errors import SCOPE_LACKING, TOKEN_REFUSED
from zoho_crm.manifest import coql_rows
from zoho_crm.problems import Refused, transient_error

#: A call that lost its answer may still be at work.
SETTLE_S = 5.0
#: Looks until two of them see the same.
_MOST_LOOKS = 4

_NOT_LOOKED_UP = "no answer came to the insert, and looking the row up failed"


def _unknown(what: str) -> Outcome:
    return rejected(OUTCOME_UNKNOWN, f"no answer came to the insert{what}")


_CLOUDED = _unknown(
    ", nor to that of a row like it, and fewer records like them are there than rows were sent"
)
_STRANGE = _unknown(
    "; no new record is like the row, and one that is like no row may be it, so it was not sent "
    "again"
)
_RESTLESS = _unknown(
    ", and queries do not show new records in time; it may be there, so it was not sent again"
)
_GIVEN_UP = _unknown(", however often it was made")

_PAGE = page()


@dataclass
class Found:
    """What a look-up tells."""

    #: For each record: created, rejected as unknown, or None: not there, so send it again.
    outcomes: Sequence[Outcome | None]
    #: Zoho takes no rows or no questions, so nothing more should be written.
    failure: AirbyteTracedException | None = None

    @property
    def unknown(self) -> bool:
        """Whether it stays unknown of some rows whether they are there."""
        return any(outcome and outcome.result == "rejected" for outcome in self.outcomes)


@dataclass(frozen=True)
class _Look:
    #: Of all records that were made since.
    ids: frozenset[str]
    match: Match
    #: It does not show what the run has made itself.
    blind: bool
    #: It sees what the look before saw.
    steady: bool = False


class LostInserts:
    """Looks for rows among the records that this user has made since, by equal values."""

    def __init__(self, client: Client, plan: StreamPlan, creations: Creations) -> None:
        self._client = client
        self._plan = plan
        self._creations = creations
        self._likeness = Likeness(plan)
        self._most_rows = coql_rows(client.config["schema_version"])

    def look_up(self, creation: Creation, records: Records, *, last: bool) -> Found:
        """`last`: what is not there is given up, else it is to be sent again.

        A row with a value that Zoho keeps unique is the record with this value; Zoho itself would
        refuse it, were it sent twice. Other rows are records with all of their values. One that is
        not there is sent again only if two looks see the same, and each new record is a row's.

        UNVERIFIED: how soon queries see a new record; Zoho sends readers to COQL for that ("Search
        Records"). A look that does not show what the run has made itself counts for nothing.
        """
        with self._creations.lost(creation):
            found = self._found(creation, records, last=last)
            for record, outcome in zip(records, found.outcomes, strict=True):
                if outcome is not None:
                    creation.tell(outcome)
                    if outcome.result == "rejected":
                        self._creations.give_up(record)
            return found

    def _found(self, creation: Creation, records: Records, *, last: bool) -> Found:
        try:
            look = self._last_look(creation, records)
        except Refused as refusal:
            # Zoho's text may quote the query, and with it the rows.
            ends = refusal.code in TOKEN_REFUSED or refusal.code == SCOPE_LACKING
            unknown = rejected(OUTCOME_UNKNOWN, f"{_NOT_LOOKED_UP} ({refusal.code})")
            return Found([unknown] * len(records), refusal if ends else None)
        except AirbyteTracedException:
            unknown = rejected(OUTCOME_UNKNOWN, f"{_NOT_LOOKED_UP} (Zoho could not be asked)")
            return Found([unknown] * len(records), outage(self._plan))
        outcomes = [
            self._outcome(place, record, look, last=last) for place, record in enumerate(records)
        ]
        given_up = any(outcome == _GIVEN_UP for outcome in outcomes)
        return Found(outcomes, outage(self._plan) if given_up else None)

    def _outcome(
        self, place: int, record: Mapping[str, Any], look: _Look, *, last: bool
    ) -> Outcome | None:
        if (record_id := look.match.ids[place]) is not None:
            return Outcome("created", record_id)
        if look.match.clouded[place]:
            return _CLOUDED
        if not look.steady:
            return _RESTLESS
        if look.match.strangers and not self._likeness.is_unique(record):
            return _STRANGE
        return _GIVEN_UP if last else None

    def _last_look(self, creation: Creation, records: Records) -> _Look:
        """One that finds all rows, or sees what the one before it saw, or the last that is made."""
        seen: frozenset[str] | None = None
        for _ in range(_MOST_LOOKS):
            time.sleep(SETTLE_S)
            look = self._look(creation, records)
            if None not in look.match.ids:
                break
            if look.ids == seen and not look.blind:
                return replace(look, steady=True)
            seen = look.ids
        return look

    def _look(self, creation: Creation, records: Records) -> _Look:
        since = self._creations.since(creation)
        found = self._made_since(since)
        # Told afterwards: what came to be known during the queries may have been seen by them.
        others = self._creations.others(creation, since)
        known = others.told | creation.told
        ids = frozenset(str(row["id"]) for row in found)
        match = self._likeness.matched(
            records, others.rows, [row for row in found if row["id"] not in known]
        )
        return _Look(ids, match, blind=not others.shown <= ids)

    def _made_since(self, begun: float) -> list[Row]:
        """The records that this user has made since a moment of our clock."""
        user = self._client.current_user
        # Zoho's clock is known to a second or two.
        since = self._client.org.at(begun).strftime("%Y-%m-%dT%H:%M:%SZ")
        mine = both(
            f"{column('Created_By')} = {quoted(user)}",
            f"{column('Created_Time')} >= {moment(since)}",
        )
        columns = ("id", *self._likeness.columns)
        rows: list[Row] = []
        more = True
        while more:
            query = select(
                columns,
                self._plan.module.api_name,
                both(mine, f"id > {rows[-1]['id']}") if rows else mine,
                limit=self._most_rows,
            )
            found = self._client.queries.ask(
                read=_with(columns), body={"select_query": query}, line=self._plan.label
            )
            rows += found.rows
            more = found.more
        return rows


def _with(columns: Sequence[str]) -> Callable[[Body], Page]:
    """Reads a page whose rows have all columns that were asked for."""

    def read(body: Body) -> Page:
        found = _PAGE(body)
        if any(name not in row for row in found.rows for name in columns):
            raise UndocumentedError("its rows lack columns that were asked for")
        return found

    return read


def outage(plan: StreamPlan) -> AirbyteTracedException:
    return transient_error(
        f"Zoho gives no answer to inserts into {plan.module.api_name}, and nothing tells which "
        "of the last rows are there. These are rejected as OUTCOME_UNKNOWN, for a record would be "
        "doubled if they were sent again, and no others are written. Try again later."
    )
