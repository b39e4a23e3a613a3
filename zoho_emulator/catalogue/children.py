"""Rows that belong to records: custom subforms, links of many to many, histories of a field.

Also the second custom module, and small modules of Zoho's own with unusual shapes.
"""

from zoho_emulator.catalogue.notation import (
    AUTHORS,
    CREATED_TIME,
    ENDING,
    MODIFIED_TIME,
    RECORD_ID,
    STAMPS,
    Draft,
    RowsOf,
    Table,
    custom,
    field,
    lookup,
    multiselect,
    owner,
    picklist,
    subform,
)
from zoho_emulator.catalogue.sales import STAGES
from zoho_emulator.store.model import linking_fields


def _build_linking(
    api_name: str,
    number: int,
    parent: str,
    target: str,
    *,
    since: float = 2.0,
    share: int = 10,
    least: int = 1,
) -> Table:
    """A row of a linking module is a link: between two records, or a record and a user."""
    own, other = linking_fields(parent, target)
    to_user = target == "users"
    return Table(
        api_name,
        api_name,
        plural_label=api_name,
        module_name=f"LinkingModule{number}",
        generated_type="linking",
        visibility=2,
        since=since,
        display_field="",
        rows_of=RowsOf(parent, own, share=share, least=least, most=max(least, 2), partner=other),
        fields=(
            lookup(own, parent, mandatory=True),
            field(other, "userlookup" if to_user else "lookup", targets=(target,), mandatory=True),
            *STAMPS,
            RECORD_ID,
        ),
    )


def _build_hidden(
    api_name: str, label: str, module_name: str, *fields: Draft, plural_label: str | None = None
) -> Table:
    """A module that people do not see and no call writes to."""
    return Table(
        api_name,
        label,
        plural_label=plural_label,
        module_name=module_name,
        since=4.0,
        status="user_hidden",
        visibility=2,
        writable=False,
        display_field="",
        rows=200,
        fields=fields,
    )


PROJECT_DETAILS = subform(
    "Project_Details",
    "Project Details",
    RowsOf("Leads", share=6),
    lookup("Parent_Id", "Leads", mandatory=True),
    custom("Project", length=120),
    picklist("Stage", "-None-", "Idea", "Tender", "Running", "Done", custom=True),
    multiselect("Skills", "Design", "Build", "Test & more", custom=True),
    custom("Effort", "double"),
    custom("Due", "date"),
    lookup("Partner", "Accounts", custom=True),
    custom("Remark", "textarea", textarea="small"),
)

SERVICE_HISTORY = subform(
    "Service_History",
    "Service History",
    RowsOf("Vehicles"),
    lookup("Parent_Id", "Vehicles", mandatory=True),
    custom("Serviced_On", "date"),
    lookup("Garage", "Vendors", custom=True),
    custom("Cost", "currency"),
    custom("Warranty", "boolean"),
    custom("Odometer", "bigint"),
)

LINKING = (
    _build_linking("LeadsXProducts", 1, "Leads", "Products", share=5),
    _build_linking("Leads_X_Users", 2, "Leads", "users", share=3),
    _build_linking("VehiclesXContacts", 3, "Vehicles", "Contacts", share=40),
    _build_linking("Vehicles_X_Users", 4, "Vehicles", "users", share=30),
    # Every active user is a member of every service, so any owner of an appointment is one.
    _build_linking(
        "Services__s_X_Users", 5, "Services__s", "users", since=4.0, share=100, least=99
    ),
)

#: UNVERIFIED: in which versions it is listed; the sample that shows it is of v7.
DEAL_HISTORY = Table(
    "DealHistory",
    "Stage History",
    plural_label="Stage History",
    module_name="DealHistory",
    generated_type="field_tracker",
    since=4.0,
    visibility=2,
    writable=False,
    display_field="",
    rows_of=RowsOf("Deals", "Potential_Name", share=60, most=3),
    fields=(
        lookup("Potential_Name", "Deals", label="Deal Name"),
        picklist("Stage", *STAGES),
        field("Moved_To__s", length=120, label="Moved To"),
        field("Amount", "currency"),
        field("Probability", "integer", label="Probability (%)"),
        field("Expected_Revenue", "currency"),
        field("Close_Date", "date", label="Closing Date"),
        field("Duration_Days", "integer", label="Duration (Days)"),
        AUTHORS[1],
        MODIFIED_TIME,
        RECORD_ID,
    ),
)

CONTRACTS = Table(
    "Contracts",
    "Contract",
    module_name="CustomModule4",
    generated_type="custom",
    rows=200,
    fields=(
        owner("Contract"),
        field("Name", label="Contract Name", length=120, mandatory=True),
        *STAMPS,
        custom("Contract_Number", "autonumber", prefix="C-"),
        lookup("Customer", "Accounts", custom=True),
        lookup("Car", "Vehicles", custom=True),
        custom("Signed_On", "date"),
        custom("Ends_At", "datetime"),
        custom("Monthly_Fee", "currency"),
        custom("Clauses", "textarea", textarea="rich_text"),
        picklist("State", "-None-", "Open", "Signed", "Ended", custom=True),
        *ENDING,
    ),
)

#: UNVERIFIED: fields and versions of these two, which a sample of v7 only names.
ENTITY_SCORES = _build_hidden(
    "Entity_Scores__s",
    "Entity Score",
    "EntityScores",
    field("Entity__s", "multi_module_lookup", label="Entity", targets=("Leads", "Contacts")),
    field("Score", "integer"),
    field("Positive_Score", "integer"),
    field("Negative_Score", "integer"),
    field("Touch_Point_Score", "integer"),
    CREATED_TIME,
    RECORD_ID,
    plural_label="Entity Scores",
)

LOCKING_INFORMATION = _build_hidden(
    "Locking_Information__s",
    "Locking Information",
    "LockingInformation",
    field("Locked_By__s", "userlookup", label="Locked By", targets=("users",)),
    field("Locked_For__s", "profilelookup", label="Locked For", targets=("profiles",)),
    field("Module__s", "module", label="Module"),
    field("Locked_Reason__s", length=255, label="Reason"),
    *STAMPS,
    RECORD_ID,
)
