"""A record on its way to be written, as the rules of single modules see it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.store.model import Module
from zoho_emulator.store.values import Stored
from zoho_emulator.writing.answers import locate


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record whose fields have been looked at one by one."""

    call: Call
    module: Module
    record: Mapping[str, object]
    #: The values that were found good.
    values: Mapping[str, object]
    path: str
    #: The record to be updated; None inserts one.
    old: int | None

    def problem(
        self, code: str, name: str, message: str = "invalid data", **details: object
    ) -> ZohoError:
        error = ZohoError(code, message, {**details, "api_name": name})
        return locate(self.call, error, f"{self.path}.{name}")

    def dependent(self, code: str, name: str, on: str, message: str) -> ZohoError:
        dependee = {"api_name": on, "json_path": f"{self.path}.{on}"}
        return self.problem(code, name, message, dependee=dependee)

    def check_fixed(self, name: str) -> Iterator[ZohoError]:
        """A field that is set once, as the page of appointments says of the service.

        UNVERIFIED: code and message; the page says that it cannot be updated. And that the value
        that is there is refused like any other.
        """
        if self.old is not None and name in self.record:
            yield self.problem("NOT_ALLOWED", name, "the field cannot be updated")

    def count(self, name: str, value: Stored) -> int:
        """Live records of the module with the stored value."""
        known = self.module.fields.get(name)
        if known is None:
            return 0
        (number,) = self.call.store.connection.execute(
            f"select count(*) from {self.module.table} where {known.column} = ? and state = 0",
            (value,),
        ).fetchone()
        return int(number)

    def read_before(self, name: str) -> Stored:
        """The stored value of the record to be updated; None for a new one."""
        known = self.module.fields.get(name)
        if known is None or self.old is None:
            return None
        return read_stored(self.call, self.module, self.old, name)

    def read_after(self, name: str) -> Stored:
        """The stored value that the record will have."""
        if name not in self.values:
            return self.read_before(name)
        return self.call.store.encode(self.module.fields[name], self.values[name])

    def is_changed(self, name: str) -> bool:
        return self.read_after(name) != self.read_before(name)


def read_stored(call: Call, module: Module, record_id: int, name: str) -> Stored:
    column = module.fields[name].column
    sql = f"select {column} from {module.table} where id = ?"
    row = call.store.connection.execute(sql, (record_id,)).fetchone()
    value: Stored = row[0] if row else None
    return value
