"""Rows as lists, queries and exports show them where each change is seen some time late.

A copy of the org's file lags behind it. Triggers write down every change with its time, and the
copy takes those that are due when somebody looks. A change of the schema shows its table as it is.
"""

import sqlite3
from copy import copy

from zoho_emulator.clock import Clock
from zoho_emulator.store.store import Store
from zoho_emulator.store.values import fold


class LateRows:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._truth = store.connection
        self._store = store
        self._clock = clock
        #: The org with the rows that are shown; its metadata are never late.
        self._shown = copy(store)
        self._shown.path = store.path.with_name(f"{store.path.stem}-late{store.path.suffix}")
        self._unlink()
        self._copy = sqlite3.connect(
            self._shown.path, isolation_level=None, check_same_thread=False
        )
        self._copy.create_function("folded", 1, fold, deterministic=True)
        self._copy.execute("pragma synchronous = off")
        self._shown.connection = self._copy
        self._truth.create_function("time_of_change", 0, clock.precise)
        self._truth.backup(self._copy)
        self._taken = 0
        self._schema = self._read_tables()
        for name in self._schema:
            self._watch(name)

    def copy_as_of(self, seconds: float) -> Store:
        """The rows with all changes that are older."""
        self._follow_schema()
        due = self._clock.precise() - seconds
        for name in self._schema:
            columns = ", ".join(self._list_columns(name))
            found = self._truth.execute(
                f"select {columns} from late_{name} where changed_at <= ? order by number", (due,)
            ).fetchall()
            if found:
                marks = ", ".join("?" * len(found[0]))
                self._copy.executemany(
                    f"insert or replace into {name} ({columns}) values ({marks})", found
                )
                self._truth.execute(f"delete from late_{name} where changed_at <= ?", (due,))
                self._taken += len(found)
        # Metadata count as well: what is kept by this number must not outlive them.
        self._shown.version = self._store.version + self._taken
        return self._shown

    def close(self) -> None:
        for name in self._schema:
            self._unwatch(name)
        self._copy.close()
        self._unlink()

    def _unlink(self) -> None:
        for ending in ("", "-wal", "-shm"):
            path = self._shown.path
            path.with_name(path.name + ending).unlink(missing_ok=True)

    def _read_tables(self) -> dict[str, str]:
        """The modules' tables with the statements that make them."""
        return dict(
            self._truth.execute(
                "select name, sql from main.sqlite_master where type = 'table' and name glob 'm*'"
            )
        )

    def _list_columns(self, name: str) -> list[str]:
        return [row[1] for row in self._truth.execute(f"pragma main.table_info({name})")]

    def _watch(self, name: str) -> None:
        columns = self._list_columns(name)
        named = ", ".join(columns)
        self._truth.execute(
            f"create temp table late_{name} (number integer primary key, changed_at, {named})"
        )
        for what in ("insert", "update"):
            self._truth.execute(
                f"create temp trigger late_{name}_{what} after {what} on main.{name} begin"
                f" insert into late_{name} (changed_at, {named}) values"
                f" (time_of_change(), {', '.join(f'new.{column}' for column in columns)}); end"
            )

    def _unwatch(self, name: str) -> None:
        for what in ("insert", "update"):
            self._truth.execute(f"drop trigger if exists temp.late_{name}_{what}")
        self._truth.execute(f"drop table if exists temp.late_{name}")

    def _follow_schema(self) -> None:
        now = self._read_tables()
        if now == self._schema:
            return
        for name in self._schema.keys() | now.keys():
            if self._schema.get(name) == now.get(name):
                continue
            self._unwatch(name)
            self._copy.execute(f"drop table if exists {name}")
            if name in now:
                self._watch(name)
                self._copy.execute(now[name])
                rows = self._truth.execute(f"select * from main.{name}").fetchall()
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    self._copy.executemany(f"insert into {name} values ({marks})", rows)
        self._schema = now
