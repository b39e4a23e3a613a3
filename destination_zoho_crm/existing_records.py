"""Rows that bring nothing but their key, and the records that have it already."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.client import Client
from destination_zoho_crm.columns import SE_MODULE
from destination_zoho_crm.lookup_values import (
    MOST_ROWS,
    MOST_VALUES,
    NUMBERS,
    can_query,
    fold_value,
)
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.answers import build_page_parser
from zoho_crm.coql import build_in, build_select

LOGGER = logging.getLogger("airbyte")


#: A record of more columns has one besides its key and `$se_module`.
_FEW_COLUMNS = 2

_PAGE = build_page_parser()


class ExistingRecords:
    """Records of one stream's module, by the stream's key."""

    def __init__(self, client: Client, plan: StreamPlan) -> None:
        self._client = client
        self._plan = plan

    def find_ids(self, records: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """For each record, the id of one that has its key; None: none is known.

        What cannot be looked up counts as not found: an upsert finds it by itself.
        """
        key = self._plan.key
        assert key is not None
        values = [str(record[key.name]) for record in records]
        sound = list(
            dict.fromkeys(value for value in values if value == value.strip() and can_query(value))
        )
        ids: dict[str, str] = {}
        for first in range(0, len(sound), MOST_VALUES):
            ids |= self._query_ids(key.name, sound[first : first + MOST_VALUES])
        return [ids.get(fold_value(value)) for value in values]

    def _query_ids(self, name: str, values: Sequence[str]) -> dict[str, str]:
        bare = self._plan.module.fields[name].form in NUMBERS
        query = build_select(
            ("id", name),
            self._plan.module.api_name,
            build_in(name, values, bare=bare),
            limit=MOST_ROWS,
        )
        try:
            rows = self._client.queries.ask(
                read=_PAGE, body={"select_query": query}, usage_of=self._plan.label
            ).rows
        except AirbyteTracedException:
            LOGGER.debug(f"{self._plan.label}: rows with nothing but a key cannot be looked up.")
            return {}
        return {fold_value(str(row.get(name))): str(row["id"]) for row in rows}


def changes_nothing(plan: StreamPlan, record: Mapping[str, Any]) -> bool:
    """Whether an update or upsert with this record would change no value."""
    key = plan.key
    return (
        len(record) <= _FEW_COLUMNS
        and plan.operation in ("update", "upsert")
        and key is not None
        and not record.keys() - {key.name, SE_MODULE}
    )
