"""What is worked out in DuckDB to be written to Zoho: a table for each module, a new one each run.

Each table holds rows that Zoho changes, some that it adds, and a few that are wrong on purpose.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The mark of a row that is wrong on purpose, and why; it is no column of the stream.
WHY = "wrong_because"


@dataclass(frozen=True, slots=True)
class Model:
    """A table, and how the destination writes it."""

    table: str
    #: Selects the table's rows; `{run}` is the number of the run.
    select: str
    module: str
    operation: str
    #: The column that finds records.
    key: str
    #: Column to field.
    fields: Mapping[str, str]
    #: Of fields that hold rows or links, as JSON: the module of these, its lookup to the record,
    #: and the lookup of a link to the other record; "": the rows are objects.
    inner: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    #: The module whose records hold the rows, where the table has rows of records.
    holder: str = ""

    @property
    def title(self) -> str:
        return f"{self.table} -> {self.module}, {self.operation} by {self.fields[self.key]}"

    @property
    def modules(self) -> list[str]:
        """Those that the calls for the table go to, except its holder's."""
        return list(dict.fromkeys((self.module, *(module for module, *_ in self.inner.values()))))

    def mapping(self) -> dict[str, object]:
        """As the destination's config has it."""
        return {
            "stream": self.table,
            "module": self.module,
            "operation": {
                "operation": self.operation,
                "matching_key": self.fields[self.key],
            },
            "fields": [{"column": column, "field": name} for column, name in self.fields.items()],
        }

    def stream(self) -> dict[str, object]:
        """As a configured catalog has it."""
        return {
            "stream": {
                "name": self.table,
                "json_schema": {
                    "type": "object",
                    "properties": {column: {} for column in self.fields},
                },
                "supported_sync_modes": ["full_refresh"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        }


MODELS = (
    Model(
        table="contacts_worth",
        select=f"""
            (select email, last_name, 'Open deals of the account, by run {{run}}: '
                || (select count(*) from deals where deals.account_name = contacts.account_name
                and stage not like 'Closed%' and _ab_cdc_deleted_at is null)
                as description, null as {WHY}
            from (select *, count(*) over (partition by email) as namesakes from contacts
                where _ab_cdc_deleted_at is null) as contacts
            where email is not null and namesakes = 1
            order by md5(id || '{{run}}') limit 120)
            union all (values
            ('newcomer.{{run}}.1@example.com', 'Newcomer {{run}}.1', 'New', null),
            ('newcomer.{{run}}.2@example.com', 'Newcomer {{run}}.2', 'New', null),
            ('no address', 'Lost {{run}}.1', 'New', 'its address is none'),
            (null, 'Lost {{run}}.2', 'New', 'it has no key'))
        """,
        module="Contacts",
        operation="upsert",
        key="email",
        fields={"email": "Email", "last_name": "Last_Name", "description": "Description"},
    ),
    Model(
        table="accounts_worth",
        select=f"""
            (select erp_id, account_name, (select cast(coalesce(sum(amount), 0) as decimal(18, 3))
                from deals where deals.account_name = accounts.id and stage = 'Closed Won'
                and deals._ab_cdc_deleted_at is null)
                as worth, null as {WHY}
            from accounts
            where erp_id is not null and _ab_cdc_deleted_at is null
            order by md5(id || '{{run}}') limit 60)
            union all (values
            ('DEMO-{{run}}', 'From the ERP {{run}}', 250, null),
            ('DEMO-{{run}}-', 'Unfit {{run}}', 0.125, 'Zoho would cut off a decimal'))
        """,
        module="Accounts",
        operation="upsert",
        key="erp_id",
        fields={"erp_id": "ERP_ID", "account_name": "Account_Name", "worth": "Contract_Value"},
    ),
    Model(
        table="deals_next",
        select=f"""
            (select id, 'Ask again {{run}}' as next_step, null as {WHY}
            from deals
            where stage not like 'Closed%' and _ab_cdc_deleted_at is null
            order by md5(id || '{{run}}') limit 40)
            union all
            (select id, 'Too late', 'it was deleted in Zoho' from deals
                where _ab_cdc_deleted_at is not null order by _ab_cdc_deleted_at desc, id limit 1)
            union all (values
            ('{{run}}', 'Not found', 'its id is not one of Zoho''s'))
        """,
        module="Deals",
        operation="update",
        key="id",
        fields={"id": "id", "next_step": "Next_Step"},
    ),
    Model(
        table="invoices_due",
        select=f"""
            (select 'Invoice {{run}}' as subject,
                (select id from accounts where account_name = 'New Account {{run}}') as account,
                (select cast(to_json(list({{{{'Product_Name': id, 'Quantity': 2,
                    'List_Price': cast(unit_price as double)}}}} order by id)) as varchar)
                    from (select * from products where unit_price between 1 and 1000000
                    and _ab_cdc_deleted_at is null order by md5(id || '{{run}}') limit 2))
                as items, null as {WHY})
            union all (values ('Unfit invoice {{run}}', null,
            '[{{{{"Product_Name": "1", "Quantity": 1}}}}]', 'its line item names no product'))
        """,
        module="Invoices",
        operation="upsert",
        key="subject",
        fields={"subject": "Subject", "account": "Account_Name", "items": "Invoiced_Items"},
        inner={"Invoiced_Items": ("Invoiced_Items", "Parent_Id", "")},
    ),
    Model(
        table="quote_lines",
        select=f"""
            select id, parent_id, cast(quantity as double) + 1 as quantity, null as {WHY}
            from quoted_items
            where quantity between 1 and 10000 and list_price between 1 and 1000000
            and parent_id in (select id from quotes where _ab_cdc_deleted_at is null)
            order by md5(id || '{{run}}') limit 1
        """,
        module="Quoted_Items",
        operation="update",
        key="id",
        fields={"id": "id", "parent_id": "Parent_Id", "quantity": "Quantity"},
        holder="Quotes",
    ),
    Model(
        table="leads_wishes",
        select=f"""
            select id, 'Wants two products, by run {{run}}' as description,
                (select cast(to_json(list(id order by id)) as varchar) from (select id from products
                    where _ab_cdc_deleted_at is null order by md5(id || '{{run}}') limit 2))
                as products, null as {WHY}
            from leads where last_name = 'Newcomer {{run}}.1' and _ab_cdc_deleted_at is null
        """,
        module="Leads",
        operation="update",
        key="id",
        fields={"id": "id", "description": "Description", "products": "Products_Wanted"},
        inner={"Products_Wanted": ("LeadsXProducts", "Leads", "Products")},
    ),
)
