"""Sends a batch to Zoho and tells what became of each of its rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.calls import call_of
from destination_zoho_crm.cures import searched
from destination_zoho_crm.lost import LostInserts, outage
from destination_zoho_crm.outcomes import Outcome, judged
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.client import Answer, Client, LostAnswerError, RowRefusedError
from zoho_crm.manifest import skipped_features
from zoho_crm.problems import Refused, system_error

#: An insert is made this often at the most while its answers get lost; and so many inserts in a row
#: may lose them.
_MOST_INSERTS = 3

Records = Sequence[Mapping[str, Any]]
#: Records with their places in the batch.
_Placed = Sequence[tuple[int, Mapping[str, Any]]]


class Sender:
    """Writes batches of one stream over REST; safe to use from several threads."""

    def __init__(self, client: Client, plan: StreamPlan, automations: Sequence[str] | None) -> None:
        self._client = client
        self._plan = plan
        self._automations = automations
        self._skipped = skipped_features(client.config["schema_version"])
        self._lost = LostInserts(client, plan)
        #: Calls in a row that lost their answers. Threads may miscount; nothing hangs on one.
        self._in_vain = 0

    def send(self, records: Records) -> Iterator[tuple[int, Outcome]]:
        """The place and the outcome of each record, as they become known.

        What concerns all records is raised; those whose outcomes came before have them.
        """
        with self._lost.under_way(records) as batch:
            yield from self._sent(list(enumerate(records)), batch.begun)

    def _sent(
        self, placed: _Placed, begun: float, number: int = 1
    ) -> Iterator[tuple[int, Outcome]]:
        """`begun`: when the first call with these records did, by our clock; `number`: its own."""
        records = [record for _, record in placed]
        call = call_of(self._plan, records, self._automations, self._skipped)
        try:
            answer = self._client.write(
                call.method,
                call.path,
                line=self._plan.label,
                records=len(records),
                params=call.params,
                headers=call.headers,
                body=call.body,
                repeatable=call.repeatable,
            )
        except LostAnswerError:
            self._in_vain += 1
            yield from self._traced(placed, begun, number)
            return
        except Refused:
            self._in_vain = 0
            raise
        except RowRefusedError:
            self._in_vain = 0
        else:
            self._in_vain = 0
            outcomes = self._judged(answer, records)
            yield from zip((place for place, _ in placed), outcomes, strict=True)
            return
        # One of them is the reason: halves find it, and save the others.
        middle = len(placed) // 2
        yield from self._sent(placed[:middle], begun, number)
        yield from self._sent(placed[middle:], begun, number)

    def _traced(self, placed: _Placed, begun: float, number: int) -> Iterator[tuple[int, Outcome]]:
        """After a lost answer. Where Zoho stays silent, the run must not go on turning rows into
        rejects: what is in hand has an outcome, and then it ends."""
        last = number == _MOST_INSERTS
        found = self._lost.look_up([record for _, record in placed], begun, last=last)
        missing = []
        for one, outcome in zip(placed, found.outcomes, strict=True):
            if outcome is None:
                missing.append(one)
            else:
                yield one[0], outcome
        if found.failure:
            raise found.failure
        if missing:
            yield from self._sent(missing, begun, number + 1)
        elif found.unknown and self._in_vain >= _MOST_INSERTS:
            raise outage(self._plan)

    def _judged(self, answer: Answer, records: Records) -> list[Outcome]:
        """UNVERIFIED: that outcomes stand in the order of the records for every operation; Zoho
        says so of inserts only ("Insert Records")."""
        if len(answer.items) != len(records):
            raise self._unlike(answer, records)
        key = self._plan.key.name if self._plan.key else None
        return [
            searched(
                self._plan,
                judged(
                    self._plan.operation,
                    self._plan.module.api_name,
                    item,
                    key=key,
                    repeated=answer.repeated,
                ),
            )
            for item in answer.items
        ]

    def _unlike(self, answer: Answer, records: Records) -> AirbyteTracedException:
        """Of outcomes that cannot be matched with rows."""
        first = next(iter(answer.items), {})
        details = first.get("details")
        field = details.get("api_name") if isinstance(details, Mapping) else None
        said = f" ({first.get('code')} in {field})" if field else ""
        return system_error(
            f"Zoho answered a {self._plan.operation} of {len(records)} records of "
            f"{self._plan.module.api_name} with {len(answer.items)} outcomes{said}, so it is not "
            "known which are whose. The rows since the last state are written again."
        )
