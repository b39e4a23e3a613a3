"""Records as lists and COQL print them, per version."""

from dataclasses import dataclass

import orjson
import pytest

from zoho_emulator.localtime import build_local_time
from zoho_emulator.records.render import build_coql_reader, build_rest_reader
from zoho_emulator.records.system_keys import list_system_keys
from zoho_emulator.seed.org import build
from zoho_emulator.store.model import Field
from zoho_emulator.versions import VERSIONS

NOW = 1_717_578_249  # 2024-06-05T02:04:09-07:00
FILES = [{"id": "5", "File_Id__s": "f", "File_Name__s": "a.pdf", "Size__s": 9}]


@dataclass(frozen=True)
class Output:
    key: str
    field: Field | None = None
    aggregate: str | None = None


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = build(tmp_path_factory.mktemp("org") / "org.db", rows=3, now=NOW)
    yield made
    made.close()


@pytest.fixture(scope="module")
def account(store) -> int:
    accounts = store.org.modules["Accounts"]
    return store.insert(accounts, {"Account_Name": "Example"}, now=NOW, by=store.org.users[0].id)


@pytest.fixture
def rest(store, account):
    """The list row of a new lead with these values."""

    def rest(version: str = "v8", fields: list[str] | None = None, values=None, **options) -> dict:
        leads = store.org.modules["Leads"]
        row = {"Last_Name": "Doe", "Company": "Example"} | (values or {})
        record_id = store.insert(leads, row, now=NOW, by=store.org.users[0].id)
        chosen = [leads.fields[name] for name in fields or leads.fields]
        reader = build_rest_reader(store, leads, chosen, VERSIONS[version], **options)
        found = store.connection.execute(f"{reader.select} where m.id = ?", (record_id,))
        return reader.row(found.fetchone())

    return rest


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("City", "Bonn", "Bonn"),
        ("City", None, None),
        ("Legacy_Number", "9007199254740993", "9007199254740993"),
        ("Visitor_Score", "5", "5"),
        ("No_of_Employees", 5, 5),
        ("Budget", 10, 10),
        ("Budget", -0.5, -0.5),
        ("Newsletter", True, True),
        ("Birth_Date", "1969-12-31", "1969-12-31"),
        ("Next_Call", "2024-06-05T09:04:09+00:00", "2024-06-05T02:04:09-07:00"),
        ("Next_Call", "2024-01-05T09:04:09+00:00", "2024-01-05T01:04:09-08:00"),
        ("Next_Call", None, None),
        ("Interests", ["Cloud", "Training"], ["Cloud", "Training"]),
        ("Interests", None, None),
        ("Tag", None, []),
        ("Territories", None, []),
        ("Documents", None, None),
        ("Second_Owner", None, None),
        ("Recommended_By", None, None),
        ("Greeting", "Dear you", "Dear you"),
        ("Is_Large", False, False),
        ("Follow_Up_At", "2024-06-05T09:04:09+00:00", "2024-06-05T02:04:09-07:00"),
        ("Weighted_Budget", 3, 3),
    ],
)
def test_values_of_a_list(rest, field, value, shown) -> None:
    row = rest(fields=[field], values={field: value})
    assert row == {"id": row["id"], field: shown}
    assert repr(row[field]) == repr(shown)


def test_an_id_is_a_string_and_always_there(rest) -> None:
    assert len(rest(fields=["City"])["id"]) == 19


@pytest.mark.parametrize("version", VERSIONS)
def test_owners_lookups_and_layouts(store, rest, account, version) -> None:
    user = store.org.users[0]
    owner = {"name": user.full_name, "id": str(user.id), "email": user.email}
    reference = {"name": "Example", "id": str(account)}
    leads, accounts = store.org.modules["Leads"], store.org.modules["Accounts"]
    row = rest(
        version,
        ["Owner", "Created_By", "Layout", "Converted_Account", "Related_To"],
        {"Converted_Account": str(account), "Related_To": str(account)},
        system_keys=(),
    )
    layout = {"Layout": {"name": "Standard", "id": str(leads.layout_id)}}
    assert row == {
        "id": row["id"],
        "Owner": owner,
        "Created_By": owner,
        **({} if version == "v2" else layout),
        "Converted_Account": reference,
        "Related_To": {
            "module": {"api_name": "Accounts", "id": str(accounts.id)},
            **reference,
        },
    }


def test_tags_have_a_colour_since_v2_1(rest) -> None:
    tag = {"name": "VIP", "id": "5", "color_code": "#fff"}
    shown = {v: rest(v, ["Tag"], {"Tag": [tag]}, system_keys=())["Tag"] for v in VERSIONS}
    assert shown == {"v2": [{"name": "VIP", "id": "5"}]} | {
        version: [tag] for version in ("v2.1", "v4", "v8")
    }


def test_files_have_other_keys_since_v6(rest) -> None:
    values = {"Documents": FILES, "Pictures": FILES}
    old = rest("v4", ["Documents", "Pictures"], values)
    assert (
        old["Documents"][0].items() >= {"file_Id": "f", "file_Name": "a.pdf", "extn": "pdf"}.items()
    )
    assert old["Pictures"][0].items() >= {"File_Id": "f", "File_Name": "a.pdf"}.items()
    new = rest("v8", ["Documents", "Pictures"], values)
    assert (new["Documents"], new["Pictures"]) == (FILES, FILES)


