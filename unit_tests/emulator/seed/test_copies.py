"""An org that the emulator has made before is copied: the copy is what its seed makes."""

import pytest

from unit_tests.emulator.seed.test_org import DAY, NOW, read_column, take_fingerprint
from zoho_emulator.clock import Clock
from zoho_emulator.emulator import Emulator
from zoho_emulator.knobs import Knobs
from zoho_emulator.seed.org import build
from zoho_emulator.server import Settings, create_emulator

ROWS = 61


def start_emulator(folder, time_zone: str = "Asia/Kolkata") -> Emulator:
    folder.mkdir()
    return create_emulator(folder, Settings(seed=7, rows=ROWS), Knobs(time_zone=time_zone))


@pytest.fixture
def current_time(monkeypatch):
    """Of the emulator's clocks; a test may change it."""
    now = [NOW]
    monkeypatch.setattr(Clock, "now", lambda clock: now[0])
    return now


def test_a_copy_is_the_org_that_the_seed_makes_at_that_time(tmp_path, current_time) -> None:
    first = start_emulator(tmp_path / "first", "Asia/Tokyo")
    current_time[0] += 3 * DAY + 5
    second = start_emulator(tmp_path / "second")
    seeded = build(
        tmp_path / "org", seed=7, rows=ROWS, time_zone="Asia/Kolkata", now=current_time[0]
    )

    assert take_fingerprint(second.store) == take_fingerprint(seeded)
    assert take_fingerprint(second.store) != take_fingerprint(first.store)
    assert second.store.ids == seeded.ids
    assert second.store.org == seeded.org
    assert second.store.connection.execute("select * from users").fetchall()
    for query in ("select name, sql from sqlite_master order by name", "select * from users"):
        parts = [org.connection.execute(query).fetchall() for org in (second.store, seeded)]
        assert parts[0] == parts[1]


def test_a_reset_brings_back_rows_fields_and_modules_after_any_change(
    tmp_path, current_time
) -> None:
    changed = start_emulator(tmp_path / "org")
    before = take_fingerprint(changed.store)
    store, leads = changed.store, changed.store.org.modules["Leads"]
    names = read_column(store, "Leads", "Last_Name")
    store.add_field(leads, {"api_name": "Shoe_Size", "data_type": "integer"})
    store.add_module({"api_name": "Boats"})
    store.remove_module(store.org.modules["Vehicles"])
    new = store.insert(leads, {"Last_Name": "Example"}, now=NOW, by=changed.user.id)

    changed.reset(org=True)

    assert take_fingerprint(changed.store) == before
    assert read_column(changed.store, "Leads", "Last_Name") == names
    leads = changed.store.org.modules["Leads"]
    again = changed.store.insert(leads, {"Last_Name": "Example"}, now=NOW, by=changed.user.id)
    assert again == new


def test_orgs_of_one_process_do_not_share_rows(tmp_path, current_time) -> None:
    one, other = start_emulator(tmp_path / "one"), start_emulator(tmp_path / "other")
    before = take_fingerprint(other.store)

    leads = one.store.org.modules["Leads"]
    one.store.insert(leads, {"Last_Name": "Example"}, now=NOW, by=one.user.id)
    leads.plural_label = "Prospects"

    assert take_fingerprint(other.store) == before
    assert take_fingerprint(one.store) != before
