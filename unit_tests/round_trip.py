"""A warehouse between two orgs: what the source read of one, as rows that the other one takes.

The other org gives its records ids of its own. `Source_ID`, a field that is added to its modules,
is an External ID: it holds the id that a record has in the first org.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unit_tests.source.conftest import Org, rows_of

Json = dict[str, Any]

SOURCE_ID = "Source_ID"
#: Parents before children.
MODULES = (
    *("Accounts", "Vendors", "Products", "Price_Books", "Campaigns", "Contacts"),
    *("Deals", "Quotes", "Sales_Orders", "Purchase_Orders", "Invoices", "Vehicles", "Leads"),
    *("Contracts", "Cases", "Solutions"),
)
#: The subforms of a module: the field, and the module of its rows.
ROWS = {
    "Quotes": {"Quoted_Items": "Quoted_Items"},
    "Sales_Orders": {"Ordered_Items": "Ordered_Items"},
    "Purchase_Orders": {"Purchased_Items": "Purchase_Items"},
    "Invoices": {"Invoiced_Items": "Invoiced_Items"},
    "Vehicles": {"Service_History": "Service_History"},
    "Leads": {"Project_Details": "Project_Details"},
}
#: Fields of rows inside records that have no place there.
_OF_ROWS = ("id", "Parent_Id", "Layout")
LOOKUPS = ("lookup",)
USERS = ("ownerlookup", "userlookup")
#: Lookups into several modules, which take ids only.
BY_ID = ("multimodulelookup", "multi_module_lookup")
#: Why a field is not as it was: no call writes it. A field of one module is named with it.
EXCEPTIONS: dict[str, tuple[str, ...]] = {
    "Zoho sets it when the record is saved": (
        *("id", "Created_By", "Created_Time", "Modified_By", "Modified_Time"),
        *("Last_Activity_Time", "Change_Log_Time__s", "Locked__s", "Record_Status__s"),
    ),
    "an auto-number counts in its own org": (
        *("Accounts.Customer_Number", "Deals.Deal_Number", "Quotes.Quote_Number"),
        *("Leads.Lead_Number", "Sales_Orders.SO_Number", "Purchase_Orders.PO_Number"),
        *("Invoices.Invoice_Number", "Vehicles.Vehicle_Number"),
        *("Contracts.Contract_Number", "Cases.Case_Number", "Solutions.Solution_Number"),
    ),
    "Zoho computes it of other fields": (
        *("Contacts.Full_Address", "Products.Stock_Value", "Deals.Margin_Value"),
        *("Deals.Days_Open_Until", "Deals.Expected_Revenue", "Leads.Weighted_Budget"),
        *("Leads.Greeting", "Leads.Is_Large", "Leads.Follow_Up_At"),
        *("Vehicles.Age_In_Years", "Invoices.Days_Due"),
    ),
    "Zoho computes it of other records": ("Accounts.Open_Deals", "Accounts.Last_Deal"),
    "Zoho computes it of line items": (
        *("Sub_Total", "Grand_Total", "Total", "Total_After_Discount", "Net_Total"),
    ),
    "Zoho takes it from the product": (
        *("Quoted_Items.Unit_Price", "Ordered_Items.Unit_Price", "Purchase_Items.Unit_Price"),
        *("Invoiced_Items.Unit_Price", "Quantity_in_Stock"),
    ),
    "Zoho measures it": (
        *("Deals.Stage_Modified_Time", "Deals.Sales_Cycle_Duration"),
        *("Deals.Overall_Sales_Duration", "Lead_Conversion_Time"),
    ),
    "Zoho sets it when it converts the lead": (
        *("Converted_Account", "Converted_Contact", "Converted_Deal"),
        *("Converted_Date_Time", "Converted__s"),
    ),
    "Zoho sets it when somebody unsubscribes": ("Unsubscribed_Mode", "Unsubscribed_Time"),
    "Zoho sets it when it enriches the record": ("Enrich_Status__s", "Last_Enriched_Time__s"),
    "Zoho counts the comments": ("No_of_comments",),
    "Zoho SalesIQ counts visits": (
        *("Visitor_Score", "First_Visited_URL", "First_Visited_Time", "Last_Visited_Time"),
        *("Referrer", "Number_Of_Chats", "Average_Time_Spent_Minutes", "Days_Visited"),
    ),
}
#: What no call writes either, and what is equal because Zoho makes it of fields that are.
COMPOSED = ("Full_Name",)


@dataclass
class Warehouse:
    """Tables as the source reads them, by stream."""

    tables: Mapping[str, Sequence[Json]]
    #: By module and API name, as the stream `fields` has them.
    fields: Mapping[str, Mapping[str, Json]]
    #: By stream, in its schema's order.
    columns: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, org: Org) -> "Warehouse":
        """Everything that a round trip needs, by the source."""
        streams = org.discover()
        fields: dict[str, dict[str, Json]] = {}
        for one in rows_of(org.read(streams["fields"], sync_mode="full_refresh"), "fields"):
            fields.setdefault(one["module"], {})[one["api_name"]] = one
        wanted = [
            "users",
            "layouts",
            *MODULES,
            *(m for rows in ROWS.values() for m in rows.values()),
        ]
        wanted += [link.module for module in MODULES for link in links(fields[module])]
        output = org.read(*(streams[name] for name in wanted), sync_mode="full_refresh")
        return cls(
            {name: rows_of(output, name, deleted=False) for name in wanted},
            fields,
            {name: list(streams[name]["json_schema"]["properties"]) for name in wanted},
        )

    def addresses(self) -> dict[str, str]:
        """Addresses by the ids of the users who may be named: the active ones."""
        users = self.tables["users"]
        return {user["id"]: user["email"] for user in users if user["status"] == "active"}

    def names(self) -> dict[str, str]:
        """What a record or user is called in both orgs, by its id here."""
        records = (record for module in MODULES for record in self.tables[module])
        layouts = {one["id"]: f"{one['module']}: {one['name']}" for one in self.tables["layouts"]}
        own = {record["id"]: record.get(SOURCE_ID, record["id"]) for record in records}
        return self.addresses() | layouts | own

    def ids(self) -> dict[str, str]:
        """Ids here by what they are called in both orgs."""
        return {name: one for one, name in self.names().items()}


@dataclass(frozen=True)
class Link:
    """A field that holds links."""

    field: str
    module: str
    #: Fields of the linking module: of this record, and of the other one.
    own: str
    other: str
    to_users: bool


def links(fields: Mapping[str, Json]) -> Iterator[Link]:
    for name, one in fields.items():
        kinds = one.get("multiselectlookup"), one.get("multiuserlookup")
        if kind := kinds[0] or kinds[1]:
            if details := kind.get("linking_details"):
                # So v8 has it.
                parts = (
                    details[key] for key in ("module", "lookup_field", "connected_lookup_field")
                )
                names = [part["api_name"] for part in parts]
            else:
                names = [kind["linking_module"]["api_name"]]
                names += [kind["lookup_apiname"], kind["connectedlookup_apiname"]]
            yield Link(name, *names, bool(kinds[1]))


def reason_of(module: str, name: str) -> str | None:
    """Why a field is not as it was; None: it is."""
    found = (why for why, names in EXCEPTIONS.items() if {name, f"{module}.{name}"} & {*names})
    return next(found, None)


def is_late(module: str, field: Json) -> bool:
    """Whether a field points at records that may be written later, or takes their ids only."""
    target = (field.get("lookup") or {}).get("module", {}).get("api_name")
    later = MODULES[MODULES.index(module) :] if module in MODULES else ()
    return field.get("data_type") in BY_ID or target in later


class Rows:
    """Rows for the other org, made of the warehouse's."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._addresses = warehouse.addresses()
        self._names = warehouse.names()

    def insert(self, module: str, ids: Mapping[str, str]) -> list[Json]:
        """Rows of all records, but for what points at records that are written later.

        `ids`: the other org's, by what they are called in both.
        """
        return [
            {
                SOURCE_ID: record["id"],
                **self._row(module, record, lambda field: not is_late(module, field), ids),
                **self._children(module, record["id"]),
                **self._links(module, record["id"]),
            }
            for record in self._warehouse.tables[module]
        ]

    def update(self, module: str, ids: Mapping[str, str]) -> list[Json]:
        """Rows with what the inserts left out. `ids`: as above."""
        rows = []
        for record in self._warehouse.tables[module]:
            row = self._row(module, record, lambda field: is_late(module, field), ids)
            if row:
                rows.append({SOURCE_ID: record["id"], **row})
        return rows

    def _row(
        self,
        module: str,
        record: Json,
        takes: Callable[[Json], bool],
        ids: Mapping[str, str],
    ) -> Json:
        row: Json = {}
        for name, value in record.items():
            field = self._warehouse.fields[module].get(name, {})
            kind = field.get("data_type")
            if not takes(field):
                continue
            if kind in USERS:
                if value in self._addresses:
                    row[f"{name}.email"] = self._addresses[value]
            elif kind in LOOKUPS:
                row[f"{name}.{SOURCE_ID}"] = value
            else:
                row[name] = ids[self._names[value]] if kind in (*BY_ID, "layout") else value
        return row

    def _children(self, module: str, parent: str) -> Json:
        found: Json = {}
        for name, rows_module in ROWS.get(module, {}).items():
            rows = self._warehouse.tables[rows_module]
            found[name] = [
                self._row(rows_module, row, lambda field: field["api_name"] not in _OF_ROWS, {})
                for row in sorted(rows, key=lambda row: row.get("Sequence_Number", 0))
                if row["Parent_Id"] == parent
            ]
        return {name: rows for name, rows in found.items() if rows}

    def _links(self, module: str, record_id: str) -> Json:
        found: Json = {}
        for link in links(self._warehouse.fields[module]):
            ends = [
                row[link.other]
                for row in self._warehouse.tables[link.module]
                if row[link.own] == record_id
            ]
            if link.to_users:
                ends = [self._addresses[end] for end in ends if end in self._addresses]
            found[f"{link.field}.{'email' if link.to_users else SOURCE_ID}"] = ends
        return {name: ends for name, ends in found.items() if ends}


