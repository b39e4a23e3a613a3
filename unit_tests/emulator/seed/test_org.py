"""The sample org: what its data is like, and that a seed always gives the same."""

import hashlib
from collections import Counter
from itertools import pairwise

import pytest

from zoho_emulator.seed.org import build
from zoho_emulator.store.data_types import is_stored

NOW = 1_800_000_000
DAY = 86_400


def take_fingerprint(store) -> str:
    digest = hashlib.sha256()
    for module in store.org.modules.values():
        digest.update(repr(module).encode())
        if module.table:
            for row in store.connection.execute(f"select * from {module.table} order by id"):
                digest.update(repr(row).encode())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = build(tmp_path_factory.mktemp("org") / "org.db", seed=1, now=NOW)
    yield made
    made.close()


def read_column(store, module: str, name: str, where: str = "state = 0") -> list:
    table = store.org.modules[module]
    sql = f"select {table.fields[name].column} from {table.table} where {where} order by id"
    return [row[0] for row in store.connection.execute(sql)]


@pytest.mark.parametrize("extras", [{}, {"modules": 9, "fields_by_module": {"Deals": 60}}])
def test_a_seed_always_gives_the_same_org(tmp_path, extras) -> None:
    first, second = (
        take_fingerprint(build(tmp_path / name, seed=7, rows=60, now=NOW, **extras))
        for name in "ab"
    )
    assert first == second


def test_a_field_that_gives_no_values_has_none(store) -> None:
    found = {
        f"{module.api_name}.{item.api_name}"
        for module in store.org.modules.values()
        for item in module.fields.values()
        if is_stored(item) and item.returned != "value"
        if any(read_column(store, module.api_name, item.api_name))
    }

    assert found == set()


def test_another_seed_gives_another_org(tmp_path) -> None:
    first, second = (
        take_fingerprint(build(tmp_path / str(seed), seed=seed, rows=60, now=NOW))
        for seed in (1, 2)
    )
    assert first != second


def test_only_deletions_hang_on_the_clock(tmp_path, store) -> None:
    later = build(tmp_path / "later", seed=1, now=NOW + 1000 * DAY)
    for name in ("Modified_Time", "Created_Time", "Company", "Owner"):
        assert read_column(store, "Leads", name, "1") == read_column(later, "Leads", name, "1")
    sql = "select min(deleted_time) from m1"
    (before,), (after,) = (org.connection.execute(sql).fetchone() for org in (store, later))
    assert after - before == 1000 * DAY


def test_an_org_starts_with_some_thousand_rows_and_leads_fill_more_than_ten_pages(store) -> None:
    counts = store.count_rows()
    assert counts["Leads"]["live"] > 2_000
    empty = {"Visits", "Approvals", "Actions_Performed", "Data_Subject_Requests"}
    empty |= {"Email_Analytics", "Email_Template_Analytics"}
    assert {name for name in counts if not counts[name]["live"]} == empty
    assert all(counts[name]["live"] >= 100 for name in counts if name not in empty)
    assert sum(count["live"] for count in counts.values()) < 20_000


def test_about_eight_of_a_hundred_leads_are_converted_and_know_into_what(store) -> None:
    counts = store.count_rows()["Leads"]
    assert 0.05 < counts["converted"] / (counts["live"] + counts["converted"]) < 0.1
    for target in ("Account", "Contact", "Deal"):
        assert None not in read_column(store, "Leads", f"Converted_{target}", "converted = 1")
        assert set(read_column(store, "Leads", f"Converted_{target}", "converted = 0")) == {None}
    assert set(read_column(store, "Leads", "Converted__s", "converted = 1")) == {1}


