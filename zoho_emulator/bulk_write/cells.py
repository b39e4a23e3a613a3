"""Cells of a CSV as the values that records take ("Bulk Write: Create Job", field types)."""

import re
from datetime import UTC
from zoneinfo import ZoneInfo

from zoho_emulator.bulk_write.columns import USERS, Column
from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.data_types import value_type
from zoho_emulator.store.model import Field, Module
from zoho_emulator.store.values import invalid
from zoho_emulator.writing.matching import find, parse_id

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_WHOLES, _DECIMALS = ("integer", "long", "bigint"), ("double", "percent", "currency")
#: UNVERIFIED: that no other words are taken.
_TRUTH = {"true": True, "false": False}


class CellReader:
    """Reads the cells of one job."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.store = call.store
        self._zone = ZoneInfo(call.store.org.user_zone)

    def read(self, column: Column, text: str) -> object:
        """The value as a record of Zoho's API has it; raises for what the field cannot be given."""
        if column.find_by is not None:
            return self._find_reference(column, text.strip())
        if column.read_date is not None:
            return self._read_date(column, text.strip())
        return _read_plain(column.known, text)

    def find_record(self, module: Module, name: str, text: str) -> int | None:
        """The live record of this id, or with this value in any letter case.

        UNVERIFIED: of several, the one that an upsert takes.
        """
        if name == "id":
            row = self.store.connection.execute(
                f"select id from {module.table} where id = ? and state = 0 and converted = 0",
                (parse_id(text),),
            ).fetchone()
            return None if row is None else int(row[0])
        known = module.fields[name]
        try:
            stored = self.store.encode(known, _read_plain(known, text))
        except ZohoError:
            return None
        found = find(self.call, module, known, stored)
        return found[0] if found else None

    def _read_date(self, column: Column, text: str) -> str:
        """A datetime without an offset is one of the user's time zone."""
        assert column.read_date is not None
        try:
            found = column.read_date(text)
            if value_type(column.known) == "date":
                return found.date().isoformat()
            local = found if found.tzinfo else found.replace(tzinfo=self._zone)
            return local.astimezone(UTC).isoformat(timespec="seconds")
        except (ValueError, OverflowError):
            raise invalid(column.known) from None

    def _find_reference(self, column: Column, text: str) -> object:
        """The record or user that a cell names.

        UNVERIFIED: the code where there is none.
        """
        if column.known.targets == USERS:
            users = self.store.org.users
            by_id = column.find_by == "id"
            found = [user.id for user in users if text == (str(user.id) if by_id else user.email)]
        else:
            name = str(column.find_by)
            tried = (self.find_record(module, name, text) for module in column.targets)
            found = [record_id for record_id in tried if record_id is not None]
        if not found:
            raise invalid(column.known)
        return {"id": str(found[0])}


def _read_plain(known: Field, text: str) -> object:
    """A value that is no date and no reference; numbers may have commas between thousands."""
    kind, bare = value_type(known), text.strip()
    if kind == "multiselectpicklist":
        return [part.strip() for part in text.split(";") if part.strip()]
    if kind == "boolean":
        if bare.lower() not in _TRUTH:
            raise invalid(known)
        return _TRUTH[bare.lower()]
    if kind in (*_WHOLES, *_DECIMALS):
        digits = bare.replace(",", "") if _NUMBER.fullmatch(bare) else bare
        if kind in _DECIMALS:
            try:
                return float(digits)
            except ValueError:
                raise invalid(known) from None
        if not _WHOLE.fullmatch(digits):
            raise invalid(known)
        return int(digits) if kind == "integer" else digits.removeprefix("+")
    return text
