"""Modules and fields that come, change and go while the emulator runs."""

import pytest

from unit_tests.emulator.store.conftest import NOW
from zoho_emulator.metadata.fields import describe_field
from zoho_emulator.records.render import build_rest_reader
from zoho_emulator.versions import VERSIONS

V8 = VERSIONS["v8"]


@pytest.fixture
def deals(store):
    return store.org.modules["Deals"]


def read_first_row(store, module) -> dict:
    reader = build_rest_reader(store, module, list(module.fields.values()), V8)
    return reader.row(store.connection.execute(f"{reader.select} limit 1").fetchone())


def test_a_new_module_takes_rows(store) -> None:
    version = store.version
    module = store.add_module(
        {
            "api_name": "Boats",
            "singular_label": "Boat",
            "fields": [{"api_name": "Sails", "data_type": "integer"}],
        }
    )
    store.insert(module, {"Name": "Santa", "Sails": 3}, now=NOW, by=store.org.users[0].id)
    row = read_first_row(store, module)
    assert (row["Name"], row["Sails"], row["Tag"]) == ("Santa", 3, [])
    assert store.count_rows()["Boats"]["live"] == 1
    assert store.org.modules["Boats"].generated_type == "custom"
    assert store.version > version


def test_a_module_can_be_renamed_refused_and_removed(store, deals) -> None:
    store.change_module(deals, {"api_name": "Chances", "api_supported": False})
    assert store.org.modules["Chances"] is deals
    assert "Deals" not in store.org.modules
    store.remove_module(deals)
    assert "Chances" not in store.count_rows()
    # Lookups to what is gone have no name.
    leads = store.org.modules["Leads"]
    assert build_rest_reader(store, leads, [leads.fields["Converted_Deal"]], V8).select


def test_a_new_field_is_null_until_it_is_written(store, deals) -> None:
    size = store.add_field(
        deals, {"api_name": "Size", "data_type": "picklist", "pick_list": ["S", "L"]}
    )
    assert read_first_row(store, deals)["Size"] is None
    user = store.org.users[0].id
    values = {"Deal_Name": "x", "Closing_Date": "2024-01-01", "Stage": "Closed Won", "Size": "L"}
    record_id = store.insert(deals, values, now=NOW, by=user)
    sql = f"select {size.column} from {deals.table} where id = ?"
    assert store.connection.execute(sql, (record_id,)).fetchone() == ("L",)
    json = describe_field(store.org, deals, size, V8)
    assert (json["custom_field"], [o["actual_value"] for o in json["pick_list_values"]]) == (
        True,
        ["S", "L"],
    )


def test_a_field_changes_its_name_type_and_flags_and_keeps_its_values(store, deals) -> None:
    before = read_first_row(store, deals)
    names = list(deals.fields)
    new = store.change_field(
        deals, deals.fields["Next_Step"], {"api_name": "Step", "data_type": "textarea"}
    )
    assert (new.data_type, new.length) == ("textarea", 32_000)
    assert read_first_row(store, deals)["Step"] == before["Next_Step"]
    assert list(deals.fields) == ["Step" if name == "Next_Step" else name for name in names]
    assert not store.change_field(deals, new, {"visible": False}).visible
    assert store.change_field(deals, deals.fields["Margin_Value"], {"label": "M"}).label == "M"


def test_the_display_field_keeps_its_office_under_a_new_name(store, deals) -> None:
    store.change_field(deals, deals.fields["Deal_Name"], {"api_name": "Title"})
    assert deals.display_field == "Title"


def test_a_removed_field_is_gone_and_its_name_is_free(store, deals) -> None:
    store.remove_field(deals, deals.fields["Amount"])
    assert "Amount" not in read_first_row(store, deals)
    store.add_field(deals, {"api_name": "Amount", "data_type": "text"})
    assert read_first_row(store, deals)["Amount"] is None


@pytest.mark.parametrize(
    "change",
    [
        lambda store, deals: store.add_field(deals, {"api_name": "Amount"}),
        lambda store, deals: store.add_field(deals, {"data_type": "text"}),
        lambda store, deals: store.add_field(deals, {"api_name": "X", "data_type": "shoe"}),
        lambda store, deals: store.add_field(deals, {"api_name": "X", "colour": 1}),
        lambda store, deals: store.add_field(
            deals, {"api_name": "X", "data_type": "textarea", "textarea": "huge"}
        ),
        lambda store, deals: store.add_field(deals, {"api_name": "X", "data_type": "formula"}),
        lambda store, deals: store.change_field(
            deals, deals.fields["Amount"], {"data_type": "date"}
        ),
        lambda store, deals: store.change_field(
            deals, deals.fields["Amount"], {"api_name": "Stage"}
        ),
        lambda store, deals: store.change_field(deals, deals.fields["id"], {"api_name": "Id"}),
        lambda store, deals: store.remove_field(deals, deals.fields["Deal_Name"]),
        lambda store, deals: store.remove_field(deals, deals.fields["id"]),
        lambda store, deals: store.add_module({"api_name": "Leads"}),
        lambda store, deals: store.add_module({}),
        lambda store, deals: store.add_module({"api_name": "X", "table": "m1"}),
        lambda store, deals: store.add_module({"api_name": "X", "fields": [{"api_name": "Name"}]}),
        lambda store, deals: store.change_module(deals, {"id": 5}),
        lambda store, deals: store.change_module(deals, {"api_name": "Leads"}),
        lambda store, deals: store.change_module(deals, {"display_field": "Nothing"}),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(store, deals, change) -> None:
    before = repr(store.org), store.version
    with pytest.raises(ValueError, match=r"\w"):
        change(store, deals)
    assert (repr(store.org), store.version) == before
