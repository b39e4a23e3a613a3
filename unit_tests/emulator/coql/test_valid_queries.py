"""Queries that Zoho takes, and the rows they find."""

from collections.abc import Callable

import pytest

from zoho_emulator.coql import Compiled
from zoho_emulator.coql.kinds import find_kind
from zoho_emulator.store.data_types import DATA_TYPES
from zoho_emulator.store.model import Field

Rows = list[dict[str, object]]
_RETURNS = {"formula": "double", "rollup_summary": "date"}


def where(criteria: str, *ids: int) -> object:
    return pytest.param(f"select id from Leads where {criteria}", list(ids), id=criteria)


CRITERIA = [
    where("id is not null", 301, 302, 303, 304),
    where("id = 302", 302),
    where("id = '302'", 302),
    where("id != 302", 301, 303, 304),
    where("id > '302'", 303, 304),
    where("id >= 302", 302, 303, 304),
    where("id < 302", 301),
    where("id <= 302", 301, 302),
    where("id in (301, '303', 999)", 301, 303),
    where("id not in (301, 303)", 302, 304),
    where("id between 302 and 303", 302, 303),
    where("id not between 302 and 303", 301, 304),
    where("Last_Name = 'boyle'", 301),
    where('Last_Name = "Boyle"', 301),
    where("'Last_Name' = 'Boyle'", 301),
    where("Last_Name = ''", 304),
    where("Last_Name = 'O''Neil'", 302),
    where(r"Last_Name = 'O\'Neil'", 302),
    where('Last_Name = "O\'Neil"', 302),
    where(r"""Last_Name = 'C:\\ "D"'""", 303),
    where(r"""Last_Name = 'C:\ "D"'""", 303),
    where(r'''Last_Name = "C:\ ""D"""''', 303),
    where("Lead_Source = Advertisement", 301),
    where("Lead_Source != 'Web'", 301),
    where("Lead_Source not in ('Web', 'x')", 301),
    where("Lead_Source in ('Web')", 302, 303),
    where("Lead_Source is null", 304),
    where("Last_Name like 'B%'", 301),
    where("Last_Name like '%neil'", 302),
    where("Email like '%@EXAMPLE%'", 301),
    where("Note like 'snake_%'", 302),
    where("Note not like '%case%'", 301),
    where("Languages = 'English;German'", 301),
    where("Languages in ('German', 'x')", 302),
    where("Languages is not null", 301, 302),
    where("Employees = '20'", 302),
    where("Employees between 10 and 20", 301, 302),
    where("Employees >= +20", 302, 303),
    where("Points = 1152921504606846976", 301),
    where("Revenue > 1000.5", 302, 303),
    where("Revenue in (1000.5, 3000)", 301, 303),
    where("Rate <= '50.0'", 301),
    where("Born = '2000-02-29'", 301),
    where("Born < '2001-01-01'", 301),
    where("Opt_Out = 'true'", 301),
    where("Opt_Out = false", 302, 303),
    where("Number = '1'", 301),
    where("Number like '1%'", 301, 304),
    where("Code = 'L-2'", 302),
    where("Owner = '12'", 302),
    where("Owner in (11, 12)", 301, 302),
    where("Owner is null", 303, 304),
    where("Photo in ('siwz1')", 301),
    where("Sum >= 1.5", 301, 302),
    where("Adult = 'true'", 301),
    where("Adult is null", 303, 304),
    where("Label like 't%'", 301),
    where("Due between '2024-05-01' and '2024-05-02'", 301),
    where("Last_Seen = '2024-01-01T05:30:00+05:30'", 301),
    where("Modified_Time = '2024-01-01T00:00:00+00:00'", 301),
    where("Modified_Time = '2023-12-31T16:00:00-08:00'", 301),
    where(
        "Modified_Time between '2024-01-01T00:00:01+00:00' and '2024-01-01T01:00:00+00:00'",
        302,
        303,
    ),
    where("Modified_Time > '2024-01-01T01:00:00+00:00' and id > 303", 304),
    where("Modified_Time in ('2024-01-01T02:00:00+00:00')", 304),
    where("Modified_Time not in ('2024-01-01T02:00:00+00:00')", 301, 302, 303),
    where("(id = 301)", 301),
    where("((id = 301) or (id = 302))", 301, 302),
    where("id = 301 or (id > 302 and Employees = 30)", 301, 303),
    where("(id = 301 or id = 302) and Opt_Out = 'true'", 301),
    where("Owner.last_name = 'Two'", 302),
    where("Owner.email = 'una@example.com'", 301),
    where("Owner.role.name = 'CEO'", 301),
    where("Owner.id = 12", 302),
]


