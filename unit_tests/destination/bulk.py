"""Rows written by REST or by jobs of Bulk Write, without the run around them."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from destination_zoho_crm.bulk_sending import BulkSender
from destination_zoho_crm.catalog import list_lookup_names, list_module_names, list_paths
from destination_zoho_crm.client import Client
from destination_zoho_crm.inserts import InsertBatches
from destination_zoho_crm.modules import TargetModules
from destination_zoho_crm.org_values import OrgValues, find_active_users
from destination_zoho_crm.outcomes import Outcome
from destination_zoho_crm.picklists import Picklists
from destination_zoho_crm.planning import make_plan
from destination_zoho_crm.sending import Sender
from destination_zoho_crm.settings import read_settings
from destination_zoho_crm.suggestions import Suggestions
from destination_zoho_crm.table_rows import build_encoder
from unit_tests.destination.conftest import Json, Org
from zoho_crm.auth import ZohoAuthenticator


class Hurry(threading.Event):
    """A stop that never comes, and lets nobody wait for it for long."""

    def __init__(self, most_s: float = 0.02) -> None:
        super().__init__()
        self._most_s = most_s

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(min(timeout or 0.0, self._most_s))


class Road:
    """The senders of one stream in one org."""

    def __init__(
        self,
        org: Org,
        entry: Json,
        *,
        stop: threading.Event | None = None,
        strict: bool = False,
        **config: Any,
    ) -> None:
        ZohoAuthenticator._tokens.clear()
        settings = org.config | config
        self.client = Client(settings)
        self.settings = read_settings(settings)
        self.stop = stop or Hurry()
        modules = TargetModules(self.client.org.directory, self.client.metadata)
        mappings = self.settings.mappings
        wanted = modules.find_with_lookups(
            list_module_names([entry], mappings),
            list_lookup_names([entry], mappings),
            list_paths([entry], mappings),
        )
        (self.plan,) = make_plan([entry], mappings, wanted, modules.names)
        values = OrgValues(
            find_active_users(self.client.metadata),
            Picklists(modules, adds=self.settings.adds_options),
            Suggestions(modules),
            modules,
        )
        self.encoder = build_encoder(self.plan, clears_nulls=False, org_values=values)
        batches = InsertBatches()
        self.rest = Sender(
            self.client,
            self.plan,
            self.settings.automations,
            batches,
            self.stop,
            run_deletes=False,
            run_inserts=self.plan.operation == "insert",
        )
        self._batches, self._strict = batches, strict

    @cached_property
    def bulk(self) -> BulkSender:
        return BulkSender(
            self.client, self.plan, self.rest, self._batches, self.stop, strict=self._strict
        )

    def write(
        self, rows: Sequence[Mapping[str, Any]], method: Literal["REST", "Bulk"] = "Bulk"
    ) -> list[Outcome | None]:
        """The outcome of each row; None: it has none."""
        outcomes: list[Outcome | None] = [None] * len(rows)
        places, records = [], []
        for place, row in enumerate(rows):
            record = self.encoder.encode(row)
            if isinstance(record, Outcome):
                outcomes[place] = record
            else:
                places.append(place)
                records.append(record)
        send = self.bulk.send if method == "Bulk" else self._send_in_hundreds
        for place, outcome in send(records):
            assert outcomes[places[place]] is None, "a row has two outcomes"
            outcomes[places[place]] = outcome
        return outcomes

    def _send_in_hundreds(self, records: Sequence[Any]) -> Iterator[tuple[int, Outcome]]:
        for first in range(0, len(records), 100):
            for place, outcome in self.rest.send(records[first : first + 100]):
                yield first + place, outcome


def count(outcomes: Sequence[Outcome | None]) -> dict[str, int]:
    """How many rows have each result; a rejected one by its code, one without by `none`."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        word = "none" if outcome is None else outcome.code or outcome.result
        counts[word] = counts.get(word, 0) + 1
    return counts
