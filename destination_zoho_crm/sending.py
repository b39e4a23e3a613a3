"""Sends a batch to Zoho and tells what became of each of its rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.calls import call_of
from destination_zoho_crm.lost import LostInserts
from destination_zoho_crm.outcomes import Outcome, judged
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.client import Answer, Client, LostAnswerError
from zoho_crm.manifest import skipped_features
from zoho_crm.problems import Refused, system_error

#: Codes that speak of a record. Zoho's samples show some of them without a list around them, as if
#: the whole call were refused ("Insert Records": samples of errors).
_OF_RECORDS = frozenset(
    """
    INVALID_DATA MANDATORY_NOT_FOUND DUPLICATE_DATA MULTIPLE_OR_MULTI_ERRORS NOT_APPROVED
    NOT_REVIEWED DEPENDENT_FIELD_MISSING DEPENDENT_MISMATCH DEPENDENT_FIELD_UNCHANGED
    EXPECTED_FIELD_MISSING AMBIGUITY_DURING_PROCESSING RECORD_LOCKED RECORD_IN_BLUEPRINT
    CANNOT_PROCESS CONVERTED_RECORD ID_ALREADY_CONVERTED NOT_ALLOWED PATTERN_NOT_MATCHED
    MAPPING_MISMATCH DATA_MISMATCH DUPLICATE_LINKING_DATA
    """.split()  # noqa: SIM905 - a list of words reads better as words
)

#: An insert is made this often at the most while its answers get lost.
_MOST_INSERTS = 3

Records = Sequence[Mapping[str, Any]]


class Sender:
    """Writes batches of one stream over REST; safe to use from several threads."""

    def __init__(self, client: Client, plan: StreamPlan, automations: Sequence[str] | None) -> None:
        self._client = client
        self._plan = plan
        self._automations = automations
        self._skipped = skipped_features(client.config["schema_version"])
        self._lost = LostInserts(client, plan)

    def send(self, records: Records, *, insert_number: int = 1) -> list[Outcome]:
        """An outcome for each record, in their order; what concerns them all is raised."""
        call = call_of(self._plan, records, self._automations, self._skipped)
        begun = self._client.org.now()
        try:
            answer = self._client.write(
                call.method,
                call.path,
                line=self._plan.label,
                params=call.params,
                headers=call.headers,
                body=call.body,
                repeatable=call.repeatable,
            )
        except LostAnswerError:
            last = insert_number == _MOST_INSERTS
            known = self._lost.outcomes(records, begun, last=last)
            missing = [record for record, o in zip(records, known, strict=True) if o is None]
            again = iter(self.send(missing, insert_number=insert_number + 1) if missing else ())
            return [outcome or next(again) for outcome in known]
        except Refused as refusal:
            if refusal.code not in _OF_RECORDS:
                raise
            if len(records) == 1:
                return [Outcome("rejected", code=refusal.code, message=refusal.message or "")]
            # One of them is the reason: halves find it, and save the others.
            middle = len(records) // 2
            return self.send(records[:middle]) + self.send(records[middle:])
        return self._judged(answer, records)

    def _judged(self, answer: Answer, records: Records) -> list[Outcome]:
        """UNVERIFIED: that outcomes stand in the order of the records for every operation; Zoho
        says so of inserts only ("Insert Records")."""
        if len(answer.items) != len(records):
            raise self._unlike(answer, records)
        key = self._plan.key.name if self._plan.key else None
        return [
            judged(self._plan.operation, item, key=key, repeated=answer.repeated)
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
