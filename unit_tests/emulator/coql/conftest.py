"""A small org made by hand: every type of field, a handful of rows, in memory."""

import sqlite3
from collections.abc import Callable, Iterator

import pytest

from zoho_emulator.coql import Compiled, compile_query
from zoho_emulator.store.data_types import affinity
from zoho_emulator.store.model import Field, Module, Org, User
from zoho_emulator.versions import VERSIONS

Rows = list[dict[str, object]]
Run = Callable[..., Rows]

_USERS = [
    User(11, "Una", "One", "una@example.com", "CEO", "Administrator"),
    User(12, "Tom", "Two", "tom@example.com", "Agent", "Standard", status="disabled"),
]

_COMMON: dict[str, dict[str, object]] = {
    "id": {"data_type": "bigint", "column": "id"},
    "Owner": {"data_type": "ownerlookup", "targets": ("users",)},
    "Created_Time": {"data_type": "datetime"},
    "Modified_Time": {"data_type": "datetime"},
}

_FIELDS: dict[str, dict[str, dict[str, object]]] = {
    "Accounts": {
        "Account_Name": {"data_type": "text"},
        "Parent_Account": {"data_type": "lookup", "targets": ("Accounts",)},
        "Annual_Revenue": {"data_type": "currency"},
        "Territories": {"data_type": "territories", "json_type": "jsonarray", "sortable": False},
    },
    "Contacts": {
        "Last_Name": {"data_type": "text"},
        "Account_Name": {"data_type": "lookup", "targets": ("Accounts",)},
        "Reporting_To": {"data_type": "lookup", "targets": ("Contacts",)},
        "Vendor_Name": {"data_type": "lookup", "targets": ("Accounts",)},
    },
    "Leads": {
        "Last_Name": {"data_type": "text"},
        "Email": {"data_type": "email"},
        "Lead_Source": {"data_type": "picklist", "pick_list": ("Advertisement", "Web")},
        "Languages": {"data_type": "multiselectpicklist", "json_type": "jsonarray"},
        "Employees": {"data_type": "integer"},
        "Points": {"data_type": "bigint"},
        "Revenue": {"data_type": "currency"},
        "Rate": {"data_type": "percent"},
        "Born": {"data_type": "date"},
        "Opt_Out": {"data_type": "boolean"},
        "Number": {"data_type": "autonumber"},
        "Code": {"data_type": "autonumber", "prefix": "L-"},
        "Note": {"data_type": "textarea", "textarea": "small"},
        "Description": {"data_type": "textarea", "textarea": "large"},
        "Page": {"data_type": "textarea", "textarea": "rich_text"},
        "Tag": {"data_type": "text", "json_type": "jsonarray"},
        "Territories": {"data_type": "territories", "json_type": "jsonarray"},
        "Photo": {"data_type": "profileimage", "filterable": False},
        "Files": {"data_type": "fileupload", "json_type": "jsonarray"},
        "Visits": {"data_type": "subform", "json_type": "jsonarray", "virtual": True},
        "Contacts": {"data_type": "multiselectlookup", "virtual": True},
        "Hidden": {"data_type": "text", "filterable": False},
        "External": {"data_type": "text"},
        "Order": {"data_type": "integer"},
        "Sum": {"data_type": "formula", "return_type": "double"},
        "Adult": {"data_type": "formula", "return_type": "boolean"},
        "Label": {"data_type": "formula", "return_type": "string"},
        "Due": {"data_type": "formula", "return_type": "date"},
        "Last_Seen": {"data_type": "rollup_summary", "return_type": "datetime"},
        "Formula_5": {"data_type": "formula", "return_type": "double"},
        "Formula_6": {"data_type": "formula", "return_type": "double"},
        "Locked__s": {"data_type": "boolean", "since": 8.0},
        "Clock": {"data_type": "time_range_of_tomorrow"},
    },
    "Events": {
        "Event_Title": {"data_type": "text"},
        "What_Id": {"data_type": "multi_module_lookup", "targets": ("Leads", "Accounts")},
    },
    "Secrets": {"Name": {"data_type": "text"}},
    "Locking__s": {"Name": {"data_type": "text"}},
    "Wide": {f"Field_{number}": {"data_type": "text"} for number in range(60)},
}

#: 2024-01-01T00:00:00Z
NEW_YEAR = 1_704_067_200