@pytest.mark.parametrize(("query", "ids"), CRITERIA)
def test_criteria_find_the_rows_that_meet_them(
    run: Callable[..., Rows], query: str, ids: list[int]
) -> None:
    assert [row["id"] for row in run(query)] == ids


EMAIL = "boyle@example.com"

SELECTED = [
    ("select Email from Leads where id = 301", [{"id": 301, "Email": EMAIL}]),
    ("SELECT Email FROM Leads WHERE id = 301", [{"id": 301, "Email": EMAIL}]),
    ("select\n\tEmail\nfrom Leads\nwhere id=301", [{"id": 301, "Email": EMAIL}]),
    ("select 'Email', id from Leads where id = 301", [{"id": 301, "Email": EMAIL}]),
    ("select 'External' from Leads where id = 301", [{"id": 301, "External": "x"}]),
    ('select "Order" from Leads where "Order" = 3', [{"id": 301, "Order": 3}]),
    (
        "select Description, Tag, Photo from Leads where id = 301",
        [{"id": 301, "Description": "long", "Tag": None, "Photo": "siwz1"}],
    ),
    ("select Territories from Leads where id = 301", [{"id": 301, "Territories": None}]),
    ("select Email as e from Leads where id = 301", [{"id": 301, "e": EMAIL}]),
    (
        "select 'Email' AS 'The address' from Leads where id = 301",
        [{"id": 301, "The address": EMAIL}],
    ),
    ("select id as 'number' from Leads where id = 301", [{"id": 301, "number": 301}]),
    (
        "select Owner, Owner.full_name, Owner.profile.name from Leads where id = 302",
        [{"id": 302, "Owner": 12, "Owner.full_name": "Tom Two", "Owner.profile.name": "Standard"}],
    ),
    (
        "select Account_Name, Account_Name.Account_Name, Account_Name.Parent_Account.Account_Name"
        " from Contacts where id = 201",
        [
            {
                "id": 201,
                "Account_Name": 102,
                "Account_Name.Account_Name": "King",
                "Account_Name.Parent_Account.Account_Name": "Zylker",
            }
        ],
    ),
    (
        "select Account_Name.Account_Name from Contacts where id = 202",
        [{"id": 202, "Account_Name.Account_Name": None}],
    ),
    (
        "select id from Contacts where Account_Name.Parent_Account.Account_Name = 'Zylker'",
        [{"id": 201}],
    ),
    (
        "select id from Contacts where Reporting_To.Reporting_To.Last_Name is not null",
        [{"id": 203}],
    ),
    (
        "select What_Id, 'What_Id->Leads.Last_Name', What_Id->Accounts.Account_Name from Events"
        " where id is not null",
        [
            {
                "id": 401,
                "What_Id": 301,
                "What_Id->Leads.Last_Name": "Boyle",
                "What_Id->Accounts.Account_Name": None,
            },
            {
                "id": 402,
                "What_Id": 102,
                "What_Id->Leads.Last_Name": None,
                "What_Id->Accounts.Account_Name": "King",
            },
            {
                "id": 403,
                "What_Id": None,
                "What_Id->Leads.Last_Name": None,
                "What_Id->Accounts.Account_Name": None,
            },
        ],
    ),
    ("select id from Events where What_Id->Leads.Last_Name = 'Boyle'", [{"id": 401}]),
    ("select id from Events where What_Id->Accounts.Owner.last_name = 'One'", []),
    (
        "select SUM(Revenue), Lead_Source from Leads where Revenue > 0 group by Lead_Source",
        [
            {"SUM(Revenue)": 1000.5, "Lead_Source": "Advertisement"},
            {"SUM(Revenue)": 5000.0, "Lead_Source": "Web"},
        ],
    ),
    (
        "select MIN(Employees), MAX(Employees), AVG(Employees), COUNT(id), COUNT(Owner)"
        " from Leads where id is not null",
        [
            {
                "MIN(Employees)": 10,
                "MAX(Employees)": 30,
                "AVG(Employees)": 20.0,
                "COUNT(id)": 4,
                "COUNT(Owner)": 2,
            }
        ],
    ),
    (
        "select COUNT(id) as n, Lead_Source from Leads where id > 0 group by Lead_Source"
        " order by n desc limit 1",
        [{"n": 2, "Lead_Source": "Web"}],
    ),
    ("select Opt_Out from Leads where Opt_Out = true group by Opt_Out", [{"Opt_Out": 1}]),
    (
        "select COUNT(id), Account_Name.Account_Name from Contacts"
        " where Account_Name.Account_Name is not null group by Account_Name.Account_Name"
        " order by Account_Name.Account_Name desc",
        [
            {"COUNT(id)": 1, "Account_Name.Account_Name": "Knight"},
            {"COUNT(id)": 1, "Account_Name.Account_Name": "King"},
        ],
    ),
    ("select id from Leads where id > 999", []),
]


