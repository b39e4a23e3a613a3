"""Rows that belong to records: custom subforms, links of many to many, histories of a field.

Also the second custom module, and small modules of Zoho's own with unusual shapes.
"""

from zoho_emulator.catalogue.notation import (
    AUTHORS,
    CREATED_TIME,
    ENDING,
    LAYOUT,
    MODIFIED_TIME,
    STAMPS,
    Draft,
    RowsOf,
    Table,
    custom,
    field,
    lookup,
    owner,
    picklist,
)
from zoho_emulator.store.model import linking_fields

_ID = field("id", "bigint", label="Record Id", read_only=True)


def _subform(
    api_name: str, label: str, parent: str, *own: Draft, share: int = 100, most: int = 3
) -> Table:
    return Table(
        api_name,
        label,
        plural_label=label,
        generated_type="subform",
        visibility=2,
        creatable=False,
        editable=False,
        deletable=False,
        display_field="",
        rows_of=RowsOf(parent, share=share, most=most),
        fields=(
            lookup("Parent_Id", parent, mandatory=True),
            *own,
            *STAMPS,
            LAYOUT,
            _ID,
        ),
    )


def _linking(
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
            _ID,
        ),
    )


PROJECT_DETAILS = _subform(
    "Project_Details",
    "Project Details",
    "Leads",
    custom("Project", length=120),
    custom("Stage", "picklist", pick_list=("-None-", "Idea", "Tender", "Running", "Done")),
    custom("Skills", "multiselectpicklist", pick_list=("Design", "Build", "Test & more")),
    custom("Effort", "double"),
    custom("Due", "date"),
    custom("Partner", "lookup", targets=("Accounts",)),
    custom("Remark", "textarea", textarea="small"),
    share=6,
)

SERVICE_HISTORY = _subform(
    "Service_History",
    "Service History",
    "Vehicles",
    custom("Serviced_On", "date"),
    custom("Garage", "lookup", targets=("Vendors",)),
    custom("Cost", "currency"),
    custom("Warranty", "boolean"),
    custom("Odometer", "bigint"),
)

LINKING = (
    _linking("LeadsXProducts", 1, "Leads", "Products", share=5),
    _linking("Leads_X_Users", 2, "Leads", "users", share=3),
    _linking("VehiclesXContacts", 3, "Vehicles", "Contacts", share=40),
    _linking("Vehicles_X_Users", 4, "Vehicles", "users", share=30),
    # Whoever is active is a member of every service, so any owner of an appointment is one.
    _linking("Services__s_X_Users", 5, "Services__s", "users", since=4.0, share=100, least=99),
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
    creatable=False,
    editable=False,
    deletable=False,
    display_field="",
    rows_of=RowsOf("Deals", "Potential_Name", share=60, most=3),
    fields=(
        lookup("Potential_Name", "Deals", label="Deal Name"),
        picklist(
            "Stage",
            *("Qualification", "Needs Analysis", "Value Proposition", "Identify Decision Makers"),
            *("Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost"),
        ),
        field("Moved_To__s", length=120, label="Moved To"),
        field("Amount", "currency"),
        field("Probability", "integer", label="Probability (%)"),
        field("Expected_Revenue", "currency"),
        field("Close_Date", "date", label="Closing Date"),
        field("Duration_Days", "integer", label="Duration (Days)"),
        AUTHORS[1],
        MODIFIED_TIME,
        _ID,
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
        custom("Customer", "lookup", targets=("Accounts",)),
        custom("Car", "lookup", targets=("Vehicles",)),
        custom("Signed_On", "date"),
        custom("Ends_At", "datetime"),
        custom("Monthly_Fee", "currency"),
        custom("Clauses", "textarea", textarea="rich_text"),
        custom("State", "picklist", pick_list=("-None-", "Open", "Signed", "Ended")),
        *ENDING,
    ),
)

#: UNVERIFIED: fields and versions of these two, which a sample of v7 only names.
ENTITY_SCORES = Table(
    "Entity_Scores__s",
    "Entity Score",
    plural_label="Entity Scores",
    module_name="EntityScores",
    since=4.0,
    status="user_hidden",
    visibility=2,
    creatable=False,
    editable=False,
    deletable=False,
    display_field="",
    rows=200,
    fields=(
        field("Entity__s", "multi_module_lookup", label="Entity", targets=("Leads", "Contacts")),
        field("Score", "integer"),
        field("Positive_Score", "integer"),
        field("Negative_Score", "integer"),
        field("Touch_Point_Score", "integer"),
        CREATED_TIME,
        _ID,
    ),
)

LOCKING_INFORMATION = Table(
    "Locking_Information__s",
    "Locking Information",
    module_name="LockingInformation",
    since=4.0,
    status="user_hidden",
    visibility=2,
    creatable=False,
    editable=False,
    deletable=False,
    display_field="",
    rows=200,
    fields=(
        field("Locked_By__s", "userlookup", label="Locked By", targets=("users",)),
        field("Locked_For__s", "profilelookup", label="Locked For", targets=("profiles",)),
        field("Module__s", "module", label="Module"),
        field("Locked_Reason__s", length=255, label="Reason"),
        *STAMPS,
        _ID,
    ),
)