class Compared:
    """A warehouse in words that both orgs share."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._names = warehouse.names()

    def records(self, module: str) -> dict[str, Json]:
        """All records by their ids in the first org, without the exceptions."""
        return {
            self._names[record["id"]]: self._values(module, record)
            for record in self._warehouse.tables[module]
        }

    def children(self, module: str) -> list[tuple[str, Json]]:
        """Rows of a subform with their parents, sorted."""
        rows = [
            (self._names[row["Parent_Id"]], self._values(module, row, *_OF_ROWS))
            for row in self._warehouse.tables[module]
        ]
        return sorted(rows, key=repr)

    def links(self, link: Link) -> list[tuple[str, str]]:
        """Both ends of each link; users are named by their addresses."""
        return sorted(
            (self._names[row[link.own]], self._names[row[link.other]])
            for row in self._warehouse.tables[link.module]
            if row[link.other] in self._names
        )

    def _values(self, module: str, record: Json, *others: str) -> Json:
        found: Json = {}
        for name, value in sorted(record.items()):
            kind = self._warehouse.fields[module].get(name, {}).get("data_type")
            if name in (SOURCE_ID, *others) or reason_of(module, name):
                continue
            if kind in USERS and value not in self._names:
                continue
            points = kind in (*USERS, *LOOKUPS, *BY_ID, "layout")
            found[name] = self._names[value] if points else value
            if name == "Tag":
                found[name] = sorted(value)
        return found
