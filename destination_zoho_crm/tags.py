"""Tags that are added to those that records have."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from destination_zoho_crm.calls import MOST_RECORDS
from destination_zoho_crm.client import Answer, Client, RowRejectedError, TooLargeError
from destination_zoho_crm.outcomes import LARGE_ROW, OUTCOME_UNKNOWN, Outcome, read_outcome, reject
from destination_zoho_crm.parts import Written, add_part, send_rests
from destination_zoho_crm.plan import StreamPlan
from destination_zoho_crm.stream_writer import Send
from zoho_crm.domains import quote_path_part
from zoho_crm.errors import INVALID_DATA
from zoho_crm.manifest import takes_tags_in_body

Records = Sequence[Mapping[str, Any]]
_Names = tuple[str, ...]

_HOLDS_COMMA = reject(
    INVALID_DATA,
    "a tag holds a comma, and this version of Zoho's API adds tags between commas; choose v4 or v8",
    "Tag",
)
_UNNAMED = reject(
    OUTCOME_UNKNOWN, "Zoho does not say which record this is, so its tags are not added", "Tag"
)


def with_tags(client: Client, plan: StreamPlan, send: Send) -> Send:
    """`send`, which adds tags to those of its records where the stream appends.

    Elsewhere, tags are written with their record, whose tags they replace.
    """
    return AddedTags(client, plan, send).send if plan.adds_tags else send


class AddedTags:
    """Writes records, and then adds their tags, for all records with the same ones by one call.

    Tags that a record has are not added twice, so such calls are repeated when answers get lost.
    """

    def __init__(self, client: Client, plan: StreamPlan, send: Send) -> None:
        self._client = client
        self._plan = plan
        self._send = send
        self._in_body = takes_tags_in_body(client.config["schema_version"])

    def send(self, records: Records) -> Generator[tuple[int, Outcome]]:
        """As the `send` it was given."""
        wanted: dict[int, _Names] = {}
        rests = {}
        for place, record in enumerate(records):
            names = tuple(tag["name"] for tag in record.get("Tag") or ())
            if any("," in name for name in names) and not self._in_body:
                yield place, _HOLDS_COMMA
                continue
            rests[place] = {name: value for name, value in record.items() if name != "Tag"}
            if names:
                wanted[place] = names
        written = yield from send_rests(self._plan, self._send, rests, wanted, _UNNAMED)
        yield from self._add_all(written, wanted)

    def _add_all(
        self, held: Mapping[int, Outcome], wanted: Mapping[int, _Names]
    ) -> Iterator[tuple[int, Outcome]]:
        alike: defaultdict[_Names, list[int]] = defaultdict(list)
        for place in held:
            alike[wanted[place]].append(place)
        for names, places in alike.items():
            for first in range(0, len(places), MOST_RECORDS):
                few = places[first : first + MOST_RECORDS]
                added = self._add(names, [str(held[place].record_id) for place in few])
                for place, outcome in zip(few, added, strict=True):
                    problem = outcome if outcome.result == "rejected" else None
                    written = Written(changed=problem is None, problem=problem)
                    yield place, add_part(held[place], "Tag", "its tags are not added", written)

    def _add(self, names: _Names, ids: Sequence[str]) -> list[Outcome]:
        try:
            answer = self._call(names, ids)
        except (RowRejectedError, TooLargeError):
            if len(ids) == 1:
                return [LARGE_ROW]
            middle = len(ids) // 2
            return [*self._add(names, ids[:middle]), *self._add(names, ids[middle:])]
        return [
            read_outcome(
                "update", self._plan.module.api_name, item, key=None, repeated=answer.repeated
            )
            for item in answer.items
        ]

    def _call(self, names: _Names, ids: Sequence[str]) -> Answer:
        """ "Add Tags to Records" """
        given: dict[str, Any] = (
            {
                "body": {
                    "tags": [{"name": name} for name in names],
                    "ids": list(ids),
                    "over_write": False,
                }
            }
            if self._in_body
            else {
                "params": {
                    "tag_names": ",".join(names),
                    "ids": ",".join(ids),
                    "over_write": "false",
                }
            }
        )
        return self._client.write(
            "POST",
            f"{quote_path_part(self._plan.module.api_name)}/actions/add_tags",
            usage_of=self._plan.label,
            records=len(ids),
            **given,
        )
