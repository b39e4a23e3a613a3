"""Adds and removes links: records of a linking module, a hundred a call."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from destination_zoho_crm.calls import MOST_RECORDS, build_body, build_deletion
from destination_zoho_crm.client import Answer, Client, RowRejectedError, TooLargeError
from destination_zoho_crm.link_ends import LinkEnds
from destination_zoho_crm.outcomes import LARGE_ROW, Outcome, read_outcome
from destination_zoho_crm.settings import Operation
from zoho_crm.domains import quote_path_part
from zoho_crm.manifest import load_skipped_features

T = TypeVar("T")

#: A record, and what it is to be linked with.
Pair = tuple[str, str]


class LinkCalls:
    """The links of one field. Safe to use from several threads.

    All calls are repeated when their answers get lost: a pair is linked once, whatever is sent
    ("Insert Records": DUPLICATE_LINKING_DATA), and a link that is gone stays gone.
    """

    def __init__(
        self, client: Client, ends: LinkEnds, automations: Sequence[str] | None, label: str
    ) -> None:
        """`label`: the stream whose calls these are."""
        self._client = client
        self._ends = ends
        self._module = str(ends.module)
        self._automations = automations
        self._skipped = load_skipped_features(client.config["schema_version"])
        self._label = label

    def add(self, pairs: Sequence[Pair]) -> list[Outcome]:
        """The outcome of each, in their order."""
        return self._write_all("insert", pairs, self._send_pairs)

    def remove(self, ids: Sequence[str]) -> list[Outcome]:
        """Of links by their ids; one that is gone counts as deleted."""
        return self._write_all("delete", ids, self._send_ids)

    def _write_all(
        self, operation: Operation, items: Sequence[T], send: Callable[[Sequence[T]], Answer]
    ) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for first in range(0, len(items), MOST_RECORDS):
            outcomes += self._write(operation, items[first : first + MOST_RECORDS], send)
        return outcomes

    def _write(
        self, operation: Operation, items: Sequence[T], send: Callable[[Sequence[T]], Answer]
    ) -> list[Outcome]:
        try:
            answer = send(items)
        except (RowRejectedError, TooLargeError):
            if len(items) == 1:
                return [LARGE_ROW]
            middle = len(items) // 2
            parts = items[:middle], items[middle:]
            return [outcome for part in parts for outcome in self._write(operation, part, send)]
        return [
            read_outcome(operation, self._module, item, key=None, repeated=answer.repeated)
            for item in answer.items
        ]

    def _send_pairs(self, pairs: Sequence[Pair]) -> Answer:
        links = [
            {str(self._ends.own): {"id": record}, self._ends.other: {"id": end}}
            for record, end in pairs
        ]
        return self._client.write(
            "POST",
            quote_path_part(self._module),
            usage_of=self._label,
            records=len(links),
            body=build_body(links, self._automations, self._skipped),
        )

    def _send_ids(self, ids: Sequence[str]) -> Answer:
        return self._client.write(
            "DELETE",
            quote_path_part(self._module),
            usage_of=self._label,
            records=len(ids),
            params=build_deletion(ids, self._automations),
        )
