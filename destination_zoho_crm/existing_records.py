"""Rows that bring nothing but their key, and the records that have it already."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airbyte_cdk.utils import AirbyteTracedException

from destination_zoho_crm.client import Client
from destination_zoho_crm.columns import SE_MODULE
from destination_zoho_crm.plan import StreamPlan
from zoho_crm.answers import build_page_parser
from zoho_crm.coql import build_in, build_select

LOGGER = logging.getLogger("airbyte")

#: "COQL: Limitations": values of an `in`, and rows of a query, of the strictest version.
_MOST_VALUES = 50
_MOST_ROWS = 200
#: Forms whose values are not quoted in a query.
_NUMBERS = ("integer", "long", "number")

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
        sound = list(dict.fromkeys(value for value in values if _is_sound(value)))
        ids: dict[str, str] = {}
        for first in range(0, len(sound), _MOST_VALUES):
            ids |= self._query_ids(key.name, sound[first : first + _MOST_VALUES])
        return [ids.get(_fold(value)) for value in values]

    def _query_ids(self, name: str, values: Sequence[str]) -> dict[str, str]:
        bare = self._plan.module.fields[name].form in _NUMBERS
        query = build_select(
            ("id", name),
            self._plan.module.api_name,
            build_in(name, values, bare=bare),
            limit=_MOST_ROWS,
        )
        try:
            rows = self._client.queries.ask(
                read=_PAGE, body={"select_query": query}, usage_of=self._plan.label
            ).rows
        except AirbyteTracedException:
            LOGGER.debug(f"{self._plan.label}: rows with nothing but a key cannot be looked up.")
            return {}
        return {_fold(str(row.get(name))): str(row["id"]) for row in rows}


def changes_nothing(plan: StreamPlan, record: Mapping[str, Any]) -> bool:
    """Whether an update or upsert with this record would change no value."""
    key = plan.key
    return (
        len(record) <= _FEW_COLUMNS
        and plan.operation in ("update", "upsert")
        and key is not None
        and not record.keys() - {key.name, SE_MODULE}
    )


def _is_sound(value: str) -> bool:
    """UNVERIFIED: what a backslash means in a query, and whether Zoho trims values."""
    return value == value.strip() and value.isprintable() and "\\" not in value


def _fold(value: str) -> str:
    """Zoho's duplicate check takes no account of case ("Custom Fields": unique)."""
    return value.strip().lower()