@pytest.mark.parametrize(("cut", "length"), [(500, 500), (7, 7), (0, 900)])
def test_rich_text_is_cut_in_lists(rest, cut, length) -> None:
    values = {"Profile": "x" * 900, "Notes_Large": "y" * 900}
    row = rest("v8", ["Profile", "Notes_Large"], values, rich_text_cut=cut)
    assert (len(row["Profile"]), len(row["Notes_Large"])) == (length, 900)


def test_lists_have_no_virtual_fields(rest) -> None:
    row = rest(fields=["Project_Details", "Products_Wanted", "Team", "City"])
    assert row.keys() == {"id", "City"}


def test_system_keys_are_in_lists_of_v2_and_later_only_when_asked_for(store, rest) -> None:
    leads = store.org.modules["Leads"]
    for version in ("v2", "v2.1"):
        keys = {key for key in rest(version) if key.startswith("$")}
        assert keys == set(list_system_keys(leads, VERSIONS[version]))
        assert {"$approved", "$editable", "$converted", "$approval", "$currency_symbol"} <= keys
    for version in ("v4", "v8"):
        assert not any(key.startswith("$") for key in rest(version))
        row = rest(version, ["City"], system_keys=("$converted", "$approval_state"))
        assert (row["$converted"], row["$approval_state"]) == (False, "approved")
    assert rest("v2", ["City"], {"$converted": True})["$converted"] is True
    contacts = store.org.modules["Contacts"]
    assert "$converted" not in list_system_keys(contacts, VERSIONS["v2"])


def test_a_row_is_json(rest) -> None:
    row = rest("v2")
    assert orjson.loads(orjson.dumps(row)) == row


def test_odd_api_names_and_many_lookups_do_no_harm(store) -> None:
    module = store.add_module(
        {
            "api_name": "Odd",
            "fields": [
                {"api_name": "a'b\"\\{v1}", "data_type": "boolean"},
                {"api_name": "class"},
                *(
                    {"api_name": f"L{n}", "data_type": "lookup", "targets": ["Accounts"]}
                    for n in range(80)
                ),
            ],
        }
    )
    store.insert(module, {"Name": "x", "a'b\"\\{v1}": True}, now=NOW, by=store.org.users[0].id)
    reader = build_rest_reader(store, module, list(module.fields.values()), VERSIONS["v8"])
    row = reader.row(store.connection.execute(reader.select).fetchone())
    assert (row["a'b\"\\{v1}"], row["class"], row["L79"]) == (True, None, None)


def test_coql_shows_lookups_as_their_id(store, account) -> None:
    leads, accounts = store.org.modules["Leads"], store.org.modules["Accounts"]
    fields = [
        "Owner",
        "Converted_Account",
        "Related_To",
        "Newsletter",
        "Interests",
        "Modified_Time",
    ]
    columns = [Output("id", leads.fields["id"]), *(Output(f, leads.fields[f]) for f in fields)]
    columns.append(Output("Owner.last_name"))
    columns.append(Output("Converted_Account.Account_Name", accounts.fields["Account_Name"]))
    row = build_coql_reader(store, columns, VERSIONS["v8"])
    assert row((7, 8, 9, account, 1, "a;b", NOW, "Doe", "Example")) == {
        "id": "7",
        "Owner": {"id": "8"},
        "Converted_Account": {"id": "9"},
        "Related_To": {
            "module": {"api_name": "Accounts", "id": str(accounts.id)},
            "id": str(account),
        },
        "Newsletter": True,
        "Interests": ["a", "b"],
        "Modified_Time": "2024-06-05T02:04:09-07:00",
        "Owner.last_name": "Doe",
        "Converted_Account.Account_Name": "Example",
    }
    assert set(row((7, *[None] * 8)).values()) == {"7", None}


def test_coql_aggregates(store) -> None:
    leads = store.org.modules["Leads"]
    columns = [
        Output("SUM(Budget)", leads.fields["Budget"], "SUM"),
        Output("COUNT(Modified_Time)", leads.fields["Modified_Time"], "COUNT"),
        Output("MAX(Modified_Time)", leads.fields["Modified_Time"], "MAX"),
        Output("n", None, "COUNT"),
        Output("AVG(No_of_Employees)", leads.fields["No_of_Employees"], "AVG"),
    ]
    row = build_coql_reader(store, columns, VERSIONS["v8"])((10.0, 3, NOW, 4, None))
    assert [*row.values()] == [10, 3, "2024-06-05T02:04:09-07:00", 4, None]


@pytest.mark.parametrize(
    ("zone", "epoch", "text"),
    [
        ("America/Los_Angeles", 1_615_715_999, "2021-03-14T01:59:59-08:00"),
        ("America/Los_Angeles", 1_615_716_000, "2021-03-14T03:00:00-07:00"),
        ("America/Los_Angeles", 1_636_275_599, "2021-11-07T01:59:59-07:00"),
        ("America/Los_Angeles", 1_636_275_600, "2021-11-07T01:00:00-08:00"),
        ("America/Los_Angeles", -1, "1969-12-31T15:59:59-08:00"),
        ("Asia/Kolkata", 1_615_715_999, "2021-03-14T15:29:59+05:30"),
        ("Asia/Kathmandu", 0, "1970-01-01T05:30:00+05:30"),
        ("Australia/Lord_Howe", 1_617_462_000, "2021-04-04T01:30:00+10:30"),
        ("Pacific/Pago_Pago", 1_615_715_999, "2021-03-13T22:59:59-11:00"),
        ("UTC", 0, "1970-01-01T00:00:00+00:00"),
    ],
)
def test_datetimes_carry_the_offset_of_their_day(zone, epoch, text) -> None:
    assert build_local_time(zone)(epoch) == text
