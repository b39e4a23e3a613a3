"""Why Zoho rejects a record though the request is right: the record is locked or held."""

from collections.abc import Mapping
from dataclasses import dataclass

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Module
from zoho_emulator.writing.answers import locate

#: Texts for an update and for a deletion ("Update Records", "Delete Records", "Mass Update").
#: UNVERIFIED: those of a deletion other than RECORD_LOCKED and NOT_APPROVED.
REASONS = {
    "RECORD_LOCKED": (
        "Sorry, you cannot perform this operation as the record is locked.",
        "You cannot perform this operation as the record is locked.",
    ),
    "NOT_APPROVED": (
        "Cannot update record that is not approved yet",
        "cannot delete record that is not approved yet",
    ),
    "NOT_REVIEWED": ("record in review", "record in review"),
    "RECORD_IN_BLUEPRINT": ("The record is in blue print", "The record is in blue print"),
    "CANNOT_PROCESS": ("The record is in stop processing", "The record is in stop processing"),
}
#: Details of what names neither field nor record ("Update Records": samples of v8).
_UNNAMED: Mapping[str, Mapping[str, object]] = {
    "NOT_APPROVED": {"resource_path_index": 1},
    "NOT_REVIEWED": {},
}


@dataclass(frozen=True, slots=True)
class Hold:
    code: str

    @property
    def by_path(self) -> bool:
        """An update of this one record is refused as a whole ("Update Records": samples of v8)."""
        return self.code == "NOT_APPROVED"

    def build_update_error(self, call: Call, path: str) -> ZohoError:
        """UNVERIFIED: that versions before v8 name the id of a record in approval or review."""
        message = REASONS[self.code][0]
        if call.version.v7_writes and self.code in _UNNAMED:
            return ZohoError(self.code, message, _UNNAMED[self.code])
        details: dict[str, object] = {"api_name": "id"}
        if self.code == "RECORD_LOCKED":
            details["action"] = "record_locking"
        return locate(call, ZohoError(self.code, message, details), f"{path}.id")

    def build_deletion_error(self, record_id: int) -> ZohoError:
        details: dict[str, object] = {"id": str(record_id)}
        if self.code == "RECORD_LOCKED":
            details["action"] = "record_locking"
        return ZohoError(self.code, REASONS[self.code][1], details)


def find_hold(call: Call, module: Module, record_id: int) -> Hold | None:
    """A record is held by its own lock, or by the knob `held_records`."""
    held = dict(entry.partition(":")[::2] for entry in call.knobs.held_records)
    if code := held.get(str(record_id)):
        return Hold(code)
    locked = module.fields.get("Locked__s")
    if locked is None:
        return None
    row = call.store.connection.execute(
        f"select {locked.column} from {module.table} where id = ?", (record_id,)
    ).fetchone()
    return Hold("RECORD_LOCKED") if row and row[0] else None
