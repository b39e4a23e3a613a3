"""Queries that Zoho refuses, with code, message and details of the refusal."""

from collections.abc import Callable

import pytest

from zoho_emulator.coql import Compiled
from zoho_emulator.errors import ZohoError

Compile = Callable[..., Compiled]
Refusal = tuple[object, ...]

UNEXPECTED = ("SYNTAX_ERROR", "unexpected token")
UNSUPPORTED: Refusal = ("SYNTAX_ERROR", "given coql query not supported", {})
PARSING = ("SYNTAX_ERROR", "error occured while parsing the query")
OPERATOR = ("SYNTAX_ERROR", "operator not supported")
ENDLESS: Refusal = (
    "SYNTAX_ERROR",
    "Parsing is happening for so long for the given query. please validate the query.",
    {},
)
COLUMN = ("INVALID_QUERY", "column given seems to be invalid")
VALUE = ("INVALID_QUERY", "value given seems to be invalid for the column")
MODULE: Refusal = ("INVALID_MODULE", "the given module is not supported in api", {})


def unexpected(column: int, near: str, line: int = 1) -> Refusal:
    return (*UNEXPECTED, {"line": line, "column": column, "near": near})


def invalid_column(name: str) -> Refusal:
    return (*COLUMN, {"column_name": name})


def invalid_operator(name: str, operator: str) -> Refusal:
    details = {"reason": "invalid operator found", "column_name": name, "operator": operator}
    return ("INVALID_QUERY", "Invalid query formed", details)


def invalid_value(name: str, value: str) -> Refusal:
    return (*VALUE, {"column_name": name, "value": value})


def not_in_criteria(name: str, operator: str, value: str) -> Refusal:
    details = {"cv_criteria": False, "column_name": name, "value": value, "operator": operator}
    return ("INVALID_QUERY", "unsupported column in criteria", details)


def exceeded(message: str) -> Refusal:
    return ("LIMIT_EXCEEDED", message, {})


def function(column: str) -> Refusal:
    details = {"reason": "unsupported aggregate function", "column": column}
    return ("INVALID_DATA", "invalid data", details)


def leads(criteria: str) -> str:
    return f"select id from Leads where {criteria}"


SYNTAX = [
    ("", UNSUPPORTED),
    ("update Leads set Last_Name = 'x' where id = 1", UNSUPPORTED),
    ("selected from Leads where id = 1", UNSUPPORTED),
    ("select id from Leads", ("SYNTAX_ERROR", "missing clause", {"clause": "where"})),
    ("select id from Leads limit 5", ("SYNTAX_ERROR", "missing clause", {"clause": "where"})),
    ("select id where id = 1", ("SYNTAX_ERROR", "missing clause", {"clause": "from"})),
    ("select from Leads where id = 1", unexpected(8, "from")),
    ("select id, from Leads where id = 1", unexpected(12, "from")),
    ("select id\nfrom Leads\nwhere id == = 1", unexpected(13, "=", line=3)),
    ("select * from Leads where id = 1", unexpected(8, "*")),
    ("select COUNT(*) from Leads where id = 1", unexpected(14, "*")),
    ("select COUNT(distinct Owner) from Leads where id = 1", unexpected(23, "Owner")),
    ("select External from Leads where id = 1", unexpected(8, "External")),
    ("select Order from Leads where id = 1", unexpected(8, "Order")),
    ("select id Number from Leads where id = 1", unexpected(11, "Number")),
    ("select id from Leads, Contacts where id = 1", unexpected(21, ",")),
    ("select id from Leads join Contacts where id = 1", unexpected(22, "join")),
    ("select id from Leads where id = 1;", unexpected(34, ";")),
    ("select id from Leads order by id where id = 1", unexpected(34, "where")),
    ("select id from Leads limit 5 where id = 1", unexpected(30, "where")),
    (leads("id = 1 offset 5"), unexpected(35, "offset")),
    (leads("Last_Name = 'x"), unexpected(40, "'x")),
    (leads("Last_Name = 'O'Neil'"), unexpected(43, "Neil")),
    (leads("id = 12ab"), unexpected(33, "12ab")),
    (leads("Born = 2000-01-01"), unexpected(39, "-01")),
    (leads("id = null"), unexpected(33, "null")),
    (leads("id in ()"), unexpected(35, ")")),
    (leads("(id, Number) = (1, 2)"), unexpected(31, ",")),
    (leads("id = 1 and Number = 2 and Code = 3"), unexpected(50, "and")),
    (leads("id = 1 and Number = 2 or Code = 3"), unexpected(50, "or")),
    (leads("(id = 1 and Number = 2 and Code = 3)"), unexpected(51, "and")),
    (leads("id = 1 and"), (*PARSING, {"near": "and"})),
    ("select id from Leads where", (*PARSING, {"near": "where"})),
    (leads("not id = 1"), (*OPERATOR, {"operator": "not"})),
    (leads("id <> 1"), (*OPERATOR, {"operator": "<>"})),
    (leads("id == 1"), (*OPERATOR, {"operator": "=="})),
    (leads("(id = 1"), ENDLESS),
    (leads("id = 1)"), ENDLESS),
    (leads(")id = 1("), ENDLESS),
    (leads("(" * 101 + "id = 1" + ")" * 101), ENDLESS),
    (leads("(" * 100_000), ENDLESS),
]

