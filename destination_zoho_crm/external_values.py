"""Values of External ID fields, by the ids of records: where no query gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from destination_zoho_crm.client import Client
from zoho_crm.answers import build_entries_parser
from zoho_crm.domains import quote_path_part
from zoho_crm.errors import INVALID_DATA
from zoho_crm.json_text import as_object
from zoho_crm.problems import Refused

#: "Get Records": ids of one call.
_MOST_IDS = 100

_RECORDS = build_entries_parser("data")

Row = Mapping[str, Any]


def add_external_values(
    client: Client,
    rows: Sequence[Row],
    lookup: str,
    module: str,
    field: str,
    *,
    usage_of: str,
) -> list[Row]:
    """The rows with the value of the External ID field that the record of their lookup has, under
    the name that a query gives it (`Product_Name.ERP_ID`)."""
    ids = {str(found) for row in rows if (found := _read_id(row.get(lookup)))}
    values = _read_values(client, module, field, sorted(ids), usage_of)
    return [{**row, f"{lookup}.{field}": values.get(_read_id(row.get(lookup)))} for row in rows]


def _read_values(
    client: Client, module: str, field: str, ids: Sequence[str], usage_of: str
) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    path = quote_path_part(module)
    for first in range(0, len(ids), _MOST_IDS):
        few = ids[first : first + _MOST_IDS]
        try:
            params = {"ids": ",".join(few), "fields": field}
            found = client.metadata.ask(path, read=_RECORDS, params=params, usage_of=usage_of)
        except Refused as refusal:
            # One of them is gone.
            if refusal.code != INVALID_DATA:
                raise
            singly = (_read_one(client, path, record_id, usage_of) for record_id in few)
            found = [record for records in singly for record in records]
        values |= {str(record["id"]): record.get(field) for record in found}
    return values


def _read_one(client: Client, path: str, record_id: str, usage_of: str) -> list[dict[str, Any]]:
    try:
        return client.metadata.ask(
            f"{path}/{quote_path_part(record_id)}", read=_RECORDS, usage_of=usage_of
        )
    except Refused as refusal:
        if refusal.code != INVALID_DATA:
            raise
        return []


def _read_id(value: Any) -> str:
    found = as_object(value).get("id") if isinstance(value, Mapping) else value
    return str(found) if found else ""
