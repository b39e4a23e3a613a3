"""Rows: insert, update, delete, restore, count; and what a field refuses."""

import pytest

from unit_tests.emulator.store.conftest import NOW
from zoho_emulator.errors import ZohoError

LEAD = {"Last_Name": "Doe", "Company": "Example"}


@pytest.fixture
def leads(store):
    return store.org.modules["Leads"]


@pytest.fixture
def insert(store, leads):
    def insert(**values) -> int:
        return store.insert(leads, LEAD | values, now=NOW, by=store.org.users[0].id)

    return insert


def read_stored(store, module, record_id: int, *names: str) -> tuple:
    columns = ", ".join(module.fields[name].column for name in names)
    sql = f"select {columns} from {module.table} where id = ?"
    return store.connection.execute(sql, (record_id,)).fetchone()


def test_a_new_row_gets_its_stamps_and_defaults(store, leads, insert) -> None:
    record_id = insert(First_Name="Jo")
    user = store.org.users[0].id
    names = ("Owner", "Created_By", "Modified_By", "Created_Time", "Modified_Time", "Layout")
    expected = (user, user, user, NOW, NOW, leads.layout_id)
    assert read_stored(store, leads, record_id, *names) == expected
    assert read_stored(store, leads, record_id, "Full_Name", "Email_Opt_Out", "Phone") == (
        "Jo Doe",
        0,
        None,
    )
    assert store.find_module(record_id) is leads


def test_autonumbers_go_on(store, leads, insert) -> None:
    numbers = [
        int(read_stored(store, leads, insert(), "Lead_Number")[0].removeprefix("LD-"))
        for _ in range(2)
    ]
    assert numbers[1] == numbers[0] + 1
    everything = store.connection.execute(f"select count(*) from {leads.table}").fetchone()[0]
    assert numbers[1] == everything


def test_stamps_that_are_given_are_obeyed(store, leads, insert) -> None:
    owner = store.org.users[1].id
    record_id = insert(
        Modified_Time="2020-01-01T00:00:00-08:00", Owner={"id": str(owner)}, **{"$converted": True}
    )
    assert read_stored(store, leads, record_id, "Modified_Time", "Owner") == (1_577_865_600, owner)
    assert store.count_rows()["Leads"]["converted"] >= 1
    assert store.update(
        leads, record_id, {"Created_Time": "2019-01-01T00:00:00+00:00"}, now=5, by=owner
    )
    assert read_stored(store, leads, record_id, "Created_Time", "Modified_Time") == (
        1_546_300_800,
        5,
    )


def test_an_update_touches_what_it_names_and_the_modification(store, leads, insert) -> None:
    record_id, other = insert(First_Name="Jo", Phone="1"), store.org.users[1].id
    version = store.version
    assert store.update(
        leads, record_id, {"First_Name": None, "City": "Bonn"}, now=NOW + 9, by=other
    )
    names = ("Full_Name", "City", "Phone", "Modified_Time", "Modified_By", "Created_Time")
    assert read_stored(store, leads, record_id, *names) == ("Doe", "Bonn", "1", NOW + 9, other, NOW)
    assert store.version > version


def test_a_row_that_is_not_live_is_not_updated(store, leads, insert) -> None:
    record_id = insert()
    store.delete(leads, [record_id], kind="recycle", now=NOW, by=1)
    version = store.version
    assert not store.update(leads, record_id, {"City": "Bonn"}, now=NOW, by=1)
    assert not store.update(leads, 5, {"City": "Bonn"}, now=NOW, by=1)
    assert store.version == version


def test_rows_go_to_the_bin_and_come_back_modified(store, leads, insert) -> None:
    first, second = insert(), insert()
    before = store.count_rows()["Leads"]
    assert store.delete(leads, [first, second, 5], kind="recycle", now=NOW, by=7) == [first, second]
    assert store.delete(leads, [first], kind="recycle", now=NOW, by=7) == []
    assert store.count_rows()["Leads"] == before | {
        "live": before["live"] - 2,
        "recycled": before["recycled"] + 2,
    }
    assert store.restore(leads, [first], now=NOW + 60) == [first]
    assert read_stored(store, leads, first, "Modified_Time") == (NOW + 60,)
    sql = f"select state, deleted_time, deleted_by from {leads.table} where id = ?"
    assert store.connection.execute(sql, (first,)).fetchone() == (0, None, None)
    assert store.connection.execute(sql, (second,)).fetchone() == (1, NOW, 7)


def test_what_is_gone_for_good_stays_gone(store, leads, insert) -> None:
    first, second = insert(), insert()
    store.delete(leads, [first], kind="recycle", now=NOW, by=7)
    gone = store.delete(leads, [first, second], kind="permanent", now=NOW + 1, by=7)
    assert gone == [first, second]
    assert store.restore(leads, gone, now=NOW) == []
    assert store.delete(leads, gone, kind="permanent", now=NOW, by=7) == []


def test_counts_add_up(store, leads) -> None:
    everything = store.connection.execute(f"select count(*) from {leads.table}").fetchone()[0]
    assert sum(store.count_rows()["Leads"].values()) == everything
    assert "Home" not in store.count_rows()