def test_requested_rows_are_there_besides_the_deleted_ones(tmp_path) -> None:
    made = build(tmp_path / "org", rows=30, rows_by_module={"Leads": 321, "Deals": 0}, now=NOW)
    counts = made.count_rows()
    assert counts["Leads"]["live"] + counts["Leads"]["converted"] == 321
    assert counts["Products"]["live"] == 30
    assert counts["Deals"] == {"live": 0, "converted": 0, "recycled": 0, "permanent": 0}
    # Nothing to point at.
    assert set(read_column(made, "Leads", "Converted_Deal")) == {None}


def test_hundreds_of_rows_share_a_second_wherever_their_ids_are(store) -> None:
    for name in ("Leads", "Contacts", "Deals"):
        times = read_column(store, name, "Modified_Time")
        second, rows = Counter(times).most_common(1)[0]
        assert rows > 200
        places = [place for place, time in enumerate(times) if time == second]
        assert places[-1] - places[0] > len(times) / 2


def test_ids_do_not_follow_the_times(store) -> None:
    for name in ("Created_Time", "Modified_Time"):
        times = read_column(store, "Leads", name)
        falls = sum(later < earlier for earlier, later in pairwise(times))
        assert falls > len(times) / 4


def test_rows_of_one_second_come_in_an_order_of_their_own(store) -> None:
    leads = store.org.modules["Leads"]
    time = leads.fields["Modified_Time"].column
    (second,) = Counter(read_column(store, "Leads", "Modified_Time")).most_common(1)[0][:1]
    ids = [
        row[0]
        for row in store.connection.execute(
            f"select id from {leads.table} where {time} = ? order by tie, id",
            (second,),
        )
    ]
    assert len(set(ids)) == len(ids) > 200
    assert ids not in (sorted(ids), sorted(ids, reverse=True))


def test_ten_rows_of_one_second_are_shuffled_and_otherwise_with_another_seed(
    tmp_path,
) -> None:
    orders = []
    for seed in range(1, 7):
        store = build(tmp_path / f"{seed}.db", seed=seed, rows=0, now=NOW)
        leads = store.org.modules["Leads"]
        for _ in range(400):
            store.insert(leads, {"Last_Name": "L"}, now=NOW, by=store.org.users[0].id)
        found = [row[0] for row in store.connection.execute(f"select id from {leads.table}")]
        ties = dict(store.connection.execute(f"select id, tie from {leads.table}"))
        groups = [found[start : start + 10] for start in range(0, 400, 10)]
        shuffled = [sorted(group, key=ties.__getitem__) for group in groups]
        for group, order in zip(groups, shuffled, strict=True):
            assert order not in (group, group[::-1])
        orders.append([g.index(one) for g, o in zip(groups, shuffled, strict=True) for one in o])
        store.close()
    assert len({str(order) for order in orders}) == len(orders)


def test_times_lie_in_2015_to_2025_and_modified_is_never_before_created(store) -> None:
    for module in store.org.modules.values():
        if {"Modified_Time", "Created_Time"} <= module.fields.keys() and module.table:
            created = read_column(store, module.api_name, "Created_Time", "1")
            modified = read_column(store, module.api_name, "Modified_Time", "1")
            assert min(created) >= 1_420_070_400
            assert max(modified) < 1_767_225_600
            assert all(c <= m for c, m in zip(created, modified, strict=True))


def test_lookups_point_at_live_rows_or_at_nothing(store) -> None:
    for module in store.org.modules.values():
        for field in module.fields.values():
            if field.data_type in ("lookup", "multi_module_lookup"):
                values = set(read_column(store, module.api_name, field.api_name)) - {None}
                assert values
                parent = module.parent in field.targets
                for value in values:
                    target = store.find_module(value)
                    assert target.api_name in field.targets
                    sql = f"select state, converted from {target.table} where id = ?"
                    state, converted = store.connection.execute(sql, (value,)).fetchone()
                    # Rows of a subform stay with a lead that is converted.
                    assert (state, converted and not parent) == (0, 0)


def test_owners_are_active_and_one_user_is_not(store) -> None:
    active = {user.id for user in store.org.users if user.status == "active"}
    assert len(active) < len(store.org.users)
    assert set(read_column(store, "Leads", "Owner")) == active