MEANING = [
    ("select id from Nothing where id = 1", MODULE),
    ("select id from leads where id = 1", MODULE),
    ("select id from Secrets where id = 1", MODULE),
    ("select Testing from Leads where id = 1", invalid_column("Testing")),
    ("select last_name from Leads where id = 1", invalid_column("last_name")),
    ("select 'No such column' from Leads where id = 1", invalid_column("No such column")),
    ("select Last_Name.id from Leads where id = 1", invalid_column("Last_Name.id")),
    ("select Owner.zuid from Leads where id = 1", invalid_column("Owner.zuid")),
    ("select Account_Name.X from Contacts where id = 1", invalid_column("Account_Name.X")),
    ("select What_Id.Last_Name from Events where id = 1", invalid_column("What_Id.Last_Name")),
    ("select What_Id->Leads from Events where id = 1", invalid_column("What_Id->Leads")),
    (
        "select What_Id->Contacts.Last_Name from Events where id = 1",
        invalid_column("What_Id->Contacts.Last_Name"),
    ),
    (
        "select Account_Name->Accounts.id from Contacts where id = 1",
        invalid_column("Account_Name->Accounts.id"),
    ),
    (
        "select Files from Leads where id = 1",
        ("INVALID_QUERY", "data type not supported", {"column_name": "Files"}),
    ),
    (
        "select Visits from Leads where id = 1",
        ("INVALID_QUERY", "data type not supported", {"column_name": "Visits"}),
    ),
    (
        "select Contacts from Leads where id = 1",
        ("INVALID_QUERY", "data type not supported", {"column_name": "Contacts"}),
    ),
    (
        "select Email, Number, Email from Leads where id = 1",
        ("DUPLICATE_DATA", "duplicate select column", {"column_name": "Email"}),
    ),
    (
        "select Email, 'Email' from Leads where id = 1",
        ("DUPLICATE_DATA", "duplicate select column", {"column_name": "Email"}),
    ),
    (
        "select id from Leads where id = 1 order by id, id",
        ("DUPLICATE_DATA", "duplicate order by column", {"column_name": "id"}),
    ),
    (
        "select Owner from Leads where id = 1 group by Owner, Owner",
        ("DUPLICATE_DATA", "duplicate group by column", {"column_name": "Owner"}),
    ),
    (
        "select COUNT(id), COUNT(id) from Leads where id = 1",
        (
            "DUPLICATE_DATA",
            "duplicate aggregate function",
            {"column_name": "id", "aggregate": "COUNT"},
        ),
    ),
    (
        "select Email as 'a', Last_Name as 'a' from Leads where id = 1",
        (
            "DUPLICATE_ALIAS",
            "same alias cannot refer more than one column",
            {"referred_columns": ["Email", "Last_Name"], "alias": "a"},
        ),
    ),
    (
        "select Email as '' from Leads where id = 1",
        (
            "INVALID_ALIAS",
            "alias name cannot be an empty string",
            {"column_name": "Email", "alias": ""},
        ),
    ),
    (
        "select Email as Last_Name, Last_Name from Leads where id = 1",
        (
            "INVALID_QUERY",
            "column name or property name given in select columns without alias name"
            " cannot be an alias name for other select columns",
            {"column_name": "Email", "alias": "Last_Name"},
        ),
    ),
    (leads("Last_Name >= 'x'"), invalid_operator("Last_Name", ">=")),
    (leads("Last_Name between 'a' and 'b'"), invalid_operator("Last_Name", "between")),
    (leads("Owner > 1"), invalid_operator("Owner", ">")),
    (leads("Owner like '1%'"), invalid_operator("Owner", "like")),
    (leads("Employees like '1%'"), invalid_operator("Employees", "like")),
    (leads("Opt_Out != 'true'"), invalid_operator("Opt_Out", "!=")),
    (leads("Opt_Out is null"), invalid_operator("Opt_Out", "is null")),
    (leads("Adult != 'true'"), invalid_operator("Adult", "!=")),
    (leads("Languages like 'a%'"), invalid_operator("Languages", "like")),
    (leads("Label > 'a'"), invalid_operator("Label", ">")),
    (leads("Description = 'x'"), not_in_criteria("Description", "=", "x")),
    (leads("Page is null"), not_in_criteria("Page", "=", "${EMPTY}")),
    (leads("Visits is not null"), not_in_criteria("Visits", "!=", "${EMPTY}")),
    (leads("Hidden in ('a', 'b')"), not_in_criteria("Hidden", "in", "a")),
    (leads("Tag = 'x'"), not_in_criteria("Tag", "=", "x")),
    (leads("Territories = 'x'"), not_in_criteria("Territories", "=", "x")),
    (leads("id = 'adfkahfd'"), invalid_value("id", "adfkahfd")),
    (leads("id = 1.5"), invalid_value("id", "1.5")),
    (leads("id > 9223372036854775808"), invalid_value("id", "9223372036854775808")),
    (leads("Owner = 'Una One'"), invalid_value("Owner", "Una One")),
    (leads("Employees in (1, 'x')"), invalid_value("Employees", "x")),
    (leads("Employees = ''"), invalid_value("Employees", "")),
    (leads("Revenue = '1,5'"), invalid_value("Revenue", "1,5")),
    (leads("Opt_Out = 1"), invalid_value("Opt_Out", "1")),
    (leads("Born = '01/02/2000'"), invalid_value("Born", "01/02/2000")),
    (leads("Born = '2001-02-29'"), invalid_value("Born", "2001-02-29")),
    (leads("Last_Name like 'x'"), invalid_value("Last_Name", "x")),
    (leads("Last_Name like 'a%b'"), invalid_value("Last_Name", "a%b")),
    (leads("Last_Name not like 'a%'"), invalid_value("Last_Name", "a%")),
    (leads("id = 1 limit s"), ("INVALID_QUERY", "limit given seems to be invalid", {"limit": "s"})),
    (
        leads("id = 1 limit 5 offset s"),
        ("INVALID_QUERY", "offset given seems to be invalid", {"offset": "s"}),
    ),
    (
        leads("id = 1 limit 5 offset -1"),
        ("INVALID_QUERY", "offset given seems to be invalid", {"offset": "-1"}),
    ),
    (leads("id = 1 limit 0"), ("INVALID_DATA", "limit should be greater than 0", {})),
    (leads("id = 1 limit -5"), ("INVALID_DATA", "limit should be greater than 0", {})),
    (leads("id = 1 order by Testing"), invalid_column("Testing")),
    (
        leads("id = 1 order by Description"),
        (
            "INVALID_QUERY",
            "unsupported column",
            {"column_name": "Description", "clause": "order by"},
        ),
    ),
    ("select SUM(Last_Name) from Leads where id = 1", function("SUM(Last_Name)")),
    ("select COUNT(Email) from Leads where id = 1", function("COUNT(Email)")),
    ("select sum(Revenue) from Leads where id = 1", function("sum(Revenue)")),
    ("select UPPER(Last_Name) from Leads where id = 1", function("UPPER(Last_Name)")),
    (
        "select SUM(Revenue), Owner from Leads where id = 1",
        ("INVALID_QUERY", "Invalid query formed", {}),
    ),
    (
        "select SUM(Revenue) from Leads where id = 1 order by Owner",
        invalid_column("Owner"),
    ),
]

