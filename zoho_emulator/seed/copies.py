"""Orgs that this process has made before: the next one of the same settings is a copy.

To seed some thousand rows takes half a second, to copy them a twentieth of that.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zoho_emulator.store.store import Store

#: Larger orgs are for benches, which make one.
_LARGEST_BYTES = 16_000_000
_MOST = 4


@dataclass(frozen=True, slots=True)
class _Made:
    file: bytes
    #: The org and its ids, pickled.
    schema: bytes
    now: int


_made: dict[str, _Made] = {}


def copy_or_build(
    seeded: Callable[[], Store],
    path: Path,
    settings: object,
    *,
    seed: int,
    time_zone: str,
    now: int,
) -> Store:
    """What `seeded` makes of these settings: a new org in a new file at `path`."""
    key = repr(settings)
    made = _made.pop(key, None)
    if made is not None:
        _made[key] = made
        return _copy(made, path, seed=seed, time_zone=time_zone, now=now)
    store = seeded()
    if path.stat().st_size <= _LARGEST_BYTES:
        schema = pickle.dumps((store.org, store.ids))
        _made[key] = _Made(store.connection.serialize(), schema, now)
        if len(_made) > _MOST:
            _made.pop(next(iter(_made)))
    return store


def _copy(made: _Made, path: Path, *, seed: int, time_zone: str, now: int) -> Store:
    path.unlink(missing_ok=True)
    path.write_bytes(made.file)
    org, ids = pickle.loads(made.schema)
    org.time_zone = time_zone
    store = Store(org, path, ids, seed=seed, filled=True)
    for module in org.modules.values():
        # Only deletions hang on the clock.
        if module.table and not module.view_of and now != made.now:
            store.connection.execute(
                f"update {module.table} set deleted_time = deleted_time + ?"
                " where deleted_time is not null",
                (now - made.now,),
            )
    return store