def test_some_deletions_have_just_left_what_zoho_lists(store) -> None:
    rows = store.connection.execute("select state, deleted_time from m1 where state > 0").fetchall()
    ages = {state: [(NOW - time) / DAY for s, time in rows if s == state] for state in (1, 2)}
    assert min(ages[1]) < 60 < max(ages[1])
    assert min(ages[2]) < 120 < max(ages[2])


@pytest.mark.parametrize(
    "part", ['"', "'", ",", ";", "\n", "\\", "\U0001f600", "مرحبا", "  spaces around  ", "\u2028"]
)
def test_texts_break_careless_code(store, part) -> None:
    texts = read_column(store, "Leads", "Company") + read_column(store, "Leads", "Description")
    assert any(part in text for text in texts if text)


@pytest.mark.parametrize(
    ("field", "holds"),
    [
        ("Legacy_Number", lambda value: value > 2**53),
        ("Legacy_Number", lambda value: value < 0),
        ("Annual_Revenue", lambda value: value == 0),
        ("Annual_Revenue", lambda value: value < 0),
        ("Birth_Date", lambda value: value < "1970-01-01"),
        ("Next_Call", lambda value: value < 0),
        ("Profile", lambda value: len(value) > 500),
        ("Interests", lambda value: ";" in value),
    ],
)
def test_values_reach_the_edges_and_are_sometimes_missing(store, field, holds) -> None:
    values = read_column(store, "Leads", field)
    assert any(holds(value) for value in values if value is not None)
    assert None in values


def test_unique_fields_and_autonumbers_are_unique(store) -> None:
    for module in store.org.modules.values():
        for field in module.fields.values():
            if field.unique or field.data_type == "autonumber":
                values = read_column(store, module.api_name, field.api_name, "1")
                assert len(set(values)) == len(values)


def test_names_and_places_of_a_row_agree(store) -> None:
    names = zip(
        *(read_column(store, "Leads", n) for n in ("First_Name", "Last_Name", "Full_Name")),
        strict=True,
    )
    assert all(full == f"{first or ''} {last}".strip(" ") for first, last, full in names)
    places = zip(*(read_column(store, "Leads", n) for n in ("City", "Country")), strict=True)
    assert len({city for city, _ in places}) == len(
        set(zip(*(read_column(store, "Leads", n) for n in ("City", "Country")), strict=True))
    )


def test_people_have_addresses_at_example_com(store) -> None:
    emails = read_column(store, "Contacts", "Email") + [user.email for user in store.org.users]
    assert all(email.endswith("@example.com") for email in emails if email)


def test_wanted_modules_and_fields_are_made_and_one_has_no_modified_time(tmp_path) -> None:
    made = build(tmp_path / "org", rows=5, modules=60, fields_by_module={"Deals": 400}, now=NOW)
    holding = [m for m in made.org.modules.values() if m.fields and not m.view_of]
    assert len(holding) == 60
    assert len(made.org.modules["Deals"].fields) == 400
    extra = [module for module in holding if module.api_name.startswith("Extra_")]
    assert sum("Modified_Time" not in module.fields for module in extra) == 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"rows_by_module": {"Lead": 5}}, "there is no module Lead"),
        ({"fields_by_module": {"Lead": 5}}, "there is no module Lead"),
        ({"fields_by_module": {"Leads": 3_000}}, "no room for more than 1"),
    ],
)
def test_what_cannot_be_made_is_refused(tmp_path, options, complaint) -> None:
    with pytest.raises(ValueError, match=complaint):
        build(tmp_path / "org", rows=0, now=NOW, **options)


def test_an_empty_text_is_not_null_and_no_mandatory_field_is_empty(store) -> None:
    assert {"", None} <= set(read_column(store, "Leads", "Designation"))
    assert {"", None}.isdisjoint(read_column(store, "Leads", "Company"))