DATETIMES = [
    "2024-01-01",
    "2024-01-01T00:00:00",
    "2024-01-01T00:00:00Z",
    "2024-01-01 00:00:00+00:00",
    "2024-01-01T00:00:00+0000",
    "2024-01-01T00:00:00.000+00:00",
    "2024-13-01T00:00:00+00:00",
    "2024-01-01T00:00:00+24:00",
    "1704067200",
]


def find_refusal(compiled: Compile, query: str, version: str = "v8") -> Refusal:
    with pytest.raises(ZohoError) as caught:
        compiled(query, version)
    error = caught.value
    assert error.status == 400
    return (error.code, error.message, error.details)


@pytest.mark.parametrize(("query", "expected"), [*SYNTAX, *MEANING])
def test_a_forbidden_query_is_refused_as_zoho_does(
    compiled: Compile, query: str, expected: Refusal
) -> None:
    assert find_refusal(compiled, query) == expected


@pytest.mark.parametrize("literal", DATETIMES)
def test_only_datetimes_with_a_numeric_offset_are_taken(compiled: Compile, literal: str) -> None:
    query = leads(f"Modified_Time >= '{literal}'")
    assert find_refusal(compiled, query) == invalid_value("Modified_Time", literal)


def test_a_backslash_ends_no_quote_when_the_knob_says_so(compiled: Compile) -> None:
    with pytest.raises(ZohoError, match="unexpected token"):
        compiled(leads(r"Last_Name = 'O\'Neil'"), backslash_escapes=False)
