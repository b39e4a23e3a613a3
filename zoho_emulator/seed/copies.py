"""Orgs that this process has made before: the next one of the same settings is a copy.

To seed some thousand rows takes half a second, to copy them a hundredth of that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zoho_emulator.store.ids import Ids
from zoho_emulator.store.model import Org
from zoho_emulator.store.store import Store

#: Larger orgs are for benchmarks, which make one.
_LARGEST_BYTES = 16_000_000
_MOST = 12


@dataclass(frozen=True, slots=True)
class _KeptOrg:
    file: bytes
    org: Org
    ids: Ids
    now: int
    #: Tables that hold deleted rows.
    deleted_in: Sequence[str]


_made: dict[str, _KeptOrg] = {}


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
        file = store.connection.serialize()
        org, ids = _copy_org(store.org), replace(store.ids)
        _made[key] = _KeptOrg(file, org, ids, now, _tables_with_deleted_rows(store))
        if len(_made) > _MOST:
            _made.pop(next(iter(_made)))
    return store


def _copy(made: _KeptOrg, path: Path, *, seed: int, time_zone: str, now: int) -> Store:
    path.unlink(missing_ok=True)
    path.write_bytes(made.file)
    org = _copy_org(made.org)
    org.time_zone = time_zone
    store = Store(org, path, replace(made.ids), seed=seed, filled=True)
    # Only deletions depend on the clock.
    for table in made.deleted_in if now != made.now else ():
        store.connection.execute(
            f"update {table} set deleted_time = deleted_time + ? where deleted_time is not null",
            (now - made.now,),
        )
    return store


def _tables_with_deleted_rows(store: Store) -> list[str]:
    tables = [m.table for m in store.org.modules.values() if m.table and not m.view_of]
    deleted = "select 1 from {} where deleted_time is not null limit 1"
    return [one for one in tables if store.connection.execute(deleted.format(one)).fetchone()]


def _copy_org(org: Org) -> Org:
    """The org and its modules; fields, users and the like are never changed, and shared."""
    return replace(
        org,
        users=list(org.users),
        modules={
            name: replace(module, fields=dict(module.fields))
            for name, module in org.modules.items()
        },
        roles=dict(org.roles),
        profiles=dict(org.profiles),
        territories=list(org.territories),
        currencies=list(org.currencies),
        contact_roles=list(org.contact_roles),
        new_tags={field_id: list(names) for field_id, names in org.new_tags.items()},
    )
