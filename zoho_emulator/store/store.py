"""The org's rows, in the tables that `model.py` describes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from zoho_emulator.errors import ZohoError, not_emulated
from zoho_emulator.store.data_types import affinity
from zoho_emulator.store.ids import Ids
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.store.schema import Schema
from zoho_emulator.store.ties import build_ties
from zoho_emulator.store.values import Stored, encode, invalid

LIVE, RECYCLED, PERMANENT = 0, 1, 2
_KINDS = {"recycle": RECYCLED, "permanent": PERMANENT}

#: What a new record holds unless the call gives another value.
_DEFAULTS: Mapping[str, Stored] = {
    "Record_Status__s": "Available",
    "Locked__s": 0,
    "Converted__s": 0,
}


class Store(Schema):
    """Rows of an org. Use from one thread only."""

    def __init__(
        self, org: Org, path: Path, ids: Ids, *, seed: int = 1, filled: bool = False
    ) -> None:
        super().__init__(org, path, ids, filled=filled)
        self.tie = build_ties(seed)
        self._last_ids: dict[str, int] = {}
        self._rows: dict[str, int] = {}

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """What is written within stays unless an error leaves it: rows, and tags that are new."""
        tags = {field_id: len(names) for field_id, names in self.org.new_tags.items()}
        self.connection.execute("savepoint whole")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback to whole")
            self._last_ids.clear()
            self._rows.clear()
            for field_id, names in self.org.new_tags.items():
                del names[tags.get(field_id, 0) :]
            raise
        finally:
            self.connection.execute("release whole")

    # --- Values

    def encode(self, field: Field, value: object) -> Stored:
        """The stored form of an API value; INVALID_DATA for what the field cannot hold."""
        if field.virtual and field.linking:
            raise not_emulated(f"writing of the {field.data_type} {field.api_name}")
        stored = encode(field, value)
        if isinstance(stored, int) and field.targets and not self._exists(field, stored):
            raise ZohoError(
                "INVALID_DATA", "the id given seems to be invalid", {"api_name": field.api_name}
            )
        return stored

    def _exists(self, field: Field, target_id: int) -> bool:
        if field.targets == ("users",):
            return self.org.user(target_id) is not None
        if field.targets == ("profiles",):
            return target_id in self.org.profiles.values()
        if field.targets == ("layouts",):
            return any(module.layout_id == target_id for module in self.org.modules.values())
        target = self.find_module(target_id)
        if target is None or target.api_name not in field.targets:
            return False
        row = self.connection.execute(
            f"select state from {target.table} where id = ?", (target_id,)
        ).fetchone()
        return row is not None and row[0] == LIVE

    def _encode_columns(
        self, module: Module, values: Mapping[str, object], *, checked: bool
    ) -> dict[str, Stored]:
        row: dict[str, Stored] = {}
        for name, value in values.items():
            if name == "$converted":
                row["converted"] = int(bool(value))
                if flag := module.fields.get("Converted__s"):
                    row[flag.column] = row["converted"]
                continue
            field = module.fields.get(name)
            if field is None or field.column == "id":
                raise ZohoError("INVALID_DATA", "invalid data", {"api_name": name})
            stored = self.encode(field, value)
            if stored is None and field.mandatory and not checked:
                raise ZohoError(
                    "MANDATORY_NOT_FOUND", "required field not found", {"api_name": name}
                )
            if stored is None and name in ("Owner", "Created_Time", "Modified_Time"):
                raise invalid(field)
            if field.returned == "value":
                row[field.column] = stored
        return row

    def _compose_full_name(self, module: Module, record_id: int) -> None:
        """Zoho composes Full_Name of first and last name."""
        names = [module.fields.get(name) for name in ("Full_Name", "First_Name", "Last_Name")]
        columns = [field.column for field in names if field is not None]
        if len(columns) == 3:
            full, first, last = columns
            self.connection.execute(
                f"update {module.table} set {full} ="
                f" trim(coalesce({first}, '') || ' ' || coalesce({last}, '')) where id = ?",
                (record_id,),
            )

    # --- Rows

    def insert(
        self,
        module: Module,
        values: Mapping[str, object],
        *,
        now: int,
        by: int,
        checked: bool = False,
    ) -> int:
        """A new row of API values; what values name is obeyed, even Modified_Time and Owner.

        `checked`: the caller has seen to mandatory fields.
        """
        row = self._new_row(module, values, checked=checked)
        record_id = self._next_id(module)
        stamps: dict[str, Stored] = {
            **_DEFAULTS,
            "Owner": by,
            "Created_By": by,
            "Modified_By": by,
            "Created_Time": now,
            "Modified_Time": now,
            "Layout": module.layout_id,
        }
        for field in module.fields.values():
            if field.returned != "value":
                continue
            if field.api_name in stamps:
                row.setdefault(field.column, stamps[field.api_name])
            elif field.data_type == "autonumber":
                row.setdefault(field.column, self._next_number(module, field))
            elif field.data_type == "boolean":
                row.setdefault(field.column, 0)
        row |= {"id": record_id, "tie": self.tie(record_id)}
        self._write(
            f"insert into {module.table} ({', '.join(row)}) values ({', '.join('?' * len(row))})",
            tuple(row.values()),
        )
        if module.table in self._rows:
            self._rows[module.table] += 1
        self._compose_full_name(module, record_id)
        return record_id

    def insert_all(
        self, module: Module, rows: Sequence[Mapping[str, object]], *, now: int, by: int
    ) -> list[int]:
        """New rows, or none of them where one cannot be."""
        with self.all_or_nothing():
            return [self.insert(module, values, now=now, by=by) for values in rows]

    def update_all(
        self, module: Module, rows: Mapping[int, Mapping[str, object]], *, now: int, by: int
    ) -> list[int]:
        """Changes rows by id, or none of them where one cannot be; the ids that are live."""
        with self.all_or_nothing():
            return [key for key in rows if self.update(module, key, rows[key], now=now, by=by)]

    def _new_row(
        self, module: Module, values: Mapping[str, object], *, checked: bool
    ) -> dict[str, Stored]:
        _refuse_rowless(module)
        row = self._encode_columns(module, values, checked=checked)
        for field in module.fields.values():
            needed = field.mandatory and not field.layout_only
            if needed and field.column not in row and not checked:
                raise ZohoError(
                    "MANDATORY_NOT_FOUND", "required field not found", {"api_name": field.api_name}
                )
        return row

    def update(
        self,
        module: Module,
        record_id: int,
        values: Mapping[str, object],
        *,
        now: int,
        by: int,
        checked: bool = False,
    ) -> bool:
        """Sets values and the modification stamps; False when no such row is live."""
        _refuse_rowless(module)
        row = self._encode_columns(module, values, checked=checked)
        stamps: dict[str, Stored] = {"Modified_Time": now, "Modified_By": by}
        for name, value in stamps.items():
            if (field := module.fields.get(name)) and field.returned == "value":
                row.setdefault(field.column, value)
        assignments = ", ".join(f"{column} = ?" for column in row)
        changed = self._write(
            f"update {module.table} set {assignments} where id = ? and state = 0",
            (*row.values(), record_id),
        )
        self._compose_full_name(module, record_id)
        return changed

    def delete(
        self, module: Module, ids: Sequence[int], *, kind: str, now: int, by: int
    ) -> list[int]:
        """Deletes rows; `permanent` also takes what lies in the recycle bin. The ids it hit.

        Rows of subforms and links go with their record.
        """
        _refuse_rowless(module)
        state = _KINDS[kind]
        done = []
        children = self.list_children(module)
        for record_id in ids:
            if self._remove(module, "id", record_id, state, now=now, by=by):
                done.append(record_id)
                for child, link in children:
                    self._remove(child, link.column, record_id, state, now=now, by=by)
        return done

    def _remove(
        self, module: Module, column: str, record_id: int, state: int, *, now: int, by: int
    ) -> bool:
        return self._write(
            f"update {module.table} set state = ?, deleted_time = ?, deleted_by = ?"
            f" where {column} = ? and state < ?",
            (state, now, by, record_id, state),
        )

    def restore(self, module: Module, ids: Sequence[int], *, now: int) -> list[int]:
        """Takes rows out of the recycle bin. UNVERIFIED: restoring sets Modified_Time."""
        _refuse_rowless(module)
        done = [record_id for record_id in ids if self._restore(module, "id", record_id, now=now)]
        children = self.list_children(module)
        for record_id in done:
            for child, link in children:
                self._restore(child, link.column, record_id, now=now)
        return done

    def _restore(self, module: Module, column: str, record_id: int, *, now: int) -> bool:
        modified = module.fields.get("Modified_Time")
        if modified is not None and modified.returned != "value":
            modified = None
        touch = f", {modified.column} = {int(now)}" if modified else ""
        return self._write(
            f"update {module.table} set state = 0, deleted_time = null, deleted_by = null"
            f"{touch} where {column} = ? and state = 1",
            (record_id,),
        )

    def count_rows(self) -> dict[str, dict[str, int]]:
        """Rows of every module by state; `live` is without converted leads."""
        return {
            module.api_name: self._count_module(module)
            for module in self.org.modules.values()
            if module.table and not module.view_of
        }

    def _count_module(self, module: Module) -> dict[str, int]:
        def number(condition: str) -> int:
            sql = f"select count(*) from {module.table} {condition}"
            return int(self.connection.execute(sql).fetchone()[0])

        converted = number("where converted = 1 and state = 0")
        recycled = number("where deleted_time is not null and state = 1")
        permanent = number("where deleted_time is not null and state = 2")
        return {
            "live": number("") - converted - recycled - permanent,
            "converted": converted,
            "recycled": recycled,
            "permanent": permanent,
        }

    def _write(self, sql: str, parameters: Iterable[Stored]) -> bool:
        changed = self.connection.execute(sql, tuple(parameters)).rowcount > 0
        self.version += changed
        return changed

    def _next_id(self, module: Module) -> int:
        table = module.table
        if table not in self._last_ids:
            last = self.connection.execute(f"select max(id) from {table}").fetchone()[0]
            self._last_ids[table] = last or self.ids.find_first(int(table[1:]))
        self._last_ids[table] += 13
        return self._last_ids[table]

    def _next_number(self, module: Module, field: Field) -> Stored:
        """Rows never leave their table, so the next number is how many there are, plus one."""
        table = module.table
        if table not in self._rows:
            found = self.connection.execute(f"select count(*) from {table}").fetchone()
            self._rows[table] = found[0]
        count = self._rows[table]
        return f"{field.prefix}{count + 1}" if affinity(field) == "TEXT" else count + 1


def _refuse_rowless(module: Module) -> None:
    if not module.table:
        raise ValueError(f"{module.api_name} holds no rows")
    if module.view_of:
        raise ValueError(f"{module.api_name} shows rows of {', '.join(module.view_of)}")