_ROWS: dict[str, Rows] = {
    "Accounts": [
        {"id": 101, "Account_Name": "Zylker", "Annual_Revenue": 5.5, "Owner": 11},
        {"id": 102, "Account_Name": "King", "Parent_Account": 101, "Annual_Revenue": 10.0},
        {"id": 103, "Account_Name": "Gone", "state": 1},
        {"id": 104, "Account_Name": "Knight", "Parent_Account": 102, "Owner": 12},
    ],
    "Contacts": [
        {"id": 201, "Last_Name": "Boyle", "Account_Name": 102, "Owner": 11, "Vendor_Name": 101},
        {"id": 202, "Last_Name": "Frey", "Account_Name": 103, "Owner": 12, "Reporting_To": 201},
        {"id": 203, "Last_Name": "Sam", "Account_Name": 104, "Reporting_To": 202},
    ],
    "Leads": [
        {
            "id": 301,
            "Last_Name": "Boyle",
            "Email": "boyle@example.com",
            "Lead_Source": "Advertisement",
            "Languages": "English;German",
            "Employees": 10,
            "Points": 2**60,
            "Revenue": 1000.5,
            "Rate": 50.0,
            "Born": "2000-02-29",
            "Opt_Out": 1,
            "Owner": 11,
            "Number": 1,
            "Code": "L-1",
            "Note": "likes 100% cotton",
            "Description": "long",
            "Photo": "siwz1",
            "External": "x",
            "Order": 3,
            "Sum": 1.5,
            "Adult": 1,
            "Label": "top",
            "Due": "2024-05-01",
            "Last_Seen": NEW_YEAR,
            "Created_Time": NEW_YEAR,
            "Modified_Time": NEW_YEAR,
        },
        {
            "id": 302,
            "Last_Name": "O'Neil",
            "Lead_Source": "Web",
            "Languages": "German",
            "Employees": 20,
            "Revenue": 2000.0,
            "Born": "2001-01-01",
            "Opt_Out": 0,
            "Owner": 12,
            "Number": 2,
            "Code": "L-2",
            "Note": "snake_case",
            "Sum": 2.5,
            "Adult": 0,
            "Order": 1,
            "Modified_Time": NEW_YEAR + 3600,
            "Created_Time": NEW_YEAR - 10,
        },
        {
            "id": 303,
            "Last_Name": 'C:\\ "D"',
            "Lead_Source": "Web",
            "Employees": 30,
            "Revenue": 3000.0,
            "Opt_Out": 0,
            "Number": 3,
            "Note": "snakeXcase",
            "Order": 2,
            "Modified_Time": NEW_YEAR + 3600,
        },
        {"id": 304, "Modified_Time": NEW_YEAR + 7200, "Last_Name": "", "Number": 10},
        {"id": 305, "Last_Name": "Converted", "converted": 1, "Modified_Time": NEW_YEAR},
        {"id": 306, "Last_Name": "Binned", "state": 1, "Modified_Time": NEW_YEAR},
        {"id": 307, "Last_Name": "Purged", "state": 2, "Modified_Time": NEW_YEAR},
    ],
    "Events": [
        {"id": 401, "Event_Title": "Call", "What_Id": 301},
        {"id": 402, "Event_Title": "Visit", "What_Id": 102},
        {"id": 403, "Event_Title": "Nap"},
    ],
}


def _build_module(number: int, name: str) -> Module:
    fields = {
        api_name: Field(
            **{  # type: ignore[arg-type]  # a table of keyword arguments
                "id": position,
                "api_name": api_name,
                "label": api_name,
                "column": f"c{position}",
                **spec,
            }
        )
        for position, (api_name, spec) in enumerate({**_COMMON, **_FIELDS[name]}.items())
    }
    return Module(
        number,
        name,
        name,
        name,
        name,
        f"m{number}",
        fields,
        api_supported=name != "Secrets",
        since=8.0 if name == "Locking__s" else 2.0,
    )


@pytest.fixture(scope="session")
def org() -> Org:
    modules = {name: _build_module(number, name) for number, name in enumerate(_FIELDS)}
    return Org(1, "Example", "UTC", "Enterprise", 2, _USERS, modules)


def create_tables(connection: sqlite3.Connection, org: Org) -> None:
    for module in org.modules.values():
        columns = ["id INTEGER PRIMARY KEY", "state INTEGER NOT NULL DEFAULT 0"]
        columns += ["converted INTEGER NOT NULL DEFAULT 0", "tie INTEGER NOT NULL DEFAULT 0"]
        for field in module.fields.values():
            if not field.virtual and field.column != "id" and field.api_name != "Clock":
                columns.append(f'"{field.column}" {affinity(field)}')
        connection.execute(f"CREATE TABLE {module.table} ({', '.join(columns)})")
        modified = module.fields["Modified_Time"].column
        connection.execute(f"CREATE INDEX {module.table}_mt ON {module.table} ({modified}, id)")
    connection.execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, first_name, last_name, full_name, email,"
        " role, profile, status)"
    )
    for user in org.users:
        values = (user.id, user.first_name, user.last_name, user.full_name, user.email)
        connection.execute(
            "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, user.role, user.profile, user.status),
        )


def insert(connection: sqlite3.Connection, module: Module, rows: list[dict[str, object]]) -> None:
    for row in rows:
        columns = [module.fields[name].column if name in module.fields else name for name in row]
        marks = ", ".join("?" * len(row))
        connection.execute(
            f"INSERT INTO {module.table} ({', '.join(columns)}) VALUES ({marks})",
            list(row.values()),
        )


@pytest.fixture
def connection(org: Org) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    create_tables(connection, org)
    for name, rows in _ROWS.items():
        insert(connection, org.modules[name], rows)
    yield connection
    connection.close()


@pytest.fixture
def compiled(org: Org) -> Callable[..., Compiled]:
    def compiled(query: str, version: str = "v8", **options: bool) -> Compiled:
        options = {"include_converted": False, **options}
        return compile_query(query, org, VERSIONS[version], **options)  # type: ignore[arg-type]

    return compiled


@pytest.fixture
def run(org: Org, connection: sqlite3.Connection) -> Run:
    """The rows of a query as stored, keyed as the answer would be."""

    def run(query: str, version: str = "v8", **options: bool) -> Rows:
        options = {"include_converted": False, **options}
        compiled = compile_query(
            query,
            org,
            VERSIONS[version],
            connection=connection,
            **options,
        )
        keys = [output.key for output in compiled.outputs]
        rows = connection.execute(compiled.sql, compiled.parameters).fetchall()
        return [dict(zip(keys, row, strict=True)) for row in rows[: compiled.limit]]

    return run
