"""Links of records: what multi-select and multi-user lookups hold."""

import threading
from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from typing import Any

from destination_zoho_crm.client import Client
from destination_zoho_crm.columns import Column
from destination_zoho_crm.error_codes import DUPLICATE_LINK, MANDATORY_NOT_FOUND
from destination_zoho_crm.link_calls import LinkCalls
from destination_zoho_crm.link_reader import LinkReader
from destination_zoho_crm.lookup_values import LinkList
from destination_zoho_crm.outcomes import LINKS_UNKNOWN, Outcome, reject
from destination_zoho_crm.parts import Written, add_part, send_rests
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.stream_writer import Send
from zoho_crm.errors import INVALID_DATA

Records = Sequence[Mapping[str, Any]]

_NOT_READ = reject(
    LINKS_UNKNOWN, "Zoho does not show all links of the record, so none is added or removed"
)
#: "Insert Records": a service needs its members.
_NEEDED = (
    "Zoho adds no record without these links, and an upsert writes them after the record; insert "
    "new records"
)
_UNNAMED = reject(LINKS_UNKNOWN, "Zoho does not say which record this is, so no link is written")


class LinkField:
    """The links in one field of a stream's records. Safe to use from several threads.

    What a list names is added where it is missing. What it does not name is removed where lists
    replace, and left where they append.
    """

    def __init__(
        self, client: Client, plan: StreamPlan, column: Column, automations: Sequence[str] | None
    ) -> None:
        assert column.field is not None
        assert column.field.links is not None
        self.name = column.name
        self._ends = column.field.links
        self._removes = plan.rows == "replace"
        self.reader = LinkReader(
            client, plan.module.api_name, column.name, column.field.links, plan.label
        )
        self._calls = LinkCalls(client, column.field.links, automations, plan.label)
        #: Links that were added, removed and left.
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def write(self, wanted: Mapping[str, LinkList], new: set[str]) -> dict[str, Written]:
        """Of records by their ids; `new`: those that the run has just made."""
        present = self.reader.read([one for one in wanted if one not in new])
        problems = {one: _NOT_READ for one, links in present.items() if links is None}
        pairs: list[tuple[str, str]] = []
        surplus: list[tuple[str, str]] = []
        left = 0
        for record, links in wanted.items():
            has = present.get(record) or {}
            if record in problems:
                continue
            pairs += [(record, str(end)) for end in links.ends if end not in has]
            gone = [
                (record, link)
                for end, of_end in has.items()
                if self._removes and end not in links.ends
                for link in of_end
            ]
            surplus += gone
            left += sum(map(len, has.values())) - len(gone)
        added = self._settle(pairs, self._calls.add(pairs), problems)
        # A record keeps what it has where not all can be added.
        surplus = [one for one in surplus if one[0] not in problems]
        removed = self._settle(surplus, self._calls.remove([link for _, link in surplus]), problems)
        with self._lock:
            self.counts.update(added=len(added), removed=len(removed), left=left)
        changed = {record for record, _ in (*added, *removed)}
        return {one: Written(one in changed, problems.get(one)) for one in wanted}

    def _settle(
        self,
        sent: Sequence[tuple[str, str]],
        outcomes: Sequence[Outcome],
        problems: dict[str, Outcome],
    ) -> list[tuple[str, str]]:
        """Those that were written; the first problem of each record is kept."""
        done = []
        for one, outcome in zip(sent, outcomes, strict=True):
            if outcome.result != "rejected":
                done.append(one)
            # Linked meanwhile, or by a call whose answer was lost.
            elif outcome.code != DUPLICATE_LINK:
                problems.setdefault(one[0], self._explain(outcome, one[1]))
        return done

    def _explain(self, outcome: Outcome, linked: str) -> Outcome:
        """What Zoho says of a link, for people who know the two ends of it."""
        outcome = outcome._replace(message=f"{outcome.message} ({linked})")
        if outcome.code != INVALID_DATA or self._ends.other not in str(outcome.field).split("."):
            return outcome
        return outcome._replace(
            loggable="what it is to be linked with is not there; it may have been deleted"
        )


class Links:
    """Writes records, and then their links.

    A new record of an insert brings its links with it, so that all of a row is written or nothing
    ("Insert Records": multi-select lookup). Links of other records are records of the linking
    module. A row whose record is written and whose links are not is rejected, and says so; written
    again it does no harm.
    """

    def __init__(self, plan: StreamPlan, fields: Sequence[LinkField], send: Send) -> None:
        """`send`: takes records without links, and inserts with Zoho's form of them."""
        self._plan = plan
        self._fields = fields
        self._send = send

    def send(self, records: Records) -> Generator[tuple[int, Outcome]]:
        """As the `send` it was given."""
        if self._plan.operation == "insert":
            yield from self._send([self._put_links(record) for record in records])
            return
        wanted: dict[int, dict[str, LinkList]] = {}
        rests = {}
        for place, record in enumerate(records):
            lists = {name: value for name, value in record.items() if type(value) is LinkList}
            rests[place] = {name: value for name, value in record.items() if name not in lists}
            if lists:
                wanted[place] = lists
        written = yield from send_rests(
            self._plan,
            self._send,
            rests,
            wanted,
            _UNNAMED,
            explain=lambda place, outcome: _explain_refusal(outcome, wanted[place]),
        )
        yield from self._write_links(written, wanted)

    def _put_links(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        ends = {column.name: column.field.links for column in self._plan.links if column.field}
        return {
            name: [{ends[name].other: {"id": end}} for end in value.ends]  # type: ignore[union-attr]
            if type(value) is LinkList
            else value
            for name, value in record.items()
        }

    def _write_links(
        self, records: Mapping[int, Outcome], wanted: Mapping[int, Mapping[str, LinkList]]
    ) -> Iterator[tuple[int, Outcome]]:
        """Two rows may be one record, which other fields than their keys have found: the links of
        the later are written later."""
        left = dict(records)
        while left:
            by_record: dict[str, int] = {}
            for place, outcome in left.items():
                by_record.setdefault(str(outcome.record_id), place)
            new = {one for one, place in by_record.items() if left[place].result == "created"}
            outcomes = {place: left[place] for place in by_record.values()}
            for field in self._fields:
                lists = {
                    record: wanted[place][field.name]
                    for record, place in by_record.items()
                    if field.name in wanted[place]
                }
                for record, written in (field.write(lists, new) if lists else {}).items():
                    place = by_record[record]
                    outcomes[place] = add_part(
                        outcomes[place], field.name, "not all of its links are written", written
                    )
            yield from outcomes.items()
            left = {place: outcome for place, outcome in left.items() if place not in outcomes}


def _explain_refusal(outcome: Outcome, held: Collection[str]) -> Outcome:
    """Adds why a new record is refused without the links that are held back until it is there."""
    if outcome.code != MANDATORY_NOT_FOUND or outcome.field not in held:
        return outcome
    return outcome._replace(message=f"{outcome.message}; {_NEEDED}", loggable=_NEEDED)


def with_links(plan: StreamPlan, fields: Sequence[LinkField], send: Send) -> Send:
    """`send`, which also takes records with links; `fields`: as `build_link_fields` makes them."""
    return Links(plan, fields, send).send if plan.links else send


def build_link_fields(
    client: Client, plan: StreamPlan, automations: Sequence[str] | None
) -> list[LinkField]:
    """The fields whose links the stream writes to records that are there."""
    if plan.operation == "insert":
        return []
    return [LinkField(client, plan, column, automations) for column in plan.links]
