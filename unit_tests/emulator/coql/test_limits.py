"""The limits of COQL, and what a version does not have yet."""

import pytest

from unit_tests.emulator.coql.test_refusals import (
    MODULE,
    UNSUPPORTED,
    Compile,
    exceeded,
    find_refusal,
    invalid_column,
    leads,
)
from zoho_emulator.errors import ZohoError


def repeat(pattern: str, number: int) -> str:
    return ", ".join(pattern.format(position) for position in range(number))


def nest_pairs(number: int) -> str:
    """`number` criteria, joined in pairs."""
    nested = "id > 0"
    for _ in range(number - 1):
        nested = f"({nested} and id > 0)"
    return nested


THREE_JOINS = (
    "select Account_Name.Account_Name, Account_Name.Parent_Account.Account_Name,"
    " Vendor_Name.Account_Name from Contacts where id > 0"
)
SIX_JOINS = "select id from Accounts where Parent_Account" + ".Parent_Account" * 5 + ".id > 0"
SIXTEEN_JOINS = "select Parent_Account" + ".Parent_Account" * 15 + ".id from Accounts where id > 0"
FORMULAS = "select Sum, Adult, Label, Due, Formula_5{} from Leads where id > 0"

#: versions, the most that passes, the least that does not, and the refusal's text
LIMITS = [
    ("v2 v2.1", leads("id > 0 limit 200"), leads("id > 0 limit 201"), "maximum limit exceeded"),
    ("v4 v8", leads("id > 0 limit 2000"), leads("id > 0 limit 2001"), "maximum limit exceeded"),
    (
        "v2 v2.1 v4",
        leads("id > 0 limit 9800, 200"),
        leads("id > 0 limit 200 offset 9801"),
        "Max records limit exceeded",
    ),
    (
        "v8",
        leads("id > 0 limit 98000, 2000"),
        leads("id > 0 limit 98001, 2000"),
        "Max records limit exceeded",
    ),
    (
        "v2 v2.1 v4 v8",
        f"select {repeat('Field_{}', 50)} from Wide where id > 0",
        f"select {repeat('Field_{}', 51)} from Wide where id > 0",
        "maximum number of select columns exceeded",
    ),
    (
        "v2 v2.1 v4 v8",
        leads(nest_pairs(25)),
        leads(nest_pairs(26)),
        "maximum number of criteria exceeded",
    ),
    (
        "v2 v2.1 v4 v8",
        leads(f"id in ({repeat('{}', 50)})"),
        leads(f"id not in ({repeat('{}', 51)})"),
        "maximum number of values for in and not in exceeded",
    ),
    (
        "v2 v2.1 v4 v8",
        f"select id from Wide where id > 0 order by {repeat('Field_{}', 10)}",
        f"select id from Wide where id > 0 order by {repeat('Field_{}', 11)}",
        "maximum number of order by columns exceeded",
    ),
    (
        "v4 v8",
        f"select {repeat('Field_{}', 4)} from Wide where id > 0 group by {repeat('Field_{}', 4)}",
        f"select Field_0 from Wide where id > 0 group by {repeat('Field_{}', 5)}",
        "maximum number of group by columns exceeded",
    ),
    (
        "v4 v8",
        "select SUM(id), MIN(id), MAX(id), AVG(id), COUNT(id) from Leads where id > 0",
        "select SUM(id), MIN(id), MAX(id), AVG(id), COUNT(id), SUM(Sum) from Leads where id > 0",
        "maximum number of aggregate fields exceeded",
    ),
    (
        "v2 v4 v8",
        FORMULAS.format(""),
        FORMULAS.format(", Formula_6"),
        "maximum number of formula fields exceeded",
    ),
    (
        "v2 v2.1 v4",
        "select Account_Name.Parent_Account.id from Contacts where Account_Name.id > 0",
        THREE_JOINS,
        "maximum number of joins exceeded",
    ),
    ("v8", THREE_JOINS, SIX_JOINS, "maximum number of joins exceeded"),
    (
        "v8",
        SIXTEEN_JOINS.replace(".Parent_Account", "", 1),
        SIXTEEN_JOINS,
        "maximum number of joins exceeded",
    ),
]


@pytest.mark.parametrize(
    ("version", "passes", "fails", "message"),
    [(version, *limit) for versions, *limit in LIMITS for version in versions.split()],
)
def test_limits_are_met_and_not_passed(
    compiled: Compile, version: str, passes: str, fails: str, message: str
) -> None:
    compiled(passes, version)
    assert find_refusal(compiled, fails, version) == exceeded(message)


NOT_YET = [
    ("v2 v2.1", "select COUNT(id) from Leads where id > 0"),
    ("v2 v2.1", "select Owner from Leads where id > 0 group by Owner"),
    ("v2 v2.1", "select Email as e from Leads where id > 0"),
    ("v2 v2.1 v4", "select What_Id->Leads.Last_Name from Events where id > 0"),
    ("v2 v2.1 v4", "select id from Leads#123456 where id > 0"),
]


@pytest.mark.parametrize(
    ("version", "query"),
    [(version, query) for versions, query in NOT_YET for version in versions.split()],
)
def test_what_a_version_does_not_have_yet_is_not_supported(
    compiled: Compile, version: str, query: str
) -> None:
    assert find_refusal(compiled, query, version) == UNSUPPORTED


@pytest.mark.parametrize("version", ["v2", "v2.1", "v4"])
def test_what_is_younger_than_the_version_does_not_exist(compiled: Compile, version: str) -> None:
    locked = "select Locked__s from Leads where id > 0"
    assert find_refusal(compiled, locked, version) == invalid_column("Locked__s")
    assert find_refusal(compiled, "select id from Locking__s where id > 0", version) == MODULE
    territories = "select Territories from Leads where id > 0"
    details = {"column_name": "Territories"}
    expected = ("INVALID_QUERY", "unsupported column", details)
    assert find_refusal(compiled, territories, version) == expected


@pytest.mark.parametrize(
    "query",
    [
        "select id from Leads#5725767000000706007 where id > 0",
        "select id from Leads where Owner in (select id from Users where id > 0)",
        "select Name from users where id > 0",
        "select !Leads.Owner.role.id from Leads where id > 0",
        "select Owner.role.id from Leads where id > 0",
        "select Owner.time_zone from Leads where id > 0",
        "select What_Id.module.api_name from Events where id > 0",
        "select Clock from Leads where id > 0",
    ],
)
def test_what_is_not_emulated_is_a_loud_501(compiled: Compile, query: str) -> None:
    with pytest.raises(ZohoError) as caught:
        compiled(query)
    assert (caught.value.status, caught.value.code) == (501, "NOT_EMULATED")
