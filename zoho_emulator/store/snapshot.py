"""The org's rows as they are at one time, for a thread that reads them while others write."""

import sqlite3

from zoho_emulator.store.store import Store


def take_snapshot(store: Store) -> sqlite3.Connection:
    """A connection that goes on seeing the rows as they are now; close it before the store.

    The store keeps its file to itself until the first snapshot, because that is faster. From then
    on it writes ahead to a log, which lets readers keep what they began with.
    """
    store.connection.execute("pragma locking_mode = normal")
    (mode,) = store.connection.execute("pragma journal_mode = wal").fetchone()
    if mode != "wal":
        raise RuntimeError(f"no snapshot of an org in a file whose journal is {mode!r}")
    connection = sqlite3.connect(
        f"{store.path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("begin")
    # What a transaction sees is decided by its first look.
    connection.execute("select 1 from sqlite_master limit 1").fetchone()
    return connection