def test_later_rows_have_higher_ids(store, leads, insert) -> None:
    highest = store.connection.execute(f"select max(id) from {leads.table}").fetchone()[0]
    assert highest < insert() < insert()


@pytest.mark.parametrize(
    ("field", "value", "held"),
    [
        ("City", "Bonn", "Bonn"),
        ("City", "", ""),
        ("No_of_Employees", -5, -5),
        ("Legacy_Number", "123456789012345678", 123_456_789_012_345_678),
        ("Legacy_Number", 7, 7),
        ("Budget", 10, 10.0),
        ("Budget", 10.239, 10.23),
        ("Budget", -0.999, -0.99),
        ("Budget", 1e-7, 0.0),
        ("Budget", 9_999_999_999_999_998, 9_999_999_999_999_998.0),
        ("Rating_Factor", 1.5, 1.5),
        ("Newsletter", True, 1),
        ("Birth_Date", "1969-12-31", "1969-12-31"),
        ("Next_Call", "2024-06-05T02:04:09-07:00", 1_717_578_249),
        ("Next_Call", "1969-12-31T23:59:59+00:00", -1),
        ("Interests", ["Cloud", "Training"], "Cloud;Training"),
        ("Interests", [], None),
        ("Lead_Source", "A new option", "A new option"),
        ("Email", "a@example.com", "a@example.com"),
        ("Tag", [{"name": "VIP"}], '[{"name":"VIP"}]'),
        ("City", None, None),
    ],
)
def test_values_are_held_as_the_model_says(store, leads, insert, field, value, held) -> None:
    assert read_stored(store, leads, insert(**{field: value}), field) == (held,)


@pytest.mark.parametrize(
    ("field", "value", "details"),
    [
        ("City", 5, {"expected_data_type": "text"}),
        ("City", "x" * 101, {"maximum_length": 100}),
        ("Email", "nobody", {"expected_data_type": "email"}),
        ("No_of_Employees", "5", {"expected_data_type": "integer"}),
        ("No_of_Employees", True, {"expected_data_type": "integer"}),
        ("No_of_Employees", 1.5, {"expected_data_type": "integer"}),
        ("No_of_Employees", 1_234_567_890, {"maximum_length": 9}),
        ("Legacy_Number", "12a", {"expected_data_type": "text"}),
        ("Budget", "1.5", {"expected_data_type": "double"}),
        ("Budget", float("nan"), {"expected_data_type": "double"}),
        ("Newsletter", "true", {"expected_data_type": "boolean"}),
        ("Birth_Date", "2023-02-30", {"expected_data_type": "date"}),
        ("Birth_Date", "30.01.2023", {"expected_data_type": "date"}),
        ("Next_Call", "2024-06-05", {"expected_data_type": "datetime"}),
        ("Next_Call", "2024-06-05T02:04:09.123Z", {"expected_data_type": "datetime"}),
        ("Next_Call", "2024-06-05T02:04:09.123+00:00", {"expected_data_type": "datetime"}),
        ("Next_Call", "2024-06-05T25:04:09+00:00", {"expected_data_type": "datetime"}),
        ("Interests", "Cloud", {"expected_data_type": "jsonarray"}),
        ("Interests", ["a;b"], {}),
        ("Recommended_By", {"name": "X"}, {"expected_data_type": "jsonobject"}),
        ("Recommended_By", "1", {}),
        ("Owner", {"id": "1"}, {}),
        ("Owner", None, {}),
        ("Shoe_Size", 5, {}),
        ("id", "5", {}),
    ],
)
def test_nonsense_is_refused(store, leads, insert, field, value, details) -> None:
    with pytest.raises(ZohoError) as caught:
        insert(**{field: value})
    assert (caught.value.code, caught.value.details) == (
        "INVALID_DATA",
        {"api_name": field, **details},
    )


def test_lookups_must_point_at_a_live_row_of_their_module(store, leads, insert) -> None:
    contacts = store.org.modules["Contacts"]
    user = store.org.users[0].id
    contact = store.insert(contacts, {"Last_Name": "Roe"}, now=NOW, by=user)
    assert read_stored(store, leads, insert(Recommended_By=str(contact)), "Recommended_By") == (
        contact,
    )
    assert read_stored(store, leads, insert(Related_To={"id": str(contact)}), "Related_To") == (
        contact,
    )
    with pytest.raises(ZohoError, match="id given"):
        insert(Interested_In={"id": str(contact)})
    store.delete(contacts, [contact], kind="recycle", now=NOW, by=user)
    with pytest.raises(ZohoError, match="id given"):
        insert(Recommended_By=str(contact))


def test_what_is_mandatory_must_be_there(store, leads, insert) -> None:
    for values in ({"Company": "Example"}, LEAD | {"Last_Name": None}):
        with pytest.raises(ZohoError) as caught:
            store.insert(leads, values, now=NOW, by=1)
        assert caught.value.code == "MANDATORY_NOT_FOUND"
        assert caught.value.details == {"api_name": "Last_Name"}


def test_subforms_are_not_written_in_silence(insert) -> None:
    with pytest.raises(ZohoError) as caught:
        insert(Project_Details=[{}])
    assert caught.value.status == 501