@pytest.mark.parametrize(("query", "rows"), SELECTED)
def test_selected_columns_come_under_their_keys(
    run: Callable[..., Rows], query: str, rows: Rows
) -> None:
    assert run(query) == rows


ORDERED = [
    ("", [301, 302, 303, 304]),
    ("order by id desc", [304, 303, 302, 301]),
    ("order by Employees desc", [303, 302, 301, 304]),
    ("order by 'Order'", [304, 302, 303, 301]),
    ("order by Last_Name asc, id", [304, 301, 303, 302]),
    ("order by Modified_Time desc, id desc", [304, 303, 302, 301]),
    ("order by Owner.last_name desc, id asc limit 2", [302, 301]),
    ("limit 2", [301, 302]),
    ("limit 1, 2", [302, 303]),
    ("LIMIT 2 OFFSET 3", [304]),
    ("order by id desc limit 3, 200", [301]),
]


@pytest.mark.parametrize(("clauses", "ids"), ORDERED)
def test_rows_come_in_the_order_asked_for(
    run: Callable[..., Rows], clauses: str, ids: list[int]
) -> None:
    rows = run(f"select id from Leads where id is not null {clauses}")
    assert [row["id"] for row in rows] == ids


def test_order_by_takes_an_alias(run: Callable[..., Rows]) -> None:
    rows = run("select Employees as 'Heads' from Leads where id < 304 order by 'Heads' desc")
    assert [row["Heads"] for row in rows] == [30, 20, 10]


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4", "v8"])
def test_the_plain_language_is_the_same_in_all_versions(
    run: Callable[..., Rows], version: str
) -> None:
    query = "select Last_Name from Leads where (Owner.last_name = 'One' and id > 0) limit 0, 200"
    assert run(query, version) == [{"id": 301, "Last_Name": "Boyle"}]


def test_converted_leads_are_found_when_asked_for(run: Callable[..., Rows]) -> None:
    query = "select id from Leads where Last_Name = 'Converted'"
    assert run(query, include_converted=True) == [{"id": 305}]
    assert run(query) == []


def test_a_z_is_a_time_zone_when_the_knob_says_so(run: Callable[..., Rows]) -> None:
    query = "select id from Leads where Modified_Time = '2024-01-01T00:00:00Z'"
    assert run(query, accept_z=True) == [{"id": 301}]


def test_a_backslash_is_itself_when_the_knob_says_so(run: Callable[..., Rows]) -> None:
    query = r"""select id from Leads where Last_Name like 'C:\%' and Last_Name != 'O''Neil'"""
    assert run(query, backslash_escapes=False) == [{"id": 303}]


def test_one_row_more_than_the_limit_is_fetched(compiled: Callable[..., Compiled]) -> None:
    query = compiled("select id from Leads where id > 0 limit 5, 20")
    assert (query.limit, query.offset) == (20, 5)
    assert query.parameters[-2:] == [21, 5]


def test_without_a_limit_200_rows_are_meant(compiled: Callable[..., Compiled]) -> None:
    query = compiled("select id from Leads where id > 0")
    assert (query.limit, query.offset) == (200, 0)


def test_outputs_name_field_and_aggregate(compiled: Callable[..., Compiled]) -> None:
    query = compiled(
        "select COUNT(Owner), Lead_Source from Leads where id > 0 group by Lead_Source"
    )
    found = [(output.key, output.field, output.aggregate) for output in query.outputs]
    fields = query.module.fields
    assert found == [
        ("COUNT(Owner)", fields["Owner"], "COUNT"),
        ("Lead_Source", fields["Lead_Source"], None),
    ]
    assert query.aggregated


def test_fifty_columns_of_the_widest_module_are_taken(run: Callable[..., Rows]) -> None:
    columns = ", ".join(f"Field_{number}" for number in range(50))
    assert run(f"select {columns} from Wide where id > 0") == []


@pytest.mark.parametrize("data_type", sorted(DATA_TYPES))
def test_every_data_type_of_an_org_is_known(data_type: str) -> None:
    field = Field(1, "F", "F", data_type, "c1", return_type=_RETURNS.get(data_type))
    assert find_kind(field) is not None
