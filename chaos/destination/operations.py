"""What a destination does with rows, and by what it finds their records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ALL = ("v2", "v2.1", "v4", "v8")
#: v2 does not say which fields are External IDs.
_TELLING = _ALL[1:]


@dataclass(frozen=True)
class Operation:
    name: str
    #: The emulator's name of the call.
    call: str
    #: Airbyte's word for it.
    mode: str
    module: str
    #: The key of the stream.
    key: str | None
    #: The column that says which record a row is about.
    identity: str
    #: A whole number that rises with each row.
    number: str
    versions: tuple[str, ...] = _ALL
    #: No column has a value of the row's own but its key or, of an insert, its name.
    bare: bool = False
    #: Rows go by Bulk Write, a job for a hundred and more.
    bulk: bool = False

    @property
    def match(self) -> str:
        """The call as the emulator's faults and counters name it."""
        return f"{'bulk_write.create' if self.bulk else self.call}:{self.module}"

    @property
    def config(self) -> dict[str, Any]:
        """What the connection sets for it."""
        return {"write_method": "Bulk" if self.bulk else "REST"}

    def stream(self, called: str) -> Mapping[str, Any]:
        """An entry of the configured catalog, as data activation has it."""
        return {
            "stream": {
                "name": called,
                "json_schema": {
                    "type": "object",
                    "properties": {name: {} for name in self._columns},
                },
                "supported_sync_modes": ["full_refresh", "incremental"],
            },
            "sync_mode": "incremental",
            "destination_sync_mode": self.mode,
            "destination_object_name": self.module,
            "primary_key": [[self.key]] if self.key else [],
        }

    @property
    def _columns(self) -> list[str]:
        if self.call == "delete":
            return [self.identity]
        named = [self.identity, "Last_Name", "First_Name", "Secondary_Email", "Description"]
        own = {"Leads": ["Company"], "Contacts": []}[self.module]
        traces = {"Leads": "External_Lead_ID", "Contacts": "External_Contact_ID"}[self.module]
        if not self.bare:
            own += [traces, "Email"]
        return list(dict.fromkeys([*named, *own, self.number]))


def _of_leads(
    name: str, call: str, mode: str, key: str | None, identity: str, **more: Any
) -> Operation:
    return Operation(name, call, mode, "Leads", key, identity, "No_of_Employees", **more)


def _of_contacts(name: str, call: str, mode: str, key: str, **more: Any) -> Operation:
    return Operation(name, call, mode, "Contacts", key, key, "Loyalty_Points", **more)


OPERATIONS = (
    _of_leads("insert", "insert", "append", None, "Last_Name"),
    _of_leads("insert_bare", "insert", "append", None, "Last_Name", bare=True),
    _of_contacts("upsert", "upsert", "append_dedup", "Email"),
    _of_contacts("upsert_external", "upsert", "append_dedup", "External_Contact_ID"),
    _of_leads("update", "update", "update", "id", "id"),
    _of_contacts("update_external", "update", "update", "External_Contact_ID", versions=_TELLING),
    _of_leads("delete", "delete", "soft_delete", "id", "id"),
    _of_contacts(
        "delete_external", "delete", "soft_delete", "External_Contact_ID", versions=_TELLING
    ),
    _of_leads("insert_bulk", "insert", "append", None, "Last_Name", bare=True, bulk=True),
    _of_contacts("upsert_bulk", "upsert", "append_dedup", "Email", bare=True, bulk=True),
    _of_leads("update_bulk", "update", "update", "id", "id", bare=True, bulk=True),
)
BY_NAME = {operation.name: operation for operation in OPERATIONS}
#: Contacts that are found by address, and also by an External ID that several addresses share.
SHARED = Operation(
    "upsert", "upsert", "append_dedup", "Contacts", "Email", "External_Contact_ID", "Loyalty_Points"
)
