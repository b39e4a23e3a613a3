"""The tables of an org, and changes of its modules and fields while it runs."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from zoho_emulator.catalogue.build import new_field, new_module
from zoho_emulator.catalogue.notation import ENDING, STAMPS, Draft, Table, build_field, field, owner
from zoho_emulator.store.attributes import check_types
from zoho_emulator.store.data_types import affinity, is_stored
from zoho_emulator.store.ids import Ids
from zoho_emulator.store.model import Field, Module, Org
from zoho_emulator.store.values import fold

#: Not to be changed: they tie metadata to tables.
_FIXED = {"id", "table", "fields", "columns", "layout_id", "api_name"}
_CHANGEABLE = {item.name for item in fields(Module)} - _FIXED


class Schema:
    """One sqlite file with a table per module. Its journal is in memory: it is a scratch file.

    What a change cannot be is a ValueError; a change that raises has changed nothing.
    """

    def __init__(self, org: Org, path: Path, ids: Ids, *, filled: bool = False) -> None:
        """`filled`: the file has the org's tables and rows already."""
        self.org = org
        self.path = path
        self.ids = ids
        #: Bumped by every change of rows or schema.
        self.version = 0
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.create_function("folded", 1, fold, deterministic=True)
        # Rows are wide: bigger pages hold more of them and load a tenth faster.
        for pragma in (
            "page_size = 8192",
            "journal_mode = memory",
            "synchronous = off",
            "locking_mode = exclusive",
        ):
            self.connection.execute(f"pragma {pragma}")
        if not filled:
            self._create_tables()

    def _create_tables(self) -> None:
        self._create_users()
        for module in self.org.modules.values():
            if module.table and not module.view_of:
                self._create_table(module)
        for module in self.org.modules.values():
            if module.view_of:
                self._create_view(module)

    def close(self) -> None:
        self.connection.close()

    def find_parent_field(self, module: Module) -> Field | None:
        """The lookup to the record that a child's row belongs to."""
        return next((f for f in module.fields.values() if f.targets == (module.parent,)), None)

    def list_children(self, module: Module) -> list[tuple[Module, Field]]:
        """Modules whose rows go with the records of this one, and their lookup to it."""
        return [
            (child, link)
            for child in self.org.modules.values()
            if child.belongs_to_records and child.parent == module.api_name
            if (link := self.find_parent_field(child))
        ]

    def find_module(self, record_id: int) -> Module | None:
        """The module a record belongs to, read from its id."""
        table = f"m{self.ids.find_block(record_id)}"
        return next((m for m in self.org.modules.values() if m.table == table), None)

    def _create_users(self) -> None:
        """The table `users`, for what joins to users."""
        self.connection.execute(
            "create table users (id integer primary key, first_name text, last_name text,"
            " full_name text, email text, role text, profile text, status text)"
        )
        self.connection.executemany(
            "insert into users values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (u.id, u.first_name, u.last_name, u.full_name, u.email, u.role, u.profile, u.status)
                for u in self.org.users
            ],
        )

    def _create_table(self, module: Module) -> None:
        columns = [
            "id integer primary key",
            "state integer not null default 0",
            "converted integer not null default 0",
            "deleted_time integer",
            "deleted_by integer",
            "tie integer not null default 0",
        ]
        columns += [_define_column(field) for field in module.fields.values() if is_stored(field)]
        self.connection.execute(f"create table {module.table} ({', '.join(columns)})")

    def _create_view(self, module: Module) -> None:
        """Rows of several modules as one; what a module has not is null in its rows."""
        parts = []
        for name in module.view_of:
            source = self.org.modules[name]
            columns = []
            for item in module.fields.values():
                same = source.fields.get(item.api_name)
                if item.api_name == "Activity_Type":
                    columns.append(f"'{name}' as {item.column}")
                elif is_stored(item):
                    columns.append(f"{same.column if same else 'null'} as {item.column}")
            parts.append(
                "select id, state, converted, deleted_time, deleted_by, tie,"
                f" {', '.join(columns)} from {source.table}"
            )
        self.connection.execute(f"create view {module.table} as {' union all '.join(parts)}")

    def create_indexes(self, module: Module) -> None:
        """Once the rows are in: loading into an indexed table takes longer."""
        table = module.table
        if module.parent and (link := self.find_parent_field(module)):
            self.connection.execute(f"create index {table}_parent on {table} ({link.column}, id)")
        for name in ("Modified_Time", "Created_Time"):
            if stamp := module.fields.get(name):
                self.connection.execute(
                    f"create index {table}_{name} on {table} ({stamp.column}, id)"
                )
        self.connection.execute(
            f"create index {table}_deleted on {table} (deleted_time, id)"
            " where deleted_time is not null"
        )
        self.connection.execute(
            f"create index {table}_converted on {table} (converted, state) where converted = 1"
        )

    # --- Changes

    def add_module(self, given: Mapping[str, object]) -> Module:
        """A custom module, empty: Owner, Name, the `fields` given and the system fields.

        A `bare` one has the `fields` only, none if none are given.
        """
        name = given.get("api_name")
        if not isinstance(name, str) or not name:
            raise ValueError("api_name is missing")
        if name in self.org.modules:
            raise ValueError(f"there is a module {name} already")
        bare = bool(given.get("bare"))
        changes = {
            key: value for key, value in given.items() if key not in ("api_name", "fields", "bare")
        }
        _check(changes.keys(), _CHANGEABLE, "module")
        own = given.get("fields") or []
        if not isinstance(own, Sequence) or not all(isinstance(item, Mapping) for item in own):
            raise ValueError("fields: a list of objects is needed")
        label = str(given.get("singular_label", name))
        drafts: tuple[Draft, ...] = (
            owner(label),
            field("Name", label=f"{label} Name", length=120, mandatory=True),
            *(_read_draft(item) for item in own),
            *STAMPS,
            *ENDING,
        )
        if bare:
            drafts = tuple(_read_draft(item) for item in own)
        if len({draft.api_name for draft in drafts}) < len(drafts):
            raise ValueError(f"{name}: a field is there twice")
        module = new_module(Table(name, label, drafts, generated_type="custom"), self.ids)
        _assign(module, changes)
        if module.display_field not in module.fields:
            module.display_field = ""
        self.org.modules[name] = module
        self._create_table(module)
        self.create_indexes(module)
        self.version += 1
        return module

    def change_module(self, module: Module, changes: Mapping[str, object]) -> None:
        """Sets attributes of `model.Module`, a new api_name too."""
        name = changes.get("api_name", module.api_name)
        if not isinstance(name, str) or not name:
            raise ValueError(f"api_name: {name!r} is not text")
        rest = {key: value for key, value in changes.items() if key != "api_name"}
        _check(rest.keys(), _CHANGEABLE, "module")
        if name != module.api_name and name in self.org.modules:
            raise ValueError(f"there is a module {name} already")
        if rest.get("display_field", "") not in ("", *module.fields):
            raise ValueError(f"{module.api_name} has no field {rest['display_field']}")
        _assign(module, rest)
        module.api_name = name
        self.org.modules = {item.api_name: item for item in self.org.modules.values()}
        self.version += 1

    def remove_module(self, module: Module) -> None:
        """Gone with its rows. Lookups to it keep their ids: they point at nothing then."""
        if any(module.api_name in other.view_of for other in self.org.modules.values()):
            raise ValueError(f"{module.api_name} is part of another module")
        del self.org.modules[module.api_name]
        if module.table:
            kind = "view" if module.view_of else "table"
            self.connection.execute(f"drop {kind} {module.table}")
        self.version += 1

    def add_field(self, module: Module, given: Mapping[str, object]) -> Field:
        """A custom field unless `custom` is false; rows hold null in it."""
        if module.view_of or not module.table:
            raise ValueError(f"{module.api_name} has no fields of its own")
        draft = _read_draft(given)
        if draft.api_name in module.fields:
            raise ValueError(f"{module.api_name} has a field {draft.api_name} already")
        added = new_field(module, draft, self.ids)
        if is_stored(added):
            self.connection.execute(
                f"alter table {module.table} add column {_define_column(added)}"
            )
        self.version += 1
        return added

    def change_field(self, module: Module, changed: Field, changes: Mapping[str, object]) -> Field:
        """Sets attributes of `model.Field`; a new data_type must store its values the same way."""
        if module.view_of:
            raise ValueError(f"{module.api_name} has no fields of its own")
        name = str(changes.get("api_name", changed.api_name))
        if name != changed.api_name and (name in module.fields or changed.column == "id"):
            raise ValueError(f"{module.api_name}.{changed.api_name} cannot be named {name}")
        rest = {k: v for k, v in changes.items() if k not in ("api_name", "data_type")}
        data_type = str(changes.get("data_type", changed.data_type))
        if data_type == changed.data_type:
            attributes: dict[str, Any] = dict(field(name, data_type, **rest).attributes)
            new = replace(changed, api_name=name, **attributes)
        else:
            kept = {"label": changed.label, "custom": changed.custom}
            new = build_field(
                field(name, data_type, **{**kept, **rest}), changed.id, changed.column
            )
        if is_stored(changed) != is_stored(new) or affinity(changed) != affinity(new):
            raise ValueError(
                f"{module.api_name}.{changed.api_name} cannot become {data_type}:"
                " remove the field and add it again"
            )
        if module.display_field == changed.api_name:
            module.display_field = name
        module.fields = {
            item.api_name: item
            for item in (new if item is changed else item for item in module.fields.values())
        }
        if new.returned != "value" and is_stored(new):
            self.connection.execute(f"update {module.table} set {new.column} = null")
        self.version += 1
        return new

    def remove_field(self, module: Module, removed: Field) -> None:
        """Gone from the metadata; its column stays unused."""
        if removed.api_name in ("id", module.display_field):
            raise ValueError(f"{module.api_name} needs its field {removed.api_name}")
        del module.fields[removed.api_name]
        self.version += 1


def _define_column(stored: Field) -> str:
    return f"{stored.column} {affinity(stored)}"


def _read_draft(given: Mapping[str, object]) -> Draft:
    rest = {key: value for key, value in given.items() if key not in ("api_name", "data_type")}
    name = given.get("api_name")
    if not isinstance(name, str) or not name:
        raise ValueError("api_name is missing")
    return field(name, str(given.get("data_type", "text")), **{"custom": True, **rest})


def _check(names: Collection[str], known: Collection[str], what: str) -> None:
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"a {what} has no {', '.join(unknown)} that can be changed")


def _assign(module: Module, changes: Mapping[str, object]) -> None:
    check_types(Module, changes, module.api_name)
    for name, value in changes.items():
        setattr(module, name, value)
