"""Writes the records of one call."""

from collections.abc import Mapping, Sequence

from zoho_emulator.call import Call
from zoho_emulator.errors import ZohoError
from zoho_emulator.localtime import build_local_time, parse_epoch
from zoho_emulator.store.model import Field, Module
from zoho_emulator.writing import rows, totals
from zoho_emulator.writing.answers import Item, ProblemsError, build_success, locate
from zoho_emulator.writing.automations import Automations
from zoho_emulator.writing.changes import Checked
from zoho_emulator.writing.checking import Checker
from zoho_emulator.writing.external import read_external
from zoho_emulator.writing.holds import find_hold
from zoho_emulator.writing.matching import find, parse_id

#: Modules whose records show no state of approval in samples.
NEVER_APPROVED = ("Notes", "Services__s", "Appointments__s")


class Writer:
    """Writes the records of one call, one after the other: each sees those before it."""

    def __init__(self, call: Call, module: Module) -> None:
        self.call = call
        self.module = module
        self.store = call.store
        self.external = read_external(call, module)
        self.checker = Checker(call, module, self.external)
        self.automations = Automations(frozenset())
        self.matching: list[Field] = []
        self.now = call.emulator.clock.now()
        self.by = call.emulator.user.id
        self.unmodified_since = self._read_unmodified_since()
        self._inserted: list[int] = []

    def prepare(self, records: Sequence[object], wanted: Automations) -> None:
        self.automations = wanted
        for record in records:
            if isinstance(record, dict):
                self.checker.refuse_what_is_not_emulated(record)

    # --- One record

    def insert(self, index: int, record: object, **answer: object) -> Item:
        path = f"$.data[{index}]"
        record_id = self.add(self._check_object(record, path), path)
        return build_success("record added", self._read_stamps(record_id), **answer)

    def add(self, fields: Mapping[str, object], path: str) -> int:
        """The id of the new record; raises what is wrong with its fields."""
        checked = self.checker.check(fields, path, old=None)
        if checked.problems:
            raise ProblemsError(checked.problems)
        record_id = self.store.insert(
            self.module, checked.values, now=self.now, by=self.by, checked=True
        )
        self._inserted.append(record_id)
        self._finish(checked, record_id, "insert")
        return record_id

    def update(
        self, index: int, record: object, *, named: str | None = None, **answer: object
    ) -> Item:
        path = f"$.data[{index}]"
        fields = self._check_object(record, path)
        key = self.external.key
        record_id = self._find_addressed(fields, named, path)
        values = fields
        if key is not None:
            if named is not None and fields.get(key.api_name, named) != named:
                error = ZohoError(
                    "NOT_ALLOWED",
                    "You cannot update the external field using its own primary key",
                    {"api_name": key.api_name},
                )
                raise locate(self.call, error, f"{path}.{key.api_name}")
            values = {name: value for name, value in fields.items() if name != key.api_name}
        return self._change(record_id, values, path, answer)

    def refuse_path(self, named: str) -> None:
        """What v8 says of the record in the path without a list around it."""
        if not self.call.version.v7_writes or self.external.key is not None:
            return
        record_id = self.find_record(named)
        if record_id is None and not self._is_converted(named):
            # UNVERIFIED: that an id that never was is answered like that of a deleted record.
            raise ZohoError(
                "INVALID_DATA", "the id given seems to be invalid", {"resource_path_index": 1}
            )
        hold = find_hold(self.call, self.module, record_id) if record_id is not None else None
        if hold and hold.by_path:
            raise hold.build_update_error(self.call, "$.data[0]")

    def upsert(self, index: int, record: object) -> Item:
        path = f"$.data[{index}]"
        fields = self._check_object(record, path)
        by_id = self.call.knobs.upsert_by_id and self.external.key is None
        if by_id and fields.get("id") is not None:
            # UNVERIFIED: an id given goes before all fields; the pages only show it.
            item = self._change(self._find_addressed(fields, None, path), fields, path, {})
            return {**item, "duplicate_field": None, "action": "update"}
        for known in self.matching:
            found = self._find_match(known.api_name, fields.get(known.api_name))
            if found is not None:
                answer = {"duplicate_field": known.api_name, "action": "update"}
                return self._change(found, fields, path, answer)
        return self.insert(index, record, duplicate_field=None, action="insert")

    def delete(self, index: int, named: object) -> Item:
        key = self.external.key
        record_id = self.find_record(str(named))
        # "Delete Records": it is not deleted, for any wrong id.
        if record_id is None:
            if key is not None:
                raise ZohoError(
                    "INVALID_DATA",
                    "The value of the external field is invalid.",
                    {key.api_name: str(named)},
                )
            raise ZohoError("INVALID_DATA", "record not deleted", {"id": str(named)})
        if hold := find_hold(self.call, self.module, record_id):
            raise hold.build_deletion_error(record_id)
        details = {"id": str(record_id)}
        if key is not None:
            details = {key.api_name: str(named), **details}
        self.store.delete(self.module, [record_id], kind="recycle", now=self.now, by=self.by)
        self.automations.fire(self.call, self.module, record_id, "delete")
        return build_success("record deleted", details)

    def _change(
        self, record_id: int, fields: Mapping[str, object], path: str, answer: Mapping[str, object]
    ) -> Item:
        self.change(record_id, fields, path)
        return build_success("record updated", self._read_stamps(record_id), **answer)

    def change(self, record_id: int, fields: Mapping[str, object], path: str) -> None:
        """Writes the fields; raises what holds the record, or is wrong with them."""
        if hold := find_hold(self.call, self.module, record_id):
            raise hold.build_update_error(self.call, path)
        if (
            self.unmodified_since is not None
            and self._read_modified(record_id) > self.unmodified_since
        ):
            raise ZohoError(
                "ALREADY_MODIFIED",
                "record updated time has already passed if-unmodified-since time",
                self._read_unmarked_stamps(record_id),
                status=412,
            )
        checked = self.checker.check(fields, path, old=record_id)
        if checked.problems:
            raise ProblemsError(checked.problems)
        self.store.update(
            self.module, record_id, checked.values, now=self.now, by=self.by, checked=True
        )
        self._finish(checked, record_id, "update")

    def _finish(self, checked: Checked, record_id: int, action: str) -> None:
        for changes in checked.rows.values():
            rows.write(self.call, changes, record_id, now=self.now, by=self.by)
        if totals.has_totals(self.module):
            changed = [change for changes in checked.rows.values() for change in changes]
            totals.recompute(self.call, self.module, record_id, changed, now=self.now, by=self.by)
        checked.add_options(self.store, self.module)
        self.automations.fire(self.call, self.module, record_id, action)

    # --- Which record

    def _check_object(self, record: object, path: str) -> Mapping[str, object]:
        if not isinstance(record, dict):
            error = ZohoError(
                "INVALID_DATA",
                "invalid data",
                {"expected_data_type": "jsonobject", "api_name": "data"},
            )
            raise locate(self.call, error, path)
        return record

    def _find_addressed(self, fields: Mapping[str, object], named: str | None, path: str) -> int:
        """The record that the path or the record itself names."""
        key = self.external.key
        name = key.api_name if key else "id"
        given = fields.get(name) if named is None else named
        if given is None:
            error = ZohoError("MANDATORY_NOT_FOUND", "required field not found", {"api_name": name})
            raise locate(self.call, error, f"{path}.{name}")
        found = self.find_record(str(given))
        if found is not None:
            return found
        message = (
            "The value of the external field is invalid."
            if key
            else "the id given seems to be invalid"
        )
        code = "INVALID_DATA"
        if not key and self._is_converted(str(given)):
            code = self.call.knobs.converted_code
        raise locate(self.call, ZohoError(code, message, {"api_name": name}), f"{path}.{name}")

    def find_record(self, given: str) -> int | None:
        """A live record, converted leads excepted, by its id or external value."""
        if self.external.key is not None:
            found = find(self.call, self.module, self.external.key, given)
            return found[0] if found else None
        row = self.store.connection.execute(
            f"select id from {self.module.table} where id = ? and state = 0 and converted = 0",
            (parse_id(given),),
        ).fetchone()
        return None if row is None else int(row[0])

    def _is_converted(self, given: str) -> bool:
        row = self.store.connection.execute(
            f"select 1 from {self.module.table} where id = ? and state = 0 and converted = 1",
            (parse_id(given),),
        ).fetchone()
        return row is not None

    def _find_match(self, name: str, value: object) -> int | None:
        """The record with the value; what the field cannot hold matches none."""
        known = self.module.fields[name]
        try:
            plain = self.checker.given.convert(known, value, inserting=True)
            stored = None if plain is None else self.store.encode(known, plain)
        except ZohoError:
            return None
        if stored is None:
            return None
        but = () if self.call.knobs.batch_sees_itself else self._inserted
        found = find(self.call, self.module, known, stored, but=but)
        return found[0] if found else None

    # --- Its stamps

    def _read_unmodified_since(self) -> float | None:
        text = self.call.headers.get("if-unmodified-since")
        if text is None or not self.call.version.v7_writes:
            return None
        try:
            return parse_epoch(text)
        except ValueError:
            # UNVERIFIED: what Zoho answers.
            raise ZohoError(
                "INVALID_DATA", "invalid data", {"header_name": "If-Unmodified-Since"}
            ) from None

    def _read_modified(self, record_id: int) -> int:
        value = self._read_row(record_id).get("Modified_Time")
        return value if isinstance(value, int) else 0

    def _read_row(self, record_id: int) -> dict[str, object]:
        names = ["Modified_Time", "Modified_By", "Created_Time", "Created_By"]
        if self.external.key is not None:
            names.append(self.external.key.api_name)
        names = [name for name in names if name in self.module.fields]
        columns = [self.module.fields[name].column for name in names]
        row = self.store.connection.execute(
            f"select {', '.join([*columns, 'id'])} from {self.module.table} where id = ?",
            (record_id,),
        ).fetchone()
        return dict(zip([*names, "id"], row, strict=True))

    def _read_stamps(self, record_id: int) -> dict[str, object]:
        """`details` of a record that was written."""
        when, users = build_local_time(self.store.org.time_zone), self.store.org
        details: dict[str, object] = {}
        for name, value in self._read_row(record_id).items():
            if isinstance(value, int) and name.endswith("_Time"):
                details[name] = when(value)
            elif isinstance(value, int) and name.endswith("_By"):
                user = users.user(value)
                details[name] = user and {"name": user.full_name, "id": str(user.id)}
            else:
                details[name] = str(value) if name == "id" else value
        # UNVERIFIED: since when; a recording of v6 has it, those of v2 have not.
        if self.call.version.page_tokens and self.module.api_name not in NEVER_APPROVED:
            details["$approval_state"] = "approved"
        return details

    def _read_unmarked_stamps(self, record_id: int) -> dict[str, object]:
        stamps = self._read_stamps(record_id)
        return {name: value for name, value in stamps.items() if not name.startswith("$")}
